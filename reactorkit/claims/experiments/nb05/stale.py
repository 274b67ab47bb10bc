"""Stale events: the list of a turn does not know what happened since it was made (C66, G19)."""

from __future__ import annotations

import errno
import fcntl
import selectors
import socket
from collections.abc import Callable, Mapping
from typing import Any

from reactorkit.claims.experiments.nb05 import pictures
from reactorkit.claims.experiments.nb05.selector import DEADLINE, READ, pair
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab import machine

# The connections of this experiment get numbers from here on, which nobody else here is given.
NUMBERS = 600
# Before each call a loop can ask nothing, or something about the event in its hand.
Check = Callable[[selectors.BaseSelector, selectors.SelectorKey], bool]


def ask_nothing(_selector: selectors.BaseSelector, _key: selectors.SelectorKey) -> bool:
    """Call whatever the list says."""
    return True


def ask_for_number(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> bool:
    """Call if a handle with this number is registered."""
    return key.fd in selector.get_map()


def ask_for_handler(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> bool:
    """Call if this very handler is registered under the number."""
    table = selector.get_map()
    return key.fd in table and table[key.fd].data is key.data


LOOPS: dict[str, Check] = {
    "asks nothing": ask_nothing,
    "asks for the number": ask_for_number,
    "asks for the handler": ask_for_handler,
}
CLOSED, REUSED = "A closes B", "A closes B; a newcomer gets B's number"
LEFT_OUT, CALLED = "left out", "EBADF"
STATED = {
    "asks nothing": {CLOSED: CALLED, REUSED: CALLED},
    "asks for the number": {CLOSED: LEFT_OUT, REUSED: CALLED},
    "asks for the handler": {CLOSED: LEFT_OUT, REUSED: LEFT_OUT},
}


class Connection:
    """A handler for the experiment: it reads, and then hangs up on the other one."""

    def __init__(self, world: World) -> None:
        self.far, near = pair(world)
        number = fcntl.fcntl(near.fileno(), fcntl.F_DUPFD_CLOEXEC, NUMBERS)
        self.near = world.enter(socket.socket(fileno=number))
        self.said = ""

    def handle_readable(self) -> None:
        """Read, and write down what recv said."""
        try:
            self.near.recv(100)
            self.said = "reads"
        except OSError as error:
            self.said = errno.errorcode[error.errno or 0]


def stale_events(world: World) -> Evidence:
    """C66: two handles are ready, the first handler closes the second; three loops go on."""
    machine.raise_descriptors(NUMBERS + 100)
    told = {
        name: {
            situation: one_turn(world, check, situation == REUSED) for situation in (CLOSED, REUSED)
        }
        for name, check in LOOPS.items()
    }
    naive = told["asks nothing"][CLOSED]
    return Evidence(
        findings={
            "C66": Finding(
                only_the_careful_loop_is_right(told),
                f"both were ready; after A's handler had closed B, the simple loop called B's "
                f"handler all the same: {naive}; asking for the number first: "
                f"{told['asks for the number'][CLOSED]}, and "
                f"{told['asks for the number'][REUSED]} if a newcomer has got the number; asking "
                f"for the handler: {told['asks for the handler'][REUSED]}",
            )
        },
        data={"told": told},
        picture=pictures.draw_stale,
        caption="Left one turn of the simple loop. Right what a loop may ask before each call.",
        alt="A dialogue: select returns A and B, the loop calls A, A closes B, the loop calls B, "
        "and that fails with EBADF. A table: the loop that asks nothing fails twice, the one that "
        "asks for the number fails when the number is in use again, the third never.",
    )


def one_turn(world: World, may_call: Check, reuse: bool) -> str:
    """Take one turn with two ready connections; return what became of the second one's event."""
    both = (Connection(world), Connection(world))
    with selectors.DefaultSelector() as selector:
        for one in both:
            selector.register(one.near, READ, one)
            one.far.send(b"!")
        events = selector.select(DEADLINE)
        assert len(events) == 2, "both are ready before the wait begins"
        for key, _ in events:
            if not may_call(selector, key):
                return LEFT_OUT
            first: Connection = key.data
            first.handle_readable()
            if first.said != "reads":
                return first.said
            second = next(one for one in both if one is not first)
            hang_up(world, selector, second, reuse)
    return "no second event"


def hang_up(
    world: World, selector: selectors.BaseSelector, second: Connection, reuse: bool
) -> None:
    """Close a connection that is ready as well; with `reuse`, give its number to another one."""
    number = second.near.fileno()
    selector.unregister(second.near)
    second.near.close()
    if reuse:  # what the kernel does by itself when this number is the lowest free one
        newcomer = Connection(world)
        assert newcomer.near.fileno() == number, "somebody else was given the number"
        selector.register(newcomer.near, READ, newcomer)


def only_the_careful_loop_is_right(told: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether each loop did what we state of it."""
    return {name: dict(said) for name, said in told.items()} == STATED
