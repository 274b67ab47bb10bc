"""What one bad client does to the others (C18), and what threads do to shared data (C19)."""

from __future__ import annotations

import hashlib
import select
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.crowd import start_crowd
from reactorkit.lab.peer import PeerTimeout
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HERE = Path(__file__).parent
SERVERS = ("echo_threads", "echo_blocking", str(HERE / "echo_hopeful.py"))
VISITS = (
    "serves on after a reset",
    "serves beside a non-reader",
    "serves beside a late reader",
    "late reader gets every byte",
)
WORDS = (
    "serves after a reset",
    "serves beside a client that never reads",
    "serves beside one that reads late",
    "gives it back every byte",
)
# 64 KiB in which every byte tells its place; the sizes below are multiples of it.
BLOCK = bytes(range(256)) * 256
SILENCE = 0.15  # seconds after which a shouter takes its thread for dead
STALLED = 0.1  # seconds without room in the buffers: the other side does not read


def three_bad_clients(world: World) -> Evidence:
    """Send three bad clients to three servers, and ask a neighbour each time."""
    size = world.pick(quick=8, small=16, normal=16) * 2**20
    patience = world.pick(quick=0.5, small=1.5, normal=1.5)
    table = {}
    for target in world.progress(SERVERS, "servers"):
        table[Path(target).stem] = _visits(world, target, size, patience)
    return Evidence(
        findings={"C18": judge_visits(table["echo_threads"], size)},
        data={"rows": list(VISITS), "table": table},
        picture=draw_visits,
        caption="The same three clients. With a thread for each, trouble stays where it arises.",
        alt="; ".join(
            f"{name}: {sum(cells)} of {len(cells)} survived" for name, cells in table.items()
        )
        + ".",
    )


def _visits(world: World, target: str, size: int, patience: float) -> list[bool]:
    """Return yes or no for each of VISITS. A server that is dead or stuck is replaced first."""
    server = world.serve(target)
    bad = server.connect()
    bad.echo(b"a word")  # answered: from now on the server knows this client
    bad.reset()
    after_reset = still_serves(server, patience)
    if not after_reset:
        server.kill()
        server = world.serve(target)
    with server.connect(rcvbuf=65536) as bad:
        bad.sock.setblocking(False)
        send_what_fits(bad.sock, size)
        beside_non_reader = still_serves(server, patience)
        if not beside_non_reader:
            server.kill()
            server = world.serve(target)
        return [after_reset, beside_non_reader, *late_reader(world, server, size, patience)]


def still_serves(server: Server, patience: float) -> bool:
    """Return whether a newcomer is answered within `patience` seconds."""
    try:
        with server.connect(timeout=patience) as neighbour:
            neighbour.echo(b"anybody there?")
            return True
    except (KitError, OSError):
        return False


def late_reader(world: World, server: Server, size: int, patience: float) -> tuple[bool, bool]:
    """Send without reading until nothing more fits, ask a neighbour, then read it all.

    Returns whether the neighbour was served, and whether every byte came back as it was sent.
    """
    with server.connect() as reader:
        reader.sock.setblocking(False)
        sent = send_what_fits(reader.sock, size)
        served = still_serves(server, patience)
        try:
            complete = _send_and_read(world, reader.sock, size, sent)
        except OSError as broken:
            reader.note(f"is cut off: {type(broken).__name__}")
            complete = False
        return served, complete


def send_what_fits(sock: socket.socket, size: int) -> int:
    """Send up to `size` bytes until there is no room for a while; return how many went."""
    sent = 0
    while sent < size and select.select([], [sock], [], STALLED)[1]:
        try:
            sent += sock.send(BLOCK[sent % len(BLOCK) :])
        except OSError:  # the server is gone: nothing more will fit
            break
    return sent


