"""The boards of the stage: the live one, and the one of a scene's recordings behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reactorkit.demo import recordings
from reactorkit.demo.play import Play
from reactorkit.demo.scene import Scene
from reactorkit.lab.server import Server
from reactorkit.lab.watching import Crew
from reactorkit.view.board import Board
from reactorkit.view.source import Source

# Large type, and the keys work wherever the focus is: nothing else on the page takes them.
LOOK: dict[str, Any] = {"detail": "simple", "projector": True, "height": "fill", "keys": "page"}


def live(play: Play, names: Sequence[str], log: bool = False) -> Board:
    """Return a board of a play's servers; clients can be sent from it."""
    crew = Crew(play.servers)
    sources = [
        Source(play.watched(place), name, ending=ending(server, name))
        for place, (server, name) in enumerate(zip(play.servers, names, strict=True))
    ]
    board = Board(sources, clients=crew.ask, remarks=crew.remarks, log=log, **LOOK)
    board.when_closed(crew.close)
    return board


def ending(server: Server, name: str) -> Callable[[], str]:
    """Return what says how a server has ended: with its last words, for the class to read."""

    def say() -> str:
        lines = server.log.splitlines()[-1:]
        last = lines[0] if lines and not lines[0].startswith("listening") else ""
        return f"{name} has ended. {last}".rstrip()

    return say


def replayed(scene: Scene) -> Board:
    """Return a board of a scene's recordings, which play when they are first seen."""
    pairs = zip(recordings.opened(scene), scene.names(), strict=True)
    return Board([Source(*pair) for pair in pairs], play=True, log=scene.log, **LOOK)
