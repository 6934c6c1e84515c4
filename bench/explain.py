"""7. How long explanations take, beside their goals: one question in a large region, and every pair of a smaller one."""

import subprocess
from pathlib import Path

from figures import Series, ratio, table
from region import TARGET

ROOT = Path(__file__).resolve().parent.parent
QUESTION_GOAL_US = 1000
MATRIX_GOAL_S = 10


def run(scale):
    build = ["scripts/cargo", "build", "--release", "-q", "-p", "postern-explain", "--example", "many"]
    subprocess.run(build, cwd=ROOT, check=True)
    found = {}
    # The matrix alone is a million ways: a few runs say enough.
    for _ in range(min(scale.runs, 3)):
        done = subprocess.run([TARGET / "release/examples/many"], check=True, capture_output=True, text=True, timeout=300)
        for line in done.stdout.splitlines():
            name, value = line.split()
            found.setdefault(name, []).append(float(value))
    return report({name: Series(values) for name, values in found.items()})


def report(found):
    lone, further = found["explain_lone_10000_us"], found["explain_question_10000_us"]
    matrix, worked = found["explain_matrix_1000_s"], found["explain_matrix_1000_cpu_s"]
    remedies = found["explain_remedies_10000_ms"]
    rows = [
        ("a lone question, 10,000 interfaces (µs)", lone.show(), f"{QUESTION_GOAL_US:,}", ratio(lone.median, QUESTION_GOAL_US)),
        ("one of many there (µs)", further.show(), f"{QUESTION_GOAL_US:,}", ratio(further.median, QUESTION_GOAL_US)),
        ("what would open a barred way there, once (ms)", remedies.show(), "–", "–"),
        ("every pair of 1,000 interfaces, CPU alone (s)", worked.show(2), MATRIX_GOAL_S, ratio(worked.median, MATRIX_GOAL_S)),
        ("every pair of 1,000 interfaces (s)", matrix.show(2), MATRIX_GOAL_S, ratio(matrix.median, MATRIX_GOAL_S)),
    ]
    return "## Explanations\n\nOne thread.\n\n" + table(("what", "took", "goal", "ratio"), rows)
