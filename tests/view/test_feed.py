"""One server on a board: commands, the past while it is held, and how it ends."""

import fakes
import pytest

from reactorkit.errors import KitError
from reactorkit.view.feed import MOST_WAITING, Feed


@pytest.fixture
def inside():
    return fakes.FakeInside()


@pytest.fixture
def feed(inside):
    one = Feed(fakes.source(inside), lambda: None)
    one.take()
    return one


def shown(feed):
    """Return the frame of the next message, read by the board's own reader."""
    feed.begin_anew()
    return fakes.frames_of([feed.message({}, [])])[0]


def test_events_are_folded_and_shown(feed, inside):
    inside.turns(1, 5)
    feed.take()
    frame = shown(feed)
    assert frame["turn"] == 5
    assert frame["place"]["live"] is True
    assert frame["place"]["at"] == frame["place"]["length"] == 10
    assert frame["name"] == "echo_select"
    assert any("costs time" in note for note in frame["notes"])


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        ({"do": "pause"}, {"do": "pause"}),
        ({"do": "run", "more": 1}, {"do": "run"}),
        ({"do": "step"}, {"do": "step", "of": "turn"}),
        ({"do": "step", "of": "handler"}, {"do": "step", "of": "handler"}),
        ({"do": "step", "of": "nonsense"}, {"do": "step", "of": "turn"}),
        ({"do": "forward", "of": "handler"}, {"do": "step", "of": "handler"}),
        ({"do": "until", "cond": {"fd": 7}}, {"do": "until", "cond": {"fd": 7}}),
    ],
)
def test_a_command_goes_to_the_server(feed, inside, command, sent):
    feed.act(command)
    assert inside.commands == [sent]


@pytest.mark.parametrize(
    "command", [{"do": "back"}, {"do": "seek", "at": 3}, {"do": "seek", "t": 9}]
)
def test_the_past_of_a_server_that_runs_cannot_be_looked_at(feed, inside, command):
    inside.turns(1, 5)
    feed.take()
    feed.act(command)
    assert "Pause first" in shown(feed)["place"]["stuck"]
    assert not feed.past
    feed.act({"do": "pause"})
    assert shown(feed)["place"]["stuck"] == ""


@pytest.mark.parametrize("command", [{}, {"do": 5}, {"do": "seek"}, {"do": "speed", "value": 2}])
def test_what_a_running_server_cannot_do_is_said(feed, inside, command):
    feed.act(command)
    assert "cannot do this" in shown(feed)["place"]["stuck"]
    assert inside.commands == []


def test_walking_back_and_on_while_it_is_held(feed, inside):
    inside.turns(1, 6)
    inside.pause()
    feed.take()
    feed.act({"do": "back"})
    frame = shown(feed)
    assert frame["place"]["live"] is False
    assert (frame["turn"], frame["phase"]) == (6, "waiting")
    assert frame["place"]["length"] == 14
    feed.act({"do": "back"})
    assert shown(feed)["turn"] == 5
    feed.act({"do": "forward"})
    assert shown(feed)["turn"] == 6
    feed.act({"do": "forward"})
    frame = shown(feed)
    assert frame["place"]["live"] is True
    assert frame["paused"] is not None
    assert inside.commands == [], "the server is held all the while"


def test_stepping_on_from_the_past_first_returns_to_the_present(feed, inside):
    inside.turns(1, 6)
    inside.pause()
    feed.take()
    feed.act({"do": "seek", "at": 2})
    assert shown(feed)["turn"] == 1
    feed.act({"do": "step", "of": "turn"})
    assert not feed.past
    assert inside.commands == [{"do": "step", "of": "turn"}]
    assert shown(feed)["turn"] == 6


def test_a_moment_by_its_time_and_the_present(feed, inside):
    inside.turns(1, 6)
    inside.pause()
    feed.take()
    feed.act({"do": "seek", "t": 30_000_500})
    assert (shown(feed)["turn"], shown(feed)["phase"]) == (3, "waiting")
    feed.act({"do": "present"})
    assert shown(feed)["place"]["live"] is True
    feed.act({"do": "seek", "at": 10**9})
    assert shown(feed)["place"]["live"] is True


def test_the_past_of_a_server_that_has_ended_can_still_be_looked_at(inside):
    feed = Feed(fakes.source(inside, ending=lambda: "echo_select was killed (SIGKILL)."), int)
    inside.turns(1, 6)
    inside.ended = True
    feed.take()
    frame = shown(feed)
    assert frame["place"]["stuck"] == "echo_select was killed (SIGKILL)."
    assert frame["turn"] == 6
    feed.act({"do": "back"})
    feed.act({"do": "back"})
    assert shown(feed)["turn"] == 5


def test_a_command_to_a_server_that_has_ended_is_answered_with_a_sentence(feed, inside):
    def ended(command):
        raise KitError("This server has ended; start it again to hold it.")

    inside.control = ended
    feed.act({"do": "pause"})
    assert shown(feed)["place"]["stuck"] == "This server has ended; start it again to hold it."


def test_picking_one_handle(feed, inside):
    inside.tell({"e": "open", "t": 5, "fd": 7, "gen": 0, "role": "client", "peer": "x"})
    feed.take()
    feed.act({"do": "pick", "key": "7#0"})
    assert shown(feed)["picked"]["peer"] == "x"
    feed.act({"do": "pick", "key": "nobody"})
    assert shown(feed)["picked"] is None
    feed.act({"do": "pick", "key": None})
    assert shown(feed)["picked"] is None


def test_events_that_come_too_fast_are_not_kept_for_ever(feed, inside):
    """The board starts again from how things stand now."""
    many = [{"e": "note", "t": 5, "text": "x"}] * 1000
    for _ in range(MOST_WAITING // 1000 + 50):
        inside.tell(*many)
    assert feed._in - feed._out <= MOST_WAITING + 2000
    inside.turns(1, 7)
    feed.take()
    assert shown(feed)["turn"] == 7
    assert len(inside.subscribers) == 1


def test_a_feed_that_is_closed_hears_nothing_more(feed, inside):
    feed.close()
    assert inside.subscribers == []
