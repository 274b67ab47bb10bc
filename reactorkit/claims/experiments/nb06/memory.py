"""A client that reads late, and what its server keeps in memory for it meanwhile (G03)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from reactorkit.claims.experiments.nb02.trouble import BLOCK
from reactorkit.claims.experiments.nb06.shown import Shown
from reactorkit.claims.experiments.nb06.visits import DEADLINE, MEBIBYTE, MUCH, asleep
from reactorkit.claims.world import World
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EVERY = 0.02  # seconds between two looks at the memory
PATIENCE = 0.2  # seconds without room after which the client begins to read


@dataclass
class LateReader:
    """What was seen of one visit.

    grown: (seconds, bytes of resident memory above the start). taken: bytes sent before the client
    read any. back: bytes that came back; `complete`: all of them, and unchanged.
    """

    grown: list[tuple[float, int]] = field(default_factory=list)
    taken: int = 0
    back: int = 0
    complete: bool = False

    @property
    def most(self) -> int:
        """The largest growth that was seen, in bytes."""
        return max((grown for _, grown in self.grown), default=0)


def late_reader(world: World, server: Server, size: int = MUCH) -> LateReader:
    """Send `size` bytes, read nothing until no more is taken, then read everything."""
    with server.connect() as warm:
        warm.echo(b"x" * 65536)
    seen = LateReader()
    with server.connect(rcvbuf=65536) as visitor:
        visitor.sock.setblocking(False)
        with contextlib.suppress(OSError):  # the server is gone, and the rest with it
            _Visit(world, server, visitor.sock, size, seen).run()
    return seen


class _Visit:
    """One late reader at work, on a non-blocking socket."""

    def __init__(
        self, world: World, server: Server, sock: socket.socket, size: int, seen: LateReader
    ) -> None:
        self.world, self.server, self.sock, self.size, self.seen = world, server, sock, size, seen
        self.process = psutil.Process(server.pid)
        self.before = self.process.memory_info().rss
        self.began = time.monotonic()
        self.sent, self.back = 0, hashlib.sha256()

    def run(self) -> None:
        """Send until nothing moves, then read to the last byte."""
        last = time.monotonic()
        while self.sent < self.size:
            if self._turn(reading=False):
                last = time.monotonic()
            elif time.monotonic() - last > PATIENCE and asleep(self.server):
                break
        self.seen.taken = self.sent
        self._stand_still()
        deadline = time.monotonic() + DEADLINE
        while self.seen.back < self.size and time.monotonic() < deadline:
            self._turn(reading=True)
        want = hashlib.sha256(BLOCK * (self.size // len(BLOCK)))
        self.seen.complete = self.back.digest() == want.digest()
        self._look()

    def _stand_still(self) -> None:
        """Let the server come to rest with what it has been sent, and look at its memory."""
        rest, deadline = time.monotonic() + PATIENCE, time.monotonic() + DEADLINE
        while time.monotonic() < rest or (not asleep(self.server) and time.monotonic() < deadline):
            select.select([], [], [], EVERY)
            self._look()

    def _turn(self, reading: bool) -> bool:
        """Wait for a moment, then do what the socket is ready for; return whether it was."""
        self.world.check_stop()
        readers = [self.sock] if reading else []
        writers = [self.sock] if self.sent < self.size else []
        readable, writable, _ = select.select(readers, writers, [], EVERY)
        if writable:
            self.sent += self.sock.send(BLOCK[self.sent % len(BLOCK) :])
        if readable:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionResetError("the server has ended the stream")
            self.back.update(data)
            self.seen.back += len(data)
        self._look()
        return bool(readable or writable)

    def _look(self) -> None:
        now = time.monotonic() - self.began
        if self.seen.grown and now - self.seen.grown[-1][0] < EVERY:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            self.seen.grown.append((now, self.process.memory_info().rss - self.before))


def memory_of(*targets: str | os.PathLike[str], size: int = MUCH) -> Shown:
    """Send a late reader with `size` bytes to each server, and show how its memory grows.

    Arguments:
        targets: names of servers, files, or what `edit` returned.
    """
    visits: dict[str, LateReader] = {}
    with World() as world:
        for target in targets:
            visits[Path(os.fspath(target)).stem] = late_reader(world, world.serve(target), size)
    return Shown(
        "\n".join(_sentence(name, visit, size) for name, visit in visits.items()),
        "While the client reads nothing: one server keeps everything, another lets it wait.",
        lambda: draw(visits),
    )


def _sentence(name: str, visit: LateReader, size: int) -> str:
    came = (
        "every byte came back" if visit.complete else f"{visit.back / MEBIBYTE:.1f} MiB came back"
    )
    return (
        f"{name}: took {visit.taken / MEBIBYTE:.1f} of {size / MEBIBYTE:.0f} MiB before the client "
        f"read, and grew by {visit.most / MEBIBYTE:.1f} MiB; {came}."
    )


def draw(visits: Mapping[str, LateReader]) -> Figure:
    """Draw memory above the start against time, one line per server."""
    from reactorkit.view.charts import lines

    series = {
        name: ([at for at, _ in visit.grown], [grown / MEBIBYTE for _, grown in visit.grown])
        for name, visit in visits.items()
    }
    return lines(
        series,
        xlabel="time since the client began to send (s)",
        ylabel="memory grown by (MiB)",
        names={"echo_patched": "busywait", "echo_reactor": "select"},
    )
