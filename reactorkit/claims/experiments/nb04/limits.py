"""Where select() ends: at the descriptor number 1024, however few sockets there are (C44, C45)."""

from __future__ import annotations

import select
from collections.abc import Mapping
from typing import Any

from reactorkit.claims.experiments.nb04 import pictures
from reactorkit.claims.experiments.nb04.kernel import (
    FD_SETSIZE,
    HIGHEST,
    QUEUE,
    Queue,
    at_number,
    need_descriptors,
    pair,
)
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

NUMBERS = (FD_SETSIZE - 1, FD_SETSIZE, 1500)
CLIENTS = 1100
SERVERS = ("echo_select", "echo_poll", "echo_epoll")


def descriptor_1024(world: World) -> Evidence:
    """Give one ready socket the descriptors 1023, 1024 and 1500, and let every call watch it."""
    need_descriptors(HIGHEST)
    far, near = pair(world)
    far.send(b"!")
    table: dict[str, dict[str, str]] = {}
    for number in NUMBERS:
        fd = at_number(world, near, number)
        table[str(number)] = {call: ask(fd) for call, ask in ASK.items()}
    return Evidence(
        findings={
            "C45": Finding(
                number_decides(table),
                "; ".join(
                    f"descriptor {number}: "
                    + ", ".join(f"{call} {said}" for call, said in row.items())
                    for number, row in table.items()
                ),
            )
        },
        data={"table": table},
        picture=pictures.draw_numbers,
        caption="Each column is one single socket. Only select minds what number it has.",
        alt="A table of the descriptor numbers 1023, 1024 and 1500: select raises ValueError from "
        "1024 on, the other calls report the socket as ready each time.",
    )


def _ask_select(fd: int) -> str:
    try:
        return _ready(select.select([fd], [], [], 0)[0])
    except ValueError:
        return "ValueError"


def _ask_poll(fd: int) -> str:
    poller: Any = select.poll()
    poller.register(fd, select.POLLIN)
    return _ready(poller.poll(0))


def _ask_queue(fd: int) -> str:
    with Queue() as queue:
        queue.add(fd)
        return _ready(queue.wait(0))


def _ready(reported: list[Any]) -> str:
    return "ready" if reported else "not ready"


ASK = {"select": _ask_select}
if hasattr(select, "poll"):
    ASK["poll"] = _ask_poll
if QUEUE:
    ASK[QUEUE] = _ask_queue


def number_decides(table: Mapping[str, Mapping[str, str]]) -> bool:
    """Return whether select fails from 1024 on, and every other call takes all numbers."""
    for number, row in table.items():
        for call, said in row.items():
            too_high = call == "select" and int(number) >= FD_SETSIZE
            if said != ("ValueError" if too_high else "ready"):
                return False
    return True


# --- C44 ---------------------------------------------------------------------------------


def client_1100(world: World) -> Evidence:
    """Let client after client connect to three servers and echo a word, up to CLIENTS (C44)."""
    need_descriptors(HIGHEST)
    quiet = world.pick(900, 0, 0)
    if quiet:
        world.note(f"The first {quiet} clients of each server connected and said nothing.")
    fates = {name: _fill(world, name, quiet) for name in SERVERS}
    return Evidence(
        findings={"C44": Finding(only_select_dies(fates), _told(fates))},
        data={"fates": fates, "clients": CLIENTS},
        picture=pictures.draw_fates,
        caption="Each line grows by one with every client. The cross is a dead server.",
        alt="Three lines of clients: the one of echo_select ends in a cross a little after 1000, "
        "the ones of echo_poll and echo_epoll reach 1100.",
    )


def _fill(world: World, name: str, quiet: int) -> dict[str, Any]:
    """Return how many clients were served, whether the server lives, and who was cut off."""
    server = world.serve(name, descriptors=HIGHEST)
    peers: list[Peer] = []
    try:
        for number in world.progress(range(CLIENTS), f"clients of {name}"):
            if not _served(server, peers, speaks=number >= quiet):
                break
        served = len(peers)
        # The end of the connection and the end of the process are two events: wait for both.
        ended = server.wait(5) if served < CLIENTS else None
        first_answers = _answers(peers[0])
        lost = 0 if first_answers else sum(not _answers(peer) for peer in peers)
    finally:
        for peer in peers:
            peer.reset()  # leaves no port behind in TIME_WAIT
    return {
        "served": served,
        "alive": ended is None and server.alive,
        "lost": lost,
        "last_words": last_words(server),
    }


def _served(server: Server, peers: list[Peer], *, speaks: bool) -> bool:
    """Connect one more client and let it say a word; keep it if it was answered."""
    try:
        peer = server.connect()
    except KitError:
        return False
    if not speaks or _answers(peer):
        peers.append(peer)
        return True
    peer.reset()
    return False


def _answers(peer: Peer) -> bool:
    try:
        peer.echo(b"hello")
    except (KitError, OSError):
        return False
    return True


def last_words(server: Server) -> str:
    """Return the last line that a server printed before it died, "" while it lives."""
    lines = server.log.splitlines()
    return lines[-1].strip() if lines and not server.alive else ""


def only_select_dies(fates: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether the select server died of ValueError and the others served everybody."""
    dead, living = fates["echo_select"], [fates[name] for name in SERVERS[1:]]
    return (
        not dead["alive"]
        and dead["served"] < FD_SETSIZE
        and "ValueError" in dead["last_words"]
        and all(fate["alive"] and fate["served"] == CLIENTS for fate in living)
    )


def _told(fates: Mapping[str, Mapping[str, Any]]) -> str:
    parts = []
    for name, fate in fates.items():
        end = "and lives" if fate["alive"] else f"then died: {fate['last_words']}"
        lost = f", and {fate['lost']:,} clients lost their connection" if fate["lost"] else ""
        parts.append(f"{name} served {fate['served']:,} clients {end}{lost}")
    return "; ".join(parts)
