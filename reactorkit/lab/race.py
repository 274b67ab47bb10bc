"""The same load against several servers, side by side and fairly.

Interleaved A B C, A B C, ...: a slow moment of the machine then hits every server alike, and
comparing within one round cancels it. Each turn starts a fresh server and warms it with one
connection that comes and goes (asyncio's receive buffer is slow until a first disconnect).
"""

from __future__ import annotations

import html
import os
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactorkit.errors import KitError
from reactorkit.lab.behaviours import Behaviour, behaviour
from reactorkit.lab.crowd import Crowd
from reactorkit.lab.machine import scale
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Lap:
    """One server's turn in one round: rates per second, latencies and CPU in seconds."""

    server: str
    rate: float
    p50: float
    p99: float
    cpu_per_request: float
    switches_per_request: float | None
    threads: int
    rss: int


@dataclass(frozen=True)
class Row:
    """One server's medians over all rounds; `ratio` compares with the first, round by round."""

    server: str
    rate: float
    p50: float
    p99: float
    cpu_per_request: float
    switches_per_request: float | None
    threads: int
    ratio: float


@dataclass(frozen=True)
class RaceTable:
    """The result of a race: `rows` in the order of the servers, `laps` as they were run."""

    load: str
    rounds: int
    rows: tuple[Row, ...]
    laps: tuple[Lap, ...]

    HEAD = (
        "server",
        "requests/s",
        "x first",
        "p50 ms",
        "p99 ms",
        "CPU us/request",
        "switches/request",
        "threads",
    )

    def _cells(self) -> list[list[str]]:
        return [
            [
                row.server,
                f"{row.rate:,.0f}",
                f"{row.ratio:.2f}",
                f"{row.p50 * 1e3:.2f}",
                f"{row.p99 * 1e3:.2f}",
                f"{row.cpu_per_request * 1e6:.1f}",
                "unknown"
                if row.switches_per_request is None
                else f"{row.switches_per_request:.2f}",
                str(row.threads),
            ]
            for row in self.rows
        ]

    def __str__(self) -> str:
        table = [list(self.HEAD), *self._cells()]
        widths = [max(len(line[column]) for line in table) for column in range(len(self.HEAD))]
        lines = [
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in table
        ]
        return f"{self._title()}\n" + "\n".join(lines)

    __repr__ = __str__

    def _title(self) -> str:
        if self.rounds == 1:
            return f"{self.load}; “x first” divides by the first server's rate"
        return (
            f"{self.load}; medians of {self.rounds} rounds. "
            "“x first” divides by the first server's rate in the same round"
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:right'>{cell}</th>" for cell in self.HEAD)
        body = "".join(
            "<tr>"
            + "".join(f"<td style='text-align:right'>{html.escape(cell)}</td>" for cell in line)
            + "</tr>"
            for line in self._cells()
        )
        return (
            f"<table><caption>{html.escape(self._title())}</caption><tr>{head}</tr>{body}</table>"
        )

    def plot(self) -> Figure:
        """Return a picture: the CPU time that one request costs, one bar a server."""
        from reactorkit.view.charts import bars

        return bars(
            [row.server for row in self.rows],
            [row.cpu_per_request * 1e6 for row in self.rows],
            ylabel="CPU per request (µs)",
            title=self.load,
        )


def race(
    *servers: str | os.PathLike[str],
    clients: int = 100,
    behaviour: str | Behaviour = "pingpong",
    seconds: float = 1.0,
    rounds: int = 3,
    **options: Any,
) -> RaceTable:
    """Run the same crowd against each server, interleaved, and return a table.

    Arguments:
        servers: names of rungs or files, compared with the first one.
        clients: how many connections. behaviour, options: as for `crowd`; one with round trips.
        seconds: how long each turn lasts. rounds: how often everybody has a turn.

    Raises KitError when a server answers nobody.
    """
    if len(servers) < 2:
        raise KitError('A race needs two servers or more: race("echo_threads", "echo_selectors").')
    if scale() == "quick":
        seconds, rounds = min(seconds, 0.3), min(rounds, 1)
    what = _behaviour(behaviour, **options)
    order = list(servers)
    laps: list[list[Lap]] = [[] for _ in order]
    for _ in range(rounds):
        for place, target in enumerate(order):
            laps[place].append(run_lap(target, clients, what, seconds))
    rows = tuple(_row(own, laps[0]) for own in laps)
    load = f"{clients} client{'' if clients == 1 else 's'}, {what.name}, {seconds:g} s a turn"
    return RaceTable(load, rounds, rows, tuple(lap for own in laps for lap in own))


_behaviour = behaviour


def run_lap(target: str | os.PathLike[str], clients: int, what: Behaviour, seconds: float) -> Lap:
    """Start one server, let the crowd loose on it for `seconds`, and return what was measured."""
    with Server(target) as server:
        warm(server)
        with Crowd(server.address, clients, what, seconds) as visitors:
            before = server.gauges()
            stats = visitors.wait_done(seconds + 30)
            after = server.gauges()
        if not stats.round_trips or stats.p50 is None or stats.p99 is None:
            raise KitError(f"{server.name} answered nobody within {seconds:g} s. {stats}")
        used = after - before
        return Lap(
            server=server.name,
            rate=stats.rate,
            p50=stats.p50,
            p99=stats.p99,
            cpu_per_request=used.cpu_seconds / stats.round_trips,
            switches_per_request=None
            if used.switches is None
            else used.switches / stats.round_trips,
            threads=after.threads,
            rss=after.rss,
        )


def warm(server: Server) -> None:
    """Let one client come, say a word, and leave before anything is measured."""
    with server.connect() as peer:
        peer.echo(b"warm")


def _row(own: list[Lap], first: list[Lap]) -> Row:
    switches = [lap.switches_per_request for lap in own if lap.switches_per_request is not None]
    return Row(
        server=own[0].server,
        rate=statistics.median(lap.rate for lap in own),
        p50=statistics.median(lap.p50 for lap in own),
        p99=statistics.median(lap.p99 for lap in own),
        cpu_per_request=statistics.median(lap.cpu_per_request for lap in own),
        switches_per_request=statistics.median(switches) if switches else None,
        threads=max(lap.threads for lap in own),
        ratio=statistics.median(
            mine.rate / theirs.rate for mine, theirs in zip(own, first, strict=True)
        ),
    )
