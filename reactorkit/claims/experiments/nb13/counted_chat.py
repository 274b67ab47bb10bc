"""chat_reactor behind sockets that count their send(): the server runs unchanged.

The launcher hands a server its listener. This one hands on a listener of its own class, whose
connections count each send(). A member who says TOTALS, in a line of its own, gets the count in
place of an answer, and it begins again at 0. Use it for counts, not for times.
"""

from __future__ import annotations

import importlib
import socket
from typing import Any

TOTALS = b"totals?\n"


class Counter:
    """How many times send() was called since the last question."""

    sends = 0


class CountingSocket(socket.socket):
    """A connection whose send() is counted."""

    counter: Counter

    def send(self, data: Any, flags: int = 0) -> int:
        """As the original, counted."""
        self.counter.sends += 1
        return super().send(data, flags)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As the original; the question for the totals is answered here."""
        data = super().recv(size, flags)
        if data != TOTALS:
            return data
        socket.socket.sendall(self, b"%d\n" % self.counter.sends)
        self.counter.sends = 0
        raise BlockingIOError  # for the server, nothing has arrived yet


class CountingListener(socket.socket):
    """The listener: gives out connections that count."""

    counter: Counter

    def accept(self) -> tuple[CountingSocket, Any]:
        """As the original; returns a counting connection."""
        fd, address = self._accept()  # type: ignore[attr-defined]
        connection = CountingSocket(self.family, self.type, self.proto, fileno=fd)
        connection.counter = self.counter
        return connection, address


def serve(listener: socket.socket) -> None:
    """Serve with chat_reactor, counting."""
    counting = CountingListener(fileno=listener.detach())
    counting.counter = Counter()
    # By name, as the launcher does it: no part of the kit imports a taught server.
    importlib.import_module("reactorkit.servers.chat_reactor").serve(counting)
