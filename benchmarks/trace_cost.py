"""What a trace costs: in the server for each event, and in the notebook for each picture.

    python benchmarks/trace_cost.py

CPU time of this thread, the best of several rounds: other programs on the machine disturb it
little. Compare rows with each other rather than with another machine's.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reactorkit.trace.channel import Channel
from reactorkit.trace.events import encode, faults, from_row, header
from reactorkit.trace.recording import Recorder, Recording
from reactorkit.trace.shape import keyframe, snapshot
from reactorkit.trace.state import apply, initial
from reactorkit.trace.sums import Sums

ROUNDS = 7
MESSAGES = 10_000
MANY = 10_000
HEADER = header("benchmark", "selectors")
clock = time.monotonic_ns


def best(work: Callable[[], object], rounds: int = ROUNDS) -> int:
    """Return the CPU nanoseconds of the quickest of several rounds."""
    times = []
    for _ in range(rounds):
        began = time.thread_time_ns()
        work()
        times.append(time.thread_time_ns() - began)
    return min(times)


def messages(push: Callable[[tuple], object]) -> None:
    """Tell what a server does that echoes messages: three rows each."""
    for _ in range(MESSAGES):
        push(("begin", clock(), 5, 0, 1, "read"))
        push(("io", clock(), "recv", 5, 0, 65536, 5))
        push(("io", clock(), "send", 5, 0, 5, 5))


def rows() -> list[tuple]:
    """Return the rows of many messages."""
    told: list[tuple] = []
    messages(told.append)
    return told


def busy_channel() -> None:
    """Tell many messages through a channel that nobody stops."""
    read_end, write_end = os.pipe()
    channel = Channel(write_end, HEADER)
    messages(lambda row: (channel.push(row), channel.tick(row[1])))
    channel.detach()
    os.close(read_end)


def server_with(handles: int):
    """Return the state of a server with many clients."""
    state = initial(HEADER)
    for fd in range(handles):
        apply(state, {"e": "open", "t": fd, "fd": fd, "gen": 0, "role": "client", "peer": "a:1"})
        apply(state, {"e": "reg", "t": fd, "fd": fd, "gen": 0, "mask": 1, "cb": "read"})
    return state


def one_turn(handles: int, t: int) -> list[dict]:
    """Return the events of a turn in which everybody is ready."""
    told = [{"e": "wait", "t": t, "turn": t, "n": handles}]
    told.append({"e": "wake", "t": t, "turn": t, "ready": [[fd, 0, 1] for fd in range(handles)]})
    for fd in range(handles):
        told.append({"e": "begin", "t": t, "fd": fd, "gen": 0, "mask": 1})
        told.append({"e": "io", "t": t, "op": "recv", "fd": fd, "gen": 0, "want": 9, "got": 5})
        told.append({"e": "io", "t": t, "op": "send", "fd": fd, "gen": 0, "want": 5, "got": 5})
    return told


def fold(state, events: list[dict]) -> None:
    """Apply events."""
    for event in events:
        apply(state, event)


def in_the_server() -> None:
    """Print what one event costs the server."""
    told, count = rows(), 3 * MESSAGES
    state = server_with(10)
    events = [from_row(row, told[0][1]) for row in told]
    cell = [0, "recv"]

    def count_up() -> None:
        for _ in range(count):
            cell[0] += 1

    def read_clock() -> None:
        for _ in range(count):
            clock()

    print("In the server, nanoseconds per event")
    for what, ns in (
        ("read the clock", best(read_clock)),
        ("push a row, clock included", best(rows)),
        ("count a wasted call in a cell", best(count_up)),
        ("push, tick and flush at saturation (sums)", best(busy_channel)),
        ("  of that: sum up a row", best(lambda: Sums(state).add(told))),
        ("told one by one: row to event", best(lambda: [from_row(row) for row in told])),
        ("told one by one: fold", best(lambda: fold(snapshot(state), events))),
        ("told one by one: encode", best(lambda: [encode(event) for event in events])),
    ):
        print(f"  {what:<46}{ns / count:>10,.0f}")


def in_the_notebook() -> None:
    """Print how fast events become pictures, and what seeking costs."""
    print("\nIn the notebook")
    for handles in (10, 1000, MANY):
        state, events = server_with(handles), one_turn(handles, 20_000)
        turns = max(MANY // handles, 1)

        def all_turns(state=state, events=events, turns=turns) -> None:
            for _ in range(turns):
                fold(state, events)

        speed = turns * len(events) / best(all_turns, 3) * 1e9
        print(f"  {f'fold, {handles:,} handles ready':<46}{speed:>10,.0f} events/s")
    state = server_with(MANY)
    text = encode(keyframe(state))
    for what, ns in (
        (f"snapshot of {MANY:,} handles", best(lambda: snapshot(state))),
        (f"keyframe of {MANY:,} handles, encoded", best(lambda: encode(keyframe(state)), 3)),
    ):
        print(f"  {what:<46}{ns / 1e6:>10,.1f} ms")
    print(f"  {'  its length':<46}{len(text) / 1e6:>10,.1f} MB")
    recordings()


def recordings() -> None:
    """Print what a recording costs to write, to open and to seek in."""
    told = [{**from_row(row), "t": 1000 * i} for i, row in enumerate(rows())]
    first = {"e": "open", "t": 0, "fd": 5, "gen": 0, "role": "client"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"

        def write() -> None:
            with Recorder(path, HEADER) as recorder:
                for event in [first, *told]:
                    recorder.add(event)

        speed = len(told) / best(write, 3) * 1e9
        print(f"  {'write a recording':<46}{speed:>10,.0f} events/s")
        speed = len(told) / best(lambda: Recording.open(path).close(), 3) * 1e9
        print(f"  {'open a recording':<46}{speed:>10,.0f} events/s")
        with Recording.open(path) as recording:
            places = [len(told) * part // 20 for part in range(20)]
            ns = best(lambda: [recording.state_after(place) for place in places], 3) / len(places)
        print(f"  {'seek to a random place':<46}{ns / 1e6:>10,.1f} ms")
        assert not faults(told[0])


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    in_the_server()
    in_the_notebook()
