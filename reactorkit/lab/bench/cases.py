"""What is compared with what, under which load, and what was asked of our servers.

Every case is a row of entries that take turns, the first of them ours. A goal is a ratio to another
entry of the same round, or a plain bound; `aim` is what the best design tried so far has reached.
"""

from __future__ import annotations

import select
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from reactorkit import servers
from reactorkit.lab.machine import most_connections

Kind = Literal["echo", "chat"]
Measure = Literal["rate", "p50", "p99", "cpu", "idle_cpu", "rss"]

# What each measure is called, its unit in the tables, and the factor from SI.
MEASURES: dict[Measure, tuple[str, str, float]] = {
    "rate": ("answers a second", "1/s", 1.0),
    "p50": ("half are faster than", "ms", 1e3),
    "p99": ("99 % are faster than", "ms", 1e3),
    "cpu": ("server CPU for each", "µs", 1e6),
    "idle_cpu": ("CPU while all are silent", "%", 1e2),
    "rss": ("memory for each connection", "kB", 1e-3),
}


@dataclass(frozen=True)
class Load:
    """What clients do: see load.c. `size` is the bytes of a request or a line."""

    kind: Kind
    clients: int
    size: int = 64
    idle: int = 0
    flight: int = 1
    framed: bool = True
    rest: float = 0.0

    @property
    def connections(self) -> int:
        """How many connections that are."""
        return self.clients + self.idle

    def __str__(self) -> str:
        many = f"{self.clients:,} client{'' if self.clients == 1 else 's'}"
        idle = f" beside {self.idle:,} silent ones" if self.idle else ""
        flight = f", {self.flight} messages on their way" if self.kind == "chat" else ""
        return f"{many}{idle}, {self.size} bytes{flight}"

    def smaller(self, connections: int) -> Load:
        """Return the same load with at most so many connections; the silent ones go first."""
        idle = max(0, min(self.idle, connections - self.clients))
        return replace(self, idle=idle, clients=min(self.clients, connections))


@dataclass(frozen=True)
class Entry:
    """One server in a case, a rung's name, a file of benchmarks/peers, or a path; and its load."""

    label: str
    server: str
    load: Load

    @property
    def target(self) -> str:
        """What the launcher is given."""
        if self.server.endswith(".py") or self.server in {one.name for one in servers.SERVERS}:
            return self.server
        return str(peers_folder() / f"{self.server}.py")

    @property
    def missing(self) -> str:
        """Why it cannot run here, and what to do, as a sentence; empty: it can."""
        for word, sign in NEEDS.items():
            if word in Path(self.server).stem and (lack := sign.missing):
                return lack.replace(sign.name, self.server, 1)
        if not self.target.endswith(".py"):
            return servers.rung(self.server).missing
        if self.server == "echo_bare" and not hasattr(select, "epoll"):
            return "echo_bare needs epoll, which only Linux has."
        known = Path(self.target).is_file()
        return "" if known else f"{self.target} is not there: it comes with the course's folder."

    @property
    def beyond_its_limit(self) -> bool:
        """Whether it is declared to die of so many connections."""
        known = {one.name: one.descriptor_limit for one in servers.SERVERS}
        limit = known.get(self.server)
        return limit is not None and self.load.connections >= limit


# What a peer needs is what the server in the wild of the same family needs.
NEEDS = {word: servers.rung(f"echo_{word}") for word in ("uvloop", "twisted", "node")}


@dataclass(frozen=True)
class Goal:
    """What was asked: `measure` of the entry `of`, divided by that of `against` if there is one.

    at_least or at_most: the bound. aim: what would be better still, or None.
    """

    measure: Measure
    of: str
    against: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    aim: float | None = None

    def __str__(self) -> str:
        words, unit, _ = MEASURES[self.measure]
        if self.against is None:
            return f"{self.of}: {words}, {unit}"
        return f"{self.of} ÷ {self.against}: {words}"

    @property
    def bound(self) -> float:
        """The bound itself."""
        bound = self.at_least if self.at_least is not None else self.at_most
        assert bound is not None
        return bound

    def reached_by(self, value: float, bound: float | None) -> bool:
        """Return whether a value keeps a bound of this goal's direction."""
        bound = self.bound if bound is None else bound
        return value >= bound if self.at_least is not None else value <= bound


