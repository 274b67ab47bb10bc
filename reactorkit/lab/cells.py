"""Re-running a cell replaces what it made before, instead of piling up servers.

The key of a thing is the cell that made it and its place in that cell (first, second, ...).
IPython tells the cell's id before it runs (event `pre_run_cell`, ipykernel 6 and later);
without an id, a hash of the cell's source stands in. Outside a notebook nothing is replaced.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from typing import Any, Protocol

from reactorkit.lab import kernel


class Stoppable(Protocol):
    """Anything that a cell can start and that must end when the cell runs again."""

    def stop(self) -> object:
        """End it."""
        ...


class Cells:
    """Remember what each cell has made."""

    def __init__(self) -> None:
        self._cell: str | None = None
        self._ordinal = 0
        self._made: dict[tuple[str, int], Stoppable] = {}

    def begin(self, cell: str | None) -> None:
        """A cell starts to run."""
        self._cell, self._ordinal = cell, 0

    def slot(self) -> tuple[str, int] | None:
        """Return the key of the next thing this cell makes, and end what stood there before.

        None outside a cell, and for other threads: what they make is not the cell's.
        """
        if self._cell is None or threading.current_thread() is not threading.main_thread():
            return None
        self._ordinal += 1
        key = (self._cell, self._ordinal)
        if earlier := self._made.pop(key, None):
            earlier.stop()
        return key

    def keep(self, key: tuple[str, int] | None, thing: Stoppable) -> None:
        """Remember `thing` under the key that `slot()` gave."""
        if key is not None:
            self._made[key] = thing


CELLS = Cells()


def _key(cell_id: str | None, source: str) -> str:
    return cell_id or hashlib.sha256(source.encode()).hexdigest()


def _running_cell(shell: Any) -> str | None:
    """Return the key of the cell that runs right now; the cell that imported us is one."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else None
    if not parent or parent.get("header", {}).get("msg_type") != "execute_request":
        return None
    return _key(parent.get("metadata", {}).get("cellId"), parent["content"]["code"])


_watching = False


def watch_cells() -> None:
    """Follow IPython's cells from now on, if this is IPython; safe to call again."""
    global _watching
    if _watching or "IPython" not in sys.modules:
        return
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return
    _watching = True
    kernel.mend()
    shell.events.register(
        "pre_run_cell", lambda info: CELLS.begin(_key(info.cell_id, info.raw_cell or ""))
    )
    shell.events.register("post_run_cell", lambda _result: CELLS.begin(None))
    CELLS.begin(_running_cell(shell))
