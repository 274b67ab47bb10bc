r"""Where a chat client under judgement runs: its keyboard, its screen and its server are ours.

client = stage.client()
client.types("Hello\n")             # at its keyboard
client.hears("Hello")              # as its server
client.says("Hello yourself")      # as its server
client.shows("Hello yourself")     # on its screen
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time
from collections import defaultdict, deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

from reactorkit.grading.client import SLOW, pushed
from reactorkit.grading.isolation import Isolation
from reactorkit.grading.keyboards import Keyboard, Pipe
from reactorkit.grading.pairs import connected
from reactorkit.grading.run import Run
from reactorkit.grading.stage import NAMES
from reactorkit.grading.story import Story, Unmet, named
from reactorkit.lab.peer import RESET_ON_CLOSE

NARROW = 4096  # bytes: what the kernel keeps for a server that does not read is then small
LONGEST = 1 << 20  # bytes of a line; who sends more without a newline sends no line
MOST_SHOWN = 32 << 20  # bytes of the screen that are kept


class ClientStage:
    """The runs of a submitted chat client in one check. A context manager.

    Arguments: as for ServerStage.
    """

    def __init__(self, source: str, story: Story, isolation: Isolation, rng: random.Random) -> None:
        self.story, self.rng = story, rng
        self._source, self._isolation = source, isolation
        self._clients: list[ChatClient] = []

    def client(self, keyboard: Keyboard | None = None, *, narrow: bool = False) -> ChatClient:
        """Start the client on this keyboard, a pipe when None.

        Arguments:
            narrow: the kernel keeps little of what the server does not read.
        """
        client = ChatClient(self.story, self.rng, keyboard or Pipe(), narrow)
        self._clients.append(client)
        client.begins(self._source, self._isolation)
        return client

    def blamed(self, unmet: Unmet) -> Unmet:
        """Return the same with the reason why the client is gone, if it is."""
        return self._clients[-1].blamed(unmet) if self._clients else unmet

    def __enter__(self) -> ClientStage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients:
            client.__exit__(kind, error, trace)


class Screen:
    """What the client prints: the lines that begin with "[NAME] ", by name, in order."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, deque[str]] = defaultdict(deque)
        self._room = MOST_SHOWN

    def take(self, stream: str, line: str) -> None:
        """Take a line that was printed; called from another thread."""
        if stream == "out" and line.startswith("["):
            self._room -= len(line)
            if self._room > 0:  # whoever prints without end must not fill us up
                name, _, _ = line[1:].partition("] ")
                self._lines[name].append(line)

    def next_of(self, name: str) -> str | None:
        """Take the next line that somebody has said from the screen; None when there is none."""
        lines = self._lines[name]
        return lines.popleft() if lines else None

    def has(self, name: str) -> bool:
        """Return whether there is one."""
        return bool(self._lines[name])

    @property
    def rest(self) -> list[str]:
        """What has not been taken."""
        return [line for lines in list(self._lines.values()) for line in lines]


