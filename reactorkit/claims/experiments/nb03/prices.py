"""What a look in vain costs: the question, the exception, and whether any of them waits."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
import statistics
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb03.refusals import connection
from reactorkit.claims.world import Evidence, Finding, World

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FAILING, FINDING, ASKING, EXCEPTION = (
    "a recv that\nfinds nothing",
    "a recv that\nfinds a byte",
    "the question,\nno exception",
    "the exception,\nno question",
)
BLOCKING_WAIT = 0.1


def price_list(world: World) -> Evidence:
    """Time a failing recv, a successful one, the bare question and the bare exception."""
    rounds, calls = world.pick(quick=(9, 500), small=(15, 1000), normal=(25, 2000))
    _, quiet = connection(world)
    quiet.setblocking(False)
    peer, lucky = connection(world)
    peer.send(b"x")
    wait_until_there(lucky)
    items: dict[str, Callable[[int], None]] = {
        FAILING: lambda n: fail(quiet, n),
        FINDING: lambda n: find(lucky, n),
        ASKING: lambda n: ask(quiet, n),
        EXCEPTION: raise_and_catch,
    }
    costs: dict[str, list[float]] = {name: [] for name in items}
    for _ in world.progress(range(rounds), "timing"):
        for name, run in items.items():
            costs[name].append(per_call(run, calls) - per_call(nothing, calls))
    prices = {name: statistics.median(values) * 1e6 for name, values in costs.items()}
    each = sorted(one_by_one(quiet, 10_000))
    waited = blocking_wait(quiet)
    return Evidence(
        findings=judge_prices(prices, each, waited),
        data={"prices": prices, "each": each[::10], "waited": waited},
        picture=draw_prices,
        caption="Left: what a look in vain is made of. Right: how long each of them took.",
        alt=(
            "Bars: a failing recv costs more than one that finds a byte, and several times the "
            "bare question. Histogram: all failing calls are far left of a blocking wait of 0.1 s."
        ),
    )


def wait_until_there(sock: socket.socket) -> None:
    """Wait until a byte lies ready, leave it there, and make the socket non-blocking."""
    sock.settimeout(5)
    sock.recv(1, socket.MSG_PEEK)
    sock.setblocking(False)


def nothing(n: int) -> None:
    """Run the bare loop: what the others cost beside their calls."""
    for _ in range(n):
        pass


def fail(sock: socket.socket, n: int) -> None:
    """Call recv on a quiet socket, as the busy loop does."""
    recv = sock.recv
    for _ in range(n):
        try:
            recv(1000)
        except BlockingIOError:
            pass


def find(sock: socket.socket, n: int) -> None:
    """Call recv where a byte lies; MSG_PEEK leaves it there for the next call."""
    recv, peek = sock.recv, socket.MSG_PEEK
    for _ in range(n):
        recv(1000, peek)


def ask(sock: socket.socket, n: int) -> None:
    """Ask the kernel how many bytes lie ready: the same question, and no exception."""
    ioctl, fd, answer = fcntl.ioctl, sock.fileno(), array.array("i", [0])
    for _ in range(n):
        ioctl(fd, termios.FIONREAD, answer)


def raise_and_catch(n: int) -> None:
    """Make the error that a failing recv makes, from its number and its text, and catch it."""
    for _ in range(n):
        try:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        except BlockingIOError:
            pass


def per_call(run: Callable[[int], None], n: int) -> float:
    """Return the CPU seconds per call of `run(n)`: time in which others ran does not count."""
    began = time.thread_time()
    run(n)
    return (time.thread_time() - began) / n


def one_by_one(sock: socket.socket, n: int) -> list[float]:
    """Return the seconds that each of n failing calls took."""
    clock, took = time.perf_counter, []
    for _ in range(n):
        began = clock()
        try:
            sock.recv(1000)
        except BlockingIOError:
            took.append(clock() - began)
    return took


def blocking_wait(sock: socket.socket) -> float:
    """Return the seconds that recv spends on the same socket when it may wait BLOCKING_WAIT s."""
    sock.settimeout(BLOCKING_WAIT)
    began = time.perf_counter()
    try:
        sock.recv(1000)
    except TimeoutError:
        pass
    return time.perf_counter() - began


def judge_prices(
    prices: Mapping[str, float], each: Sequence[float], waited: float
) -> dict[str, Finding]:
    """Decide C24 (99 of 100 failures return at once) and C27 (what a failing recv is paid for).

    Arguments:
        prices: microseconds per call.
        each: seconds of single failing calls, sorted.
        waited: seconds of a recv that may wait.
    """
    slow = each[len(each) * 99 // 100]
    share = prices[ASKING] / prices[FAILING]
    return {
        "C24": Finding(
            met=slow < waited / 100,
            measured=(
                f"99 of 100 failing calls took less than {slow * 1e6:.0f} µs, "
                f"a recv that may wait 0.1 s took {waited * 1e3:.0f} ms"
            ),
            why="The machine was so busy that calls lost the CPU to other programs.",
        ),
        "C27": Finding(
            met=share < 0.5 and prices[FAILING] > prices[FINDING],
            measured=(
                f"a failing recv {prices[FAILING]:.1f} µs, one that finds a byte "
                f"{prices[FINDING]:.1f} µs, the question without an exception "
                f"{prices[ASKING]:.1f} µs, an exception alone {prices[EXCEPTION]:.1f} µs"
            ),
            why=(
                "Where a trip into the kernel is dear (some sandboxes and virtual machines), or "
                "another Python makes exceptions cheaper, the balance tips."
            ),
        ),
    }


def draw_prices(data: Any) -> Figure:
    """Draw the four prices, and beside them how long single failing calls took."""
    from reactorkit.view import style

    fig = style.figure(9.6, 4)
    left, right = fig.subplots(1, 2)
    style.tidy(left)
    left.set_xlabel("CPU time per call (µs)")
    for place, value in enumerate(data["prices"].values()):
        look = style.look("busywait" if place == 0 else "threads")
        left.barh(
            place,
            value,
            0.65,
            color=look.colour,
            hatch=look.hatch,
            edgecolor="black",
            linewidth=0.8,
        )
        left.annotate(
            f"{value:.1f}",
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold",
        )
    left.set_yticks(range(4), list(data["prices"]), fontsize=9)
    left.set_ylim(3.6, -0.6)
    left.set_xlim(0, max(data["prices"].values()) * 1.2)
    left.grid(False, axis="y")
    draw_single_calls(right, data)
    return fig


def draw_single_calls(ax: Axes, data: Any) -> None:
    """Draw the single calls on a log axis, with the blocking wait as a line far right."""
    from reactorkit.view import style

    style.tidy(ax)
    ax.set_xlabel("time of one failing call")
    ax.set_ylabel("how many of them (%)")
    micro = [value * 1e6 for value in data["each"]]
    edges = [10 ** (step / 4) for step in range(-2, 23)]
    share = [100 / len(micro)] * len(micro)
    ax.hist(micro, bins=edges, weights=share, color=style.VERMILION, edgecolor="black")
    style.log_axis(ax, "x")
    ax.set_xticks([1, 10, 100, 1e3, 1e4, 1e5], ["1 µs", "", "100 µs", "", "10 ms", ""])
    ax.axvline(data["waited"] * 1e6, color="black", linestyle="--")
    ax.annotate(
        "a recv that\nmay wait 0.1 s",
        (data["waited"] * 1e6, 0.75),
        xycoords=("data", "axes fraction"),
        xytext=(-5, 0),
        textcoords="offset points",
        ha="right",
        fontsize=9,
    )
    ax.set_xlim(0.3, 4e5)
