"""What came of a submission: the outcome of each check, points, and why. Written by us alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reactorkit.grading.story import INSTEAD, Step

PASSED, FAILED, ERROR, SKIPPED, UNATTEMPTED = "passed", "failed", "error", "skipped", "unattempted"
SIGNS = {PASSED: "✓", FAILED: "✗", ERROR: "!", SKIPPED: "-", UNATTEMPTED: "·"}


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    `outcome`: PASSED; FAILED (with expected, got, cause); ERROR: our own fault, which costs nobody
    points in silence; SKIPPED: another one has to pass first; UNATTEMPTED: the starter as it was.
    """

    id: str
    title: str
    outcome: str
    points: float
    max: float
    steps: Sequence[Step] = ()
    expected: str = ""
    got: str = ""
    cause: str = ""
    hint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, as the JSON report has them."""
        return {**self.__dict__, "steps": [step.as_dict() for step in self.steps]}


@dataclass(frozen=True)
class Result:
    """The outcome of one exercise.

    Arguments:
        exercise, version: which one, and of which kit.
        checks: one CheckResult each, in the catalogue's order.
        file: what was judged, in words: its path, and when it was written.
        isolation: how the submission was kept apart.
        notes: sentences about the submission as a whole: what was odd or had to be left out.
    """

    exercise: str
    title: str
    version: str
    checks: Sequence[CheckResult]
    file: str = ""
    isolation: str = ""
    notes: Sequence[str] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def score(self) -> float:
        """The points that were earned."""
        return sum(check.points for check in self.checks)

    @property
    def max(self) -> float:
        """The points that there are."""
        return sum(check.max for check in self.checks)

    @property
    def passed(self) -> bool:
        """Whether every check has passed."""
        return all(check.outcome == PASSED for check in self.checks)

    @property
    def attempted(self) -> bool:
        """Whether there was anything to judge."""
        return not all(check.outcome == UNATTEMPTED for check in self.checks)

    @property
    def first_failure(self) -> CheckResult | None:
        """The first check that failed, or None."""
        return next((one for one in self.checks if one.outcome in (FAILED, ERROR)), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values: the contract of `check --json`."""
        return {
            "exercise": self.exercise,
            "version": self.version,
            "score": self.score,
            "max": self.max,
            "file": self.file,
            "isolation": self.isolation,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 2),
            "checks": [check.as_dict() for check in self.checks],
        }

    def text(self) -> str:
        """Return the result for a terminal: every check, and the story of the first failure."""
        lines = [f"{self.exercise}  {self.title}: {self.score:g} of {self.max:g} points"]
        lines += [self.file] * bool(self.file)
        lines += [*self.notes, ""]
        for check in self.checks:
            lines.append(
                f"{SIGNS[check.outcome]} {check.title:<58} {check.points:g}/{check.max:g}"
                + f"  {check.outcome}" * (check.outcome != PASSED)
            )
        if failure := self.first_failure:
            lines += ["", *story_lines(failure)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text()


def story_lines(check: CheckResult) -> list[str]:
    """Return what happened in a check that failed, line by line, and what to do."""
    lines = [f"What happened in: {check.title}"]
    for step in check.steps:
        word = "instead" if step.kind == INSTEAD else step.kind
        lines.append(f"  {step.at:7.3f} s  {word:<12} {step.text}")
    if check.expected:
        lines += [f"  Expected: {check.expected}", f"  Got:      {check.got}"]
    lines += [f"  Likely cause: {check.cause}"] * bool(check.cause)
    lines += [f"  Read again: {check.hint}"] * bool(check.hint)
    return lines
