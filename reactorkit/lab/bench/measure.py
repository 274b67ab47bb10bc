"""Measure one server under one load, and many in turns.

Interleaved A B C, A B C, ...: a slow moment of the machine hits all alike, and what is compared is
what was measured within one round. Each turn starts a fresh server, lets one client come and go
(asyncio's receive buffer costs three times as much until the first client has left), and keeps the
server on one core and the load on another.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil

from reactorkit.errors import KitError
from reactorkit.lab.bench.cases import MEASURES, Case, Entry, Goal, Load, Measure
from reactorkit.lab.bench.cores import Cores, place
from reactorkit.lab.bench.generator import Generator, generator
from reactorkit.lab.gauges import cpu_seconds
from reactorkit.lab.machine import Disturbance, descriptor_limit, disturbed
from reactorkit.lab.peer import Peer
from reactorkit.lab.process import KeptProcess
from reactorkit.lab.server import Server, python_path

WARM_SECONDS = 0.25
LINE = b'{"user": "early", "text": "good morning"}\n'


@dataclass(frozen=True)
class Lap:
    """One server's turn: answers (chat: deliveries) a second, latencies in seconds, and the price.

    cpu: the server's CPU seconds for each answer. idle_cpu: the share of one core that it used
    while everybody was connected and silent. rss: bytes of memory that each connection added.
    None: not measured. trouble: why there is nothing to tell, or what went wrong.
    """

    rate: float = 0.0
    p50: float | None = None
    p99: float | None = None
    cpu: float | None = None
    idle_cpu: float | None = None
    rss: float | None = None
    wrong: int = 0
    broken: int = 0
    trouble: str = ""


@dataclass
class Row:
    """One entry of a case and all its laps."""

    entry: Entry
    laps: list[Lap] = field(default_factory=list)
    missing: str = ""

    def median(self, measure: Measure) -> float | None:
        """Return the median of a measure over the rounds, None if it was never measured."""
        return median_of([getattr(lap, measure) for lap in self.laps])

    def ratios(self, measure: Measure, other: Row) -> list[float]:
        """Return this row's measure divided by the other's, round by round."""
        # Who is missing has no laps at all.
        rounds = zip(self.laps, other.laps, strict=False)
        pairs = [(getattr(mine, measure), getattr(theirs, measure)) for mine, theirs in rounds]
        return [mine / theirs for mine, theirs in pairs if mine is not None and theirs]

    @property
    def trouble(self) -> str:
        """What went wrong in the first turn where something did."""
        return next((lap.trouble for lap in self.laps if lap.trouble), self.missing)

    @property
    def failed(self) -> bool:
        """Whether something went wrong that was not declared to."""
        return any(lap.trouble for lap in self.laps) and not self.entry.beyond_its_limit


def median_of(values: list[float | None]) -> float | None:
    """Return the median of what there is, None when there is nothing."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


@dataclass
class Result:
    """A case that was measured; `notes` say what has to be known to read it."""

    case: Case
    rounds: int
    rows: list[Row]
    notes: list[str]
    quick: bool = False

    def row(self, label: str) -> Row | None:
        """Return the row of an entry."""
        return next((row for row in self.rows if row.entry.label == label), None)

    def values(self, goal: Goal) -> list[float]:
        """Return what a goal is judged by, one value a round, in the goal's own unit."""
        own, other = self.row(goal.of), self.row(goal.against or goal.of)
        if own is None or other is None or not own.laps or not other.laps:
            return []
        if goal.against is not None:
            return own.ratios(goal.measure, other)
        factor = MEASURES[goal.measure][2]
        found = [getattr(lap, goal.measure) for lap in own.laps]
        return [value * factor for value in found if value is not None]

    def as_plain(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "case": self.case.name,
            "title": self.case.title,
            "rounds": self.rounds,
            "quick": self.quick,
            "notes": self.notes,
            "rows": [
                {
                    "label": row.entry.label,
                    "server": row.entry.server,
                    "load": asdict(row.entry.load),
                    "missing": row.missing,
                    "laps": [asdict(lap) for lap in row.laps],
                }
                for row in self.rows
            ],
        }


def run_case(case: Case, rounds: int, cores: Cores, tell: Callable[[str], None]) -> Result:
    """Measure every entry of a case, in turns; `tell` hears how far it is."""
    made = generator()
    rows = [Row(entry, missing=entry.missing) for entry in case.entries]
    with disturbed() as noise:
        for number in range(rounds):
            for row in rows:
                if not row.missing:
                    tell(f"{case.name}: round {number + 1} of {rounds}, {row.entry.label}")
                    row.laps.append(run_lap(row.entry, case.seconds, made, cores))
    return Result(case, rounds, rows, notes(made, cores, noise))


def notes(made: Generator, cores: Cores, noise: Disturbance) -> list[str]:
    """Return what has to be known to read the figures."""
    found = [made.warning] if made.warning else []
    found.append(f"{cores}.".capitalize())
    if noise.noisy:
        found.append(
            f"NOISY: other programs used {noise.others:.1f} cores meanwhile. Absolute figures say "
            "little, and ratios less than they should."
        )
    return found


