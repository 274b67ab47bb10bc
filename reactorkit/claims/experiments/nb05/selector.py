"""What a selector is and does, looked at in this process (C54 to C58, C64, C84, C85)."""

from __future__ import annotations

import ast
import asyncio
import functools
import select
import selectors
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reactorkit.claims.experiments.nb05 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.sources import resolve

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
DEADLINE = 5.0


def pair(world: World) -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets that close with the experiment."""
    one, other = socket.socketpair()
    return world.enter(one), world.enter(other)


# --- C57: the misuses ----------------------------------------------------------------------

MISUSES = {
    "register it twice": "KeyError",
    "unregister it twice": "KeyError",
    "modify it, unregistered": "KeyError",
    "register it for no event": "ValueError",
    "register it when it is closed": "ValueError",
}


def misuses(world: World) -> Evidence:
    """C57: use a selector wrongly, in each way that its documentation knows, and then rightly."""
    told = {}
    for name in MISUSES:
        with selectors.DefaultSelector() as selector:
            told[name] = outcome(misuse(name, selector, pair(world)[0]))
    with selectors.DefaultSelector() as selector:
        told["register, modify, unregister"] = outcome(right_use(selector, pair(world)[0]))
    abstract = outcome(selectors.BaseSelector)
    return Evidence(
        findings={
            "C57": Finding(
                refused_as_stated(told, abstract),
                "; ".join(f"{name}: {said}" for name, said in told.items())
                + f"; BaseSelector itself cannot be made: {abstract}",
            )
        },
        data={"told": told},
        picture=pictures.draw_misuses,
        caption="Each handle stands in the table once. What the table cannot do, it refuses.",
        alt="A table of five wrong uses of a selector and the exception that each raises, and the "
        "right use, which raises none.",
    )


def misuse(
    name: str, selector: selectors.BaseSelector, sock: socket.socket
) -> Callable[[], object]:
    """Return the call that is wrong, with everything before it done."""
    if name == "register it when it is closed":
        sock.close()
        return functools.partial(selector.register, sock, READ)
    if name == "register it for no event":
        return functools.partial(selector.register, sock, 0)
    if name == "modify it, unregistered":
        return functools.partial(selector.modify, sock, WRITE)
    selector.register(sock, READ)
    if name == "register it twice":
        return functools.partial(selector.register, sock, WRITE)
    selector.unregister(sock)
    return functools.partial(selector.unregister, sock)


def right_use(selector: selectors.BaseSelector, sock: socket.socket) -> Callable[[], object]:
    """Return the three calls in their order, as one."""

    def use() -> None:
        selector.register(sock, READ)
        selector.modify(sock, READ | WRITE)
        selector.unregister(sock)

    return use


def outcome(call: Callable[[], object]) -> str:
    """Return "works", or the name of the exception that the call raises."""
    try:
        call()
    except (KeyError, ValueError, TypeError) as error:
        return type(error).__name__
    return "works"


def refused_as_stated(told: Mapping[str, str], abstract: str) -> bool:
    """Return whether every misuse was refused with its exception, and the right use was not."""
    refused = {name: said for name, said in told.items() if said != "works"}
    return refused == MISUSES and abstract == "TypeError"


# --- C64: who calls? -----------------------------------------------------------------------


def who_calls(world: World) -> Evidence:
    """C64: register a function, let its socket become ready, and count the calls at each step."""
    far, near = pair(world)
    calls: list[object] = []
    counted: dict[str, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(near, READ, calls.append)
        counted["register"] = len(calls)
        far.send(b"!")
        counted["a byte arrives"] = len(calls)
        events = selector.select(DEADLINE)
        counted["select returns"] = len(calls)
        for key, _ in events:
            key.data(key.fileobj)
        counted["key.data(key.fileobj)"] = len(calls)
    return Evidence(
        findings={
            "C64": Finding(
                only_the_loop_calls(list(counted.values()), len(events)),
                f"select returned {len(events)} event; the function had been called "
                f"{counted['select returns']} times by then, and "
                f"{counted['key.data(key.fileobj)']} time after our own line called it",
            )
        },
        data={"counted": counted},
        picture=pictures.draw_calls,
        caption="The selector keeps the function and gives it back. The last line calls it.",
        alt="Four steps from register to our own call, each with the number of calls so far: none, "
        "none, none, one.",
    )


def only_the_loop_calls(counted: Sequence[int], events: int) -> bool:
    """Return whether nothing was called until the very last step, though there was an event."""
    return events == 1 and list(counted) == [0, 0, 0, 1]


# --- C84, C85: what may be stored ------------------------------------------------------------


class Session:
    """A server's memory of one client, for the experiment."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, sock: socket.socket) -> str:
        """Return whose session it is."""
        return f"{self.name} reads from {sock.fileno()}"


