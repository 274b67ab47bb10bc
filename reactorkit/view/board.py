"""The board: servers drawn live in the browser, or recordings of them, and controls for both.

    board = Board([Source(server.watched, server.name)])
    board                      # at the end of a cell, or board.show()
    board.act("all", {"do": "pause"})
    board.close()              # the servers go on

What the widget draws is in js/. Where there is no widget (a saved notebook, an export, a terminal)
the same state stands there as a picture and as a table.
"""

from __future__ import annotations

import atexit
import threading
import uuid
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.trace.recording import Recording
from reactorkit.view import bundle, export, pictures
from reactorkit.view.pump import Clients, Pump
from reactorkit.view.source import Source, introduce

DETAILS = ("simple", "full")
KEYS = ("board", "page")
HEIGHTS = (200, 4000)  # pixels
AT_REST = "This board is at rest: run its cell again to open it anew."


class Board:
    """Servers, or recordings, drawn side by side.

    Arguments:
        sources: running servers, or recordings; not both.
        detail: "simple" or "full".
        height: pixels, "fill" for as high as what it stands in, None for as high as it likes.
        projector: large type, few rows.
        keys: "board": keys are heard when the board has the focus; "page": always.
        log: whether what the servers print is shown from the start.
        play: recordings begin to play when they are first seen.
        clients: clients(i, what, n) has clients come to a server or leave; must not wait.
        remarks: remarks(i) returns sentences about a server's clients.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        detail: str = "full",
        height: int | str | None = None,
        projector: bool = False,
        keys: str = "board",
        log: bool = False,
        play: bool = False,
        clients: Clients | None = None,
        remarks: Callable[[int], list[str]] | None = None,
    ) -> None:
        self.sources = list(sources)
        self.live = _all_live(self.sources)
        _check_options(detail, height, keys)
        introduce(self.sources)
        self.on_gone: Callable[[], None] | None = None
        self.pump: Pump | None = None
        self._closed = self._resting = False
        self._at_end: list[Callable[[], None]] = []
        self._shown_in: int | None = None
        self._output: Any = None  # what shows it; the last picture is left there
        self.leaves_picture: Callable[[], bool] = lambda: True
        self._recorded: list[bytes] | None = None
        self._last: list[dict[str, Any]] = []  # the servers' states when it came to rest
        options: dict[str, Any] = {
            "detail": detail,
            "height": height,
            "projector": projector,
            "keys": keys,
            "log": log,
        }
        abouts = [source.about | _warning(source) for source in self.sources]
        start = {
            "id": uuid.uuid4().hex,
            "kind": "live" if self.live else "replay",
            "servers": abouts,
            "clients": True if clients is not None else "Use crowd(server, ...) in a cell.",
            "replay": {"play": play},
            "options": options,
        }
        self.options = options
        self.widget = _widget(start)
        if self.widget is not None:
            self.widget.on_msg(_weakly(self, "_hear"))
        if self.live and self.widget is not None:
            self.pump = Pump(self.sources, self._send, clients, remarks)
            self.pump.on_gone = self._gone
            self.pump.start()
            atexit.register(self._rest)

    # ------------------------------------------------------------------ public

    def act(self, which: int | str, command: dict[str, Any]) -> None:
        """Do what a button of the board does: {"do": "pause"}, {"do": "step", "of": "turn"}, ...

        Arguments:
            which: the number of a server on the board, or "all".
        """
        if self.pump is not None:
            self.pump.act(which, command)
        else:
            self._send({"kind": "act", "i": which, "command": command}, [])

    def stop(self) -> None:
        """Leave the board as it is: its last picture stays, and nothing moves any more."""
        if self._rest():
            self._leave_picture()

    def _rest(self) -> bool:
        """Stand still; returns whether it has moved until now."""
        if self._resting:
            return False
        self._resting = True
        atexit.unregister(self._rest)
        if self.pump is not None:
            self.pump.close(last_words=AT_REST)
        self._last = self._states()  # before the clients leave
        for ending in self._at_end:
            ending()
        return True

    def _states(self) -> list[dict[str, Any]]:
        return self._last or [_state(source) for source in self.sources]

    def _leave_picture(self) -> None:
        """Put the last picture where the board stands, for whoever reads the saved notebook."""
        main = threading.current_thread() is threading.main_thread()
        if self._output is not None and main and self.leaves_picture():
            self._output.update(self._repr_mimebundle_(), raw=True)

    def close(self) -> None:
        """End the board, and take it off the page; its servers go on, its clients leave."""
        self._rest()
        if not self._closed and self.widget is not None:
            self._closed = True
            self.widget.close()

    def when_closed(self, ending: Callable[[], None]) -> None:
        """Have something done when the board ends."""
        self._at_end.append(ending)

    def recordings(self) -> list[Recording]:
        """Return what is known of each server up to now, as recordings."""
        found = []
        for source in self.sources:
            inside = source.inside
            found.append(inside if isinstance(inside, Recording) else inside.recording)
        return found

    def to_html(self, path: str | Path) -> Path:
        """Write a page that replays what is known up to now, with no kernel and no network."""
        titles = [str(source.about["name"]) for source in self.sources]
        return export.to_html(self.recordings(), path, names=titles, **self.options)

    def show(self) -> None:
        """Show the board in the cell that runs.

        At once: where there is a widget, the picture for readers without one is drawn when the
        board comes to rest, and shows the last moment rather than the first.
        """
        from IPython.display import display

        self._shown_in = _execution()
        exclude = {"image/png"} if self.widget is not None else None
        data = self._repr_mimebundle_(exclude=exclude)
        self._output = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    # ----------------------------------------------------------------- display

    def _ipython_display_(self) -> None:
        """Show the board, unless this cell has shown it already."""
        if self._shown_in is None or self._shown_in != _execution():
            self.show()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return the widget's view, and what stands there where no widget is drawn."""
        states = self._states()
        bundle_: dict[str, Any] = {"text/plain": repr(self)}
        drawn = "image/png" not in (exclude or ())
        bundle_ |= pictures.bundle(self.sources, states, drawn=drawn)
        if self.widget is not None:
            view = self.widget._repr_mimebundle_()
            data = view[0] if isinstance(view, tuple) else view
            bundle_ |= {kind: value for kind, value in (data or {}).items() if kind != "text/plain"}
        if include:
            bundle_ = {kind: value for kind, value in bundle_.items() if kind in include}
        if exclude:
            bundle_ = {kind: value for kind, value in bundle_.items() if kind not in exclude}
        return bundle_

    def __repr__(self) -> str:
        return pictures.sentence(self.sources, live=self.live)

    def __str__(self) -> str:
        """Return the text twin: a table of each server's handles."""
        return pictures.tables_text(self.sources, self._states())

    # ----------------------------------------------------------------- messages

    def _send(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        if self.widget is not None and not self._closed:
            self.widget.send(content, buffers=buffers)

    def _hear(self, content: Any) -> None:
        """Take a message from a browser; this may run in any thread and must not wait."""
        if self.pump is not None and self._resting:
            if isinstance(content, dict) and content.get("do") == "hello":
                threading.Thread(target=self.pump.tell_again, daemon=True).start()
        elif self.pump is not None:
            self.pump.hear(content)
        elif isinstance(content, dict) and content.get("do") == "recordings":
            threading.Thread(target=self._send_recordings, daemon=True).start()

    def _send_recordings(self) -> None:
        if self._recorded is None:
            self._recorded = [export.lines_of(one).encode() for one in self.recordings()]
        self._send({"kind": "recordings"}, self._recorded)

    def _gone(self) -> None:
        if self.on_gone is not None:
            self.on_gone()


def _all_live(sources: Sequence[Source]) -> bool:
    """Return whether these are running servers; KitError for nothing, or for a mixture."""
    kinds = {source.live is not None for source in sources}
    if not kinds:
        raise KitError('A board needs a server: watch(serve("echo_select", watch=True)).')
    if len(kinds) > 1:
        raise KitError(
            "A board shows running servers or recordings, not both: call watch(...) twice."
        )
    return kinds.pop()


def _check_options(detail: str, height: int | str | None, keys: str) -> None:
    if detail not in DETAILS:
        raise KitError(f'detail is "simple" or "full", not {detail!r}.')
    if keys not in KEYS:
        raise KitError(f'keys is "board" or "page", not {keys!r}.')
    least, most = HEIGHTS
    number = type(height) is int and least <= height <= most
    if not (number or height in (None, "fill")):
        raise KitError(f'height is {least} to {most} pixels, "fill" or None, not {height!r}.')


def _warning(source: Source) -> dict[str, str]:
    """Return what could not be read of a recording, for the board to say."""
    warning = source.inside.warning if isinstance(source.inside, Recording) else ""
    return {"warning": warning} if warning else {}


def _state(source: Source) -> dict[str, Any]:
    inside = source.inside
    if isinstance(inside, Recording):
        return inside.state_after(len(inside.events))
    return inside.state()


def _widget(start: dict[str, Any]) -> Any:
    """Return the widget; None where there is no IPython or no anywidget."""
    try:
        import anywidget
        import traitlets
        from IPython import get_ipython
    except ImportError:
        return None
    if get_ipython() is None:
        return None

    class BoardWidget(anywidget.AnyWidget):
        """What anywidget draws; see js/widget.js."""

        _esm = bundle.script()
        _css = bundle.style()
        start = traitlets.Dict().tag(sync=True)

    return BoardWidget(start=start)


def _weakly(board: Board, name: str) -> Callable[[Any, Any, Any], None]:
    """Return a callback for messages that does not keep the board alive."""
    kept = weakref.ref(board)

    def heard(_widget: Any, content: Any, _buffers: Any) -> None:
        known = kept()
        if known is not None:
            getattr(known, name)(content)

    return heard


def _execution() -> int | None:
    """Return the number of the cell that runs; None outside IPython."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell: Any = get_ipython()
    return None if shell is None else int(shell.execution_count)
