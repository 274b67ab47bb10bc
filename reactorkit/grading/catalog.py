"""The catalogue of the exercises: catalog.toml, read and held to its rules."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError, nearest

FILE = Path(__file__).with_name("catalog.toml")
SOLUTIONS = Path(__file__).with_name("solutions")  # missing in a copy for learners
KINDS = ("server", "functions", "client")


@dataclass(frozen=True)
class Check:
    """One check of an exercise.

    Arguments:
        id: its name within the exercise; the function of that name in checks/EXERCISE.py runs it.
        title: what it looks at, as a learner reads it.
        points: what it is worth.
        needs: claims and gaps of the course that it takes for known.
        after: checks that have to pass first; otherwise it is skipped.
        catches: a wrong submission (in tests/submissions) that only this check catches.
        read: where to read again.
        descriptors: how many the submission's process may have; 0: as many as usual. Servers only.
        seconds: how long it may take at most.
    """

    id: str
    title: str
    points: float
    needs: tuple[str, ...]
    catches: str
    after: tuple[str, ...] = ()
    read: str = ""
    descriptors: int = 0
    seconds: float = 20.0


@dataclass(frozen=True)
class Exercise:
    """One exercise: what the learner makes, and the checks that judge it.

    Arguments:
        id: "x06"; the number is that of the lesson that it belongs to.
        minutes: how long it takes, about.
        kind: "server": a file with serve(listener). "functions": a file with functions or classes
            that we call. "client": a program that we run.
        names: the functions and classes that the file has to define.
        hints: by level; the next one opens after a new attempt.
    """

    id: str
    slug: str
    title: str
    notebook: int
    minutes: int
    kind: str
    names: tuple[str, ...]
    hints: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def max(self) -> float:
        """The points that there are."""
        return sum(check.points for check in self.checks)

    @property
    def notebook_name(self) -> str:
        """The file of the learner's copy, in the folder `exercises`."""
        return f"{self.id}_{self.slug}.ipynb"

    @property
    def file_name(self) -> str:
        """The file that the learner's answer is written to, in the folder `work`."""
        return f"{self.id}.py"

    @property
    def solution(self) -> Path | None:
        """The file with an answer of ours; None where this copy of the kit has none."""
        path = SOLUTIONS / self.file_name
        return path if path.is_file() else None


@cache
def catalog() -> Mapping[str, Exercise]:
    """Return every exercise by its id, in the order of the course."""
    with FILE.open("rb") as file:
        return {key: _exercise(key, table) for key, table in tomllib.load(file).items()}


def get(exercise_id: str) -> Exercise:
    """Return one exercise; KitError with the nearest names when there is none."""
    known = catalog()
    if exercise_id not in known:
        hint = nearest(exercise_id, known) or f" There are: {', '.join(known)}."
        raise KitError(f"There is no exercise {exercise_id!r}.{hint}")
    return known[exercise_id]


def _exercise(key: str, table: dict[str, Any]) -> Exercise:
    checks = tuple(_check(one) for one in table["checks"])
    tuples = {name: tuple(table.get(name, ())) for name in ("names", "hints")}
    values: dict[str, Any] = {**table, **tuples, "checks": checks}
    exercise = Exercise(id=key, **values)
    assert exercise.kind in KINDS, f"{key}: no kind {exercise.kind!r}"
    few = [check.id for check in checks if check.descriptors]
    assert exercise.kind == "server" or not few, f"{key}: no server, so no descriptors for {few}"
    known: set[str] = set()
    for check in checks:
        assert set(check.after) <= known, f"{key}: {check.id} comes after a check that comes later"
        known.add(check.id)
    return exercise


def _check(table: dict[str, Any]) -> Check:
    tuples = {name: tuple(table.get(name, ())) for name in ("needs", "after")}
    values: dict[str, Any] = {**table, **tuples}
    return Check(**values)