def _send_and_read(world: World, sock: socket.socket, size: int, sent: int) -> bool:
    """Read everything while sending the rest; return whether it is all there and unchanged."""
    got, back, deadline = 0, hashlib.sha256(), time.monotonic() + 20
    while got < size and time.monotonic() < deadline:
        world.check_stop()
        writers = [sock] if sent < size else []
        readable, writable, _ = select.select([sock], writers, [], STALLED)
        if writable:
            sent += sock.send(BLOCK[sent % len(BLOCK) :])
        if readable:
            data = sock.recv(1 << 20)
            if not data:
                return False
            back.update(data)
            got += len(data)
    want = hashlib.sha256(BLOCK * (size // len(BLOCK)))
    return got == size and back.digest() == want.digest()


def judge_visits(cells: Sequence[bool], size: int) -> Finding:
    """Decide C18 from the yes and no of echo_threads: it has to survive all of it."""
    answers = [word if cell else f"NOT {word}" for word, cell in zip(WORDS, cells, strict=True)]
    return Finding(
        met=all(cells),
        measured=f"echo_threads: {', '.join(answers)} ({size // 2**20} MB)",
        why="A changed echo_threads, or a machine too busy to answer a neighbour in time.",
    )


def draw_visits(data: Mapping[str, Any]) -> Figure:
    """Draw the survival table: visits down, servers across."""
    from reactorkit.view.diagrams import truth_table

    columns = list(data["table"])
    cells = [[data["table"][name][row] for name in columns] for row in range(len(data["rows"]))]
    return truth_table(data["rows"], columns, cells)


def shared_dictionary(world: World) -> Evidence:
    """Let one client shout to all while others come and go, without and with a lock."""
    seconds = world.pick(quick=0.4, small=1.5, normal=1.5)
    # Chance decides when the first thread dies: a quiet run gets more time.
    free = shout(world, HERE / "shout_threads.py", seconds, longest=8.0)
    locked = shout(world, HERE / "shout_threads_locked.py", seconds, longest=seconds)
    return Evidence(
        findings={"C19": judge_shouts(free, locked)},
        data={"free": free, "locked": locked},
        picture=draw_shouts,
        caption="Each step is a thread that died of RuntimeError while it passed a line on.",
        alt=f"Dead threads over time: {len(free['deaths'])} without a lock, "
        f"{len(locked['deaths'])} with one.",
    )


def shout(world: World, target: Path, seconds: float, longest: float) -> dict[str, Any]:
    """Shout for `seconds`, and up to `longest` until a first thread has died; say how it went.

    Returns shouts (lines passed on to all), deaths (seconds, one per RuntimeError), seconds.
    """
    server = world.serve(str(target))
    world.hold(server, 20)  # what they are sent is little and fits into their buffers
    world.enter(start_crowd(server, 30, "connect_and_leave", None, every=0.01))
    shouter, shouts, deaths = world.peer(server, timeout=SILENCE), 0, list[float]()
    began = time.monotonic()
    while (now := time.monotonic() - began) < (seconds if deaths else longest):
        world.check_stop()
        try:
            shouter.echo(b"hello, everybody")
            shouts += 1
        except PeerTimeout:  # its thread is dead, or slow: the server's log tells
            shouter.close()
            shouter = world.peer(server, timeout=SILENCE)
        deaths += [now] * (server.log.count("RuntimeError") - len(deaths))
    server.kill()
    return {"shouts": shouts, "deaths": deaths, "seconds": now}


def judge_shouts(free: Mapping[str, Any], locked: Mapping[str, Any]) -> Finding:
    """Decide C19: RuntimeError without a lock, none with one."""
    return Finding(
        met=bool(free["deaths"]) and not locked["deaths"] and locked["shouts"] > 0,
        measured=f"without a lock {len(free['deaths'])} threads died of RuntimeError in "
        f"{free['seconds']:.1f} s; with a lock {len(locked['deaths'])}, "
        f"and {locked['shouts']:,} lines went to everybody",
        why="Nobody came or went at the wrong moment: such faults depend on timing.",
    )


def draw_shouts(data: Mapping[str, Any]) -> Figure:
    """Draw dead threads over time, without and with the lock."""
    from reactorkit.view.charts import steps

    series = {}
    for label, key in (("without a lock", "free"), ("with a lock", "locked")):
        run = data[key]
        times = [0.0, *run["deaths"], run["seconds"]]
        series[label] = (times, [*range(len(run["deaths"]) + 1), len(run["deaths"])])
    names = {"without a lock": "busywait", "with a lock": "threads"}
    return steps(series, xlabel="time (s)", ylabel="threads that died", names=names)
