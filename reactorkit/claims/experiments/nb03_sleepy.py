"""Connections that make any echo server slow: a recv() that brings data sleeps before it returns.

So a taught server gets a handler that blocks (a look-up, a slow disk, somebody else's service)
without a change to its code: the launcher's listener is replaced by one that gives out these.
"""

from __future__ import annotations

import socket
import time
from typing import Any

HANDLER_SECONDS = 0.02


class SleepySocket(socket.socket):
    """A connection on which every request takes HANDLER_SECONDS to answer."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As the original, and then the sleep of a handler that has to wait for something."""
        data = super().recv(size, flags)
        if data:
            time.sleep(HANDLER_SECONDS)
        return data


class SleepyListener(socket.socket):
    """A listener that gives out sleepy connections."""

    def accept(self) -> tuple[SleepySocket, Any]:
        """As the original, with a connection of the other class."""
        fd, address = self._accept()  # type: ignore[attr-defined]
        return SleepySocket(self.family, self.type, self.proto, fileno=fd), address


def sleepy(listener: socket.socket) -> SleepyListener:
    """Return a sleepy listener in place of `listener`."""
    return SleepyListener(fileno=listener.detach())
