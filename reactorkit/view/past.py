"""The past of a running server: what was kept of it, looked at while the server is held.

The moments where a walk stops are the same as in js/player.js, which walks through recordings:

    turn      a loop begins to wait, or another pass; for a server of threads: a call has returned
    handler   also before each handler; for a busy loop: after each call
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from reactorkit.trace.events import Event
from reactorkit.view.windows import Windows

AUTO = (b'{"e":"key","t":', b',"auto":true,')  # how a keyframe for seeking begins
TURN_ENDS = frozenset({b"wait", b"turn", b"agg", b"key", b"bye"})
THREADED = frozenset({"threads", "blocking"})  # their turns and handlers are calls
BUSY = THREADED | {"busywait"}  # their handlers are
LEAST_EVENTS = 1_500  # replayed before a moment, so that the windows are full
LEAST_TIME = 1_200_000_000  # nanoseconds, for the rates
SPACING = 250  # events between two places that a walk can come back to cheaply
MOST_PLACES = 8


class Past:
    """What was kept of a server, and one moment in it.

    at: the position, how many events have happened by then. length: how many there are.
    windows: the state at that moment, and what had happened just before.
    """

    def __init__(self, header: Event, lines: Sequence[bytes]) -> None:
        self.header = header
        self._events: list[bytes] = []
        self._keys: list[int] = []  # positions of keyframes
        self._key_lines: list[bytes] = []
        for line in lines:
            if line.startswith(AUTO[0]) and AUTO[1] in line[:60]:
                self._keys.append(len(self._events))
                self._key_lines.append(line)
            else:
                self._events.append(line)
        self.length = len(self._events)
        self.t0 = self._time(0)
        self.t1 = self._time(self.length - 1)
        self._places: dict[int, Windows] = {}
        style = str(header.get("style", ""))
        self._turn_ends = TURN_ENDS | ({b"io"} if style in THREADED else set())
        self._calls = {b"io"} if style in BUSY else set()
        self.at = self.length
        self.windows = self._windows_at(self.length)

    def seek(self, at: int) -> None:
        """Go to a position."""
        self.at = min(max(at, 0), self.length)
        self.windows = self._windows_at(self.at)

    def seek_time(self, t: int) -> None:
        """Go to a moment, in nanoseconds of the server's clock."""
        self.seek(bisect_right(range(self.length), t, key=self._time))

    def back(self, of: str = "turn") -> None:
        """Go back to where the turn, or the handler, began."""
        at = self.at - 1
        while at > 0 and not self.stops(at, of):
            at -= 1
        self.seek(at)

    def forward(self, of: str = "turn") -> None:
        """Go on to the end of the turn, or of the handler."""
        at = self.at + 1
        while at < self.length and not self.stops(at, of):
            at += 1
        self.seek(at)

    def stops(self, at: int, of: str) -> bool:
        """Return whether a walk stops at a position."""
        before = self._kind(at - 1)
        if before in self._turn_ends:
            return True
        return of == "handler" and (before in self._calls or self._kind(at) == b"begin")

    def _kind(self, place: int) -> bytes:
        if not 0 <= place < self.length:
            return b""
        line = self._events[place]
        return line[6 : line.index(b'"', 6)]

    def _time(self, place: int) -> int:
        if not 0 <= place < self.length:
            return 0
        t: int = json.loads(self._events[place])["t"]
        return t

    def _windows_at(self, at: int) -> Windows:
        """Return the windows at a position; those on the way are kept for the next walk."""
        known = [place for place in self._places if place <= at]
        if known and at - max(known) <= 4 * SPACING:
            windows = self._places[max(known)].copy()
        else:
            windows = self._begin(at)
            self._places.clear()
        while windows.count < at:
            if windows.count % SPACING == 0:
                self._places[windows.count] = windows.copy()
                while len(self._places) > MOST_PLACES:
                    del self._places[min(self._places)]
            windows.feed(json.loads(self._events[windows.count]))
        return windows

    def _begin(self, at: int) -> Windows:
        """Return the windows at a keyframe that lies far enough before a position."""
        windows = Windows(self.header)
        latest = self._time(min(at, self.length - 1)) - LEAST_TIME
        place = bisect_right(self._keys, max(at - LEAST_EVENTS, 0)) - 1
        while place > 0 and self._time(self._keys[place]) > latest:
            place -= 1
        if place < 0:  # what was kept begins in the middle: take the first keyframe there is
            place = bisect_left(self._keys, 0)
        if place < len(self._keys) and self._keys[place] <= at:
            windows.feed(json.loads(self._key_lines[place]))
            windows.count = self._keys[place]
        return windows
