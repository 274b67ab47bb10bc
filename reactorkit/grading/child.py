"""Runs in the submission's own process: loads the file, and lets it serve, or be called.

    python -I -u child.py serve FD FILE
    python -I -u child.py chat FD FILE USER
    python -I -u child.py functions FD FILE

`serve`: FD is a listening socket that the judge has made, so that it knows the address, whatever
the submission prints. `chat`: FD is a connection to the judge, who plays the server. `functions`:
FD is a socket to the judge: calls come, returns go.

Standard library only. No expectation is known here, and no result is written here: what this
process says on its socket is judged like everything else that a submission does.
"""

from __future__ import annotations

import base64
import fcntl
import io
import json
import os
import resource
import select
import selectors
import socket
import sys
import time
import traceback
from types import ModuleType
from typing import Any

monotonic = time.monotonic  # the clock as it is before a submission is loaded
MISSING = 81  # exit status: the file has no such function
BROKEN = 82  # exit status: the file could not be loaded


def load(path: str) -> ModuleType:
    """Run the file as a module and return it; ends the process when that is not possible."""
    module = ModuleType("submission")
    module.__file__ = path
    sys.modules["submission"] = module
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a small start: no pathlib
            exec(compile(file.read(), path, "exec", dont_inherit=True), module.__dict__)
    except BaseException:  # noqa: BLE001 - SystemExit too: the exit status tells the judge
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(BROKEN)
    return module


def defined(name: str, path: str) -> Any:
    """Load the file and return its function of this name; ends the process if there is none."""
    function: Any = getattr(load(path), name, None)
    if not callable(function):
        print(f"There is no function {name}.", file=sys.stderr, flush=True)
        os._exit(MISSING)
    return function


def serve(number: int, path: str) -> None:
    """Hand the listener over."""
    listener = socket.socket(fileno=number)
    defined("serve", path)(listener)


def chat(number: int, path: str, user: str) -> None:
    """Hand the connection over; standard input and output are the judge's, too."""
    server = socket.socket(fileno=number)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # As on a terminal: a line is one write, and those of two threads do not mix.
        sys.stdout.reconfigure(line_buffering=True, write_through=False)
    defined("chat", path)(server, user)


# ------------------------------------------------------------ calls, forwarded


