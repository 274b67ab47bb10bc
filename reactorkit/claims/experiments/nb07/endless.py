"""A client that begins a line and never ends it: what it costs a server that waits for the end."""

from __future__ import annotations

import json

from reactorkit.claims.experiments.nb07.members import Member, fence, gather
from reactorkit.errors import KitError
from reactorkit.lab.server import Server

MEGABYTE = 1_000_000
CHUNK = 65_536
START = b'{"user": "Mallory", "text": "'


def endless_line(server: Server, megabytes: int = 16) -> str:
    """Send the beginning of a line, and more and more of it; return what it did to the server."""
    ann, bob, mallory = (
        Member(server.connect(), name, b"\n") for name in ("Ann", "Bob", "Mallory")
    )
    try:
        gather((ann, bob, mallory))
        before = server.gauges()
        sent = _send(mallory, megabytes * MEGABYTE)
        fence(ann, bob, min(sent, 300_000))  # it has had many turns to read what was sent
        grown = (server.gauges() - before).rss / MEGABYTE
        end = _end_of(mallory)
    finally:
        for member in (ann, bob, mallory):
            member.peer.close()
    return (
        f"{server.name}: {sent / MEGABYTE:.1f} MB sent without a newline, and it holds "
        f"{max(0.0, grown):.1f} MB more. {end}"
    )


def _send(member: Member, size: int) -> int:
    """Send up to `size` bytes of one line; return how many went before the server hung up."""
    data, sent = START + b"x" * CHUNK, 0
    while sent < size:
        try:
            sent += member.peer.sock.send(data[: size - sent])
        except TimeoutError:
            raise KitError("The server reads no more, and does not hang up either.") from None
        except OSError:  # it has hung up
            break
        data = b"x" * CHUNK
    return sent


def _end_of(member: Member) -> str:
    """Return what the sender of the line was told, and whether it is still connected."""
    told, open_still = b"", False
    member.peer.sock.setblocking(False)
    try:
        while data := member.peer.sock.recv(CHUNK):
            told += data
    except BlockingIOError:
        open_still = True
    except OSError:  # reset: it did not want the rest
        pass
    reasons = [json.loads(each)["error"] for each in told.splitlines() if b'"error"' in each]
    said = f"It said “{reasons[0]}” and " if reasons else "It "
    return said + ("waits for the rest." if open_still else "hung up.")
