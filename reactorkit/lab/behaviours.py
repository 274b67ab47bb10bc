"""The ways a client can behave: polite, slow, impatient and rude, one small class each.

A behaviour is a recipe, not a running client. `script(client)` is a generator over the steps of
one client (see load.py for the engine that runs thousands of them in one thread); crowds, demos
and checks share these objects.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from reactorkit.errors import KitError, nearest

if TYPE_CHECKING:
    from reactorkit.lab.load import Client

Script = Generator[Any, Any, None]

GOLDEN = (5**0.5 - 1) / 2


def share_of(index: int) -> float:
    """Return where in a period client `index` comes in, from 0 to 1, so that none is in chorus.

    However many they are, their places lie evenly: between n of them no gap is as wide as 2/n
    (https://en.wikipedia.org/wiki/Three-gap_theorem).
    """
    return index * GOLDEN % 1


@dataclass(frozen=True)
class Behaviour:
    """What every behaviour has: a name, options with defaults, and a script."""

    name: ClassVar[str] = ""
    # Bytes for SO_RCVBUF, set before connecting; None leaves the system's choice.
    receive_buffer: ClassVar[int | None] = None

    def script(self, client: Client) -> Script:
        """Yield what one client waits for, from connected to closed."""
        raise TypeError(f"{type(self).__name__} has no script for client {client.index}.")

    def options(self) -> dict[str, Any]:
        """Return the options as plain values, to be sent to the crowd's process."""
        return asdict(self)


@dataclass(frozen=True)
class Idle(Behaviour):
    """Connects, says nothing, and stays."""

    name = "idle"

    def script(self, client: Client) -> Script:
        while (yield from client.recv()):
            pass


@dataclass(frozen=True)
class Chatty(Behaviour):
    """Says `size` bytes every `every` seconds and reads whatever arrives meanwhile."""

    name = "chatty"
    every: float = 1.0
    size: int = 32

    def script(self, client: Client) -> Script:
        next_word = time.monotonic() + self.every * share_of(client.index)
        unanswered: deque[float] = deque()
        got = 0
        while True:
            data = yield from client.recv(deadline=next_word)
            if data == b"":
                return
            if data is None:
                yield from client.send(client.words(self.size))
                unanswered.append(time.perf_counter())
                next_word += self.every
                continue
            got += len(data)
            while unanswered and got >= self.size:
                got -= self.size
                client.score.round_trip(time.perf_counter() - unanswered.popleft())


@dataclass(frozen=True)
class PingPong(Behaviour):
    """Sends `size` bytes, waits for all of them to come back, and at once sends again.

    `gather`: first one exchange each, and nobody goes on before all have had theirs. A server
    that starts a thread for every client has little time for accept() once hundreds talk.
    """

    name = "pingpong"
    size: int = 64
    gather: bool = False

    def script(self, client: Client) -> Script:
        words = client.words(self.size)
        greeted = not self.gather
        while client.open:
            began = time.perf_counter()
            yield from client.send(words)
            back = yield from client.recv_exactly(self.size)
            if back != words:
                client.score.wrong += 1
            client.score.round_trip(time.perf_counter() - began)
            if not greeted:
                greeted = True
                yield from client.gather()


@dataclass(frozen=True)
class SlowReader(Behaviour):
    """Sends `size` bytes in one go, then reads `rate` bytes a second through a small window."""

    name = "slow_reader"
    receive_buffer = 4096
    size: int = 8 * 2**20
    rate: float = 1000.0

    def script(self, client: Client) -> Script:
        words, place = client.words(65536), 0
        while place < self.size:
            # Never waits for room for long: the point is what the server does with the rest.
            sent = yield from client.send_some(words[: self.size - place], patience=0.2)
            if not sent:
                break
            place += sent
        while True:
            yield from client.sleep(0.1)
            if (yield from client.recv(max(1, int(self.rate / 10)))) == b"":
                return


@dataclass(frozen=True)
class Dribbler(Behaviour):
    """Sends a message of `size` bytes one byte every `gap` seconds, and waits for its echo."""

    name = "dribbler"
    size: int = 32
    gap: float = 0.01

    def script(self, client: Client) -> Script:
        words = client.words(self.size)
        while client.open:
            began = time.perf_counter()
            for place in range(self.size):
                yield from client.send(words[place : place + 1])
                yield from client.sleep(self.gap)
            yield from client.recv_exactly(self.size)
            client.score.round_trip(time.perf_counter() - began)


@dataclass(frozen=True)
class Coalescer(Behaviour):
    """Sends `messages` messages of `size` bytes in one send(), then reads all of them back."""

    name = "coalescer"
    messages: int = 10
    size: int = 32

    def script(self, client: Client) -> Script:
        words = client.words(self.size) * self.messages
        while client.open:
            began = time.perf_counter()
            yield from client.send(words)
            yield from client.recv_exactly(len(words))
            client.score.round_trip(time.perf_counter() - began)


@dataclass(frozen=True)
class HalfCloser(Behaviour):
    """Sends `size` bytes, ends its own stream, reads the answer to the end, and comes back."""

    name = "half_closer"
    size: int = 1000
    every: float = 0.2

    def script(self, client: Client) -> Script:
        while True:
            began = time.perf_counter()
            yield from client.send(client.words(self.size))
            client.half_close()
            got = 0
            while data := (yield from client.recv()):
                got += len(data)
            client.score.wrong += got != self.size
            client.score.round_trip(time.perf_counter() - began)
            client.close()
            yield from client.sleep(self.every)
            yield from client.connect()


@dataclass(frozen=True)
class Resetter(Behaviour):
    """Sends a few bytes, breaks the connection off with RST, and comes back."""

    name = "resetter"
    every: float = 0.2

    def script(self, client: Client) -> Script:
        while True:
            yield from client.send(client.words(32))
            client.reset()
            yield from client.sleep(self.every)
            yield from client.connect()


@dataclass(frozen=True)
class ConnectAndLeave(Behaviour):
    """Connects, says nothing, leaves, and comes back."""

    name = "connect_and_leave"
    every: float = 0.05

    def script(self, client: Client) -> Script:
        while True:
            client.close()
            yield from client.sleep(self.every)
            yield from client.connect()


@dataclass(frozen=True)
class Flood(Behaviour):
    """Sends `size` bytes again and again, as fast as the connection takes them, reading along."""

    name = "flood"
    size: int = 65536

    def script(self, client: Client) -> Script:
        words = client.words(self.size)
        while client.open:
            yield from client.send_some(words, patience=0.05)
            while client.recv_now():
                pass
            yield from client.sleep(0)  # let the others have their turn


@dataclass(frozen=True)
class Chatter(Behaviour):
    """Says a message of `size` bytes to a chat every `every` seconds, and counts what it hears.

    `speakers`: only so many of the crowd speak, the others listen; 0: all of them.

    Each text ends with the moment it was sent, as in "@123456789;", so one semicolon is one
    message: in whatever format a server passes it on, and wherever the network cuts it.
    """

    name = "chatter"
    every: float = 1.0
    size: int = 32
    speakers: int = 0

    def script(self, client: Client) -> Script:
        next_word = None
        if not self.speakers or client.index < self.speakers:
            next_word = time.monotonic() + self.every * share_of(client.index)
        tail = b""
        while (data := (yield from client.recv(deadline=next_word))) != b"":
            if data is None and next_word is not None:
                yield from client.send(self._message(client))
                next_word += self.every
                continue
            tail = self._hear(client, tail, data)

    def _message(self, client: Client) -> bytes:
        now = b" @%d;" % time.perf_counter_ns()
        text = client.words(max(0, self.size - len(now))) + now
        return b'{"user": "client %d", "text": "%s"}\n' % (client.index, text)

    def _hear(self, client: Client, tail: bytes, data: bytes) -> bytes:
        """Count what a piece of the stream brings; returns its end, for what it may have cut."""
        messages = data.count(b";")
        client.score.deliveries += messages
        moment = data[: data.rfind(b";")].rpartition(b"@")[2] if messages else b""
        if moment.isdigit():  # all of it is in this piece
            client.score.latency((time.perf_counter_ns() - int(moment)) / 1e9)
        # In a text, a quotation mark stands behind a backslash.
        client.score.wrong += (tail + data).count(b'{"error"')
        return (tail + data)[-7:]


@dataclass(frozen=True)
class Guest(Behaviour):
    """Comes, says a line, listens for `stay` seconds in all, leaves or breaks off, and comes back.

    The line is a message of a chat; an echo server gives it back.
    """

    name = "guest"
    stay: float = 10.0

    def script(self, client: Client) -> Script:
        # The first visits have different lengths: so guests come and go all the time.
        stay = self.stay * share_of(client.index + 1)
        for visit in itertools.count(client.index):
            leaves = time.monotonic() + stay
            yield from self._listen(client, leaves - stay / 2)
            yield from client.send(b'{"user": "guest", "text": "visit %d"}\n' % visit)
            yield from self._listen(client, leaves)
            if not client.open:
                return
            if visit % 3:
                client.close()
            else:
                client.reset()
            stay = self.stay
            yield from client.sleep(stay / 20)
            yield from client.connect()

    def _listen(self, client: Client, until: float) -> Script:
        while (yield from client.recv(deadline=until)):
            pass


BEHAVIOURS: dict[str, type[Behaviour]] = {
    kind.name: kind
    for kind in (
        Idle,
        Chatty,
        PingPong,
        SlowReader,
        Dribbler,
        Coalescer,
        HalfCloser,
        Resetter,
        ConnectAndLeave,
        Flood,
        Chatter,
        Guest,
    )
}


def behaviour(what: str | Behaviour, **options: Any) -> Behaviour:
    """Return the behaviour object for a name and its options (or `what` itself if it is one).

    Raises KitError for an unknown name or option.
    """
    if isinstance(what, Behaviour):
        return what
    kind = BEHAVIOURS.get(what)
    if kind is None:
        raise KitError(
            f"No behaviour is called {what!r}.{nearest(what, BEHAVIOURS)} "
            f"There are: {', '.join(BEHAVIOURS)}."
        )
    known = kind.__dataclass_fields__
    for option in options:
        if option not in known:
            has = f"It has: {', '.join(known)}." if known else "It has no options."
            raise KitError(f"{what} has no option {option!r}.{nearest(option, known)} {has}")
    return kind(**options)
