"""The button below a failed check: it runs the check once more, recorded, and opens the board."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from reactorkit.claims import worker
from reactorkit.errors import KitError
from reactorkit.grading.replay import Replay
from reactorkit.lab.watching import watch
from reactorkit.view import cards
from reactorkit.view.board import Board

LABEL = "Show the failed run on the board"
ABOUT = "The check runs once more, and the board shows what your server does meanwhile."
STYLE = """<style>
.reactorkit-replay > .widget-hbox button { font-size: 14px; }
.reactorkit-replay > .widget-hbox { overflow: visible; }
.reactorkit-replay > .widget-hbox button:focus-visible {
  outline: 2px solid currentColor; outline-offset: 2px;
}
.reactorkit-replay .widget-html-content { font-size: 14px; line-height: 1.5; white-space: normal; }
</style>"""


class ReplayButton:
    """The widgets: a button, a sentence beside it, and below them the board once it is there.

    Arguments:
        run: runs the check on the board's instruments; it is called on the cards' worker thread,
            since a callback of a widget must not wait.
    """

    def __init__(self, run: Callable[[], Replay]) -> None:
        self._run = run
        self._board: Board | None = None
        self.button = widgets.Button(
            description=LABEL, button_style="primary", layout=widgets.Layout(width="auto")
        )
        self.button.on_click(lambda _: self._clicked())
        self.message = widgets.HTML()
        self.box = widgets.VBox(
            [widgets.HTML(STYLE), widgets.HBox([self.button]), self.message],
            layout=widgets.Layout(margin="8px 0px"),
        )
        self.box.add_class("reactorkit-replay")
        self._say(ABOUT)

    def view(self) -> dict[str, Any]:
        """Return the MIME type that shows the widgets, without ipywidgets' own text."""
        bundle = dict(self.box._repr_mimebundle_() or {})
        bundle.pop("text/plain", None)
        return bundle

    def close(self) -> None:
        """Take it all off the page."""
        if self._board is not None:
            self._board.close()
        for widget in (*self.box.children, self.button, self.box):
            widget.close()

    def _clicked(self) -> None:
        self.button.disabled = True
        self._say("The check runs once more. That takes as long as the first time.")
        worker.ask(self._open)

    def _open(self) -> None:
        """Run, and show; what goes wrong is said beside the button: there is no other place."""
        try:
            run = self._run()
            board = watch(run.path, play=True, show=False)
        except KitError as error:
            self._say(str(error))
        except Exception as error:  # noqa: BLE001 - a bug must not silence the next cards
            self._say(f"The kit failed here: {type(error).__name__}: {error}")
        else:
            self._show(board)
            self._say(run.sentence)
        finally:
            self.button.disabled = False

    def _show(self, board: Board) -> None:
        if self._board is not None:
            self._board.close()
        self._board = board
        self.box.children = (*self.box.children[:3], board.widget)
        self.button.description = "Run it again"

    def _say(self, text: str) -> None:
        self.message.value = cards.paragraph(text)
