"""A result in a notebook: every check, the story of the first failure, and the way to replay it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.grading import catalog, replay
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

if TYPE_CHECKING:
    from reactorkit.grading.replay_button import ReplayButton

# Chips of one colour each, with white signs: text in these colours would not be read on dark pages.
COLOURS = {
    PASSED: "#00704f",
    FAILED: "#a84300",
    ERROR: "#a84300",
    SKIPPED: "#5f5f5f",
    UNATTEMPTED: "#5f5f5f",
}
TABLE = "margin: 8px 0px; line-height: 1.4;"
CELL = "padding: 3px 12px 3px 0px; text-align: left; vertical-align: top;"


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
        self._button: ReplayButton | None = None

    @property
    def can_be_replayed(self) -> bool:
        """Whether a check has failed that the board can show: not that of a file that is none."""
        failure = self.result.first_failure
        runs = failure is not None and failure.hint != ""
        return runs and replay.can_be_shown(self.result.exercise)

    def run_again(self) -> replay.Replay:
        """Run the first check that failed once more, recorded."""
        failure = self.result.first_failure
        assert failure is not None
        return replay.record(self._submission, self.result.exercise, failure.id)

    def replay(self) -> Any:
        """Run the first check that failed once more, recorded, and return a board of it.

        Returns None when nothing has failed, or when there was no server to look into.
        """
        from reactorkit.lab.watching import watch

        return watch(self.run_again().path) if self.can_be_replayed else None

    def stop(self) -> None:
        """Take the button off the page: the cell that made it runs again."""
        if self._button is not None:
            self._button.close()

    @property
    def next_step(self) -> str:
        """What to do now, in one sentence."""
        name = self.result.exercise
        if not self.result.attempted:
            return "Nothing has been changed yet: fill in the marked place, and run the cell."
        if self.result.passed:
            onwards = "progress() shows what is next."
            if catalog.get(name).solution is None:
                return f"All of it. {onwards}"
            return f'All of it. solution("{name}") shows another way to do it; {onwards}'
        look = f' check("{name}").replay() shows the failed run on the board.'
        return f'hint("{name}") helps on.' + look * self.can_be_replayed

    def text(self) -> str:
        """Return the same as plain text."""
        return "\n".join([*self.notes, self.result.text(), "", self.next_step])

    def __repr__(self) -> str:
        return self.text()

    def _ipython_display_(self) -> None:
        """Show it, and a button below where the failed run can be seen.

        They are two outputs: the story stays readable when the button's kernel is gone.
        """
        from IPython.display import display

        from reactorkit.lab.cells import CELLS

        data = {"text/plain": self.text(), "text/html": self._repr_html_()}
        display(data, raw=True)  # type: ignore[no-untyped-call]
        if self.can_be_replayed and "ipykernel" in sys.modules:
            from reactorkit.grading.replay_button import ReplayButton

            self.stop()
            self._button = ReplayButton(self.run_again)
            CELLS.keep(CELLS.slot(), self)
            display(self._button.view(), raw=True)  # type: ignore[no-untyped-call]

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
    if tries is None or not result.attempted:
        return kept
    return f"Attempt {tries.attempts}. {kept}"


def _chip(text: str, outcome: str) -> str:
    return (
        f'<span style="display: inline-block; min-width: 14px; padding: 0px 6px; border-radius: '
        f"4px; text-align: center; font-weight: bold; color: #ffffff; "
        f'background-color: {COLOURS[outcome]};">{text}</span>'
    )


def _table(checks: Sequence[CheckResult]) -> str:
    """Return every check with its points; below them, once, why others were not run."""
    rows = "".join(
        f'<tr><td style="{CELL}">{_chip(SIGNS[one.outcome], one.outcome)}</td>'
        f'<td style="{CELL}">{cards.escape(one.title)}</td>'
        f'<td style="{CELL} text-align: right; white-space: nowrap;">{one.points:g} of '
        f'{one.max:g}</td><td style="{CELL}">{one.outcome}</td></tr>'
        for one in checks
    )
    table = f'<table style="{TABLE} font-size: 15px;"><tbody>{rows}</tbody></table>'
    reasons = dict.fromkeys(one.cause for one in checks if one.outcome == SKIPPED)
    return table + "".join(cards.paragraph(one + ".", label="Skipped") for one in reasons)


def _story(check: CheckResult) -> str:
    """Return what happened, step by step, with times; then the likely cause."""
    rows = "".join(_step(step) for step in check.steps)
    table = f'<table style="{TABLE} font-size: 14px;"><tbody>{rows}</tbody></table>'
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
    instead = step.kind == INSTEAD
    kind = _chip(step.kind, FAILED) if instead else step.kind
    loud = "font-weight: bold;" if instead else ""
    return (
        f'<tr><td style="{CELL} text-align: right; white-space: nowrap; opacity: 0.75;">'
        f'{step.at:.3f} s</td><td style="{CELL}">{kind}</td>'
        f'<td style="{CELL} {loud}">{cards.escape(step.text)}</td></tr>'
    )
