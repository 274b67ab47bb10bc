"""What a board shows: the inside of a running server, or a recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from reactorkit.trace.events import Event
from reactorkit.trace.recording import Recording
from reactorkit.trace.shape import State
from reactorkit.view import style

ALWAYS_SAID = "Watching costs time: nothing here is a measurement."
NOT_SEEN = "Not seen here: os.read and os.write on a socket."


class Inside(Protocol):
    """The inside of a running server, as `server.watched` gives it."""

    ended: bool
    fault: str | None

    @property
    def header(self) -> Event:
        """The first line of the trace."""
        ...

    @property
    def positions(self) -> int:
        """How many events are kept."""
        ...

    @property
    def recording(self) -> Recording:
        """What is kept, as a recording."""
        ...

    def state(self) -> State:
        """Return a copy of the state."""
        ...

    def kept(self) -> list[bytes]:
        """Return the lines of what is kept, keyframes included."""
        ...

    def subscribe(self, callback: Callable[[list[Event]], None]) -> Callable[[], None]:
        """Have every batch of events; returns what ends it."""
        ...

    def control(self, command: dict[str, Any]) -> int:
        """Send one command."""
        ...


@dataclass
class Source:
    """One server of a board.

    inside: a running server's, or a recording. name: of the server. ending: says in a sentence
    how it has ended, or "" while it runs.
    """

    inside: Inside | Recording
    name: str
    ending: Callable[[], str] = lambda: ""
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> Inside | None:
        """The inside of a running server; None for a recording."""
        return None if isinstance(self.inside, Recording) else self.inside


def introduce(sources: Sequence[Source]) -> None:
    """Give each source its title, colour and marker: no two alike as far as there are enough."""
    taken: set[str] = set()
    titles: dict[str, int] = {}
    for index, source in enumerate(sources):
        kind = str(source.inside.header.get("style", ""))
        plain = source.name.removeprefix("echo_")
        wanted = [word for word in (plain, kind) if word in style.COLOURS]
        free = [word for word in [*wanted, *style.COLOURS] if word not in taken]
        chosen = free[0] if free else (wanted[0] if wanted else "")
        taken.add(chosen)
        look = style.look(chosen, index)
        titles[plain] = titles.get(plain, 0) + 1
        title = plain if titles[plain] == 1 else f"{plain} {titles[plain]}"
        source.about = {
            "name": source.name,
            "style": kind,
            "title": title,
            "colour": look.colour,
            "marker": look.marker,
        }


def notes_for(source: Source) -> list[str]:
    """Return the sentences that a board of this source always has to say."""
    return [ALWAYS_SAID, NOT_SEEN] if source.live is not None else []
