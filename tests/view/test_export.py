"""A recording as one page: everything is in it, nothing breaks out of it, nothing leaves it."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser

import golden
import pytest

from reactorkit.errors import KitError
from reactorkit.trace.events import header
from reactorkit.trace.recording import Recording
from reactorkit.view import export

NASTY = "</script><script>alert(1)</script><!-- \u2028 \u2029 ]]> & <b>"


class Page(HTMLParser):
    """The elements of a page, and the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.text = [], [], ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside == "title":
            self.text += data


@pytest.fixture
def recording():
    return Recording.open(golden.FOLDER / "select.jsonl")


def told(text):
    """Return what the page's data says, and the events in it."""
    data = json.loads(Page(text).scripts[0])
    lines = [
        gzip.decompress(base64.b64decode(one["packed"])).decode().splitlines()
        for one in data["recordings"]
    ]
    return data, lines


def test_the_page_holds_the_recordings_and_the_options(tmp_path, recording):
    path = export.to_html([recording, recording], tmp_path / "run.html", projector=True, play=True)
    data, lines = told(path.read_text("utf-8"))
    assert [json.loads(line) for line in lines[0][1:]] == list(recording.events)
    assert len(lines) == 2
    assert data["options"]["projector"] is True
    assert data["replay"] == {"play": True}
    titles = [one["about"]["title"] for one in data["recordings"]]
    assert titles == ["select", "select 2"]
    assert len({one["about"]["colour"] for one in data["recordings"]}) == 2


def test_the_same_recording_makes_the_same_page(recording):
    assert export.page([recording]) == export.page([recording])


def test_nothing_in_a_recording_breaks_out_of_its_script():
    events = [{"e": "log", "t": 5, "text": NASTY}, {"e": "note", "t": 6, "text": NASTY}]
    one = Recording.from_events(header(NASTY, "select"), events)
    text = export.page([one], title=NASTY)
    page = Page(text)
    assert len(page.scripts) == 2
    assert [tag for tag, _ in page.tags if tag in ("b", "img", "iframe", "object")] == []
    assert json.loads(page.scripts[0])["recordings"][0]["about"]["name"] == NASTY
    assert not re.search("[\u2028\u2029]", page.scripts[0])
    assert NASTY.split()[0] in page.text


def test_the_page_asks_nobody_for_anything(recording):
    page = Page(export.page([recording]))
    for tag, attributes in page.tags:
        assert not {"src", "href", "srcset", "data"} & set(attributes), tag
    policies = [
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]


def test_the_size_is_that_of_the_board_and_of_the_packed_events(recording):
    events = [
        {"e": "io", "t": t * 1000, "op": "recv", "fd": t % 50, "gen": 0, "got": t % 99}
        for t in range(10_000)
    ]
    bare = len(export.page([recording]))
    full = len(export.page([Recording.from_events(header("echo_select", "select"), events)]))
    assert bare < 400_000
    assert (full - bare) / 10_000 < 12, "bytes for an event"


def test_a_damaged_recording_says_so_on_the_page(tmp_path):
    path = tmp_path / "half.jsonl"
    whole = (golden.FOLDER / "select.jsonl").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    data, lines = told(export.page([Recording.open(path)]))
    assert "cut short" in data["recordings"][0]["about"]["warning"]
    assert len(lines[0]) > 5


@pytest.mark.parametrize("recordings", [[], ()])
def test_nothing_cannot_be_written(tmp_path, recordings):
    with pytest.raises(KitError, match="no recording"):
        export.to_html(recordings, tmp_path / "x.html")


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path, recording):
    with pytest.raises(KitError, match="cannot be written"):
        export.to_html(recording, tmp_path / "no" / "x.html")
