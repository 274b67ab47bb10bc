"""The fold, held to traces small enough to check by hand; the JavaScript twin reads the same."""

import json

import golden
import pytest

from reactorkit.trace.events import KINDS, SCHEMA, VERSION, faults
from reactorkit.trace.recording import Recording
from reactorkit.trace.shape import unsound
from reactorkit.trace.state import apply, initial, keyframe

every_trace = pytest.mark.parametrize("name", golden.NAMES)


def test_every_style_and_every_kind_has_a_golden_trace():
    traces = [golden.lines(name) for name in golden.NAMES]
    styles = {header["style"] for header, _ in traces}
    assert styles >= {"threads", "busywait", "select", "epoll", "selectors", "asyncio"}
    assert {event["e"] for _, events in traces for event in events} >= set(KINDS)


@every_trace
def test_the_fold_changes_what_it_is_to_change_and_nothing_else(name):
    for line, (is_, should) in enumerate(
        zip(golden.steps(name), golden.expected(name), strict=True), 2
    ):
        assert is_ == should, f"{name}.jsonl, line {line}"


@every_trace
def test_golden_traces_are_good_traces(name):
    header, events = golden.lines(name)
    assert (header["schema"], header["v"]) == (SCHEMA, VERSION)
    assert [fault for event in events for fault in faults(event)] == []
    recording = Recording.open(golden.FOLDER / f"{name}.jsonl")
    assert recording.warning == ""
    assert list(recording.events) == events


@every_trace
def test_a_keyframe_between_any_two_lines_changes_nothing(name):
    header, events = golden.lines(name)
    state = initial(header)
    for event in events:
        copy = json.loads(json.dumps(keyframe(state)))
        assert not unsound(copy["state"])
        assert apply(initial(header), copy) == state
        apply(state, event)
