"""The callbacks of asyncio: each is a handler, whether a descriptor caused it or not.

asyncio is not loaded for this: its Handle is taken hold of when its loop waits for the first time.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from reactorkit.probe.tracer import tracer
from reactorkit.probe.turns import Mark, begin, end

_lanes = tracer.lanes
_marks: dict[int, tuple[int, int, int]] = {}  # by the id of a handle that runs in this turn
_real: Any = None


def of_this_turn(found: list[tuple[Any, int]], marks: list[Mark] | None) -> None:
    """Remember which handles of asyncio belong to which descriptors.

    They live until the end of the turn, so that an id names one of them.
    """
    if _real is None:
        _take_hold()
    _marks.clear()
    if marks is None:
        return
    for (key, _), (fd, gen, mask, _) in zip(found, marks, strict=True):
        if isinstance(key.data, tuple):
            for handle, bit in zip(key.data, (1, 2), strict=False):
                if handle is not None and mask & bit:
                    _marks[id(handle)] = fd, gen, bit


def _take_hold() -> None:
    """Replace Handle._run."""
    global _real
    events = sys.modules["asyncio.events"]
    _real = events.Handle._run

    @functools.wraps(_real)
    def _run(self: Any) -> None:
        if tracer.counting:
            return _real(self)  # type: ignore[no-any-return]
        me = _lanes.me
        tracer.seen += 2
        fd, gen, mask = _marks.get(id(self), (None, None, 0))
        begin(me, fd, gen, mask, name_of(self._callback))
        try:
            _real(self)
        finally:
            end(me)
        return None

    events.Handle._run = _run


def name_of(callback: Any) -> str:
    """Return the name of a callback as its author wrote it; a task is named by its coroutine."""
    while isinstance(callback, functools.partial):
        callback = callback.func
    owner = getattr(callback, "__self__", None)
    coroutine = getattr(owner, "get_coro", None)
    if coroutine is not None:
        callback = coroutine()
    name = getattr(callback, "__qualname__", None)
    if not isinstance(name, str):
        name = type(callback).__name__
    return name.replace("<locals>.", "")
