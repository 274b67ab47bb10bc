"""The pictures of lesson 07: plain data in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb04.pictures import blank, table
from reactorkit.view import style
from reactorkit.view.charts import lines
from reactorkit.view.diagrams import truth_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Data = Mapping[str, Any]

LOST, ARRIVED = style.look("busywait"), style.look("threads")
MASKS = {1: "READ", 2: "WRITE", 3: "READ | WRITE"}
MONO = "DejaVu Sans Mono"


def draw_matrix(data: Data) -> Figure:
    """Draw who has received whose line in each chat; a frame marks the senders' own."""
    chats: Mapping[str, Mapping[str, Sequence[str]]] = data["heard"]
    names = list(next(iter(chats.values())))
    head, wide, gap = 1.6, 0.86, 0.3
    block = wide * len(names)
    total = head + len(chats) * (block + gap)
    fig = style.figure(total * style.ENLARGED, (0.42 * (len(names) + 2) + 0.1) * style.ENLARGED)
    ax = blank(fig, (0, total), (len(names) + 2, 0))
    for row, name in enumerate(names, start=2):
        ax.text(0.05, row + 0.5, f"{name} says a line", va="center")
        ax.axhline(row, color="black" if row == 2 else style.PALE, linewidth=0.9)
    for place, (chat, heard) in enumerate(chats.items()):
        left = head + place * (block + gap)
        ax.text(left + 0.1, 0.5, chat, va="center", fontweight="bold")
        _draw_hearers(ax, left, wide, heard)
    return fig


def _draw_hearers(ax: Axes, left: float, wide: float, heard: Mapping[str, Sequence[str]]) -> None:
    for column, name in enumerate(heard):
        x = left + (column + 0.5) * wide
        ax.text(x, 1.5, f"{name} hears", ha="center", va="center", fontsize=8.5, color=style.GREY)
        for row, by in enumerate(heard.values(), start=2):
            words, colour = ("● yes", style.BLUE) if name in by else ("○ no", style.GREY)
            ax.text(x, row + 0.5, words, ha="center", va="center", color=colour, fontweight="bold")
        _frame(ax, x - 0.38, column + 2.16, 0.76, 0.68)


def _frame(ax: Axes, x: float, y: float, wide: float, high: float) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(
        Rectangle((x, y), wide, high, fill=False, edgecolor=style.VERMILION, linewidth=1.8)
    )


def draw_tables(data: Data) -> Figure:
    """Draw the table of the selector at several moments, one below the other."""
    moments: Mapping[str, Sequence[Sequence[Any]]] = data["tables"]
    height = 0.9 + sum(map(len, moments.values()))
    fig = style.figure(8.4, 0.5 * height)
    ax = blank(fig, (0, 10), (height, 0))
    for x, words in ((2.6, "handle"), (5.2, "waits for"), (7.6, "then call")):
        ax.text(x, 0.45, words, va="center", fontweight="bold")
    ax.text(0.05, 0.45, data.get("corner", "in the room"), va="center", color=style.GREY)
    y = 0.9
    for moment, rows in moments.items():
        ax.axhline(y, color="black" if y == 0.9 else style.PALE, linewidth=0.9)
        ax.text(0.05, y + 0.5, moment, va="center")
        for fd, role, mask, callback in rows:
            both = mask == 3
            ax.text(2.6, y + 0.5, f"{fd}  {role}", va="center")
            ax.text(
                5.2,
                y + 0.5,
                MASKS.get(mask, str(mask)),
                va="center",
                color=style.VERMILION if both else style.BLUE,
                fontweight="bold" if both else "normal",
            )
            ax.text(7.6, y + 0.5, callback, va="center")
            y += 1
    return fig


def draw_shares(data: Data) -> Figure:
    """Draw the tries as bars of sent and delivered, and the share over the pause as a line."""
    fig = style.figure(8.6, 3.9)
    grid = fig.add_gridspec(1, 2, width_ratios=(1.15, 1))
    _draw_tries(fig.add_subplot(grid[0]), data["tries"])
    ax = fig.add_subplot(grid[1])
    style.tidy(ax)
    shares = sorted(data["shares"])
    ax.plot(
        [gap * 1e6 for gap, _ in shares],
        [share * 100 for _, share in shares],
        color=ARRIVED.colour,
        marker=ARRIVED.marker,
        markersize=8,
        markeredgecolor="black",
        linewidth=2.2,
    )
    style.log_axis(ax, "x")
    ax.set_ylim(-4, 108)
    ax.set_xlabel("between two sends (µs)")
    ax.set_ylabel("messages delivered (%)")
    return fig


def _draw_tries(ax: Axes, tries: Mapping[str, tuple[int, int]]) -> None:
    style.tidy(ax)
    for place, (sent, got) in enumerate(tries.values()):
        share = got / sent
        ax.barh(place, 100, 0.62, color="white", edgecolor="black", linewidth=0.8)
        ax.barh(
            place,
            100 * share,
            0.62,
            color=ARRIVED.colour,
            hatch=ARRIVED.hatch,
            edgecolor="black",
            linewidth=0.8,
        )
        ax.text(
            50,
            place,
            f"{got} of {sent}",
            ha="center",
            va="center",
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.9},
        )
    ax.set_yticks(range(len(tries)), list(tries))
    ax.set_ylim(len(tries) - 0.5, -0.5)
    ax.set_xlim(0, 101)
    ax.set_xlabel("messages delivered (%)")
    ax.grid(False, axis="y")


