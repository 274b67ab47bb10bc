"""Where functions under judgement run: a process of their own, called from here, value by value.

    recv = stage.start("recv_exactly", near, 10)    # begins over there
    far.send(b"0123456789")                         # and we act meanwhile
    assert recv.result() == b"0123456789"

    decoder = stage.call("FrameDecoder", 100)       # a Remote: decoder.call("feed", b"...")

Sockets are made here, and one end is handed over: what went through them is known here.
"""

from __future__ import annotations

import base64
import json
import random
import socket
import time
from collections.abc import Callable
from typing import Any

from reactorkit.grading.blame import STILL_RUNS
from reactorkit.grading.isolation import Isolation
from reactorkit.grading.pairs import connected
from reactorkit.grading.run import Run
from reactorkit.grading.story import Story, Unmet

LONG = 10.0  # seconds that one call may take
LARGEST = 64 << 20  # bytes of one message
LOADS = "Only definitions belong at the left margin: the file has to come to its end by itself."


def returns(what: str) -> str:
    """Say that a call returns. What begins with _ is ours: it waits for the file to be loaded."""
    return "that the file can be loaded" if what.startswith("_") else f"that {what} returns"


class Raised(Unmet):
    """The submission raised, which is a failure where a check does not expect it.

    `names` are the names of the exception's class and its bases.
    """

    def __init__(self, what: str, names: list[str], text: str, line: int | None) -> None:
        got = f"{names[0]}: {text}" if text else names[0]
        where = f" (line {line})" if line else ""
        super().__init__(f"that {what} raises nothing", got + where)
        self.names, self.text, self.line = names, text, line


class Remote:
    """An object that lives in the submission's process."""

    def __init__(self, stage: FunctionStage, number: int, kind: str) -> None:
        self._stage, self.number, self.kind = stage, number, kind

    def call(self, method: str, *args: Any, within: float = LONG, **options: Any) -> Any:
        """Call a method of it and return what it returns."""
        return self.start(method, *args, **options).result(within)

    def start(self, method: str, *args: Any, **options: Any) -> Call:
        """Have a method of it called, and go on here."""
        return self._stage.begin(method, args, options, on=self)


class Given:
    """A socket that was handed over: `far` is our end, `remote` names theirs in calls."""

    def __init__(self, far: socket.socket, number: int) -> None:
        self.far, self.number = far, number


class Call:
    """A call that is under way over there.

    `took`: seconds, once it has returned, as that process says. What takes long here may have been
    short there, on a busy machine; but only what was seen here is proof.
    """

    def __init__(self, stage: FunctionStage, what: str) -> None:
        self._stage, self.what = stage, what
        self.took = 0.0

    def result(self, within: float = LONG) -> Any:
        """Return what it returned.

        Raises Raised with what it raised, and Unmet when it does not return in time or when the
        process ends.
        """
        return self._stage.outcome(self, within)


