"""Under load only sums are told, and they are right to the byte."""

import threading

import pytest

from reactorkit.lab import watched as watched_module
from reactorkit.lab.crowd import start_crowd
from reactorkit.lab.held import Held
from reactorkit.servers import serving
from reactorkit.trace.recording import Recording

MANY = [one.name for one in serving("echo") if one.available() and one.name != "echo_blocking"]


@pytest.mark.parametrize("name", MANY)
def test_sums_are_right_and_details_come_back(watched, name):
    server, inside = watched(name)
    with start_crowd(server, 20, "pingpong", 1.0, size=64) as crowd:
        stats = crowd.wait(60)
    assert stats.round_trips > 0 and stats.resets == 0
    sent = stats.received  # what the crowd has read; the last answers may have come too late
    assert inside.becomes(
        lambda state: (
            state["totals"]["closed"] == 20
            and state["every"]  # calm again: the last sums have been told
            and state["totals"]["received"] == state["totals"]["sent"] >= sent
        )
    )
    totals = inside.state["totals"]
    assert totals["received"] <= stats.sent
    assert totals["accepted"] == 20 and totals["errors"] == 0 and totals["dropped"] == 0
    assert not inside.clients()
    with server.connect(timeout=20) as peer:
        peer.echo(b"a")
        assert inside.becomes(lambda state: state["every"])
        peer.echo(b"b")
        assert inside.becomes(lambda state: state["totals"]["received"] == totals["received"] + 2)
        (client,) = inside.clients()
        assert client["sent"] == 2
    assert inside.watched.fault is None


def test_a_server_under_load_can_be_paused_and_stepped(watched):
    server, inside = watched("echo_selectors")
    with start_crowd(server, 20, "pingpong", 4.0, size=64) as crowd:
        assert inside.becomes(lambda state: state["totals"]["calls"] > 5000)
        inside.pause()
        state = inside.state
        assert state["every"]
        assert state["totals"]["received"] - state["totals"]["sent"] in (0, 64)
        for _ in range(5):
            inside.step("handler")
        turn = inside.step("turn", at="turn") and inside.state["turn"]
        inside.step("turn", at="turn")
        assert inside.state["turn"] == turn + 1
        inside.run()
        stats = crowd.wait(60)
        assert stats.resets == 0 and stats.round_trips > 0
    assert inside.becomes(
        lambda state: stats.received <= state["totals"]["sent"] == state["totals"]["received"]
    )
    assert inside.state["totals"]["received"] <= stats.sent


def test_what_is_kept_is_a_recording_that_ends_in_the_present(watched, tmp_path):
    server, inside = watched("echo_select")
    with server.connect(timeout=20) as peer:
        for _ in range(20):
            peer.echo(b"x")
        inside.rests(20)
        recording = inside.watched.recording
        assert recording.warning == ""
        last = recording.state_after(len(recording.events))
        assert last["totals"]["sent"] == last["totals"]["received"] == 20
        assert last["handles"].keys() == inside.state["handles"].keys()
        assert recording.state_after(0)["totals"]["received"] == 0
        file = inside.watched.save(tmp_path / "one.jsonl.gz")
    with Recording.open(file) as again:
        assert len(again.events) >= len(recording.events)
        assert again.header["server"] == "echo_select"


def test_a_viewer_that_raises_is_taken_off_and_the_others_stay(watched, capsys):
    server, inside = watched("echo_select")

    def bad(events):
        if events[0]["e"] != "key":
            raise RuntimeError("a broken viewer")

    inside.watched.subscribe(bad)
    with server.connect(timeout=20) as peer:
        peer.echo(b"x")
        inside.rests(1)
    assert "a broken viewer" in capsys.readouterr().err
    assert inside.events[-1]["e"] != "key"


def test_what_the_server_prints_is_in_the_log(watched, learner):
    _, inside = watched(
        learner("""
        def serve(listener):
            print("good morning")
            listener.accept()
        """)
    )
    assert inside.becomes(lambda state: len(state["log"]) >= 2)
    words = [line["text"] for line in inside.state["log"]]
    assert words[0].startswith("listening") and words[1] == "good morning"


def test_a_viewer_that_hangs_does_not_hold_the_server_and_the_picture_is_right_afterwards(watched):
    server, inside = watched("echo_busywait")
    stuck, free = threading.Event(), threading.Event()

    def hang(events):
        if events[0]["e"] != "key" and not free.is_set():
            stuck.set()
            free.wait(60)

    inside.watched.subscribe(hang)
    try:
        with start_crowd(server, 10, "connect_and_leave", 3.0) as crowd:
            assert stuck.wait(20)
            stats = crowd.wait(60)
            assert stats.connected > 10
        with server.connect(timeout=20) as peer:
            peer.echo(b"x" * 1000)  # nobody has looked for seconds
    finally:
        free.set()
    assert inside.becomes(lambda state: state["totals"]["accepted"] >= stats.connected, 30)
    assert inside.becomes(lambda state: not inside_clients(state))
    assert server.alive


def inside_clients(state):
    return [one for one in state["handles"].values() if one["role"] == "client"]


def test_a_thousand_handles_are_told(watched):
    server, inside = watched("echo_poll")
    with Held(server.address, 900), server.connect(timeout=20) as peer:
        peer.echo(b"x")
        assert inside.becomes(lambda state: len(state["handles"]) == 902)
        inside.rests(1)
        assert inside.pause(at="kernel")
        peer.send(b"y")
        assert inside.becomes(lambda state: state["held"]["at"] == "handler")
        inside.step("turn", at="turn")
        assert peer.recv_exactly(1) == b"y"
        inside.run()
    assert inside.becomes(lambda state: len(state["handles"]) == 1)


def test_what_is_kept_has_a_limit_and_still_begins_with_a_keyframe(watched, monkeypatch):
    monkeypatch.setattr(watched_module, "MOST_BYTES", 60_000)
    monkeypatch.setattr(watched_module, "KEY_BYTES", 5_000)
    server, inside = watched("echo_select")
    with server.connect(timeout=20) as peer:
        for _ in range(500):
            peer.echo(b"x")
        inside.rests(500)
        kept = inside.watched._kept
        assert kept.size == sum(map(len, kept.lines())) < 120_000
        assert kept.events == inside.watched.positions
        recording = inside.watched.recording
        assert recording.warning == ""
        last = recording.state_after(len(recording.events))
        assert last["totals"]["sent"] == last["totals"]["received"] == 500
        assert last["handles"].keys() == inside.state["handles"].keys()
        assert recording.state_after(1)["totals"]["received"] > 0  # a keyframe comes first
