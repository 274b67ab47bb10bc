"""The settings that decide how many connections one process can hold (C144)."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Setting(NamedTuple):
    """One setting: what it limits, and how this system tells its value ("" if it does not)."""

    name: str
    limits: str
    read: Callable[[], str]


def open_files(which: int) -> str:
    """Return the soft (0) or hard (1) limit of open files of this process."""
    value = resource.getrlimit(resource.RLIMIT_NOFILE)[which]
    return "no limit" if value == resource.RLIM_INFINITY else f"{value:,}"


def from_proc(name: str, shown: Callable[[list[int]], str]) -> str:
    """Return a setting of Linux below /proc/sys, "" where it cannot be read."""
    try:
        words = Path("/proc/sys", name).read_text().split()
    except OSError:
        return ""
    return shown([int(word) for word in words])


def from_sysctl(*names: str) -> str:
    """Return settings of macOS or BSD, joined by "to"; "" where one cannot be read."""
    found = []
    for name in names:
        try:
            done = subprocess.run(
                ["sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        found.append(done.stdout.strip())
    return " to ".join(f"{int(word):,}" if word.isdigit() else word for word in found)


def first(values: list[int]) -> str:
    """Show the only value."""
    return f"{values[0]:,}"


def port_range(values: list[int]) -> str:
    """Show a range of ports, and how many there are."""
    return f"{values[1] - values[0] + 1:,}"


def pages(values: list[int]) -> str:
    """Show the last of three numbers of pages as memory."""
    return f"{values[2] * resource.getpagesize() / 2**30:.1f} GiB"


def biggest(values: list[int]) -> str:
    """Show the last of three numbers of bytes."""
    return f"{values[2] / 2**20:.0f} MiB"


OPEN_FILES = [
    Setting("open files, soft limit", "sockets of one process, now", lambda: open_files(0)),
    Setting("open files, hard limit", "how far it may raise that", lambda: open_files(1)),
]
LINUX = [
    Setting("fs.file-max", "open files of all processes", lambda: from_proc("fs/file-max", first)),
    Setting(
        "net.core.somaxconn",
        "clients that wait for accept()",
        lambda: from_proc("net/core/somaxconn", first),
    ),
    Setting(
        "ip_local_port_range",
        "connections from one address to one port",
        lambda: from_proc("net/ipv4/ip_local_port_range", port_range),
    ),
    Setting("tcp_mem", "buffers of all connections", lambda: from_proc("net/ipv4/tcp_mem", pages)),
    Setting(
        "tcp_rmem", "receive buffer of one of them", lambda: from_proc("net/ipv4/tcp_rmem", biggest)
    ),
    Setting(
        "kernel.threads-max",
        "threads of all processes",
        lambda: from_proc("kernel/threads-max", first),
    ),
]
BSD = [
    Setting("kern.maxfiles", "open files of all processes", lambda: from_sysctl("kern.maxfiles")),
    Setting(
        "kern.ipc.somaxconn",
        "clients that wait for accept()",
        lambda: from_sysctl("kern.ipc.somaxconn"),
    ),
    Setting(
        "portrange.first, .last",
        "ports for outgoing connections",
        lambda: from_sysctl("net.inet.ip.portrange.first", "net.inet.ip.portrange.last"),
    ),
    Setting(
        "kern.ipc.maxsockbuf",
        "bytes in the buffers of one socket",
        lambda: from_sysctl("kern.ipc.maxsockbuf"),
    ),
]


def system_settings(_world: World) -> Evidence:
    """Read what this system sets for the number of connections."""
    settings = OPEN_FILES + (LINUX if sys.platform == "linux" else BSD)
    table = {each.name: [each.read(), each.limits] for each in settings}
    return Evidence(
        findings={"C144": judge(table)},
        data={"table": table},
        picture=draw,
        caption="The first line is the one that most people meet first, and the easiest to raise.",
        alt="A table of settings: "
        + "; ".join(f"{name} {value}: {limits}" for name, (value, limits) in table.items())
        + ".",
    )


def judge(table: Mapping[str, list[str]]) -> Finding:
    """Decide C144: every setting of this system can be read."""
    silent = [name for name, (value, _) in table.items() if not value]
    soft, hard = (table[each.name][0] for each in OPEN_FILES)
    return Finding(
        met=not silent and len(table) > len(OPEN_FILES),
        measured=f"{len(table) - len(silent)} of {len(table)} settings read; open files of one "
        f"process: {soft}, up to {hard}",
        why=f"This system does not tell: {', '.join(silent)}." if silent else "",
    )


def draw(data: Mapping[str, Any]) -> Figure:
    """Draw the settings as a table."""
    from reactorkit.view import style

    table = data["table"]
    fig = style.figure(9.4, 0.52 * (len(table) + 1))
    ax = fig.add_subplot()
    ax.set_axis_off()
    ax.set_xlim(0, 10)
    ax.set_ylim(len(table) + 1, 0)
    for x, words, side in ((0, "setting", "left"), (5.0, "here", "right"), (5.5, "limits", "left")):
        ax.text(x, 0.5, words, ha=side, va="center", color=style.GREY)
    for line, (name, (value, limits)) in enumerate(table.items(), start=1):
        ax.axhline(line, color="black" if line == 1 else style.PALE, linewidth=0.9)
        ax.text(0, line + 0.5, name, va="center")
        ax.text(5.0, line + 0.5, value or "not told", ha="right", va="center", fontweight="bold")
        ax.text(5.5, line + 0.5, limits, va="center")
    return fig