class ChatClient(Run):
    """One run of the client, with somebody at its keyboard, and us as its server.

    Each method is one step of the story. Those that expect something raise Unmet when it is not
    to be had; `cause` is the likely reason, told to the learner.
    """

    subject = "the client"
    defines = "chat(server, user)"

    def __init__(self, story: Story, rng: random.Random, keyboard: Keyboard, narrow: bool) -> None:
        super().__init__(story, rng)
        self.user, self.friend = rng.sample(NAMES, 2)
        self._keyboard, self._screen = keyboard, Screen()
        small = NARROW if narrow else None
        self._near, self._server = connected(rcvbuf=small, near_sndbuf=small)
        self._server.settimeout(SLOW)
        self._unfinished = b""
        self._runs = False

    def begins(self, source: str, isolation: Isolation) -> None:
        """Start it."""
        self.story.action(f"the client of {self.user} starts, with {self._keyboard.kind} to read")
        with self._near:
            self.launch(
                source,
                isolation,
                "chat",
                self._near,
                self.user,
                stdin=self._keyboard.reading,
                on_line=self._screen.take,
            )
        self._runs = True

    # ------------------------------------------------------------ the keyboard

    def types(self, text: str | bytes, what: str = "") -> None:
        """Type some keys, all at once."""
        keys = text.encode() if isinstance(text, str) else text
        self.story.action(f"{self.user} types {what or named(keys)}")
        with contextlib.suppress(BlockingIOError):
            keys = keys[self._keyboard.press(keys) :]
        if keys:
            raise Unmet("that the client reads its keyboard", "what was typed before lies unread")

    def types_on(self, keys: bytes, meanwhile: Callable[[], None]) -> int:
        """Type until no more is taken; return how many bytes were. See client.pushed."""
        return pushed(self._keyboard.press, keys, meanwhile)

    def has_read(self) -> None:
        """Wait until it has read what was typed so far."""
        self.settles(
            lambda: self._keyboard.unread == 0,
            "the client reads its keyboard",
            lambda: f"{self._keyboard.unread} bytes lie there unread",
        )

    def ends_typing(self) -> None:
        """Type no more."""
        self.story.action(f"{self.user} types no more: the end of standard input")
        self._keyboard.ends()

    # -------------------------------------------------------------- the screen

    def shows(self, text: str, name: str = "", cause: str = "", quiet: bool = False) -> None:
        """See this line next of what `name` has said; of the friend, if it is left out."""
        name = name or self.friend
        wanted = f"[{name}] {text}"
        self.process.wait_until(lambda: self._screen.has(name), SLOW)
        line = self._screen.next_of(name)
        if line != wanted:
            got = f"nothing of {name} within {SLOW:g} s" if line is None else _short(line)
            raise Unmet(f"{_short(wanted)} on the screen", got, cause)
        if not quiet:
            self.story.expectation(f"the screen shows {_short(wanted)}")

    def shows_nothing_else(self, cause: str = "") -> None:
        """See that nothing has been shown but what was looked for."""
        if rest := self._screen.rest:
            raise Unmet("nothing else on the screen", _short(rest[0]), cause)

    # -------------------------------------------------------------- the server

    def says(self, *texts: str, name: str = "", quiet: bool = False) -> None:
        """Send messages, all at once; of the friend, if no name is given."""
        name = name or self.friend
        if not quiet:
            self.story.action(f"the server says for {name}: {_short(', '.join(texts))}")
        self._send(b"".join(message(name, text) for text in texts))

    def sends(self, data: bytes) -> None:
        """Send some bytes."""
        self.story.action(f"the server sends {named(data)}")
        self._send(data)

    def dribbles(self, data: bytes) -> None:
        """Send some bytes, one at a time."""
        self.story.action(f"the server sends {named(data)}, one byte at a time")
        self._server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(data)):
            self._send(data[place : place + 1])
            time.sleep(0.001)  # so that they arrive one by one, mostly: it is no verdict

    def hears(self, *texts: str, cause: str = "", what: str = "") -> None:
        """Receive exactly these messages next."""
        for text in texts:
            wanted = {"user": self.user, "text": text}
            line = self._next_line(f"the message {_short(json.dumps(wanted))}", cause)
            if _parsed(line) != wanted:
                raise Unmet(f"the message {_short(json.dumps(wanted))}", named(line), cause)
        told = what or ", ".join(_short(repr(text)) for text in texts)
        self.story.expectation(f"the server receives {told}")

    def hears_end(self, cause: str = "") -> None:
        """See the end of the client's stream next, and no more bytes."""
        expected = "the end of the client's stream"
        data = self._unfinished or self._receive(time.monotonic() + SLOW, expected, cause)
        if data:
            raise Unmet(expected, named(data), cause)
        self.story.expectation("the server sees the end of the client's stream")

    def leaves(self) -> None:
        """End the server's stream, and close."""
        self.story.action("the server closes the connection")
        self._server.close()

    def resets(self) -> None:
        """Break the connection off."""
        self.story.action("the server resets the connection")
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._server.close()

    def ends(self, cause: str = "") -> None:
        """See the client end by itself, with status 0."""
        status = self.process.wait(SLOW)
        if status is None:
            raise Unmet("that the client ends by itself", f"it runs after {SLOW:g} s", cause)
        if status != 0:
            raise Unmet("that the client ends with status 0", f"status {status}", cause)
        self.story.expectation("the client ends by itself, with status 0")

    # ------------------------------------------------------------------- below

    def _send(self, data: bytes) -> None:
        expected = "that the client takes what the server says"
        try:
            self._server.sendall(data)
        except TimeoutError as error:
            raise Unmet(expected, "it has stopped reading") from error
        except OSError as error:
            raise Unmet(expected, f"the connection is broken ({error.strerror})") from error

    def _next_line(self, expected: str, cause: str) -> bytes:
        end = time.monotonic() + SLOW
        while b"\n" not in self._unfinished:
            data = self._receive(end, expected, cause)
            if not data:
                got = f"the end after {named(self._unfinished)}" if self._unfinished else "the end"
                raise Unmet(expected, f"{got} of the client's stream", cause)
            self._unfinished += data
            if len(self._unfinished) > LONGEST and b"\n" not in data:
                raise Unmet(expected, "a line that does not end", cause)
        line, self._unfinished = self._unfinished.split(b"\n", 1)
        return line

    def _receive(self, end: float, expected: str, cause: str) -> bytes:
        self._server.settimeout(max(end - time.monotonic(), 0.001))
        try:
            return self._server.recv(65536)
        except TimeoutError:
            came = f"only {named(self._unfinished)}" if self._unfinished else "nothing"
            raise Unmet(expected, f"{came} within {SLOW:g} s", cause) from None
        except OSError as error:
            raise Unmet(expected, f"the connection is broken ({error.strerror})", cause) from error
        finally:
            self._server.settimeout(SLOW)

    def hang_up(self) -> None:
        """See Run."""
        self._near.close()
        self._server.close()
        self._keyboard.close()

    def end(self) -> None:
        """See Run."""
        if self._runs:
            super().end()


def message(name: str, text: str) -> bytes:
    """Return a message as the server sends it, with its newline."""
    return json.dumps({"user": name, "text": text}, ensure_ascii=False).encode() + b"\n"


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode())
    except (ValueError, RecursionError):
        return None


def _short(text: str) -> str:
    """Return a text for people: shortened, and without what a terminal would obey."""
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= 100 else f"{text[:90]}... ({len(text):,} characters)"
