"""A scene: a question for the class, real servers, a script of real clients, and what it shows.

A scene is data and a few small functions, one file each in scenes/. Each of its steps says what
the presenter does, and holds a check of what must be seen then. The check reads two folded
states, before and after, so it judges a live rehearsal and a recording alike: by counts, by
ratios, by who is alive, never by absolute time.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from reactorkit.demo.play import Play
from reactorkit.errors import KitError, nearest
from reactorkit.trace.shape import State

HERE = Path(__file__).resolve().parent
PATIENCE = 15.0  # seconds that a rehearsal waits for something that must be seen

Record = dict[str, Any]


class NotSeen(Exception):
    """What a step promises is not to be seen (yet); the text says what is seen instead."""


@dataclass(frozen=True)
class Option:
    """One answer of a scene's question. `misconception`: what a wrong one reveals."""

    key: str
    text: str
    right: bool = False
    misconception: str = ""


@dataclass(frozen=True)
class Change:
    """The states of all servers before and after a step, and what a check asks of them."""

    before: Sequence[State]
    after: Sequence[State]

    def grown(self, server: int, total: str) -> int:
        """Return by how much one of a server's totals ("wasted", "sent", ...) has grown."""
        return int(self.after[server]["totals"][total] - self.before[server]["totals"][total])

    def turns(self, server: int) -> int:
        """Return how many turns its loop has taken."""
        return int(self.after[server]["turn"] - self.before[server]["turn"])

    def clients(self, server: int) -> list[Record]:
        """Return the records of the clients that it holds now, longest connected first."""
        return clients_of(self.after[server])

    def moved(self, server: int, what: str) -> list[int]:
        """Return by how much "sent" or "received" has grown, per client that is still there."""
        earlier = self.before[server]["handles"]
        return [
            int(one[what] - earlier.get(f"{one['fd']}#{one['gen']}", {what: 0})[what])
            for one in self.clients(server)
        ]

    def alive(self, server: int) -> bool:
        """Return whether it still runs."""
        return self.after[server]["ended"] is None

    def printed(self, server: int) -> list[str]:
        """Return the lines that it printed meanwhile."""
        skip = len(self.before[server]["log"])
        return [str(line["text"]) for line in self.after[server]["log"][skip:]]


def clients_of(state: State) -> list[Record]:
    """Return the records of the clients in a state, in the order of their descriptors."""
    records = (one for one in state["handles"].values() if one["role"] == "client")
    return sorted(records, key=lambda one: (one["fd"], one["gen"]))


def need(true: object, otherwise: str) -> None:
    """Raise NotSeen with the words `otherwise` unless something is true."""
    if not true:
        raise NotSeen(otherwise)


@dataclass(frozen=True)
class Step:
    """One thing the presenter does.

    label: what is on the button. look: what the class should look at then.
    do: what happens, with real clients. seen: returns in words what is to be seen, or raises
    NotSeen. watch: seconds that have to pass before it can be judged ("nothing happens").
    """

    label: str
    look: str
    do: Callable[[Play], None]
    seen: Callable[[Change], str]
    watch: float = 0.5


@dataclass(frozen=True)
class Scene:
    """A scene. `start()` begins a play of it; the play's `stop()` ends everything.

    look: what to look at. servers: rungs, or files in servers/. labels: what they are called.
    descriptors: how many each server may open. place: its place on the stage. log: what the
    servers print stands open. needs: returns what this machine lacks, in a sentence.
    """

    name: str
    title: str
    question: str
    options: tuple[Option, ...]
    answer: str
    look: str
    servers: tuple[str, ...]
    steps: tuple[Step, ...]
    labels: tuple[str, ...] = ()
    descriptors: int | None = None
    place: int = 0
    log: bool = False
    needs: Callable[[], str] = field(default=lambda: "")

    def start(self) -> Play:
        """Start its servers, watched; KitError says what this machine lacks for it."""
        if lacking := self.needs():
            raise KitError(lacking)
        return Play([target(name) for name in self.servers], descriptors=self.descriptors)

    @property
    def right(self) -> Option:
        """The right answer."""
        return next(option for option in self.options if option.right)

    @property
    def recordings(self) -> list[Path]:
        """The recordings that the kit ships of it, one for each server."""
        folder = HERE / "recordings"
        return [folder / f"{self.name}.{place}.jsonl.gz" for place, _ in enumerate(self.servers, 1)]

    @property
    def run_sheet(self) -> Path:
        """The half page for the presenter."""
        return HERE / "runsheets" / f"scene_{self.name}.md"

    def names(self) -> list[str]:
        """Return what its servers are called on the stage."""
        return list(self.labels) or [Path(name).stem for name in self.servers]


def target(name: str) -> str:
    """Return what `serve` takes: a scene's own server by its file, a rung by its name."""
    own = HERE / "servers" / f"{name}.py"
    return str(own) if own.is_file() else name


@lru_cache(maxsize=1)
def scenes() -> dict[str, Scene]:
    """Return every scene by its name, in the order of the stage."""
    found = []
    for module in pkgutil.iter_modules([str(HERE / "scenes")]):
        found.append(importlib.import_module(f"reactorkit.demo.scenes.{module.name}").SCENE)
    return {scene.name: scene for scene in sorted(found, key=lambda one: one.place)}


def scene(name: str) -> Scene:
    """Return a scene by its name; KitError with the nearest names when there is none."""
    known = scenes()
    if name not in known:
        hint = nearest(name, known) or f" There are {', '.join(known)}."
        raise KitError(f"There is no scene called {name!r}.{hint}")
    return known[name]


def look_at(step: Step, play: Play, before: Sequence[State], patience: float = PATIENCE) -> str:
    """Wait until what a step promises is to be seen; NotSeen when it is not in time."""
    deadline = time.monotonic() + step.watch + patience
    play.pass_time(step.watch)
    while True:
        try:
            return step.seen(Change(before, play.states()))
        except NotSeen:
            if time.monotonic() > deadline:
                raise
        play.pass_time(0.1)


def run(scene: Scene, play: Play) -> Iterator[tuple[Step, str]]:
    """Take every step of a play that has begun; yields each step with what was seen."""
    for step in scene.steps:
        before = play.states()
        play.mark(step.label)
        step.do(play)
        yield step, look_at(step, play, before)
