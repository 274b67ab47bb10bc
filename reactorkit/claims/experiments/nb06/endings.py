"""How connections end, and for whom (C71, C74); what is owed to one that has ended its stream."""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from reactorkit.claims.experiments.nb02.trouble import still_serves
from reactorkit.claims.experiments.nb06 import pictures, visits
from reactorkit.claims.experiments.nb06.shown import Shown
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

LEAVES = (
    "leaves in order: it reads, then closes",
    "resets its connection",
    "closes with its answer unread",
)
SERVERS = (str(visits.FRAGILE), "echo_threads")


def broken_off(world: World) -> Evidence:
    """Let a client leave in three ways, and ask its neighbour; then forget to unregister one."""
    patience = world.pick(quick=1.0, small=2.0, normal=2.0)
    table = {}
    for target in SERVERS:
        table[Path(target).stem] = [
            neighbour_served(world, target, leave, patience)
            for leave in (leave_in_order, visits.reset, visits.leave_unread)
        ]
    forgotten = register_again()
    return Evidence(
        findings={"C71": judge_endings(table, forgotten)},
        data={"rows": list(LEAVES), "table": table},
        picture=pictures.draw_endings,
        caption="Is a neighbour still served, after a client …? Three ways to leave, two servers.",
        alt="; ".join(
            f"{name}: a neighbour is served after {sum(cells)} of {len(cells)} ways to leave"
            for name, cells in table.items()
        )
        + ".",
    )


def leave_in_order(server: Server) -> None:
    """Ask, read the answer, and close."""
    with server.connect() as visitor:
        visitor.echo(b"a word")


def neighbour_served(world: World, target: str, leave: object, patience: float) -> bool:
    """Let one client leave a fresh server; return whether its neighbour still has its echo."""
    assert callable(leave)
    server = world.serve(target)
    neighbour = world.peer(server, timeout=patience)
    neighbour.echo(b"a word")
    leave(server)
    return all(answered(neighbour) for _ in range(2)) and still_serves(server, patience)


def answered(peer: Peer) -> bool:
    """Return whether this client still gets its echo."""
    try:
        peer.echo(b"still there?")
    except (KitError, OSError):
        return False
    return True


def register_again() -> str:
    """Close a registered socket, let another have its number, register that; return what happens.

    The number is handed over in one step, so that nobody else can get it in between.
    """
    with selectors.DefaultSelector() as selector:
        old, other = socket.socketpair()
        new, far = socket.socketpair()
        with other, far:
            selector.register(old, selectors.EVENT_READ)
            number = old.detach()  # closed without a word to the selector ...
            os.dup2(new.fileno(), number)  # ... and the next connection gets its number
            new.close()
            with socket.socket(fileno=number) as newcomer:
                try:
                    selector.register(newcomer, selectors.EVENT_READ)
                except KeyError as error:
                    return type(error).__name__
                finally:
                    selector.unregister(newcomer)
                return "registered"


def judge_endings(table: Mapping[str, Sequence[bool]], forgotten: str) -> Finding:
    """Decide C71: only the orderly leave spares the fragile server, and threads survive all."""
    fragile, threads = list(table["echo_fragile"]), list(table["echo_threads"])
    return Finding(
        met=fragile == [True, False, False] and all(threads) and forgotten == "KeyError",
        measured=f"a neighbour was served after {sum(fragile)} of {len(fragile)} ways to leave in "
        f"echo_fragile, after {sum(threads)} in echo_threads; a newcomer with the number of a "
        f"connection that was closed and not unregistered: {forgotten}",
        why="A changed echo_threads, or a machine too busy to answer a neighbour in time.",
    )


def one_who_never_reads(world: World) -> Evidence:
    """Let neighbours talk, then let one client send and never read, and count the answers (C74)."""
    count = world.pick(quick=10, small=20, normal=20)
    patience = world.pick(quick=1.0, small=2.0, normal=2.0)
    served: dict[str, int] = {}
    for target in (*SERVERS, "echo_reactor"):
        server = world.serve(target)
        neighbours = [world.peer(server, timeout=patience) for _ in range(count)]
        for neighbour in neighbours:
            neighbour.echo(b"a word")
        visits.never_read(world, server)
        served[Path(target).stem] = sum(map(answered, neighbours))
    return Evidence(
        findings={"C74": judge_neighbours(count, served)},
        data={"served": served, "count": count},
        picture=pictures.draw_neighbours,
        caption=f"{count} clients had done nothing. Then one other stopped reading.",
        alt="Neighbours that are still answered: "
        + ", ".join(f"{name} {number} of {count}" for name, number in served.items())
        + ".",
    )


def judge_neighbours(count: int, served: Mapping[str, int]) -> Finding:
    """Decide C74: in the fragile server everybody loses the connection, elsewhere nobody does."""
    others = [number for name, number in served.items() if name != "echo_fragile"]
    return Finding(
        met=served["echo_fragile"] == 0 and all(number == count for number in others),
        measured=f"neighbours that still got an answer, of {count}: "
        + ", ".join(f"{number} in {name}" for name, number in served.items()),
        why="A machine too busy to answer a neighbour in time.",
    )


def owed_at_the_end(*targets: str | os.PathLike[str]) -> Shown:
    """Let a client send much, end its stream and then read; show what it gets from each server.

    Arguments:
        targets: names of servers, files, or what `edit` returned.
    """
    counts: dict[str, tuple[float, float]] = {}
    with World() as world:
        for target in targets:
            sent, back = visits.half_close(world.serve(target))
            mebibytes = sent / visits.MEBIBYTE, back / visits.MEBIBYTE
            counts[Path(os.fspath(target)).stem] = mebibytes
    return Shown(
        "\n".join(
            f"{name}: took {sent:.1f} MiB, gave back {back:.1f} MiB."
            for name, (sent, back) in counts.items()
        ),
        "Whatever a server has taken it owes, also to a client that says no more.",
        lambda: pictures.draw_owed(counts),
    )