def draw_stories(data: Data) -> Figure:
    """Draw the conversations beside what the listener gets of each: plain, and framed."""
    stories: Sequence[Sequence[Sequence[str]]] = data["stories"]
    heights = [len(story) * 0.62 + 0.75 for story in stories]
    fig = style.figure(10.2, 0.42 * sum(heights) + 0.9)
    ax = blank(fig, (0, 12.4), (sum(heights) + 0.9, 0))
    heads = ((0.05, "who says what"), (3.85, "what the listener gets"), (7.75, "as JSON lines"))
    for x, words in heads:
        ax.text(x, 0.4, words, va="center", fontweight="bold")
    y = 0.9
    for place, (story, high) in enumerate(zip(stories, heights, strict=True)):
        ax.axhline(y, color="black" if place == 0 else style.PALE, linewidth=0.9)
        middle = y + high / 2
        for row, (name, text) in enumerate(story):
            at = middle + (row - (len(story) - 1) / 2) * 0.62
            ax.text(0.05, at, f"{name} says ", va="center", color=style.GREY)
            _said(ax, 1.02, at, f"“{text}”", style.BLUE if name == "A" else "#a84300")
        _said(ax, 3.85, middle, data["heard"][place], "black", size=9.5)
        framed = data["framed"][place].splitlines()
        for row, words in enumerate(framed):
            at = middle + (row - (len(framed) - 1) / 2) * 0.62
            _said(ax, 7.75, at, f"{words}↵", "black", size=7.4)
        y += high
    return fig


def _said(ax: Axes, x: float, y: float, words: str, colour: str, size: float = 9) -> None:
    ax.text(x, y, words, va="center", fontsize=size, color=colour, family=MONO)


def draw_splits(data: Data) -> Figure:
    """Draw a stream, and under it a mark at every place where it was cut in two."""
    stream, fates = data["stream"], data["fates"]
    fig = style.figure(10.2, 1.5)
    ax = blank(fig, (-1, len(stream) + 1), (2.4, -0.6))
    place = 0
    for letter in stream.decode():
        ends, size = letter == "\n", len(letter.encode())
        ax.text(
            place + size / 2,
            0,
            "↵" if ends else letter,
            ha="center",
            va="center",
            fontsize=8,
            family=MONO,
            color=style.VERMILION if ends else "black",
            fontweight="bold" if ends else "normal",
        )
        place += size
    for place, same in enumerate(fates, start=1):
        ax.plot(
            place,
            1,
            marker="o" if same else "X",
            markersize=4.5 if same else 6,
            color=style.BLUE if same else style.VERMILION,
        )
    words = "the same" if data["dribbled"] else "✘ not the same"
    ax.text(
        0,
        2,
        f"cut in two: the same at {sum(fates)} of {len(fates)} places.   Byte by byte: {words}.",
        va="center",
        fontsize=9,
    )
    return fig


def draw_key(data: Data) -> Figure:
    """Draw what a socket is as a key and as a socket, before and after close."""
    seen = data["seen"]
    return truth_table(
        list(seen),
        ["found in the dict", "fileno()", "same hash"],
        [
            [one["found"], str(one["fileno"]), one["hash"] == seen["open"]["hash"]]
            for one in seen.values()
        ],
        corner="the socket is",
    )


def draw_queues(data: Data) -> Figure:
    """Draw the time for one item against the length of the queue."""
    times: Mapping[str, Sequence[float]] = data["times"]
    sizes = [int(size) for size in times]
    return lines(
        {
            "list, pop(0)": (sizes, [pair[0] * 1e9 for pair in times.values()]),
            "deque, popleft()": (sizes, [pair[1] * 1e9 for pair in times.values()]),
        },
        xlabel="items in the queue",
        ylabel="time for one item, off and on again (ns)",
        logx=True,
        logy=True,
        names={"list, pop(0)": "busywait", "deque, popleft()": "threads"},
        width=7,
        height=3.8,
    )


def draw_door(data: Data) -> Figure:
    """Draw which server lives after a visitor that was gone before accept."""
    rows = {
        name: ["● yes" if one["alive"] else "✘ no", one["last_words"] or "–"]
        for name, one in data["fates"].items()
    }
    return table("server", (("lives", 0.9), ("its last words", 4.2)), rows, 1.5)


def draw_loop(data: Data) -> Figure:
    """Draw the reactor between the handlers of its two services."""
    fig = style.figure(8, 2.9)
    ax = blank(fig, (0, 10), (4, 0))
    _box(ax, 5, 1.85, "Reactor\n\nwait → call → wait", style.PALE, high=1.9)
    said = data["seen"]["chat"].strip().splitlines()[-1]
    for x, side, service, words in (
        (1.5, 1, "echo", data["seen"]["echo"]),
        (8.5, -1, "chat", said),
    ):
        ax.text(x, 0.25, service, ha="center", va="center", fontweight="bold")
        for y, kind in ((1.2, "Acceptor"), (2.5, service.capitalize())):
            _box(ax, x, y, kind, "white")
            ax.annotate(
                "",
                xy=(x + 0.72 * side, y),
                xytext=(5 - 1.3 * side, 1.85),
                arrowprops={"arrowstyle": "-|>", "color": style.BLUE, "linewidth": 1.6},
            )
        ax.text(x, 3.3, "its answer:", ha="center", va="center", fontsize=8, color=style.GREY)
        ax.text(x, 3.7, words, ha="center", va="center", fontsize=7.5, family=MONO)
    return fig


def _box(ax: Axes, x: float, y: float, words: str, colour: str, high: float = 0.8) -> None:
    ax.text(
        x,
        y,
        words,
        ha="center",
        va="center",
        bbox={"boxstyle": f"round,pad={0.45 * high}", "facecolor": colour, "edgecolor": "black"},
        zorder=4,
    )
