"""`watch`: what it takes and refuses, the clients of a board, and a board in a real kernel."""

import contextlib
import time

import nbformat
import pytest
from nbclient import NotebookClient

from reactorkit.errors import KitError
from reactorkit.lab import doctor, watching
from reactorkit.lab.server import Server
from reactorkit.lab.watching import Crew, watch
from reactorkit.trace.events import header
from reactorkit.trace.recording import Recorder


@pytest.fixture
def server():
    with Server("echo_select", watch=True, timeout=30) as one:
        yield one


def until(true, timeout=30):
    """Wait until something is so; returns whether it is."""
    deadline = time.monotonic() + timeout
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def clients(server):
    handles = server.watched.state()["handles"].values()
    return [one for one in handles if one["role"] == "client"]


# ------------------------------------------------------------------ what it takes


def test_a_server_that_was_not_started_to_be_watched_is_a_sentence():
    with (
        Server("echo_select", timeout=30) as plain,
        pytest.raises(KitError, match=r'serve\("echo_select", watch=True\)'),
    ):
        watch(plain)


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ("echo_select", r'not a name: watch\(serve\("echo_select", watch=True\)\)'),
        (5, "not int"),
        ("there_is_no.jsonl", "There is no file"),
    ],
)
def test_what_cannot_be_watched_is_a_sentence(thing, words):
    with pytest.raises(KitError, match=words):
        watch(thing)


def test_nothing_is_a_sentence():
    with pytest.raises(KitError, match="A board needs a server"):
        watch()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello\n", "not a recording of this kit"),
        (b'{"schema":"reactorkit-trace","v":99}\n', "version '99'"),
        (bytes(range(256)) * 50, "not a recording of this kit"),
    ],
)
def test_a_file_that_is_no_recording_is_a_sentence(tmp_path, content, words):
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    with pytest.raises(KitError, match=words):
        watch(path)


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_a_recording_that_was_cut_in_half_is_shown_as_far_as_it_goes(tmp_path, name):
    path = tmp_path / name
    with Recorder(path, header("echo_select", "select")) as recorder:
        for turn in range(1, 3000):
            recorder.add({"e": "wait", "t": turn * 1000, "turn": turn, "n": turn % 17})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    board = watch(path)
    recording = board.recordings()[0]
    assert 100 < len(recording.events) < 2999
    assert "not whole" in recording.warning
    assert "not whole" in board.to_html(tmp_path / "run.html").read_text()


def test_a_recording_cannot_have_a_crowd(tmp_path):
    path = tmp_path / "run.jsonl"
    with Recorder(path, header("echo_select", "select")) as recorder:
        recorder.add({"e": "wait", "t": 1, "turn": 1, "n": 1})
    with pytest.raises(KitError, match="has had its own"):
        watch(path, crowd=5)


@pytest.mark.parametrize("crowd", [True, 5.0, [1], (1, 2, 3), ("idle", 5)])
def test_a_crowd_that_is_none_is_a_sentence(server, crowd):
    with pytest.raises(KitError, match="crowd is a number"):
        watch(server, crowd=crowd)


