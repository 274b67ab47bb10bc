"""The pictures of lesson 08: plain data in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb04.pictures import blank
from reactorkit.claims.experiments.nb07.pictures import draw_tables
from reactorkit.view import style
from reactorkit.view.charts import bars
from reactorkit.view.diagrams import truth_table
from reactorkit.view.survival import survival

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_tables"]

Data = Mapping[str, Any]
MEGABYTE = 1e6
KEPT, LOST, TORN = style.look("threads"), style.look("busywait"), style.look("asyncio")
POLICIES = ("busywait", "selectors", "threads")  # whose looks the three lines borrow


def draw_slow(data: Data) -> Figure:
    """Draw the server's memory against messages said, and what the slow user got of them."""
    fig = style.figure(8.6, 3.6)
    grid = fig.add_gridspec(1, 2, width_ratios=(1.6, 1))
    ax = fig.add_subplot(grid[0])
    style.tidy(ax)
    ax.plot(
        [number for number, _ in data["grown"]],
        [grown / MEGABYTE for _, grown in data["grown"]],
        color=LOST.colour,
        linewidth=2.4,
    )
    ax.set_xlabel("messages said; one user reads none of them")
    ax.set_ylabel("memory grown by (MB)")
    ax.set_ylim(bottom=0)
    style.plain_axis(ax, "x")
    style.plain_axis(ax, "y")
    got = data["got"]
    parts = {
        "whole": (got["whole"], KEPT),
        "torn": (got["torn"], TORN),
        "never": (data["count"] - got["whole"] - got["torn"], LOST),
    }
    _draw_got(fig.add_subplot(grid[1]), parts)
    return fig


def _draw_got(ax: Axes, parts: Mapping[str, tuple[int, style.Look]]) -> None:
    style.tidy(ax)
    for place, (count, look) in enumerate(parts.values()):
        ax.bar(
            place,
            count,
            0.62,
            color=look.colour,
            hatch=look.hatch,
            edgecolor="black",
            linewidth=0.8,
            zorder=3,
        )
        ax.annotate(
            f"{count:,}",
            xy=(place, count),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontweight="bold",
        )
    ax.set_xticks(
        range(len(parts)), [f"came\n{name}" if name != "never" else "never\ncame" for name in parts]
    )
    ax.set_ylim(0, max(count for count, _ in parts.values()) * 1.15)
    ax.set_ylabel("messages")
    ax.grid(False, axis="x")
    style.plain_axis(ax, "y")


def draw_policies(seen: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw three lines of memory, and three bars of lines that came and did not."""
    fig = style.figure(8.8, 3.8)
    grid = fig.add_gridspec(1, 2, width_ratios=(1.25, 1))
    left, right = fig.add_subplot(grid[0]), fig.add_subplot(grid[1])
    for ax in (left, right):
        style.tidy(ax)
    for place, (name, each) in enumerate(seen.items()):
        look = style.look(POLICIES[place])
        left.plot(
            [said / MEGABYTE for said, _ in each["grown"]],
            [grown / MEGABYTE for _, grown in each["grown"]],
            color=look.colour,
            marker=look.marker,
            markevery=0.12,
            markersize=7,
            markeredgecolor="black",
            linewidth=2.2,
            label=name,
        )
        _draw_delivery(right, place, each, look)
    left.set_xlabel("said by the others (MB)")
    left.set_ylabel("memory grown by (MB)")
    left.set_ylim(bottom=0)
    left.legend(frameon=False, fontsize=9)
    right.set_yticks(range(len(seen)), [name.replace(" the ", "\nthe ") for name in seen])
    right.set_ylim(len(seen) - 0.5, -0.5)
    right.set_xlabel("lines (white: never came)")
    right.grid(False, axis="y")
    for ax in (left, right):
        style.plain_axis(ax, "x")
    style.plain_axis(left, "y")
    return fig


def _draw_delivery(ax: Axes, place: int, each: Mapping[str, Any], look: style.Look) -> None:
    whole, missing = each["whole"], each["missing"]
    ax.barh(place, whole, 0.55, color=look.colour, hatch=look.hatch, edgecolor="black")
    ax.barh(place, missing, 0.55, left=whole, color="white", edgecolor="black", linewidth=0.8)
    words = f"{whole} of {whole + missing}" + (", then goodbye" if each["ended"] else "")
    ax.text(
        (whole + missing) / 2,
        place,
        words,
        ha="center",
        va="center",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.92},
    )


def draw_turns(data: Data) -> Figure:
    """Draw how often the loop has turned."""
    turns: Mapping[str, int] = data["turns"]
    return bars(
        [f"WRITE {name}" for name in turns],
        [max(1, count) for count in turns.values()],
        ylabel=f"turns of the loop in {data['window']:g} s of silence (at least 1)",
        log=True,
        names=["threads", "busywait"],
        width=6,
        height=3.8,
    )


def draw_tally(data: Data) -> Figure:
    """Draw a mark for each visit: what has become of the server."""
    ends: Mapping[str, Sequence[str]] = data["ends"]
    wide = max(map(len, ends.values()))
    fig = style.figure(8, 0.75 * len(ends) + 0.55)
    ax = blank(fig, (-3.6, wide + 0.2), (len(ends) + 0.7, -0.2))
    for row, (name, seen) in enumerate(ends.items()):
        ax.text(-3.6, row + 0.45, name, va="center", fontweight="bold")
        for place, words in enumerate(seen):
            ax.plot(
                place + 0.5,
                row + 0.45,
                marker="X" if words else "o",
                markersize=13,
                color=style.VERMILION if words else style.GREEN,
                markeredgecolor="black",
                markeredgewidth=0.7,
            )
    ax.text(
        -3.6,
        len(ends) + 0.35,
        "✘ the server has ended     ● it lives, and the others talk on",
        va="center",
        fontsize=9,
        color=style.GREY,
    )
    return fig


def draw_survival(data: Data) -> Figure:
    """Draw the attack table."""
    trials = [(name, [(fate, why) for fate, why in fates]) for name, fates in data["trials"]]
    return survival(data["titles"], trials)


def draw_modify(data: Data) -> Figure:
    """Draw the price of one change, made in two ways."""
    return bars(
        ["modify", "unregister\nand register"],
        [data["modify"] * 1e6, data["pair"] * 1e6],
        ylabel="CPU time of one change (µs)",
        names=["threads", "busywait"],
        width=5.6,
        height=3.4,
    )


def draw_flags(data: Data) -> Figure:
    """Draw whether the flag is set at three moments."""
    return truth_table(
        list(data["flags"]),
        ["O_NONBLOCK is set"],
        [[flag] for flag in data["flags"].values()],
        corner="the connection",
    )


def draw_masks(data: Data) -> Figure:
    """Draw the mask of each situation, bit by bit."""
    masks: Mapping[str, int] = data["masks"]
    return truth_table(
        list(masks),
        ["mask", "READ (1)", "WRITE (2)"],
        [[str(mask), bool(mask & 1), bool(mask & 2)] for mask in masks.values()],
        corner="the connection is",
    )
