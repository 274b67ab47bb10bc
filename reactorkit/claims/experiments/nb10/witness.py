"""Serve a rung in this process, talk to it from a second thread, and write down who calls whom.

Run as a program of its own: `python -m reactorkit.claims.experiments.nb10.witness NAME`; the last
line of its output is JSON. The server runs its own code; a profile function (sys.setprofile) sees
the calls from outside, and the objects are looked at while the server waits.
"""

from __future__ import annotations

import collections
import json
import os
import select
import selectors
import socket
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType, MethodType
from typing import Any

from reactorkit import launcher

LINES = 3  # that each of two clients says; an echo gives them back, a chat passes them on
DEADLINE = 10.0
CHANGES = ("register", "modify", "unregister")
Objects = dict[str, list[Any]]


class Witness:
    """Sees each call of the main thread between the server, the reactor and the selector.

    `story` holds (kind, words) in order; `calls` counts (caller, callee); `selector` is the object
    that waits, `callers` the objects from which handlers were called.
    """

    def __init__(self, files: set[str]) -> None:
        self.files = files | {selectors.__file__}
        self.story: list[tuple[str, str]] = []
        self.calls: collections.Counter[tuple[str, str]] = collections.Counter()
        self.registered: collections.Counter[str] = collections.Counter()
        self.selector: Any = None
        self.dispatcher: Any = None
        self.loop = ""

    def __call__(self, frame: FrameType, event: str, _arg: Any) -> None:
        """Take one event of the interpreter."""
        if event not in ("call", "return") or not self.ours(frame):
            return
        code, me = frame.f_code.co_name, frame.f_locals.get("self")
        waits = isinstance(me, selectors.BaseSelector)
        if event == "return":
            if waits and code == "select":
                self.story.append(("select returns", type(me).__name__))
            return
        caller = frame.f_back
        if caller is not None and self.ours(caller):
            self.calls[name_of(caller), name_of(frame)] += 1
        if waits and code == "select":
            self.selector = me
        elif waits and code in CHANGES[:2] and not waits_too(caller):
            self.note_registration(frame)
        elif caller is not None and is_handler_call(frame) and not is_handler(caller):
            self.dispatcher, self.loop = caller.f_locals.get("self"), name_of(caller)
            self.story.append(("calls", name_of(frame)))

    def note_registration(self, frame: FrameType) -> None:
        """Write down what is stored as data."""
        name = handler_name(frame.f_locals.get("data"))
        self.registered[name] += 1
        self.story.append((frame.f_code.co_name, name))

    def ours(self, frame: FrameType) -> bool:
        """Return whether a frame belongs to the server, the reactor or selectors."""
        return frame.f_code.co_filename in self.files


_handlers: set[Any] = set()  # code of every function that was seen as data of a selector


def waits_too(frame: FrameType | None) -> bool:
    """Return whether a selector has called itself."""
    me = frame.f_locals.get("self") if frame is not None else None
    return isinstance(me, selectors.BaseSelector)


def handler_name(data: Any) -> str:
    """Return how the data of a selector is called, and remember what is called through it."""
    if isinstance(data, MethodType):
        _handlers.add(data.__func__.__code__)
        return data.__name__
    for method in ("handle_readable", "handle_writable"):
        if function := getattr(type(data), method, None):
            _handlers.add(function.__code__)
    return type(data).__name__


def is_handler_call(frame: FrameType) -> bool:
    """Return whether a frame is one of the functions that were registered."""
    return frame.f_code in _handlers


def is_handler(frame: FrameType) -> bool:
    """Return whether a frame is a handler's own: then its call is no work of a dispatcher."""
    return frame.f_code in _handlers or hasattr(frame.f_locals.get("self"), "handle_readable")


def name_of(frame: FrameType) -> str:
    """Return "Class.method" with the class of the object, or the function's name."""
    me = frame.f_locals.get("self")
    return frame.f_code.co_name if me is None else f"{type(me).__name__}.{frame.f_code.co_name}"


# --- the objects -----------------------------------------------------------------------------


def objects_of(witness: Witness) -> Objects:
    """Return the live participants, by role."""
    keys = list(witness.selector.get_map().values())
    handlers: list[Any] = []
    for key in keys:
        if key.data is not None and key.data not in handlers:
            handlers.append(key.data)
    return {
        "dispatcher": [witness.dispatcher],
        "demultiplexer": [witness.selector],
        "handler": handlers,
        "handle": [key.fileobj for key in keys],
    }


def references(objects: Objects) -> list[list[str]]:
    """Return every direct reference between two roles as [role, attribute, role], once each."""
    found = []
    for role, those in objects.items():
        for one in those:
            for name, value in attributes(one):
                for other, targets in objects.items():
                    edge = [role, name, other]
                    if edge not in found and any(reaches(value, target) for target in targets):
                        found.append(edge)
    return found


