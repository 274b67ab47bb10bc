"""A scene while it is played: its servers, its crowd, and the way to end all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from reactorkit.errors import KitError
from reactorkit.lab.behaviours import Behaviour
from reactorkit.lab.crowd import Crowd, start_crowd
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server
from reactorkit.lab.watched import Watched
from reactorkit.trace.shape import State


class Play:
    """Watched servers and the real clients that a scene, or the presenter, sends to them.

    Arguments:
        targets: names of rungs, or files. descriptors: how many each server may open.
    """

    def __init__(self, targets: Sequence[str], *, descriptors: int | None = None) -> None:
        self.servers: list[Server] = []
        self.crowds: list[tuple[int, Crowd]] = []  # with the number of its server
        self.peers: list[Peer] = []
        self.slow_readers: list[Crowd] = []  # those of the crowds that a scene wants back
        self.marks: list[tuple[int, str]] = []  # (monotonic nanoseconds, words)
        self._over = threading.Event()
        try:
            for one in targets:
                self.servers.append(Server(one, descriptors=descriptors, watch=True))
        except BaseException:
            self.stop()
            raise

    def watched(self, server: int) -> Watched:
        """Return the inside of one server."""
        watched = self.servers[server].watched
        assert watched is not None
        return watched

    def states(self) -> list[State]:
        """Return the state of every server as last told."""
        return [self.watched(place).state() for place in range(len(self.servers))]

    def mark(self, words: str) -> None:
        """Remember what happens from here on; a recording tells it in its timeline."""
        self.marks.append((time.monotonic_ns(), words))

    def pass_time(self, seconds: float) -> None:
        """Let the servers go on for a while; returns at once when the play is stopped."""
        self._over.wait(seconds)
        if self._over.is_set():
            raise KitError("The scene was ended.")

    # -------------------------------------------------------------- clients

    def crowd(
        self, n: int, what: str | Behaviour = "idle", *, only: int | None = None, **options: Any
    ) -> list[Crowd]:
        """Send `n` clients to every server (or to one, by its number); returns the crowds."""
        places = range(len(self.servers)) if only is None else [only]
        started = []
        for place in places:
            if self.servers[place].alive:
                started.append(start_crowd(self.servers[place], n, what, None, **options))
                self.crowds.append((place, started[-1]))
        return started

    def visitors(self, **options: Any) -> list[Peer]:
        """Connect one scripted client to every server that lives; returns them in order."""
        came = [one.connect(**options) for one in self.servers if one.alive]
        self.peers += came
        return came

    def dismiss(self) -> None:
        """Let the scripted clients leave; the crowds stay."""
        while self.peers:
            self.peers.pop().close()

    def send_home(self, only: int | None = None) -> None:
        """Let every client leave, politely; all servers or one of them."""
        for place, crowd in list(self.crowds):
            if only in (None, place):
                self.crowds.remove((place, crowd))
                crowd.stop()
        if only is None:
            self.dismiss()

    # ------------------------------------------------------------------ end

    def stop(self) -> None:
        """End the clients first, then the servers. Safe to call twice."""
        self._over.set()
        for server in self.servers:
            if server.watched is not None:
                server.watched.let_go()
        self.send_home()
        for server in self.servers:
            server.stop(timeout=2.0)

    def __enter__(self) -> Play:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
