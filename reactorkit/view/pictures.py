"""A server's state as a picture and as tables, for wherever the live board is not drawn.

The plain text of a board (`repr`) holds no port, process id or time, so that a notebook's stored
output stays the same from run to run. The tables hold what there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.trace.shape import PHASES, State
from reactorkit.view import still, style
from reactorkit.view.cards import escape
from reactorkit.view.source import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 24
COLUMNS = ("handle", "who", "waits for", "ready", "handler", "owed", "received", "sent", "wasted")
NUMBERS = frozenset({"owed", "received", "sent", "wasted"})
_MASKS = {0: "", 1: "read", 2: "write", 3: "read, write"}


def sentence(sources: Sequence[Source], *, live: bool) -> str:
    """Return what a board shows, in a sentence that is the same on every run."""
    names = [source.name for source in sources]
    listed = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    if live:
        return f"A board of {listed}."
    return f"A board of {'a recording' if len(names) == 1 else 'recordings'} of {listed}."


# ------------------------------------------------------------------------- tables


def rows(state: State) -> list[tuple[str, ...]]:
    """Return a row of COLUMNS for each handle, in the order of descriptors."""
    running = state["running"]["key"] if state["running"] else ""
    found = []
    handles = state["handles"]
    for key in sorted(handles, key=lambda key: (handles[key]["fd"], handles[key]["gen"])):
        one = handles[key]
        ready = "runs" if key == running else _MASKS[one["ready"] & 3]
        found.append(
            (
                str(one["fd"]) if not one["gen"] else f"{one['fd']} ({one['gen'] + 1}.)",
                one["role"] if one["role"] == "listener" else one["peer"] or one["role"],
                _MASKS[one["mask"] & 3] or _blocked(state, key),
                ready,
                one["cb"],
                *(f"{one[name]:,}" for name in ("owed", "received", "sent", "wasted")),
            )
        )
    return found


def _blocked(state: State, key: str) -> str:
    """Return in which call a thread waits for this handle."""
    for thread in state["threads"].values():
        if thread["call"] and thread["key"] == key:
            return str(thread["call"])
    return ""


def headline(state: State) -> str:
    """Return how the server stands, in a sentence."""
    totals = state["totals"]
    if state["ended"] is not None:
        code = state["ended"]["code"]
        return "It has ended." if code is None else f"It has ended with status {code}."
    place = {
        "waiting": f"waits for {state['watched']} handles",
        "handling": "runs a handler",
        "asking": "asks all its handles in turn",
        "between": "is between two handlers",
        "calling": _threads(state),
    }.get(state["phase"], "has just started")
    held = "It is paused; it " if state["paused"] is not None else "It "
    turn = f" Turn {state['turn']:,}." if state["turn"] else ""
    return (
        f"{held}{place}.{turn} {totals['accepted']:,} accepted, {totals['received']:,} bytes in, "
        f"{totals['sent']:,} out, {totals['wasted']:,} calls wasted."
    )


def _threads(state: State) -> str:
    calls: dict[str, int] = {}
    for thread in state["threads"].values():
        calls[thread["call"]] = calls.get(thread["call"], 0) + 1
    running = calls.pop("", 0)
    parts = [f"{count} in {call}" for call, count in sorted(calls.items())]
    parts += [f"{running} running"] if running else []
    return f"has {len(state['threads'])} threads: {', '.join(parts)}" if parts else "makes calls"


def table_text(state: State, name: str = "") -> str:
    """Return the handles of a server as a table in plain text."""
    table = [COLUMNS, *rows(state)[:MOST_ROWS]]
    widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS))]
    lines = [
        "  ".join(
            cell.rjust(width) if title in NUMBERS else cell.ljust(width)
            for cell, width, title in zip(row, widths, COLUMNS, strict=True)
        ).rstrip()
        for row in table
    ]
    more = len(state["handles"]) - MOST_ROWS
    if more > 0:
        lines.append(f"and {more:,} more")
    return "\n".join([f"{name}: {headline(state)}" if name else headline(state), *lines])


def table_html(state: State, name: str = "") -> str:
    """Return the handles of a server as an HTML table with inline styles only."""
    line = "1px solid rgba(128, 128, 128, 0.45)"

    def cell(tag: str, text: str, title: str) -> str:
        side = "right" if title in NUMBERS else "left"
        return (
            f'<{tag} style="text-align: {side}; padding: 2px 10px; border-bottom: {line};">'
            f"{escape(text)}</{tag}>"
        )

    head = "".join(cell("th", title, title) for title in COLUMNS)
    body = "".join(
        "<tr>"
        + "".join(cell("td", text, title) for text, title in zip(row, COLUMNS, strict=True))
        + "</tr>"
        for row in rows(state)[:MOST_ROWS]
    )
    more = len(state["handles"]) - MOST_ROWS
    rest = f"<div>and {more:,} more</div>" if more > 0 else ""
    title = f"<strong>{escape(name)}</strong> " if name else ""
    return (
        f'<div style="margin: 8px 0px; font-size: 14px;">{title}{escape(headline(state))}'
        f'<table style="border-collapse: collapse; margin: 6px 0px;"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{rest}</div>"
    )


def tables_text(sources: Sequence[Source], states: Sequence[State]) -> str:
    """Return a table of each server."""
    return "\n\n".join(
        table_text(state, source.name) for source, state in zip(sources, states, strict=True)
    )


# ------------------------------------------------------------------------ pictures


def picture(
    state: State | Sequence[State], titles: Sequence[str] = (), colours: Sequence[str] = ()
) -> Figure:
    """Return the state of one server, or of several, as a figure.

    On the left each handle (who waits, who is ready, who is owed bytes), on the right where the
    time went.
    """
    states = [state] if isinstance(state, dict) else list(state)
    tall = max(2.6, min(6.0, 1.2 + 0.28 * max(len(rows(one)) for one in states)))
    fig = style.figure(10, tall * len(states))
    grid = fig.add_gridspec(len(states), 2, width_ratios=[3, 2])
    for place, one in enumerate(states):
        title = titles[place] if place < len(titles) else str(one["meta"].get("server", ""))
        colour = colours[place] if place < len(colours) else style.look(title, place).colour
        left = fig.add_subplot(grid[place, 0])
        _handles(left, one, title)
        right = fig.add_subplot(grid[place, 1])
        _time(right, one, colour)
    return fig


def _handles(ax: Axes, state: State, title: str) -> None:
    """Draw bytes in and out of each handle; shapes say how it stands."""
    style.tidy(ax)
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold")
    shown = rows(state)[:MOST_ROWS]
    if not shown:
        ax.text(0.5, 0.5, "no handles", ha="center", va="center", transform=ax.transAxes)
    handles = state["handles"]
    keys = sorted(handles, key=lambda key: (handles[key]["fd"], handles[key]["gen"]))
    for place, key in enumerate(keys[: len(shown)]):
        one = handles[key]
        ax.barh(place - 0.2, one["received"], 0.36, color=style.SKY)
        ax.barh(place + 0.2, one["sent"], 0.36, color=style.GREEN, hatch="//", edgecolor="white")
        if one["owed"]:
            ax.barh(
                place + 0.2,
                one["owed"],
                0.36,
                left=one["sent"],
                color="white",
                edgecolor=style.VERMILION,
                hatch="xx",
            )
    ax.set_yticks(range(len(shown)), [f"{row[0]}  {row[1]}  {_stands(row)}" for row in shown])
    ax.tick_params(axis="y", labelsize=8)
    ax.set_ylim(len(shown) - 0.4 if shown else 1, -0.6)
    ax.set_xlabel("bytes: received (plain), sent (striped), owed (crossed)", fontsize=8)
    style.plain_axis(ax, "x")


def _stands(row: tuple[str, ...]) -> str:
    marks = {"runs": "▶ runs", "": ""}
    ready = marks.get(row[3], f"● {row[3]}")
    return ready or (f"○ {row[2]}" if row[2] else "")


def _time(ax: Axes, state: State, colour: str) -> None:
    """Draw where the time went: in phases of a loop, or inside calls of threads."""
    style.tidy(ax)
    spent = {phase: state["spent"][phase] for phase in PHASES if state["spent"][phase]}
    if spent:
        labels, values = list(spent), [ns / 1e9 for ns in spent.values()]
        ax.set_xlabel("seconds", fontsize=8)
    else:
        inside: dict[str, int] = {}
        for thread in state["threads"].values():
            call = f"in {thread['call']}" if thread["call"] else "running"
            inside[call] = inside.get(call, 0) + 1
        labels, values = list(inside), [float(n) for n in inside.values()]
        ax.set_xlabel("threads", fontsize=8)
    ax.barh(range(len(labels)), values, 0.6, color=colour)
    style.plain_axis(ax, "x")
    ax.set_yticks(range(len(labels)), labels)
    ax.tick_params(labelsize=8)
    ax.set_ylim(max(len(labels), 1) - 0.4, -0.6)
    ax.set_title("where the time went" if spent else "what the threads do", loc="left", fontsize=9)


def bundle(
    sources: Sequence[Source], states: Sequence[State], *, drawn: bool = True
) -> dict[str, Any]:
    """Return a board's tables and picture by media type, for where no widget is drawn.

    Arguments:
        drawn: whether there is to be a picture; the tables are there in any case.
    """
    titles = [str(source.about.get("title", source.name)) for source in sources]
    pairs = list(zip(titles, states, strict=True))
    tables = "".join(table_html(state, title) for title, state in pairs)
    if not drawn:
        return {"text/html": tables}
    colours = [str(source.about.get("colour", style.GREY)) for source in sources]
    fig = picture(states, titles, colours)
    data = still.png(fig)
    alt = " ".join(f"{title}: {headline(state)}" for title, state in pairs)
    width = round(fig.get_figwidth() * fig.dpi)
    return {"text/html": still.image(data, width, alt) + tables, "image/png": data}
