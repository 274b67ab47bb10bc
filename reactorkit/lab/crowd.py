"""A crowd of clients in a process of its own, so that the notebook's kernel does not slow them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any

from reactorkit.errors import KitError
from reactorkit.lab.behaviours import Behaviour, behaviour
from reactorkit.lab.machine import most_connections
from reactorkit.lab.process import KeptProcess
from reactorkit.lab.server import Server, python_path

CONNECT_SECONDS = 60.0


@dataclass(frozen=True)
class Stats:
    """What a crowd has seen.

    clients: how many were asked for. connected: connections made. refused: failed attempts.
    resets, eofs: connections the server broke off or ended. wrong: echoes that differed, or, in a
    chat, lines that are no message. deliveries: messages of a chat that somebody has received.
    sent, received: bytes since everybody had tried to connect. round_trips: answered requests.
    seconds: how long that took. p50, p90, p99, worst: latency in seconds; None if none was seen.
    """

    clients: int
    connected: int = 0
    refused: int = 0
    resets: int = 0
    eofs: int = 0
    wrong: int = 0
    sent: int = 0
    received: int = 0
    round_trips: int = 0
    deliveries: int = 0
    seconds: float = 0.0
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    worst: float | None = None

    @property
    def rate(self) -> float:
        """Round trips, or in a chat deliveries, per second."""
        return (self.round_trips or self.deliveries) / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        lines = [f"{self.connected} of {self.clients} clients connected"]
        for count, what in (
            (self.refused, "could not connect"),
            (self.resets, "were reset"),
            (self.eofs, "saw the server end the stream"),
            (self.wrong, "answers were wrong"),
        ):
            if count:
                lines.append(f"{count} {what}")
        if self.p50 is not None and self.p99 is not None:
            trips = f"{self.round_trips} round trips"
            lines.append(
                f"{trips if self.round_trips else f'{self.deliveries} deliveries'} "
                f"({self.rate:,.0f} a second), half of them within "
                f"{self.p50 * 1e3:.2f} ms, 99 % within {self.p99 * 1e3:.2f} ms"
            )
        return ", ".join(lines) + "."


class Crowd:
    """Clients that are connected and behave, until `stop()` or the end of `seconds`."""

    def __init__(
        self,
        address: tuple[str, int],
        clients: int,
        what: Behaviour,
        seconds: float | None = None,
    ) -> None:
        if clients < 1:
            raise KitError("A crowd needs at least one client.")
        if clients > most_connections():
            raise KitError(
                f"{clients} clients are more than one process may hold here "
                f"({most_connections()} by the limit of descriptors): ask for fewer."
            )
        self.behaviour, self.clients = what, clients
        self._stats = Stats(clients)
        self._ready = self._done = False
        spec = {
            "host": address[0],
            "port": address[1],
            "clients": clients,
            "behaviour": what.name,
            "options": what.options(),
            "seconds": seconds,
        }
        self._process = KeptProcess(
            [sys.executable, "-P", "-m", "reactorkit.lab.load", json.dumps(spec)],
            on_line=self._read_report,
            env={"PYTHONPATH": python_path()},
        )
        try:
            ready = self._process.wait_until(lambda: self._ready, CONNECT_SECONDS)
        except BaseException:
            self._process.kill()
            raise
        if not ready:
            self._process.kill()
            raise KitError(
                "The crowd did not finish connecting.\n" + "\n".join(self._process.lines)
            )

    def _read_report(self, stream: str, line: str) -> None:
        if stream != "out":
            return
        report = json.loads(line)
        names = {field.name for field in fields(Stats)} & report.keys()
        self._stats = Stats(clients=self.clients, **{name: report[name] for name in names})
        self._ready = self._ready or "ready" in report
        self._done = self._done or "done" in report

    @property
    def pid(self) -> int:
        """The process id of the crowd."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its clients are still there."""
        return self._process.alive

    def stats(self) -> Stats:
        """Return what it has seen so far (at most a tenth of a second old)."""
        return self._stats

    def wait(self, timeout: float | None = None) -> Stats:
        """Wait until its `seconds` are over and everybody has left; return the totals.

        Raises KitError when it was started without `seconds` and no timeout is given, or when
        it is still running after `timeout` seconds.
        """
        if self._process.alive and self._process.wait(timeout) is None:
            raise KitError(f"The crowd was still there after {timeout:g} s.")
        self._check()
        return self._stats

    def wait_done(self, timeout: float | None = None) -> Stats:
        """Wait for the last report only; the clients may still be saying farewell."""
        self._process.wait_until(lambda: self._done, timeout)
        self._check()
        return self._stats

    def _check(self) -> None:
        if not self._done and not self._process.alive:
            said = "\n".join(line for line in self._process.lines if not line.startswith("{"))
            raise KitError(f"The crowd ended without a result.\n{said}".rstrip())

    def stop(self) -> Stats:
        """Send everybody home, politely; return the totals."""
        self._process.stop(timeout=10)
        return self._stats

    def __enter__(self) -> Crowd:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "here" if self.alive else "gone home"
        return f"{self.clients} clients ({self.behaviour.name}), {state}: {self._stats}"


def start_crowd(
    target: Server | tuple[str, int],
    n: int,
    what: str | Behaviour,
    seconds: float | None,
    **options: Any,
) -> Crowd:
    """Start a crowd at a server or an address (see `crowd` in the notebook's API)."""
    address = target.address if isinstance(target, Server) else target
    return Crowd(address, n, behaviour(what, **options), seconds)
