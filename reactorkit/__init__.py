"""A teaching kit for the Reactor pattern: real servers, real crowds, and claims to measure.

The names below are what a notebook uses. They load on first use (PEP 562), because a server that
is started by `python -m reactorkit serve` imports this package too and must stay as small as if it
had been started alone.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# The pattern's words, as Douglas Schmidt uses them, and what they are in this kit.
TERMS = {
    "Handle": "anything with fileno(): a socket, a pipe, a terminal",
    "Synchronous Event Demultiplexer": "a selector: waits for many handles, returns the ready ones",
    "Initiation Dispatcher": "Reactor: registers handlers, runs the loop, calls them",
    "Event Handler": "EventHandler: what to do when a handle is ready",
    "Concrete Event Handler": "Acceptor, Wakeup, Member of a chat: one kind of handle each",
}

_HOMES = {
    "KitError": "reactorkit.errors",
    "Peer": "reactorkit.lab.peer",
    "attack": "reactorkit.lab.attacks.table",
    "check": "reactorkit.grading.notebook",
    "clean_up": "reactorkit.lab.notebook",
    "crowd": "reactorkit.lab.notebook",
    "edit": "reactorkit.lab.sources",
    "experiment": "reactorkit.claims.run",
    "hint": "reactorkit.grading.notebook",
    "hold": "reactorkit.lab.notebook",
    "lecture": "reactorkit.demo.lecture",
    "ledger": "reactorkit.claims.page",
    "lesson": "reactorkit.claims.lesson",
    "portrait": "reactorkit.lab.portrait",
    "predict": "reactorkit.claims.predict",
    "progress": "reactorkit.grading.hand_in",
    "race": "reactorkit.lab.race",
    "reset": "reactorkit.lab.sources",
    "serve": "reactorkit.lab.notebook",
    "show": "reactorkit.lab.sources",
    "show_diff": "reactorkit.lab.sources",
    "solution": "reactorkit.grading.notebook",
    "watch": "reactorkit.lab.watching",
}

__all__ = ["TERMS", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
