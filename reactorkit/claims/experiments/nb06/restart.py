"""Stop a server and start it again at once on its port (C61): who may, and who may not."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from reactorkit.claims.experiments.nb06 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.process import KeptProcess

CHILD = Path(__file__).with_name("restart_child.py")
FIRST = ("the server closes first", "the client closes first")
OPTION = {"without SO_REUSEADDR": "plain", "with SO_REUSEADDR": "reuse"}
DEADLINE = 10.0

Table = dict[str, dict[str, str]]


def restart_at_once(world: World) -> Evidence:
    """Try all four: who closes first, and with or without the option."""
    table: Table = {first: {} for first in FIRST}
    cases = [(first, option) for first in FIRST for option in OPTION]
    for first, option in world.progress(cases, "restarts"):
        table[first][option] = restarted(world, OPTION[option], client_first=first == FIRST[1])
    return Evidence(
        findings={"C61": judge(table)},
        data={"table": table},
        picture=pictures.draw_restarts,
        caption="What the second start says. One of the four has to wait.",
        alt="A table, two by two. "
        + " ".join(f"{f}, {o}: {said}." for f, row in table.items() for o, said in row.items()),
    )


def restarted(world: World, option: str, client_first: bool) -> str:
    """Serve one client, stop, start again on the same port; return what the second start says."""
    process, said = start(world, 0, option)
    port = int(said.split()[1])
    client = world.enter(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE))
    client.sendall(b"hello")
    client.recv(100)
    if client_first:
        client.close()
    process.stop()  # the kernel closes the server's side, if it is still open
    if not client_first:
        client.recv(100)  # the end of the stream: the server's close has come first
        client.close()
    _, said = start(world, port, option)
    return said.split()[0]


def start(world: World, port: int, option: str) -> tuple[KeptProcess, str]:
    """Start the child at a port; return it and its first line."""
    process = KeptProcess([sys.executable, "-I", str(CHILD), str(port), option])
    world.defer(process.stop)
    if not process.wait_until(lambda: bool(process.lines), DEADLINE):
        raise KitError(f"A server at port {port} said nothing within {DEADLINE:g} s.")
    return process, process.lines[0]


def judge(table: Mapping[str, Mapping[str, str]]) -> Finding:
    """Decide C61: of the four, only "server first, without the option" is refused."""
    refused = {
        (first, option): said
        for first, row in table.items()
        for option, said in row.items()
        if said != "listening"
    }
    wanted = {(FIRST[0], "without SO_REUSEADDR"): "EADDRINUSE"}
    return Finding(
        met=refused == wanted,
        measured="; ".join(
            f"{first}, {option}: {said}"
            for first, row in table.items()
            for option, said in row.items()
        ),
        why="Another program has taken the port in between, or this system keeps no TIME_WAIT.",
    )
