"""Four kinds of standard input, under the calls that could watch them (C102)."""

from __future__ import annotations

import os
import pty
import select
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb04.kernel import QUEUE, Queue
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PIPE, TERMINAL, FILE, NOTHING = "a pipe", "a terminal", "a regular file", "/dev/null"


def four_inputs(world: World) -> Evidence:
    """Put a line into each kind of input that has a place for one, and ask every call."""
    table = {
        name: {call: ask(fd) for call, ask in ASK.items()} for name, fd in inputs(world).items()
    }
    return Evidence(
        findings={"C102": judge(table)},
        data={"table": table},
        picture=draw,
        caption="Each row has a line to read, or an end to tell. What can be waited for is another "
        "question.",
        alt="A table of four kinds of standard input under select, poll and the system's queue. "
        "A pipe and a terminal are ready for all of them; epoll refuses a file and /dev/null.",
    )


def inputs(world: World) -> dict[str, int]:
    """Return the descriptors of four inputs; they close with the experiment."""
    pipe, pipe_end = os.pipe()
    keyboard, terminal = pty.openpty()
    nothing = os.open(os.devnull, os.O_RDONLY)
    regular = world.enter(tempfile.TemporaryFile())  # noqa: SIM115 - the world closes it
    for fd in (pipe, pipe_end, keyboard, terminal, nothing):
        world.defer(os.close, fd)
    os.write(pipe_end, b"hello\n")
    os.write(keyboard, b"hello\n")
    regular.write(b"hello\n")
    regular.seek(0)
    return {PIPE: pipe, TERMINAL: terminal, FILE: regular.fileno(), NOTHING: nothing}


def ask_select(fd: int) -> str:
    """Return what select says about reading."""
    return "ready" if select.select([fd], [], [], 1.0)[0] else "not ready"


def ask_poll(fd: int) -> str:
    """Return what poll says about reading."""
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return "ready" if poller.poll(1000) else "not ready"


def ask_queue(fd: int) -> str:
    """Return what epoll or kqueue says about reading, or the error with which it refuses."""
    with Queue() as queue:
        try:
            queue.add(fd)
        except OSError as error:
            return type(error).__name__
        return "ready" if queue.wait(1.0) else "not ready"


ASK = {"select": ask_select}
if hasattr(select, "poll"):
    ASK["poll"] = ask_poll
if QUEUE:
    ASK[QUEUE] = ask_queue


def judge(table: Mapping[str, Mapping[str, str]]) -> Finding:
    """Decide C102: pipe and terminal are ready for all, epoll refuses the other two."""
    waited = all(said == "ready" for name in (PIPE, TERMINAL) for said in table[name].values())
    refused = all(
        table[name].get("epoll", "PermissionError") == "PermissionError" for name in (FILE, NOTHING)
    )
    rows = [
        f"{name}: " + ", ".join(f"{call} {said}" for call, said in row.items())
        for name, row in table.items()
    ]
    return Finding(met=waited and refused, measured="; ".join(rows))


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw the table."""
    from reactorkit.view.diagrams import truth_table

    table = data["table"]
    calls = list(next(iter(table.values())))
    return truth_table(
        list(table), calls, [list(row.values()) for row in table.values()], corner="standard input"
    )
