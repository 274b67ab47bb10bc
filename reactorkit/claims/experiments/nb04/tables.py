"""What counts as ready, situation by situation (C37, C39, C40, C42)."""

from __future__ import annotations

import ctypes
import os
import select
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

from reactorkit.claims.experiments.nb04 import pictures, sketches
from reactorkit.claims.experiments.nb04.kernel import (
    DEADLINE,
    FD_SETSIZE,
    QUEUE,
    Queue,
    connection,
    listener,
    pair,
)
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.peer import RESET_ON_CLOSE

Row = tuple[bool, bool, bool]

QUIET = "a quiet connection"
DATA = "data has arrived"
CLOSED = "the peer has closed"
RESET = "the peer has reset"
NEWCOMER = "a newcomer at a listener"
URGENT = "urgent data (out of band)"
REFUSED = "a connect was refused"


def readiness_table(world: World) -> Evidence:
    """Put sockets into five situations and ask select about each (C40)."""
    table, calls = {}, {}
    for name in FIVE:
        sock = SITUATIONS[name](world)
        table[name] = settled(sock, expect_event=name != QUIET)
        calls[name] = next_call(sock, name)
    readable = [name for name in FIVE if table[name][0]]
    return Evidence(
        findings={
            "C40": Finding(
                only_quiet_is_unreadable(table),
                f"readable: {', '.join(readable)}; not readable: "
                f"{', '.join(name for name in FIVE if name not in readable)}",
            )
        },
        data={"table": {name: list(row) for name, row in table.items()}, "calls": calls},
        picture=pictures.draw_readiness,
        caption="Readable means that the next call will not make you wait. It stands on the right.",
        alt="A table of five situations against readable, writable and the next call. Only the "
        "quiet connection is not readable, and only the listener is not writable.",
    )


def third_set(world: World) -> Evidence:
    """Ask select and poll about urgent data, a reset and a refused connect (C42)."""
    table, flags = {}, {}
    for name in (URGENT, RESET, REFUSED):
        sock = SITUATIONS[name](world)
        table[name] = settled(sock, expect_event=True)
        flags[name] = poll_flags(sock)
    return Evidence(
        findings={
            "C42": Finding(
                errors_are_not_exceptional(table),
                "; ".join(f"{name}: {in_words(row)}" for name, row in table.items()),
            )
        },
        data={"table": {name: list(row) for name, row in table.items()}, "flags": flags},
        picture=pictures.draw_third_set,
        caption="Errors make a socket readable and writable. Only poll has names for them.",
        alt="A table: urgent data is in the third set; the reset connection and the refused "
        "connect are readable and writable and not in the third set. poll reports ERR and HUP.",
    )


def poll_flags(sock: socket.socket) -> str:
    """Return the events that poll reports about a socket, by their names."""
    if not hasattr(select, "poll"):
        return "not here"
    poller: Any = select.poll()
    poller.register(sock, select.POLLIN | select.POLLOUT | select.POLLPRI)
    events = poller.poll(0)[0][1]
    names = ("IN", "PRI", "OUT", "ERR", "HUP")
    return " ".join(name for name in names if events & getattr(select, f"POLL{name}"))


def _quiet(world: World) -> socket.socket:
    return connection(world)[1]


def _data(world: World) -> socket.socket:
    peer, ours = connection(world)
    peer.sendall(b"hi")
    return ours


def _closed(world: World) -> socket.socket:
    peer, ours = connection(world)
    peer.close()
    return ours


def _reset(world: World) -> socket.socket:
    peer, ours = connection(world)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    peer.close()
    return ours


def _newcomer(world: World) -> socket.socket:
    door = listener(world)
    world.enter(socket.create_connection(door.getsockname(), timeout=DEADLINE))
    door.setblocking(False)
    return door


def _urgent(world: World) -> socket.socket:
    peer, ours = connection(world)
    peer.send(b"!", socket.MSG_OOB)
    return ours


