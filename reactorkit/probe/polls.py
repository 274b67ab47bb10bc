"""select.select, select.poll and select.epoll: the same calls, which tell of their waits.

They are wrapped, not subclassed: select.poll cannot be. CPython's own selectors have taken hold
of the real ones before these are put in place.
"""

from __future__ import annotations

import select as module
from collections.abc import Callable
from typing import Any

from reactorkit.probe.lanes import Lane
from reactorkit.probe.tracer import tracer
from reactorkit.probe.turns import Mark, ready, wait

READ, WRITE = 1, 2
_real_select = module.select
_lanes = tracer.lanes


def fd_of(thing: Any) -> int:
    """Return the descriptor of a number or of anything with fileno(), as the system calls do."""
    return thing if isinstance(thing, int) else int(thing.fileno())


# ----------------------------------------------------------------------- select


def select(
    rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /
) -> tuple[list[Any], list[Any], list[Any]]:
    """Stand in for select.select. What is waited for is told by its difference to the last call."""
    try:
        interest = _interest(rlist, wlist)
    except Exception:  # noqa: BLE001 - the real one knows best what is wrong with its arguments
        return _real_select(rlist, wlist, xlist, timeout)
    _tell_difference(_lanes.me, interest)
    answer: tuple[list[Any], ...] = ([], [], [])

    def ask(seconds: float | None) -> list[Any]:
        nonlocal answer
        answer = _real_select(rlist, wlist, xlist, seconds)
        return [*answer[0], *answer[1]] if not answer[2] else [*answer[0], *answer[1], *answer[2]]

    # A negative time-out is an error here, and the real one says so.
    if timeout is not None and timeout < 0:
        return _real_select(rlist, wlist, xlist, timeout)
    _, marks = wait(ask, timeout, len(interest), lambda _: _marks(answer))
    readable, writable, exceptional = answer
    if marks is None:
        return readable, writable, exceptional
    cut = len(readable)
    return (
        ready(readable, _with_mask(marks[:cut], READ)),
        ready(writable, _with_mask(marks[cut : cut + len(writable)], WRITE)),
        exceptional,
    )


def _interest(rlist: Any, wlist: Any) -> dict[int, int]:
    interest = dict.fromkeys(map(fd_of, rlist), READ)
    for thing in wlist:
        fd = fd_of(thing)
        interest[fd] = interest.get(fd, 0) | WRITE
    return interest


def _tell_difference(me: Lane, interest: dict[int, int]) -> None:
    """Tell who is waited for now and was not, and the other way round."""
    before = me.interest
    if interest == before and me.births == tracer.births:
        return
    now = tracer.clock()
    for fd in before.keys() - interest.keys():
        if tracer.is_open(fd):
            tracer.push(("unreg", now, fd, tracer.known(fd)))
    for fd, mask in interest.items():
        handle = fd, tracer.known(fd)
        if before.get(fd) != mask or _told.get(fd) != handle[1]:
            _told[fd] = handle[1]
            tracer.push(("reg", now, *handle, mask))
    me.interest, me.births = interest, tracer.births


_told: dict[int, int] = {}  # the generation that was told last of each descriptor


def _marks(answer: tuple[list[Any], ...]) -> list[Mark]:
    """Return a mark for each readable and each writable one; the masks say both."""
    fds = [[fd_of(thing) for thing in things] for things in answer[:2]]
    masks: dict[int, int] = {}
    for things, bit in zip(fds, (READ, WRITE), strict=True):
        for fd in things:
            masks[fd] = masks.get(fd, 0) | bit
    return [(fd, tracer.known(fd), masks[fd], "") for fd in [*fds[0], *fds[1]]]


def _with_mask(marks: list[Mark], mask: int) -> list[Mark]:
    return [(fd, gen, mask, name) for fd, gen, _, name in marks]


# --------------------------------------------------------------- poll and epoll


