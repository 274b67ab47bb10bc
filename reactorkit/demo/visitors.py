"""The crowd that sliders set: as many visitors of each kind as they say, at every server."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from reactorkit.demo.play import Play
from reactorkit.lab.crowd import Crowd, start_crowd


class Kind(NamedTuple):
    """A kind of visitor: its slider's words, its behaviour, and the most there can be."""

    words: str
    behaviour: str
    most: int
    options: dict[str, Any]


KINDS = (
    Kind("silent", "idle", 300, {}),
    Kind("chatty", "chatty", 60, {"every": 0.5}),
    Kind("busy", "pingpong", 20, {}),
    Kind("slow readers", "slow_reader", 3, {}),
)


class Visitors:
    """The visitors of a play, by kind. More come in a crowd of their own; fewer leave in one."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._crowds: dict[tuple[int, str], list[Crowd]] = defaultdict(list)

    def set(self, kind: Kind, wanted: int) -> None:
        """Have exactly `wanted` visitors of a kind at every server that lives."""
        for place, server in enumerate(self._play.servers):
            crowds = self._crowds[place, kind.behaviour]
            here = sum(crowd.clients for crowd in crowds)
            while here > wanted:
                crowd = crowds.pop()
                here -= crowd.clients
                self._forget(place, crowd)
                crowd.stop()
            if here < wanted and server.alive:
                crowds.append(
                    start_crowd(server, wanted - here, kind.behaviour, None, **kind.options)
                )
                self._play.crowds.append((place, crowds[-1]))

    def clear(self) -> None:
        """Forget all of them: they have been sent home."""
        self._crowds.clear()

    def _forget(self, place: int, crowd: Crowd) -> None:
        if (place, crowd) in self._play.crowds:
            self._play.crowds.remove((place, crowd))
