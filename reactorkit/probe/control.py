"""Commands from whoever watches: one JSON object a line, each answered by an event.

{"do": "pause", "n": 1}                     {"do": "run", "n": 2}
{"do": "step", "of": "turn", "n": 3}        {"do": "step", "of": "handler", "n": 4}
{"do": "until", "cond": {"fd": 7}, "n": 5}
"""

from __future__ import annotations

import _socket
import json
from typing import Any

from reactorkit.probe.gate import HANDLER, TURN, Gate
from reactorkit.probe.tracer import tracer
from reactorkit.probe.until import Condition

LONGEST_LINE = 1 << 16


def obey_all(fd: int) -> None:
    """Obey each line until the other end closes; then let the server run. Runs in a thread."""
    sock = _socket.socket(fileno=fd)
    rest = b""
    while data := _receive(sock):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            problem = obey(tracer.gate, line)
            if problem:
                tracer.note(problem)
        if len(rest) > LONGEST_LINE:
            rest = b""
            tracer.note("A command without an end was thrown away.")
    tracer.gate.run()


def _receive(sock: _socket.socket) -> bytes:
    try:
        return sock.recv(4096)
    except OSError:  # whoever watched has gone without a word
        return b""


def obey(gate: Gate, line: bytes) -> str:
    """Do what a line asks for; returns what was wrong with it, or an empty string."""
    try:
        command = json.loads(line)
    except ValueError:
        return f"A command was not understood: {line[:80]!r}"
    if not isinstance(command, dict):
        return f"A command is an object, not {line[:80]!r}"
    number = command.get("n")
    return _do(gate, command, number if type(number) is int else None)


def _do(gate: Gate, command: dict[str, Any], number: int | None) -> str:
    match command:
        case {"do": "pause"}:
            gate.pause(number)
        case {"do": "run"}:
            gate.run(number)
        case {"do": "step", "of": ("turn" | "handler") as of}:
            gate.step(TURN if of == "turn" else HANDLER, number)
        case {"do": "until", "cond": asked}:
            try:
                condition = Condition(asked)
            except ValueError as error:
                return str(error)
            gate.run_until(condition, number)
        case _:
            return f"There is no command {json.dumps(command)[:80]}."
    return ""
