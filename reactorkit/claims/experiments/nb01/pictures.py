"""The pictures of lesson 01: plain data in, a figure out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.view import charts, diagrams, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SENT, RECEIVED = style.look("threads"), style.look("selectors")


def draw_two_clocks(data: dict[str, list[float]]) -> Figure:
    """Draw [time on the clock, CPU time] of each thread, both in seconds, as bars in ms."""
    fig = charts.grouped_bars(
        [f"a thread that {name}" for name in data],
        {
            "time on the clock": [wall * 1e3 for wall, _ in data.values()],
            "CPU time": [cpu * 1e3 for _, cpu in data.values()],
        },
        ylabel="milliseconds",
        height=3.8,
    )
    if (legend := fig.axes[0].get_legend()) is not None:  # beside the bars, not over them
        legend.remove()
    fig.legend(loc="outside upper right", ncols=2, frameon=False)
    return fig


def draw_borders(data: dict[str, Any]) -> Figure:
    """Draw two ribbons per row: where sends ended, and where recvs ended."""
    rows: Sequence[dict[str, Any]] = data["rows"]
    fig = style.figure(8, 1.45 * len(rows) + 0.2)
    panels = [fig.add_subplot(len(rows), 1, place + 1) for place in range(len(rows))]
    for ax, row in zip(panels, rows, strict=True):
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.set_title(row["title"], fontsize=10.5, fontweight="bold", loc="left", pad=4)
        _ribbon(ax, 1, row["sent"], SENT)
        _ribbon(ax, 0, row["received"], RECEIVED)
        ax.set_yticks([1, 0], [_times("send", row["sent"]), _times("recv", row["received"])])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-0.5, 1.5)
        ax.set_xlim(0, sum(row["sent"]))
        style.plain_axis(ax, "x")
    panels[-1].set_xlabel("place in the stream (bytes)")
    return fig


def _times(call: str, pieces: Sequence[int]) -> str:
    return f"{len(pieces)} x {call}"


def _ribbon(ax: Axes, y: float, pieces: Sequence[int], look: style.Look) -> None:
    start = 0
    total = sum(pieces)
    for number, size in enumerate(pieces):
        colour = look.colour if number % 2 == 0 else "white"
        ax.barh(
            y,
            size,
            0.72,
            left=start,
            color=colour,
            hatch=look.hatch if number % 2 == 0 else "",
            edgecolor="black",
            linewidth=1.1 if len(pieces) < 20 else 0.5,
        )
        if size > total / 9:
            ax.text(
                start + size / 2,
                y,
                f"{size:,}",
                ha="center",
                va="center",
                fontsize=9.5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.9},
            )
        start += size


def draw_plateau(data: dict[str, Any]) -> Figure:
    """Draw what the kernel has taken against time, and when the peer began to read."""
    fig, ax = _taken(data)
    mega = data["plateau"] / 1e6
    _say(
        ax,
        data,
        mega / 2,
        f"send waits: {mega:.2f} MB are in the kernel,\n"
        f"{data['receiver'] / 1e6:.2f} MB of them at the peer",
    )
    _mark(ax, data["read_from"], "the peer begins\nto read")
    return fig


def draw_deadlock(data: dict[str, Any]) -> Figure:
    """Draw what the kernel has taken from the client against time, until it reads its echo."""
    fig, ax = _taken(data)
    ax.axhline(data["asked"] / 1e6, color="black", linestyle=":", linewidth=1.4)
    ax.annotate(
        f"to be sent: {data['asked'] / 1e6:.0f} MB",
        xy=(0.02, data["asked"] / 1e6),
        xycoords=("axes fraction", "data"),
        xytext=(0, -4),
        textcoords="offset points",
        va="top",
        fontsize=9,
    )
    _say(
        ax,
        data,
        (data["plateau"] + data["asked"]) / 2e6,
        f"both wait: the kernel took {data['plateau'] / 1e6:.2f} MB,\n"
        f"{data['receiver'] / 1e6:.2f} MB of echo are unread",
    )
    _mark(ax, data["read_from"], "the client begins\nto read")
    return fig


def _taken(data: dict[str, Any]) -> tuple[Figure, Axes]:
    fig = style.figure(8, 3.6)
    ax = style.axes(fig, xlabel="time (ms)", ylabel="taken by the kernel (MB)")
    times = [0.0, *(when * 1e3 for when, _ in data["marks"])]
    totals = [0.0, *(total / 1e6 for _, total in data["marks"])]
    ax.step(times, totals, where="post", color=SENT.colour, linewidth=2.6, zorder=3)
    ax.set_ylim(0, max(totals) * 1.3)
    ax.set_xlim(-0.03 * times[-1], times[-1] * 1.06)
    style.plain_axis(ax, "x")
    style.plain_axis(ax, "y")
    return fig, ax


def _say(ax: Axes, data: dict[str, Any], height: float, words: str) -> None:
    """Shade the time in which send waits, and say so at `height` MB."""
    start = max((t for t, total in data["marks"] if total <= data["plateau"]), default=0.0)
    end = data["read_from"]
    ax.axvspan(start * 1e3, end * 1e3, color=style.PALE, alpha=0.45, hatch="..", zorder=0)
    ax.text(
        (start + end) / 2 * 1e3,
        height,
        words,
        ha="center",
        va="center",
        fontsize=10,
        bbox={"facecolor": "white", "edgecolor": style.GREY, "boxstyle": "round,pad=0.35"},
        zorder=4,
    )


def _mark(ax: Axes, when: float, words: str) -> None:
    ax.axvline(when * 1e3, color=style.VERMILION, linestyle="--", linewidth=1.8, zorder=2)
    ax.annotate(
        words,
        xy=(when * 1e3, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-6, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=10,
        color="#a84300",
        fontweight="bold",
    )


def draw_endings(data: dict[str, Any]) -> Figure:
    """Draw the table of the three endings."""
    seen: dict[str, dict[str, Any]] = data["seen"]
    return diagrams.truth_table(
        list(seen),
        ["recv says", "recv again", "a reply arrives"],
        [[told["first"], told["second"], told["reply"]] for told in seen.values()],
        corner="the client's ending",
    )


def draw_modes(data: dict[str, Any]) -> Figure:
    """Draw the table of the modes of four sockets."""
    seen: dict[str, list[Any]] = data["seen"]
    return diagrams.truth_table(
        list(seen),
        ["getblocking()", "gettimeout()", "O_NONBLOCK"],
        [
            [str(blocking), str(timeout), "set" if flag else "clear"]
            for blocking, timeout, flag in seen.values()
        ],
        corner="the socket",
    )


def draw_out_of_step(data: dict[str, Any]) -> Figure:
    """Draw the dialogue in which each answer belongs to an earlier question."""
    silent = data["empty"] == "silence"
    return diagrams.sequence(
        ["client", "server"],
        [
            (None, "client", "server", "a line of 5,000 bytes: AAAA..."),
            (None, "server", "client", f"recv(1024) gives {data['first']:,} bytes of it"),
            (None, "client", "server", "'second'"),
            (None, "server", "client", f"recv(1024) gives {data['second']}"),
            (None, "client", None, "another one: an empty line"),
            (None, "server", "client", "✘ silence" if silent else data["empty"]),
        ],
    )


def draw_moments(data: dict[str, Any]) -> Figure:
    """Draw both kernel buffers of a connection, one row per moment.

    A buffer's outline is as long as the most that it has held.
    """
    moments = data["moments"]
    rows = len(moments)
    fig = style.figure(8.6, 0.75 + 0.52 * rows)
    ax = fig.add_subplot()
    ax.set_axis_off()
    ax.set_xlim(0, 12)
    ax.set_ylim(rows + 0.05, -0.75)
    most = [max([1, *column]) for column in list(zip(*moments, strict=True))[1:3]]
    for x, words in ((5.5, "sender's buffer"), (8.6, "receiver's buffer"), (11.2, "read")):
        ax.text(x, -0.35, words, ha="center", va="center", fontweight="bold")
    for row, each in enumerate(moments):
        label = f"{each.label}\nstill waiting for room" if each.waiting else each.label
        ax.text(0, row + 0.45, label, va="center", fontsize=10, linespacing=1.1)
        _tank(ax, 4.2, row, each.sender, most[0], SENT)
        _tank(ax, 7.3, row, each.receiver, most[1], RECEIVED)
        ax.text(11.2, row + 0.45, f"{each.read:,}", ha="center", va="center", fontsize=10)
        for x in (6.84, 9.94):
            ax.annotate(
                "",
                xy=(x + 0.38, row + 0.45),
                xytext=(x, row + 0.45),
                arrowprops={"arrowstyle": "->", "color": style.GREY},
            )
    return fig


def _tank(ax: Axes, x: float, row: int, amount: int, most: int, look: style.Look) -> None:
    from matplotlib.patches import Rectangle

    corner, wide, high = (x, row + 0.13), 2.6, 0.66
    ax.add_patch(
        Rectangle(
            corner,
            wide * amount / most,
            high,
            facecolor=look.colour,
            hatch=look.hatch,
            edgecolor="black",
            linewidth=0.3,
            zorder=2,
        )
    )
    ax.add_patch(
        Rectangle(corner, wide, high, facecolor="none", edgecolor="black", linewidth=1.3, zorder=3)
    )
    ax.text(
        x + wide / 2,
        row + 0.45,
        f"{amount:,} B",
        ha="center",
        va="center",
        fontsize=9.5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
        zorder=4,
    )
