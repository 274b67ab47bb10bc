"""The submissions that the checks are tried on, and what each has to be judged as.

Those in tests/submissions/xNN/{right,wrong}_*.py, the solution that is shown to learners, and the
starter. An exercise that is new in the catalogue is among them by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reactorkit.grading import catalog, submission
from reactorkit.grading.catalog import Exercise
from reactorkit.grading.results import ERROR, FAILED, PASSED, UNATTEMPTED, Result
from reactorkit.grading.submission import Submission

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "submissions"
RIGHT, WRONG, STARTER = "right", "wrong", "starter"
Verdict = Mapping[str, str]  # the outcome of each check, by its id


@dataclass(frozen=True)
class Kept:
    """One submission. `kind` is RIGHT, WRONG or STARTER."""

    exercise: Exercise
    path: Path
    kind: str

    def __str__(self) -> str:
        """Return what it is called in a test's id and in a report: x06-wrong_sendall."""
        kept_here = self.path.is_relative_to(FOLDER)
        other = "starter" if self.kind == STARTER else "solution"
        return f"{self.exercise.id}-{self.path.stem if kept_here else other}"

    def read(self) -> Submission:
        """Return its text."""
        return submission.read(self.exercise, self.path)

    def short(self) -> Kept:
        """Return it with the checks alone that a wrong one is kept for, and what comes before them.

        A right one has to pass them all, and one that no check names may fail any: there all stay.
        """
        checks = {check.id: check for check in self.exercise.checks}
        wanted = [one.id for one in checks.values() if one.catches == self.path.stem]
        if self.kind != WRONG or not wanted:
            return self
        for name in wanted:  # it grows while we go through it
            wanted += [one for one in checks[name].after if one not in wanted]
        few = tuple(check for name, check in checks.items() if name in wanted)
        return replace(self, exercise=replace(self.exercise, checks=few))

    def complaint(self, verdict: Verdict) -> str:
        """Say what is wrong about this verdict; empty when it is as it has to be.

        A right one passes every check. A wrong one fails those that name it in the catalogue;
        others may fail too. A starter is unattempted.
        """
        found = set(verdict.values())
        if ERROR in found:
            return "a check of ours broke down"
        if self.kind == STARTER:
            return "" if found == {UNATTEMPTED} else "the starter counts as an attempt"
        if self.kind == RIGHT:
            return "" if found == {PASSED} else "a right one does not get all points"
        named = [check.id for check in self.exercise.checks if check.catches == self.path.stem]
        missed = [one for one in named if verdict[one] != FAILED]
        if missed:
            return f"a wrong one is not caught by {', '.join(missed)}"
        return "" if FAILED in found else "a wrong one passes"


def verdict_of(result: Result) -> Verdict:
    """Return the outcomes of a result."""
    return {one.id: one.outcome for one in result.checks}


def kept() -> list[Kept]:
    """Return them all, in the order of the course; of each exercise the right ones first."""
    return [one for exercise in catalog.catalog().values() for one in _of(exercise)]


def _of(exercise: Exercise) -> list[Kept]:
    files = {
        kind: [
            Kept(exercise, path, kind)
            for path in sorted((FOLDER / exercise.id).glob(f"{kind}_*.py"))
        ]
        for kind in (RIGHT, WRONG)
    }
    solution = [Kept(exercise, exercise.solution, RIGHT)] if exercise.solution else []
    starter = Kept(exercise, submission.EXERCISES / exercise.notebook_name, STARTER)
    return [starter, *solution, *files[RIGHT], *files[WRONG]]
