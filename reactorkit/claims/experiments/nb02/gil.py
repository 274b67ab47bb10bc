"""How fast one Python thread runs beside threads that wait, and beside threads that compute."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reactorkit.errors import KitError
from reactorkit.lab import machine
from reactorkit.view import cards

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHILD = Path(__file__).with_name("gil_child.py")


@dataclass(frozen=True)
class LoopSpeed:
    """Speed of one loop, alone = 1.0, beside `blocked` sleeping or `spinning` running threads."""

    blocked: int
    spinning: int
    beside_blocked: float
    beside_spinning: float

    def plot(self) -> Figure:
        """Return the three speeds as bars."""
        from reactorkit.view.charts import bars

        beside = (
            f"beside {self.blocked}\nblocked threads",
            f"beside {self.spinning}\nspinning threads",
        )
        speeds = 1.0, self.beside_blocked, self.beside_spinning
        return bars(
            ["alone", *beside],
            [round(100 * speed) for speed in speeds],
            ylabel="speed of one loop (%)",
            names=["select", "threads", "busywait"],
        )

    def __str__(self) -> str:
        return (
            f"One Python loop, alone: 100 %. Beside {self.blocked} threads blocked in recv: "
            f"{self.beside_blocked:.0%}. Beside {self.spinning} threads that spin: "
            f"{self.beside_spinning:.0%}."
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        caption = "Threads that wait take nothing. Two that compute take their share."
        return cards.card(still.html(self.plot(), str(self), caption))


def loop_speed(blocked: int = 60, spinning: int = 2) -> LoopSpeed:
    """Measure one Python loop in a process of its own, beside `blocked` and `spinning` threads.

    Raises KitError when that process does not finish within half a minute.
    """
    seconds, rounds = (0.1, 3) if machine.scale() == "quick" else (0.2, 5)
    arguments = [str(each) for each in (seconds, blocked, spinning, rounds)]
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise KitError(f"The loop could not be measured: {error}. Run the cell again.") from error
    shares = json.loads(done.stdout)
    return LoopSpeed(blocked, spinning, shares["blocked"], shares["spinning"])
