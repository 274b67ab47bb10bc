"""Lesson 00, Start here: one experiment to practise with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.peer import PeerTimeout

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def the_second_visitor(world: World) -> Evidence:
    """Let Bob connect to a server that is busy with Ann, and see when he is answered."""
    patience = world.pick(quick=0.3, small=1.0, normal=1.0)
    server = world.serve("echo_blocking")
    began = time.perf_counter()
    happened: list[list[Any]] = []

    def note(source: str, target: str | None, text: str) -> None:
        happened.append([time.perf_counter() - began, source, target, text])

    ann = world.enter(server.connect())
    ann.echo(b"I am here")
    note("Ann", "server", "connects, is greeted")
    bob = world.enter(server.connect(timeout=patience))
    note("Bob", "server", "connects")
    bob.send(b"hello")
    note("Bob", "server", "hello")
    try:
        early = bool(bob.recv())
    except PeerTimeout:
        early = False
    note("Bob", None, "hears his echo" if early else "hears nothing")
    ann.close()
    note("Ann", "server", "leaves")
    bob.timeout = 5.0
    late = early or bob.recv_exactly(5) == b"hello"
    note("server", "Bob", "hello")
    return Evidence(
        findings={"P00": judge(connected=True, early=early, late=late, patience=patience)},
        data={"happened": happened},
        picture=draw_the_second_visitor,
        caption="Bob's connection stands long before the server knows about him.",
        alt="Bob connects while Ann is connected, hears nothing, and is answered once Ann leaves.",
    )


def judge(*, connected: bool, early: bool, late: bool, patience: float) -> Finding:
    """Decide: connected at once, silence while Ann is there, an echo after she has left."""
    told = "was connected" if connected else "was not connected"
    before = "heard his echo while Ann was there" if early else f"heard nothing for {patience:g} s"
    after = "and was answered after she had left" if late else "and was not answered at all"
    met = connected and not early and late
    return Finding(
        met=met,
        measured=f"Bob {told}, {before}, {after}",
        why="" if met else "the server may have been changed, and serve more than one at a time",
    )


def draw_the_second_visitor(data: Any) -> Figure:
    """Draw the dialogue of Ann, the server and Bob."""
    from reactorkit.view.diagrams import sequence

    messages = [
        (round(when * 1e3, 1), source, target, text)
        for when, source, target, text in data["happened"]
    ]
    return sequence(["Ann", "server", "Bob"], messages, unit="ms")
