"""The picture of a survival table: attacks down, servers across, a shape and a colour for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reactorkit.view import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What can become of a server: alive, faulty (lives, and breaks a promise), stalled, dead.
FATES = {
    "alive": style.Look(style.GREEN, "o", ""),
    "faulty": style.Look(style.YELLOW, "^", ".."),
    "stalled": style.Look(style.PURPLE, "s", "//"),
    "dead": style.Look(style.VERMILION, "X", "xx"),
}
ROW, TOP, BOTTOM = 0.27, 0.75, 0.5  # inches


def survival(
    attacks: Sequence[str],
    servers: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    *,
    title: str = "",
) -> Figure:
    """Return the table as a picture.

    Arguments:
        attacks: what each row is called.
        servers: a name, and one (fate, reason) for each attack; the fates are the keys of FATES.
        title: optional.
    """
    longest = [max([len(name), *(len(why) for _, why in fates)]) for name, fates in servers]
    width = max(len(name) for name in attacks) * 0.1 + len(servers) * (0.7 + 0.095 * max(longest))
    height = (TOP + BOTTOM + ROW * len(attacks)) * style.ENLARGED
    fig = style.figure(max(6.0, width), height)
    ax = style.axes(fig, title=title)
    ax.set_xlim(0, len(servers))
    ax.set_ylim(len(attacks) - 0.4, -0.6)
    ax.set_yticks(range(len(attacks)), attacks)
    ax.set_xticks([place + 0.02 for place in range(len(servers))], [name for name, _ in servers])
    ax.xaxis.tick_top()
    for label in ax.get_xticklabels():
        label.set(fontweight="bold", ha="left")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.grid(False, axis="x")
    seen = set()
    for place, (_, fates) in enumerate(servers):
        for row, (fate, reason) in enumerate(fates):
            seen.add(fate)
            _mark(ax, place + 0.05, row, fate, reason)
    _legend(fig, [fate for fate in FATES if fate in seen])
    return fig


def _mark(ax: Axes, x: float, y: float, fate: str, reason: str) -> None:
    look = FATES[fate]
    ax.plot(
        [x],
        [y],
        look.marker,
        color=look.colour,
        markersize=9,
        markeredgecolor="black",
        markeredgewidth=0.7,
        zorder=3,
    )
    ax.annotate(
        reason,
        (x, y),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
    )


def _legend(fig: Figure, fates: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=FATES[fate].marker,
            color=FATES[fate].colour,
            markeredgecolor="black",
            markersize=9,
            label=fate,
        )
        for fate in fates
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
