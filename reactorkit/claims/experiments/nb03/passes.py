"""Passes of the busy loop, counted call by call (see nb03_counted_busywait.py for how)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb03_counted_busywait import GO, HOLD, TOTALS
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COUNTED = Path(__file__).parents[1] / "nb03_counted_busywait.py"
PATIENCE = 20.0

Shape = tuple[int, int, int]  # accepts, recvs, sends of one pass


def totals(asker: Peer) -> dict[str, Any]:
    """Ask the counting server for everything since the last question."""
    asker.send(TOTALS)
    line = b""
    while not line.endswith(b"\n"):
        piece = asker.recv()
        if not piece:
            raise KitError("The counting server has ended.")
        line += piece
    answer: dict[str, Any] = json.loads(line)
    return answer


def shapes(report: Mapping[str, Any]) -> dict[Shape, int]:
    """Return how often passes with so many accepts, recvs and sends were seen."""
    return {(accepts, recvs, sends): n for accepts, recvs, sends, n in report["passes"]}


# ----------------------------------------------------------------------- C31


def calls_per_pass(world: World) -> Evidence:
    """Connect more and more silent clients and count the recv calls of each pass."""
    sizes = world.pick(quick=(1, 50, 400), small=(1, 50, 400), normal=(1, 50, 200, 400))
    server = world.serve(COUNTED, descriptors=max(sizes) + 100)
    asker = world.peer(server, timeout=PATIENCE)
    here = 1
    seen: dict[int, dict[Shape, int]] = {}
    for size in world.progress(sizes, "counting"):
        if size > here:
            newest = world.hold(server, size - here).peers[-1]
            newest.timeout = PATIENCE
            newest.echo(b"accepted?")  # clients are accepted in turn: now all of them are in
            here = size
        seen[size] = silent_passes(asker, at_least=10)
    return Evidence(
        findings={"C31": judge_visits(seen)},
        data={"sizes": list(seen), "recvs": [most_frequent(each)[1] for each in seen.values()]},
        picture=draw_visits,
        caption="Nobody says a word, and every client is asked in every pass.",
        alt="A rising line: the recv calls of a pass are as many as there are clients.",
    )


def silent_passes(asker: Peer, at_least: int) -> dict[Shape, int]:
    """Return the shapes of `at_least` or more complete passes in which nobody said a word."""
    totals(asker)  # begins a new count, after the pass in which we have spoken
    deadline = time.monotonic() + PATIENCE
    found: dict[Shape, int] = {}
    while sum(found.values()) < at_least:
        if time.monotonic() > deadline:
            raise KitError(f"The loop made fewer than {at_least} passes within {PATIENCE:g} s.")
        time.sleep(0.02)  # a stretch of silence: what is counted are the passes in it
        for shape, n in shapes(totals(asker)).items():
            found[shape] = found.get(shape, 0) + n
    return found


def most_frequent(found: Mapping[Shape, int]) -> Shape:
    """Return the shape of most passes."""
    return max(found, key=lambda shape: found[shape])


def judge_visits(seen: Mapping[int, Mapping[Shape, int]]) -> Finding:
    """Decide C31: at every size, every pass made one recv per connection."""
    met = all({recvs for _, recvs, _ in found} == {size} for size, found in seen.items())
    counts = ", ".join(f"{most_frequent(found)[1]:,}" for found in seen.values())
    sizes = ", ".join(f"{size:,}" for size in seen)
    return Finding(
        met=met,
        measured=f"{counts} recv calls per pass with {sizes} silent clients",
        why="A changed echo_busywait may ask some clients more or less often.",
    )


def draw_visits(data: Any) -> Figure:
    """Draw the recv calls of a pass against the connected clients."""
    from reactorkit.view.charts import lines

    fig = lines(
        {"recv": (data["sizes"], data["recvs"])},
        xlabel="connected clients, all silent",
        ylabel="recv calls in one pass",
        names={"recv": "busywait"},
    )
    (ax,) = fig.axes
    ax.set_ylim(bottom=-0.1 * max(data["recvs"]))  # room for the number of the first point
    for size, recvs in zip(data["sizes"], data["recvs"], strict=True):
        last = size == data["sizes"][-1]
        ax.annotate(
            f"{recvs:,}",
            (size, recvs),
            xytext=(-10, 0) if last else (9, -9),
            textcoords="offset points",
            ha="right" if last else "left",
            fontweight="bold",
        )
    return fig


# ----------------------------------------------------------------------- C23


def one_pass(world: World) -> Evidence:
    """Let one client speak and one leave between two passes, and list the calls of the next."""
    server = world.serve(COUNTED)
    names = ("Ann", "Bob", "Cem", "Dora", "Eve")
    people = {name: world.peer(server, timeout=PATIENCE) for name in names}
    asker = people["Ann"]  # first in the list: she asks when the pass before is complete
    people["Eve"].echo(b"accepted?")
    silent = silent_passes(asker, at_least=10)
    asker.echo(HOLD)
    people["Bob"].send(b"hello")
    people["Dora"].close()
    asker.send(GO)
    people["Bob"].recv_exactly(5)
    calls = totals(asker)["eventful"]
    who = {0: "listener", **dict(enumerate(names, start=1))}
    story = [[call, who[client], answer] for call, client, answer in calls]
    return Evidence(
        findings={"C23": judge_pass(story, silent, names)},
        data={"story": story},
        picture=draw_pass,
        caption="One pass, from top to bottom: everybody is asked, two have something to say.",
        alt="The calls of one pass in order, each with the kernel's answer.",
    )


def judge_pass(
    story: Sequence[Sequence[str]], silent: Mapping[Shape, int], names: Sequence[str]
) -> Finding:
    """Decide C23: silent passes make 1 accept and N recv; bytes add one send, in list order."""
    expected = [("accept", "listener"), ("recv", "Ann"), ("recv", "Bob"), ("send", "Bob")]
    expected += [("recv", name) for name in names[2:]]
    order = [(call, who) for call, who, _ in story]
    count = len(names)
    return Finding(
        met=set(silent) == {(1, count, 0)} and order == expected,
        measured=(
            f"{count} silent clients: {sum(most_frequent(silent))} calls a pass; when one had "
            f"spoken and one had left: {len(story)} calls, in the order of the list"
        ),
        why="A changed echo_busywait may ask in another order.",
    )


def draw_pass(data: Any) -> Figure:
    """Draw the calls of one pass, in order, with the kernel's answers."""
    from reactorkit.view.diagrams import truth_table

    def meaning(call: str, who: str, answer: str) -> str:
        if answer == "nothing":
            return "no newcomer" if call == "accept" else "silent"
        if answer == "0 bytes":
            return f"{who} has left: close"
        return f"{who} has spoken" if call == "recv" else "echoed"

    return truth_table(
        [f"{place}. {call}, {who}" for place, (call, who, _) in enumerate(data["story"], 1)],
        ["the kernel's answer", "what it means"],
        [[answer, meaning(call, who, answer)] for call, who, answer in data["story"]],
        corner="call",
    )