def _refused(world: World) -> socket.socket:
    # Bound and not listening: the port is ours, so nobody else can answer there.
    silent = world.enter(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
    silent.bind(("127.0.0.1", 0))
    ours = world.enter(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
    ours.setblocking(False)
    ours.connect_ex(silent.getsockname())
    return ours


SITUATIONS = {
    QUIET: _quiet,
    DATA: _data,
    CLOSED: _closed,
    RESET: _reset,
    NEWCOMER: _newcomer,
    URGENT: _urgent,
    REFUSED: _refused,
}
FIVE = (QUIET, DATA, CLOSED, RESET, NEWCOMER)


def settled(sock: socket.socket, *, expect_event: bool) -> Row:
    """Return (readable, writable, in the third set), once what is under way has arrived."""
    select.select([sock], [], [sock], DEADLINE if expect_event else 0.1)
    readable, writable, third = select.select([sock], [sock], [sock], 0)
    return bool(readable), bool(writable), bool(third)


def next_call(sock: socket.socket, name: str) -> str:
    """Make the call that fits the situation, and return what it said."""
    try:
        if name == NEWCOMER:
            sock.accept()[0].close()
            return "accept: a connection"
        return f"recv: {sock.recv(100)!r}"
    except OSError as error:
        return f"recv: {type(error).__name__}"


def only_quiet_is_unreadable(table: Mapping[str, Sequence[bool]]) -> bool:
    """Return whether, of the five, the quiet connection alone is not readable."""
    return [name for name in FIVE if not table[name][0]] == [QUIET]


def errors_are_not_exceptional(table: Mapping[str, Sequence[bool]]) -> bool:
    """Return whether urgent data alone is in the third set, and the errors in the two others."""
    errors = [tuple(table[name]) for name in (RESET, REFUSED)]
    return table[URGENT][2] and errors == [(True, True, False)] * 2


def in_words(row: Sequence[bool]) -> str:
    """Return a row of the table as words."""
    names = ("readable", "writable", "in the third set")
    return " and ".join(name for name, yes in zip(names, row, strict=True) if yes) or "in none"


# --- C39 ---------------------------------------------------------------------------------


def overwritten_sets(world: World) -> Evidence:
    """Call select through C with two bits set, one of them ready; then select.select (C39)."""
    _, quiet = pair(world)
    far, ready = pair(world)
    far.send(b"!")
    numbers = [quiet.fileno(), ready.fileno()]
    before, after = c_select(numbers)
    mine = [quiet, ready]
    answer, _, _ = select.select(mine, [], [], 0)
    still = [sock.fileno() for sock in mine]
    return Evidence(
        findings={
            "C39": Finding(
                c_overwrites_python_does_not(before, after, numbers, still),
                f"C: {len(before)} bits set before the call, {len(after)} after it; Python: "
                f"{len(numbers)} sockets in the list before, {len(still)} after, and a new list "
                f"of {len(answer)}",
            )
        },
        data={
            "numbers": numbers,
            "before": before,
            "after": after,
            "list": still,
            "answer": [sock.fileno() for sock in answer],
        },
        picture=sketches.draw_bits,
        caption="The C call writes its answer over your question. Python keeps the two apart.",
        alt="Rows of bits: two are set before the C call, one after it. Below, the Python list "
        "holds both sockets before and after, and the new list holds the ready one.",
    )


def c_select(numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """Call the C library's select for reading; return the bits set before and after."""
    if max(numbers) >= FD_SETSIZE:
        raise KitError(
            "This notebook has more than 1,000 descriptors open, and the C call has room for 1024. "
            "Call clean_up(), or restart the kernel, and run this again."
        )
    word = 8 * ctypes.sizeof(ctypes.c_ulong)  # fd_set is an array of long (sys/select.h)
    bits = (ctypes.c_ulong * (FD_SETSIZE // word))()
    for number in numbers:
        bits[number // word] |= 1 << (number % word)

    def set_bits() -> list[int]:
        return [n for n in range(FD_SETSIZE) if bits[n // word] >> (n % word) & 1]

    before = set_bits()
    library = ctypes.CDLL(None, use_errno=True)
    time_out = (ctypes.c_long * 2)(0, 0)  # struct timeval: 0 s, do not wait
    if library.select(max(numbers) + 1, bits, None, None, time_out) < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return before, set_bits()


def c_overwrites_python_does_not(
    before: Sequence[int], after: Sequence[int], watched: Sequence[int], still: Sequence[int]
) -> bool:
    """Return whether two bits became one in C while the Python list stayed as it was."""
    return len(before) == 2 and len(after) == 1 and list(still) == list(watched)


# --- C37 ---------------------------------------------------------------------------------


def files_and_timeouts(world: World) -> Evidence:
    """Time select with a time-out of 0 and of 0.25 s, and show a file to every call (C37)."""
    pause = 0.25
    at_once, waited = _wait(world, 0), _wait(world, pause)
    table = {}
    for name, fd in _files(world).items():
        table[name] = {call: ask(fd) for call, ask in ASK.items()}
    return Evidence(
        findings={
            "C37": Finding(
                waits_and_files(at_once, waited, pause, table["a regular file"]),
                f"time-out 0: {at_once * 1e3:.2f} ms; time-out {pause:g} s: {waited:.3f} s; "
                "a regular file: "
                + ", ".join(
                    f"{call} says {said}" for call, said in table["a regular file"].items()
                ),
            )
        },
        data={"table": table},
        picture=pictures.draw_files,
        caption="A pipe is ready when it holds something. A regular file always is, or is refused.",
        alt="A table: a regular file, an empty pipe and a pipe with a byte, under select, poll "
        "and the system's queue. The file is always ready for select and poll.",
    )


def _wait(world: World, time_out: float) -> float:
    _, quiet = pair(world)
    began = time.monotonic()
    select.select([quiet], [], [], time_out)
    return time.monotonic() - began


def _files(world: World) -> dict[str, int]:
    regular = world.enter(tempfile.TemporaryFile())  # noqa: SIM115 - the world closes it
    regular.write(b"on disk")
    regular.seek(0)  # kqueue calls a file ready while it is not read to its end (kqueue(2))
    empty, idle_end = os.pipe()
    full, writing_end = os.pipe()
    for fd in (empty, idle_end, full, writing_end):
        world.defer(os.close, fd)
    os.write(writing_end, b"!")
    return {
        "a regular file": regular.fileno(),
        "an empty pipe": empty,
        "a pipe with a byte": full,
    }


def _ask_select(fd: int) -> str:
    return "ready" if select.select([fd], [], [], 0)[0] else "not ready"


def _ask_poll(fd: int) -> str:
    poller: Any = select.poll()
    poller.register(fd, select.POLLIN)
    return "ready" if poller.poll(0) else "not ready"


def _ask_queue(fd: int) -> str:
    with Queue() as queue:
        try:
            queue.add(fd)
        except PermissionError:
            return "EPERM"
        return "ready" if queue.wait(0) else "not ready"


ASK = {"select": _ask_select}
if hasattr(select, "poll"):
    ASK["poll"] = _ask_poll
if QUEUE:
    ASK[QUEUE] = _ask_queue


def waits_and_files(
    at_once: float, waited: float, pause: float, regular: Mapping[str, str]
) -> bool:
    """Return whether 0 did not wait, a time-out did, and the file got the answers we state."""
    files = all(regular[call] == "ready" for call in regular if call in ("select", "poll"))
    refused = regular.get("epoll", "EPERM") == "EPERM"
    return at_once < pause <= waited * 1.01 and files and refused  # clocks may differ a little
