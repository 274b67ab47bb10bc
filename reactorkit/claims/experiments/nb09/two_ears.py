"""Typing and listening at once: with one ear, with a selector, with two threads (C103, C104)."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb09.typist import Desk, Typist, wait_for
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES = 20
SEED = 9
WORDS = ("Are you there?", "I am waiting.", "Hello?")


@dataclass(frozen=True)
class Dialogue:
    """What came of `LINES` lines in each direction, in mixed order: the texts, as they arrived."""

    name: str
    arrived: Sequence[str]
    shown: Sequence[str]

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, doubled or out of order, in either direction."""
        return list(self.arrived) == typed() and list(self.shown) == pushed()

    def __str__(self) -> str:
        return (
            f"{self.name}: {len(self.arrived)} of {LINES} typed lines arrived, "
            f"{len(self.shown)} of {LINES} pushed lines were shown"
        )


def typed() -> list[str]:
    """Return the lines that are typed."""
    return [f"up {number}." for number in range(LINES)]


def pushed() -> list[str]:
    """Return the lines that the server sends."""
    return [f"down {number}." for number in range(LINES)]


def both_ears(world: World) -> Evidence:
    """Write to a client with one ear and to one with two, while nobody types; then do."""
    moments = {name: moments_of(world, name) for name in ("client_input", "chat_client")}
    dialogue = talk(world, "chat_client")
    return Evidence(
        findings={"C103": judge_ears(moments, dialogue)},
        data=moments,
        picture=draw,
        caption="A square is a line that Bob has written, a circle is where you see it. With one "
        "ear all circles stand behind your Enter.",
        alt="A timeline for two clients. Bob writes three lines. chat_client shows each at once; "
        "client_input shows all three only after Enter has been pressed.",
    )


def moments_of(world: World, name: str) -> dict[str, Any]:
    """Let Bob write three lines, then press Enter; return when what happened, in seconds."""
    desk = world.enter(Desk())
    client = world.enter(Typist(name, desk.address))
    wait_until_connected(world, desk, client)
    began, written = time.monotonic(), []
    for words in WORDS:
        written.append(time.monotonic() - began)
        desk.say(words)
        give_it_time(world, client, words)
    before = sum(client.shown(words) for words in WORDS)
    enter = time.monotonic() - began
    client.enter("I was thinking.")
    for words in WORDS:
        client.wait_until_shown(words)
    screen = list(client.screen)
    shown = [next(at for at, line in screen if words in line) - began for words in WORDS]
    return {"written": written, "shown": shown, "enter": enter, "before": before}


def wait_until_connected(world: World, desk: Desk, client: Typist) -> None:
    """Return once the client has connected and waits for something."""
    _ = desk.client
    wait_for(lambda: client.asleep, f"{client.name} waits", world.check_stop)


def give_it_time(world: World, client: Typist, words: str) -> None:
    """Return once the words are shown, or the client sleeps although they have come."""

    def settled() -> bool:
        return bool(client.shown(words)) or client.asleep

    wait_for(settled, f"{client.name} shows what has come, or sleeps", world.check_stop)


def talk(world: World, name: str) -> Dialogue:
    """Let a client and its server say their lines in mixed order; return what arrived."""
    desk = world.enter(Desk())
    client = world.enter(Typist(name, desk.address))
    wait_until_connected(world, desk, client)
    order = [0] * LINES + [1] * LINES
    random.Random(SEED).shuffle(order)
    ways = (iter(typed()), iter(pushed()))
    for way in order:
        if way:
            desk.say(next(ways[1]))
        else:
            client.enter(next(ways[0]))
    wait_for(lambda: desk.listen() >= LINES, f"{name} has sent everything", world.check_stop)
    client.wait_until_shown("down", LINES)
    words = set(pushed())
    said = [line.partition("] ")[2] for _, line in client.screen]
    return Dialogue(name, desk.texts, [each for each in said if each in words])


def judge_ears(moments: Mapping[str, Mapping[str, Any]], dialogue: Dialogue) -> Finding:
    """Decide C103: one ear is deaf until Enter, two ears miss nothing in either direction."""
    one, two = moments["client_input"]["before"], moments["chat_client"]["before"]
    return Finding(
        met=one == 0 and two == len(WORDS) and dialogue.whole,
        measured=f"before Enter: client_input has shown {one} of Bob's {len(WORDS)} lines, "
        f"chat_client {two}; then in mixed order, {dialogue}",
        why="One of the clients was changed.",
    )


def thread_for_each_ear(world: World) -> Evidence:
    """Put the client with two threads through the same dialogue as the one with a selector."""
    names = ("chat_client", "client_threads")
    dialogues = [talk(world, name) for name in names]
    return Evidence(
        findings={"C104": judge_threads(dialogues)},
        data={
            "rows": list(names),
            "cells": [[str(len(each.arrived)), str(len(each.shown))] for each in dialogues],
        },
        picture=draw_dialogues,
        caption=f"Two designs, the same result: {LINES} lines in each direction, in mixed order.",
        alt="A table of two clients: how many typed lines arrived, and how many pushed lines were "
        "shown. All of them, for both.",
    )


def judge_threads(dialogues: Sequence[Dialogue]) -> Finding:
    """Decide C104: both designs bring every line through."""
    return Finding(
        met=all(dialogue.whole for dialogue in dialogues),
        measured="; ".join(str(dialogue) for dialogue in dialogues),
        why="One of the clients was changed.",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw for each client when Bob wrote, when it was shown, and when Enter was pressed."""
    from reactorkit.view import style

    fig = style.figure(8, 3.8)
    ax = style.axes(fig, xlabel="place in the order of events")
    order = sorted(
        (at, name, kind)
        for name, each in data.items()
        for kind in ("written", "shown", "enter")
        for at in (each[kind] if isinstance(each[kind], list) else [each[kind]])
    )
    lanes = {name: lane for lane, name in enumerate(data)}
    marks = {
        "written": ("s", style.PALE, "Bob writes a line"),
        "shown": ("o", style.BLUE, "you see a line of his"),
        "enter": ("|", style.VERMILION, "you press Enter"),
    }
    labelled: set[str] = set()
    for name, lane in lanes.items():
        own = [kind for _, other, kind in order if other == name]
        for place, kind in enumerate(own, start=1):
            marker, colour, label = marks[kind]
            ax.plot(
                place, lane, marker, color=colour, markersize=26 if marker == "|" else 15,
                markeredgecolor=colour if marker == "|" else "black",
                markeredgewidth=4 if marker == "|" else 0.8, linestyle="none",
                label=None if kind in labelled else label, zorder=3,
            )  # fmt: skip
            labelled.add(kind)
    ax.set_yticks(range(len(lanes)), list(lanes))
    ax.set_ylim(len(lanes) - 0.5, -0.5)
    ax.set_xticks(range(1, 2 * len(WORDS) + 2))
    ax.grid(False, axis="y")
    fig.legend(
        loc="outside upper center", ncols=3, frameon=False, markerscale=0.55, handletextpad=0.3
    )
    return fig


def draw_dialogues(data: Mapping[str, Any]) -> Figure:
    """Draw the two clients as a table."""
    from reactorkit.view.diagrams import truth_table

    return truth_table(
        data["rows"],
        ["typed lines that arrived", "pushed lines that were shown"],
        data["cells"],
        corner="client",
    )
