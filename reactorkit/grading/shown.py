"""A result in a notebook: every check, the story of the first failure, and the way to replay it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reactorkit.grading import catalog
from reactorkit.grading.attempts import Tries
from reactorkit.grading.results import (
    ERROR,
    FAILED,
    PASSED,
    SIGNS,
    SKIPPED,
    UNATTEMPTED,
    CheckResult,
    Result,
)
from reactorkit.grading.story import INSTEAD, Step
from reactorkit.grading.submission import Submission
from reactorkit.view import cards

COLOURS = {
    PASSED: "#00704f",
    FAILED: "#a84300",
    ERROR: "#a84300",
    SKIPPED: "#5f5f5f",
    UNATTEMPTED: "#5f5f5f",
}


class Shown:
    """What `check` returns. `result` has everything; `replay()` shows the first failure again.

    Arguments:
        result, submission: what was judged, and what came of it.
        notes: sentences that stand above everything else.
        tries: what has been tried so far, this time included.
    """

    def __init__(
        self,
        result: Result,
        submission: Submission,
        notes: Sequence[str] = (),
        tries: Tries | None = None,
    ) -> None:
        self.result, self.notes = result, tuple(notes)
        self._submission, self._tries = submission, tries

    def replay(self) -> Any:
        """Run the first check that failed once more, recorded, and return a board of it.

        Returns None when nothing has failed, or when there was no server to look into.
        """
        from reactorkit.grading.replay import record
        from reactorkit.lab.watching import watch

        failure = self.result.first_failure
        path = record(self._submission, self.result.exercise, failure.id) if failure else None
        return None if path is None else watch(path)

    @property
    def next_step(self) -> str:
        """What to do now, in one sentence."""
        name = self.result.exercise
        if not self.result.attempted:
            return "Nothing has been changed yet: fill in the marked place, and run the cell."
        if self.result.passed:
            if catalog.get(name).solution is None:
                return "All of it."
            return f'All of it. solution("{name}") shows another way to do it.'
        return (
            f'hint("{name}") helps on. check("{name}").replay() shows the failed run on the board.'
        )

    def text(self) -> str:
        """Return the same as plain text."""
        return "\n".join([*self.notes, self.result.text(), "", self.next_step])

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        result = self.result
        small = f"{result.exercise} · {result.file}"
        parts = [cards.heading(f"{result.title}: {result.score:g} of {result.max:g} points", small)]
        parts += [cards.paragraph(note, label="Note") for note in (*self.notes, *result.notes)]
        parts.append(_table(result.checks))
        if failure := result.first_failure:
            parts += [cards.divider(), _story(failure)]
        parts.append(cards.paragraph(self.next_step))
        parts.append(cards.paragraph(_small_print(result, self._tries), quiet=True))
        return cards.card(*parts)


def _small_print(result: Result, tries: Tries | None) -> str:
    kept = f"Kept apart by: {result.isolation}. Took {result.seconds:.1f} s."
    return kept if tries is None else f"Attempt {tries.attempts}. {kept}"


def _table(checks: Sequence[CheckResult]) -> str:
    rows = "".join(
        f'<tr><td style="color: {COLOURS[one.outcome]}; font-weight: bold;">{SIGNS[one.outcome]}'
        f'</td><td style="text-align: left;">{cards.escape(one.title)}</td>'
        f'<td style="text-align: right;">{one.points:g} of {one.max:g}</td>'
        f'<td style="text-align: left;">{one.outcome}</td></tr>'
        for one in checks
    )
    return f'<table style="font-size: 15px;"><tbody>{rows}</tbody></table>'


def _story(check: CheckResult) -> str:
    """Return what happened, step by step, with times; then the likely cause."""
    rows = "".join(_step(step) for step in check.steps)
    table = f'<table style="font-size: 14px;"><tbody>{rows}</tbody></table>'
    parts = [cards.heading(check.title, "What happened in the first check that failed")]
    parts.append(table if rows else "")
    for label, text in (
        ("Expected", check.expected),
        ("Got", check.got),
        ("Likely cause", check.cause),
        ("Read again", check.hint),
    ):
        if text:
            parts.append(cards.paragraph(text, label=label))
    return "".join(parts)


def _step(step: Step) -> str:
    loud = "font-weight: bold; color: #a84300;" if step.kind == INSTEAD else ""
    return (
        f'<tr><td style="text-align: right; opacity: 0.75;">{step.at:.3f} s</td>'
        f'<td style="text-align: left; {loud}">{step.kind}</td>'
        f'<td style="text-align: left; {loud}">{cards.escape(step.text)}</td></tr>'
    )
