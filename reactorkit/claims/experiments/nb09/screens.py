"""The article's dialogue, replayed with its server: who reads what on which screen (C108, C109)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb09.typist import wait_for
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reactorkit.lab.peer import Peer

SERVER = "chat_article"
# Who says what: a dialogue of the article's shape, in words of our own.
DIALOGUE = (
    ("Hila", "Anybody here?"),
    ("Bella", "I am."),
    ("Bella", "My name is Bella."),
    ("Hila", "And mine is Hila."),
    ("Bella", "She is the greatest!"),
)


def transcripts(world: World) -> Evidence:
    """Let two members talk, one after the other, and read all three screens."""
    server = world.serve(SERVER)
    members: dict[str, Peer] = {}
    screens: dict[str, list[str]] = {name: [] for name, _ in DIALOGUE}
    for name, text in DIALOGUE:
        if name not in members:
            members[name] = world.peer(server)
        members[name].send(json.dumps({"user": name, "text": text}).encode())
        screens[name].append(text)  # the terminal shows what is typed
        line = f"[{name}] {text}"
        for member, peer in members.items():
            screens[member].append(peer.recv_exactly(len(line)).decode())
    lines = [f": [{name}] {text}" for name, text in DIALOGUE]
    wait_for(lambda: server.log.count(lines[-1]) > 0, "the server prints", world.check_stop)
    said = server.log.splitlines()[1:]  # the first is the launcher's
    return Evidence(
        findings={"C108": judge_screen(screens["Bella"]), "C109": judge_server(said)},
        data={"screens": screens, "server": [masked(line) for line in said]},
        picture=draw,
        caption="Left: what Bella typed comes back with her name. Right: the server tells the two "
        "apart by their ports, which are masked here.",
        alt="Two screens. Bella's: each of her lines twice, the second time with her name in "
        "brackets. The server's: a greeting for each member, and each line with address and name.",
    )


def masked(line: str) -> str:
    """Return a line without the number of its port, which is another one in every run."""
    return re.sub(r"\('127\.0\.0\.1', \d+\)", "('127.0.0.1', PORT)", line)


def judge_screen(screen: Sequence[str]) -> Finding:
    """Decide C108: each of one's own lines comes back, with one's name."""
    own = [text for name, text in DIALOGUE if name == "Bella"]
    back = sum(f"[Bella] {text}" in screen for text in own)
    return Finding(
        met=back == len(own) and all(text in screen for text in own),
        measured=f"{back} of Bella's {len(own)} lines stand on her screen twice, the second time "
        "as [Bella] and the text",
        why="The server was changed.",
    )


def judge_server(said: Sequence[str]) -> Finding:
    """Decide C109: a greeting for each member before its first line, then address, name, text."""
    address = "('127.0.0.1', PORT)"
    expected, seen = [], set()
    for name, text in DIALOGUE:
        if name not in seen:
            expected.append(f"{address} hello!")
            seen.add(name)
        expected.append(f"{address}: [{name}] {text}")
    ports = set(re.findall(r"\('127\.0\.0\.1', (\d+)\)", "\n".join(said)))
    return Finding(
        met=[masked(line) for line in said] == expected and len(ports) == len(seen),
        measured=f"{sum('hello!' in line for line in said)} greetings, {len(DIALOGUE)} lines with "
        f"address and name, {len(ports)} different ports",
        why="The server was changed.",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw two screens side by side."""
    from reactorkit.view import style

    screens = {"Bella's screen": data["screens"]["Bella"], "the server's screen": data["server"]}
    most = max(map(len, screens.values()))
    fig = style.figure(9.8, 0.42 * most + 1.0)
    for ax, (title, lines) in zip(
        fig.subplots(1, 2, width_ratios=(1, 1.75)), screens.items(), strict=True
    ):
        ax.set_title(title, fontsize=11, fontweight="bold", loc="left")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_facecolor("#f7f7f7")
        ax.set_ylim(most + 0.2, 0)
        for row, line in enumerate(lines):
            ax.text(
                0.02, row + 0.6, line, family="monospace", fontsize=8.5, va="center",
                fontweight="bold" if line.startswith("[Bella]") else "normal",
                transform=ax.get_yaxis_transform(),
            )  # fmt: skip
    return fig
