"""Small things that several experiments of this lesson share: connections and the two queues."""

from __future__ import annotations

import fcntl
import os
import select
import socket
from typing import Any

from reactorkit.claims.world import World
from reactorkit.errors import KitError
from reactorkit.lab import machine

# Numbers from here on have no place in the set of select() (FD_SETSIZE, select(2)).
FD_SETSIZE = 1024
# Numbers of descriptors above this one are needed to show it.
HIGHEST = 1600

# What select() is replaced by where the kernel keeps the list: Linux has epoll, macOS kqueue.
QUEUE = next((name for name in ("epoll", "kqueue") if hasattr(select, name)), "")

DEADLINE = 5.0

# The same module, for names that exist on other systems than the one that checks the types.
_select: Any = select


def pair(world: World) -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets that close with the experiment."""
    one, other = socket.socketpair()
    world.enter(one)
    world.enter(other)
    return one, other


def listener(world: World) -> socket.socket:
    """Return a listening TCP socket on a free port of this machine."""
    sock = world.enter(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
    sock.bind(("127.0.0.1", 0))
    sock.listen(1)
    return sock


def connection(world: World) -> tuple[socket.socket, socket.socket]:
    """Return (peer, ours) of a fresh TCP connection; its listener keeps no other newcomer."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind(("127.0.0.1", 0))
        door.listen(1)
        peer = world.enter(socket.create_connection(door.getsockname(), timeout=DEADLINE))
        ours, _ = door.accept()
    world.enter(ours)
    ours.setblocking(False)
    return peer, ours


def need_descriptors(most: int) -> None:
    """Let this process open descriptors up to the number `most`, or say that it cannot."""
    allowed = machine.descriptor_limit()
    if allowed <= most:
        raise KitError(
            f"This needs descriptors with numbers up to {most}, and this machine allows a process "
            f"{allowed}. Raise the hard limit (ulimit -Hn), restart Jupyter, and run it again."
        )
    machine.raise_descriptors(most)


def at_number(world: World, sock: socket.socket, number: int) -> int:
    """Return a second descriptor of `sock` with this very number; it closes with the experiment."""
    got = _second_descriptor(sock, number)
    if got != number:
        os.close(got)
        raise KitError(
            f"Descriptor {number} is in use by something this notebook has opened. "
            "Call clean_up(), or restart the kernel, and run this again."
        )
    world.defer(os.close, got)
    return got


class TwoNumbers:
    """Three things for an exercise: a socket, a second descriptor of it, and its peer.

    The peer has sent one byte. `with TwoNumbers(1500) as (near, high, far): ...` gives two
    sockets, and between them the plain number of the second descriptor, 1500 or the next free one.
    """

    def __init__(self, number: int) -> None:
        need_descriptors(number + 100)
        self._near, self._far = socket.socketpair()
        self._high = _second_descriptor(self._near, number)
        self._far.send(b"!")

    def __enter__(self) -> tuple[socket.socket, int, socket.socket]:
        return self._near, self._high, self._far

    def __exit__(self, *error: object) -> None:
        os.close(self._high)
        self._near.close()
        self._far.close()


def _second_descriptor(sock: socket.socket, number: int) -> int:
    """Return another descriptor of `sock`: this number, or the lowest free one above it."""
    return fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, number)


class Queue:
    """epoll or kqueue behind three calls, for reading only: which of them, the kernel decides."""

    def __init__(self, *, edge: bool = False) -> None:
        self._edge = edge
        self._real: Any = getattr(_select, QUEUE)()

    def add(self, fd: int) -> None:
        """Watch `fd` for reading."""
        if QUEUE == "epoll":
            self._real.register(fd, _select.EPOLLIN | (_select.EPOLLET if self._edge else 0))
        else:  # kqueue calls edge-triggered "clear" (kqueue(2), EV_CLEAR)
            flags = _select.KQ_EV_ADD | (_select.KQ_EV_CLEAR if self._edge else 0)
            self._real.control([_select.kevent(fd, _select.KQ_FILTER_READ, flags)], 0)

    def wait(self, seconds: float) -> list[int]:
        """Return the descriptors that are reported within `seconds`."""
        if QUEUE == "epoll":
            return [fd for fd, _ in self._real.poll(seconds)]
        return [event.ident for event in self._real.control(None, 64, seconds)]

    def __enter__(self) -> Queue:
        return self

    def __exit__(self, *error: object) -> None:
        self._real.close()
