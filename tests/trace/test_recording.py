"""A recording gives back what was written, at any moment of it, and survives being damaged."""

import gzip
import json
import os
import random

import golden
import pytest

from reactorkit.errors import KitError
from reactorkit.trace import recording as recording_module
from reactorkit.trace.events import encode, header
from reactorkit.trace.recording import Recorder, Recording
from reactorkit.trace.shape import keyframe
from reactorkit.trace.state import apply, initial

HEADER = header("echo_select", "select", python="3.11", wall=1.5)


def long_trace(turns=2000):
    """A server with three clients, a turn every millisecond."""
    yield {"e": "open", "t": 0, "fd": 3, "gen": 0, "role": "listener"}
    for fd in (4, 5, 6):
        yield {"e": "open", "t": 1, "fd": fd, "gen": 0, "role": "client", "peer": "Grüße"}
    for turn in range(1, turns + 1):
        t = turn * 1_000_000
        fd = 4 + turn % 3
        yield {"e": "wait", "t": t, "turn": turn, "n": 4}
        yield {"e": "wake", "t": t + 500_000, "turn": turn, "ready": [[fd, 0, 1]]}
        yield {"e": "begin", "t": t + 500_100, "fd": fd, "gen": 0, "mask": 1}
        yield {"e": "io", "t": t + 500_200, "op": "recv", "fd": fd, "gen": 0, "want": 9, "got": 5}


EVENTS = list(long_trace())


def fold(events):
    state = initial(HEADER)
    for event in events:
        apply(state, event)
    return state


def write(path, events=EVENTS):
    with Recorder(path, HEADER) as recorder:
        for event in events:
            recorder.add(event)
    return path


@pytest.fixture(params=["run.jsonl", "run.jsonl.gz"])
def path(request, tmp_path):
    return write(tmp_path / request.param)


def test_what_was_written_comes_back(path):
    with Recording.open(path) as recording:
        assert recording.header == HEADER
        assert list(recording.events) == EVENTS
        assert recording.events[-1] == EVENTS[-1]
        assert recording.events[10:13] == EVENTS[10:13]
        assert recording.duration == EVENTS[-1]["t"]
        assert recording.warning == ""


def test_any_moment_is_the_last_keyframe_plus_replay(path, monkeypatch):
    folded = []
    monkeypatch.setattr(recording_module, "apply", lambda *a: folded.append(1) or apply(*a))
    with Recording.open(path) as recording:
        for index in (0, 1, 999, 1000, 1001, 4321, len(EVENTS), len(EVENTS) + 5):
            folded.clear()
            assert recording.state_after(index) == fold(EVENTS[:index])
            assert len(folded) <= recording_module.KEY_EVERY_EVENTS + 1


def test_a_time_is_a_place_and_a_clock(path):
    with Recording.open(path) as recording:
        assert recording.index_at(-1) == 0
        assert recording.index_at(0) == 1
        assert recording.index_at(10**18) == len(EVENTS)
        state = recording.state_at(1_000_000_000)
        assert state["t"] == 1_000_000_000
        assert state["turn"] == 1000
        assert recording.state_at(1_000_400_000)["t"] == 1_000_400_000
        assert recording.state_at(10**18)["t"] == recording.duration


def test_the_file_can_be_read_line_by_line_without_the_kit(tmp_path):
    text = write(tmp_path / "run.jsonl").read_text(encoding="ascii")
    first, *rest = [json.loads(line) for line in text.splitlines()]
    assert first == HEADER
    keys = [line for line in rest if line["e"] == "key"]
    assert [line for line in rest if line["e"] != "key"] == EVENTS
    assert len(keys) == 8
    assert all(key["auto"] is True and "meta" not in key["state"] for key in keys)
    with Recording.open(tmp_path / "run.jsonl") as recording:
        assert "".join(recording.lines()) == text


def test_there_is_a_keyframe_every_second_of_a_slow_trace(tmp_path):
    events = [{"e": "turn", "t": turn * 400_000_000, "turn": turn} for turn in range(10)]
    lines = write(tmp_path / "slow.jsonl", events).read_text().splitlines()
    keys = [json.loads(line)["t"] for line in lines if '"e":"key"' in line]
    assert keys == [1_200_000_000, 2_400_000_000, 3_600_000_000]


