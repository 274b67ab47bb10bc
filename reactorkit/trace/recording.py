"""A trace in a file: written as it happens, read line by line, sought by time or by number.

The file is the stream itself: the header, then one event per line, gzip if its name ends in .gz.
The writer adds keyframes (`key` with `auto`), so that any moment is reached by loading the last
one before it and replaying what follows. They are no events: the n-th event is the same whether
there are keyframes or not.

A position n lies between events: `state_after(n)` is the state after the first n of them.
"""

from __future__ import annotations

import gzip
import io
import json
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, overload

from reactorkit.errors import KitError
from reactorkit.trace.events import SCHEMA, VERSION, Event, encode, faults
from reactorkit.trace.lines import LineFile, cut_short, text_lines, unpacked
from reactorkit.trace.shape import State, initial, keyframe, unsound
from reactorkit.trace.state import apply

KEY_EVERY_NS = 1_000_000_000
KEY_EVERY_EVENTS = 1_000
# A keyframe of many handles is long: there is none until replaying would take about as long as
# loading it does.
HANDLES_PER_EVENT = 4
_AUTO = b'{"e":"key","t":'  # how the writer begins a keyframe


class Recorder:
    """Writes a recording; what it keeps in memory does not grow with the length of it.

    Arguments:
        target: a path (gzip if it ends in .gz) or a binary file, which stays open.
        header: the first line. Raises KitError where the file cannot be written.
    """

    def __init__(self, target: str | Path | IO[bytes], header: Event) -> None:
        self._owned = isinstance(target, str | Path)
        self._file: IO[bytes] = (
            _writable(Path(target)) if isinstance(target, str | Path) else target
        )
        self._state = initial(header)
        self._begun = False
        self._events = 0  # since the last keyframe
        self._key_at = 0
        self._file.write(encode(header).encode())

    def add(self, event: Event) -> None:
        """Write one event. Keyframes of another recording are passed over: it has its own.

        Only where a keyframe comes first is it the beginning of what was kept.
        """
        if event["e"] == "key" and event.get("auto") and self._begun:
            return
        self._begun = True
        self._file.write(encode(event).encode())
        apply(self._state, event)
        self._events += 1
        late = self._state["t"] - self._key_at >= KEY_EVERY_NS
        enough = self._events * HANDLES_PER_EVENT >= len(self._state["handles"])
        if (late or self._events >= KEY_EVERY_EVENTS) and enough:
            self._file.write(encode(keyframe(self._state, auto=True)).encode())
            self._events, self._key_at = 0, self._state["t"]
            self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._owned:
            self._file.close()
        else:
            self._file.flush()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Recording:
    """A recording to read; `open` and `from_events` make one.

    header: the first line. events: a sequence, read from the file one by one when asked for.
    duration: nanoseconds, up to the last event. warning: what could not be read, in a sentence;
    empty for a whole file.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._lines, self.warning = LineFile(file), ""
        self._offsets, self._times = array("q"), array("q")
        self._keys: list[tuple[int, int]] = []  # (position, offset)
        self._problems: list[str] = []
        self.header: Event = {}
        self._read(name)
        self.events: Sequence[Event] = _Events(self._lines, self._offsets)

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Return what can be read of a file; KitError says why nothing can."""
        path = Path(path)
        file, problem = unpacked(path)
        try:
            recording = cls(file, path.name)
        except KitError as error:
            file.close()
            if problem:
                raise KitError(f"{path.name} cannot be read: {problem}. Copy it again.") from error
            raise
        recording._complain(problem)
        return recording

    @classmethod
    def from_events(cls, header: Event, events: Iterable[Event]) -> Recording:
        """Return a recording that was never in a file."""
        memory = io.BytesIO()
        with Recorder(memory, header) as recorder:
            for event in events:
                recorder.add(event)
        memory.seek(0)
        return cls(memory, "recording")

    def close(self) -> None:
        """Let go of the file."""
        self._lines.file.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def start(self) -> int:
        """Nanoseconds from the header to the first event: not 0 where only the end was kept."""
        return self._times[0] if self._times else 0

    @property
    def duration(self) -> int:
        """Nanoseconds from the header to the last event."""
        return self._times[-1] if self._times else 0

    def index_at(self, t: int) -> int:
        """Return the position at a time: how many events have happened by then."""
        return bisect_right(self._times, t)

    def state_after(self, index: int) -> State:
        """Return the state after the first `index` events: the last keyframe plus replay."""
        index = min(max(index, 0), len(self._offsets))
        state, position = self._start(index)
        for place in range(position, index):
            apply(state, self.events[place])
        return state

    def state_at(self, t: int) -> State:
        """Return the state at a time, in nanoseconds; its clock shows that time."""
        state = self.state_after(self.index_at(t))
        state["t"] = max(state["t"], min(t, self.duration))
        return state

    def lines(self) -> Iterator[str]:
        """Yield the lines of the whole recording, header and keyframes included."""
        yield encode(self.header)
        for offset in sorted([*self._offsets, *(offset for _, offset in self._keys)]):
            yield self._lines.line(offset).decode(errors="replace")

    def save(self, path: str | Path) -> Path:
        """Write it to a file; gzip if the name ends in .gz."""
        with Recorder(path, self.header) as recorder:
            for event in self.events:
                recorder.add(event)
        return Path(path)

    # ------------------------------------------------------------------ reading

    def _read(self, name: str) -> None:
        """Find every event and every keyframe, and hold each event to the vocabulary."""
        lines = text_lines(self._lines.file)
        written = (line for _, line in lines if line.strip())
        self.header = _header(next(written, b""), name)
        latest, bad = 0, 0
        for offset, line in lines:
            is_key = line.startswith(_AUTO) and b',"auto":true,' in line[:60]
            if is_key and self._offsets and not cut_short(line):
                self._keys.append((len(self._offsets), offset))  # read when it is needed
                continue
            event = parsed(line)
            if event is None and cut_short(line):
                self._problems.append("its last line was cut short")
                break
            if event is None or faults(event) or _bad_key(event):
                bad += 1
                continue
            if event["e"] == "key" and event.get("auto") and self._offsets:
                self._keys.append((len(self._offsets), offset))
                continue
            latest = max(latest, event["t"])
            self._offsets.append(offset)
            self._times.append(latest)
        if bad:
            self._problems.append(f"{bad} of its lines are no events and were left out")
        self._complain("")

    def _complain(self, problem: str) -> None:
        if problem:
            self._problems.append(problem)
        if self._problems:
            told = " and ".join(self._problems)
            self.warning = f"This recording is not whole: {told}. The rest can be watched."

    def _start(self, index: int) -> tuple[State, int]:
        """Return the state of the last sound keyframe at or before a position, and its position."""
        state = initial(self.header)
        place = bisect_right(self._keys, (index, len(self._offsets) and 2**62))
        for position, offset in reversed(self._keys[:place]):
            event = parsed(self._lines.line(offset))
            if event is not None and not faults(event) and not unsound(event["state"]):
                apply(state, event)
                return state, position
        return state, 0