def test_a_lesson_up_to_04_shows_the_simple_board(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert watching._detail() == "full"
    monkeypatch.setenv("JPY_SESSION_NAME", "/some/where/04_one_call_to_watch_them_all.ipynb")
    assert watching._detail() == "simple"
    monkeypatch.setenv("JPY_SESSION_NAME", "/some/where/05_the_first_reactor.ipynb")
    assert watching._detail() == "full"


def test_a_watched_server_saves_gzip_where_the_name_says_so(server, tmp_path):
    path = server.watched.save(tmp_path / "run.jsonl.gz")
    assert path.read_bytes()[:2] == b"\x1f\x8b"
    board = watch(path)
    assert repr(board) == "A board of a recording of echo_select."


# ----------------------------------------------------------------------- clients


@pytest.fixture
def crew(server):
    one = Crew([server])
    yield one
    one.close()


def test_clients_come_and_leave(server, crew):
    crew.ask(0, "idle", 3)
    crew.ask(0, "chatty", 2)
    assert until(lambda: len(clients(server)) == 5)
    assert until(lambda: crew.remarks(0) == ["Clients from this board: 3 idle, 2 chatty."])
    crew.ask(0, "leave", 0)
    assert until(lambda: not clients(server))
    assert until(lambda: crew.remarks(0) == [])


@pytest.mark.parametrize("name", [name for name in watching.WORDS if name != "flood"])
def test_every_behaviour_of_the_board_s_menu_is_one_of_the_lab(server, crew, name):
    crew.ask(0, name, 2)
    assert until(lambda: server.watched.state()["totals"]["accepted"] >= 2)
    assert not [one for one in crew.remarks(0) if not one.startswith("Clients from")]


@pytest.mark.parametrize(("what", "n", "words"), [("dancing", 1, "danc"), ("idle", 0, "1 to 1000")])
def test_clients_that_cannot_come_are_a_sentence_on_the_board(crew, what, n, words):
    crew.ask(0, what, n)
    assert until(lambda: any(words in one for one in crew.remarks(0)))


def test_closing_sends_everybody_home(server, crew):
    crew.ask(0, "idle", 3)
    assert until(lambda: len(clients(server)) == 3)
    crew.close()
    assert until(lambda: not clients(server))
    crew.ask(0, "idle", 3)
    assert clients(server) == []


def test_all_servers_get_the_same_crowd_at_the_same_moment():
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(Server(name, watch=True, timeout=30))
            for name in ("echo_select", "echo_threads")
        ]
        crew = Crew(servers)
        stack.callback(crew.close)
        crew.ask_all("idle", 4, {})
        assert until(lambda: all(len(clients(one)) == 4 for one in servers))
        starts = []
        for one in servers:
            epoch = one.watched.header["monotonic"]
            events = one.watched.recording.events
            accepted = [event["t"] for event in events if event.get("op") == "accept"]
            starts.append((epoch + min(accepted)) / 1e9)
        assert abs(starts[0] - starts[1]) < 5


# ---------------------------------------------------------------- a real kernel


CELLS = [
    """
from reactorkit import clean_up, crowd, serve, watch
server = serve("echo_select", watch=True)
""",
    """
import time, threading
began = time.monotonic()
board = watch(server, crowd=3)
board
""",
    """
time.sleep(1.5)
print(board.pump.sent, board.pump.painted, board.pump.fault, time.monotonic() - began)
""",
    "old = board\nassert old.pump.alive",
    """
server.watched.until_state(lambda state: state["totals"]["accepted"] == 6, 20)
print(old.pump.alive, old._closed, board.pump.alive, server.alive)
""",
    """
board.stop()
print([thread.name for thread in threading.enumerate() if thread.name == "a board"])
clean_up()
""",
]


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def test_a_board_in_a_kernel_without_a_browser():
    """Nothing hangs, nothing is printed, one output; running the cell again replaces the board."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    client = NotebookClient(notebook, timeout=60, kernel_name="python3")
    with client.setup_kernel():
        pid = client.km.provisioner.process.pid
        for place in (0, 1, 2, 3, 1, 4, 5):
            client.execute_cell(notebook.cells[place], place)
    first, second = notebook.cells[1], notebook.cells[2]
    assert [output.output_type for output in first.outputs] == ["display_data"]
    data = first.outputs[0].data
    assert data["text/plain"] == "A board of echo_select."
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"], "the picture of the last moment"
    assert "6 accepted" in data["text/html"]
    sent, painted, fault, seconds = printed(second).split()
    assert 2 <= int(sent) <= 5 * float(seconds) + 3, "five a second while nobody answers"
    assert (painted, fault) == ("0", "None")
    assert printed(notebook.cells[4]).split() == ["False", "True", "True", "True"]
    assert printed(notebook.cells[5]).splitlines() == ["[]", "Nothing is left running."]
    assert [one.what for one in doctor.leftovers() if one.owner == pid] == []