# ----------------------------------------------------------------------- C26


def share_of_misses(world: World) -> Evidence:
    """Count the calls that find nothing: while idle, and with 1, 10 and 200 talkers."""
    crowds = world.pick(quick=(1, 200), small=(1, 10, 200), normal=(1, 10, 200))
    seconds = world.pick(quick=0.3, small=0.5, normal=0.8)
    server = world.serve(COUNTED, descriptors=400)
    asker = world.peer(server, timeout=PATIENCE)
    idle = world.hold(server, 10)
    idle.peers[-1].echo(b"accepted?")
    shares = {"idle": share(asker, seconds)}
    idle.close()
    for size in world.progress(crowds, "talking"):
        shares[f"{size} talking"] = share_with(world, server, asker, size, seconds)
    return Evidence(
        findings={"C26": judge_share(shares)},
        data={"shares": shares},
        picture=draw_share,
        caption="The share of questions asked in vain: a matter of load, not of the method.",
        alt="Bars: nearly all calls find nothing while idle, far fewer with 200 talkers.",
    )


def share(asker: Peer, seconds: float) -> float:
    """Return the share of calls, 0.0 to 1.0, that found nothing during `seconds`."""
    totals(asker)
    time.sleep(seconds)  # the measurement is this stretch of time
    report = totals(asker)
    asked = report["nothing"] + report["something"]
    return report["nothing"] / asked if asked else 0.0


def share_with(world: World, server: Server, asker: Peer, size: int, seconds: float) -> float:
    """Return the share while `size` clients ask again as soon as they are answered."""
    crowd = world.crowd(server, size, "pingpong")
    try:
        return share(asker, seconds)
    finally:
        crowd.stop()


def judge_share(shares: Mapping[str, float]) -> Finding:
    """Decide C26: idle over 95 % in vain, with 200 talkers less than 80 %."""
    said = ", ".join(f"{name} {percent(value)}" for name, value in shares.items())
    return Finding(
        met=shares["idle"] > 0.95 and shares["200 talking"] < 0.80,
        measured=f"calls that found nothing: {said}",
        why="The talkers got too little of the CPU to keep the server busy.",
    )


def percent(value: float) -> str:
    """Return a share as people write it; what is nearly all is not called all."""
    return "more than 99.9 %" if 0.999 < value < 1 else f"{100 * value:.1f} %"


def draw_share(data: Any) -> Figure:
    """Draw the share of calls in vain under each load."""
    from reactorkit.view.charts import bars

    names = list(data["shares"])
    return bars(
        names,
        [100 * value for value in data["shares"].values()],
        ylabel="calls that found nothing (%)",
        xlabel="clients",
        names=["busywait"] * len(names),
    )