class _Events(Sequence[Event]):
    """The events of a recording, each read when it is asked for."""

    def __init__(self, lines: LineFile, offsets: Sequence[int]) -> None:
        self._lines, self._offsets = lines, offsets

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        event: Event = json.loads(self._lines.line(self._offsets[index]))
        return event


# -------------------------------------------------------------------- pieces


def _writable(path: Path) -> IO[bytes]:
    try:
        if path.suffix == ".gz":
            return gzip.GzipFile(path, "wb", compresslevel=6)  # type: ignore[return-value]
        return path.open("wb")
    except OSError as error:
        raise KitError(f"{path} cannot be written: {error.strerror}.") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def parsed(line: bytes) -> Any:
    """Return the JSON in a line; None when there is none."""
    try:
        return _DECODER.decode(line.decode())
    # ValueError: no JSON, no UTF-8, or a number of thousands of digits.
    except (ValueError, RecursionError):
        return None


def _bad_key(event: Event) -> bool:
    return event["e"] == "key" and bool(unsound(event["state"]))


def _header(first: bytes, name: str) -> Event:
    """Return the header; KitError when this is no recording, or one of another time."""
    if not first:
        raise KitError(f"{name} is empty, so there is nothing to replay. Record it again.")
    header = parsed(first)
    if type(header) is not dict or header.get("schema") != SCHEMA:
        raise KitError(
            f"{name} is not a recording of this kit: its first line is not a {SCHEMA} header. "
            "Recordings end in .jsonl or .jsonl.gz; save one with server.watched.save(path)."
        )
    version = header.get("v")
    if version != VERSION:
        raise KitError(
            f"{name} is a recording of version {str(version)[:20]!r}, and this kit reads version "
            f"{VERSION}. Use the kit that it was made with, or a newer one."
        )
    return header
