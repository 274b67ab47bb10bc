"""Which calls this system has, and the one kind that answers another question (C36, C47 to C53)."""

from __future__ import annotations

import asyncio
import asyncio.base_events
import asyncio.proactor_events
import asyncio.selector_events
import inspect
import queue
import select
import selectors
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from reactorkit.claims.experiments.nb04 import pictures, sketches
from reactorkit.claims.experiments.nb04.kernel import DEADLINE, Queue, pair
from reactorkit.claims.world import Evidence, Finding, World

WORD = b"hello"

# The names in `select`, the class in `selectors` that stands on each, and where it is at home.
CALLS = {
    "select": ("SelectSelector", "nearly everywhere"),
    "poll": ("PollSelector", "Unix systems"),
    "epoll": ("EpollSelector", "Linux"),
    "kqueue": ("KqueueSelector", "macOS, BSD"),
    "devpoll": ("DevpollSelector", "Solaris"),
}


def calls_of_this_system(world: World) -> Evidence:
    """Ask Python which calls it has here, and look for completion ports among them."""
    present = {name: hasattr(select, name) for name in CALLS}
    source = inspect.getsource(selectors)
    known = {name: f"class {cls}(" in source for name, (cls, _) in CALLS.items()}
    suspects = completion_names([*dir(select), *dir(selectors)])
    classes = sorted(
        name.removesuffix("Selector")
        for name, value in vars(selectors).items()
        if inspect.isclass(value)
        and issubclass(value, selectors.BaseSelector)
        and name in {cls for cls, _ in CALLS.values()}
    )
    proactor_apart = not issubclass(
        asyncio.proactor_events.BaseProactorEventLoop,
        asyncio.selector_events.BaseSelectorEventLoop,
    )
    here = ", ".join(name for name, yes in present.items() if yes)
    return Evidence(
        findings={
            "C47": Finding(select_and_a_better_one(present), f"{sys.platform} has {here}"),
            "C50": _elsewhere(
                "kqueue", known, reports(world) if present["kqueue"] else None, "macOS and the BSDs"
            ),
            "C51": Finding(
                not suspects and proactor_apart,
                f"selectors here: {', '.join(classes)}; names about completion in select and "
                f"selectors: {len(suspects)}; asyncio's proactor loop is a class of its own, "
                "not a selector loop",
            ),
            "C52": _elsewhere("devpoll", known, present["devpoll"] or None, "Solaris"),
        },
        data={"present": present, "known": known, "platform": sys.platform},
        picture=pictures.draw_calls,
        caption="One module, five calls: your system has some of them. None is a completion port.",
        alt="A table of select, poll, epoll, kqueue and devpoll: whether this Python has each, the "
        "class in selectors that stands on it, and the systems it belongs to.",
    )


def _elsewhere(name: str, known: Mapping[str, bool], works: bool | None, home: str) -> Finding:
    """Return what can be said about a call that belongs to other systems than this one, mostly."""
    if works is not None:
        return Finding(works, f"select.{name} exists here ({sys.platform})")
    source = "has" if known[name] else "does not have"
    return Finding(
        None,
        f"select.{name} does not exist here ({sys.platform}); the source of this Python's "
        f"selectors {source} a class for it",
        f"A call of {home} can only be tried there. That it is missing here proves nothing "
        "about another system.",
    )


def reports(world: World) -> bool:
    """Return whether this system's kernel queue reports a socket that has data."""
    far, near = pair(world)
    far.send(b"!")
    with Queue() as watched:
        watched.add(near.fileno())
        return watched.wait(DEADLINE) == [near.fileno()]


def completion_names(names: Sequence[str]) -> list[str]:
    """Return those names that could stand for completion ports."""
    return [name for name in names if "iocp" in name.lower() or "complet" in name.lower()]


def select_and_a_better_one(present: Mapping[str, bool]) -> bool:
    """Return whether select is there, and one of the calls made to replace it."""
    return present["select"] and any(yes for name, yes in present.items() if name != "select")


# --- C36, C53 ------------------------------------------------------------------------------


def readiness_or_completion(world: World) -> Evidence:
    """Receive the same word twice: waiting for readiness, and waiting for completion."""
    ready, done = by_readiness(world), by_completion(world)
    met = order_is_swapped(ready["steps"], done["steps"])
    held = met and ready["in_buffer"] == 0 and done["in_buffer"] == len(WORD)
    return Evidence(
        findings={
            "C36": Finding(
                held,
                f"when the wait returned, our buffer held {ready['in_buffer']} bytes with "
                f"readiness and {done['in_buffer']} with completion",
            ),
            "C53": Finding(
                held,
                f"readiness: {' then '.join(ready['steps'])}; "
                f"completion: {' then '.join(done['steps'])}",
            ),
        },
        data={"readiness": ready, "completion": done, "bytes": len(WORD)},
        picture=sketches.draw_two_waits,
        caption="Left you are told that you may read. Right you are told that it has been read.",
        alt="Two dialogues between a program and the system. With readiness: wait, the answer is "
        "that the socket is ready, read, bytes. With completion: start the read into a buffer, "
        "wait, the answer is that the bytes are in the buffer.",
    )


def by_readiness(world: World) -> dict[str, Any]:
    """Wait until the socket is ready, then read: what a reactor does."""
    far, near = pair(world)
    buffer, steps = bytearray(len(WORD)), []
    late = threading.Timer(0.05, far.sendall, [WORD])
    world.defer(late.cancel)
    late.start()
    steps.append("wait")
    select.select([near], [], [], DEADLINE)
    in_buffer = len(buffer.rstrip(b"\0"))
    steps.append("read")
    near.recv_into(buffer)
    late.join()
    return {"steps": steps, "in_buffer": in_buffer}


def by_completion(world: World) -> dict[str, Any]:
    """Start the read, then wait until it has finished: what a proactor does.

    A worker thread plays the part of the system that carries the read out.
    """
    far, near = pair(world)
    near.settimeout(DEADLINE)  # the worker ends, whatever happens here
    buffer, steps = bytearray(len(WORD)), []
    port: queue.Queue[int] = queue.Queue()
    steps.append("start the read")
    worker = threading.Thread(target=_carry_out, args=(near, buffer, port), daemon=True)
    worker.start()
    late = threading.Timer(0.05, far.sendall, [WORD])
    world.defer(late.cancel)
    late.start()
    steps.append("wait")
    port.get(timeout=DEADLINE)
    in_buffer = len(buffer.rstrip(b"\0"))
    worker.join()
    late.join()
    return {"steps": steps, "in_buffer": in_buffer}


def _carry_out(sock: socket.socket, buffer: bytearray, port: queue.Queue[int]) -> None:
    port.put(sock.recv_into(buffer))


def order_is_swapped(readiness: Sequence[str], completion: Sequence[str]) -> bool:
    """Return whether reading follows the wait with readiness, and starts before it otherwise."""
    return (
        list(readiness) == ["wait", "read"]
        and completion.index("start the read") < completion.index("wait")
        and "read" not in completion[completion.index("wait") :]
    )
