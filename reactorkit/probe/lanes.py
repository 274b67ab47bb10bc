"""What is known of each thread of the server: its number, what it is like, whether it sleeps."""

from __future__ import annotations

import _thread
import itertools
import os
import sys
from collections.abc import Callable
from typing import Any


class Lane:
    """One thread.

    th: its number in events; None for the main thread. loops: it waits for many handles at once,
    so that calls on sockets are parts of its turns. busy: it asks a listener that never waits,
    again and again. asleep: it is inside a call that may wait. fresh: it has been held since the
    kernel answered, so its next handler need not be held again. quiet: a library's own waiting.
    """

    __slots__ = (
        "accepting",
        "asleep",
        "births",
        "blocked",
        "busy",
        "fresh",
        "handler",
        "in_asyncio",
        "interest",
        "loops",
        "name",
        "op",
        "place",
        "quiet",
        "since",
        "th",
        "used",
    )

    def __init__(self, th: int | None, name: str) -> None:
        self.th, self.name = th, name
        self.loops = self.busy = self.asleep = self.fresh = False
        self.accepting = self.quiet = self.used = self.in_asyncio = False
        self.op, self.place = "", (-1, 0)  # the call it sleeps in, or the last; its fd and gen
        self.since = self.blocked = 0  # nanoseconds, kept while only sums are told
        self.handler: tuple[Any, ...] | None = None  # (began, fd, gen, mask, name)
        self.interest: dict[int, int] = {}  # what its last select.select() waited for
        self.births = 0  # how many handles there had been then


class _Farewell:
    """Lives as long as a thread does: Python drops a thread's own data when it ends."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say

    def __del__(self) -> None:
        self._say()


class Lanes(_thread._local):
    """`lanes.me` is the lane of the thread that asks; `everyone` holds them all.

    Python calls `__init__` once for each thread that looks (threading.local).
    """

    everyone: dict[int, Lane]
    _numbers = itertools.count(1)
    _main: int

    def __init__(self, told: Callable[[Lane, bool], None], everyone: dict[int, Lane]) -> None:
        ident = _thread.get_ident()
        main = ident == _main_ident()
        name = "main" if main else _name_of(ident)
        self.everyone = everyone
        self.me = me = everyone[ident] = Lane(None if main else next(self._numbers), name)
        if main:
            return
        told(me, True)

        pid = os.getpid()

        def ended() -> None:
            if os.getpid() != pid:
                return  # a forked child clears away what its parent's threads have left
            if everyone.get(ident) is me:
                del everyone[ident]
            told(me, False)

        self._farewell = _Farewell(ended)


def _main_ident() -> int:
    """Return the main thread's identity, without loading `threading` for it."""
    threading = sys.modules.get("threading")
    return _FIRST if threading is None else threading.main_thread().ident or _FIRST


def _name_of(ident: int) -> str:
    """Return the name that the program gave to a thread."""
    threading = sys.modules.get("threading")
    thread = None if threading is None else threading._active.get(ident)
    return f"thread {ident}" if thread is None else thread.name


_FIRST = _thread.get_ident()  # the probe is loaded by the main thread
