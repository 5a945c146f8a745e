# SPDX-License-Identifier: Apache-2.0
"""Turns what was measured into Markdown tables."""
import dataclasses
import math
import re
import statistics

from comparison import quiet


@dataclasses.dataclass(frozen=True)
class Column:
    measure: object
    field: str
    heading: str
    scale: float = 1
    has_ratio: bool = True


def number(value):
    """With about three digits: 0.22, 12.3, 1,127, 25 k, 2.34 M."""
    if value >= 999_500:
        return f"{value / 1e6:.2f} M"
    if value >= 10_000:
        return f"{value / 1e3:,.0f} k"
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:,.{digits}f}"


def ratio(value):
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.0995 else 3
    return f"{value:,.{digits}f}"


class Results:
    """Values by measure, row and round; a round without one has None."""

    def __init__(self):
        self.runs = []

    def add(self, measure, row, number_of_round, others, values):
        self.runs.append({"measure": measure.name, "row": row.name, "round": number_of_round,
                          "others_cpu": round(others, 3), "values": values})

    def of(self, measure, row, field):
        """{round: value}"""
        return {run["round"]: run["values"][field] for run in self.runs
                if (run["measure"], run["row"]) == (measure.name, row) and
                run["values"].get(field) is not None}

    def summary(self, measure, row, field):
        """(median, median of the ratios in each round to the reference); None: there is none."""
        values = self.of(measure, row, field)
        if not values:
            return None, None
        references = self.of(measure, measure.reference, field)
        ratios = [value / references[when] for when, value in values.items()
                  if references.get(when)]
        return statistics.median(values.values()), statistics.median(ratios) if ratios else None

    def others(self, measures):
        names = {measure.name for measure in measures}
        return [run["others_cpu"] for run in self.runs if run["measure"] in names]


def cell(results, column, row):
    median, relation = results.summary(column.measure, row.name, column.field)
    if median is None or not math.isfinite(median):
        return "-"
    text = number(median * column.scale)
    return f"{text} ({ratio(relation)})" if relation is not None and column.has_ratio else text


def table(results, title, note, columns, rows):
    """Markdown; "" if there is nothing in it."""
    columns = [column for column in columns if any(
        results.of(column.measure, row.name, column.field) for row in rows)]
    if not columns:
        return ""
    lines = [f"### {title}", ""]
    measures = {column.measure for column in columns}
    lines += [" ".join(filter(None, (note, quiet.describe(results.others(measures))))), ""]
    lines.append("| | " + " | ".join(column.heading for column in columns) + " |")
    lines.append("|---|" + "---:|" * len(columns))
    for row in rows:
        cells = [cell(results, column, row) for column in columns]
        if any(text != "-" for text in cells):
            name = re.sub("^jsocket", "**jsocket**", row.name)
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
