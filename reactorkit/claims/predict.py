"""Ask a claim's question before its experiment runs, and keep the answer.

In a notebook the question is a card to click; without widgets the same card is text, and
`predict("C13", answer="b")` answers it. An answer is stored and never graded. Whether it is
right shows only after the experiment.
"""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any

from reactorkit.claims import model, verdicts
from reactorkit.claims.journal import History, journal
from reactorkit.claims.model import JUST_SHOW_ME, Claim
from reactorkit.claims.outcome import WIDTH, Notice, Result
from reactorkit.claims.world import Finding
from reactorkit.errors import KitError
from reactorkit.view import cards

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactorkit.claims.widget import CardWidget

# What makes the widgets of a card in place of CardWidget: `lecture()` asks for a show of hands.
card_widget: Callable[[Claim], CardWidget] | None = None


def predict(claim_id: str, answer: str | None = None) -> Card | Notice:
    """Show the question of a claim and keep the answer.

    Arguments:
        claim_id: "C13".
        answer: the key of an option ("b"), or "?" for "just show me"; None shows the card.

    Returns what a notebook shows: the card, or a sentence when the claim asks nothing.
    Raises KitError for an unknown claim or an answer that is not among the options.
    """
    from reactorkit.claims.run import autopredict
    from reactorkit.lab.cells import CELLS, watch_cells

    claim = model.get(claim_id)
    if not claim.options:
        return Notice(f'{claim.id} asks for no prediction. Run it: experiment("{claim.id}")')
    if answer is not None:
        store(claim, answer)
        return Card(claim, clickable=False)
    if autopredict() and journal().history(claim.id).latest is None:
        journal().predict(claim.id, claim.options[0].key, auto=True)
    watch_cells()
    slot = CELLS.slot()
    card = Card(claim)
    CELLS.keep(slot, card)
    return card


def store(claim: Claim, answer: str) -> None:
    """Keep an answer; the same one twice in a row is kept once."""
    key = answer.strip().lower()
    if key != JUST_SHOW_ME and claim.option(key) is None:
        keys = ", ".join(option.key for option in claim.options)
        raise KitError(
            f'{claim.id} has no answer {answer!r}: choose one of {keys}, or "?" for: just show me.'
        )
    if journal().history(claim.id).latest != key:
        journal().predict(claim.id, key)


def said(claim: Claim, answer: str | None) -> str:
    """Return a stored answer in words."""
    if answer == JUST_SHOW_ME:
        return "just show me"
    option = claim.option(answer or "")
    return f"{option.key}) {option.text}" if option else "nothing yet"


def question_text(claim: Claim) -> str:
    """Return a question and its answers as plain text."""
    lines = [textwrap.fill(f"{claim.id}  {claim.question}", WIDTH, subsequent_indent="     ")]
    answers = [(option.key, option.text) for option in claim.options]
    for key, text in [*answers, (JUST_SHOW_ME, "just show me")]:
        lines.append(
            textwrap.fill(text, WIDTH, initial_indent=f"  {key}) ", subsequent_indent="     ")
        )
    return "\n".join(lines)


def last_result(claim: Claim, history: History) -> Result | None:
    """Return the newest stored outcome as a Result, judged by today's text of the claim."""
    record = history.outcome
    if record is None:
        return None
    met = record["met"]
    if met is None and not verdicts.may_be_undecided(claim):
        return None  # an earlier version of the kit allowed it for this claim
    finding = Finding(met, str(record.get("measured", "")), str(record.get("why", "")))
    answer = str(record.get("prediction") or "")
    return Result(claim, finding, verdicts.verdict(claim, met), answer)


class Card:
    """One question, to click or to read. What it shows is read from the journal each time."""

    def __init__(self, claim: Claim, *, clickable: bool = True) -> None:
        self.claim = claim
        self._clickable = clickable
        self._widget: CardWidget | None = None

    def stop(self) -> None:
        """Close the widgets: the cell that made them runs again."""
        if self._widget is not None:
            self._widget.close()

    def _story(self) -> list[str]:
        """What the journal knows: the answer, and once it exists, the outcome beside it."""
        history = journal().history(self.claim.id)
        call = f'predict("{self.claim.id}", answer="{self.claim.options[0].key}")'
        if history.latest is None:
            return [f"No prediction yet. Answer like this: {call}"]
        lines = [f"Your prediction: {said(self.claim, history.latest)}"]
        if history.round > 1 and history.first != history.latest:
            lines.append(f"Your first prediction: {said(self.claim, history.first)}")
        result = last_result(self.claim, history)
        if history.settled and result is not None:
            lines.append(f"Measured: {result.finding.measured}")
            lines.append(f"Verdict: {result.verdict.mark} {result.sentence}")
            if result.echo:
                lines.append(result.echo)
        else:
            lines.append(f'It is kept. Now run the experiment: experiment("{self.claim.id}")')
        if notice := journal().notice:
            lines.append(notice)
        return lines

    def text(self) -> str:
        """Return the card as plain text."""
        story = (textwrap.fill(line, WIDTH) for line in self._story())
        return "\n".join([question_text(self.claim), *story])

    def html(self) -> str:
        """Return the card as HTML without anything to click."""
        answers = "".join(
            f'<div style="margin: 2px 0px 2px 12px;">{cards.escape(option.key)}) '
            f"{cards.escape(option.text)}</div>"
            for option in self.claim.options
        )
        return cards.card(
            cards.heading(self.claim.question, f"{self.claim.id} · predict"),
            answers,
            *(cards.paragraph(line) for line in self._story()),
        )

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        """Widgets where a kernel and ipywidgets are there; HTML and text for every other host."""
        bundle: dict[str, Any] = {"text/plain": self.text(), "text/html": self.html()}
        if self._clickable and _widgets_work():
            from reactorkit.claims.widget import CardWidget

            if self._widget is None:
                self._widget = (card_widget or CardWidget)(self.claim)
            bundle.update(self._widget.view())
        return bundle


def _widgets_work() -> bool:
    """Return whether a Jupyter kernel runs this process and ipywidgets is installed."""
    if "ipykernel" not in sys.modules:
        return False
    import importlib.util

    return importlib.util.find_spec("ipywidgets") is not None
