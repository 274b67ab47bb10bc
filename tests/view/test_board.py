"""The board where no widget is drawn: what it says, what it refuses, what it writes."""

import json
import re

import fakes
import golden
import pytest

from reactorkit.errors import KitError
from reactorkit.trace.recording import Recording
from reactorkit.view.board import Board
from reactorkit.view.source import Source, introduce


@pytest.fixture
def recording():
    return Recording.open(golden.FOLDER / "select.jsonl")


def test_its_plain_text_is_the_same_on_every_run(recording):
    live = [Source(fakes.FakeInside(pid=4711), name) for name in ("echo_select", "echo_threads")]
    assert repr(Board(live[:1])) == "A board of echo_select."
    assert repr(Board(live)) == "A board of echo_select and echo_threads."
    assert repr(Board([Source(recording, "echo_select")])) == (
        "A board of a recording of echo_select."
    )


def test_without_a_widget_there_are_a_picture_and_a_table(recording):
    bundle = Board([Source(recording, "echo_select")])._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert bundle["text/plain"] == "A board of a recording of echo_select."
    assert '<img src="data:image/png;base64,' in bundle["text/html"]
    assert "127.0.0.1:50001" in bundle["text/html"]
    assert not re.search("<svg|<script", bundle["text/html"])
    assert set(Board([Source(recording, "x")])._repr_mimebundle_(include=["text/plain"])) == {
        "text/plain"
    }


def test_the_text_twin_is_a_table(recording):
    text = str(Board([Source(recording, "echo_select")]))
    assert text.startswith("echo_select: ")
    assert re.search(r"^3 +listener +read", text, re.MULTILINE)


def test_what_peers_and_handlers_are_called_is_no_html():
    inside = fakes.FakeInside()
    inside.tell(
        {"e": "open", "t": 1, "fd": 5, "gen": 0, "role": "client", "peer": "<script>x"},
        {"e": "reg", "t": 1, "fd": 5, "gen": 0, "mask": 1, "cb": "<b>"},
    )
    html = Board([Source(inside, "<i>")])._repr_mimebundle_()["text/html"]
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html


@pytest.mark.parametrize("handles", [0, 1, 500])
def test_any_number_of_handles_makes_a_picture(handles):
    inside = fakes.FakeInside()
    for fd in range(handles):
        inside.tell({"e": "open", "t": 1, "fd": fd, "gen": 0, "role": "client", "peer": "p"})
    bundle = Board([Source(inside, "echo_select")])._repr_mimebundle_()
    assert len(bundle["image/png"]) < 200_000
    assert ("and 476 more" in bundle["text/html"]) == (handles == 500)


@pytest.mark.parametrize("name", golden.NAMES)
def test_every_style_has_a_picture_at_every_moment(name):
    recording = Recording.open(golden.FOLDER / f"{name}.jsonl")
    bundle = Board([Source(recording, name)])._repr_mimebundle_()
    assert bundle["image/png"]
    assert name in bundle["text/html"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"detail": "some"}, 'detail is "simple" or "full"'),
        ({"height": 5}, "200 to 4000 pixels"),
        ({"height": True}, "200 to 4000 pixels"),
        ({"height": "tall"}, "200 to 4000 pixels"),
        ({"keys": "all"}, 'keys is "board" or "page"'),
    ],
)
def test_an_option_that_is_none_is_a_sentence(options, words):
    with pytest.raises(KitError, match=words):
        Board([Source(fakes.FakeInside(), "x")], **options)


def test_a_board_of_nothing_or_of_both_kinds_is_a_sentence(recording):
    with pytest.raises(KitError, match="A board needs a server"):
        Board([])
    with pytest.raises(KitError, match="not both"):
        Board([Source(recording, "a"), Source(fakes.FakeInside(), "b")])


def test_no_two_servers_look_alike(recording):
    names = ["echo_select", "echo_select", "my_echo_select", "echo_threads", "x", "y", "z", "w"]
    sources = [Source(recording, name) for name in names]
    introduce(sources)
    abouts = [source.about for source in sources]
    assert len({about["colour"] for about in abouts}) == len(names)
    assert len({about["title"] for about in abouts}) == len(names)
    assert abouts[0]["colour"] == "#009e73"
    assert abouts[3]["title"] == "threads"
    introduce(more := [Source(recording, f"s{i}") for i in range(20)])
    assert all(source.about["colour"] for source in more)


def test_what_is_known_of_running_servers_can_be_written_as_a_page(tmp_path):
    inside = fakes.FakeInside()
    inside.turns(1, 20)
    board = Board([Source(inside, "echo_select")], detail="simple")
    path = board.to_html(tmp_path / "run.html")
    assert '"detail": "simple"' in json.dumps(path.read_text("utf-8")).replace("\\", "")


def test_closing_twice_is_closing_once():
    ended = []
    board = Board([Source(fakes.FakeInside(), "x")])
    board.when_closed(lambda: ended.append(1))
    board.close()
    board.stop()
    assert ended == [1]