class _Poller:
    """What poll and epoll objects have in common."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._watched: dict[int, int] = {}

    def register(self, fd: Any, eventmask: Any = None) -> None:
        """Watch a handle."""
        rest = () if eventmask is None else (eventmask,)
        self._real.register(fd, *rest)
        self._tell(fd_of(fd), self._all if eventmask is None else eventmask)

    def modify(self, fd: Any, eventmask: int) -> None:
        """Watch a handle for something else."""
        self._real.modify(fd, eventmask)
        self._tell(fd_of(fd), eventmask)

    def unregister(self, fd: Any) -> None:
        """Watch a handle no more."""
        self._real.unregister(fd)
        number = fd_of(fd)
        gen = self._watched.pop(number, None)
        if gen is not None:
            tracer.push(("unreg", tracer.clock(), number, gen))

    def _tell(self, fd: int, events: int) -> None:
        gen = self._watched[fd] = tracer.known(fd)
        tracer.push(("reg", tracer.clock(), fd, gen, mask_of(events)))

    _all = 0

    def _wait(
        self, ask: Callable[[float | None], list[tuple[int, int]]], timeout: float | None
    ) -> list[tuple[int, int]]:
        found, marks = wait(ask, timeout, len(self._watched), _poll_marks)
        return found if marks is None else ready(found, marks)


def mask_of(events: int) -> int:
    """Return READ and WRITE for what poll(2) and epoll(7) say; trouble counts as readable."""
    mask = WRITE if events & module.POLLOUT else 0
    return mask | READ if events & ~module.POLLOUT & 0xFFFF else mask


def _poll_marks(found: list[tuple[int, int]]) -> list[Mark]:
    return [(fd, tracer.known(fd), mask_of(events), "") for fd, events in found]


if hasattr(module, "poll"):
    _real_poll = module.poll

    class Poll(_Poller):
        """Stands in for what select.poll() returns."""

        _all = module.POLLIN | module.POLLPRI | module.POLLOUT

        def __init__(self) -> None:
            super().__init__(_real_poll())

        def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
            """Wait; milliseconds, None or less than 0: for ever."""
            seconds = None if timeout is None or timeout < 0 else timeout / 1000

            def ask(left: float | None) -> list[tuple[int, int]]:
                found: list[tuple[int, int]] = self._real.poll(
                    None if left is None else left * 1000
                )
                return found

            return self._wait(ask, seconds)

    Poll.__name__ = Poll.__qualname__ = "poll"
    Poll.__module__ = "select"

if hasattr(module, "epoll"):
    _real_epoll = module.epoll

    class Epoll(_Poller):
        """Stands in for select.epoll."""

        _all = module.EPOLLIN | module.EPOLLPRI | module.EPOLLOUT

        def __init__(self, sizehint: int = -1, flags: int = 0, *, _real: Any = None) -> None:
            super().__init__(_real_epoll(sizehint, flags) if _real is None else _real)

        @classmethod
        def fromfd(cls, fd: int, /) -> Epoll:
            """Take over a descriptor; see select.epoll.fromfd."""
            return cls(_real=_real_epoll.fromfd(fd))

        def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
            """Wait; seconds, None or less than 0: for ever."""

            def ask(left: float | None) -> list[tuple[int, int]]:
                found: list[tuple[int, int]] = self._real.poll(left, maxevents)
                return found

            return self._wait(ask, None if timeout is None or timeout < 0 else timeout)

        @property
        def closed(self) -> bool:
            """Whether it is closed."""
            closed: bool = self._real.closed
            return closed

        def fileno(self) -> int:
            """Return its own descriptor."""
            number: int = self._real.fileno()
            return number

        def close(self) -> None:
            """Close it."""
            self._real.close()

        def __enter__(self) -> Epoll:
            self._real.__enter__()
            return self

        def __exit__(self, *_: object) -> None:
            self._real.close()

    Epoll.__name__ = Epoll.__qualname__ = "epoll"
    Epoll.__module__ = "select"