@dataclass(frozen=True)
class Case:
    """Entries that are measured in turns, and the goals for the first of them.

    group: echo, chat or c10k. shown: the measure that the picture draws.
    """

    name: str
    group: str
    title: str
    entries: tuple[Entry, ...]
    goals: tuple[Goal, ...] = ()
    shown: Measure = "rate"
    columns: tuple[Measure, ...] = ("rate", "p50", "p99", "cpu")
    note: str = ""
    seconds: float = field(default=1.0)


def peers_folder() -> Path:
    """Return where the servers lie that exist only to be compared with."""
    return Path(__file__).parents[3] / "benchmarks" / "peers"


def entries(load: Load, **named: str) -> tuple[Entry, ...]:
    """Return entries under one load: label=server."""
    return tuple(Entry(label.replace("_", " "), server, load) for label, server in named.items())


ECHO = {
    "echo_reactor": "echo_reactor",
    "uvloop_Protocol": "echo_uvloop_protocol",
    "asyncio_Protocol": "echo_asyncio_protocol",
    "asyncio_streams": "echo_asyncio",
    "uvloop_streams": "echo_uvloop",
    "Twisted": "echo_twisted",
    "Node.js": "echo_node",
    "echo_threads": "echo_threads",
    "echo_selectors": "echo_selectors",
    "echo_epoll": "echo_epoll",
    "a_bare_loop": "echo_bare",
    "the_same_again": "echo_reactor",
}
CHAT = {
    "chat_reactor": "chat_reactor",
    "uvloop,_a_send_for_each": "chat_uvloop",
    "uvloop,_a_send_a_turn": "chat_uvloop_turn",
    "asyncio,_a_send_for_each": "chat_asyncio",
    "Twisted": "chat_twisted",
    "Node.js": "chat_node",
    "the_same_again": "chat_reactor",
}


def chat_entries(clients: int) -> tuple[Entry, ...]:
    """Return the chat servers; the article's has a format of its own."""
    load = Load("chat", clients, size=110, flight=16)
    article = Entry("chat article", "chat_article", replace(load, framed=False))
    first, *others = entries(load, **CHAT)
    return (first, article, *others)


def idle_entries() -> tuple[Entry, ...]:
    """Return servers with few and with many silent clients."""
    many = {
        "echo_reactor": (10, 100, 1000, 10_000),
        "uvloop_protocol": (10, 10_000),
        "epoll": (10, 10_000),
        "poll": (10, 100, 1000, 10_000),
        "select": (10, 100, 900, 1100),
    }
    found = []
    for word, counts in many.items():
        server = word if word.startswith("echo_") else f"echo_{word}"
        found += [
            Entry(
                f"{server.replace('_', ' ')}, {idle:,} silent", server, Load("echo", 10, idle=idle)
            )
            for idle in counts
        ]
    return tuple(found)


TEN_K = Load("echo", 100, idle=10_000, rest=1.0)

