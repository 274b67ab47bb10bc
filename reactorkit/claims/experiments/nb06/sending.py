"""What a non-blocking send does with full buffers (C63, C72, C73): takes a part, or raises."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from reactorkit.claims.experiments.nb01.wire import both_ends, unread, wait_until
from reactorkit.claims.experiments.nb06 import pictures, visits
from reactorkit.claims.world import Evidence, Finding, World

PIECE = 65536
MEGABYTE = 1_000_000
# More than both buffers of a connection can hold together: whoever offers it is offered too much.
TOO_MUCH = 64 * MEGABYTE
DEADLINE = 5.0
SETTLED = 0.05  # seconds


def no_room(world: World) -> Evidence:
    """Offer bytes to a reader that does not read, piece by piece and at once; then to a server."""
    pieces = taken_until_full(PIECE)
    at_once = taken_until_full(TOO_MUCH)[0]
    server = world.serve(visits.FRAGILE)
    visits.never_read(world, server)
    ended = server.wait(DEADLINE) is not None
    last_words = server.log.splitlines()[-1] if ended and server.log else "nothing"
    return Evidence(
        findings={"C72": judge_no_room(pieces, at_once, last_words)},
        data={"pieces": pieces, "size": PIECE},
        picture=pictures.draw_pieces,
        caption="Taken whole, taken in part, refused with an exception. Never does send wait.",
        alt=f"{len(pieces)} sends of {PIECE:,} bytes each. The last of them takes {pieces[-1]:,}, "
        "and the next one raises BlockingIOError.",
    )


def taken_until_full(size: int) -> list[int]:
    """Offer pieces of `size` bytes to a connection that nobody reads, until send raises.

    Returns how many bytes each send has taken.
    """
    taken: list[int] = []
    with both_ends() as (ours, _):
        ours.setblocking(False)
        piece = bytes(size)
        try:
            while True:
                taken.append(ours.send(piece))
        except BlockingIOError:
            return taken


def judge_no_room(pieces: Sequence[int], at_once: int, last_words: str) -> Finding:
    """Decide C72: a send is short, a later one raises, and the fragile server dies of it."""
    partly = f"{pieces[-1]:,} of {PIECE:,} bytes" if pieces[-1] < PIECE else "all of its bytes"
    return Finding(
        met=0 < at_once < TOO_MUCH and last_words.startswith("BlockingIOError"),
        measured=f"{sum(pieces) / MEGABYTE:.2f} MB went in pieces; the last send took {partly}, "
        f"the next one raised; of {TOO_MUCH // MEGABYTE} MB at once it took "
        f"{at_once / MEGABYTE:.2f} MB; the server's last words: {last_words}",
        why="The buffers of this machine are larger than what was offered.",
    )


def some_room(world: World) -> Evidence:
    """Fill a connection, read until it is writable again, and offer 4 MB (C73)."""
    world.check_stop()
    asked = 4 * MEGABYTE
    # A limit for both buffers: left to itself, a system may let them grow to more than 4 MB.
    with both_ends(receive=2**18, send=2**18) as (ours, theirs):
        fill_up(ours)
        theirs.setblocking(False)
        drained = _drain_until_writable(ours, theirs)
        taken = ours.send(bytes(asked))
    return Evidence(
        findings={"C73": judge_some_room(asked, taken, drained)},
        data={"asked": asked / MEGABYTE, "taken": taken / MEGABYTE},
        picture=pictures.draw_offer,
        caption="Writable means: there is some room. How much, only send can tell.",
        alt=f"Two bars: {asked / MEGABYTE:.0f} MB were offered, {taken / MEGABYTE:.2f} MB taken.",
    )


def fill_up(sock: socket.socket) -> None:
    """Send until nothing more fits, also not once the bytes under way have arrived."""
    sock.setblocking(False)
    while sum(_send_while_it_fits(sock, size) for size in (PIECE, 256, 1)):
        select.select([], [sock], [], SETTLED)


def _send_while_it_fits(sock: socket.socket, size: int) -> int:
    """Send pieces until one is refused; return how many bytes were taken."""
    taken = 0
    try:
        while True:
            taken += sock.send(bytes(size))
    except BlockingIOError:
        return taken


def _drain_until_writable(ours: socket.socket, theirs: socket.socket) -> int:
    """Read at the other end, a little at a time, until our end has room; return how much."""
    drained, deadline = 0, time.monotonic() + DEADLINE
    while not select.select([], [ours], [], 0)[1] and time.monotonic() < deadline:
        if select.select([theirs], [], [], 0.01)[0]:
            drained += len(theirs.recv(4096))
    return drained


def judge_some_room(asked: int, taken: int, drained: int) -> Finding:
    """Decide C73: a writable socket takes some of 4 MB, and not all."""
    return Finding(
        met=0 < taken < asked,
        measured=f"writable again after {drained:,} bytes had been read; of {asked:,} bytes, send "
        f"took {taken:,}",
        why="The buffers of this machine hold more than 4 MB, whatever limit they are given.",
    )


READABLE, RECV, WRITABLE, SEND = "readable", "recv", "writable", "send"


def two_questions(world: World) -> Evidence:
    """Ask select about a full connection, make both calls, and ask again when there is room."""
    pause = world.pick(quick=0.1, small=0.25, normal=0.25)
    with both_ends() as (ours, theirs):
        theirs.send(b"a word")
        wait_until(lambda: unread(ours) == len(b"a word"), DEADLINE)
        fill_up(ours)
        full = ask(ours)
        began = time.monotonic()
        ready = select.select([], [ours], [], pause)[1]
        waited = 0.0 if ready else time.monotonic() - began
        theirs.setblocking(False)
        _drain_until_writable(ours, theirs)
        theirs.send(b"another")
        wait_until(lambda: unread(ours) == len(b"another"), DEADLINE)
        room = ask(ours)
    return Evidence(
        findings={"C63": judge_questions(full, room, waited, pause)},
        data={"table": {"has read nothing": full, "has begun to read": room}},
        picture=pictures.draw_questions,
        caption="Readable and writable are two answers to two questions, and select can wait for "
        "either.",
        alt=f"A table. While the other side reads nothing: readable, recv gives {full[RECV]}, not "
        f"writable, send gives {full[SEND]}. Afterwards: writable, and send gives {room[SEND]}.",
    )


def ask(sock: socket.socket) -> dict[str, Any]:
    """Ask select both questions about a socket, then make both calls."""
    readable, writable, _ = select.select([sock], [sock], [], 0)
    return {
        READABLE: bool(readable),
        RECV: _outcome(lambda: f"{len(sock.recv(100))} bytes"),
        WRITABLE: bool(writable),
        SEND: _outcome(lambda: f"{sock.send(b'x' * 100)} bytes"),
    }


def _outcome(call: Any) -> str:
    try:
        return str(call())
    except OSError as error:
        return type(error).__name__


def judge_questions(
    full: Mapping[str, Any], room: Mapping[str, Any], waited: float, pause: float
) -> Finding:
    """Decide C63: readable says nothing about send, and select is where the waiting is done."""
    blind = full[READABLE] and not full[WRITABLE]
    return Finding(
        met=blind
        and full[RECV] == "6 bytes"
        and full[SEND] == "BlockingIOError"
        and bool(room[WRITABLE])
        and room[SEND] == "100 bytes"
        and waited >= 0.9 * pause,
        measured=f"readable, and recv gave {full[RECV]}; not writable, and send gave "
        f"{full[SEND]}; select waited {waited:.2f} s for room; then send took {room[SEND]}",
        why="The buffers changed while they were looked at: run it once more.",
    )
