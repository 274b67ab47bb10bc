"""A show of hands: the instructor counts, nobody has to log in anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import ipywidgets as widgets

from reactorkit.claims import worker
from reactorkit.view import cards

STYLE = """<style>
.reactorkit-hands .widget-button { width: 2.6em; height: 2.2em; font-size: 1em; }
.reactorkit-hand { align-items: center; margin: 2px 0px; }
.reactorkit-hand .widget-html, .reactorkit-hand .widget-html-content { line-height: 1.35; }
.reactorkit-hand-bar { display: inline-block; height: 0.7em; background: #0072b2; }
.reactorkit-hand-bar.right { background: #009e73; }
</style>"""
BAR = 7.0  # em, for the most hands


class Answer(Protocol):
    """One answer of a question, of a scene or of a claim."""

    @property
    def key(self) -> str:
        """Its letter."""
        ...

    @property
    def text(self) -> str:
        """Its words."""
        ...

    @property
    def right(self) -> bool:
        """Whether it is the right one."""
        ...


@dataclass
class Hands:
    """How many hands went up for each answer, by its key."""

    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Iterable[str]) -> Hands:
        """Return an empty count for these answers."""
        return cls(dict.fromkeys(keys, 0))

    def add(self, key: str, by: int = 1) -> None:
        """Count one more hand (or one less); never below none."""
        self.counts[key] = max(0, self.counts[key] + by)

    def clear(self) -> None:
        """Start counting anew."""
        self.counts = dict.fromkeys(self.counts, 0)

    @property
    def total(self) -> int:
        """All hands together."""
        return sum(self.counts.values())

    @property
    def majority(self) -> str:
        """The answer with the most hands, the first of several; "" while none is up."""
        return max(self.counts, key=lambda key: self.counts[key]) if self.total else ""

    def __str__(self) -> str:
        told = [f"{count} for {key}" for key, count in self.counts.items()]
        return ", ".join(told) if self.total else "no hands yet"


class HandRows:
    """The rows of a question: an answer each, fewer and more, how many, and a bar."""

    def __init__(
        self, answers: Sequence[Answer], hands: Hands, changed: Callable[[], None] | None = None
    ) -> None:
        self.answers, self.hands = answers, hands
        self._changed = changed or (lambda: None)
        self.reveal = False
        self._texts = {answer.key: widgets.HTML() for answer in answers}
        self._bars = {answer.key: widgets.HTML() for answer in answers}
        self.total = widgets.HTML()
        rows = [self._row(answer) for answer in answers]
        self.box = widgets.VBox([widgets.HTML(STYLE), *rows, self.total])
        self.box.add_class("reactorkit-hands")
        self.refresh()

    def _row(self, answer: Answer) -> widgets.HBox:
        fewer = widgets.Button(description="−", tooltip=f"One hand less for {answer.key}")
        more = widgets.Button(description="+", tooltip=f"One hand more for {answer.key}")
        # On the cards' one worker thread: callbacks come on changing threads (see worker.py).
        fewer.on_click(lambda _: worker.ask(lambda: self.add(answer.key, -1)))
        more.on_click(lambda _: worker.ask(lambda: self.add(answer.key, 1)))
        text, bar = self._texts[answer.key], self._bars[answer.key]
        text.layout.flex = "1 1 auto"
        bar.layout.flex = "0 0 auto"
        bar.layout.width = f"{BAR + 3}em"
        row = widgets.HBox([text, fewer, more, bar])
        row.add_class("reactorkit-hand")
        return row

    def add(self, key: str, by: int) -> None:
        """Count, and show it."""
        self.hands.add(key, by)
        self.refresh()
        self._changed()

    def refresh(self) -> None:
        """Show what is counted; with `reveal`, which answer is right."""
        most = max([*self.hands.counts.values(), 1])
        for answer in self.answers:
            count = self.hands.counts[answer.key]
            mark = "✔ " if self.reveal and answer.right else ""
            text = f"{mark}{answer.key}) {answer.text}"
            weight = "bold" if mark else "normal"
            self._texts[
                answer.key
            ].value = f'<span style="font-weight: {weight}">{cards.escape(text)}</span>'
            kind = "reactorkit-hand-bar right" if mark else "reactorkit-hand-bar"
            self._bars[
                answer.key
            ].value = (
                f'<span class="{kind}" style="width: {BAR * count / most:.2f}em"></span> {count}'
            )
        hands = "hand" if self.hands.total == 1 else "hands"
        self.total.value = f"{self.hands.total} {hands}"
