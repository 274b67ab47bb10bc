"""One call on a socket, seen from outside: told before when it may wait, and told when it is over.

One call of the program is one event, whatever it leads to further down.
"""

from __future__ import annotations

import _socket
import errno
import select
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reactorkit.probe.gate import AFTER, BEFORE
from reactorkit.probe.lanes import Lane
from reactorkit.probe.tracer import tracer

if TYPE_CHECKING:
    from reactorkit.probe.sockets import Socket

_gate = tracer.gate
_lanes = tracer.lanes
_poll = select.poll  # the real one
_NOTHING = ("EAGAIN", "EWOULDBLOCK")
_TO_READ = {"accept"}  # and everything that begins with recv
_TICK = 0.05  # seconds between two looks at a clock that stands still
_LEAST = 0.001  # seconds that are not worth another wait


def name_of(error: OSError) -> str:
    """Return an error's name: EAGAIN, ECONNRESET; a class's where there is no number."""
    if error.errno is None:
        return "ETIMEDOUT" if isinstance(error, TimeoutError) else type(error).__name__
    return errno.errorcode.get(error.errno, str(error.errno))


def observe(
    sock: Socket,
    op: str,
    real: Callable[..., Any],
    args: tuple[Any, ...],
    want: int | None,
    count: Callable[[Any], int | None],
) -> Any:
    """Make a call and tell it; `count` says how many bytes a result stands for."""
    me = _lanes.me
    if me.quiet:
        return real(sock, *args)
    me.used = True
    if type(want) is not int:
        want = None  # whatever the program has passed: the real call judges it
    if sock.waits:
        return _sleep_in(me, sock, op, real, args, want, count)
    fd, gen = sock.handle
    if _gate.shut:
        _gate.hold(me, BEFORE, (fd, gen, op))
    try:
        result = real(sock, *args)
    except OSError as error:
        failed(sock, op, want, error)
        raise
    late(sock, op, want, count(result))
    return result


def late(sock: Socket, op: str, want: int | None, got: int | None) -> None:
    """Tell a call that has returned, also one that began while calls were only counted."""
    me, (fd, gen) = _lanes.me, sock.handle
    tracer.push(("io", tracer.clock(), op, fd, gen, want, got, None, None, me.th))
    tracer.seen += 1
    if _gate.alert:
        after(me, fd, gen, op, (want or 0) - (got or 0), "")


def after(me: Lane, fd: int, gen: int, op: str, owed: int, error: str) -> None:
    """See whether the call meets the condition, and stand here if the gate is shut."""
    until = _gate.until
    if until is not None:
        why = until.for_call(op, fd, owed if op.startswith("send") else 0, error)
        if why:
            _gate.met(why)
    if _gate.shut:
        _gate.hold(me, AFTER, (fd, gen, op))


def failed(sock: Socket, op: str, want: int | None, error: OSError) -> None:
    """Tell a call that raised."""
    me, name, (fd, gen) = _lanes.me, name_of(error), sock.handle
    if name in _NOTHING and not _gate.alert and not sock.owes_more(op, want):
        tracer.wasted(fd, gen, op)
        return
    tracer.push(("io", tracer.clock(), op, fd, gen, want, None, name, None, me.th))
    if _gate.alert:
        after(me, fd, gen, op, want or 0, name)


# -------------------------------------------------------------- calls that wait


def _sleep_in(
    me: Lane,
    sock: Socket,
    op: str,
    real: Callable[..., Any],
    args: tuple[Any, ...],
    want: int | None,
    count: Callable[[Any], int | None],
) -> Any:
    """Make a call that may wait in the kernel."""
    if tracer.counting and sock.patient:
        return _counted(me, sock, op, real, args, want, count)
    fd, gen = sock.handle
    if _gate.shut:
        _gate.hold(me, BEFORE, (fd, gen, op))
    began = tracer.clock()
    me.op, me.place, me.since, told = op, sock.handle, began, not tracer.counting
    if told:
        tracer.push(("call", began, op, fd, gen, want, me.th))
    got: int | None = None
    name, ended = "", False
    me.asleep = True
    try:
        if _gate.shut and not _would_go_on(sock, op):
            _gate.sleeps(me)
        result = _in_its_own_time(sock, op, real, args)
        got = count(result)
        return result
    except Exception as error:
        name = name_of(error) if isinstance(error, OSError) else type(error).__name__
        raise
    except BaseException:  # the server is being ended
        ended = True
        raise
    finally:
        me.asleep = False
        if not ended:
            _awake(me, sock, op, want, got, name, began, told)


