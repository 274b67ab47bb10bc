"""What an experiment is given: the lab, sizes that fit this machine, and an end for everything.

An experiment returns Evidence: one Finding per claim, the numbers, and a picture of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from reactorkit.claims.noise import Noise
from reactorkit.lab import machine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reactorkit.lab.crowd import Crowd
    from reactorkit.lab.held import Held
    from reactorkit.lab.peer import Peer
    from reactorkit.lab.server import Server

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """What was found about one claim.

    Arguments:
        met: whether the criterion of our verdict was met; None when this machine cannot tell
            (only for claims marked load-sensitive or bound to a platform).
        measured: the figures with units, in one line.
        why: the likely reasons, when met is False or None.
    """

    met: bool | None
    measured: str
    why: str = ""


@dataclass(frozen=True)
class Evidence:
    """What an experiment brings back.

    Arguments:
        findings: one Finding per claim that the experiment decides, by id.
        data: plain numbers, strings, lists and dicts: what the picture is drawn from.
        picture: draws `data` as a matplotlib Figure, or None for no picture.
        caption: one line that says what to see in the picture.
        alt: what the picture shows, for somebody who cannot see it.
    """

    findings: Mapping[str, Finding]
    data: Mapping[str, Any] = field(default_factory=dict)
    picture: Callable[[Any], Figure] | None = None
    caption: str = ""
    alt: str = ""


class Progress(Protocol):
    """Where the progress of an experiment is shown: a terminal, a cell or a card."""

    def over(self, items: Iterable[T], what: str) -> Iterator[T]:
        """Yield from `items` and show how far it is."""
        ...


class Silent:
    """Shows nothing."""

    def over(self, items: Iterable[T], _what: str) -> Iterator[T]:
        """Yield from `items`."""
        yield from items


class Stopped(Exception):
    """The reader pressed Stop; raised inside the experiment at its next step."""


class World:
    """The surroundings of one run. Whatever it starts ends with the run.

    `noise` tells afterwards whether the machine was disturbed, `notes` holds the reductions.
    """

    def __init__(
        self, progress: Progress | None = None, stop_request: threading.Event | None = None
    ) -> None:
        self.scale = machine.scale()
        self.noise = Noise()
        self.notes: list[str] = []
        self._progress = progress or Silent()
        self._stop_request = stop_request or threading.Event()
        self._things = ExitStack()

    def __enter__(self) -> World:
        self.noise.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            self._things.__exit__(*error)
        finally:
            self.noise.__exit__(*error)

    def pick(self, quick: T, small: T, normal: T) -> T:
        """Return the value for this machine's size of experiments (`machine.scale()`)."""
        return {"quick": quick, "small": small, "normal": normal}[self.scale]

    def note(self, text: str) -> None:
        """State a reduction or a circumstance; the learner reads it under the result."""
        if text not in self.notes:
            self.notes.append(text)

    def progress(self, items: Iterable[T], what: str) -> Iterator[T]:
        """Yield from `items` while a progress bar named `what` shows how far it is."""
        for item in self._progress.over(items, what):
            self.check_stop()
            yield item

    def check_stop(self) -> None:
        """Raise Stopped when the reader has asked to stop; call it in long loops of your own."""
        if self._stop_request.is_set():
            raise Stopped

    def enter(self, thing: AbstractContextManager[T]) -> T:
        """Enter a context manager that is left when the experiment ends."""
        self.check_stop()
        return self._things.enter_context(thing)

    def defer(self, call: Callable[..., object], *args: Any, **options: Any) -> None:
        """Call `call(*args, **options)` when the experiment ends, last one first."""
        self._things.callback(call, *args, **options)

    def serve(self, target: Any, **options: Any) -> Server:
        """Start a server, as `reactorkit.serve` does; it ends with the experiment."""
        from reactorkit.lab.server import Server

        self.check_stop()
        return self.enter(Server(target, **options))

    def hold(self, target: Any, n: int, **options: Any) -> Held:
        """Open n silent connections, as `reactorkit.hold` does; they close with the experiment."""
        from reactorkit.lab.held import Held, address_of

        self.check_stop()
        options.setdefault("progress", lambda numbers: self.progress(numbers, "connecting"))
        return self.enter(Held(address_of(target), n, **options))

    def crowd(self, server: Any, n: int = 10, behaviour: Any = "idle", **options: Any) -> Crowd:
        """Send n clients, as `reactorkit.crowd` does; they leave with the experiment."""
        from reactorkit.lab.crowd import start_crowd

        self.check_stop()
        seconds = options.pop("seconds", None)
        return self.enter(start_crowd(server, n, behaviour, seconds, **options))

    def peer(self, target: Any, **options: Any) -> Peer:
        """Connect one scripted client to a server or an address; it closes with the experiment."""
        from reactorkit.lab.held import address_of
        from reactorkit.lab.peer import Peer

        self.check_stop()
        return self.enter(Peer(address_of(target), **options))
