"""The card of a question as widgets: choose, confirm, run, and read the outcome in its place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, TypeVar

import ipywidgets as widgets

from reactorkit.claims import worker
from reactorkit.claims.journal import journal
from reactorkit.claims.model import JUST_SHOW_ME, Claim
from reactorkit.claims.outcome import Outcome
from reactorkit.claims.predict import last_result, said, store
from reactorkit.errors import KitError
from reactorkit.view import cards

T = TypeVar("T")

# Answers are sentences: let them wrap instead of being cut off, at a size for a projector.
STYLE = """<style>
.reactorkit-card { border: 1px solid rgba(128, 128, 128, 0.45); border-radius: 6px; }
.reactorkit-card .widget-html-content { line-height: 1.5; font-size: 15px; }
.reactorkit-card .widget-radio-box label {
  display: flex; flex-direction: row-reverse; justify-content: flex-end; align-items: flex-start;
  height: auto; line-height: 1.4; white-space: normal; font-size: 15px; padding: 3px 0px;
}
.reactorkit-card .widget-radio-box input { flex: none; margin-top: 0px; }
.reactorkit-card .widget-radio-box { margin: 0px; }
.reactorkit-card button { font-size: 14px; }
</style>"""

SHOW_EVERY = 0.15


class CardProgress:
    """Shows the progress of an experiment in the card's bar."""

    def __init__(self, bar: widgets.IntProgress, label: widgets.HTML) -> None:
        self._bar, self._label = bar, label

    def over(self, items: Iterable[T], what: str) -> Iterator[T]:
        """Yield from `items`; the bar follows a few times a second."""
        total = len(items) if isinstance(items, Sized) else 0
        self._bar.max = max(1, total)
        shown = 0.0
        for done, item in enumerate(items):
            if (now := time.monotonic()) - shown >= SHOW_EVERY:
                shown = now
                self._show(what, done, total)
            yield item
        self._show(what, total, total)

    def _show(self, what: str, done: int, total: int) -> None:
        self._bar.value = done
        count = f": {done:,} of {total:,}" if total else ""
        self._label.value = cards.escape(what + count)


