"""Two small writes and a read: what Nagle's rule and a delayed acknowledgement make of it (G14)."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reactorkit.claims.experiments.nb09.typist import TAUGHT
from reactorkit.lab import machine
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server
from reactorkit.view import cards

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEAD, TAIL = b'{"user": "Ann", ', b'"text": "hello"}\n'


@dataclass(frozen=True)
class SmallWrites:
    """Median milliseconds from the first write to the answer, in three ways."""

    two: float
    two_nodelay: float
    one: float

    def plot(self) -> Figure:
        """Return the three times as bars."""
        from reactorkit.view.charts import bars

        return bars(
            ["two writes", "two writes,\nTCP_NODELAY", "one write"],
            [self.two, self.two_nodelay, self.one],
            ylabel="until the answer is here (ms)",
            names=["busywait", "threads", "select"],
            log=True,
        )

    def __str__(self) -> str:
        return (
            f"A question in two small writes is answered after {self.two:.2f} ms, with TCP_NODELAY "
            f"after {self.two_nodelay:.2f} ms; the same question in one write after "
            f"{self.one:.2f} ms."
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        caption = "The same bytes, the same server. The second half waited in the client's kernel."
        return cards.card(still.html(self.plot(), str(self), caption))


def small_writes() -> SmallWrites:
    """Measure a question in two halves and in one piece, with the usual TCP and with NODELAY."""
    rounds = 12 if machine.scale() == "quick" else 30
    with Server(TAUGHT / "answers.py") as server:
        return SmallWrites(
            two=median_ms(server, [HEAD, TAIL], False, rounds),
            two_nodelay=median_ms(server, [HEAD, TAIL], True, rounds),
            one=median_ms(server, [HEAD + TAIL], False, rounds),
        )


def median_ms(server: Server, writes: list[bytes], nodelay: bool, rounds: int) -> float:
    """Return the median milliseconds of a question in these writes, over one connection."""
    times = []
    with Peer(server.address, nodelay=nodelay) as peer:
        for _ in range(rounds):
            began = time.perf_counter()
            for piece in writes:
                peer.send(piece)
            peer.recv_exactly(3)
            times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times)
