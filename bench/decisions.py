"""6. What a decision of the policy engine costs, beside Cedar on the nearest equivalent policies."""

import json
import subprocess
from pathlib import Path

from figures import Series, ratio, table

ROOT = Path(__file__).resolve().parent / "policy"


def run(scale):
    build = [ROOT.parent.parent / "scripts" / "cargo", "build", "--release", "-q", "--locked"]
    subprocess.run(build, cwd=ROOT, check=True)
    program = ROOT / "target" / "release" / "postern-bench-policy"
    milliseconds = str(max(20, int(scale.seconds * 200)))
    done = subprocess.run([program, str(scale.runs), milliseconds], check=True, capture_output=True, text=True)
    found = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        found.setdefault(answer["statements"], {})[answer["way"]] = Series(ns / 1000 for ns in answer["runs"])
    return report(found)


def report(found):
    rows = []
    for statements, ways in found.items():
        own, cedar = ways["postern"], ways["cedar"]
        rows.append((
            statements, own.show(2), f"{1e6 / own.median:,.0f}", ways["postern, denied"].show(2), cedar.show(2),
            ways["cedar, with its request made"].show(2), ratio(own.median, cedar.median),
        ))
    head = ("statements", "allowed (µs)", "decisions/s", "denied, with near misses (µs)", "Cedar (µs)", "Cedar, request made anew (µs)", "ratio")
    return "## Policy decisions\n\nCPU time on one core, policies compiled once.\n\n" + table(head, rows)