def _counted(
    me: Lane,
    sock: Socket,
    op: str,
    real: Callable[..., Any],
    args: tuple[Any, ...],
    want: int | None,
    count: Callable[[Any], int | None],
) -> Any:
    """Make a call that may wait for ever, and count it; the short way."""
    me.op, me.place, me.since = op, sock.handle, tracer.clock()
    me.asleep = True
    if _gate.shut:
        _gate.sleeps(me)
    try:
        result = real(sock, *args)
    except OSError as error:
        failed(sock, op, want, error)
        raise
    finally:
        me.asleep = False
    now = tracer.clock()
    if tracer.counting:
        me.blocked += now - me.since
        sock.count(op, count(result), want)
    else:
        late(sock, op, want, count(result))
    tracer.tick(now)
    return result


def _awake(
    me: Lane,
    sock: Socket,
    op: str,
    want: int | None,
    got: int | None,
    name: str,
    began: int,
    told: bool,
) -> None:
    """Tell or count a call that has returned."""
    now, (fd, gen) = tracer.clock(), sock.handle
    if _gate.alert:
        _gate.wakes(me)
    if told or not tracer.counting:
        tracer.push(("io", now, op, fd, gen, want, got, name or None, now - began, me.th))
        tracer.seen += 2
    else:
        me.blocked += now - me.since
        sock.count(op, got, want)
        tracer.counts.errors += bool(name)
    tracer.tick(now)
    if _gate.alert:
        after(me, fd, gen, op, (want or 0) - (got or 0), name)


def _would_go_on(sock: Socket, op: str, seconds: float = 0) -> bool:
    """Whether the call would return at once (or within `seconds`)."""
    poller = _poll()
    reads = op in _TO_READ or op.startswith("recv")
    poller.register(sock.fileno(), select.POLLIN if reads else select.POLLOUT)
    return bool(poller.poll(seconds * 1000))


def _in_its_own_time(sock: Socket, op: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Make a call whose time-out counts in the server's own time."""
    timeout = sock.gettimeout()
    if timeout is None:
        return real(sock, *args)
    end = _gate.clock.monotonic() + timeout
    if op == "sendall":
        return _send_all(sock, end, *args)
    return _until(sock, op, real, args, end)


def _until(
    sock: Socket, op: str, real: Callable[..., Any], args: tuple[Any, ...], end: float
) -> Any:
    """Make a call that may time out at `end`, in the server's own time."""
    pauses = _gate.pauses
    while True:
        try:
            return real(sock, *args)
        except TimeoutError:
            if _gate.pauses == pauses and not _gate.shut:
                raise
            while not _would_go_on(sock, op, _left(end)):
                if _gate.clock.monotonic() >= end - _LEAST:
                    raise


def _left(end: float) -> float:
    """Return the seconds to wait before the clock is read again."""
    left = max(end - _gate.clock.monotonic(), 0)
    return max(left, _TICK) if _gate.shut else left


def _send_all(sock: Socket, end: float, data: Any, flags: int = 0) -> None:
    """Do what sendall does with a time-out, which stands for all of it (socket.sendall)."""
    with memoryview(data) as view, view.cast("B") as rest:
        sent = 0
        while sent < len(rest):
            if sent and _gate.clock.monotonic() >= end:
                raise TimeoutError("timed out")
            sent += _until(sock, "send", _socket.socket.send, (rest[sent:], flags), end)