def attributes(one: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an object: of its dictionary, and of its slots."""
    if isinstance(one, MethodType):
        yield "__self__", one.__self__
        return
    yield from getattr(one, "__dict__", {}).items()
    for cls in type(one).__mro__:
        for name in getattr(cls, "__slots__", ()):
            if name != "__weakref__" and hasattr(one, name):
                yield name, getattr(one, name)


def reaches(value: Any, target: Any) -> bool:
    """Return whether a value is the target, or a collection or table row that holds it."""
    if isinstance(value, dict):
        return any(reaches(each, target) for each in (*value.keys(), *value.values()))
    if isinstance(value, tuple | list | set | frozenset):
        return any(reaches(each, target) for each in value)
    return same(value, target)


def same(one: Any, other: Any) -> bool:
    """Return whether two are one object; each look at a bound method makes a new one."""
    if isinstance(one, MethodType) and isinstance(other, MethodType):
        return one == other
    return one is other


def kinds(handles: list[Any]) -> dict[str, int]:
    """Count handles by what they are."""
    counted = collections.Counter(kind(handle) for handle in handles)
    return dict(sorted(counted.items()))


def kind(handle: Any) -> str:
    """Return "listener", "connection" or, for what is no connection of a client, "wake-up"."""
    if not isinstance(handle, socket.socket) or handle.family != socket.AF_INET:
        return "wake-up"
    listens = handle.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return "listener" if listens else "connection"


def takes(handlers: list[Any]) -> list[str]:
    """Return what the dispatcher hands over to functions: the handle, and perhaps the events."""
    functions = [one.__func__ for one in handlers if isinstance(one, MethodType)]
    most = max((function.__code__.co_argcount - 1 for function in functions), default=0)
    return ["handle", "events"][:most]


def family(handlers: list[Any]) -> dict[str, str]:
    """Return the name of each kind of handler, and of the class it is a kind of."""
    return {
        handler_name(one): "" if isinstance(one, MethodType) else type(one).__mro__[1].__name__
        for one in handlers
    }


# --- the run -----------------------------------------------------------------------------------


def talk(address: tuple[str, int]) -> list[socket.socket]:
    """Let two clients connect and speak in turns; return both, still connected."""
    clients = [socket.create_connection(address, timeout=DEADLINE) for _ in range(2)]
    for number in range(2 * LINES):
        word = f"word {number}."
        # One line at a time: it has been heard by somebody before the next one is sent.
        clients[number % 2].sendall(json.dumps({"user": "Ann", "text": word}).encode() + b"\n")
        hear(clients, word.encode())
    return clients


def hear(clients: list[socket.socket], word: bytes) -> None:
    """Wait until one of the clients, in an echo or in a chat, has received this word."""
    heard = dict.fromkeys(clients, b"")
    while not any(word in text for text in heard.values()):
        ready, _, _ = select.select(clients, [], [], DEADLINE)
        if not ready:
            raise TimeoutError(f"nobody heard {word!r}")
        for one in ready:
            heard[one] += one.recv(65536)


def until_it_waits(witness: Witness, main: int) -> None:
    """Wait until the main thread is inside the selector, and nothing changes any more."""
    end, seen = time.monotonic() + DEADLINE, -1
    while time.monotonic() < end:
        frame: FrameType | None = sys._current_frames()[main]
        inside = frame is not None and waits_too(frame) and frame.f_code.co_name == "select"
        if inside and len(witness.story) == seen:
            return
        seen = len(witness.story)
        time.sleep(0.02)


def report(witness: Witness, address: tuple[str, int], main: int) -> None:
    """Talk to the server, look at it, print what was seen, and end the process."""
    try:
        clients = talk(address)
    except OSError as error:
        print(f"the conversation failed: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    until_it_waits(witness, main)
    objects = objects_of(witness)
    seen = {
        "calls": [[*pair, count] for pair, count in witness.calls.items()],
        "registered": dict(witness.registered),
        "story": witness.story,
        "loop": witness.loop,
        "dispatcher": type(witness.dispatcher).__name__,
        "demultiplexer": type(witness.selector).__name__,
        "handlers": family(objects["handler"]),
        "takes": takes(objects["handler"]),
        "handles": kinds(objects["handle"]),
        "references": references(objects),
        "clients": len(clients),
    }
    print("\n" + json.dumps(seen), flush=True)
    os._exit(0)  # serve() never returns, and nobody else is waiting for this process


def main(target: str) -> None:
    """Serve `target` in the main thread, which may handle signals, and report from another."""
    path = launcher.find(target)
    serve = launcher.load(path)
    files = {str(path)}
    if pattern := sys.modules.get("reactorkit.reactor"):
        folder = os.path.dirname(str(pattern.__file__))  # noqa: PTH120 - names as frames have them
        files |= {os.path.join(folder, name) for name in os.listdir(folder)}  # noqa: PTH118, PTH208
    witness = Witness(files)
    listener = launcher.listen("127.0.0.1", 0)
    address = listener.getsockname()
    side = threading.Thread(target=report, args=(witness, address, threading.get_ident()))
    side.daemon = True
    side.start()
    sys.setprofile(witness)
    serve(listener)


if __name__ == "__main__":
    main(sys.argv[1])
