"""A few seconds of a server's life as a picture, seen from outside the process."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reactorkit.lab.machine import scale
from reactorkit.lab.server import Server

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reactorkit.lab.gauges import Gauges

STEP_SECONDS = 0.1


@dataclass(frozen=True)
class Portrait:
    """Samples of one server, `STEP_SECONDS` apart; shows itself as a picture or as text."""

    name: str
    samples: tuple[Gauges, ...] = field(repr=False)

    @property
    def seconds(self) -> list[float]:
        """The time of each sample, from the first one on."""
        return [sample.at - self.samples[0].at for sample in self.samples]

    @property
    def cpu_percent(self) -> list[float]:
        """CPU use between each sample and the one before, in percent of one core."""
        pairs = zip(self.samples, self.samples[1:], strict=False)
        return [100 * (later - earlier).cpu_share for earlier, later in pairs]

    def summary(self) -> str:
        """Say in one sentence what the picture shows."""
        last, used = self.samples[-1], self.samples[-1] - self.samples[0]
        return (
            f"{self.name}: {last.threads} threads, {last.descriptors} open descriptors, "
            f"{last.rss / 2**20:.0f} MiB of memory, "
            f"{100 * used.cpu_share:.0f} % of one core over {used.seconds:.1f} s."
        )

    def plot(self) -> Figure:
        """Return the picture: threads and descriptors above, CPU below, over time."""
        from reactorkit.view import style

        fig = style.figure(8, 4.4)
        above, below = fig.subplots(2, 1, sharex=True)
        style.tidy(above)
        style.tidy(below)
        panels: list[tuple[str, Callable[[Gauges], int], style.Look]] = [
            ("threads", lambda sample: sample.threads, style.look("threads")),
            ("descriptors", lambda sample: sample.descriptors, style.look("selectors")),
        ]
        for label, read, look in panels:
            values = [read(sample) for sample in self.samples]
            above.step(self.seconds, values, where="post", color=look.colour, linewidth=2)
            above.plot(
                self.seconds[:: max(1, len(values) // 8)],
                values[:: max(1, len(values) // 8)],
                look.marker,
                color=look.colour,
                label=label,
            )
        above.set_ylabel("how many")
        most = max(max(sample.threads, sample.descriptors) for sample in self.samples)
        above.set_ylim(0, most * 1.3)
        above.legend(loc="upper right", frameon=False, ncols=2)
        below.plot(self.seconds[1:], self.cpu_percent, color=style.VERMILION, linewidth=2)
        below.set_ylabel("CPU (% of a core)")
        below.set_xlabel("time (s)")
        below.set_ylim(0, max(105, *self.cpu_percent))
        return fig

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        caption = "Above: what the server holds. Below: how busy it keeps one core."
        return still.html(self.plot(), self.summary(), caption) + (
            f"<p>{html.escape(self.summary())}</p>"
        )

    def __repr__(self) -> str:
        return self.summary()


def portrait(server: Server, seconds: float = 3.0) -> Portrait:
    """Watch a server for `seconds` and return the picture of what it held and how busy it was.

    Raises KitError when the server has ended.
    """
    if scale() == "quick":
        seconds = min(seconds, 0.5)
    samples = [server.gauges()]
    end = samples[0].at + seconds
    while (now := time.monotonic()) < end:
        time.sleep(min(STEP_SECONDS, end - now))  # the rhythm of the samples
        samples.append(server.gauges())
    return Portrait(server.name, tuple(samples))
