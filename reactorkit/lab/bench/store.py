"""Results in a JSON file: a run adds its cases to those that are there, and replaces the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.lab.bench.cases import CASES, Case, Entry, Load, quick
from reactorkit.lab.bench.measure import Lap, Result, Row

SCHEMA = 1


def save(path: Path, results: list[Result], machine: str) -> list[Result]:
    """Write results to a file, beside those of other cases; return all that it holds now."""
    kept = {result.case.name: result for result in load(path)} if path.exists() else {}
    kept |= {result.case.name: result for result in results}
    known = [case.name for case in CASES]
    ordered = sorted(kept.values(), key=lambda result: known.index(result.case.name))
    # A line for each case: small, and a change of one is a change of one.
    lines = ",\n".join(json.dumps(one.as_plain()) for one in ordered)
    head = f'{{"schema": {SCHEMA}, "machine": {json.dumps(machine)}, "cases": [\n'
    path.write_text(f"{head}{lines}\n]}}\n")
    return ordered


def load(path: Path) -> list[Result]:
    """Return the results in a file; KitError when it holds something else."""
    try:
        whole = json.loads(path.read_text())
        if whole["schema"] != SCHEMA:
            raise ValueError(f"schema {whole['schema']}")
        return [_result(one) for one in whole["cases"]]
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise KitError(
            f"{path} holds no results of this version ({error!r}). Name another file, or remove it."
        ) from error


def _result(plain: dict[str, Any]) -> Result:
    case = next(one for one in CASES if one.name == plain["case"])
    rows = [
        Row(
            Entry(row["label"], row["server"], Load(**row["load"])),
            [Lap(**lap) for lap in row["laps"]],
            row["missing"],
        )
        for row in plain["rows"]
    ]
    if plain["quick"]:
        case = quick(case)
    return Result(case, plain["rounds"], rows, plain["notes"], plain["quick"])


def named(words: list[str], names: list[str]) -> list[Case]:
    """Return the cases of these groups or names, and those of these names alone; all if none.

    A group may be called like one of its cases: in `words` it is the group. KitError when there is
    no such group or case.
    """
    found = [
        case
        for case in CASES
        if not (words or names) or {case.name, case.group} & set(words) or case.name in names
    ]
    known = {case.name for case in CASES}
    groups = {case.group for case in CASES}
    if unknown := (set(words) - known - groups) | (set(names) - known):
        there = known if set(words) <= known | groups else known | groups
        raise KitError(
            f"There is no case {', '.join(sorted(unknown))}. There are: {', '.join(sorted(there))}."
        )
    return found
