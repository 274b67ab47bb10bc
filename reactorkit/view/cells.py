"""All handles of a server at a glance: one byte for how each looks, one for how active it is.

Only what has changed is looked at again, so that 10,000 quiet handles cost nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from heapq import nsmallest
from typing import Any

from reactorkit.view.windows import EPOCH, Windows

FULL = 64  # so many handles are told in full
READ_WRITE, READY, RUNNING, OWED, WASTED, ERROR, LISTENER = 3, 4, 8, 16, 32, 64, 128
_QUIET = frozenset({"", "EAGAIN", "EWOULDBLOCK"})
_GENS = 1 << 32  # a handle's place in the order is its descriptor times this, plus its generation

Edit = tuple[int, int, int]  # a handle comes: (place, fd, gen); one goes: (place, -1, 0)


class Cells:
    """The cells of a server's handles in the order of descriptors.

    many: whether there are more than FULL; `look` and `heat` hold something only then.
    edits: how handles have come and gone since somebody cleared it; None: all is new.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.many = False
        self.look, self.heat = bytearray(), bytearray()
        self.edits: list[Edit] | None = None
        self._order: list[int] = []
        self._keyed = -1
        self._epoch = -1
        self._listeners: set[str] = set()
        self._owing: set[str] = set()

    def refresh(self, now: int) -> None:
        """Take over what has changed since the last time."""
        windows = self.windows
        many = len(windows.state["handles"]) > FULL
        if windows.keyed != self._keyed or many != self.many or self._epoch < 0:
            self._begin(many)
        epoch = now // EPOCH
        if many:
            if epoch != self._epoch:  # what was warm has cooled
                windows.touched.update(windows.warm())
            self._see_all(windows.touched, now)
        self._epoch = epoch
        windows.touched = set()

    def _begin(self, many: bool) -> None:
        """Look at every handle anew."""
        self.many, self._keyed = many, self.windows.keyed
        handles = self.windows.state["handles"]
        self._order, self.edits = [], None
        self._listeners, self._owing = set(), set()
        if many:
            self._order = sorted(map(_code, handles.values()))
            self.windows.touched = set(handles)
        self.look, self.heat = bytearray(len(self._order)), bytearray(len(self._order))

    def _see_all(self, keys: Iterable[str], now: int) -> None:
        handles, order = self.windows.state["handles"], self._order
        running = self.windows.state["running"]
        runs = "" if running is None else running["key"]
        for key in keys:
            record = handles.get(key)
            if record is None:
                self._gone(key)
                continue
            code = record["fd"] * _GENS + record["gen"]
            place = bisect_left(order, code)
            if place == len(order) or order[place] != code:
                self._come(place, code, record)
            self._see(place, key, record, key == runs, now)

    def _come(self, place: int, code: int, record: dict[str, Any]) -> None:
        self._order.insert(place, code)
        self.look.insert(place, 0)
        self.heat.insert(place, 0)
        self._edit((place, record["fd"], record["gen"]))

    def _gone(self, key: str) -> None:
        fd, _, gen = key.partition("#")
        if not gen.lstrip("-").isdigit():
            return
        code = int(fd) * _GENS + int(gen)
        place = bisect_left(self._order, code)
        if place < len(self._order) and self._order[place] == code:
            del self._order[place], self.look[place], self.heat[place]
            self._listeners.discard(key)
            self._owing.discard(key)
            self._edit((place, -1, 0))

    def _edit(self, edit: Edit) -> None:
        if self.edits is not None:
            self.edits.append(edit)
            if len(self.edits) > len(self._order) // 8:
                self.edits = None  # telling all is shorter

    def _see(self, place: int, key: str, record: dict[str, Any], runs: bool, now: int) -> None:
        self.heat[place], wasted = self.windows.heat(key, now)
        owed = record["owed"] > 0
        if owed:
            self._owing.add(key)
        else:
            self._owing.discard(key)
        if listens := record["role"] == "listener":
            self._listeners.add(key)
        self.look[place] = (
            record["mask"] & READ_WRITE
            | (READY if record["ready"] else 0)
            | (RUNNING if runs else 0)
            | (OWED if owed else 0)
            | (WASTED if wasted else 0)
            | (ERROR if record["eof"] or record["err"] not in _QUIET else 0)
            | (LISTENER if listens else 0)
        )

    def chosen(self, picked: str) -> list[str]:
        """Return the handles to tell in full: all, or those that matter most right now."""
        state = self.windows.state
        handles, running = state["handles"], state["running"]

        def place(key: str) -> int:
            return _code(handles[key])

        if not self.many:
            return sorted(handles, key=place)
        chosen: dict[str, None] = dict.fromkeys(sorted(self._listeners, key=place)[:FULL])
        for key in (running["key"] if running is not None else "", picked):
            if key in handles:
                chosen[key] = None
        owing = ((-(one := handles[key])["owed"], _code(one), key) for key in self._owing)
        for keys in (
            sorted((key for key in state["ready"] if key in handles), key=place),
            [key for _, _, key in nsmallest(FULL, owing)],
            [f"{code // _GENS}#{code % _GENS}" for code in self._order[:FULL]],
        ):
            for key in keys:
                if len(chosen) >= FULL:
                    break
                chosen[key] = None
        return sorted(list(chosen)[:FULL], key=place)

    def key_bytes(self) -> bytes:
        """Return the keys of all handles: steps between descriptors, then generations."""
        fds, gens, before = bytearray(), bytearray(), 0
        for code in self._order:
            fd = code // _GENS
            _number(fds, fd - before)
            _number(gens, code % _GENS)
            before = fd
        return bytes(fds + gens)


def _code(record: dict[str, Any]) -> int:
    place: int = record["fd"] * _GENS + record["gen"]
    return place


def _number(out: bytearray, value: int) -> None:
    """Append a whole number, seven bits a byte (LEB128), its sign in the lowest bit."""
    value = value * 2 if value >= 0 else -value * 2 - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
