"""A board among cells that block, run again, and reload; and what becomes of it in the end."""

import psutil
import pytest
from boards import Board
from jupyter_host import wait_ended
from playwright.sync_api import expect

from reactorkit.lab.peer import Peer
from reactorkit.trace.events import encode, header

SET_UP = "from reactorkit import clean_up, crowd, serve\nfrom reactorkit.lab.watching import watch"
# Blocks as time.sleep does, until the test has seen what it wanted to see.
BLOCK = """\
import pathlib, time
go_on = pathlib.Path("go-on")
while not go_on.exists():
    time.sleep(0.02)"""
# Timers of 100 ms that come late, as on a busy machine. A release of ipywidgets looked for a widget
# every 100 ms, for 2 s: when its second look came too late, it gave up a widget that was there.
LATE = """
if (sessionStorage.late) {
  const { setTimeout } = window;
  window.setTimeout = (call, ms, ...args) => setTimeout(call, ms === 100 ? 2100 : ms, ...args);
  window.punctual = () => {
    window.setTimeout = setTimeout;
    delete sessionStorage.late;
  };
}"""
PUMPS = "sum(one.name == 'a board' for one in __import__('threading').enumerate())"


@pytest.fixture(scope="module")
def sheet(open_sheet, host):
    sheet = open_sheet("lab", host.write("life.ipynb", SET_UP))
    sheet.run(0)
    return sheet


@pytest.fixture(autouse=True)
def cleaned(sheet):
    yield
    sheet.do("from reactorkit import clean_up\nclean_up()")


@pytest.fixture
def watched(sheet):
    """Start a watched server and its board in a cell of their own."""

    def watched(rung="echo_select", options=""):
        index = sheet.do(f'server = serve("{rung}", watch=True)\nwatch(server{options})')
        return index, the_board(sheet, index), tuple(sheet.value("server.address"))

    return watched


def the_board(sheet, index):
    boards = sheet.output(index).locator(".rk-board")
    expect(boards).to_have_count(1)
    return Board(boards)


@pytest.fixture
def blocked(sheet, host):
    """A cell that runs until the test is over, whatever becomes of the test."""
    go_on = host.root / "go-on"
    go_on.unlink(missing_ok=True)
    index = sheet.add(BLOCK)
    yield index
    go_on.touch()
    sheet.wait_finished(index)


def test_the_picture_goes_on_while_a_cell_blocks(sheet, watched, blocked):
    _, board, address = watched()
    sheet.start(blocked)
    with Peer(address) as ann:
        for number in range(1, 11):
            ann.echo(b"x")
            board.wait_frame("(f, n) => f.totals.received >= n", number)
    assert sheet.is_running(blocked), "all of that was seen while the cell ran"


def test_servers_stand_side_by_side_on_one_board(sheet):
    names = ["echo_threads", "echo_busywait", "echo_select", "echo_selectors"]
    sheet.do(f"four = [serve(name, watch=True) for name in {names}]")
    board = the_board(sheet, sheet.do("watch(*four)"))
    assert board.ask("(b) => b.controller.servers") == 4
    sheet.do("guests = [crowd(one, 5) for one in four]")
    board.wait_every("(f) => f.totals.accepted === 5")
    assert [board.frame(i)["name"] for i in range(4)] == names
    board.pause()
    assert sheet.value('[one.watched.state()["mode"] for one in four]') == ["pause"] * 4
    board.run()


def test_the_cell_run_again_replaces_its_board(sheet, watched):
    index, old, _ = watched()
    threads = sheet.value(PUMPS)
    sheet.run(index)
    address = tuple(sheet.value("server.address"))
    board = the_board(sheet, index)
    assert not old.element.is_visible()
    with Peer(address) as ann:
        ann.echo(b"x")
        board.wait_frame("(f) => f.totals.received === 1")
    assert sheet.value(PUMPS) == threads