CASES: tuple[Case, ...] = (
    Case(
        "echo-100",
        "echo",
        "Echo, 100 clients, 64 bytes",
        entries(Load("echo", 100), **ECHO),
        (
            Goal("rate", "echo reactor", "uvloop Protocol", at_least=1.0, aim=1.3),
            Goal("rate", "echo reactor", "asyncio streams", at_least=2.0, aim=2.5),
            Goal("rate", "a bare loop", "uvloop Protocol", at_least=1.0, aim=1.3),
            Goal("rate", "a bare loop", "asyncio streams", at_least=2.0, aim=2.5),
        ),
        note="The bare loop is asked the same: what it does not reach, no Python can reach here. "
        "What it has over echo_reactor is the price of handlers, buffers and back-pressure.",
    ),
    Case(
        "echo-1000",
        "echo",
        "Echo, 1,000 clients, 64 bytes",
        entries(
            Load("echo", 1000),
            **{label: name for label, name in ECHO.items() if label != "the_same_again"},
        ),
        (Goal("rate", "echo reactor", "uvloop Protocol", at_least=0.93, aim=1.15),),
    ),
    Case(
        "echo-1",
        "echo",
        "Echo, one client, 64 bytes: to sleep, or to spin for a moment",
        entries(
            Load("echo", 1, rest=1.0),
            echo_reactor_that_spins="echo_reactor_spin",
            echo_reactor="echo_reactor",
            uvloop_Protocol="echo_uvloop_protocol",
            asyncio_streams="echo_asyncio",
            echo_busywait="echo_busywait",
        ),
        (
            Goal("rate", "echo reactor that spins", "uvloop Protocol", at_least=2.0, aim=2.4),
            Goal("idle_cpu", "echo reactor that spins", at_most=1.0),
        ),
        columns=("rate", "p50", "p99", "cpu", "idle_cpu"),
    ),
    Case(
        "echo-1k",
        "echo",
        "Echo, one client, 1,024 bytes: nobody waits for an acknowledgement",
        entries(
            Load("echo", 1, size=1024),
            echo_reactor="echo_reactor",
            uvloop_Protocol="echo_uvloop_protocol",
            echo_as_in_the_documentation="echo_docs",
        ),
        (
            Goal("p99", "echo reactor", at_most=40.0),
            Goal("rate", "echo reactor", "echo as in the documentation", at_least=100, aim=500),
        ),
        shown="p50",
    ),
    Case(
        "chat-100",
        "chat",
        "Chat, 100 members, 16 messages on their way",
        chat_entries(100),
        (
            Goal("rate", "chat reactor", "chat article", at_least=10, aim=13),
            Goal("rate", "chat reactor", "uvloop, a send a turn", at_least=0.9),
            Goal("rate", "chat reactor", "uvloop, a send for each", at_least=6, aim=7),
        ),
    ),
    Case(
        "chat-1000",
        "chat",
        "Chat, 1,000 members, 16 messages on their way",
        chat_entries(1000),
        (
            Goal("rate", "chat reactor", "chat article", at_least=15, aim=19),
            Goal("p99", "chat reactor", "chat article", at_most=0.1, aim=1 / 12),
            Goal("rate", "chat reactor", "uvloop, a send a turn", at_least=0.9, aim=1.0),
        ),
    ),
    Case(
        "c10k",
        "c10k",
        "10,000 silent clients and 100 that talk",
        (
            *entries(
                TEN_K,
                echo_reactor="echo_reactor",
                uvloop_Protocol="echo_uvloop_protocol",
                asyncio_streams="echo_asyncio",
                echo_threads="echo_threads",
                **{"Node.js": "echo_node"},
            ),
            Entry("echo reactor, 10 silent", "echo_reactor", replace(TEN_K, idle=10)),
        ),
        (
            Goal("rss", "echo reactor", at_most=0.5),
            Goal("cpu", "echo reactor", "echo reactor, 10 silent", at_most=1.1),
            Goal("idle_cpu", "echo reactor", at_most=0.1),
        ),
        columns=("rate", "p50", "p99", "cpu", "idle_cpu", "rss"),
    ),
    Case(
        "silent",
        "c10k",
        "What silent clients cost the ten that talk",
        idle_entries(),
        (
            Goal("cpu", "echo reactor, 10,000 silent", "echo reactor, 10 silent", at_most=1.1),
            Goal("cpu", "echo poll, 10,000 silent", "echo poll, 10 silent", at_least=20),
        ),
        shown="cpu",
        columns=("rate", "p99", "cpu"),
        note="echo_select dies at descriptor 1024, so it is missing where 1,100 are silent.",
    ),
)


def quick(case: Case) -> Case:
    """Return a case at the size of a test: it shows that everything works, and measures nothing."""
    small = tuple(
        replace(
            one,
            load=replace(
                one.load.smaller(60),
                clients=min(one.load.clients, 20),
                flight=min(one.load.flight, 4),
                rest=min(one.load.rest, 0.05),
            ),
        )
        for one in case.entries
    )
    return replace(case, entries=small, goals=(), seconds=0.1)


def fitting(case: Case) -> tuple[Case, str]:
    """Return a case that this machine's limit of descriptors allows, and what was cut."""
    most = most_connections()
    largest = max(one.load.connections for one in case.entries)
    if largest <= most:
        return case, ""
    cut = tuple(replace(one, load=one.load.smaller(most)) for one in case.entries)
    words = (
        f"One process may hold {most:,} connections here, so there are {most:,} instead of "
        f"{largest:,}: `python -m reactorkit doctor` tells the limit."
    )
    return replace(case, entries=cut), words
