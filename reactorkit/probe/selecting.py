"""The classes of `selectors`, each by a subclass of the same name that tells what it is asked.

`key.data` is never replaced: a program may compare it, and put anything into it.
"""

from __future__ import annotations

import selectors as module
import sys
from typing import Any

from reactorkit.probe import loops
from reactorkit.probe.tracer import tracer
from reactorkit.probe.turns import Mark, ready, wait

NAMES = ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector")
_Selector: Any = object  # stands before a real selector class in `traced`


class _Told(_Selector):  # type: ignore[misc]
    """What makes a selector tell of its turns, and of who is registered for what."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._names: dict[int, tuple[int, str]] = {}  # by descriptor: gen, handler
        self._quiet = False  # a call of ours that leads to further ones is told once
        self._of_asyncio: bool | None = None

    def register(self, fileobj: Any, events: int, data: Any = None) -> Any:
        key = super().register(fileobj, events, data)
        if not self._quiet:
            self._tell(key)
        return key

    def unregister(self, fileobj: Any) -> Any:
        key = super().unregister(fileobj)
        if not self._quiet:
            gen, _ = self._names.pop(key.fd, (None, ""))
            if gen is not None:
                tracer.push(("unreg", tracer.clock(), key.fd, gen))
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> Any:
        self._quiet = True
        try:
            key = super().modify(fileobj, events, data)
        finally:
            self._quiet = False
        self._tell(key)
        return key

    def _tell(self, key: Any) -> None:
        gen, name = tracer.known(key.fd), name_of(key.data)
        self._names[key.fd] = gen, name
        tracer.push(("reg", tracer.clock(), key.fd, gen, key.events, name or None))

    def select(self, timeout: float | None = None) -> Any:
        if self._of_asyncio is None:
            caller = sys._getframe(1).f_globals.get("__name__", "")
            self._of_asyncio = caller.split(".")[0] == "asyncio"
        # A selector takes 0 and less to mean: do not wait.
        if timeout is not None and timeout < 0:
            timeout = 0
        found, marks = wait(super().select, timeout, len(self._fd_to_key), self._marks)
        if self._of_asyncio:
            loops.of_this_turn(found, marks)
            return found
        return found if marks is None else ready(found, marks)

    def _marks(self, found: list[tuple[Any, int]]) -> list[Mark]:
        names = self._names
        return [(key.fd, names[key.fd][0], mask, names[key.fd][1]) for key, mask in found]

    def close(self) -> None:
        super().close()
        self._names.clear()


def traced(real: Any) -> Any:
    """Return a subclass of a selector class that tells what happens."""
    body = {"__module__": real.__module__, "__doc__": real.__doc__}
    return type(real.__name__, (_Told, real), body)


def name_of(data: Any) -> str:
    """Return the name of the handler in a key's data; empty where there is none to be seen."""
    if isinstance(data, tuple):
        return next((name for one in data if one is not None and (name := name_of(one))), "")
    callback = getattr(data, "_callback", data)  # a handle of asyncio
    if hasattr(data, "handle_readable"):  # an event handler, as the pattern has them
        return type(data).__name__
    if not callable(callback):
        return ""
    return loops.name_of(callback)


def replace() -> None:
    """Put the subclasses in place of the real ones."""
    real_default = module.DefaultSelector
    for name in NAMES:
        real = getattr(module, name, None)
        if real is None:
            continue
        ours = traced(real)
        setattr(module, name, ours)
        if real is real_default:
            module.DefaultSelector = ours  # type: ignore[misc]
