"""`watch`: the board of a lesson, with the clients that can be sent from it."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reactorkit import course
from reactorkit.errors import KitError
from reactorkit.lab.cells import CELLS, watch_cells
from reactorkit.lab.crowd import Crowd, start_crowd
from reactorkit.lab.notebook import remember
from reactorkit.lab.server import Server
from reactorkit.trace.recording import Recording
from reactorkit.view.board import Board
from reactorkit.view.source import Source

SIMPLE_UNTIL = 4  # lessons; from the next one on, the board shows everything
MOST_AT_ONCE = 1_000  # clients that one button may send
WORDS = {
    "idle": "idle",
    "chatty": "chatty",
    "pingpong": "ping-pong",
    "slow_reader": "slow reader",
    "dribbler": "dribbling",
    "half_closer": "half-closing",
    "resetter": "resetting",
    "connect_and_leave": "passing",
    "flood": "flooding",
    "chatter": "chatting",
}

_replacing = False
_boards: dict[tuple[str, int], Board] = {}  # the board of each cell, as in cells.py

Watchable = Server | Recording | str | os.PathLike[str]
CrowdSpec = int | str | tuple[int, str] | dict[str, Any]


def watch(
    *servers: Watchable,
    detail: str | None = None,
    crowd: CrowdSpec | None = None,
    height: int | str | None = None,
    projector: bool = False,
    keys: str = "board",
    log: bool = False,
    play: bool = False,
    show: bool = True,
) -> Board:
    """Show the inside of servers, live, side by side; returns at once.

    Arguments:
        servers: servers that were started with `serve(..., watch=True)`; or recordings, or the
            paths of recordings, which are replayed.
        detail: "simple" (who waits, who is ready, who runs) or "full"; None: what suits the lesson.
        crowd: clients for all of them at the same moment: 50 (chatty ones), "pingpong" (ten),
            (50, "pingpong"), or {"n": 50, "behaviour": "chatty", "every": 0.2}.
        height: pixels, "fill" or None. projector: large type, few rows.
        keys: "page": keys are heard wherever the focus is, "board": on the board only.
        log: whether what the servers print is shown from the start.
        play: recordings begin to play when they are first seen.
        show: whether to show it now; else put `board.widget` where you like.

    Running the cell again replaces the board; the servers stay. Raises KitError when a server was
    not started with `watch=True`, or a file is no recording.
    """
    watch_cells()
    slot = _slot()
    sources = [_source(one) for one in servers]
    crew = Crew([one for one in servers if isinstance(one, Server)])
    live = bool(sources) and all(source.live is not None for source in sources)
    if crowd is not None and not live:
        raise KitError("Only running servers can have a crowd; a recording has had its own.")
    spec = None if crowd is None else _crowd_spec(crowd)
    board = Board(
        sources,
        detail=detail or _detail(),
        height=height,
        projector=projector,
        keys=keys,
        log=log,
        play=play,
        clients=crew.ask if live else None,
        remarks=crew.remarks if live else None,
    )
    board.when_closed(crew.close)
    remember(slot, board)
    if slot is not None:
        _boards[slot] = board
        board.leaves_picture = lambda: not _replacing
    if show and board.widget is not None:
        board.show()
    if spec is not None:
        crew.ask_all(*spec)
    return board


def _slot() -> tuple[str, int] | None:
    """Return the key of this cell's next thing; the board that stood there goes off the page."""
    global _replacing
    _replacing = True  # nobody will see its last picture
    try:
        slot = CELLS.slot()
        if slot is not None and (earlier := _boards.pop(slot, None)):
            earlier.close()
    finally:
        _replacing = False
    return slot


def _source(one: Watchable) -> Source:
    """Return what a board takes; KitError says what to do where it takes none."""
    if isinstance(one, Server):
        if one.watched is None:
            raise KitError(
                f"{one.name} was not started to be watched. Start it with "
                f'serve("{one.name}", watch=True).'
            )
        return Source(one.watched, one.name, ending=_ending(one))
    if isinstance(one, Recording):
        return Source(one, str(one.header.get("server", "recording")))
    if isinstance(one, str | os.PathLike):
        path = Path(one)
        if not path.suffix and not path.exists():
            raise KitError(
                f'watch() takes a running server, not a name: watch(serve("{path}", watch=True)).'
            )
        recording = Recording.open(path)
        return Source(recording, str(recording.header.get("server", path.stem)))
    raise KitError(
        f"watch() takes servers and recordings, not {type(one).__name__}: "
        'watch(serve("echo_select", watch=True)).'
    )


