"""What real servers on a selector do, seen on the board's own channel (C65, C67, C69, C70)."""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reactorkit.claims.experiments.nb05 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server
from reactorkit.lab.watched import Watched

HERE = Path(__file__).parent / "taught"
FIRST_REACTOR = HERE / "first_reactor.py"
EXCHANGE = HERE / "exchange.py"

WORDS = {0: "nothing", 1: "READ", 2: "WRITE", 3: "READ, WRITE"}
DEADLINE = 10.0
Rows = list[list[str]]


def inside(server: Server) -> Watched:
    """Return the inside of a server that was started with watch=True."""
    assert server.watched is not None
    return server.watched


def becomes(server: Server, true: Callable[[dict[str, Any]], Any], what: str) -> None:
    """Wait until the server's state is so; KitError when it does not become so."""
    if not inside(server).until_state(true, DEADLINE):
        raise KitError(f"{server.name}: {what} did not happen within {DEADLINE:g} s.")


# --- C65, C69: the table ---------------------------------------------------------------------


def selector_table(world: World) -> Evidence:
    """C65, C69: write down the selector's table of echo_selectors at five moments."""
    server = world.serve("echo_selectors", watch=True)
    moments: list[tuple[str, Rows]] = []

    def note(what: str, true: Callable[[Rows], bool]) -> None:
        becomes(server, lambda state: true(table_of(state)), what)
        moments.append((what, table_of(inside(server).state())))

    note("the server has started", lambda rows: len(rows) == 1)
    ann = world.peer(server, rcvbuf=4096)
    note("Ann connects", lambda rows: len(rows) == 2)
    ann.echo(b"Hello Kim")
    note("Ann says: Hello Kim", lambda rows: len(rows) == 2)
    fill(server, ann)
    note("Ann sends more and does not read", lambda rows: rows[-1][1] == "WRITE")
    ann.close()
    note("Ann leaves", lambda rows: len(rows) == 1)
    started, connected = moments[0][1], moments[1][1]
    return Evidence(
        findings={
            "C65": Finding(listener_alone(started), f"after the start: {in_words(started)}"),
            "C69": Finding(
                listener_and_client(connected), f"with one client: {in_words(connected)}"
            ),
        },
        data={"moments": [[what, rows] for what, rows in moments]},
        picture=pictures.draw_table,
        caption="Left what the clients do, right what the selector holds from then on.",
        alt="Five moments from above. "
        + " ".join(f"{what}: {in_words(rows)}." for what, rows in moments),
    )


def table_of(state: Mapping[str, Any]) -> Rows:
    """Return the rows of the selector: whose handle, what it waits for, what is stored."""
    handles = sorted(state["handles"].values(), key=lambda one: one["role"] != "listener")
    return [
        [one["role"], WORDS[one["mask"]], one["cb"].rpartition(".")[2]]
        for one in handles
        if one["mask"]
    ]


def fill(server: Server, peer: Peer) -> None:
    """Send without reading until the server waits for room to answer."""
    end = time.monotonic() + DEADLINE
    peer.sock.setblocking(False)
    while time.monotonic() < end:
        if inside(server).until_state(lambda state: table_of(state)[-1][1] == "WRITE", 0.02):
            return
        with contextlib.suppress(BlockingIOError):  # the server has stopped reading, or soon will
            peer.sock.send(bytes(1 << 18))
    raise KitError(f"The buffers of this system took everything for {DEADLINE:g} s.")


def in_words(rows: Rows) -> str:
    """Return a table in one line."""
    return " and ".join(f"({', '.join(row)})" for row in rows)


def listener_alone(rows: Rows) -> bool:
    """Return whether the table is one row: the listener, for reading, with accept."""
    return rows == [["listener", "READ", "accept"]]


def listener_and_client(rows: Rows) -> bool:
    """Return whether the table is the listener with accept and a client with read."""
    return rows == [["listener", "READ", "accept"], ["client", "READ", "read"]]


# --- C67: one newcomer, or all of them ---------------------------------------------------------

# The longest queue that every system keeps for a listener: Linux has room for thousands.
WAITING = 300 if sys.platform == "linux" else 100


