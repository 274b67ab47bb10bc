"""The recordings that the kit ships: made from the real servers, one for each server of a scene.

    python -m reactorkit demo --record

makes all of them anew (or one: `--record idle_crowd`). All recordings of a scene share one clock,
and their timeline says what the presenter did. They are short, so there are no keyframes in them.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from reactorkit.demo.play import Play
from reactorkit.demo.scene import HERE, Change, NotSeen, Scene, run
from reactorkit.errors import KitError
from reactorkit.trace.events import Event, encode
from reactorkit.trace.recording import Recording

LARGEST = 150_000  # bytes a file
AFTERWARDS = 1.0  # seconds that a recording goes on after its last step
_OF_THIS_RUN = ("pid", "wall")  # what a header says that nobody else can use


def record(scene: Scene, folder: Path | None = None) -> list[Path]:
    """Play a scene and keep what its servers told; returns the files.

    Raises KitError when a step does not show what it promises: no bad recording is shipped.
    """
    paths = [(folder or path.parent) / path.name for path in scene.recordings]
    with scene.start() as play:
        try:
            for _ in run(scene, play):
                pass
        except NotSeen as error:
            raise KitError(f"{scene.name}: nothing was recorded, since {error}.") from error
        play.pass_time(AFTERWARDS)
        streams = [play.watched(place).recording for place in range(len(play.servers))]
        for path, stream, label in zip(paths, streams, scene.names(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_packed(_told(stream, play, label, streams)))
    for path in paths:
        if (size := path.stat().st_size) > LARGEST:
            raise KitError(f"{path.name} has {size:,} bytes; {LARGEST:,} are the limit.")
    return paths


def _told(
    stream: Recording, play: Play, label: str, all_streams: Sequence[Recording]
) -> Iterator[Event]:
    """Yield the header and the events of one server on the clock of the whole scene."""
    origin = min(int(one.header["monotonic"]) for one in all_streams)
    began = int(stream.header["monotonic"])
    header = {key: value for key, value in stream.header.items() if key not in _OF_THIS_RUN}
    steps = [words for _, words in play.marks]
    yield {**header, "monotonic": 0, "title": label, "steps": steps}
    marks = [(at - origin, words) for at, words in play.marks]
    for event in stream.events:
        if event["e"] == "key":
            continue
        event["t"] += began - origin
        if event["e"] == "log":  # a traceback names files: where the kit lies is nobody's business
            event["text"] = event["text"].replace(f"{HERE.parents[1]}/", "")
        while marks and marks[0][0] <= event["t"]:
            yield _note(*marks.pop(0))
        yield event
    for mark in marks:
        yield _note(*mark)


def _note(at: int, words: str) -> Event:
    return {"e": "note", "t": at, "text": words}


def _packed(events: Iterator[Event]) -> bytes:
    """Return events as the lines of a gzip file, the same bytes for the same events."""
    memory = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=memory, mtime=0) as file:
        for event in events:
            file.write(encode(event).encode())
    return memory.getvalue()


def opened(scene: Scene) -> list[Recording]:
    """Return the recordings of a scene; KitError when one is missing or not whole."""
    found = [Recording.open(path) for path in scene.recordings]
    for one, path in zip(found, scene.recordings, strict=True):
        if one.warning:
            raise KitError(f"{path.name}: {one.warning}")
    return found


def seen_again(scene: Scene) -> list[str]:
    """Return what the recordings show after each step; KitError when it is not the promise."""
    recordings = opened(scene)
    places = [_places(one, scene) for one in recordings]
    words = []
    for number, step in enumerate(scene.steps):
        before = [one.state_after(at[number]) for one, at in zip(recordings, places, strict=True)]
        after = [
            one.state_after(at[number + 1]) for one, at in zip(recordings, places, strict=True)
        ]
        try:
            words.append(step.seen(Change(before, after)))
        except NotSeen as error:
            raise KitError(f"the recording does not show {step.label!r}: {error}") from error
    return words


def _places(recording: Recording, scene: Scene) -> list[int]:
    """Return the positions where the steps begin, and the end."""
    labels = [step.label for step in scene.steps]
    if recording.header.get("steps") != labels:
        raise KitError("it was made of other steps; make it anew (demo --record)")
    return [
        *(
            place
            for place, event in enumerate(recording.events)
            if event["e"] == "note" and event["text"] in labels
        ),
        len(recording.events),
    ]
