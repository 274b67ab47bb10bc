"""A socket that tells what it does: the same class to everyone who uses it, by the same name.

Two ways through each call: told as an event (calls.py), or, when there are very many, counted
here in the socket itself. Payload bytes are never looked at.
"""

from __future__ import annotations

import _socket
import socket as module
from collections.abc import Callable
from typing import Any

from reactorkit.probe import calls
from reactorkit.probe.gate import TURN
from reactorkit.probe.lanes import Lane
from reactorkit.probe.tracer import tracer

Original = module.socket  # in time: this name will stand for the class below
_real = _socket.socket
_recv, _send, _recv_into = _real.recv, _real.send, _real.recv_into
_lanes, _gate, _counts = tracer.lanes, tracer.gate, tracer.counts
_later = tracer  # the same, asked again after a call: it may have changed meanwhile
_SENDS = ("send", "sendall", "sendto", "sendmsg", "sendfile")


class Socket(Original):
    """Stands in for socket.socket."""

    __slots__ = ("_calls", "_in", "_out", "_owed", "_wasted", "handle", "patient", "waits")

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None):  # noqa: A002
        super().__init__(family, type, proto, fileno)
        fd = self.fileno()
        given = fileno is not None and fd in _detached
        gen = _detached.pop(fd) if given else tracer.born(fd)
        self.handle = fd, gen
        self._see_timeout()
        self._calls = self._in = self._out = self._owed = self._wasted = 0
        tracer.sockets[fd] = self
        if fileno is not None and not given and not _lanes.me.accepting:
            tracer.opened(fd, gen, "listener" if _listens(self) else "other", _peer(self))

    # -------------------------------------------------------------------- sums

    def take_sums(self) -> list[int] | None:
        """Return an entry of `agg.handles` and count from zero; None: nothing has happened."""
        if not (self._calls or self._wasted):
            return None
        calls, wasted = self._calls + self._wasted, self._wasted
        sums = [*self.handle, self._in, self._out, calls, wasted, self._owed]
        self._calls = self._in = self._out = self._wasted = 0
        return sums

    def owes_more(self, op: str, want: int | None) -> bool:
        """Whether a send that found no room was given another number of bytes than known before."""
        if op not in _SENDS or want == self._owed:
            return False
        self._owed = want or 0
        return True

    def count(self, op: str, got: int | None, want: int | None) -> None:
        """Count a call that has returned."""
        self._calls += 1
        if op == "accept":
            _counts.accepted += got is None
        elif op in _SENDS:
            self._out += got or 0
            self._owed = (want or 0) - (got or 0)
        else:
            self._in += got or 0

    # ------------------------------------------------------------ calls, often

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive; see socket.recv."""
        if self.waits or not tracer.counting:
            data: bytes = calls.observe(self, "recv", _recv, (size, flags), size, len)
            return data
        try:
            data = _recv(self, size, flags)
        except OSError as error:
            self._failed("recv", size, error)
            raise
        if _later.counting:
            self._calls += 1
            self._in += len(data)
        else:
            calls.late(self, "recv", size, len(data))
        return data

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send what fits; see socket.send."""
        if self.waits or not tracer.counting:
            size = _size(data)
            sent: int = calls.observe(self, "send", _send, (data, flags), size, int)
            return sent
        try:
            sent = _send(self, data, flags)
        except OSError as error:
            self._failed("send", _size(data), error)
            raise
        if _later.counting:
            self._calls += 1
            self._out += sent
            self._owed = len(data) - sent
        else:
            calls.late(self, "send", _size(data), sent)
        return sent

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receive into a buffer; see socket.recv_into. Files made by makefile() come here."""
        if self.waits or not tracer.counting:
            want = nbytes or _size(buffer)
            args = buffer, nbytes, flags
            got: int = calls.observe(self, "recv_into", _recv_into, args, want, int)
            return got
        try:
            got = _recv_into(self, buffer, nbytes, flags)
        except OSError as error:
            self._failed("recv_into", None, error)
            raise
        if _later.counting:
            self._calls += 1
            self._in += got
        else:
            calls.late(self, "recv_into", nbytes or _size(buffer), got)
        return got

    def _failed(self, op: str, want: int | None, error: OSError) -> None:
        if not _later.counting:
            calls.failed(self, op, want, error)
        elif isinstance(error, BlockingIOError):
            self.owes_more(op, want)
            self._wasted += 1
        else:
            self._calls += 1
            _counts.errors += 1

    # ----------------------------------------------------------- calls, seldom

    def accept(self) -> tuple[Original, Any]:
        """Accept; see socket.accept. A busy loop's pass begins with asking its listener."""
        me = _lanes.me
        if not self.waits and not me.loops:
            begin_pass(me)
        if self.waits or not tracer.counting:
            pair: tuple[Original, Any] = calls.observe(self, "accept", _accept, (), None, _no_bytes)
            return pair
        try:
            pair = _accept(self)
        except OSError as error:
            self._failed("accept", None, error)
            raise
        if _later.counting:
            self.count("accept", None, None)
        else:
            calls.late(self, "accept", None, None)
        return pair

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send all of it; see socket.sendall."""
        size = _size(data)
        self._other("sendall", _real.sendall, (data, flags), size, lambda _: size)

    def recvfrom(self, size: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """Receive a datagram; see socket.recvfrom."""
        result: tuple[bytes, Any] = self._other(
            "recvfrom", _real.recvfrom, (size, flags), size, _first_length
        )
        return result

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """Receive a datagram into a buffer; see socket.recvfrom_into."""
        args, want = (buffer, nbytes, flags), nbytes or _size(buffer)
        result: tuple[int, Any] = self._other(
            "recvfrom_into", _real.recvfrom_into, args, want, _first
        )
        return result

    def recvmsg(self, size: int, *rest: Any) -> tuple[bytes, list[Any], int, Any]:
        """Receive with ancillary data; see socket.recvmsg."""
        result: tuple[bytes, list[Any], int, Any] = self._other(
            "recvmsg", _real.recvmsg, (size, *rest), size, _first_length
        )
        return result

    def recvmsg_into(self, buffers: Any, *rest: Any) -> tuple[int, list[Any], int, Any]:
        """Receive into several buffers; see socket.recvmsg_into."""
        buffers = list(buffers)
        result: tuple[int, list[Any], int, Any] = self._other(
            "recvmsg_into", _real.recvmsg_into, (buffers, *rest), sum(map(_size, buffers)), _first
        )
        return result

    def sendto(self, data: Any, *rest: Any) -> int:
        """Send a datagram; see socket.sendto."""
        sent: int = self._other("sendto", _real.sendto, (data, *rest), _size(data), int)
        return sent

    def sendmsg(self, buffers: Any, *rest: Any) -> int:
        """Send several buffers; see socket.sendmsg."""
        buffers = list(buffers)
        sent: int = self._other(
            "sendmsg", _real.sendmsg, (buffers, *rest), sum(map(_size, buffers)), int
        )
        return sent

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file; see socket.sendfile. What it does further down is not told again."""
        me = _lanes.me

        def real(_: Any) -> int:
            me.quiet = True
            try:
                return Original.sendfile(self, file, offset, count)
            finally:
                me.quiet = False

        sent: int = self._other("sendfile", real, (), count, int)
        return sent

    def _other(
        self,
        op: str,
        real: Callable[..., Any],
        args: tuple[Any, ...],
        want: int | None,
        count: Callable[[Any], int | None],
    ) -> Any:
        if self.waits or not tracer.counting:
            return calls.observe(self, op, real, args, want, count)
        try:
            result = real(self, *args)
        except OSError as error:
            self._failed(op, want, error)
            raise
        if _later.counting:
            self.count(op, count(result), want)
        else:
            calls.late(self, op, want, count(result))
        return result

    # ------------------------------------------------- what becomes of a socket

    def listen(self, *backlog: int) -> None:
        """Listen; see socket.listen."""
        super().listen(*backlog)
        tracer.opened(*self.handle, "listener")

    def connect(self, address: Any, /) -> None:
        """Connect; see socket.connect."""
        tracer.opened(*self.handle, "other", _written(address))
        super().connect(address)

    def connect_ex(self, address: Any, /) -> int:
        """Connect; see socket.connect_ex."""
        tracer.opened(*self.handle, "other", _written(address))
        return super().connect_ex(address)

    def setblocking(self, flag: bool, /) -> None:
        """Choose whether calls wait; see socket.setblocking."""
        super().setblocking(flag)
        self._see_timeout()

    def settimeout(self, value: float | None, /) -> None:
        """Choose how long calls wait; see socket.settimeout."""
        super().settimeout(value)
        self._see_timeout()

    def _see_timeout(self) -> None:
        """Note whether its calls may wait, and whether they wait for ever."""
        timeout = self.gettimeout()
        self.waits, self.patient = timeout != 0, timeout is None

    def detach(self) -> int:
        """Give the descriptor away; see socket.detach."""
        fd = super().detach()
        if fd >= 0:
            _detached[fd] = self.handle[1]
        return fd

    def _real_close(self, *args: Any) -> None:
        # Told before: a moment later the number may be another socket's.
        self._farewell()
        super()._real_close(*args)  # type: ignore[misc]

    def __del__(self) -> None:
        """Tell of a socket that nobody closed: Python does when nobody refers to it."""
        if hasattr(self, "handle") and self.fileno() >= 0:
            self._farewell()
        super().__del__()  # type: ignore[misc]

    def _farewell(self) -> None:
        fd = self.fileno()
        if fd < 0:
            return
        if tracer.channel is not None and (sums := self.take_sums()):
            _counts.closed.append(sums)
        if tracer.sockets.get(fd) is self:
            del tracer.sockets[fd]
        tracer.gone(*self.handle)


