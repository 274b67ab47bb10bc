"""The past of a running server: the same walk as through a recording, the same pictures."""

import json
import random
import subprocess
import time
from pathlib import Path

import golden
import pytest
from javascript import node

from reactorkit.trace.events import encode, header
from reactorkit.trace.shape import keyframe
from reactorkit.trace.state import apply, initial
from reactorkit.view.past import Past
from reactorkit.view.windows import Windows

WALKER = Path(__file__).parent.parent / "view_js" / "walk_server.mjs"


def kept(head, events, every=0):
    """Return lines as a watched server keeps them, with a keyframe after each `every` events."""
    state, lines = initial(head), [encode(keyframe(initial(head), auto=True)).encode()]
    for count, event in enumerate(events, 1):
        apply(state, event)
        lines.append(encode(event).encode())
        if every and count % every == 0:
            lines.append(encode(keyframe(state, auto=True)).encode())
    return lines


def walk(past, moves):
    places = []
    for move, of in moves:
        getattr(past, move)(of)
        places.append(past.at)
    return places


@pytest.mark.parametrize("name", golden.NAMES)
def test_a_walk_goes_where_it_goes_through_a_recording(name):
    head, events = golden.lines(name)
    dice = random.Random(name)
    moves = [("back", dice.choice(["turn", "handler"])) for _ in range(10)]
    for _ in range(60):
        kind = dice.choice(["back", "forward", "forward", "seek", "seek_time"])
        of = {
            "seek": dice.randint(-2, len(events) + 2),
            "seek_time": dice.randint(0, events[-1]["t"] + 5),
        }.get(kind, dice.choice(["turn", "handler"]))
        moves.append((kind, of))
    told = json.dumps({"path": str(golden.FOLDER / f"{name}.jsonl"), "moves": moves})
    done = subprocess.run([node(), str(WALKER)], input=told, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert walk(Past(head, kept(head, events, 7)), moves) == json.loads(done.stdout)


def long_trace(turns):
    events = [{"e": "open", "t": 1, "fd": 5, "gen": 0, "role": "client"}]
    for turn in range(1, turns + 1):
        t = turn * 3_000_000
        events.append({"e": "wait", "t": t, "turn": turn, "n": 1})
        events.append({"e": "wake", "t": t + 1000, "turn": turn, "ready": [[5, 0, 1]]})
        events.append({"e": "begin", "t": t + 2000, "fd": 5, "gen": 0, "mask": 1})
        events.append({"e": "io", "t": t + 3000, "op": "recv", "fd": 5, "gen": 0, "got": turn})
        events.append({"e": "end", "t": t + 4000, "fd": 5, "gen": 0})
    return events


def straight(head, events, at):
    windows = Windows(head)
    for event in events[:at]:
        windows.feed(event)
    return windows


@pytest.mark.parametrize("at", [0, 1, 700, 4_001, 9_000, 14_999, 15_001])
def test_a_moment_looks_as_it_did_when_it_was_the_present(at):
    """Also the windows: the last turns and handlers, and the rates."""
    head, events = header("echo_select", "select"), long_trace(3_000)
    past = Past(head, kept(head, events, 1_000))
    past.seek(at)
    as_it_was = straight(head, events, at)
    now = as_it_was.state["t"]
    assert past.windows.state == as_it_was.state
    assert past.windows.turns == as_it_was.turns
    assert past.windows.slices == as_it_was.slices
    is_, should = past.windows.summary(now), as_it_was.summary(now)
    assert is_.rates == pytest.approx(should.rates, rel=1e-6)
    assert is_.idle_share == pytest.approx(should.idle_share, abs=1e-6)


def test_one_step_in_a_long_past_is_quick():
    head, events = header("echo_select", "select"), long_trace(20_000)
    past = Past(head, kept(head, events, 1_000))
    past.back("turn")
    took = []
    for _ in range(30):
        start = time.perf_counter()
        past.back("turn")
        took.append(time.perf_counter() - start)
    assert sorted(took)[15] < 0.05
    assert len(past._places) <= 8


def test_what_was_kept_may_begin_in_the_middle():
    head, events = header("echo_select", "select"), long_trace(100)
    state = initial(head)
    for event in events[:250]:
        apply(state, event)
    lines = [encode(keyframe(state, auto=True)).encode()]
    lines += [encode(event).encode() for event in events[250:]]
    past = Past(head, lines)
    past.seek(0)
    assert past.windows.state["turn"] == state["turn"]
    assert past.length == len(events) - 250
    past.seek(past.length)
    assert past.windows.state == straight(head, events, len(events)).state


def test_a_past_of_nothing():
    past = Past(header("echo_select", "select"), [])
    past.back("turn")
    past.forward("handler")
    past.seek(9)
    past.seek_time(9)
    assert (past.at, past.length) == (0, 0)
