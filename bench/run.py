"""Runs the benchmarks and writes what they found to bench/results/<date>.md."""

import argparse
import datetime
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import begin
import decisions
import endpoints
import explain
import in_force
import objects
import packets
import services
from region import Calls, Region

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass
class Scale:
    """How much of everything: enough for figures, or just enough to see that it runs."""

    runs: int
    seconds: float
    rounds: int
    repeats: int
    creates: int


PARTS = ["packets", "objects", "in_force", "begin", "endpoints", "services", "decisions", "explain"]
FULL = Scale(runs=5, seconds=1.0, rounds=20000, repeats=15, creates=200)
SMOKE = Scale(runs=1, seconds=0.2, rounds=200, repeats=2, creates=5)


def machine(profile, scale, load_before):
    kernel = ".".join(platform.release().split(".")[:2])
    who = "root" if os.getuid() == 0 else "an ordinary user (rootless)"
    return (
        f"{os.cpu_count()} cores, Linux {kernel}, {platform.machine()}, as {who}, profile {profile}. Load average before and "
        f"after: {load_before:.1f}, {os.getloadavg()[0]:.1f}; the load generators share the cores. Each figure: median "
        f"(least–most) of {scale.runs} interleaved runs.\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="release")
    parser.add_argument("--smoke", action="store_true", help="tiny counts: shows that it runs, measures nothing")
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--parent", help="where to make the data directory: its disk is what PUT waits for")
    parser.add_argument("--runs", type=int)
    arguments = parser.parse_args()
    scale = SMOKE if arguments.smoke else FULL
    scale.runs = arguments.runs or scale.runs
    wanted = arguments.only or PARTS
    load_before = os.getloadavg()[0]
    parts = []

    def done(part):
        print(part, flush=True)
        parts.append(part)

    if set(wanted) & {"packets", "objects", "in_force"}:
        region = Region(arguments.profile, arguments.parent)
        try:
            region.up()
            calls = Calls(region)
            for name, benchmark in (("packets", packets), ("objects", objects), ("in_force", in_force)):
                if name in wanted:
                    done(benchmark.run(region, calls, scale))
            calls.close()
        finally:
            region.close()
    if "begin" in wanted:
        done(begin.run(arguments.profile, arguments.parent, scale))
    if "endpoints" in wanted:
        done(endpoints.run(arguments.profile, arguments.parent, scale))
    if "services" in wanted:
        done(services.run(arguments.profile, arguments.parent, scale))
    if "decisions" in wanted:
        done(decisions.run(scale))
    if "explain" in wanted:
        done(explain.run(scale))
    if arguments.smoke or arguments.only:
        return
    day = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    RESULTS.mkdir(exist_ok=True)
    head = f"# Benchmarks, {day}\n\n" + machine(arguments.profile, scale, load_before)
    (RESULTS / f"{day}.md").write_text("\n".join([head, *parts]))


if __name__ == "__main__":
    sys.exit(main())