def test_two_views_of_one_board_show_the_same(sheet, watched):
    index, first, address = watched()
    page = sheet.page
    page.evaluate(
        """(index) => {
          const { commands, shell } = window.jupyterapp;
          shell.currentWidget.content.activeCellIndex = index;
          return commands.execute("notebook:create-output-view");
        }""",
        index,
    )
    second = Board(page.locator(".jp-LinkedOutputView .rk-board"))
    with Peer(address) as ann:
        ann.echo(b"x")
        for board in (first, second):
            board.wait_frame("(f) => f.totals.received === 1")
        second.pause()
        first.wait_frame("(f) => f.mode === 'pause'")
        first.run()
        second.wait_frame("(f) => f.mode === 'run'")
        page.locator(".lm-TabBar-tab", has_text="Output View").locator(
            ".lm-TabBar-tabCloseIcon"
        ).click()
        expect(page.locator(".jp-LinkedOutputView")).to_have_count(0)
        ann.echo(b"y")
        first.wait_frame("(f) => f.totals.received === 2")


def load_again(sheet):
    sheet.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    sheet.page.reload()
    sheet.wait_connected()


@pytest.fixture
def late_timers(sheet):
    """From the next load until the end of the test, timers of the page come late."""
    sheet.page.add_init_script(LATE)
    sheet.page.evaluate("() => { sessionStorage.late = 'yes'; }")
    yield
    sheet.page.evaluate("() => window.punctual()")


def test_a_page_that_is_loaded_again_shows_the_board_again(sheet, watched):
    index, board, address = watched()
    with Peer(address) as ann:
        ann.echo(b"x")
        board.wait_frame("(f) => f.totals.received === 1")
        load_again(sheet)
        again = the_board(sheet, index)
        again.wait_frame("(f) => f.totals.received === 1")
        ann.echo(b"y")
        again.wait_frame("(f) => f.totals.received === 2")
        again.pause()
        again.run()


@pytest.mark.usefixtures("late_timers")
def test_a_page_that_is_loaded_again_slowly_shows_the_board_again(sheet, watched):
    index, _, address = watched()
    load_again(sheet)
    again = the_board(sheet, index)
    with Peer(address) as ann:
        ann.echo(b"x")
        again.wait_frame("(f) => f.totals.received === 1")


CUT = '{"e":"turn","t":12345,"tu'


@pytest.fixture
def recording(sheet, watched, host):
    """A recording in the host's folder: a client came, said something, and left."""
    _, board, address = watched()
    with Peer(address) as ann:
        ann.echo(b"hello")
    board.wait_frame("(f) => f.totals.closed >= 1")
    sheet.do('server.watched.save("run.jsonl")')
    return host.root / "run.jsonl"


def test_a_recording_plays_on_a_board_of_the_kernel(sheet, recording):
    board = the_board(sheet, sheet.do('watch("run.jsonl")'))
    board.press("Play")
    board.wait_frame("(f) => f.totals.closed >= 1 && !f.place.playing")
    board.press("Back")
    board.wait_frame("(f) => f.place.at < f.place.length")


def test_a_recording_that_was_cut_off_is_shown_as_far_as_it_goes(sheet, recording):
    lines = recording.read_text().splitlines()
    recording.write_text("\n".join(lines[: len(lines) // 2]) + "\n" + CUT)
    index = sheet.do('watch("run.jsonl")')
    board = the_board(sheet, index)
    assert 0 < board.frame()["place"]["length"] < len(lines)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("this is not a recording\n", "not a recording"),
        (encode({**header("echo_select", "select"), "v": 99}), "version"),
    ],
)
def test_what_is_no_recording_is_answered_with_a_sentence(sheet, host, text, sentence):
    (host.root / "bad.jsonl").write_text(text)
    index = sheet.add('watch("bad.jsonl")')
    sheet.start(index)
    shown = sheet.output(index)
    expect(shown).to_contain_text(sentence, ignore_case=True)
    assert "Traceback" not in shown.inner_text()


def test_a_server_that_is_not_watched_is_answered_with_the_way_to_watch_it(sheet):
    sheet.do('plain = serve("echo_select")')
    index = sheet.add("watch(plain)")
    sheet.start(index)
    expect(sheet.output(index)).to_contain_text("watch=True")


def test_a_restarted_kernel_leaves_no_process_and_the_board_says_so(sheet, watched, host):
    _, board, _ = watched()
    sheet.do('guests = crowd(server, 3, "chatty")')
    board.wait_frame("(f) => f.totals.accepted === 3")
    kernel = psutil.Process(sheet.value("__import__('os').getpid()"))
    below = kernel.children(recursive=True)
    assert below
    sheet.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    assert wait_ended(below, 20) == []
    board.wait_frame("(f) => f.ended !== null || f.place.stuck !== ''")
    sheet.wait_connected()
