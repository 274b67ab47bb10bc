"""How quiet the machine was during an experiment, in words a learner can use."""

from __future__ import annotations

from types import TracebackType

from reactorkit.lab.machine import Disturbance, disturbed


class Noise:
    """Watch one run: `with Noise() as noise: ...`; afterwards `noise.disturbed` and `sentence`.

    Enter and leave it on the thread that runs the experiment: the waiting time is that thread's.
    Leave it when everything the run has started has ended: only then is its CPU time known as ours.
    """

    def __init__(self) -> None:
        self._gauge: Disturbance = disturbed()
        self._over = False

    def __enter__(self) -> Noise:
        self._gauge.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gauge.__exit__(kind, error, trace)
        self._over = True

    @property
    def disturbed(self) -> bool:
        """Whether timings of this run should be doubted; False while it still goes on."""
        return self._over and self._gauge.noisy

    @property
    def sentence(self) -> str:
        """What disturbed the run, or an empty string."""
        if not self.disturbed:
            return ""
        waited = self._gauge.waited or 0.0
        return (
            "The machine had more to do than it has cores: other programs kept "
            f"{self._gauge.others:.1f} of them busy, and this experiment waited for a CPU "
            f"{waited:.0%} of the time. Close what you can, and run it again."
        )