def run_lap(entry: Entry, seconds: float, made: Generator, cores: Cores) -> Lap:
    """Start one server, put it under its load, and return what was measured."""
    try:
        with Server(entry.target, descriptors=descriptors(entry.load)) as server:
            greet(server, entry.load)
            return Turn(server, entry.load, seconds, made, cores).lap()
    except (KitError, OSError) as error:
        return Lap(trouble=str(error).split("\n", 1)[0])


def descriptors(load: Load) -> int | None:
    """Return the limit of descriptors that a server needs; None: the usual one is enough."""
    return min(load.connections + 100, descriptor_limit()) if load.connections > 900 else None


def greet(server: Server, load: Load) -> None:
    """Let somebody come, be served and leave in good order, before anything is measured."""
    with Peer(server.address, timeout=10) as first:
        if load.kind == "echo":
            first.echo(b"good morning")
            return
        with Peer(server.address, timeout=10) as second:
            second.send(LINE if load.framed else LINE.strip())
            first.recv()
            if not load.framed:
                second.recv()  # the article's server dies if we leave before it has told us, too
            second.half_close()
            second.recv_to_eof()
            first.half_close()
            first.recv_to_eof()


class Turn:
    """One run of the generator against one server."""

    def __init__(
        self, server: Server, load: Load, seconds: float, made: Generator, cores: Cores
    ) -> None:
        children = psutil.Process(server.pid).children()
        self.serving = children[0] if children else psutil.Process(server.pid)
        self.load, self.seconds = load, seconds
        self.marks: dict[str, tuple[float, int]] = {}  # CPU seconds and memory at each mark
        self.told: dict[str, Any] = {}
        place(self.serving.pid, cores)
        self.mark("start")
        words = self.words(server.port, cores)
        self.process = KeptProcess(
            [*made.command, *words], on_line=self.take, env={"PYTHONPATH": python_path()}
        )

    def words(self, port: int, cores: Cores) -> list[str]:
        """Return the generator's arguments."""
        load = self.load
        want: dict[str, object] = {
            "kind": load.kind,
            "port": port,
            "clients": load.clients,
            "idle": load.idle,
            "flight": load.flight,
            "framed": int(load.framed),
            "size": load.size,
            "seconds": self.seconds,
            "warm": min(WARM_SECONDS, self.seconds),
            "rest": load.rest,
            "pid": self.serving.pid,
        }
        if cores.nice:
            want |= {"nice": cores.nice}
        if cores.load is not None:
            want |= {"core": cores.load, "spin": 1}
        return [f"{name}={value}" for name, value in want.items()]

    def mark(self, name: str) -> None:
        """Remember what the server has used up to now."""
        self.marks[name] = cpu_seconds(self.serving), self.serving.memory_info().rss

    def take(self, stream: str, line: str) -> None:
        """Take a line that the generator has printed."""
        if stream == "out" and line.startswith("{"):
            self.told = json.loads(line)
        elif stream == "out" and (line == "connected" or sys.platform != "linux"):
            # load.c reads the CPU clock itself, at the right moment, where the system lets it.
            try:
                self.mark(line)
            except psutil.NoSuchProcess:
                return  # the server has died; the generator will tell

    def lap(self) -> Lap:
        """Wait for the generator's end, and return what it told."""
        patience = self.seconds + self.load.rest + 90
        if self.process.wait(patience) is None:
            self.process.kill()
            raise KitError(f"The load generator did not end within {patience:.0f} s.")
        told, said = self.told, " ".join(self.process.lines)
        if not told:
            return Lap(trouble=f"Not everybody was served: {said[-200:]}")
        done = told["done"]
        cpu = told["cpu"] if told["cpu"] >= 0 else self.used("begin", "end")
        idle = told["idle_cpu"] if told["idle_cpu"] >= 0 else None
        return Lap(
            rate=done / told["seconds"],
            p50=told["p50"] if done else None,
            p99=told["p99"] if done else None,
            cpu=cpu / done if done and cpu is not None else None,
            idle_cpu=idle / told["rested"] if idle is not None and self.load.rest else None,
            rss=self.grown() / self.load.connections,
            wrong=told["wrong"],
            broken=told["broken"],
            trouble=self.complaint(told),
        )

    def used(self, begin: str, end: str) -> float | None:
        """Return the CPU seconds between two marks."""
        if begin not in self.marks or end not in self.marks:
            return None
        return self.marks[end][0] - self.marks[begin][0]

    def grown(self) -> float:
        """Return the bytes that the server's memory has grown by while everybody came."""
        return float(self.marks.get("connected", self.marks["start"])[1] - self.marks["start"][1])

    @staticmethod
    def complaint(told: dict[str, Any]) -> str:
        """Say what was wrong with the answers, if anything was."""
        if told["wrong"]:
            return f"{told['wrong']} answers were wrong."
        if told["broken"]:
            return f"{told['broken']} connections broke."
        return "" if told["done"] else "Nobody was answered."
