"""The message that carries what the board draws: a head in JSON, and columns of numbers after it.

    byte 0      version of this layout (VERSION)
    byte 1..3   nothing
    byte 4..7   length of the head, little-endian
    head        JSON: all that is small, and which tables follow
    tables      column after column, each padded to 8 bytes, little-endian

Words that come again and again (names of handlers, peers, errors) are sent once and are numbers
from then on. Lists that only grow are sent from where the last message ended. So messages must be
read in order; one with `full` begins anew. js/frames.js reads them. What is in a message depends
on the events, the moment and what was sent before: js/look.js makes the same of a recording.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from reactorkit.trace.shape import State
from reactorkit.view.cells import Cells
from reactorkit.view.windows import SLICES_LENGTH, TURNS_LENGTH, Windows

VERSION = 1
MOST_THREADS = 256
LOG_LENGTH = 50
LONGEST_TEXT = 500
MOST_WORDS = 4_000  # then all is said anew, so that nothing grows for ever
NO_KEY = -(2**31)  # stands for an empty key

# Column types: d number, i whole number, s word, k key (two columns of whole numbers).
HANDLE = (
    "owed:d received:d sent:d calls:d wasted:d runs:d handled:d at:d unread:d unsent:d "
    "fd:i gen:i mask:i ready:i eof:i role:s peer:s cb:s err:s last:s"
)
THREAD = "since:d blocked:d th:i key:k name:s call:s held:s"
LINE = "t:d n:d key:k op:s text:s"
TURN = "t0:d found:d waiting:d between:d handling:d asking:d turn:d"
SLICE = "t0:d t1:d th:i key:k cb:s"

PLAIN = (
    "phase",
    "since",
    "turn",
    "watched",
    "timeout",
    "now",
    "last",
    "running",
    "slowest",
    "mode",
    "until",
    "asked",
    "paused",
    "held",
    "every",
    "totals",
    "spent",
    "ended",
)


def _columns(text: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind in (word.split(":") for word in text.split())]


_LAYOUTS = {
    "handles": _columns(HANDLE),
    "threads": _columns(THREAD),
    "timeline": _columns(LINE),
    "turns": _columns(TURN),
    "slices": _columns(SLICE),
}
_TYPES = {"d": "d", "i": "i", "s": "H"}


class Encoder:
    """Makes the messages for one reader of one server.

    Arguments:
        windows: what is shown. about: what never changes: name, title, colour, marker.
        notes: sentences that always have to be said.
    """

    def __init__(self, windows: Windows, about: dict[str, Any], notes: Sequence[str] = ()) -> None:
        self.windows, self._about, self._notes = windows, about, list(notes)
        self._cells = Cells(windows)
        self._words = _Words()
        self._sent: dict[str, int] = {}
        self._cleared = -1
        self._keys_sent = False
        self._full = True

    def begin_anew(self) -> None:
        """Say everything in the next message: somebody has come who knows nothing."""
        self._full = True

    def show(self, windows: Windows) -> None:
        """Show something else from now on: another moment."""
        if windows is not self.windows:
            self.windows, self._cells = windows, Cells(windows)
            self._full = True

    def encode(
        self,
        now: int,
        *,
        picked: str = "",
        place: dict[str, Any] | None = None,
        costs: dict[str, Any] | None = None,
        notes: Sequence[str] = (),
    ) -> bytes:
        """Return the message for this moment, in nanoseconds of the server's clock."""
        windows, state = self.windows, self.windows.state
        now = max(now, state["t"])
        full = self._full or len(self._words) > MOST_WORDS
        if full:
            self._words, self._sent, self._keys_sent, self._cleared = _Words(), {}, False, -1
        new = _Body(self._words)
        cells, summary = self._cells, windows.summary(now)
        cells.refresh(now)
        handles = cells.chosen(picked)
        new.table("handles", [state["handles"][key] for key in handles])
        self._lists(new, state, full)
        head: dict[str, Any] = {name: state[name] for name in PLAIN}
        head |= {
            "full": full,
            "t": now,
            "count": len(state["handles"]),
            "ready_count": len(state["ready"]),
            "log": self._log(state),
            "picked": _picked(state, picked),
            "rates": summary.rates,
            "idle_share": summary.idle_share,
            "place": {
                "live": True,
                "at": windows.count,
                "length": windows.count,
                "t": now,
                **(place or {}),
            },
            "costs": {
                "probe": summary.probe,
                "dropped": state["totals"]["dropped"],
                **(costs or {}),
            },
            "notes": [*self._notes, *notes, *notes_of(state)],
            **self._threads(new, state),
        }
        if cells.many:
            self._cell_columns(new, head)
        if full:
            head |= {"about": self._about, "meta": state["meta"]}
        head["tables"], head["words"] = new.tables, self._words.news()
        self._full = False
        return _joined(head, new.columns)

    def _lists(self, new: _Body, state: State, full: bool) -> None:
        """Add what is new in the lists that grow."""
        windows = self.windows
        cleared = full or self._cleared != windows.cleared
        self._cleared = windows.cleared
        for name, rows, most in (
            ("timeline", state["timeline"], len(state["timeline"])),
            ("turns", windows.turns, TURNS_LENGTH),
            ("slices", windows.slices, SLICES_LENGTH),
        ):
            told = windows.told[name]
            fresh = told - self._sent.get(name, 0)
            begun = cleared or fresh >= most or fresh > len(rows)
            self._sent[name] = told
            shown = rows if begun else rows[len(rows) - fresh :]
            if name == "timeline":
                shown = [_shortened(line) for line in shown]
            new.table(name, shown, begun)

    def _log(self, state: State) -> Any:
        """Return the lines of the log if there are new ones, else None."""
        told = self.windows.told["log"], self.windows.cleared
        if self._sent.get("log") == told[0] and self._sent.get("log_cleared") == told[1]:
            return None
        self._sent["log"], self._sent["log_cleared"] = told
        return [_shortened(line) for line in state["log"][-LOG_LENGTH:]]

    def _threads(self, new: _Body, state: State) -> dict[str, Any]:
        threads = state["threads"].values()
        inside: dict[str, int] = {}
        for thread in threads:
            inside[thread["call"]] = inside.get(thread["call"], 0) + 1
        running = inside.pop("", 0)
        first = sorted(threads, key=lambda thread: thread["th"])[:MOST_THREADS]
        new.table("threads", first)
        return {"thread_count": len(threads), "blocked_in": inside, "running_threads": running}

    def _cell_columns(self, new: _Body, head: dict[str, Any]) -> None:
        cells = self._cells
        head["cells"] = True
        if cells.edits is None or not self._keys_sent:
            numbers = cells.key_bytes()
            head["key_bytes"] = len(numbers)
            new.columns.append(numbers)
        elif cells.edits:
            head["edits"] = cells.edits
        cells.edits, self._keys_sent = [], True
        new.columns += [bytes(cells.look), bytes(cells.heat)]