def anything_as_data(world: World) -> Evidence:
    """C84, C85: store five kinds of objects, and see what comes back; then call a bound method."""
    ann = Session("Ann")
    read: Any = ann.read
    stored: dict[str, Any] = {
        "a dict": {"user": "Ann"},
        "a tuple": (ann, 7),
        "a partial": functools.partial(Session.read, ann),
        "a session": ann,
        "a bound method": read,
    }
    same = {name: comes_back(world, data) is data for name, data in stored.items()}
    sock = pair(world)[0]
    method = {
        "read.__self__ is ann": read.__self__ is ann,
        "it knows ann when called": read(sock) == ann.read(sock) == Session.read(ann, sock),
        "ann.read == ann.read": read == ann.read,
        "ann.read is ann.read": read is ann.read,
    }
    return Evidence(
        findings={
            "C84": Finding(
                all(same.values()),
                "; ".join(
                    f"{name}: {'the same object' if yes else 'ANOTHER object'} came back"
                    for name, yes in same.items()
                ),
            ),
            "C85": Finding(
                holds_its_object(method),
                "; ".join(f"{name}: {yes}" for name, yes in method.items()),
            ),
        },
        data={"same": same, "method": method},
        picture=pictures.draw_data,
        caption="What goes in comes out, whatever it is. A bound method brings its object along.",
        alt="A list of objects that were stored as data and came back as themselves, and of four "
        "statements about a bound method, of which only the last one, about is, is not true.",
    )


def comes_back(world: World, data: Any) -> Any:
    """Register a socket with this data, make it ready, and return what the event holds."""
    far, near = pair(world)
    with selectors.DefaultSelector() as selector:
        selector.register(near, READ, data)
        far.send(b"!")
        ((key, _),) = selector.select(DEADLINE)
        return key.data


def holds_its_object(method: Mapping[str, bool]) -> bool:
    """Return whether a bound method is as we say: holds its object, equal, and not identical."""
    return list(method.values()) == [True, True, True, False]


# --- C54 to C56: the modules -----------------------------------------------------------------

# From the most to the least preferred (Lib/selectors.py); the first three never meet.
ORDER = ("epoll", "kqueue", "devpoll", "poll", "select")
HOMES = {"epoll": ("linux",), "kqueue": ("darwin", "freebsd"), "devpoll": ("sunos",)}


def modules_and_classes(world: World) -> Evidence:
    """C54 to C56: which calls are here, which class is the default, and what asyncio waits with."""
    world.check_stop()
    present = {name: hasattr(select, name) for name in ORDER}
    default = selectors.DefaultSelector.__name__
    loop = asyncio.SelectorEventLoop()
    try:
        inside = type(loop._selector).__name__  # type: ignore[attr-defined]  # no public name
    finally:
        loop.close()
    expected = first_of(present)
    here = ", ".join(f"select.{name}" for name in reversed(ORDER) if present[name])
    return Evidence(
        findings={
            "C54": Finding(
                inside == default,
                f"select and selectors are here; an asyncio loop holds a {inside}, and "
                f"DefaultSelector is {default}",
            ),
            "C55": Finding(as_documented(present, sys.platform), f"{sys.platform} has {here}"),
            "C56": Finding(
                default == expected,
                f"DefaultSelector is {default}; the first of the order that is here: {expected}",
            ),
        },
        data={"present": present, "default": default, "inside": inside, "platform": sys.platform},
        picture=pictures.draw_modules,
        caption="The order of preference, from above. The first that is here is the default.",
        alt="The five calls in the order of preference: whether this system has each, the class "
        "of selectors that stands on it, and which class is the default and which asyncio uses.",
    )


def class_on(call: str) -> str:
    """Return the name of the selector class that stands on a call."""
    return f"{call.capitalize()}Selector"


def first_of(present: Mapping[str, bool]) -> str:
    """Return the class that stands on the first call of the order that is here."""
    return class_on(next(name for name in ORDER if present[name]))


def as_documented(present: Mapping[str, bool], platform: str) -> bool:
    """Return whether select is here, and of the special calls those that belong to this system."""
    at_home = {name: platform.startswith(homes) for name, homes in HOMES.items()}
    return present["select"] and all(present[name] for name, here in at_home.items() if here)


# --- C58: lists, or a selector -----------------------------------------------------------------


def lists_or_selector(world: World) -> Evidence:
    """C58: talk to a server on select and to one on selectors, and read what each hands over."""
    answers, handed = {}, {}
    for name, call in (("echo_select", "select.select"), ("echo_selectors", "selector.select")):
        with world.serve(name) as server, server.connect() as ann, server.connect() as bob:
            ann.echo(b"hello")
            bob.echo(b"hello to you")
            answers[name] = 2
        handed[name] = arguments_of(resolve(name).read_text(encoding="utf-8"), call)
    return Evidence(
        findings={
            "C58": Finding(
                saves_the_lists(answers, handed),
                "; ".join(
                    f"{name} answered {answers[name]} of 2 clients and hands "
                    f"{handed[name]} lists to each wait"
                    for name in answers
                ),
            )
        },
        data={"answers": answers, "handed": handed},
        picture=pictures.draw_lists,
        caption="The same service. One brings its lists to every wait, the other left them there.",
        alt="Two bars: the lists that echo_select hands over with every wait, and none for "
        "echo_selectors.",
    )


def arguments_of(source: str, call: str) -> int:
    """Return with how many arguments a call such as "select.select" stands in the source."""
    found = [
        len(node.args)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(call)
    ]
    return found[0] if found else -1


def saves_the_lists(answers: Mapping[str, int], handed: Mapping[str, int]) -> bool:
    """Return whether both answer everybody, and only the one on select hands over its lists."""
    served = all(count == 2 for count in answers.values())
    return served and handed["echo_select"] == 3 and handed["echo_selectors"] == 0
