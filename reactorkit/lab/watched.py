"""A server that can be watched from inside: its events, its state now, and the way to hold it.

    server = serve("echo_select", watch=True)
    server.watched.subscribe(print)
    server.watched.pause()
    server.watched.step("handler")
    server.watched.run()

One thread per server reads the channel. It folds every event into the state, keeps the last
minutes, and hands each batch to the subscribers.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.lab.kept import Kept
from reactorkit.trace.events import Event, encode
from reactorkit.trace.recording import Recorder, Recording
from reactorkit.trace.shape import State, keyframe, snapshot
from reactorkit.trace.state import apply, initial

MOST_BYTES = 16_000_000  # kept for looking back, before packing: many minutes of a calm server
KEY_BYTES = 100_000  # from one keyframe to the next; more where a keyframe itself is long
KEY_TIME = 1_000_000_000  # nanoseconds from one keyframe to the next, if enough has happened
LONGEST_PATH = 90  # bytes; a Unix socket's address holds 104 on macOS, 108 on Linux (unix(7))

Subscriber = Callable[[list[Event]], None]


class Watched:
    """The inside of one running server. Made by `serve(..., watch=True)`."""

    def __init__(self) -> None:
        folder = _short_folder()
        self._clean = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = str(folder / "channel")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(1)
        self._sock: socket.socket | None = None
        self._lock = threading.RLock()
        self._sending = threading.Lock()
        self._header: Event = {}
        self._state = initial()
        self._known = threading.Condition(self._lock)
        self._reader: threading.Thread | None = None
        self._subscribers: list[Subscriber] = []
        self._kept = Kept(MOST_BYTES)
        self._key_size, self._key_at = 0, 0  # of the last keyframe
        self._since_key = 0  # bytes
        self._number = 0
        self._printed: list[tuple[int, str, str]] = []
        self.ended = False
        self.fault: str | None = None  # the first event that could not be used, in words

    # ------------------------------------------------------- made by the server

    def command(self, command: list[str]) -> list[str]:
        """Return the command that starts the same server, watched."""
        place = command.index("reactorkit")
        return [
            *command[:place],
            "reactorkit.probe",
            self.path,
            *command[place + 1 :],
        ]

    def begin(self, timeout: float) -> None:
        """Read from the server, which has started; KitError when it does not report."""
        self._listener.settimeout(timeout)
        try:
            self._sock, _ = self._listener.accept()
        except TimeoutError as error:
            raise KitError("The server runs, but it cannot be watched: it did not report.") from (
                error
            )
        finally:
            self.abandon()
        self._sock.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="watching a server", daemon=True)
        self._reader.start()
        with self._known:
            if not self._known.wait_for(lambda: self._header or self.ended, timeout):
                raise KitError("The server runs, but it cannot be watched: it says nothing.")

    def abandon(self) -> None:
        """Let nobody else in, and leave no file behind."""
        self._listener.close()
        self._clean()

    def printed(self, stream: str, line: str) -> None:
        """Take a line that the server printed, for the log beside the events."""
        with self._lock:
            if self._header:
                self._take_log(time.monotonic_ns(), stream, line)
            else:
                self._printed.append((time.monotonic_ns(), stream, line))

    def let_go(self) -> None:
        """Let the server run if it is held: it is about to be ended."""
        if self._sock is not None and self._state["mode"] != "run":
            with contextlib.suppress(KitError):  # it has ended by itself
                self.run()

    def finish(self, timeout: float = 5.0) -> None:
        """Take in what the server told before its end, which has come; at most so many seconds."""
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(timeout)

    # ----------------------------------------------------------------- for viewers

    @property
    def header(self) -> Event:
        """The first line of the trace: server, style, selector, pid and the like."""
        return dict(self._header)

    def state(self) -> State:
        """Return a copy of the state of the server as last told."""
        with self._lock:
            return snapshot(self._state)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Have every batch of events; returns what ends it.

        `callback` runs in the reading thread, begins with a keyframe of what there is now, and
        must neither wait nor print.
        """
        with self._lock:
            callback([keyframe(self._state)])
            self._subscribers.append(callback)

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._subscribers:
                    self._subscribers.remove(callback)

        return unsubscribe

    @property
    def recording(self) -> Recording:
        """What is kept, as a recording: at least the last minutes."""
        return Recording.from_events(self.header, self._kept_now())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write what is kept to a file, gzip if its name ends in .gz; returns its path."""
        with Recorder(Path(path), self.header) as recorder:
            for event in self._kept_now():
                recorder.add(event)
        return Path(path)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write a page that replays what is kept, with no kernel and no network."""
        from reactorkit.view.export import to_html  # the board's modules, read when needed

        return to_html(self.recording, Path(path))

    @property
    def positions(self) -> int:
        """How many events are kept: the length of the past that can be looked at."""
        return self._kept.events

    def kept(self) -> list[bytes]:
        """Return the lines of what is kept, oldest first, with the keyframes between them."""
        with self._lock:
            return self._kept.lines()

    def _kept_now(self) -> Iterator[Event]:
        return map(json.loads, self.kept())

    def until_state(self, true: Callable[[State], Any], timeout: float = 5.0) -> bool:
        """Wait until the state fulfils something, at most `timeout` seconds; returns whether.

        `true` sees the state itself and must not keep or change it.
        """
        with self._known:
            return bool(self._known.wait_for(lambda: true(self._state), timeout))

    # --------------------------------------------------------------------- control

    def control(self, command: dict[str, Any]) -> int:
        """Send one command; returns its number, which the answering events carry as `n`."""
        with self._sending:
            self._number += 1
            line = json.dumps({**command, "n": self._number}) + "\n"
            if self._sock is None or self.ended:
                raise KitError("This server has ended; start it again to hold it.")
            with contextlib.suppress(OSError):  # it ends just now: `bye` says so
                self._sock.sendall(line.encode())
            return self._number

    def pause(self) -> int:
        """Stop the server at its next call; clients are kept by the kernel meanwhile."""
        return self.control({"do": "pause"})

    def step(self, of: str = "turn") -> int:
        """Let it go on to the end of its turn, or of its "handler"."""
        if of not in ("turn", "handler"):
            raise KitError(f'A step is of a "turn" or of a "handler", not of {of!r}.')
        return self.control({"do": "step", "of": of})

    def run(self) -> int:
        """Let it run."""
        return self.control({"do": "run"})

    def until(self, condition: dict[str, Any]) -> int:
        """Let it run until a condition holds, such as {"owed": [">", 65536]} or {"fd": 7}.

        The others are {"handler_ms": [">", 50]}, {"error": True} and {"wasted": True}.
        """
        return self.control({"do": "until", "cond": condition})

    # ---------------------------------------------------------- the reading thread

    def _read(self) -> None:
        assert self._sock is not None
        rest = b""
        try:
            while data := self._receive():
                *lines, rest = (rest + data).split(b"\n")
                if lines:
                    self._take(lines)
        finally:
            with self._known:
                self.ended = True
                self._say_goodbye()
                self._known.notify_all()
            with self._sending:
                self._sock.close()

    def _say_goodbye(self) -> None:
        """Tell the end of a server that was killed before it could."""
        if self._header and self._state["ended"] is None:
            bye: Event = {"e": "bye", "t": self._state["t"]}
            self._fold(bye)
            self._hand_on([bye])

    def _receive(self) -> bytes:
        assert self._sock is not None
        try:
            return self._sock.recv(1 << 18)
        except OSError:  # killed in the middle of a line
            return b""

    def _take(self, lines: list[bytes]) -> None:
        """Fold a batch, keep it, and hand it on."""
        pairs = [(event, line) for line in lines if isinstance(event := _parsed(line), dict)]
        with self._known:
            if not self._header and pairs:
                self._header, _ = pairs.pop(0)
                self._state = initial(self._header)
                self._keep_key()
                for printed in self._printed:
                    self._take_log(*printed)
            self._hand_on([event for event, line in pairs if self._fold(event, line)])
            self._known.notify_all()

    def _fold(self, event: Event, line: bytes = b"") -> bool:
        """Take an event in; returns whether it was one. The fold trusts what it is given."""
        try:
            apply(self._state, event)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            self.fault = self.fault or f"An event was not understood: {error!r} in {event!r:.80}"
            return False
        line = line or encode(event).encode().rstrip(b"\n")
        self._kept.add(line)
        self._since_key += len(line)
        since, now = self._since_key, self._state["t"]
        if since >= max(KEY_BYTES, 4 * self._key_size) or (
            since >= self._key_size and now >= self._key_at + KEY_TIME
        ):
            self._keep_key()
        return True

    def _keep_key(self) -> None:
        """Add a keyframe, so that what is kept can begin here."""
        line = encode(keyframe(self._state, auto=True)).encode().rstrip(b"\n")
        self._kept.begin(line)
        self._key_size, self._key_at, self._since_key = len(line), self._state["t"], 0

    def _take_log(self, at: int, stream: str, line: str) -> None:
        began = self._header.get("monotonic", at)
        event = {
            "e": "log",
            "t": max(at - began, self._state["t"]),
            "text": line,
            "stream": stream,
        }
        self._fold(event)
        self._hand_on([event])
        self._known.notify_all()

    def _hand_on(self, events: list[Event]) -> None:
        if not events:
            return
        for callback in list(self._subscribers):
            try:
                callback(events)
            except Exception as error:  # noqa: BLE001 - one viewer's fault must not blind the rest
                self._subscribers.remove(callback)
                print(f"A viewer was taken off: {error!r}", file=sys.stderr)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:  # the last line of a server that was killed
        return None


def _short_folder() -> Path:
    """Return a new private folder whose path fits into a Unix socket's address."""
    for parent in (None, "/tmp"):
        folder = Path(tempfile.mkdtemp(prefix="reactorkit-", dir=parent))
        if len(os.fsencode(folder / "channel")) <= LONGEST_PATH:
            return folder
        folder.rmdir()
    raise KitError("The folder for temporary files has a path too long for a Unix socket.")
