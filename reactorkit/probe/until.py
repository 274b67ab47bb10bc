"""A condition on which a running server is stopped: what it says, and when it holds."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
_WITH_NUMBER = ("owed", "handler_ms")
_YES = ("error", "wasted")


class Condition:
    """What somebody wants to wait for.

    Arguments:
        asked: {"owed": [">", bytes]}, {"handler_ms": [">", milliseconds]}, {"fd": 7},
            {"error": true} or {"wasted": true}; of several, one is enough.

    Raises ValueError, with a sentence, for anything else.
    """

    def __init__(self, asked: Any) -> None:
        if not isinstance(asked, dict) or not asked:
            raise ValueError('A condition is an object such as {"owed": [">", 65536]}.')
        self.asked = asked
        for name, value in asked.items():
            if not _understood(name, value):
                raise ValueError(f"The condition {name!r}: {value!r} is not understood.")

    def for_call(self, op: str, fd: int, owed: int, error: str) -> str:
        """Return why a call on a socket meets it, or an empty string."""
        if error in ("EAGAIN", "EWOULDBLOCK"):
            wasted = self.asked.get("wasted")
            return f"{op} on descriptor {fd} found nothing" if wasted else ""
        if error and self.asked.get("error"):
            return f"{op} on descriptor {fd} failed: {error}"
        if owed and self._holds("owed", owed):
            return f"{owed} bytes are owed on descriptor {fd}"
        return ""

    def for_ready(self, ready: list[int]) -> str:
        """Return why these ready descriptors meet it, or an empty string."""
        fd = self.asked.get("fd")
        return f"descriptor {fd} is ready" if fd in ready else ""

    def for_handler(self, ns: int, name: str, failed: str = "") -> str:
        """Return why a handler that took so long meets it, or an empty string."""
        if failed and self.asked.get("error"):
            return f"{name or 'a handler'} failed: {failed}"
        if self._holds("handler_ms", ns / 1e6):
            return f"{name or 'a handler'} took {ns / 1e6:.1f} ms"
        return ""

    def _holds(self, name: str, value: float) -> bool:
        if name not in self.asked:
            return False
        how, limit = self.asked[name]
        return _COMPARE[how](value, limit)


def _understood(name: str, value: Any) -> bool:
    if name in _WITH_NUMBER:
        return (
            isinstance(value, list)
            and len(value) == 2
            and value[0] in _COMPARE
            and isinstance(value[1], int | float)
        )
    return (name == "fd" and type(value) is int) or (name in _YES and value is True)
