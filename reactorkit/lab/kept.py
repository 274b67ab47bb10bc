"""What is kept of a watched server, so that one can look back: the lines of its trace, packed.

    kept = Kept(16_000_000)
    kept.begin(key)    # a keyframe: what is kept may begin here
    kept.add(line)     # an event that follows it
    kept.lines()       # all of them, oldest first

A stretch goes from one keyframe to the next. Only the running one is kept as it came; the others
are compressed (zlib), to about a tenth: an event's line is much like the one before it. When there
is too much, the oldest stretches are forgotten whole, so that a keyframe always comes first.
"""

from __future__ import annotations

import zlib
from collections import deque
from typing import NamedTuple

# The fastest: packing happens in the thread that reads from the server. More gains little here.
_LEVEL = 1


class _Stretch(NamedTuple):
    """Packed lines: a keyframe, and the events up to the next one."""

    packed: bytes
    size: int  # bytes before packing
    events: int


class Kept:
    """The last stretches of a trace. Not for several threads at once.

    Arguments:
        most: bytes of lines, before packing; the running stretch may go beyond that.

    events: how many are kept, keyframes for seeking not counted. size: bytes before packing.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._stretches: deque[_Stretch] = deque()
        self._running: list[bytes] = []
        self._running_size = 0
        self.events = self.size = 0

    def begin(self, key: bytes) -> None:
        """Add a keyframe for seeking, without its newline; pack what came before it."""
        if self._running:
            packed = zlib.compress(b"\n".join(self._running), _LEVEL)
            events = len(self._running) - 1
            self._stretches.append(_Stretch(packed, self._running_size, events))
        self._running, self._running_size = [key], len(key)
        self.size += len(key)
        while self.size > self._most and self._stretches:
            oldest = self._stretches.popleft()
            self.size -= oldest.size
            self.events -= oldest.events

    def add(self, line: bytes) -> None:
        """Add an event's line, without its newline."""
        self._running.append(line)
        self._running_size += len(line)
        self.size += len(line)
        self.events += 1

    def lines(self) -> list[bytes]:
        """Return all lines, oldest first; the first one is a keyframe's."""
        lines = []
        for stretch in self._stretches:
            lines += zlib.decompress(stretch.packed).split(b"\n")
        return lines + self._running

    @property
    def held(self) -> int:
        """How many bytes that takes: what is packed, and what is not yet."""
        return sum(len(stretch.packed) for stretch in self._stretches) + self._running_size
