"""The head of a lesson: where it stands in the walk, its minutes, and what this machine allows."""

from __future__ import annotations

import os
from dataclasses import dataclass

from reactorkit.course import WALK, Lesson, begin, strip
from reactorkit.lab import machine
from reactorkit.lab.cells import watch_cells
from reactorkit.view import cards, still

_STOP = "display: inline-block; padding: 3px 10px; border-radius: 12px; margin: 2px;"
_HERE = f"{_STOP} background: #0072b2; color: #ffffff; font-weight: bold;"
_ELSEWHERE = f"{_STOP} border: 1px solid #888888;"


@dataclass(frozen=True)
class Head:
    """What `lesson(number)` shows: the strip of the walk, the minutes, and the machine."""

    lesson: Lesson

    @property
    def minutes(self) -> str:
        """How long the lesson takes, in words."""
        core, deeper, exercise = self.lesson.minutes
        if not deeper and not exercise:
            return f"{core} minutes."
        parts = [f"{core} minutes for the core"]
        if deeper:
            parts.append(f"{deeper} for what goes deeper")
        if exercise:
            parts.append(f"{exercise} for the exercise")
        return ", ".join(parts) + "."

    @property
    def sizes(self) -> str:
        """Which sizes the experiments use on this machine, and why."""
        cores, most = os.cpu_count() or 1, machine.most_connections()
        here = f"This machine: {cores} cores, up to {most:,} connections in one process."
        scale = machine.scale()
        if scale == "normal":
            return here
        if scale == "quick":
            return f"{here} Experiments run at the quick size of a test run (REACTORKIT_QUICK=1)."
        why = machine.tightness() or "REACTORKIT_SCALE=small asks for it"
        return f"{here} Experiments run at a reduced size, because {why}."

    def _repr_html_(self) -> str:
        stops = ["start", *WALK] if not self.lesson.station else list(WALK)
        here = self.lesson.station or "start"
        walk = " → ".join(
            f'<span style="{_HERE}">{stop} · you are here</span>'
            if stop == here
            else f'<span style="{_ELSEWHERE}">{stop}</span>'
            for stop in stops
        )
        return cards.card(
            f"<div>{walk}</div>",
            cards.paragraph(self.minutes),
            cards.paragraph(self.sizes, quiet=True),
        )

    def __repr__(self) -> str:
        walk = strip(self.lesson.number).replace("**", "")
        return f"{walk}\n{self.minutes}\n{self.sizes}"


def lesson(number: int) -> Head:
    """Return the head of lesson `number`; from now on re-run cells replace what they started.

    Raises LookupError when the course has no such lesson.
    """
    head = Head(begin(number))
    watch_cells()
    still.warm_up()
    return head
