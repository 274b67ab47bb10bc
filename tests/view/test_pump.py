"""The thread that keeps a board up to date: pace, questions, and what happens without answers."""

import threading
import time

import fakes
import pytest

from reactorkit.view import pump as pump_module
from reactorkit.view.pump import Pump


@pytest.fixture
def board():
    """Start pumps with fake servers and a fake browser; they are closed at the end."""
    pumps = []

    def start(*insides, **more):
        browser = fakes.Browser()
        sources = [fakes.source(one) for one in insides]
        browser.pump = Pump(sources, browser.send, **more)
        pumps.append(browser.pump)
        browser.pump.start()
        return browser

    yield start
    for one in pumps:
        one.close()
        assert one.fault is None
        assert not one.alive


def test_the_first_message_comes_without_being_asked_for(board):
    inside = fakes.FakeInside()
    browser = board(inside)
    browser.wait_for(1)
    assert browser.frames()[0]["name"] == "echo_select"


def test_what_happens_is_shown(board):
    inside = fakes.FakeInside()
    browser = board(inside)
    browser.hello()
    inside.turns(1, 3)
    assert browser.until(lambda frame: frame["turn"] == 3)


def test_without_a_word_from_the_browser_each_message_can_stand_alone(board):
    """Nobody knows which of them will be the first that is heard."""
    inside = fakes.FakeInside()
    browser = board(inside)
    for turn in range(1, 4):
        inside.turns(turn, turn)
        browser.wait_for(turn)
    assert all(fakes.frames_of([buffers[0]])[0] for _, buffers in browser.messages)


def test_at_first_two_messages_are_on_their_way_unless_the_browser_is_silent(board, monkeypatch):
    monkeypatch.setattr(pump_module, "STALLED", 30)
    inside = fakes.FakeInside()
    browser = board(inside)
    browser.hello()
    for turn in range(1, 6):
        inside.turns(turn, turn)
        time.sleep(0.05)  # the pace of messages: a third would have gone out in this time
    assert len(browser.messages) <= 3  # one may have gone out before the hello was heard
    sent = len(browser.messages)
    browser.paint()
    browser.wait_for(sent + 1)
    assert browser.until(lambda frame: frame["turn"] == 5), "the newest wins"


@pytest.fixture
def asked(board, monkeypatch):
    """Have a browser answer at once; returns which of so many more messages asked."""
    inside, browser = fakes.FakeInside(), None

    def asked(messages):
        begun = len(browser.messages)
        for n in range(begun, begun + messages):
            inside.turns(n + 1, n + 1)
            browser.wait_for(n + 1)
            if browser.messages[n][0]["ask"]:
                browser.paint()
        return [content["ask"] for content, _ in browser.messages[begun : begun + messages]]

    def start(**constants):
        nonlocal browser
        for name, value in {"PACE": 0.001, "SHARE": 0, **constants}.items():
            monkeypatch.setattr(pump_module, name, value)
        browser = board(inside)
        browser.hello()
        return asked

    return start


def test_a_quick_browser_is_asked_ever_less_often(asked):
    asked = asked(NEAR=30, ASK_PACE=30)
    first = asked(30)
    asked(120)
    assert first[0] and sum(first) >= 5
    assert sum(asked(60)) == 60 / pump_module.GROUP


@pytest.mark.parametrize(
    "constants", [{"NEAR": 0}, {"NEAR": 30, "ASK_PACE": 0}], ids=["slow", "long not asked"]
)
def test_a_browser_that_is_slow_or_was_long_not_asked_is_asked_each_time(asked, constants):
    assert all(asked(**constants)(20))


def test_when_the_browser_is_silent_something_is_sent_all_the_same(board):
    inside = fakes.FakeInside()
    browser = board(inside)
    stop = threading.Event()

    def busy():
        turn = 0
        while not stop.wait(0.01):
            turn += 1
            inside.turns(turn, turn)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        browser.wait_for(8)
    finally:
        stop.set()
        thread.join()
    gaps = [b - a for a, b in zip(browser.times[2:], browser.times[3:], strict=False)]
    assert min(gaps) >= pump_module.STALLED * 0.9


def test_there_are_never_more_than_30_messages_a_second(board):
    inside, other = fakes.FakeInside(), fakes.FakeInside()
    browser = board(inside, other)
    browser.hello()
    end = time.monotonic() + 1.0
    turn = 0
    while time.monotonic() < end:
        turn += 1
        inside.turns(turn, turn)
        other.turns(turn, turn)
        if browser.messages:
            browser.paint()
        time.sleep(0.002)
    gaps = [b - a for a, b in zip(browser.times, browser.times[1:], strict=False)]
    assert min(gaps) >= pump_module.PACE * 0.95


def test_clocks_go_on_when_nothing_happens(board):
    browser = board(fakes.FakeInside())
    browser.hello()
    first = browser.until(lambda frame: True)
    assert browser.until(lambda frame: frame["t"] > first["t"] + 100_000_000)


def test_a_second_view_gets_everything(board):
    inside = fakes.FakeInside()
    inside.turns(1, 30)
    browser = board(inside)
    browser.hello()
    browser.until(lambda frame: frame["turn"] == 30)
    before = len(browser.messages)
    browser.hello()
    inside.turns(31, 31)
    browser.wait_for(before + 1)
    full = [buffers[0] for _, buffers in browser.messages[before:]]
    assert fakes.frames_of(full)[0]["count"] == 0, "it can be read by whoever comes now"


