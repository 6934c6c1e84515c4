"""Medians of interleaved runs, and the tables of the report."""

import statistics


class Series:
    """The runs of one figure."""

    def __init__(self, values):
        self.values = list(values)

    @property
    def median(self):
        return statistics.median(self.values)

    def show(self, digits=1):
        least, most = min(self.values), max(self.values)
        return f"{self.median:,.{digits}f} ({least:,.{digits}f}–{most:,.{digits}f})"


def interleave(runs, **ways):
    """Runs each way once, then again, `runs` times over; gives a list of results per way."""
    results = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            results[name].append(way())
    return results


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def ratio(over, under):
    return f"{over / under:.2f}" if under else "–"
