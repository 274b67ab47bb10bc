"""A client program and somebody at its keyboard; and a server at whose desk we sit ourselves."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psutil

from reactorkit.errors import KitError
from reactorkit.lab.gauges import Gauges, sample, switches
from reactorkit.lab.process import KeptProcess
from reactorkit.lab.server import python_path

TAUGHT = Path(__file__).parent / "taught"
PATIENCE = 20.0  # seconds for a fact that somebody else has to bring about
GLANCE = 0.01  # seconds between two looks at it
MOMENT = 0.05 if sys.platform == "linux" else 0.3  # seconds without a step: then it waits


def command(target: str | os.PathLike[str], address: tuple[str, int], user: str) -> list[str]:
    """Return the command that starts a client: the kit's own, one of this lesson's, or a file."""
    host, port = address[0], str(address[1])
    name = os.fspath(target)
    for path in (Path(name), TAUGHT / f"{name}.py", TAUGHT.parent / f"{name}.py"):
        if path.suffix == ".py" and path.is_file():
            return [sys.executable, "-P", str(path), host, port, user]
    return [sys.executable, "-P", "-m", "reactorkit", "chat", host, port, "--user", user]


class Typist:
    """A client that runs in a process of its own, with its keyboard in our hands.

    The keyboard is a pipe: what we type lies in it until the client reads it. `screen` is what the
    client has printed, as (seconds of the monotonic clock, line).
    """

    def __init__(
        self,
        client: str | os.PathLike[str],
        address: tuple[str, int],
        user: str = "Ann",
    ) -> None:
        self.name = Path(client).stem
        self.screen: list[tuple[float, str]] = []
        keyboard, self._keys = os.pipe()
        os.set_blocking(self._keys, False)
        try:
            self._process = KeptProcess(
                command(client, address, user),
                on_line=lambda _, line: self.screen.append((time.monotonic(), line)),
                env={"PYTHONPATH": python_path()},
                stdin=keyboard,
            )
        except BaseException:
            os.close(self._keys)
            raise
        finally:
            os.close(keyboard)

    def press(self, text: str) -> int:
        """Type as much of the text as the pipe takes now; return how many bytes that were."""
        try:
            return os.write(self._keys, text.encode())
        except BlockingIOError:  # the client does not read its keyboard
            return 0
        except BrokenPipeError as error:
            raise self._gone() from error

    def has_room(self, within: float = 0.0) -> bool:
        """Return whether the pipe takes more keys, now or within so many seconds."""
        return bool(select.select([], [self._keys], [], within)[1])

    def enter(self, text: str) -> None:
        """Type one whole line; KitError when the client does not take it."""
        if self.press(text + "\n") <= len(text.encode()):
            raise KitError(f"{self.name} does not read its keyboard.")

    def leave(self) -> None:
        """Type nothing more: the client sees the end of its input."""
        if self._keys >= 0:
            os.close(self._keys)
            self._keys = -1

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        return [line for _, line in list(self.screen)]

    def shown(self, text: str) -> int:
        """Return how many lines on the screen contain the text."""
        return sum(text in line for _, line in list(self.screen))

    def wait_until_shown(self, text: str, times: int = 1) -> None:
        """Return once the text has been shown so often; KitError when it is not."""
        if not self._process.wait_until(lambda: self.shown(text) >= times, PATIENCE):
            raise KitError(f"{self.name} has not shown {text!r}. It printed: {self.screen[-3:]}")

    def gauges(self) -> Gauges:
        """Read memory, threads and CPU of the client once, from outside."""
        assert self._process.pid is not None
        return sample(self._process.pid)

    def ended(self, within: float) -> bool:
        """Return whether the client ends by itself within so many seconds."""
        return self._process.wait(within) is not None

    def wait_until_connected(self) -> None:
        """Return once the client is connected and waits; KitError when it does not come to that."""

        def there() -> bool:
            connections = psutil.Process(self._process.pid).net_connections("tcp")
            return any(each.status == psutil.CONN_ESTABLISHED for each in connections)

        wait_for(lambda: there() and self.asleep, f"{self.name} is connected", lambda: None)

    @property
    def asleep(self) -> bool:
        """Whether the client waits, nothing has woken it for a moment, and its screen is read."""
        before = self._state()
        time.sleep(MOMENT)
        return before == self._state() and before[:2] == ("waits", 0)

    def _state(self) -> tuple[str, int, object]:
        """Return whether it waits, what of its screen is unread, and what changes if it runs."""
        unread = self._process.unread
        try:
            process = psutil.Process(self._process.pid)
            if sys.platform != "linux":  # only its CPU time tells there whether it has run
                return "waits", unread, process.cpu_times()
            waits = "waits" if process.status() == psutil.STATUS_SLEEPING else "runs"
        except psutil.NoSuchProcess as error:
            raise self._gone() from error
        return waits, unread, switches(process.pid)

    def _gone(self) -> KitError:
        return KitError(f"{self.name} has ended. It printed: {self.lines[-3:]}")

    def stop(self) -> None:
        """End the client."""
        self.leave()
        self._process.stop()

    def __repr__(self) -> str:
        return f"{self.name}, with somebody at its keyboard: {len(self.screen)} lines on the screen"

    def __enter__(self) -> Typist:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Desk:
    """A chat server with us in its place: it says and hears what an experiment wants it to.

    `room`: bytes for the kernel's receive buffer, or None for the system's choice.
    """

    def __init__(self, room: int | None = None) -> None:
        self.heard: list[tuple[float, str]] = []
        self.ended = False  # the client sends no more
        self._unfinished = b""
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if room is not None:  # before listen(): connections inherit it
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(1)
        self._listener.settimeout(PATIENCE)
        self._client: socket.socket | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self._listener.getsockname()
        return host, port

    @property
    def client(self) -> socket.socket:
        """The one client's connection."""
        if self._client is None:
            self._client, _ = self._listener.accept()
            self._client.setblocking(False)
        return self._client

    def say(self, text: str, user: str = "Bob") -> None:
        """Send one line to the client."""
        self.client.send(json.dumps({"user": user, "text": text}).encode() + b"\n")

    def say_and_leave(self, text: str, user: str = "Bob") -> None:
        """Send one last line, and end the server's stream; a client that has left hears nothing."""
        with contextlib.suppress(OSError):
            self.say(text, user)
            self.client.shutdown(socket.SHUT_WR)

    def listen(self) -> int:
        """Take what has arrived; return how many lines have been heard in all."""
        with contextlib.suppress(BlockingIOError, ConnectionResetError):
            while data := self.client.recv(1 << 20):
                now = time.monotonic()
                *lines, self._unfinished = (self._unfinished + data).split(b"\n")
                self.heard += [(now, json.loads(line)["text"]) for line in lines]
            self.ended = True
        return len(self.heard)

    def hear(self, count: int, within: float = 2.0) -> list[str]:
        """Return what is heard until there are `count` lines, or the seconds are over."""
        deadline = time.monotonic() + within
        while self.listen() < count and not self.ended and time.monotonic() < deadline:
            select.select([self.client], [], [], max(0.0, deadline - time.monotonic()))
        return self.texts

    @property
    def texts(self) -> list[str]:
        """The texts that have been heard."""
        return [text for _, text in self.heard]

    def close(self) -> None:
        """Close the connection and the listener."""
        if self._client is not None:
            self._client.close()
        self._listener.close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def wait_for(fact: Callable[[], bool], what: str, check: Callable[[], None]) -> None:
    """Return once `fact()` is true; KitError when it does not come true. `check` may raise."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        if time.monotonic() > deadline:
            raise KitError(f"Waited {PATIENCE:g} s in vain for this: {what}.")
        check()
        time.sleep(GLANCE)
