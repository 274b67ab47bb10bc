"""What the message about a running server says is what a replay of the same events says."""

import golden
import moments
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streams import traces

from reactorkit.trace.events import KINDS, header
from reactorkit.view.cells import FULL
from reactorkit.view.frames import MOST_WORDS, Encoder
from reactorkit.view.windows import SLICES_LENGTH, TURNS_LENGTH, Windows, level


@pytest.mark.parametrize("name", golden.NAMES)
def test_a_golden_trace_looks_the_same_both_ways_after_each_of_its_events(name):
    head, events = golden.lines(name)
    assert moments.differences([moments.story(head, events, anew=(5, 9))]) == []


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(
    st.lists(traces({kind: KINDS[kind] for kind in KINDS if kind != "key"}), min_size=8, max_size=8)
)
def test_random_traces_look_the_same_both_ways(several):
    head = header("echo_some", "select")
    stories = [
        moments.story(head, events, every=1 + i % 3, anew=(4,))
        for i, events in enumerate(several)
        if events
    ]
    if stories:
        assert moments.differences(stories) == []


def crowded(handles, turns=40):
    """A loop with many handles: events for so many turns."""
    events = [{"e": "open", "t": 1, "fd": 3, "gen": 0, "role": "listener"}]
    events += [{"e": "reg", "t": 2, "fd": 3, "gen": 0, "mask": 1}]
    for fd in range(5, 5 + handles):
        events.append(
            {"e": "open", "t": fd, "fd": fd, "gen": fd % 7, "role": "client", "peer": f"x:{fd}"}
        )
        events.append({"e": "reg", "t": fd, "fd": fd, "gen": fd % 7, "mask": 1 + fd % 3})
    t = 10 * handles
    for turn in range(1, turns + 1):
        t += 20_000_000
        events.append({"e": "wait", "t": t, "turn": turn, "n": handles})
        busy = [5 + (turn * 17 + i * 31) % handles for i in range(5)]
        ready = [[fd, fd % 7, 1] for fd in sorted(set(busy))]
        events.append({"e": "wake", "t": t + 5_000_000, "turn": turn, "ready": ready})
        for fd, gen, _ in ready:
            t += 6_000_000
            events.append({"e": "begin", "t": t, "fd": fd, "gen": gen, "mask": 1, "cb": "answer"})
            call = {"e": "io", "t": t + 10, "fd": fd, "gen": gen}
            events.append({**call, "op": "recv", "want": 4096, "got": fd * turn % 5000})
            events.append({**call, "op": "send", "want": 9000, "got": fd % 9000})
            if fd % 11 == 0:
                events.append({**call, "op": "send", "want": 9, "err": "EAGAIN"})
            if fd % 13 == 0:
                events.append({"e": "close", "t": t + 11, "fd": fd, "gen": gen})
                events.append({"e": "open", "t": t + 12, "fd": fd, "gen": gen, "role": "client"})
    return events


@pytest.mark.parametrize("handles", [FULL - 2, FULL + 1, 700])
def test_many_handles_look_the_same_both_ways(handles):
    story = moments.story(
        header("echo_some", "select"), crowded(handles), every=29, picked="9#2", anew=(30,)
    )
    assert moments.differences([story]) == []


def test_only_what_is_new_is_sent():
    windows = Windows(header("echo_some", "select"))
    encoder = Encoder(windows, moments.ABOUT)
    for event in crowded(10):
        windows.feed(event)
    first, second = (len(encoder.encode(windows.state["t"])) for _ in range(2))
    assert second < first / 2
    encoder.begin_anew()
    assert len(encoder.encode(windows.state["t"])) == pytest.approx(first, rel=0.02)


def test_a_message_about_10_000_handles_fits_into_64_kilobytes():
    windows = Windows(header("echo_some", "select"))
    encoder = Encoder(windows, moments.ABOUT)
    for event in crowded(10_000):
        windows.feed(event)
    assert len(encoder.encode(windows.state["t"])) < 65_536
    windows.feed({"e": "note", "t": windows.state["t"], "text": "x"})
    assert len(encoder.encode(windows.state["t"])) < 32_768


def test_the_memory_for_words_and_windows_is_bounded():
    windows = Windows(header("echo_some", "select"))
    encoder = Encoder(windows, moments.ABOUT)
    for n in range(3 * MOST_WORDS):
        t = 1000 * n
        windows.feed({"e": "open", "t": t, "fd": 7, "gen": n, "role": "client", "peer": f"p{n}"})
        windows.feed({"e": "wait", "t": t, "turn": n, "n": 1})
        windows.feed({"e": "begin", "t": t, "fd": 7, "gen": n, "cb": "f"})
        windows.feed({"e": "io", "t": t, "op": "recv", "fd": 7, "gen": n, "got": 1})
        windows.feed({"e": "close", "t": t, "fd": 7, "gen": n})
        if n % 20 == 0:
            encoder.encode(t)
    assert len(encoder._words) <= MOST_WORDS + 300
    assert len(windows.turns) == TURNS_LENGTH
    assert len(windows.slices) == SLICES_LENGTH
    assert len(windows._samples) <= 12
    assert len(windows._heat) <= 1
    encoder.encode(windows.state["t"])
    assert windows.touched == set()


def test_heat_grows_with_activity_and_fits_a_byte():
    levels = [level(amount) for amount in (0, 1, 2, 16, 100, 4096, 10**6, 10**9, 2**60)]
    assert levels == sorted(levels)
    assert levels[0] == 0
    assert levels[1] > 0
    assert levels[-1] <= 255
