"""One running server on a board: its events, the moment that is looked at, and its messages."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from reactorkit.errors import KitError
from reactorkit.trace.events import Event
from reactorkit.view.frames import Encoder
from reactorkit.view.past import Past
from reactorkit.view.source import Source, notes_for
from reactorkit.view.windows import Windows

MOST_WAITING = 50_000  # events; if more wait to be folded, the board starts again from a keyframe
BACK_NEEDS_PAUSE = "Pause first: only while the server is held can you look back."


class Feed:
    """A running server on one board. All but `_arrived` belongs to the pump's thread.

    Arguments:
        source: the server. ring: tells the pump that there is something to do.
        epoch: when the clock of the board's first server began (monotonic nanoseconds).

    zero: what has to be added to this server's times to have times of that clock.
    """

    def __init__(self, source: Source, ring: Callable[[], None], epoch: int = 0) -> None:
        assert source.live is not None
        self.source, self.inside = source, source.live
        self.fresh = True  # something has happened since the last message
        self.said = ""  # the answer to the last command, if it could not be done
        self._ring = ring
        self._batches: deque[list[Event]] = deque()
        self._in = self._out = 0  # events that have come, and that have been folded
        self._overrun = self._resting = False
        self._ended = ""
        self._past: Past | None = None
        self._picked = ""
        self._now = Windows(self.inside.header)
        self._encoder = Encoder(self._now, source.about, notes_for(source))
        self.news = 0.0  # when the oldest event that was in no message yet happened (monotonic)
        self._epoch = int(self.inside.header.get("monotonic", 0))
        self.zero = self._epoch - epoch if self._epoch and epoch else 0
        self._leave = self.inside.subscribe(self._arrived)

    def close(self) -> None:
        """Have no more events."""
        self._leave()

    def rest(self, words: str) -> None:
        """Stand still for good, and say why."""
        self.take()
        self.said, self.fresh, self._resting = self._stuck() or words, True, True

    # ------------------------------------------------------------------- events

    def _arrived(self, events: list[Event]) -> None:
        """Take a batch over; runs in the thread that reads from the server."""
        if self._in - self._out > MOST_WAITING:
            self._overrun = True
        else:
            self._in += len(events)
            self._batches.append(events)
        self._ring()

    def take(self) -> None:
        """Fold what has come."""
        if self._overrun:
            self._start_again()
        while self._batches:
            events = self._batches.popleft()
            if not self.news and events[0]["e"] != "key" and self._epoch:
                self.news = (self._epoch + events[0]["t"]) / 1e9
            for event in events:
                self._now.feed(event)
            self._out += len(events)
            self.fresh = True
        ending = self.source.ending() if self.inside.ended else ""
        if ending != self._ended:
            self._ended, self.fresh = ending, True

    def _start_again(self) -> None:
        self._leave()
        self._batches.clear()
        self._in = self._out = 0
        self._overrun = False
        self._leave = self.inside.subscribe(self._arrived)

    @property
    def state(self) -> dict[str, Any]:
        """The server's state now, whatever moment is looked at. Not to be changed."""
        return self._now.state

    @property
    def picture(self) -> Windows:
        """The moment that is looked at."""
        return self._now if self._past is None else self._past.windows

    @property
    def past(self) -> bool:
        """Whether the past is looked at."""
        return self._past is not None

    @property
    def quiet(self) -> bool:
        """Whether even the clock stands still."""
        return self._past is not None or self.inside.ended or self._resting

    # ----------------------------------------------------------------- messages

    def begin_anew(self) -> None:
        """Say everything in the next message."""
        self._encoder.begin_anew()
        self.fresh = True

    def message(self, costs: dict[str, Any], notes: list[str]) -> bytes:
        """Return the message about the moment that is looked at."""
        self.fresh, self.news = False, 0.0
        began = self._epoch
        past = self._past
        place: dict[str, Any] = {"zero": self.zero, "stuck": self._stuck(), "over": self._resting}
        start = self._now.start or 0
        self._encoder.show(self.picture)
        if past is None:
            moving = not self.quiet and began
            now = time.monotonic_ns() - began if moving else self._now.state["t"]
            length = max(self.inside.positions, 1)
            place |= {"at": length, "length": length, "t0": start, "t1": self._now.state["t"]}
        else:
            now = past.windows.state["t"]
            place |= {"live": False, "at": past.at, "length": past.length}
            place |= {"t0": past.t0, "t1": past.t1}
        return self._encoder.encode(now, picked=self._picked, place=place, costs=costs, notes=notes)

    def _stuck(self) -> str:
        if self.said:
            return self.said
        if self._ended:
            return self._ended
        if self.inside.fault:
            return self.inside.fault
        return ""

    # ----------------------------------------------------------------- commands

    def act(self, command: dict[str, Any]) -> None:
        """Do what somebody at the board has asked for; what cannot be done is said there."""
        self.said, self.fresh = "", True
        try:
            self._act(command)
        except KitError as error:
            self.said = str(error)

    def _act(self, command: dict[str, Any]) -> None:
        match command:
            case {"do": "pause" | "run" | "step" | "until"}:
                self._past = None
                self._control(command)
            case {"do": "forward", **rest}:
                if self._past is None:
                    self._control({"do": "step", "of": rest.get("of", "turn")})
                else:
                    self._walk(forward=True, of=str(rest.get("of", "turn")))
            case {"do": "back", **rest}:
                self._walk(forward=False, of=str(rest.get("of", "turn")))
            case {"do": "seek", "at": (int() | float()) as at}:
                self._open_past().seek(int(at))
                self._return_if_over()
            case {"do": "seek", "t": (int() | float()) as t}:
                self._open_past().seek_time(int(t))
                self._return_if_over()
            case {"do": "present"}:
                self._past = None
            case {"do": "pick", "key": str() as key}:
                self._picked = key
            case {"do": "pick"}:
                self._picked = ""
            case _:
                self.said = f"A running server cannot do this: {str(command.get('do'))[:40]}."

    def _control(self, command: dict[str, Any]) -> None:
        sent = {"do": command["do"]}
        if sent["do"] == "step":
            sent["of"] = "handler" if command.get("of") == "handler" else "turn"
        elif sent["do"] == "until":
            sent["cond"] = command.get("cond", {})
        self.inside.control(sent)

    def _open_past(self) -> Past:
        """Return the past; the server has to be held or gone, else it would run away."""
        if self._past is None:
            if not self.ready_to_walk():
                raise KitError(BACK_NEEDS_PAUSE)
            self._past = Past(self.inside.header, self.inside.kept())
        return self._past

    def ready_to_walk(self) -> bool:
        """Whether its past can be looked at."""
        return self._past is not None or self.state["paused"] is not None or self.inside.ended

    @property
    def moment(self) -> int:
        """The moment that is looked at, on the clock of the board's first server."""
        return int(self.picture.state["t"]) + self.zero

    def _walk(self, *, forward: bool, of: str) -> None:
        past = self._open_past()
        if forward:
            past.forward(of)
        else:
            past.back(of)
        self._return_if_over()

    def _return_if_over(self) -> None:
        if self._past is not None and self._past.at >= self._past.length:
            self._past = None