def test_commands_are_obeyed_in_order_from_any_thread(board):
    one, two = fakes.FakeInside(), fakes.FakeInside()
    browser = board(one, two)
    browser.pump.hear({"do": "act", "i": 1, "command": {"do": "pause"}})
    browser.pump.act("all", {"do": "step", "of": "turn"})
    browser.pump.hear({"do": "act", "i": 0, "command": {"do": "run"}})
    browser.pump.hear({"do": "act", "i": 7, "command": {"do": "run"}})
    for nonsense in (None, 5, {}, {"do": "act"}, {"do": "act", "i": "x", "command": {"do": "run"}}):
        browser.pump.hear(nonsense)
    inside_two = {"do": "pause"}, {"do": "step", "of": "turn"}
    deadline = time.monotonic() + 10
    while len(one.commands) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert one.commands == [{"do": "step", "of": "turn"}, {"do": "run"}]
    assert two.commands == list(inside_two)


def test_several_held_servers_walk_on_one_clock(board):
    one, two = fakes.FakeInside(), fakes.FakeInside()
    two.header["monotonic"] = one.header["monotonic"] + 5_000_000  # it was started 5 ms later
    one.turns(1, 10)
    two.turns(1, 10)
    one.pause()
    two.pause()
    browser = board(one, two)
    browser.hello()
    browser.pump.act("all", {"do": "back"})  # one is at 100 ms, two at 105: two goes first
    assert browser.until(lambda frame: not frame["place"]["live"], of=1)["turn"] == 10
    browser.pump.act("all", {"do": "back"})
    frames = [
        browser.until(lambda frame: not frame["place"]["live"] and frame["turn"] <= 10, of=i)
        for i in (0, 1)
    ]
    assert frames[1]["place"]["zero"] == 5_000_000
    browser.pump.act("all", {"do": "seek", "t": 52_000_000})
    assert browser.until(lambda frame: frame["turn"] == 5, of=0)
    assert browser.until(lambda frame: frame["turn"] == 4, of=1)["t"] <= 47_000_000


def test_clients_are_asked_for_elsewhere(board):
    asked = []
    browser = board(
        fakes.FakeInside(),
        clients=lambda i, what, n: asked.append((i, what, n)),
        remarks=lambda i: ["Clients from this board: 3 idle."],
    )
    browser.hello()
    browser.pump.act(0, {"do": "client", "what": "idle", "n": 3})
    assert browser.until(lambda frame: "Clients from this board: 3 idle." in frame["notes"])
    assert asked == [(0, "idle", 3)]


def test_a_board_that_cannot_send_clients_says_so(board):
    browser = board(fakes.FakeInside())
    browser.hello()
    browser.pump.act(0, {"do": "client", "what": "idle", "n": 3})
    assert browser.until(lambda frame: "crowd(server" in frame["place"]["stuck"])


def test_the_end_of_a_server_is_shown_and_the_pump_comes_to_rest(board):
    inside = fakes.FakeInside()
    browser = board(inside)
    browser.hello()
    inside.turns(1, 2)
    browser.until(lambda frame: frame["turn"] == 2)
    inside.ended = True
    inside.tell({"e": "bye", "t": 20_002_000, "code": 0})
    last = browser.until(lambda frame: frame["ended"] is not None)
    assert last["ended"]["code"] == 0
    assert last["turn"] == 2


def test_nobody_looks_any_more(board, monkeypatch):
    monkeypatch.setattr(pump_module, "GONE", 0.3)
    browser = board(fakes.FakeInside())
    gone = threading.Event()
    browser.pump.on_gone = gone.set
    browser.hello()
    assert gone.wait(20)


def test_an_error_in_the_thread_is_kept_and_not_printed(capfd):
    def broken(content, buffers):
        raise OSError("the wire is cut")

    pump = Pump([fakes.source()], broken)
    pump.start()
    pump._thread.join(10)
    assert isinstance(pump.fault, OSError)
    pump.close()
    assert capfd.readouterr() == ("", "")


def test_memory_does_not_grow_with_time():
    """A board keeps windows of a fixed length, whatever happens in the server."""
    import tracemalloc

    inside = fakes.FakeInside()
    browser = fakes.Browser()
    pump = browser.pump = Pump([fakes.source(inside)], lambda content, buffers: None)
    feed = pump.feeds[0]

    def live(first, last):
        for turn in range(first, last):
            t, fd = turn * 1_000_000, turn % 50
            inside.lines.clear()  # what is kept for looking back has a bound of its own
            inside.tell(
                {"e": "open", "t": t, "fd": fd, "gen": turn, "role": "client", "peer": f"p {turn}"},
                {"e": "wait", "t": t, "turn": turn, "n": 1},
                {"e": "begin", "t": t, "fd": fd, "gen": turn, "cb": "answer"},
                {"e": "io", "t": t, "op": "recv", "fd": fd, "gen": turn, "got": 5},
                {"e": "close", "t": t, "fd": fd, "gen": turn},
            )
            feed.take()
            if turn % 20 == 0:
                feed.message({}, [])

    live(1, 12_000)
    tracemalloc.start()
    live(12_000, 13_000)
    before = tracemalloc.get_traced_memory()[0]
    live(13_000, 24_000)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 1_000_000


def test_the_last_picture_stays_and_says_that_it_is_the_last(board):
    inside = fakes.FakeInside()
    browser = board(inside)
    browser.hello()
    inside.turns(1, 3)
    browser.pump.close(last_words="This board is at rest.")
    last = browser.frames()[-1]
    assert (last["turn"], last["place"]["stuck"]) == (3, "This board is at rest.")
    assert last["place"]["over"]
    browser.pump.tell_again()  # another view was opened
    assert fakes.frames_of([browser.messages[-1][1][0]])[0]["turn"] == 3
