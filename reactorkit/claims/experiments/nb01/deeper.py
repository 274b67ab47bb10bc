"""The deeper points: a fresh socket's mode, a deadlock of two writers, a dialogue out of step."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from typing import Any

from reactorkit.claims.experiments.nb01 import pictures
from reactorkit.claims.experiments.nb01.core import Writer
from reactorkit.claims.experiments.nb01.wire import unread, wait_until, wait_until_still
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer, PeerTimeout

# --- C06: a fresh socket ------------------------------------------------------------------------

# In a process of its own: setdefaulttimeout() would reach every socket that this one makes.
MODES = """
import fcntl, json, os, socket
def mode(sock):
    flags = fcntl.fcntl(sock, fcntl.F_GETFL)
    return [sock.getblocking(), sock.gettimeout(), bool(flags & os.O_NONBLOCK)]
seen = {}
with socket.socket() as sock:
    seen["a fresh socket"] = mode(sock)
    sock.setblocking(False)
    seen["setblocking(False)"] = mode(sock)
    sock.settimeout(5)
    seen["settimeout(5)"] = mode(sock)
socket.setdefaulttimeout(5)
with socket.socket() as sock:
    seen["fresh, after setdefaulttimeout(5)"] = mode(sock)
print(json.dumps(seen))
"""


def fresh_socket(world: World) -> Evidence:
    """C06: what an untouched socket says of itself, and what the flag in the kernel says."""
    world.check_stop()
    command = [sys.executable, "-I", "-c", MODES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    seen: dict[str, list[Any]] = json.loads(done.stdout)
    blocking, timeout, flag = seen["a fresh socket"]
    met = waits_without_limit(blocking, timeout, flag)
    return Evidence(
        findings={
            "C06": Finding(
                met,
                f"getblocking() {blocking}, gettimeout() {timeout}, O_NONBLOCK "
                f"{'set' if flag else 'clear'}; after setdefaulttimeout(5) a fresh socket has "
                f"gettimeout() {seen['fresh, after setdefaulttimeout(5)'][1]}",
                why="" if met else "This Python or this system starts sockets in another mode.",
            )
        },
        data={"seen": seen},
        picture=pictures.draw_modes,
        caption="With a time-out, Python says blocking while the kernel's flag says non-blocking.",
        alt="Table of four sockets. "
        + " ".join(
            f"{name}: getblocking {each[0]}, gettimeout {each[1]}, O_NONBLOCK {each[2]}."
            for name, each in seen.items()
        ),
    )


def waits_without_limit(blocking: object, timeout: object, nonblock: object) -> bool:
    """Return whether the three signs say that a call on this socket waits as long as it takes."""
    return blocking is True and timeout is None and nonblock is False


# --- C75: two writers, no reader ----------------------------------------------------------------


def two_writers_no_reader(world: World) -> Evidence:
    """C75: a client that sends everything before it reads, against a blocking echo server."""
    asked = 30_000_000
    still = world.pick(quick=0.5, small=1.0, normal=1.0)
    server = world.serve("echo_blocking")
    with server.connect() as short:
        short.echo(b"a short line\n")
    peer = world.peer(server)
    peer.sock.settimeout(None)
    writer = Writer(peer.sock, first=16_384, goal=asked)
    world.defer(_break_off, peer, writer)
    writer.thread.start()
    wait_until(lambda: bool(writer.marks), 5)
    taken = wait_until_still(lambda: writer.total, still)
    unanswered, read_from = unread(peer.sock), writer.now()
    stuck = writer.thread.is_alive() and taken < asked
    back = _read_all(peer, asked, writer)
    met = locked_out(asked, taken, stuck, back)
    return Evidence(
        findings={
            "C75": Finding(
                met,
                f"a short line came back; of {asked / 1e6:.0f} MB the kernel took "
                f"{taken / 1e6:.2f} MB, then nothing moved for {still:g} s, with "
                f"{unanswered / 1e6:.2f} MB of echo unread in the client's own buffer; once the "
                f"client read, {back / 1e6:.0f} MB came back",
                why=""
                if met
                else "All of it fitted into the buffers of this machine, or it did not stand "
                "still in the time given.",
            )
        },
        data={
            "marks": writer.marks,
            "plateau": taken,
            "receiver": unanswered,
            "full_at": read_from,
            "read_from": read_from,
            "asked": asked,
        },
        picture=pictures.draw_deadlock,
        caption="Both stand still, each waiting for the other to read. Reading sets them free.",
        alt=f"Bytes taken from the client against time: {taken / 1e6:.2f} MB at once, then level, "
        f"and up to {asked / 1e6:.0f} MB as soon as the client reads.",
    )


def locked_out(asked: int, taken: int, stuck: bool, back: int) -> bool:
    """Return whether the client stood still short of its goal, and reading alone set it free."""
    return stuck and taken < asked and back == asked


def _read_all(peer: Peer, total: int, writer: Writer) -> int:
    """Read the whole echo while the writer goes on; return how many bytes came."""
    peer.sock.settimeout(10)
    back = 0
    while back < total and (piece := peer.sock.recv(1 << 20)):
        back += len(piece)
    writer.thread.join(timeout=10)
    return back


def _break_off(peer: Peer, writer: Writer) -> None:
    """End a writer that still waits: shutting the connection down wakes its send (shutdown(2))."""
    if writer.thread.is_alive():
        with contextlib.suppress(OSError):  # the server may have ended the connection before
            peer.sock.shutdown(socket.SHUT_RDWR)
        writer.thread.join(timeout=10)


# --- C76: out of step ---------------------------------------------------------------------------

LONG = b"A" * 4999 + b"\n"


def dialogue_out_of_step(world: World) -> Evidence:
    """C76: a client that takes one recv(1024) for one answer, with three kinds of line."""
    patience = world.pick(quick=0.3, small=1.0, normal=1.0)
    server = world.serve("echo_threads")
    client = world.peer(server)
    client.send(LONG)
    first = client.recv(1024)
    client.send(b"second")
    second = client.recv(1024)
    empty = _answer_to_nothing(server.connect(timeout=patience))
    cut = _cut_character(world.peer(server))
    met = out_of_step(second, empty, cut)
    return Evidence(
        findings={
            "C76": Finding(
                met,
                f"the answer to {len(LONG):,} bytes began with {len(first):,} of them; the answer "
                f"to b'second' was {_short(second)}; another client's empty line was answered by "
                f"{empty}; 1,023 bytes of two-byte characters decoded to: {cut}",
                why=""
                if met
                else "The bytes came back in other pieces than expected: run it once more.",
            )
        },
        data={"first": len(first), "second": _short(second), "empty": empty, "cut": cut},
        picture=pictures.draw_out_of_step,
        caption="From the long line on, every answer belongs to an earlier question.",
        alt=f"A dialogue of client and server. The client sends 5,000 bytes and reads "
        f"{len(first):,}; it sends second and reads {_short(second)}. Another one, in step, sends "
        f"an empty line and hears {empty}.",
    )


def out_of_step(second: bytes, empty: str, cut: str) -> bool:
    """Return whether each of the three lines put the client wrong in its own way."""
    return second != b"second" and empty == "silence" and cut == "UnicodeDecodeError"


def _answer_to_nothing(client: Peer) -> str:
    """Send an empty line and return what was heard before patience ended."""
    with client:
        client.send(b"")
        try:
            return _short(client.recv(1024))
        except PeerTimeout:
            return "silence"


def _cut_character(client: Peer) -> str:
    """Have 600 two-byte characters echoed, read an odd number of bytes, and decode them."""
    line = "é".encode() * 600
    client.send(line)
    if not wait_until(lambda: unread(client.sock) == len(line), 5):
        raise KitError("The echo of 1,200 bytes did not come back within 5 s.")
    try:
        client.recv(1023).decode()
    except UnicodeDecodeError as error:
        return type(error).__name__
    return "text"


def _short(data: bytes) -> str:
    """Return bytes as people can read them: runs of one letter are counted."""
    if len(data) > 20 and len(set(data)) == 1:
        return f"{len(data):,} times b'{chr(data[0])}'"
    return repr(data) if len(data) <= 40 else f"{len(data):,} bytes"