class Judge:
    """The judge's end of the line: takes calls, gives returns; JSON, one message a line.

    Values: None, bool, int, float, str, lists and dicts as JSON has them; {"bytes": base64};
    {"tuple": [...]}; {"fd": n}, the n-th descriptor that comes with the message, as a socket;
    {"ref": n}, an object that stays in this process; {"callback": n}, a function of the judge's.
    """

    def __init__(self, channel: socket.socket, module: ModuleType) -> None:
        self._channel, self._module = channel, module
        self._objects: list[Any] = []
        self._data = b""
        self._fds: list[int] = []

    def answer(self) -> Any:
        """Do what the judge asks, until it answers a call of ours; return that answer."""
        while True:
            message = self._receive()
            if "answer" in message:
                return self._value(message["answer"])
            if "throw" in message:
                raise RuntimeError(message["throw"])
            self._send(self._do(message))

    def _do(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return what came of one request."""
        try:
            target = self._target(message)
            args = [self._value(one) for one in message.get("args", [])]
            options = {name: self._value(one) for name, one in message.get("options", {}).items()}
            began = monotonic()
            returned = target(*args, **options)
            took = monotonic() - began
            return {"returned": self._plain(returned), "took": took}
        except BaseException as error:  # noqa: BLE001 - whatever it raises is what it did
            bases = [one.__name__ for one in type(error).__mro__]
            frames = traceback.extract_tb(error.__traceback__)
            lines = [one.lineno for one in frames if one.filename == self._module.__file__]
            line = lines[-1] if lines else None
            return {"raised": bases, "text": str(error)[:500], "line": line}

    def _target(self, message: dict[str, Any]) -> Any:
        if message.get("on") is not None:
            return getattr(self._value(message["on"]), message["call"])
        if message["call"] in OURS:
            return OURS[message["call"]]
        return getattr(self._module, message["call"])

    def _value(self, told: Any) -> Any:
        if isinstance(told, list):
            return [self._value(one) for one in told]
        if not isinstance(told, dict) or len(told) != 1:
            return told
        ((kind, value),) = told.items()
        if kind == "bytes":
            return base64.b64decode(value)
        if kind == "tuple":
            return tuple(self._value(one) for one in value)
        if kind == "fd":
            return socket.socket(fileno=self._fds[value])
        if kind == "ref":
            return self._objects[value]
        if kind == "callback":
            return Callback(self, value)
        return told

    def _plain(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            return {"bytes": base64.b64encode(value).decode(), "type": type(value).__name__}
        if isinstance(value, tuple):
            return {"tuple": [self._plain(one) for one in value]}
        if isinstance(value, list):
            return [self._plain(one) for one in value]
        if isinstance(value, set | frozenset):
            return {"set": [self._plain(one) for one in value]}
        for place, known in enumerate(self._objects):
            if known is value:
                return {"ref": place, "type": type(value).__name__}
        self._objects.append(value)
        return {"ref": len(self._objects) - 1, "type": type(value).__name__}

    def _send(self, message: dict[str, Any]) -> None:
        self._channel.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self) -> dict[str, Any]:
        while b"\n" not in self._data:
            data, fds, _, _ = socket.recv_fds(self._channel, 1 << 20, 16)
            if not data:
                os._exit(0)  # the judge has heard enough
            self._data += data
            self._fds += fds
        line, self._data = self._data.split(b"\n", 1)
        return dict(json.loads(line))


class Callback:
    """A function of the judge's, as the submission sees it."""

    def __init__(self, judge: Judge, number: int) -> None:
        self._judge, self._number = judge, number

    def __call__(self, *args: Any) -> Any:
        """Have the judge run it; what the judge asks for meanwhile is done first."""
        told = [self._judge._plain(one) for one in args]
        self._judge._send({"callback": self._number, "args": told})
        return self._judge.answer()


def _shift_wall_clock(seconds: float) -> None:
    """Have time.time() tell another time, as when somebody sets the clock."""
    real = time.time

    def shifted() -> float:
        return real() + seconds

    time.time = shifted
    for name, value in list(vars(sys.modules["submission"]).items()):
        if value is real:  # from time import time
            setattr(sys.modules["submission"], name, shifted)


def _set_and_cancel(timers: Any, seconds: list[float]) -> float:
    """Set many timers as a loop does, and cancel every second one; return the processor time."""
    began = time.process_time()
    made = []
    for one in seconds:
        made.append(timers.call_later(one, print))
        timers.seconds_left()
    for timer in made[::2]:
        timer.cancel()
        timers.seconds_left()
    return time.process_time() - began


def _tell(queue: Any, lines: list[bytes]) -> None:
    """Have a queue told lines, and after each do what a loop does: flush what may be sent."""
    for line in lines:
        queue.put(line)
        if queue.wants_write():
            queue.flush()


class Sparing(socket.socket):
    """A socket whose kernel takes few bytes at a time, as it may at any time."""

    most = 1000

    def send(self, data: Any, flags: int = 0) -> int:
        """Send a piece, and return its length."""
        return super().send(memoryview(data).cast("B")[: self.most], flags)


def _await(sock: socket.socket, event: str) -> bool:
    """Wait until poll() tells an event of a socket ("POLLRDHUP" is not known everywhere)."""
    poll = select.poll()
    poll.register(sock, getattr(select, event, select.POLLIN))
    return bool(poll.poll(10_000))


def _on_a_list(name: str, *items: Any) -> Any:
    """Call a function with a list; return what it returned, and what is in the list then."""
    handed = list(items)
    returned = getattr(sys.modules["submission"], name)(handed)
    return returned, handed


def _numbered(sock: socket.socket, number: int) -> socket.socket:
    """Return the socket with the first free descriptor from `number` on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number + 100, hard))
    high = socket.socket(fileno=fcntl.fcntl(sock, fcntl.F_DUPFD_CLOEXEC, number))
    sock.close()
    return high


# What the judge may call besides the submission's own functions.
OURS: dict[str, Any] = {
    "_await": _await,
    "_close": lambda sock: sock.close(),
    "_close_number": os.close,
    "_hold": lambda sock: sock,  # to name one socket again in later calls
    "_fileno": lambda sock: sock.fileno(),
    "_numbered": _numbered,
    "_on_a_list": _on_a_list,
    "_pipe": os.pipe,
    "_names": lambda *names: [name for name in names if name in sys.modules["submission"].__dict__],
    "_selector": selectors.DefaultSelector,
    "_say": lambda text: print(text, file=sys.stderr, flush=True),
    "_set_and_cancel": _set_and_cancel,
    "_setblocking": lambda sock, flag: sock.setblocking(flag),
    "_shift_wall_clock": _shift_wall_clock,
    "_socketpair": socket.socketpair,
    "_sparing": lambda sock: Sparing(fileno=sock.detach()),
    "_tell": _tell,
}


def functions(number: int, path: str) -> None:
    """Take calls until the judge hangs up."""
    channel = socket.socket(fileno=number)
    Judge(channel, load(path)).answer()


if __name__ == "__main__":
    what, number, path, *words = sys.argv[1:]
    begin: Any = {"serve": serve, "chat": chat, "functions": functions}[what]
    begin(int(number), path, *words)
