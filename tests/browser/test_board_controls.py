"""Every control of the board does to a real server what it says."""

import re
from itertools import pairwise

import pytest
from boards import Board
from playwright.sync_api import expect
from sheets import Sheet

from reactorkit.lab.peer import Peer, PeerTimeout

A_MOMENT = 0.4  # seconds in which a server that ran would have answered many times
LINE = b"hello\n"
SET_UP = "from reactorkit import clean_up, serve\nfrom reactorkit.lab.watching import watch"


class Stage:
    """A notebook whose server is watched, and clients of it."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.peers: list[Peer] = []

    def begin(self, rung: str, options: str = 'detail="full"') -> Board:
        """Start a server afresh, and its board."""
        self.end()
        cell = self.sheet.do(f'server = serve("{rung}", watch=True)\nwatch(server, {options})')
        self.address = tuple(self.sheet.value("server.address"))
        self.board = Board(self.sheet.output(cell).locator(".rk-board"))
        return self.board

    def end(self) -> None:
        for peer in self.peers:
            peer.close()
        self.peers.clear()

    def join(self, n: int = 1) -> list[Peer]:
        """Let clients connect; return them once the board shows them all."""
        before = self.board.frame()["totals"]["accepted"]
        new = [Peer(self.address) for _ in range(n)]
        self.peers += new
        self.board.wait_frame("(f, n) => f.totals.accepted >= n", before + n)
        return new

    def state(self, name: str):
        """Return a part of the truth: the state as the kernel has it."""
        return self.sheet.value(f'server.watched.state()["{name}"]')


def port_of(peer):
    return peer.sock.getsockname()[1]


def row_of(board, name):
    """Return the row of the table that tells of one client."""
    cell = board.page.get_by_role("cell", name=name, exact=True)
    return board.root.locator("tbody tr").filter(has=cell)


def is_silent(peer):
    """Whether nothing comes for a moment."""
    patience, peer.timeout = peer.timeout, A_MOMENT
    try:
        peer.recv()
    except PeerTimeout:
        return True
    finally:
        peer.timeout = patience
    return False


@pytest.fixture(scope="module")
def sheet(open_sheet, host):
    sheet = open_sheet("lab", host.write("controls.ipynb", SET_UP))
    sheet.run(0)
    return sheet


@pytest.fixture
def stage(sheet):
    stage = Stage(sheet)
    yield stage
    stage.end()
    sheet.do("clean_up()")


def test_paused_it_echoes_nothing_and_afterwards_everything(stage):
    board = stage.begin("echo_select")
    ann, bob = stage.join(2)
    board.pause()
    ann.send(LINE)
    bob.send(LINE * 100)
    assert is_silent(ann)
    assert is_silent(bob)
    assert stage.state("mode") == "pause"
    late = Peer(stage.address)
    stage.peers.append(late)
    late.send(LINE)
    board.run()
    assert ann.recv_exactly(len(LINE)) == LINE
    assert bob.recv_exactly(600) == LINE * 100
    assert late.recv_exactly(len(LINE)) == LINE


def test_a_step_is_one_turn(stage):
    board = stage.begin("echo_select")
    ann, bob = stage.join(2)
    before = board.pause()["turn"]
    ann.send(LINE)
    bob.send(LINE)
    turns = [before]
    while board.frame()["totals"]["sent"] < 2 * len(LINE):
        turns.append(board.step()["turn"])
    assert {after - turn for turn, after in pairwise(turns)} <= {0, 1}
    assert 2 <= len(turns) <= 4, "two lines, found in one turn or in two"
    assert ann.recv_exactly(len(LINE)) == LINE
    assert bob.recv_exactly(len(LINE)) == LINE


def test_one_handler_serves_one_client(stage):
    board = stage.begin("echo_selectors")
    peers = stage.join(3)
    board.pause()
    for peer in peers:
        peer.send(LINE)
    served = [0]
    while served[-1] < 3 and len(served) < 12:
        board.step("One handler")
        served.append(stage.state("totals")["sent"] // len(LINE))
    assert served[-1] == 3
    assert max(after - before for before, after in pairwise(served)) == 1


def test_a_step_of_a_server_that_waits_says_so_and_is_taken_once_somebody_comes(stage):
    board = stage.begin("echo_select")
    (ann,) = stage.join()
    board.pause()
    board.press("Step")
    board.wait_frame("(f) => f.mode === 'step'")
    board.wait("(b) => b.summary().includes('waits in the kernel')")
    ann.send(LINE)
    board.wait_frame("(f) => f.mode === 'pause'")


def test_back_shows_what_was_while_the_server_is_held_and_now_returns(stage):
    board = stage.begin("echo_select")
    (ann,) = stage.join()
    ann.echo(LINE)
    board.wait_frame("(f) => f.totals.sent >= 6")
    board.pause()
    now = board.frame()
    board.press("Back")
    past = board.wait_frame("(f) => !f.place.live")
    assert past["place"]["at"] < past["place"]["length"]
    assert past["turn"] < now["turn"] or past["t"] < now["t"]
    while past["totals"]["accepted"]:
        before = past["place"]["at"]
        board.press("Back")
        past = board.wait_frame("(f, at) => f.place.at < at", before)
    assert past["count"] == 1
    ann.send(LINE)
    assert is_silent(ann)
    board.press("Step")
    board.wait_frame("(f, at) => f.place.at > at && !f.place.live", past["place"]["at"])
    board.press("Now")
    present = board.wait_frame("(f) => f.place.live")
    assert present["totals"]["accepted"] == 1
    assert stage.state("mode") == "pause"
    board.run()
    assert ann.recv_exactly(len(LINE)) == LINE


def test_the_slider_goes_to_any_moment(stage):
    board = stage.begin("echo_select")
    (ann,) = stage.join()
    ann.echo(LINE)
    board.pause()
    slider = board.root.get_by_role("slider", name="Moment")
    slider.fill("0")
    past = board.wait_frame("(f) => !f.place.live && f.totals.accepted === 0")
    assert past["totals"]["received"] == 0
    board.press("Now")
    board.wait_frame("(f) => f.place.live && f.totals.received >= 6")


def test_looking_back_is_for_a_server_that_stands(stage):
    board = stage.begin("echo_select")
    expect(board.button("Back")).to_be_disabled()
    assert "Pause first" in board.button("Back").get_attribute("title")


def test_it_runs_until_a_descriptor_is_ready(stage):
    board = stage.begin("echo_select")
    ann, bob = stage.join(2)
    descriptor = board.client(port_of(bob))["fd"]
    board.pause()
    board.press("Until")
    board.root.get_by_role("dialog").get_by_role("spinbutton").nth(2).fill(str(descriptor))
    board.press("Run until: descriptor")
    board.wait_frame("(f) => f.mode === 'until'")
    ann.echo(LINE)
    bob.send(LINE)
    assert board.wait_frame("(f) => f.mode === 'pause'")["ready"]
    assert is_silent(bob)


def test_a_handle_can_be_picked(stage):
    board = stage.begin("echo_select")
    _, bob = stage.join(2)
    key = board.client(port_of(bob))["key"]
    row_of(board, "client 2").click()
    picked = board.wait_frame("(f, key) => f.picked?.key === key", key)["picked"]
    assert picked["peer"].endswith(str(port_of(bob)))
    bob.echo(LINE)
    board.wait_frame("(f) => f.picked.received >= 6")


def test_clients_come_from_the_board_and_leave(stage):
    board = stage.begin("echo_select")
    board.press("Clients", "Add 10 idle")
    board.wait_frame("(f) => f.totals.accepted === 10 && f.count === 11")
    board.press("Add 1 chatty")
    board.wait_frame("(f) => f.totals.accepted === 11 && f.totals.received > 0")
    board.press("All leave")
    board.wait_frame("(f) => f.count === 1")


def test_a_client_resets(stage):
    board = stage.begin("echo_select")
    board.press("Clients", "Add 1 resetter")
    board.wait_frame(
        "(f) => f.totals.errors >= 1 && JSON.stringify(f.timeline).includes('ECONNRESET')"
    )


def test_a_client_shuts_its_side(stage):
    board = stage.begin("echo_selectors")
    board.press("Clients", "Add 1 half-closer")
    # It comes back again and again. A reply that was lost once would be missing for ever.
    rest = board.wait_frame(
        "(f) => f.totals.closed >= 2 && f.count === 1 && f.totals.sent === f.totals.received"
    )
    assert rest["totals"]["sent"] >= 2000


def test_a_slow_reader_leaves_bytes_behind(stage):
    board = stage.begin("echo_threads")
    board.press("Clients", "Add 1 slow reader")
    board.wait_frame("(f) => f.handles.some((h) => h.unsent > 0 || h.owed > 0)")


def test_the_keyboard_does_all_of_it(stage):
    board = stage.begin("echo_select")
    (ann,) = stage.join()
    ann.echo(LINE)
    board.root.focus()
    keys = board.page.keyboard
    keys.press("Space")
    board.wait_frame("(f) => f.mode === 'pause'")
    before = board.frame()
    ann.send(LINE)
    keys.press("ArrowRight")
    board.wait_frame("(f, n) => f.asked > n", before["asked"])
    keys.press("ArrowLeft")
    board.wait_frame("(f) => !f.place.live")
    keys.press("Home")
    board.wait_frame("(f) => f.totals.accepted === 0")
    keys.press("End")
    board.wait_frame("(f) => f.place.live && f.totals.accepted === 1")
    keys.press("PageUp")
    board.wait_frame("(f) => !f.place.live")
    keys.press("PageDown")
    keys.press("End")
    board.wait_frame("(f) => f.place.live")
    for key, is_on in (("d", "(b) => b.options.detail === 'simple'"), ("p", PROJECTS), ("l", LOGS)):
        keys.press(key)
        board.wait(is_on)
    keys.press("?")
    expect(board.root.get_by_text("presenter").first).to_be_visible()
    keys.press("Escape")
    expect(board.root.get_by_text("presenter").first).to_be_hidden()
    keys.press("Space")
    board.wait_frame("(f) => f.mode === 'run'")
    assert ann.recv_exactly(len(LINE)) == LINE


PROJECTS = "(b) => b.options.projector === true"
LOGS = "(b) => b.options.log === true"
SMALLEST = """(e) => Math.min(...[...e.querySelectorAll("td, th, button, p, b, span, text")]
  .filter((one) => one.getClientRects().length && one.textContent.trim())
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""


def test_figures_that_the_projector_does_not_draw_are_not_to_be_seen(stage):
    board = stage.begin("echo_select", 'detail="full"')
    slowest = board.root.locator(".rk-figure-slowest")
    expect(slowest).to_be_visible()
    board.press("Projector")
    board.wait(PROJECTS)
    expect(slowest).to_be_hidden()
    board.press("Projector")
    expect(slowest).to_be_visible()


def test_the_projector_s_letters_are_large_and_its_rows_few(stage):
    board = stage.begin("echo_select", "projector=True")
    stage.join(20)
    board.wait_frame("(f) => f.count === 21")
    assert board.root.locator("tbody tr").count() <= 8
    assert board.root.evaluate(SMALLEST) >= 24, "18 points are 24 CSS pixels"
    board.press("Projector")
    board.wait("(b) => b.options.projector === false")
    assert board.root.evaluate(SMALLEST) < 24


def test_there_is_less_detail_and_more(stage):
    board = stage.begin("echo_select", 'detail="simple"')
    stage.join(2)
    few = board.root.locator("th").count()
    board.press("Detail")
    board.wait("(b) => b.options.detail === 'full'")
    expect(board.button("Detail")).to_have_attribute("aria-pressed", "true")
    expect(board.root.locator("th")).not_to_have_count(few)
    assert board.root.locator("th").count() > few


def test_the_filter_leaves_the_rows_that_fit(stage):
    board = stage.begin("echo_select")
    stage.join(2)
    expect(row_of(board, "client 1")).to_be_visible()
    board.root.get_by_role("searchbox", name="Filter").fill("client 2")
    expect(row_of(board, "client 1")).to_be_hidden()
    expect(row_of(board, "client 2")).to_be_visible()


def test_the_log_shows_what_the_server_prints(stage):
    board = stage.begin("echo_select")
    board.press("Log")
    expect(board.root.get_by_text("listening").first).to_be_visible()


def test_one_line_is_said_aloud(stage):
    board = stage.begin("echo_select")
    stage.join(3)
    aloud = board.root.locator("[aria-live=polite]")
    expect(aloud).to_contain_text(re.compile(r"\b[34]\b"), timeout=10_000)


def test_a_pause_is_seen_as_one(stage):
    board = stage.begin("echo_threads")
    stage.join(2)
    board.pause()
    assert "paused" in board.summary().lower()
    stage.peers[0].send(LINE)
    assert is_silent(stage.peers[0])