class CardWidget:
    """The widgets of one card. Only the worker thread changes them once they are shown."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._stop_request = threading.Event()
        self._again = False
        self._build()
        self._refresh()

    def _build(self) -> None:
        claim = self.claim
        heading = widgets.HTML(STYLE + cards.heading(claim.question, f"{claim.id} · predict"))
        self.options = widgets.RadioButtons(
            options=[(f"{each.key}) {each.text}", each.key) for each in claim.options],
            value=None,
            layout=widgets.Layout(width="auto"),
        )
        self.confirm = self._button("This is my prediction", self._on_confirm, "primary")
        self.show = self._button("Just show me", self._on_show)
        self.message = widgets.HTML()
        self.start = self._button("Run the experiment", self._on_run, "success")
        self.again = self._button("Predict again", self._on_again)
        self.halt = self._button("Stop", self._on_stop, "warning")
        self.bar = widgets.IntProgress(layout=widgets.Layout(width="220px"))
        self.label = widgets.HTML()
        self.choosing = widgets.VBox([self.options, widgets.HBox([self.confirm, self.show])])
        self.starting = widgets.HBox([self.start, self.again])
        self.running = widgets.HBox(
            [self.bar, self.halt, self.label], layout=widgets.Layout(align_items="center")
        )
        self.outcome = widgets.HTML()
        self.box = widgets.VBox(
            [heading, self.choosing, self.message, self.running, self.outcome, self.starting],
            layout=widgets.Layout(padding="12px 16px", max_width="894px", margin="4px 0px"),
        )
        self.box.add_class("reactorkit-card")

    def _button(self, text: str, callback: Callable[[], None], style: str = "") -> widgets.Button:
        """Return a button whose callback runs on the worker (but for Stop, which cannot wait)."""
        button = widgets.Button(
            description=text, button_style=style, layout=widgets.Layout(width="auto")
        )
        if callback == self._on_stop:
            button.on_click(lambda _: self._stop_request.set())
        else:
            button.on_click(lambda _: worker.ask(self._guarded(callback)))
        return button

    def view(self) -> dict[str, Any]:
        """Return the MIME type that shows the widgets, without ipywidgets' own text."""
        bundle = dict(self.box._repr_mimebundle_() or {})
        bundle.pop("text/plain", None)
        return bundle

    def close(self) -> None:
        """Close everything; a run of this card stops at its next step."""
        self._stop_request.set()
        for widget in _all_below(self.box):
            widget.close()

    def _guarded(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Return a task that shows its failure in the card: the worker has no other place."""

        def task() -> None:
            try:
                callback()
            except KitError as error:
                self._say(str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not silence the next cards
                self._say(f"The kit failed here: {type(error).__name__}: {error}")

        return task

    # What follows runs on the worker thread.

    def _on_confirm(self) -> None:
        if self.options.value is None:
            self._say("Choose an answer first, or press “Just show me”.")
            return
        self._keep(self.options.value)

    def _on_show(self) -> None:
        self._keep(JUST_SHOW_ME)

    def _keep(self, answer: str) -> None:
        store(self.claim, answer)
        self._after_answer()

    def _after_answer(self) -> None:
        self._again = False
        self.outcome.value = ""
        self._refresh()

    def _on_again(self) -> None:
        self._again = True
        self.outcome.value = ""
        self.options.value = None
        self._refresh()

    def _on_stop(self) -> None:
        self._stop_request.set()

    def _on_run(self) -> None:
        from reactorkit.claims import run

        self._stop_request.clear()
        self._show_running(True)
        try:
            result = run.run(self.claim, CardProgress(self.bar, self.label), self._stop_request)
            self.label.value = "drawing the picture"
            shown = result.html(inside=self.claim.id)
        finally:
            self._show_running(False)
            self._refresh()
        if isinstance(result, Outcome):
            self._say()
        self.outcome.value = shown

    def _show_running(self, running: bool) -> None:
        _visible(self.running, running)
        _visible(self.starting, not running)
        if running:
            _visible(self.choosing, False)
            self.bar.value, self.label.value, self.outcome.value = 0, "starting", ""

    def _refresh(self) -> None:
        """Show what the journal knows: choose, or run, or prediction beside outcome."""
        history = journal().history(self.claim.id)
        answered = history.latest is not None and not self._again
        settled = answered and history.settled
        if history.latest is not None and not self._again and not settled:
            self.options.value = None if history.latest == JUST_SHOW_ME else history.latest
        self.confirm.description = "Change my prediction" if answered else "This is my prediction"
        self.confirm.button_style = "" if answered else "primary"
        _visible(self.choosing, not settled)
        _visible(self.starting, answered and bool(self.claim.experiment))
        _visible(self.again, settled)
        _visible(self.running, False)
        self.start.description = "Run it again" if settled else "Run the experiment"
        self._say(*self._story(answered, settled))

    def _story(self, answered: bool, settled: bool) -> list[str]:
        history = journal().history(self.claim.id)
        if not answered:
            return [journal().notice]
        lines = [f"Your prediction is kept: {said(self.claim, history.latest)}"]
        result = last_result(self.claim, history)
        if settled and result is not None:
            lines = [
                f"You said: {said(self.claim, history.latest)}",
                f"Measured: {result.finding.measured}",
                f"{result.verdict.mark} {result.sentence}",
                result.echo,
            ]
        return [*lines, journal().notice]

    def _say(self, *lines: str) -> None:
        self.message.value = "".join(cards.paragraph(line) for line in lines if line)
        _visible(self.message, any(lines))


def _visible(widget: widgets.Widget, shown: bool) -> None:
    widget.layout.display = None if shown else "none"


def _all_below(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """Yield a widget after everything it is made of; layouts and styles are widgets too."""
    parts = (getattr(widget, name, None) for name in ("layout", "style"))
    yield from (part for part in parts if isinstance(part, widgets.Widget))
    for child in getattr(widget, "children", ()):
        yield from _all_below(child)
    yield widget
