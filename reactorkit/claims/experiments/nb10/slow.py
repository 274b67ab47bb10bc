"""Time in a single-threaded loop: one slow handler (C119), and timers without threads (G08)."""

from __future__ import annotations

import select
import selectors
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb10 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.peer import Peer
from reactorkit.reactor import Reactor as UntypedReactor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SLOW_HANDLER = Path(__file__).parent / "taught" / "slow_handler.py"
ALONE, BESIDE = "no slow handler", "during a slow handler"
FAR = 20  # times
Reactor: Any = UntypedReactor  # taught code has no annotations


def neighbour_of_a_slow_handler(world: World) -> Evidence:
    """C119: a neighbour asks while nobody is slow, and while the handler of another client is."""
    turns = world.pick(6, 10, 15)
    server = world.serve(SLOW_HANDLER)
    neighbour, busy = world.peer(server), world.peer(server)
    neighbour.echo(b"I am here")
    busy.echo(b"so am I")
    times = {
        ALONE: [neighbour.echo(b"quick") for _ in range(3 * turns)],
        BESIDE: [during(busy, neighbour) for _ in world.progress(range(turns), "turns")],
    }
    medians = {words: statistics.median(values) for words, values in times.items()}
    return Evidence(
        findings={
            "C119": Finding(
                far_apart(medians),
                f"median of the neighbour's answers: {medians[ALONE] * 1e3:.2f} ms with quick "
                f"handlers, {medians[BESIDE] * 1e3:.1f} ms while another client's handler slept",
                why="Another program was using the processor, so that quick answers were slow too.",
            )
        },
        data={"times": times, "medians": medians},
        picture=pictures.draw_neighbour,
        caption="Each mark is one answer to the neighbour, who has done nothing wrong.",
        alt=f"Two rows of marks on a log axis: around {medians[ALONE] * 1e3:.2g} ms with quick "
        f"handlers, around {medians[BESIDE] * 1e3:.0f} ms while another handler is slow.",
    )


def during(busy: Peer, neighbour: Peer) -> float:
    """Return how long the neighbour's answer took that came after the end of a slow handler.

    What she asks before the slow handler has begun is answered at once, so she asks again.
    """
    busy.send(b"slow")
    while True:
        took = neighbour.echo(b"quick")
        if select.select([busy.sock], [], [], 0)[0]:
            busy.recv_exactly(len(b"slow"))
            return took


def far_apart(medians: Mapping[str, float]) -> bool:
    """Return whether the neighbour's median is FAR times what it is with quick handlers."""
    return medians[BESIDE] > FAR * medians[ALONE]


# --- G08: timers -------------------------------------------------------------------------------


class Counting(selectors.DefaultSelector):
    """The selector of this system, which also writes down from when to when it has waited."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.waits: list[tuple[float, float]] = []

    def select(self, timeout: float | None = None) -> Any:
        """Wait, as the selector does."""
        start = time.monotonic() - self.began
        try:
            return super().select(timeout)
        finally:
            self.waits.append((start, time.monotonic() - self.began))


@dataclass(frozen=True)
class TimerWaits:
    """What a reactor with some timers and no clients did; shows itself as a picture."""

    waits: Sequence[tuple[float, float]]
    due: Mapping[str, float]
    ran: Mapping[str, float]

    @property
    def late(self) -> list[float]:
        """How many seconds after its moment each timer was called."""
        return [self.ran[name] - self.due[name] for name in self.due]

    def plot(self) -> Figure:
        """Return the picture: the waits as bars, the moments as marks."""
        return pictures.draw_waits({"waits": self.waits, "due": self.due})

    def __str__(self) -> str:
        late = ", ".join(f"{1e3 * each:.2f}" for each in self.late)
        return (
            f"{len(self.due)} timers, {len(self.waits)} waits; the timers were called in the order "
            f"{', '.join(self.ran)}, {late} ms after their moments."
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        caption = "Each wait ends where the next timer is due. Nobody asks for the time in between."
        return still.html(self.plot(), str(self), caption)


def timer_waits(**seconds: float) -> TimerWaits:
    """Run a reactor that has these timers and nothing else: timer_waits(a=0.1, b=0.05)."""
    selector = Counting()
    reactor = Reactor(selector)
    ran: dict[str, float] = {}

    def call(name: str) -> None:
        ran[name] = time.monotonic() - selector.began
        if len(ran) == len(seconds):
            reactor.stop()

    due = {}
    for name, after in seconds.items():
        due[name] = time.monotonic() - selector.began + after
        reactor.call_later(after, call, name)
    reactor.run()
    return TimerWaits(selector.waits, dict(sorted(due.items(), key=lambda item: item[1])), ran)
