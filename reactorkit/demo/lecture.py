"""`lecture()`: from here on the questions of a notebook are asked of a room, not of one learner.

The card of a prediction becomes a show of hands. The instructor counts, and the answer with the
most hands is kept as the prediction of the class, with the count beside it.
"""

from __future__ import annotations

import ipywidgets as widgets

from reactorkit.claims import predict
from reactorkit.claims.journal import journal
from reactorkit.claims.model import JUST_SHOW_ME, Claim
from reactorkit.claims.outcome import Notice
from reactorkit.claims.predict import said
from reactorkit.claims.widget import CardWidget
from reactorkit.demo.hands import HandRows, Hands

ON = (
    "The questions below are shows of hands: count with + and −, then press "
    "“All hands are counted”. The answer with the most hands stands for the class."
)


def lecture(on: bool = True) -> Notice:
    """Ask the questions of this notebook of a room: every `predict(...)` counts hands.

    Arguments:
        on: False goes back to one learner's predictions.

    Run it once, after `lesson(...)`. The kept count survives a restart like any prediction;
    `predict("C13", answer="b")` goes on to work, and so does "just show me".
    """
    predict.card_widget = HandsCard if on else None
    if on:
        return Notice(ON)
    return Notice("The questions below are for one learner again.")


def counted(claim: Claim) -> Hands:
    """Return the newest count that the journal holds of a claim's question; else an empty one."""
    hands = Hands.of(option.key for option in claim.options)
    for record in reversed(journal().history(claim.id).predictions):
        kept = record.get("hands")
        if isinstance(kept, dict) and kept.keys() == hands.counts.keys():
            hands.counts.update({key: int(count) for key, count in kept.items()})
            break
    return hands


class HandsCard(CardWidget):
    """The card of a question as a show of hands."""

    def _build(self) -> None:
        super()._build()
        self.rows = HandRows(self.claim.options, counted(self.claim))
        self.choosing.children = [self.rows.box, widgets.HBox([self.confirm, self.show])]

    def _on_confirm(self) -> None:
        hands = self.rows.hands
        if not hands.total:
            self._say("Count at least one hand, or press “Just show me”.")
            return
        journal().predict(self.claim.id, hands.majority, hands=dict(hands.counts))
        self._after_answer()

    def _on_again(self) -> None:
        self.rows.hands.clear()
        super()._on_again()

    def _refresh(self) -> None:
        super()._refresh()
        history = journal().history(self.claim.id)
        answered = history.latest is not None and not self._again
        self.rows.reveal = answered and history.settled
        self.rows.refresh()
        self.confirm.description = "All hands are counted"
        self.again.description = "Ask again"

    def _story(self, answered: bool, settled: bool) -> list[str]:
        lines = super()._story(answered, settled)
        latest = journal().history(self.claim.id).latest
        if not answered or latest == JUST_SHOW_ME:
            return lines
        lines[0] = f"The class says: {said(self.claim, latest)} ({self.rows.hands})"
        return lines