Socket.__name__ = Socket.__qualname__ = "socket"
Socket.__module__ = "socket"

_detached: dict[int, int] = {}  # descriptors whose socket object has let go of them


def begin_pass(me: Lane) -> None:
    """Begin a pass of a busy loop over all its handles: its turn."""
    me.busy = me.used = True
    channel = tracer.channel
    if channel is None:
        return
    if _gate.shut:
        _gate.hold(me, TURN)
    channel.turn = tracer.turn = channel.turn + 1
    now = tracer.clock()
    if _gate.alert:
        tracer.push(("turn", now, channel.turn, me.th))
    tracer.tick(now)


def _accept(sock: Socket) -> tuple[Original, Any]:
    """Accept, and tell who has come."""
    me = _lanes.me
    me.accepting = True
    try:
        client, address = Original.accept(sock)
    finally:
        me.accepting = False
    if isinstance(client, Socket):
        tracer.opened(*client.handle, "client", _written(address), list(sock.handle))
    return client, address


def _no_bytes(_: Any) -> None:
    return None


def _first_length(result: tuple[Any, ...]) -> int:
    return len(result[0])


def _first(result: tuple[Any, ...]) -> int:
    number: int = result[0]
    return number


def _size(data: Any) -> int:
    """Return the bytes of anything that can be sent."""
    return len(data) if isinstance(data, bytes) else memoryview(data).nbytes


def _listens(sock: Original) -> bool:
    try:
        return bool(sock.getsockopt(module.SOL_SOCKET, module.SO_ACCEPTCONN))
    except OSError:  # not a kind of socket that can
        return False


def _peer(sock: Original) -> str:
    try:
        return _written(sock.getpeername())
    except OSError:  # nobody is there, or not yet
        return ""


def _written(address: Any) -> str:
    """Return an address as people write it."""
    if isinstance(address, tuple) and len(address) >= 2:
        return (
            f"[{address[0]}]:{address[1]}" if ":" in str(address[0]) else "{}:{}".format(*address)
        )
    return address.decode("utf-8", "replace") if isinstance(address, bytes) else str(address)


def socketpair(*args: Any, **options: Any) -> tuple[Original, Original]:
    """Stand in for socket.socketpair: both ends wake somebody up."""
    me = _lanes.me
    me.accepting = True  # the two tell nothing of themselves
    try:
        pair = _real_pair(*args, **options)
    finally:
        me.accepting = False
    for sock in pair:
        if isinstance(sock, Socket):
            tracer.opened(*sock.handle, "wakeup")
    return pair


_real_pair = module.socketpair
