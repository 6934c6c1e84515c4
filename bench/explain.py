"""7. How long explanations take, beside their goals: one question in a large region, and every pair of a smaller one."""

import subprocess
from pathlib import Path

from figures import Series, ratio, table

ROOT = Path(__file__).resolve().parent.parent
QUESTION_GOAL_US = 1000
MATRIX_GOAL_S = 10


def run(scale):
    build = ["scripts/cargo", "build", "--release", "-q", "-p", "postern-explain", "--example", "many"]
    subprocess.run(build, cwd=ROOT, check=True)
    found = {}
    # The matrix alone is a million ways: a few runs say enough.
    for _ in range(min(scale.runs, 3)):
        done = subprocess.run([ROOT / "target/release/examples/many"], check=True, capture_output=True, text=True, timeout=300)
        for line in done.stdout.splitlines():
            name, value = line.split()
            found.setdefault(name, []).append(float(value))
    return report({name: Series(values) for name, values in found.items()})


def report(found):
    question, matrix = found["explain_question_10000_us"], found["explain_matrix_1000_s"]
    rows = [
        ("one question, 10,000 interfaces (µs)", question.show(), f"{QUESTION_GOAL_US:,}", ratio(question.median, QUESTION_GOAL_US)),
        ("every pair of 1,000 interfaces (s)", matrix.show(2), MATRIX_GOAL_S, ratio(matrix.median, MATRIX_GOAL_S)),
        ("making 10,000 interfaces ready, once a question or matrix (ms)", found["explain_ground_10000_ms"].show(), "–", "–"),
    ]
    return "## Explanations\n\nOne thread.\n\n" + table(("what", "took", "goal", "ratio"), rows)
