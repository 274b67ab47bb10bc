"""One real connection whose two kernel buffers can be watched while a reader fills them.

Nothing is simulated: the numbers come from the kernel. What the sender's side holds is what it
was given, less what has arrived and what has been read; so it includes bytes still on their way.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from reactorkit.errors import KitError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Between two looks at a buffer, in seconds. There is no event for "nothing changes any more".
LOOK = 0.002
# A send that has made no progress for this long is waiting, not slow.
STILL = 0.15
PIECE = 1024


def connection(
    receive: int | None = None, send: int | None = None
) -> tuple[socket.socket, socket.socket]:
    """Return both ends of a new TCP connection on loopback: (sender, receiver).

    Arguments:
        receive: bytes for the receiver's SO_RCVBUF, set before connecting, since only then does
            it bound the window (tcp(7)); None leaves it to the system, which adapts it.
        send: bytes for the sender's SO_SNDBUF, or None.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if receive is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        sender = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if send is not None:
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send)
            sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sender.connect(listener.getsockname())
            receiver, caller = listener.accept()
            while caller != sender.getsockname():  # a stranger was faster
                receiver.close()
                receiver, caller = listener.accept()
        except BaseException:
            sender.close()
            raise
    return sender, receiver


@contextmanager
def both_ends(
    receive: int | None = None, send: int | None = None
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give both ends of a new connection (see `connection`) and close them afterwards."""
    sender, receiver = connection(receive, send)
    with sender, receiver:
        yield sender, receiver


def unread(sock: socket.socket) -> int:
    """Return how many bytes lie in the receive buffer of `sock` (FIONREAD, tcp(7))."""
    answer = fcntl.ioctl(sock, termios.FIONREAD, bytes(4))
    return int(struct.unpack("i", answer)[0])


def wait_until(true: Callable[[], bool], timeout: float) -> bool:
    """Look again and again until `true()`; return False when `timeout` seconds have passed."""
    deadline = time.monotonic() + timeout
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)
    return True


def wait_until_still(reading: Callable[[], int], still: float, timeout: float = 10.0) -> int:
    """Return `reading()` once it has not changed for `still` seconds, or after `timeout`."""
    value, since = reading(), time.monotonic()
    deadline = since + timeout
    while time.monotonic() - since < still and time.monotonic() < deadline:
        time.sleep(LOOK)
        if (now := reading()) != value:
            value, since = now, time.monotonic()
    return value


class Moment(NamedTuple):
    """What has just happened, and where the bytes are now: sent = sender + receiver + read."""

    label: str
    sender: int
    receiver: int
    read: int
    waiting: bool = False


class TwoBuffers:
    """A connection with small kernel buffers: fill it, empty it, and look at every step.

    Arguments:
        receive, send: bytes to ask for, for the receiver's and the sender's buffer. The kernel
            treats the wish as its own affair: Linux doubles it, for its bookkeeping (socket(7)).

    Usable as a context manager. Shown at the end of a cell, it draws what has happened.
    """

    def __init__(self, receive: int = 16_384, send: int = 16_384) -> None:
        self._sender, self._receiver = connection(receive, send)
        self._sender.settimeout(60)
        self._taken = self._read = 0
        self._ended = False
        self._sending: threading.Thread | None = None
        self.moments: list[Moment] = [Moment("connected", 0, 0, 0)]

    def send(self, n: int) -> None:
        """Send `n` bytes. If the kernel has no room for them all, the send goes on waiting.

        Raises KitError while an earlier send is still waiting, and after `end`.
        """
        if self._ended:
            raise KitError("The sender has ended its stream. Make a new TwoBuffers.")
        if self._waiting:
            raise KitError("The send before is still waiting for room. Call recv(...) first.")
        self._sending = threading.Thread(target=self._send_all, args=(n,), daemon=True)
        self._sending.start()
        self._note(f"send {n:,}")

    def _send_all(self, n: int) -> None:
        """Do what sendall() does, in small pieces that can be counted."""
        done = 0
        try:
            while done < n:
                sent = self._sender.send(bytes(min(PIECE, n - done)))
                done += sent
                self._taken += sent
        except OSError:
            return  # close() has ended the connection under a waiting send

    def recv(self, n: int) -> int:
        """Call recv(n) once at the receiving end; return how many bytes it gave, 0 at the end.

        Raises KitError when it would wait: nothing is there, and the stream has not ended.
        """
        if not self._ended and not unread(self._receiver):
            raise KitError(f"recv({n:,}) would wait: the receiver's buffer is empty. Send first.")
        got = len(self._receiver.recv(n))
        self._read += got
        self._note(f"recv({n:,}) gives {got:,}" if got else f'recv({n:,}) gives b""')
        return got

    def end(self) -> None:
        """End the sender's stream (FIN): what has been sent before can still be read."""
        if self._waiting:
            raise KitError("The send before is still waiting for room. Call recv(...) first.")
        self._sender.shutdown(socket.SHUT_WR)
        self._ended = True
        self._note("the sender ends its stream")

    def close(self) -> None:
        """Close both ends; a send that is still waiting is ended by it."""
        self._receiver.close()  # with bytes unread this sends RST, which wakes a waiting send
        if self._sending is not None:
            self._sending.join(timeout=5)
        self._sender.close()

    @property
    def _waiting(self) -> bool:
        return self._sending is not None and self._sending.is_alive()

    def _note(self, label: str) -> None:
        """Wait until the bytes have found their places, then write the moment down."""
        arrived = wait_until(self._settled, STILL)
        if not arrived:
            wait_until_still(lambda: self._taken + unread(self._receiver), STILL)
        here = unread(self._receiver)
        held = max(0, self._taken - self._read - here)
        self.moments.append(Moment(label, held, here, self._read, self._waiting))

    def _settled(self) -> bool:
        """Whether every send has returned and all its bytes have arrived or been read."""
        return not self._waiting and self._taken == self._read + unread(self._receiver)

    def picture(self) -> Figure:
        """Draw the moments so far: one row each."""
        from reactorkit.claims.experiments.nb01.pictures import draw_moments

        return draw_moments({"moments": self.moments})

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        caption = (
            "Taken by the kernel = sender's buffer + receiver's buffer + read. "
            "What a waiting send has not handed over yet is still in its program."
        )
        return still.html(self.picture(), "Where the bytes are: " + repr(self), caption)

    def __repr__(self) -> str:
        lines = [
            f"{each.label}: {each.sender:,} in the sender's buffer, {each.receiver:,} in the "
            f"receiver's, {each.read:,} read{', send is waiting' if each.waiting else ''}"
            for each in self.moments
        ]
        return "\n".join(lines)

    def __enter__(self) -> TwoBuffers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