class _Words(dict[str, int]):
    """The numbers of words; one that is not known yet gets the next."""

    def __init__(self) -> None:
        self._new: list[str] = []

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        self._new.append(word)
        return number

    def news(self) -> list[str]:
        """Return the words that have got a number since this was asked last."""
        new, self._new = self._new, []
        return new


class _Body:
    """Tables of a message under way."""

    def __init__(self, words: _Words) -> None:
        self.tables: list[tuple[str, int, bool]] = []
        self.columns: list[bytes] = []
        self._words = words

    def table(self, name: str, rows: Sequence[dict[str, Any]], begun: bool = True) -> None:
        """Add rows; `begun`: they replace what was there, else they follow it."""
        self.tables.append((name, len(rows), begun))
        if not rows:
            return
        words = self._words
        for field, kind in _LAYOUTS[name]:
            if kind == "s":
                self._column("H", [words[row[field]] for row in rows])
            elif kind == "k":
                pairs = [_key_numbers(row[field]) for row in rows]
                self._column("i", [fd for fd, _ in pairs])
                self._column("i", [gen for _, gen in pairs])
            else:
                self._column(_TYPES[kind], [row[field] for row in rows])

    def _column(self, code: str, values: Iterable[Any]) -> None:
        column = array(code, values)
        if sys.byteorder == "big":
            column.byteswap()
        self.columns.append(column.tobytes())


def _joined(head: dict[str, Any], columns: list[bytes]) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    parts = [bytes([VERSION, 0, 0, 0]), len(text).to_bytes(4, "little"), text]
    for column in columns:
        parts += (column, b"\0" * (-len(column) % 8))
    return b"".join(parts)


def _key_numbers(key: str) -> tuple[int, int]:
    if not key:
        return NO_KEY, 0
    fd, _, gen = key.partition("#")
    return int(fd), int(gen)


def _picked(state: State, key: str) -> dict[str, Any] | None:
    record = state["handles"].get(key)
    return None if record is None else {"key": key, **record}


def _shortened(line: dict[str, Any]) -> dict[str, Any]:
    if len(line["text"]) <= LONGEST_TEXT:
        return line
    return {**line, "text": line["text"][:LONGEST_TEXT]}


def notes_of(state: State) -> list[str]:
    """Return what must be said about what is shown; the twin of notesOf in js/look.js."""
    notes = []
    dropped = state["totals"]["dropped"]
    if not state["every"]:
        notes.append("So much happens that sums are shown, not each event.")
    if dropped:
        notes.append(f"{dropped} events were lost, because they came faster than they were read.")
    return notes
