"""What is written for Perfetto is what Perfetto wants: nested, matched, in order."""

import gzip
import json
from collections import Counter

import golden
import pytest
import streams
from hypothesis import HealthCheck, given, settings

from reactorkit.errors import KitError
from reactorkit.trace.events import KINDS, header
from reactorkit.trace.perfetto import to_chrome, write_chrome
from reactorkit.trace.recording import Recording

HEADER = header("echo_test", "selectors")


class Trace:
    """A header and events, as a recording has them."""

    def __init__(self, header_, events):
        self.header, self.events = header_, events


def slices(events):
    """Return (thread, names from the outermost in, begin, end) of every slice; raise if broken."""
    stacks, found, last = {}, [], {}
    for event in events:
        if event["ph"] not in "BE":
            continue
        tid = event["tid"]
        stack = stacks.setdefault(tid, [])
        assert event["ts"] >= last.get(tid, 0), "time goes back on a thread"
        last[tid] = event["ts"]
        if event["ph"] == "B":
            stack.append((event["name"], event["ts"]))
        else:
            assert stack, "an end without a beginning"
            names = [name for name, _ in stack]
            found.append((tid, names, stack.pop()[1], event["ts"]))
    assert not any(stacks.values()), "a slice without an end"
    return found


def check(events):
    """Hold events to the rules of the format."""
    json.dumps(events, allow_nan=False)
    assert all(
        isinstance(one["ts"], float | int) and one["ts"] >= 0 and one["pid"] == 1 for one in events
    )
    assert [one["ts"] for one in events] == sorted(one["ts"] for one in events)
    slices(events)
    open_connections, arrows, depth = set(), {}, Counter()
    for one in events:
        depth[one["tid"]] += {"B": 1, "E": -1}.get(one["ph"], 0)
        name = (one.get("cat"), str(one.get("id2")), one.get("name"))
        if one["ph"] == "b":
            assert name not in open_connections
            open_connections.add(name)
        elif one["ph"] == "e":
            open_connections.remove(name)
        elif one["ph"] == "s":
            assert one["id"] not in arrows
            assert depth[one["tid"]] > 0, "an arrow begins outside every slice"
            arrows[one["id"]] = one["ts"]
        elif one["ph"] == "f":
            assert arrows.pop(one["id"]) <= one["ts"]
            assert depth[one["tid"]] > 0, "an arrow ends outside every slice"
        elif one["ph"] == "C":
            assert all(type(value) is int for value in one["args"].values())
    assert not open_connections
    assert not arrows


