"""The visits of clients that do not behave, and what becomes of the others meanwhile.

Each visit is made to a running server. What it returns is yes or no, or a number of bytes; a
server that has ended is an answer too.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from pathlib import Path

import psutil

from reactorkit.claims.experiments.nb01.wire import unread, wait_until
from reactorkit.claims.experiments.nb02.trouble import BLOCK, STALLED, still_serves
from reactorkit.claims.world import World
from reactorkit.errors import KitError
from reactorkit.lab.gauges import cpu_seconds
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

TAUGHT = Path(__file__).parent / "taught"
FRAGILE, PATCHED = TAUGHT / "echo_fragile.py", TAUGHT / "echo_patched.py"

MEBIBYTE = 2**20
# Enough to fill the kernel's buffers of a connection, whose sizes Linux limits to 10 MB together.
MUCH = 16 * MEBIBYTE
# Handles that a server gets when they are to run out, and clients that come all the same.
FEW_HANDLES, VISITORS = 64, 90
DEADLINE = 10.0
REST = 0.05  # seconds


def alive_and_well(world: World, server: Server, patience: float) -> Server:
    """Return this server if it serves on, else a new one of its kind."""
    if still_serves(server, patience):
        return server
    server.kill()
    return world.serve(server.target)


def reset(server: Server) -> None:
    """Be known to the server, then break the connection off."""
    visitor = server.connect()
    visitor.echo(b"a word")
    visitor.reset()


def leave_unread(server: Server) -> None:
    """Ask, wait until the answer has arrived, and close without having read it."""
    visitor = server.connect()
    visitor.send(b"x" * 1000)
    arrived = wait_until(lambda: unread(visitor.sock) == 1000, DEADLINE)
    visitor.sock.close()  # Peer.close() would read what is left, which is polite
    if not arrived:
        raise KitError(f"{server.name} did not answer 1,000 bytes within {DEADLINE:g} s.")


def never_read(world: World, server: Server, size: int = MUCH) -> int:
    """Send up to `size` bytes and read nothing, for as long as the experiment lasts.

    Returns how many bytes were taken.
    """
    visitor = world.peer(server, rcvbuf=65536)
    visitor.sock.setblocking(False)
    return send_what_fits(server, visitor.sock, size)


def send_what_fits(server: Server, sock: socket.socket, size: int) -> int:
    """Send up to `size` bytes, until no room is left and the server sleeps; return how many."""
    sent, deadline = 0, time.monotonic() + DEADLINE
    while sent < size and time.monotonic() < deadline:
        if not select.select([], [sock], [], STALLED)[1]:
            if asleep(server):
                break
            continue
        try:
            sent += sock.send(BLOCK[sent % len(BLOCK) :])
        except OSError:  # the server is gone: nothing more will fit
            break
    return sent


def asleep(server: Server) -> bool:
    """Return whether the server waits for something, or has ended; a busy one is only slow."""
    if sys.platform != "linux":  # elsewhere a waiting process may be called running, too
        return True
    try:
        return psutil.Process(server.pid).status() != psutil.STATUS_RUNNING
    except psutil.NoSuchProcess:
        return True


def wait_until_at_rest(server: Server) -> None:
    """Return once the server has been asleep at every look for a moment, or after DEADLINE."""
    deadline, rest = time.monotonic() + DEADLINE, time.monotonic() + REST
    while time.monotonic() < min(rest, deadline):
        if not asleep(server):
            rest = time.monotonic() + REST
        time.sleep(REST / 10)  # the rhythm of the looks


def half_close(server: Server, size: int = MUCH) -> tuple[int, int]:
    """Send without reading what fits, end the own stream, then read to the end.

    Returns how many bytes were sent, and how many of them came back.
    """
    with server.connect(rcvbuf=65536) as visitor:
        sock = visitor.sock
        sock.setblocking(False)
        sent = send_what_fits(server, sock, size)
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:  # the server is gone already
            return sent, 0
        wait_until_at_rest(server)  # it has read the end by now, or it has stopped reading
        return sent, _count_to_end(sock)


def _count_to_end(sock: socket.socket) -> int:
    """Read until the stream ends or breaks; return how many bytes came."""
    got, deadline = 0, time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if not select.select([sock], [], [], 0.1)[0]:
            continue
        try:
            data = sock.recv(1 << 20)
        except OSError:  # reset: nothing more will come
            return got
        if not data:
            return got
        got += len(data)
    return got


def no_handle_left(world: World, target: str) -> tuple[bool, float]:
    """Connect until the server may open nothing more; return how its first client fares.

    Returns whether that client is still served, and the share of time in which the server wanted
    a processor while everybody was silent (0.0 when it has ended).
    """
    server = world.serve(target, descriptors=FEW_HANDLES)
    first = world.peer(server)
    first.echo(b"a word")
    _arrive(world, server)
    process = psutil.Process(server.pid) if server.alive else None
    wait_until(lambda: not server.alive or _handles(process) >= FEW_HANDLES, DEADLINE)
    seconds = world.pick(quick=0.25, small=0.5, normal=0.5)
    try:
        for _ in range(3):  # the turn that answers the first of them may be the last one
            first.echo(b"still there?")
        before, began = wanted_processor(server), time.monotonic()
        time.sleep(seconds)  # the measurement is this stretch of time
        share = (wanted_processor(server) - before) / (time.monotonic() - began)
        first.echo(b"and now?")
    except (KitError, OSError, psutil.NoSuchProcess):  # it has ended, and the client with it
        return False, 0.0
    return True, share


def _arrive(world: World, server: Server) -> None:
    """Connect silent visitors, until all are there or nobody listens any more."""
    for _ in range(VISITORS):
        try:
            world.enter(Peer(server.address))
        except KitError:
            return


def _handles(process: psutil.Process | None) -> int:
    try:
        return process.num_fds() if process is not None else 0
    except psutil.NoSuchProcess:
        return 0


def wanted_processor(server: Server) -> float:
    """Return the seconds in which the server ran, or stood in the queue for a processor.

    Both count: on a crowded machine a server that spins is given only a part of a core.
    """
    try:
        # Run and queue time of the main thread in nanoseconds (Linux, sched-stats.rst).
        ran, queued = Path(f"/proc/{server.pid}/schedstat").read_text().split()[:2]
    except (OSError, ValueError):
        return cpu_seconds(psutil.Process(server.pid))
    return (int(ran) + int(queued)) / 1e9
