"""x01a: exactly n bytes in, all bytes out, on a blocking socket."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

from reactorkit.grading.expect import held, raises, returned, returns
from reactorkit.grading.functions import LONG, FunctionStage
from reactorkit.grading.story import Unmet, named

MIB = 1 << 20
AHEAD = "It read more than it was asked for: what follows belongs to the next call."
SHORT = "recv() returns what has arrived, at most the number asked for. It may be less."


def takes_exactly(stage: FunctionStage) -> None:
    """Thirty bytes at once: ten, none, and twenty of them."""
    data = stage.rng.randbytes(30)
    given = stage.pair()
    near = held(stage, given)
    stage.story.action(f"the peer sends {named(data)} and ends its stream")
    given.far.sendall(data)
    given.far.shutdown(socket.SHUT_WR)
    for n, part, cause in (
        (10, data[:10], ""),
        (0, b"", 'For n = 0 there is nothing to wait for: the answer is b"".'),
        (20, data[10:], AHEAD),
    ):
        returns(stage, part, "recv_exactly", near, n, said=f"recv_exactly(sock, {n})", cause=cause)


def in_pieces(stage: FunctionStage) -> None:
    """Bytes that come one by one, and two MiB through a small buffer."""
    data = stage.rng.randbytes(200)
    given = stage.pair()
    given.far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    call = stage.start("recv_exactly", given, len(data))
    stage.story.action("recv_exactly(sock, 200) is called; the peer sends 200 bytes, one by one")
    send_quietly(given.far, *(data[n : n + 1] for n in range(len(data))))
    returned(stage, call, data, said="recv_exactly(sock, 200)", cause=SHORT)

    data = stage.rng.randbytes(2 * MIB)
    given = stage.pair(near_rcvbuf=4096)
    said = f"recv_exactly(sock, {len(data)})"
    call = stage.start("recv_exactly", given, len(data))
    stage.story.action(f"{said} is called; the peer sends {named(data)}")
    sender = threading.Thread(target=send_quietly, args=(given.far, data), daemon=True)
    sender.start()
    returned(stage, call, data, said=said, cause=SHORT, within=2 * LONG)
    sender.join()


def end_in_the_middle(stage: FunctionStage) -> None:
    """The stream ends too early: after some bytes, and at once."""
    cause = (
        'b"" from recv() is the end of the stream: fewer bytes than n have come, and no more will.'
    )
    for k in (stage.rng.randrange(1, 50), 0):
        given = stage.pair()
        stage.story.action(f"the peer sends {k} bytes and ends its stream")
        given.far.sendall(stage.rng.randbytes(k))
        given.far.shutdown(socket.SHUT_WR)
        said = "recv_exactly(sock, 50)"
        raises(stage, "EOFError", "recv_exactly", given, 50, said=said, cause=cause, within=5)


def reset_passes(stage: FunctionStage) -> None:
    """A reset is no end of the stream: its error comes out."""
    given = stage.pair()
    stage.story.action("the peer resets the connection")
    reset(given.far)
    cause = "The error that recv() raises is for the caller; the function need not catch it."
    said = "recv_exactly(sock, 50)"
    raises(stage, "OSError", "recv_exactly", given, 50, said=said, cause=cause, within=5)


def sends_all(stage: FunctionStage) -> None:
    """A socket that takes at most 1000 bytes a call, then five MiB to a slow reader."""
    cause = "send() says how many bytes the kernel has taken. The others are still to be sent."
    returns_after(stage, b"", cause)
    returns_after(stage, stage.rng.randbytes(stage.rng.randrange(20_000, 40_000)), cause)
    returns_after(stage, stage.rng.randbytes(5 * MIB), cause, sparing=False)


def returns_after(stage: FunctionStage, data: bytes, cause: str, sparing: bool = True) -> None:
    """Call send_all while the peer reads; it returns None, and the peer has received all of it."""
    given = stage.pair(rcvbuf=4096)
    near = stage.call("_sparing", given) if sparing else held(stage, given)
    received = bytearray()
    reader = threading.Thread(target=read_to_end, args=(given.far, received), daemon=True)
    reader.start()
    few = ", on a socket that takes at most 1000 bytes a call" if sparing else ""
    stage.story.action(f"send_all(sock, data) is called with {named(data)}{few}; the peer reads")
    call = stage.start("send_all", near, data)
    returned(stage, call, None, said="send_all(sock, data)", within=2 * LONG)
    stage.call("_close", near)
    reader.join()
    if received != data:
        got = f"{len(received):,} bytes, then the end"
        if len(received) >= len(data):
            got = "other bytes: " + named(bytes(received))
        raise Unmet(f"{named(data)} at the peer", got, cause)
    stage.story.expectation("the peer receives all of it, in order")


def send_error_passes(stage: FunctionStage) -> None:
    """Nobody is there any more: the error of send comes out."""
    given = stage.pair()
    near = held(stage, given)
    stage.story.action("the peer resets the connection")
    reset(given.far)
    stage.call("_await", near, "POLLIN")
    cause = "The error that send() raises is for the caller: without it nobody knows of the loss."
    said = "send_all(sock, data)"
    data = stage.rng.randbytes(5000)
    raises(stage, "OSError", "send_all", near, data, said=said, cause=cause, within=5)


def send_quietly(sock: socket.socket, *pieces: bytes) -> None:
    """Send pieces. A peer that takes no more is seen by what the call returns."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            sock.sendall(piece)


def read_to_end(sock: socket.socket, into: bytearray) -> None:
    """Read until the stream ends or breaks, or nothing has come for long."""
    with contextlib.suppress(OSError):
        while data := sock.recv(65536):
            into += data


def reset(sock: socket.socket) -> None:
    """Break the connection off."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