class FunctionStage(Run):
    """One run of a submitted file whose functions we call. A context manager.

    Arguments: as for ServerStage.
    """

    def __init__(self, source: str, story: Story, isolation: Isolation, rng: random.Random) -> None:
        super().__init__(story, rng)
        self._ours, theirs = socket.socketpair()
        self._data = b""
        self._given = 0
        self._callbacks: list[Callable[..., Any]] = []
        self._pending: list[socket.socket] = []
        self._sockets: list[socket.socket] = []
        with theirs:
            self.launch(source, isolation, "functions", theirs)

    # ------------------------------------------------------------------ calls

    def call(self, name: str, *args: Any, within: float = LONG, **options: Any) -> Any:
        """Call a function (or make an object of a class) and return what it returns."""
        return self.start(name, *args, **options).result(within)

    def start(self, name: str, *args: Any, **options: Any) -> Call:
        """Have a function called, and go on here."""
        return self.begin(name, args, options)

    def begin(
        self, name: str, args: tuple[Any, ...], options: dict[str, Any], on: Remote | None = None
    ) -> Call:
        """Send a call."""
        message: dict[str, Any] = {"call": name, "args": [self._plain(one) for one in args]}
        message["options"] = {key: self._plain(one) for key, one in options.items()}
        if on is not None:
            message["on"] = {"ref": on.number}
        self._send(message)
        return Call(self, name)

    def outcome(self, call: Call, within: float) -> Any:
        """Take messages until the call has returned; callbacks run here, and may call in turn."""
        end = time.monotonic() + within
        while True:
            message = self._receive(call.what, end, within)
            if "callback" in message:
                self._call_back(message)
            elif "raised" in message:
                names = [str(name) for name in message["raised"]] or ["?"]
                text, line = str(message.get("text", "")), message.get("line")
                raise Raised(call.what, names, text, line)
            elif "returned" in message:
                took = message.get("took")
                call.took = took if isinstance(took, float) else 0.0
                return self._value(message["returned"])
            else:
                raise self.blamed(Unmet(f"that {call.what} returns", "no word of it"))

    def _call_back(self, message: dict[str, Any]) -> None:
        number = message["callback"]
        if not isinstance(number, int) or not 0 <= number < len(self._callbacks):
            raise Unmet("a call of a function that was given", "a call of another one")
        args = [self._value(one) for one in message.get("args", [])]
        try:
            answer = self._callbacks[number](*args)
        except Refusal as refusal:
            self._send({"throw": str(refusal)})
        else:
            self._send({"answer": self._plain(answer)})

    # ----------------------------------------------------------- what to hand over

    def pair(
        self, *, rcvbuf: int | None = None, near_rcvbuf: int | None = None, tcp: bool = True
    ) -> Given:
        """Return a connection: its far end is ours, the other one goes with the next call."""
        near, far = (
            connected(rcvbuf=rcvbuf, near_rcvbuf=near_rcvbuf) if tcp else socket.socketpair()
        )
        far.settimeout(LONG)
        self._pending.append(near)
        self._sockets.append(far)
        given = Given(far, self._given)
        self._given += 1
        return given

    def callback(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, marked: over there it can be called, and runs here.

        It may raise Refusal, which is an exception over there.
        """
        self._callbacks.append(function)
        return function

    # ------------------------------------------------------------------ values

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Given):
            return {"fd": value.number}
        if isinstance(value, Remote):
            return {"ref": value.number}
        if isinstance(value, bytes):
            return {"bytes": base64.b64encode(value).decode()}
        if isinstance(value, tuple):
            return {"tuple": [self._plain(one) for one in value]}
        if isinstance(value, list):
            return [self._plain(one) for one in value]
        if callable(value):
            return {"callback": self._callbacks.index(value)}
        return value

    def _value(self, told: Any) -> Any:
        if isinstance(told, list):
            return [self._value(one) for one in told]
        if not isinstance(told, dict):
            return told
        if isinstance(told.get("bytes"), str):
            data = base64.b64decode(told["bytes"])
            return bytearray(data) if told.get("type") == "bytearray" else data
        if isinstance(told.get("tuple"), list):
            return tuple(self._value(one) for one in told["tuple"])
        if isinstance(told.get("set"), list):
            return {self._value(one) for one in told["set"]}
        if isinstance(told.get("ref"), int):
            return Remote(self, told["ref"], str(told.get("type", "")))
        return None

    # ---------------------------------------------------------------- messages

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        self._ours.settimeout(LONG)
        try:
            if self._pending:
                fds = [near.fileno() for near in self._pending]
                sent = socket.send_fds(self._ours, [data], fds)
                data = data[sent:]
                for near in self._pending:
                    near.close()
                self._pending.clear()
            self._ours.sendall(data)
        except OSError as error:
            raise self.blamed(
                Unmet(f"that {message.get('call', 'it')} can be called", "no answer any more")
            ) from error

    def _receive(self, what: str, end: float, within: float) -> dict[str, Any]:
        while b"\n" not in self._data:
            self._ours.settimeout(max(end - time.monotonic(), 0.001))
            try:
                data = self._ours.recv(1 << 20)
            except TimeoutError:
                got = f"{STILL_RUNS} after {within:g} s"
                raise Unmet(returns(what), got, LOADS * what.startswith("_")) from None
            except OSError:
                data = b""
            self._data += data
            if not data or len(self._data) > LARGEST:
                raise self.blamed(Unmet(returns(what), "the process has ended"))
        line, self._data = self._data.split(b"\n", 1)
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise Unmet(returns(what), "something that is no return")
        return message

    def hang_up(self) -> None:
        """See Run."""
        for sock in [*self._sockets, *self._pending, self._ours]:
            sock.close()


class Refusal(Exception):
    """Raised by a callback of ours: over there it is a RuntimeError."""