def test_many_handles_do_not_drown_the_file_in_keyframes(tmp_path):
    events = [{"e": "open", "t": fd, "fd": fd, "gen": 0, "role": "client"} for fd in range(3000)]
    events += [{"e": "turn", "t": turn * 10**9, "turn": turn} for turn in range(1, 100)]
    path = write(tmp_path / "many.jsonl", events)
    assert path.read_text().count('"auto":true') <= 4
    with Recording.open(path) as recording:
        assert recording.state_after(3050) == fold(events[:3050])


def test_a_recorder_keeps_the_state_and_not_the_events(tmp_path):
    with Recorder(tmp_path / "run.jsonl.gz", HEADER) as recorder:
        sizes = set()
        for number, event in enumerate(EVENTS):
            recorder.add(event)
            if number >= 2000:
                sizes.add(len(recorder._state["timeline"]) + len(recorder._state["handles"]))
    assert max(sizes) <= 240 + 4


def test_saving_again_gives_the_same_file(path, tmp_path):
    with Recording.open(path) as recording:
        again = recording.save(tmp_path / f"again-{path.name}")
    assert plain(again) == plain(path)


def plain(path):
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def test_a_keyframe_after_a_loss_is_an_event(tmp_path):
    header_, events = golden.lines("drops")
    with Recording.from_events(header_, events) as recording:
        assert list(recording.events) == events
        state = initial(header_)
        for event in events:
            apply(state, event)
        assert recording.state_after(len(events)) == state


def test_what_begins_with_a_keyframe_has_forgotten_what_was_before(tmp_path):
    kept = [keyframe(fold(EVENTS[:3000]), auto=True), *EVENTS[3000:5000]]
    path = tmp_path / "run.jsonl"
    path.write_text("".join(map(encode, [HEADER, *kept])))
    again = tmp_path / "again.jsonl"
    with Recording.open(path) as recording:
        assert recording.start == EVENTS[2999]["t"]
        recording.save(again)
    for file in (path, again):
        with Recording.open(file) as recording:
            assert len(recording.events) == 2001
            assert recording.state_after(1) == fold(EVENTS[:3000])
            assert recording.state_after(2001) == fold(EVENTS[:5000])


def test_unknown_kinds_and_fields_are_kept_and_change_nothing(tmp_path):
    events = [{"e": "tomorrow", "t": 5, "x": [1]}, {"e": "turn", "t": 6, "turn": 1, "new": 2}]
    with Recording.open(write(tmp_path / "run.jsonl", events)) as recording:
        assert list(recording.events) == events
        assert recording.state_after(2)["turn"] == 1


# ------------------------------------------------------------------- damage

SMALL = EVENTS[:12]


def test_a_file_cut_anywhere_gives_what_came_before(tmp_path):
    whole = write(tmp_path / "whole.jsonl", SMALL).read_bytes()
    first = whole.index(b"\n")
    for length in range(len(whole)):
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(whole[:length])
        if length < first:
            with pytest.raises(KitError, match=r"(?s)is empty|is not a recording"):
                Recording.open(cut)
            continue
        with Recording.open(cut) as recording:
            count = len(recording.events)
            assert list(recording.events) == SMALL[:count]
            assert count >= whole[:length].count(b"\n") - 1
            half = whole[length - 1 : length] != b"\n" and whole[length : length + 1] != b"\n"
            assert ("last line was cut short" in recording.warning) == half
            assert recording.state_after(count) == fold(SMALL[:count])


