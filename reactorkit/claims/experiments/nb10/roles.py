"""The participants of the pattern, found in running servers (C110 to C112, C114, C117, C118, C120).

Each server runs in a process of its own with a witness beside it (witness.py), which saw who
called whom and who holds a reference to whom.
"""

from __future__ import annotations

import html
import json
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb10 import diagrams, pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.server import python_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Story = Sequence[Sequence[str]]
ROLES = {
    "handle": "Handle",
    "demultiplexer": "Synchronous Event Demultiplexer",
    "dispatcher": "Initiation Dispatcher",
    "interface": "Event Handler",
    "handlers": "Concrete Event Handlers",
}
METHODS = ("accept", "read", "write", "read_and_write")  # what the article counts as handlers


@dataclass(frozen=True)
class Anatomy:
    """What a witness saw of one server: `seen` is its report."""

    name: str
    seen: Mapping[str, Any]

    @cached_property
    def participants(self) -> dict[str, str]:
        """Role to what plays it here, in words; "" where nothing was found."""
        handles = self.seen["handles"]
        families = sorted({name for name in self.seen["handlers"].values() if name})
        return {
            "handle": ", ".join(_counted(kind, n) for kind, n in handles.items()),
            "demultiplexer": self.seen["demultiplexer"],
            "dispatcher": self.seen["loop"],
            "interface": families[0] if families else f"f({', '.join(self.seen['takes'])})",
            "handlers": ", ".join(self.handlers),
        }

    @property
    def handlers(self) -> list[str]:
        """The handlers that were ever registered, in the order in which they came."""
        return list(self.seen["registered"])

    @property
    def found(self) -> int:
        """How many of the five participants there are."""
        return sum(bool(words) for words in self.participants.values())

    def calls_from(self, caller: str) -> int:
        """Return how often a handler was called by a method of this class."""
        return sum(
            count
            for source, target, count in self.seen["calls"]
            if source.startswith(f"{caller}.") and self._is_handler(target)
        )

    def called(self, method: str, *, by_loop: bool) -> int:
        """Return how often a method was called, by the loop or by somebody else."""
        return sum(
            count
            for source, target, count in self.seen["calls"]
            if target.rpartition(".")[2] == method and (source == self.seen["loop"]) == by_loop
        )

    def _is_handler(self, target: str) -> bool:
        owner, _, method = target.rpartition(".")
        return method in self.handlers or (owner in self.handlers and method.startswith("handle_"))

    def reference(self, source: str, target: str) -> str:
        """Return the name of the attribute by which one role holds another; "" for none."""
        names = [
            name for one, name, other in self.seen["references"] if (one, other) == (source, target)
        ]
        names.sort(key=lambda name: name.startswith("_"))  # what is meant for others comes first
        return names[0] if names else ""

    def plot(self) -> Figure:
        """Return the class diagram."""
        return diagrams.draw_anatomy(self)

    def __str__(self) -> str:
        lines = [f"{ROLES[role]:32} {words}" for role, words in self.participants.items()]
        return "\n".join([f"{self.name}, while it ran:", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        caption = "Each box is an object that was there, each arrow a reference or a call."
        return still.html(self.plot(), str(self), caption)


def _counted(kind: str, n: int) -> str:
    return f"{n} {kind}{'s' * (n != 1)}"


@dataclass(frozen=True)
class Participants:
    """The participants of several servers, side by side; shows itself as a table."""

    anatomies: Sequence[Anatomy]

    def __str__(self) -> str:
        return "\n\n".join(str(one) for one in self.anatomies)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        style = "style='text-align:left'"
        names = "".join(f"<th {style}>{html.escape(one.name)}</th>" for one in self.anatomies)
        rows = "".join(
            f"<tr><th {style}>{words}</th>"
            + "".join(
                f"<td {style}>{html.escape(one.participants[role])}</td>" for one in self.anatomies
            )
            + "</tr>"
            for role, words in ROLES.items()
        )
        return f"<table><tr><th></th>{names}</tr>{rows}</table>"


def anatomy(name: str) -> Anatomy:
    """Run a server of the ladder on `selectors` beside a witness; return what it saw.

    Raises KitError when the server cannot be witnessed.
    """
    command = [sys.executable, "-P", "-m", "reactorkit.claims.experiments.nb10.witness", name]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            env={**_environment(), "PYTHONPATH": python_path()},
        )
    except subprocess.TimeoutExpired as error:
        raise KitError(f"{name} could not be looked at within 60 s. Run it again.") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise KitError(f"{name} could not be looked at: {last}.")
    return Anatomy(name, json.loads(done.stdout.strip().splitlines()[-1]))


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


def participants(*names: str) -> Participants:
    """Return who plays which role in each of these servers, as a table."""
    return Participants([anatomy(name) for name in names])


# --- C112: the handlers of a chat ----------------------------------------------------------


def handlers_of_a_chat(world: World) -> Evidence:
    """C112: write down every callback that the article's chat registers in a conversation."""
    world.check_stop()
    chat = anatomy("chat_article")
    table = {
        method: [
            chat.seen["registered"].get(method, 0),
            chat.called(method, by_loop=True),
            chat.called(method, by_loop=False),
        ]
        for method in METHODS
    }
    return Evidence(
        findings={
            "C112": Finding(
                three_registered(table),
                "; ".join(
                    f"{method}: {registered} registrations, {loop} calls by the loop, {others} by "
                    "another method"
                    for method, (registered, loop, others) in table.items()
                ),
            )
        },
        data={"table": table},
        picture=pictures.draw_handlers,
        caption="A handler is what is registered. One of the four never is.",
        alt="A table of accept, read, write and read_and_write: how often each was registered, "
        "called by the loop, and called by another method. write was never registered.",
    )


def three_registered(table: Mapping[str, Sequence[int]]) -> bool:
    """Return whether three of the four were registered and called by the loop, and one neither."""
    handlers = {name for name, (registered, loop, _) in table.items() if registered and loop}
    neither = {name for name, (registered, loop, _) in table.items() if not registered + loop}
    return len(handlers) == 3 and neither == {"write"} and table["write"][2] > 0


# --- C117: the order of things ---------------------------------------------------------------


def order_of_a_line(world: World) -> Evidence:
    """C117: follow chat_reactor from its start to a client's first line."""
    world.check_stop()
    chat = anatomy("chat_reactor")
    story = [tuple(step) for step in chat.seen["story"]]
    steps = until_first_call(story, "Member")
    return Evidence(
        findings={
            "C117": Finding(
                in_order(story, "Member"),
                "; ".join(f"{kind} {words}" for kind, words in steps)
                + f"; all handlers were called from {chat.seen['loop']}",
            )
        },
        data={
            "steps": [list(step) for step in steps],
            "dispatcher": chat.seen["dispatcher"],
            "demultiplexer": chat.seen["demultiplexer"],
        },
        picture=pictures.draw_order,
        caption="Whom to call is known before there is anything to call for.",
        alt="A dialogue between dispatcher, demultiplexer and handlers: register, select returns, "
        "a handler is called, which registers another, and so on to the client's first line.",
    )


def until_first_call(story: Story, handler: str) -> list[tuple[str, str]]:
    """Return the story up to the first call of a handler of this class."""
    steps = []
    for kind, words in story:
        steps.append((kind, words))
        if kind == "calls" and words.startswith(f"{handler}."):
            break
    return steps


def in_order(story: Story, handler: str) -> bool:
    """Return whether its registration comes first, then a return of select, then its call."""
    kinds = [tuple(step) for step in story]
    calls = [
        n
        for n, (kind, words) in enumerate(kinds)
        if kind == "calls" and words.startswith(f"{handler}.")
    ]
    if not calls or ("register", handler) not in kinds:
        return False
    registered = kinds.index(("register", handler))
    return any(kind == "select returns" for kind, _ in kinds[registered : calls[0]])


# --- C118: who is the dispatcher? --------------------------------------------------------------

LOOP_NAMES = ("run", "run_forever", "serve_forever", "loop", "dispatch", "handle_events")


def who_is_the_dispatcher(world: World) -> Evidence:
    """C118: count who calls the handlers of the article's chat, and look for a loop."""
    world.check_stop()
    chat = anatomy("chat_article")
    demultiplexer, dispatcher = chat.seen["demultiplexer"], chat.seen["dispatcher"]
    loops = [name for name in LOOP_NAMES if hasattr(selectors.DefaultSelector, name)]
    calls = {demultiplexer: chat.calls_from(demultiplexer), dispatcher: chat.calls_from(dispatcher)}
    own = sum(
        count
        for source, target, count in chat.seen["calls"]
        if source == chat.seen["loop"] and chat._is_handler(target)
    )
    return Evidence(
        findings={
            "C118": Finding(
                the_loop_dispatches(loops, calls[demultiplexer], own),
                f"{demultiplexer} has no method that runs a loop, and called {calls[demultiplexer]}"
                f" handlers; {chat.seen['loop']} called {own}",
            )
        },
        data={"seen": dict(chat.seen), "own": own, "by_selector": calls[demultiplexer]},
        picture=diagrams.draw_wrong_and_right,
        caption="Left the roles as the article gives them, right as they were found at work.",
        alt=f"Two diagrams. On the left DefaultSelector is the dispatcher and calls four handlers: "
        f"crossed out, {calls[demultiplexer]} calls, and write was never registered. On the right "
        f"{chat.seen['loop']} asks {demultiplexer}, and makes all {own} calls of three handlers.",
    )


def the_loop_dispatches(loops: Sequence[str], by_selector: int, by_loop: int) -> bool:
    """Return whether the selector has no loop and called nobody, and the loop called somebody."""
    return not loops and by_selector == 0 and by_loop > 0


# --- C110, C111, C114, C120: the five, and how they are connected --------------------------------


def five_participants(world: World) -> Evidence:
    """C110, C111, C114, C120: find the five in the article's chat and in the kit's."""
    world.check_stop()
    article = anatomy("chat_article")
    world.check_stop()
    ours = anatomy("chat_reactor")
    kinds = list(article.seen["handles"])
    arrows = {f"{a} → {b}": ours.reference(a, b) for a, b in diagrams.ARROWS}
    return Evidence(
        findings={
            "C110": Finding(article.found == 5, _told(article)),
            "C111": Finding(
                nouns_are_there(ours),
                f"{ours.seen['clients']} concurrent clients; {_told(ours)}",
            ),
            "C114": Finding(
                sorted(kinds) == ["connection", "listener"],
                f"kinds of handles in the table: {', '.join(kinds)}",
            ),
            "C120": Finding(
                ours.found == 5 and all(arrows.values()),
                "; ".join(f"{way}: {name or 'NO REFERENCE'}" for way, name in arrows.items()),
            ),
        },
        data={"name": ours.name, "seen": dict(ours.seen)},
        picture=lambda data: diagrams.draw_anatomy(Anatomy(data["name"], data["seen"])),
        caption="Drawn from the objects of a running chat_reactor: each arrow has its attribute.",
        alt="A class diagram: "
        + "; ".join(f"{ROLES[role]}: {words}" for role, words in ours.participants.items())
        + ". References: "
        + ", ".join(f"{way} by {name}" for way, name in arrows.items())
        + ".",
    )


def _told(one: Anatomy) -> str:
    return f"{one.found} of 5 in {one.name}: " + "; ".join(one.participants.values())


def nouns_are_there(ours: Anatomy) -> bool:
    """Return whether requests were concurrent, and each service has a handler of its own."""
    services = {"Acceptor", "Member"}
    return ours.found == 5 and ours.seen["clients"] > 1 and services <= set(ours.handlers)
