"""One scripted client: every way to behave and to misbehave, and a deadline on every wait.

A peer works with a blocking socket, so an experiment reads top to bottom:

    with Peer(server.address) as ann:
        ann.send(b"hello")
        assert ann.recv_exactly(5) == b"hello"

It writes down what it did and saw (`story`), which is what a failed check shows.
"""

from __future__ import annotations

import socket
import struct
import time
from types import TracebackType

from reactorkit.errors import KitError

# struct linger {int l_onoff, l_linger}: on, with time 0, close() sends RST, not FIN (socket(7)).
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class PeerTimeout(KitError):
    """The deadline passed before what the peer waited for happened."""


class Peer:
    """A client connected to `address` (host, port).

    Arguments:
        timeout: seconds that any single wait may take.
        rcvbuf: bytes for SO_RCVBUF, set before connecting: only then does it bound the window
            that the peer advertises (tcp(7)).
        maxseg: bytes for TCP_MAXSEG, set before connecting: small segments keep the sender's
            buffer small, too.
        nodelay: TCP_NODELAY, on by default: what is sent leaves at once.
        source: local address to connect from, such as "127.0.0.2", or None.

    Raises KitError when nobody listens there, PeerTimeout when the connection takes too long.
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        timeout: float = 5.0,
        rcvbuf: int | None = None,
        maxseg: int | None = None,
        nodelay: bool = True,
        source: str | None = None,
    ) -> None:
        self.story: list[tuple[float, str]] = []
        self._began = time.monotonic()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if rcvbuf is not None:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
            if maxseg is not None:
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, maxseg)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(nodelay))
            if source is not None:
                self.sock.bind((source, 0))
            self.sock.settimeout(timeout)
            self.sock.connect(address)
        except TimeoutError as error:
            self.sock.close()
            raise PeerTimeout(
                f"No connection to {address[0]}:{address[1]} within {timeout:g} s."
            ) from error
        except OSError as error:
            self.sock.close()
            raise KitError(
                f"Nobody answers at {address[0]}:{address[1]} ({error.strerror})."
            ) from error
        self.note("connects")

    def note(self, what: str) -> None:
        """Add a line to the story, with the seconds since this peer began."""
        self.story.append((time.monotonic() - self._began, what))

    @property
    def timeout(self) -> float:
        """Seconds that any single wait may take."""
        return self.sock.gettimeout() or 0.0

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self.sock.settimeout(seconds)

    def send(self, data: bytes) -> None:
        """Send all of `data`; PeerTimeout when the other side stops taking it."""
        try:
            self.sock.sendall(data)
        except TimeoutError as error:
            self.note(f"could not send all of {len(data)} bytes")
            raise PeerTimeout(
                f"The server stopped taking bytes: {len(data)} were to be sent within "
                f"{self.timeout:g} s."
            ) from error
        self.note(f"sends {len(data)} bytes")

    def recv(self, n: int = 65536) -> bytes:
        """Return what has arrived, at most `n` bytes, waiting for the first; b"" at end of file."""
        try:
            data = self.sock.recv(n)
        except TimeoutError as error:
            self.note("waited for bytes in vain")
            raise PeerTimeout(f"Nothing arrived within {self.timeout:g} s.") from error
        self.note(f"receives {len(data)} bytes" if data else "sees the end of the stream")
        return data

    def recv_exactly(self, n: int) -> bytes:
        """Return exactly `n` bytes; KitError when the stream ends before, PeerTimeout when late."""
        data, deadline = bytearray(), time.monotonic() + self.timeout
        while len(data) < n:
            if time.monotonic() > deadline:
                raise PeerTimeout(f"{len(data)} of {n} bytes arrived within {self.timeout:g} s.")
            piece = self.recv(min(n - len(data), 1 << 20))
            if not piece:
                raise KitError(f"The stream ended after {len(data)} of {n} bytes.")
            data += piece
        return bytes(data)

    def recv_to_eof(self) -> bytes:
        """Return everything until the other side ends its stream."""
        data = bytearray()
        while piece := self.recv(1 << 20):
            data += piece
        return bytes(data)

    def echo(self, data: bytes) -> float:
        """Send `data`, read the same bytes back, return the seconds it took.

        Meant for data that fits the socket buffers: everything is sent before anything is read.
        Raises KitError when other bytes come back.
        """
        began = time.perf_counter()
        self.send(data)
        back = self.recv_exactly(len(data))
        took = time.perf_counter() - began
        if back != data:
            raise KitError(f"The echo of {len(data)} bytes came back changed.")
        return took

    def dribble(self, data: bytes, gap: float = 0.001) -> None:
        """Send one byte at a time, `gap` seconds apart."""
        for place in range(len(data)):
            self.sock.sendall(data[place : place + 1])
            time.sleep(gap)
        self.note(f"dribbles {len(data)} bytes")

    def half_close(self) -> None:
        """Say "I have sent everything" (FIN) and go on reading."""
        self.sock.shutdown(socket.SHUT_WR)
        self.note("ends its own stream")

    def reset(self) -> None:
        """Break the connection off: the other side gets RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.sock.close()
        self.note("resets the connection")

    def close(self) -> None:
        """Leave politely: closing with bytes unread sends RST (RFC 1122, 4.2.2.13), so drain."""
        if self.sock.fileno() < 0:
            return
        try:
            self.sock.setblocking(False)
            while self.sock.recv(1 << 20):
                pass
        except OSError:
            pass  # nothing more to read, or the connection is broken already: both are fine here
        self.sock.close()
        self.note("leaves")

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