def test_a_gzip_file_cut_anywhere_gives_what_can_be_unpacked(tmp_path):
    whole = write(tmp_path / "whole.jsonl.gz").read_bytes()
    counts = []
    for part in range(1, 20):
        cut = tmp_path / "cut.jsonl.gz"
        cut.write_bytes(whole[: len(whole) * part // 20])
        with Recording.open(cut) as recording:
            counts.append(len(recording.events))
            assert list(recording.events[-5:]) == EVENTS[counts[-1] - 5 : counts[-1]]
            assert "its gzip data stops in the middle" in recording.warning
            assert recording.warning.endswith("The rest can be watched.")
    assert counts == sorted(counts)
    assert counts[-1] > len(EVENTS) / 2


def test_damage_within_a_gzip_file_keeps_what_came_before(tmp_path):
    path = write(tmp_path / "run.jsonl.gz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)
    with Recording.open(path) as recording:
        assert recording.warning
        count = len(recording.events)
        assert recording.events[0] == EVENTS[0]
        assert recording.state_after(count)["turn"] <= 2000


def test_two_gzip_files_in_one_are_one(tmp_path):
    text = write(tmp_path / "run.jsonl", SMALL).read_bytes()
    both = tmp_path / "both.jsonl.gz"
    both.write_bytes(gzip.compress(text[:300]) + gzip.compress(text[300:]))
    with Recording.open(both) as recording:
        assert (list(recording.events), recording.warning) == (SMALL, "")


@pytest.mark.parametrize(
    "line",
    [
        "rubbish",
        '{"e":"close","t":1}',
        '{"e":"turn","t":1,"turn":NaN}',
        '{"e":"turn","t":1,"turn":' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"e":"key","t":1,"state":{}}',
        '{"e":"key","t":1,"state":{"handles":{"1#0":3},"threads":{},"ready":{}}}',
        "",
    ],
)
def test_lines_that_are_no_events_are_left_out_and_counted(tmp_path, line):
    path = tmp_path / "run.jsonl"
    lines = [encode(event) for event in SMALL]
    path.write_text(encode(HEADER) + "".join(lines[:5]) + line + "\n" + "".join(lines[5:]))
    with Recording.open(path) as recording:
        assert list(recording.events) == SMALL
        assert "1 of its lines are no events and were left out" in recording.warning


def test_a_broken_keyframe_is_passed_over(tmp_path):
    path = write(tmp_path / "run.jsonl")
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"auto":true,"state":{"t"', b'"auto":true,"state":{"x"', 3))
    with Recording.open(path) as recording:
        assert recording.state_after(2500) == fold(EVENTS[:2500])
        assert recording.state_after(6500) == fold(EVENTS[:6500])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty, so there is nothing to replay"),
        (b"\n\n", "is empty, so there is nothing to replay"),
        (random.Random(1).randbytes(5000), "is not a recording of this kit"),
        (b"\n\x8c\n", "is not a recording of this kit"),
        (b"\x00" * 200_000, "is not a recording of this kit"),
        (b"<html>\n", "is not a recording of this kit"),
        (b"[1, 2]\n", "is not a recording of this kit"),
        (b'{"schema": "other"}\n', "is not a recording of this kit"),
        (b"[" * 100_000, "is not a recording of this kit"),
        (b"\x1f\x8b", "cannot be read: its gzip data stops in the middle"),
        (b"\x1f\x8bno gzip at all", "cannot be read: its gzip data is damaged"),
        (gzip.compress(b"", mtime=0), "is empty, so there is nothing to replay"),
        (b'{"schema":"reactorkit-trace","v":2}\n', "version '2', and this kit reads version 1"),
        (b'{"schema":"reactorkit-trace"}\n', "version 'None', and this kit reads version 1"),
    ],
)
def test_what_is_no_recording_gets_a_sentence(tmp_path, content, told):
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    with pytest.raises(KitError, match=told):
        Recording.open(path)


def test_what_is_no_ordinary_file_gets_a_sentence_and_nobody_waits(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(KitError, match="is not an ordinary file"):
        Recording.open(tmp_path / "pipe")
    with pytest.raises(KitError, match="is not an ordinary file"):
        Recording.open(tmp_path)
    write(tmp_path / "monday.jsonl")
    with pytest.raises(KitError, match=r"There is no file .*Did you mean monday.jsonl"):
        Recording.open(tmp_path / "munday.jsonl")
    with pytest.raises(KitError, match="cannot be written"):
        Recorder(tmp_path / "no" / "run.jsonl", HEADER)