@pytest.mark.parametrize("name", golden.NAMES)
def test_golden_traces_keep_to_the_format(name):
    check(to_chrome(Trace(*golden.lines(name)))["traceEvents"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams.traces(KINDS))
def test_any_trace_keeps_to_the_format(events):
    check(to_chrome(Trace(HEADER, events))["traceEvents"])


def test_calls_are_inside_handlers_and_handlers_inside_turns():
    told = to_chrome(Trace(*golden.lines("selectors")))["traceEvents"]
    assert [
        (tuple(names), round((end - begin) * 1000)) for _, names, begin, end in slices(told)
    ] == [
        (("turn 1", "wait"), 10),
        (("turn 1", "EchoServer.accept", "accept"), 10),
        (("turn 1", "EchoServer.accept"), 40),
        (("turn 1",), 70),
        (("turn 2", "wait"), 10),
        (("turn 2", "EchoServer.read", "recv"), 10),
        (("turn 2", "EchoServer.read", "send"), 10),
        (("turn 2", "EchoServer.read"), 800_030),
        (("turn 2",), 800_090),
    ]


def test_each_thread_is_a_row_and_blocks_as_long_as_its_call():
    told = to_chrome(Trace(*golden.lines("threads")))["traceEvents"]
    names = {one["tid"]: one["args"]["name"] for one in told if one.get("name") == "thread_name"}
    assert names == {1: "main", 2: "Thread-1 (echo)"}
    assert [
        (names[tid], stack[-1], round((end - begin) * 1000))
        for tid, stack, begin, end in slices(told)
    ][:4] == [
        ("main", "accept", 1000),
        ("Thread-1 (echo)", "recv", 2000),
        ("Thread-1 (echo)", "sendall", 50),
        ("Thread-1 (echo)", "recv", 1000),
    ]


def broadcast():
    """One client speaks, two hear it at once; the third later, when it can take it."""
    for fd in (3, 4, 5, 6):
        yield {"e": "open", "t": 1, "fd": fd, "gen": 0, "role": "client"}
    yield {"e": "wait", "t": 10, "turn": 1, "n": 4}
    yield {"e": "wake", "t": 20, "turn": 1, "ready": [[3, 0, 1]]}
    yield {"e": "begin", "t": 21, "fd": 3, "gen": 0, "mask": 1}
    yield {"e": "io", "t": 30, "op": "recv", "fd": 3, "gen": 0, "want": 100, "got": 9}
    yield {"e": "io", "t": 40, "op": "send", "fd": 4, "gen": 0, "want": 9, "got": 9}
    yield {"e": "io", "t": 50, "op": "send", "fd": 5, "gen": 0, "want": 9, "got": 4}
    yield {"e": "io", "t": 55, "op": "send", "fd": 6, "gen": 0, "want": 9, "err": "EAGAIN"}
    yield {"e": "wait", "t": 60, "turn": 2, "n": 4}
    yield {"e": "wake", "t": 70, "turn": 2, "ready": [[3, 0, 2]]}
    yield {"e": "begin", "t": 71, "fd": 3, "gen": 0, "mask": 2}
    yield {"e": "io", "t": 80, "op": "send", "fd": 3, "gen": 0, "want": 1, "got": 1}
    yield {"e": "begin", "t": 81, "fd": 4, "gen": 0, "mask": 2}
    yield {"e": "io", "t": 90, "op": "send", "fd": 4, "gen": 0, "want": 1, "got": 1}


def test_an_arrow_leads_from_a_recv_to_each_send_it_caused():
    told = to_chrome(Trace(HEADER, list(broadcast())))["traceEvents"]
    starts = {one["id"]: one["ts"] for one in told if one["ph"] == "s"}
    ends = {one["id"]: one["ts"] for one in told if one["ph"] == "f"}
    assert starts == dict.fromkeys([1, 2, 3], 0.03)  # none to what got nothing or came from nowhere
    assert ends == {1: 0.03, 2: 0.04, 3: 0.071}


def test_counters_follow_the_state():
    told = to_chrome(Trace(HEADER, list(broadcast())))["traceEvents"]
    counted = {}
    for one in told:
        if one["ph"] == "C":
            ((unit, value),) = one["args"].items()
            counted.setdefault(f"{one['name']} {unit}", []).append(value)
    assert counted["open handles"] == [1, 2, 3, 4]
    assert counted["ready handles"] == [0, 1, 0, 1]
    assert counted["owed bytes"] == [0, 5, 14]
    assert counted["wasted calls"] == [0, 1]


def test_after_a_loss_nothing_is_left_open_and_the_connections_are_right():
    told = to_chrome(Trace(*golden.lines("drops")))["traceEvents"]
    connections = [(one["ph"], one["id2"]["local"]) for one in told if one["ph"] in "be"]
    assert connections == [
        ("b", "3#0"), ("b", "4#0"), ("e", "3#0"), ("e", "4#0"), ("b", "6#2"), ("e", "6#2"),
    ]  # fmt: skip
    assert "120 events lost" in [one["name"] for one in told if one["ph"] == "i"]


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_it_is_written_as_a_file_that_perfetto_opens(tmp_path, name):
    recording = Recording.open(golden.FOLDER / "select.jsonl")
    path = write_chrome(recording, tmp_path / name)
    data = path.read_bytes()
    written = json.loads(gzip.decompress(data) if name.endswith(".gz") else data)
    assert written == to_chrome(recording)
    assert written["otherData"]["server"] == "echo_select"
    with pytest.raises(KitError, match="cannot be written"):
        write_chrome(recording, tmp_path / "no" / name)


def test_an_empty_trace_is_a_title():
    told = to_chrome(Trace(HEADER, []))["traceEvents"]
    assert [one["name"] for one in told] == ["process_name"]
