"""How a non-blocking call says "not now", and how a list keeps members that have left."""

from __future__ import annotations

import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pair = tuple[socket.socket, socket.socket]


def connection(world: World) -> Pair:
    """Return (client's end, server's end) of a new loopback connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = world.enter(socket.create_connection(listener.getsockname(), timeout=5))
        server, _ = listener.accept()
        return client, world.enter(server)


# ------------------------------------------------------------------ C20, C25, C29


def would_block(world: World) -> Evidence:
    """Ask four calls for something that cannot be had at once, and read what they say."""
    listener = world.enter(socket.create_server(("127.0.0.1", 0)))
    listener.setblocking(False)
    peer, quiet = connection(world)
    quiet.setblocking(False)
    reader, full = connection(world)
    full.setblocking(False)
    newcomer = world.enter(socket.socket())
    newcomer.setblocking(False)
    rows = [
        ["accept, nobody waits", *refusal(listener.accept)],
        ["recv, nothing has arrived", *refusal(lambda: quiet.recv(1000))],
        ["send, the buffers are full", *refusal(lambda: fill(full))],
        ["connect, just begun", *refusal(lambda: newcomer.connect(listener.getsockname()))],
    ]
    peer.close()
    at_the_end = wait_for_bytes(quiet)
    reader.close()
    return Evidence(
        findings=judge_refusals(rows, at_the_end),
        data={"rows": rows, "at the end": repr(at_the_end)},
        picture=draw_refusals,
        caption="Four calls that cannot finish at once: each says so, and none of them waits.",
        alt="A table: the call, the error's name and number, and the exception it becomes.",
    )


def refusal(call: Callable[[], object]) -> tuple[str, int, str]:
    """Return (errno's name, its number, the exception's name) of a call that has to fail."""
    try:
        call()
    except OSError as error:
        number = error.errno or 0
        return errno.errorcode.get(number, "unknown"), number, type(error).__name__
    return "no error", 0, "none"


def fill(sock: socket.socket) -> None:
    """Send until the kernel takes no more; raises what send() raises then."""
    block = bytes(1 << 16)
    while True:
        sock.send(block)


def wait_for_bytes(sock: socket.socket) -> bytes:
    """Return what recv() says once there is something to say; TimeoutError after 5 s."""
    sock.settimeout(5)
    return sock.recv(1000)


def judge_refusals(rows: Sequence[Sequence[Any]], at_the_end: bytes) -> dict[str, Finding]:
    """Decide C20, C25 and C29 from the four refusals and from what recv() said at the end."""
    again = {errno.errorcode[errno.EAGAIN], errno.errorcode[errno.EWOULDBLOCK]}
    accept, recv, send, connect = ([name, exception] for _, name, _, exception in rows)
    blocking = [accept, recv, send]
    said = f"accept, recv and send {join(name for name, _ in blocking)}, connect {connect[0]}"
    return {
        "C20": Finding(
            met=all(name in again for name, _ in blocking) and connect[0] == "EINPROGRESS",
            measured=said,
            why="Some systems finish a connect to the same machine at once.",
        ),
        "C25": Finding(
            met=accept[1] == "BlockingIOError",
            measured=f"accept on a quiet listener raised {accept[1]} ({accept[0]})",
        ),
        "C29": Finding(
            met=recv[1] == "BlockingIOError" and at_the_end == b"",
            measured=f"no data: {recv[1]}; after the peer's close: {at_the_end!r}",
        ),
    }


def join(words: Iterable[str]) -> str:
    """Return different words once each: "EAGAIN", or "EAGAIN and EWOULDBLOCK"."""
    return " and ".join(dict.fromkeys(words))


def draw_refusals(data: Any) -> Figure:
    """Draw the table of refusals."""
    from reactorkit.view.diagrams import truth_table

    rows = [row[0] for row in data["rows"]]
    cells = [[f"{name} ({number})", exception] for _, name, number, exception in data["rows"]]
    return truth_table(
        [*rows, "recv, the peer has closed"],
        ["error on this system", "in Python"],
        [*cells, ["none", f"returns {data['at the end']}"]],
        corner="the call",
    )


# ---------------------------------------------------------------------------- C30

MEMBERS = ("Ann", "Bob", "Cem", "Dora", "Eve", "Finn")
LEFT = ("Bob", "Cem", "Eve")


def removing_while_looping(world: World) -> Evidence:
    """Remove the members who have left from inside the loop, with four structures; then a copy."""
    del world  # pure Python: nothing to start
    rows = [
        ["list", *attempt(remove_from_list, list(MEMBERS))],
        ["dict", *attempt(remove_from_dict, dict.fromkeys(MEMBERS, b""))],
        ["set", *attempt(remove_from_set, set(MEMBERS))],
        ["deque", *attempt(remove_from_deque, deque(MEMBERS))],
        ["list, looping over a copy", *attempt(remove_over_copy, list(MEMBERS))],
    ]
    return Evidence(
        findings={"C30": judge_removal(rows)},
        data={"rows": rows},
        picture=draw_removal,
        caption="Bob, Cem and Eve have left. Only the copy gets rid of all three.",
        alt="A table: what each structure does when members are removed inside its own loop.",
    )


def attempt(remove: Callable[[Any], None], members: Any) -> tuple[str, list[str]]:
    """Return (exception's name or "no error", who has left and is still a member)."""
    try:
        remove(members)
        happened = "no error"
    except RuntimeError as error:
        happened = type(error).__name__
    return happened, [name for name in MEMBERS if name in LEFT and name in members]


# The loops below do on purpose what the claim warns of: B909 is not among the rules that we check.
def remove_from_list(members: list[str]) -> None:
    """Remove inside the loop over the same list."""
    for name in members:
        if name in LEFT:
            members.remove(name)


def remove_from_dict(members: MutableMapping[str, bytes]) -> None:
    """Remove inside the loop over the same dict."""
    for name in members:
        if name in LEFT:
            del members[name]


def remove_from_set(members: set[str]) -> None:
    """Remove inside the loop over the same set."""
    for name in members:
        if name in LEFT:
            members.remove(name)


def remove_from_deque(members: deque[str]) -> None:
    """Remove inside the loop over the same deque."""
    for name in members:
        if name in LEFT:
            members.remove(name)


def remove_over_copy(members: list[str]) -> None:
    """Loop over a copy, remove from the original."""
    for name in list(members):
        if name in LEFT:
            members.remove(name)


def judge_removal(rows: Sequence[Sequence[Any]]) -> Finding:
    """Decide C30: the list keeps somebody without a word, dict, set and deque raise."""
    by_name = {name: (happened, still) for name, happened, still in rows}
    silent = by_name["list"][0] == "no error" and bool(by_name["list"][1])
    raised = [name for name in ("dict", "set", "deque") if by_name[name][0] == "RuntimeError"]
    cured = by_name["list, looping over a copy"] == ("no error", [])
    kept = ", ".join(by_name["list"][1]) or "nobody"
    return Finding(
        met=silent and len(raised) == 3 and cured,
        measured=f"the list silently kept {kept}; {', '.join(raised)} raised RuntimeError",
        why="Another Python than CPython may treat a changed structure differently.",
    )


def draw_removal(data: Any) -> Figure:
    """Draw the table of structures."""
    from reactorkit.view.diagrams import truth_table

    return truth_table(
        [name for name, _, _ in data["rows"]],
        ["what Python says", "gone, but still a member"],
        [[happened, ", ".join(still) or "nobody"] for _, happened, still in data["rows"]],
        corner="the structure",
    )