def accept_one_or_all(world: World) -> Evidence:
    """C67: stop the first reactor, let 300 clients connect and Ann speak, and let it go on."""
    if WAITING < 300:
        world.note(f"{WAITING} clients instead of 300: this system lets no more than 128 wait.")
    seen = {}
    for newcomers in (1, WAITING):
        target = changed(world, FIRST_REACTOR, "NEWCOMERS = 1 ", f"NEWCOMERS = {newcomers} ")
        seen[str(newcomers)] = rush(world, target)
    one, many = seen["1"], seen[str(WAITING)]
    return Evidence(
        findings={
            "C67": Finding(
                one_a_turn(one["turns"], many["turns"]),
                f"{WAITING} clients were let in within {one['turns']} turns, one at a time, and "
                f"within {many['turns']}, all at once; Ann, who was connected already and spoke "
                f"when they had come, waited for {one['before']} and for {many['before']} of them",
            )
        },
        data={"seen": seen, "waiting": WAITING},
        picture=pictures.draw_newcomers,
        caption="One for each turn: many turns. All in one turn: Ann has to wait for all of them.",
        alt=f"Two pairs of bars. Turns until all {WAITING} are in: {one['turns']} and "
        f"{many['turns']}. Newcomers served before Ann: {one['before']} and {many['before']}.",
    )


def changed(world: World, source: Path, old: str, new: str) -> Path:
    """Return a copy of a server with this one change, as a reader would make it."""
    text = source.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{source.name} has no single {old!r}"
    folder = world.enter(TemporaryDirectory(prefix="reactorkit-"))
    path = Path(folder) / source.name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def rush(world: World, target: Path) -> dict[str, int]:
    """Return in how many turns the newcomers were let in, and how many of them before Ann."""
    server = world.serve(target, watch=True, descriptors=WAITING + 100)
    ann = world.peer(server)
    ann.echo(b"I am here")
    events: list[dict[str, Any]] = []
    # As long as it waits for a condition, here one that never holds, it tells every event.
    inside(server).until({"owed": [">", 2**40]})
    becomes(server, lambda state: state["mode"] == "until", "the condition")
    world.defer(inside(server).subscribe(events.extend))
    server.pause()
    newcomers = world.hold(server, WAITING)
    ann.send(b"me too")
    server.resume()
    ann.recv_exactly(len(b"me too"))
    becomes(server, lambda state: state["totals"]["accepted"] == WAITING + 1, "accepting them")
    for peer in newcomers.peers:
        peer.reset()  # leaves no port behind in TIME_WAIT
    return story_of(events)


def story_of(events: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the turns with newcomers in a trace, and the newcomers before the first word."""
    turns, turn, before, spoken = set(), 0, 0, False
    for event in events:
        if event["e"] == "wake":
            turn = event["turn"]
        elif event["e"] == "io" and event["op"] == "accept" and "err" not in event:
            turns.add(turn)
            before += not spoken
        elif event["e"] == "io" and event["op"] == "recv" and event.get("got"):
            spoken = True
    return {"turns": len(turns), "before": before}


def one_a_turn(one: int, many: int) -> bool:
    """Return whether one at a time took nearly a turn each, and all at once hardly any."""
    return one >= 0.8 * WAITING and many <= 20


# --- C70: a short text and a long one ----------------------------------------------------------

SHORT, LONG = b"Hello Kim", bytes(range(250)) * 800


def long_text(world: World) -> Evidence:
    """C70: let a server that reads 1000 bytes at most echo 9 bytes, and then 200,000."""
    target = changed(world, FIRST_REACTOR, "recv(65536)", "recv(1000)")
    server = world.serve(target, watch=True)
    peer = world.peer(server)
    turns, same, sent = {}, {}, 0
    for text in (SHORT, LONG):
        before = runs(inside(server).state())
        peer.send(text)
        same[str(len(text))] = peer.recv_exactly(len(text)) == text
        sent += len(text)
        # The answer may be here before the news of it; a handler's run is told after its send.
        becomes(server, functools.partial(done, sent), "the news of the echo")
        turns[str(len(text))] = runs(inside(server).state()) - before
    return Evidence(
        findings={
            "C70": Finding(
                same_in_many_turns(same, turns),
                "; ".join(
                    f"{size} bytes came back {'unchanged' if same[size] else 'CHANGED'} after "
                    f"{turns[size]} turn{'s' * (turns[size] != 1)}"
                    for size in same
                ),
            )
        },
        data={"turns": turns},
        picture=pictures.draw_turns,
        caption="A long text is a short one several times.",
        alt="Two bars on a log axis: the turns for 9 bytes, and for 200,000 bytes.",
    )


def runs(state: Mapping[str, Any]) -> int:
    """Return how often the handler of a client has run: once a turn at most."""
    return sum(one["runs"] for one in state["handles"].values() if one["role"] == "client")


def done(sent: int, state: Mapping[str, Any]) -> bool:
    """Return whether so much has been sent and the server waits again."""
    return bool(state["totals"]["sent"] >= sent and state["phase"] == "waiting")


def same_in_many_turns(same: Mapping[str, bool], turns: Mapping[str, int]) -> bool:
    """Return whether both came back unchanged, the long one in at least a turn per 1000 bytes."""
    return all(same.values()) and turns[str(len(LONG))] >= len(LONG) // 1000
