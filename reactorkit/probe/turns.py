"""A wait for many handles at once: the turn that it begins, and the handlers that it leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from reactorkit.probe.gate import HANDLER, TURN, WOKE
from reactorkit.probe.lanes import Lane
from reactorkit.probe.tracer import tracer

Item = TypeVar("Item")
Mark = tuple[int, int, int, str]  # fd, gen, mask and the handler's name

_gate, _lanes, _counts = tracer.gate, tracer.lanes, tracer.counts
_TICK = 0.05  # seconds between two looks at a clock that stands still
_LEAST = 0.0005  # seconds that are not worth another wait


class Ready(list[Item]):
    """What a wait has found. Whoever walks through it runs one handler for each."""

    marks: list[Mark]

    def __iter__(self) -> Iterator[Item]:
        items = super().__iter__()
        if len(self.marks) != len(self):  # somebody has changed the list
            return items
        return _walk(items, self.marks)


def ready(items: list[Item], marks: list[Mark]) -> Ready[Item]:
    """Return a list whose walker is seen at each step."""
    result = Ready(items)
    result.marks = marks
    return result


def _walk(items: Iterator[Item], marks: list[Mark]) -> Iterator[Item]:
    me = _lanes.me
    try:
        for item, mark in zip(items, marks, strict=True):
            begin(me, *mark)
            yield item
    finally:
        end(me)


def begin(me: Lane, fd: int | None, gen: int | None, mask: int, name: str) -> None:
    """Tell that a handler begins; one that runs has ended."""
    if _gate.alert:
        if me.handler is not None:
            end(me)
        if _gate.shut:
            _gate.hold(me, HANDLER, (fd, gen, name))
    now = tracer.clock()
    me.handler = now, fd, gen, mask, name
    tracer.push(("begin", now, fd, gen, mask, name, me.th))


def end(me: Lane, failed: str = "") -> None:
    """Tell that the handler of this thread has ended."""
    running = me.handler
    if running is None:
        return
    me.handler = None
    now = tracer.clock()
    began, fd, gen, _, name = running
    tracer.push(("end", now, fd, gen, failed or None, me.th))
    until = _gate.until
    if until is not None and (why := until.for_handler(now - began, name, failed)):
        _gate.met(why)


# --------------------------------------------------------------------- the wait


def wait(
    ask: Callable[[float | None], list[Any]],
    timeout: float | None,
    n: int,
    marks_of: Callable[[list[Any]], list[Mark]],
) -> tuple[list[Any], list[Mark] | None]:
    """Wait for handles, as the program asked to; returns what was found.

    Arguments:
        ask: the real wait; takes seconds, or None for ever, and returns what is ready.
        timeout: seconds; None or less than 0: for ever.
        n: how many handles are watched.
        marks_of: says of each ready one which handle it is and who will handle it.

    The marks are None while only sums are told: then nobody looks at the handlers.
    """
    me = _lanes.me
    if me.quiet:
        return ask(timeout), None
    me.loops = me.used = True
    if timeout is not None and timeout < 0:
        timeout = None
    if tracer.counting and tracer.channel is None:
        return ask(timeout), None
    now = tracer.clock()
    me.fresh = False
    if _gate.alert:
        end(me)
        if _gate.shut:
            _gate.hold(me, TURN)
            now = tracer.clock()
    tracer.turn += 1
    if tracer.counting:
        found = _counted(me, ask, timeout, n, now)
    else:
        me.handler = None
        tracer.push(("wait", now, tracer.turn, n, timeout, me.th))
        tracer.tick(now)
        found = _sleep(me, ask, timeout)
    if tracer.counting:
        return found, None
    return found, _woke(me, found, marks_of)


def _woke(me: Lane, found: list[Any], marks_of: Callable[[list[Any]], list[Mark]]) -> list[Mark]:
    """Tell who is ready."""
    marks = marks_of(found)
    now = tracer.clock()
    told = [[fd, gen, mask] for fd, gen, mask, _ in marks]
    tracer.push(("wake", now, tracer.turn, told, me.th))
    tracer.seen += 2 + len(marks)
    if _gate.alert:
        until = _gate.until
        if until is not None and (why := until.for_ready([mark[0] for mark in marks])):
            _gate.met(why)
        if _gate.shut:
            fd, gen, _, name = marks[0] if marks else (None, None, 0, None)
            _gate.hold(me, WOKE, (fd, gen, name))
    return marks


def _counted(
    me: Lane,
    ask: Callable[[float | None], list[Any]],
    timeout: float | None,
    n: int,
    now: int,
) -> list[Any]:
    """Wait, and count instead of telling."""
    _counts.enter("handling", now)
    _counts.n, _counts.timeout = n, timeout
    tracer.tick(now)
    _counts.waiting = True
    found = _sleep(me, ask, timeout)
    _counts.waiting = False
    _counts.enter("waiting", tracer.clock())
    _counts.found += len(found)
    return found


def _sleep(me: Lane, ask: Callable[[float | None], list[Any]], timeout: float | None) -> list[Any]:
    """Wait in the kernel, as long as the server's own clock says."""
    if timeout == 0:
        return ask(0)
    if _gate.shut:
        found = ask(0)
        if found:
            return found
    me.op, me.asleep = "select", True
    try:
        if _gate.shut:  # now that it is asleep: whoever shuts the gate a moment later sees that
            _gate.sleeps(me)
        if timeout is None:
            return ask(None)
        return _in_its_own_time(ask, timeout)
    finally:
        me.asleep = False
        if _gate.alert:
            _gate.wakes(me)


def _in_its_own_time(ask: Callable[[float | None], list[Any]], timeout: float) -> list[Any]:
    """Wait with a time-out that does not run while the clock stands still."""
    pauses, end_ = _gate.pauses, _gate.clock.monotonic() + timeout
    found = ask(timeout)
    while not found and (_gate.pauses != pauses or _gate.shut):
        left = end_ - _gate.clock.monotonic()
        if left < _LEAST:
            break
        found = ask(max(left, _TICK) if _gate.shut else left)
    return found
