"""What holds for every trace there can be: the fold never raises, and seeking is replaying."""

import json
import subprocess
from pathlib import Path

import pytest
import streams
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from javascript import node

from reactorkit.trace.events import KINDS, encode, faults, from_row, header
from reactorkit.trace.recording import Recording
from reactorkit.trace.shape import unsound
from reactorkit.trace.state import apply, initial, keyframe, snapshot

TESTS = Path(__file__).resolve().parent.parent
HEADER = header("random", "select")
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def fold(events):
    state = initial(HEADER)
    for event in events:
        apply(state, event)
    return state


def as_json(value):
    return json.loads(json.dumps(value, allow_nan=False))


@quick
@given(streams.traces(KINDS))
def test_the_fold_never_raises_and_the_state_stays_json(events):
    assert [fault for event in events for fault in faults(event)] == []
    state = initial(HEADER)
    for event in events:
        copy = as_json(event)
        assert apply(state, event) is state
        assert event == copy, "the fold leaves events alone"
        assert as_json(state) == state
        assert not unsound(keyframe(state)["state"])


@quick
@given(streams.traces(KINDS), st.integers(0, 40))
def test_a_snapshot_does_not_move_with_later_events(events, cut):
    state = fold(events[:cut])
    copy, frozen = snapshot(state), as_json(state)
    for event in events[cut:]:
        apply(state, event)
    assert copy == frozen


@settings(quick, max_examples=40)
@given(streams.traces(KINDS), st.lists(st.integers(0, 45), max_size=4))
def test_seeking_gives_the_fold_of_the_first_events(events, places):
    with Recording.from_events(HEADER, events) as recording:
        assert list(recording.events) == events
        for place in places:
            assert recording.state_after(place) == fold(events[:place])
        assert recording.duration == (events[-1]["t"] if events else 0)
        for event in events:
            n = recording.index_at(event["t"])
            assert [one["t"] for one in events[:n]] == [
                one["t"] for one in events if one["t"] <= event["t"]
            ]


@settings(quick, max_examples=200)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists))
def test_an_event_whose_fields_are_anything_is_either_faulty_or_folded(anything):
    for kind, fields in KINDS.items():
        event = {
            "e": kind,
            "t": 1,
            **dict.fromkeys([name.strip("[]") for name in fields], anything),
        }
        if kind != "key" and not faults(event):
            apply(initial(HEADER), event)


def test_a_row_is_the_event_with_its_fields_in_order():
    row = ("io", 1500, "recv", 7, 0, 65536, None, "EAGAIN")
    assert from_row(row, 1000) == {
        "e": "io",
        "t": 500,
        "op": "recv",
        "fd": 7,
        "gen": 0,
        "want": 65536,
        "err": "EAGAIN",
    }


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ("no object", "an event is an object with its kind in 'e'"),
        ({"t": 1}, "an event is an object with its kind in 'e'"),
        ({"e": "tomorrow", "t": 1.5}, "tomorrow: 't' has to be whole nanoseconds"),
        ({"e": "close", "t": 1, "fd": 3}, "close: 'gen' is missing"),
        ({"e": "turn", "t": 1, "turn": True}, "turn: 'turn' cannot be 'True'"),
        ({"e": "turn", "t": 1, "turn": 2**53}, "turn: 'turn' cannot be '9007199254740992'"),
        ({"e": "wake", "t": 1, "turn": 1, "ready": [[1, 2]]}, "wake: 'ready' cannot be '[[1, 2]]'"),
        ({"e": "begin", "t": 1, "fd": 3}, "begin: 'fd' and 'gen' come together"),
    ],
)
def test_faults_are_told_in_words(event, fault):
    assert faults(event) == [fault]


# ---------------------------------------------------- the twin in JavaScript

NODE = node()
needs_node = pytest.mark.skipif(
    NODE is None,
    reason="Node.js is missing, so the board's JavaScript is not tested. Install it with "
    "`sudo apt install nodejs` (macOS: `brew install node`).",
)


class Twin:
    """One Node process that folds any number of traces."""

    def __init__(self):
        self.process = subprocess.Popen(
            [NODE, str(TESTS / "view_js" / "fold_server.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
        )

    def fold(self, events):
        """Return the states after every event, as text."""
        self.process.stdin.write(encode({"header": HEADER, "events": events}))
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(10) == 0


@pytest.fixture(scope="module")
def twin():
    one = Twin()
    yield one
    one.close()


def canonical(value):
    """Return JSON text that keeps the order of names, as both languages write it."""
    if isinstance(value, float) and value.is_integer():
        return canonical(int(value))  # JavaScript has one kind of number
    if isinstance(value, dict):
        return {name: canonical(one) for name, one in value.items()}
    return [canonical(one) for one in value] if isinstance(value, list) else value


def in_order(state):
    return json.dumps(canonical(state))


@needs_node
@settings(quick, max_examples=60)
@given(streams.traces(KINDS), st.lists(st.integers(0, 40), max_size=2))
def test_the_twin_has_the_same_states_in_the_same_order(twin, events, places):
    for place in sorted(places, reverse=True):
        events = [*events[:place], as_json(keyframe(fold(events[:place]))), *events[place:]]
    state = initial(HEADER)
    for event, theirs in zip(events, twin.fold(events), strict=True):
        apply(state, event)
        assert in_order(theirs) == in_order(state), event