def _ending(server: Server) -> Any:
    """Return a function that says how a server has ended; it keeps no server alive."""
    known, name = weakref.ref(server), server.name

    def ending() -> str:
        one = known()
        status = None if one is None else one.returncode
        if status is None:
            how = "has ended"
        elif status < 0:
            how = f"was killed ({_signal_name(-status)})"
        else:
            how = f"has ended with status {status}"
        return f"{name} {how}. This is the last that was seen of it."

    return ending


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _detail() -> str:
    """Return how much the running lesson shows; outside a lesson, all."""
    number = course.running()
    if number is None:  # Jupyter Server tells a kernel the path of its notebook
        name = Path(os.environ.get("JPY_SESSION_NAME", "")).name
        number = int(name[:2]) if re.match(r"\d\d_", name) else None
    return "simple" if number is not None and number <= SIMPLE_UNTIL else "full"


def _crowd_spec(crowd: CrowdSpec) -> tuple[str, int, dict[str, Any]]:
    """Return behaviour, number and options."""
    match crowd:
        case bool():
            pass
        case int():
            return "chatty", crowd, {}
        case str():
            return crowd, 10, {}
        case (int() as n, str() as what):
            return what, n, {}
        case dict():
            more = dict(crowd)
            return str(more.pop("behaviour", "chatty")), int(more.pop("n", 10)), more
    raise KitError('crowd is a number, a behaviour or both: 50, "pingpong" or (50, "pingpong").')


class Crew:
    """The clients of one board. They come and leave in threads of their own, one per server.

    Starting clients takes a while, so whoever asks for them does not wait; what went wrong is
    said in the remarks.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = list(servers)
        self._asked: list[queue.SimpleQueue[Any]] = [queue.SimpleQueue() for _ in servers]
        self._here: list[list[Crowd]] = [[] for _ in servers]
        self._said: list[str] = ["" for _ in servers]
        self._closed = False
        self._lock = threading.Lock()
        self._threads: list[threading.Thread | None] = [None for _ in servers]

    def ask(self, i: int, what: str, n: int) -> None:
        """Have `n` clients come to a server, or all of them "leave"; returns at once."""
        self._ask(i, (what, n, {}))

    def ask_all(self, what: str, n: int, options: dict[str, Any]) -> None:
        """Have the same clients come to all servers at the same moment; returns at once."""
        barrier = threading.Barrier(len(self._servers)) if len(self._servers) > 1 else None
        for i in range(len(self._servers)):
            self._ask(i, (what, n, options), barrier)

    def _ask(
        self,
        i: int,
        what: tuple[str, int, dict[str, Any]],
        barrier: threading.Barrier | None = None,
    ) -> None:
        with self._lock:
            if self._closed:
                return
            self._asked[i].put((*what, barrier))
            if self._threads[i] is None:
                thread = threading.Thread(target=self._work, args=(i,), daemon=True)
                self._threads[i] = thread
                thread.start()

    def remarks(self, i: int) -> list[str]:
        """Return what is to be said about the clients of a server."""
        counts: dict[str, int] = {}
        for one in list(self._here[i]):
            if one.alive:
                name = one.behaviour.name
                counts[name] = counts.get(name, 0) + one.clients
        parts = [f"{n} {WORDS.get(name, name)}" for name, n in counts.items()]
        told = [f"Clients from this board: {', '.join(parts)}."] if parts else []
        return told + ([self._said[i]] if self._said[i] else [])

    def close(self) -> None:
        """Send all clients home, and take no more."""
        with self._lock:
            self._closed = True
            threads = [thread for thread in self._threads if thread is not None]
            for asked in self._asked:
                asked.put(None)
        for thread in threads:
            thread.join(15)

    # ------------------------------------------------------------- the threads

    def _work(self, i: int) -> None:
        while (asked := self._asked[i].get()) is not None:
            if self._closed:
                continue
            what, n, options, barrier = asked
            try:
                if barrier is not None:
                    barrier.wait(5)
                self._do(i, what, n, options)
                self._said[i] = ""
            except KitError as error:
                self._said[i] = str(error)
            except threading.BrokenBarrierError:
                self._said[i] = "The clients did not all start at the same moment."
        self._leave(i)

    def _do(self, i: int, what: str, n: int, options: dict[str, Any]) -> None:
        if what == "leave":
            self._leave(i)
            return
        if not 1 <= n <= MOST_AT_ONCE:
            raise KitError(f"One button sends 1 to {MOST_AT_ONCE} clients, not {n}.")
        crowd = start_crowd(self._servers[i], n, what, None, **options)
        self._here[i] = [one for one in self._here[i] if one.alive] + [crowd]

    def _leave(self, i: int) -> None:
        while self._here[i]:
            self._here[i].pop().stop()
