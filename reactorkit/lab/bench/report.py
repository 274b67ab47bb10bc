"""Tell what was measured: a table on the terminal, Markdown for a file, plain values for JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

import psutil

from reactorkit.lab.bench.cases import MEASURES, Goal, Measure
from reactorkit.lab.bench.measure import Result, Row

COMMAND = "python -m reactorkit bench"


def machine() -> str:
    """Describe this machine in one line."""
    name = platform.processor() or platform.machine()
    try:
        told = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(": ", 1)[1] for line in told if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux, or a processor without a name
        pass
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({name}), {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}"
    )


def head(result: Result) -> list[str]:
    """Return the columns' names."""
    names = {"rate": "a second", "p50": "p50 ms", "p99": "p99 ms", "cpu": "CPU µs each"}
    names |= {"idle_cpu": "idle CPU %", "rss": "kB a connection"}
    columns = [names[column] for column in result.case.columns]
    return ["server", *columns, "rate: first ÷ this", "CPU: this ÷ first"]


def cells(result: Result, row: Row) -> list[str]:
    """Return what stands in one row; both ratios are above 1 where the first server is better."""
    if not any(lap.rate for lap in row.laps):
        return [row.entry.label, *["-"] * (len(result.case.columns) + 2)]
    first = result.rows[0]
    found = [shown(row.median(column), column) for column in result.case.columns]
    ratios = [first.ratios("rate", row), row.ratios("cpu", first)]
    found += [f"{statistics.median(each):.2f}" if each else "-" for each in ratios]
    return [row.entry.label, *found]


def shown(value: float | None, measure: Measure) -> str:
    """Return a value in the unit of its measure."""
    if value is None:
        return "-"
    scaled = value * MEASURES[measure][2]
    if measure == "rate":
        return f"{scaled:,.0f}"
    return f"{scaled:.2f}" if scaled >= 0.1 or not scaled else f"{scaled:.4f}"


def verdict(result: Result, goal: Goal) -> tuple[str, str, str]:
    """Return a goal in words, what was measured, and whether it was reached."""
    values = result.values(goal)
    direction = "at least" if goal.at_least is not None else "at most"
    asked = f"{goal}: {direction} {goal.bound:g}"
    if goal.aim is not None:
        asked += f", better {plain(goal.aim)}"
    if not values:
        return asked, "not measured", "NOT MEASURED"
    middle = statistics.median(values)
    measured = f"{plain(middle)} ({plain(min(values))} to {plain(max(values))})"
    if not goal.reached_by(middle, None):
        return asked, measured, "NOT REACHED"
    better = goal.aim is not None and goal.reached_by(middle, goal.aim)
    return asked, measured, "reached, and better" if better else "reached"


def plain(value: float) -> str:
    """Return three digits of a value, or all those before its point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def troubles(result: Result) -> list[str]:
    """Return a line for each server that could not be measured, or answered wrongly."""
    return [f"{row.entry.label}: {row.trouble}" for row in result.rows if row.trouble]


def words(result: Result) -> list[str]:
    """Return what has to be read with the table."""
    turns = f"{result.rounds} rounds, medians" if result.rounds > 1 else "1 round"
    start = f"{turns}; {result.case.seconds:g} s a turn; ratios within one round."
    note = [result.case.note] if result.case.note else []
    return [start, *result.notes, *note, *troubles(result)]


def as_text(result: Result) -> str:
    """Return the table for a terminal."""
    table = [head(result), *(cells(result, row) for row in result.rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(table[0]))]
    lines = [result.case.title, "", *(_aligned(line, widths) for line in table), ""]
    lines += [f"  {line}" for line in words(result)]
    for goal in result.case.goals:
        asked, measured, judged = verdict(result, goal)
        lines.append(f"  {judged}: {measured}. {asked}")
    return "\n".join(lines) + "\n"


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def summary(results: Sequence[Result]) -> str:
    """Return one table of all that was asked, in Markdown."""
    lines = ["## What was asked", "", "| case | asked | measured | |", "|---|---|---|---|"]
    for result in results:
        name = f"`{result.case.name}`"
        lines += [f"| {name} | {' | '.join(verdict(result, one))} |" for one in result.case.goals]
    return "\n".join([*lines, ""])


def as_markdown(result: Result) -> str:
    """Return a section for a file."""
    table = [head(result), *(cells(result, row) for row in result.rows)]
    rule = ["---", *["---:"] * (len(table[0]) - 1)]
    rows = ["| " + " | ".join(line) + " |" for line in [table[0], rule, *table[1:]]]
    command = f"`{COMMAND} --case {result.case.name} --rounds {result.rounds}`"
    lines = [f"## {result.case.title}", "", command, "", *rows, ""]
    return "\n".join([*lines, *(f"- {line}" for line in words(result)), ""])
