"""A recording as one HTML file: opened from the disk, without any network, it is all there."""

import pytest
from boards import Board
from playwright.sync_api import expect

from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server
from reactorkit.view.export import to_html

RUNGS = ["echo_threads", "echo_select", "echo_asyncio"]
SEEMS_TO_BLOCK = """
import importlib
wait = getattr(importlib.import_module("sel" "ect"), "sel" "ect")
def serve(listener):
    clients = []
    while True:
        for ready in wait([listener, *clients], [], [])[0]:
            if ready is listener:
                clients.append(ready.accept()[0])
            elif data := ready.recv(4096):
                ready.sendall(data)
            else:
                clients.remove(ready)
                ready.close()
"""


@pytest.fixture(scope="module")
def recordings():
    """Recordings of three servers, each of which served three clients."""
    made = []
    for rung in RUNGS:
        with Server(rung, watch=True, timeout=30) as server:
            peers = [Peer(server.address) for _ in range(3)]
            for peer in peers:
                peer.echo(b"hello")
            for peer in peers:
                peer.close()
            assert server.watched.until_state(lambda state: state["totals"]["closed"] >= 3)
            made.append(server.watched.recording)
    return made


@pytest.fixture(scope="module")
def open_file(open_page):
    """Opens a file as a reader does, with the network off; returns its page."""

    def open_file(path):
        page = open_page(offline=True)
        page.goto(path.as_uri())
        return page

    return open_file


@pytest.fixture(scope="module")
def board(recordings, open_file, tmp_path_factory):
    path = tmp_path_factory.mktemp("replay") / "run.html"
    to_html(recordings[1], path)
    return Board(open_file(path).locator(".rk-board"))


def seek(board, value):
    slider = board.root.get_by_role("slider", name="Moment")
    slider.fill(str(value))


def test_it_plays_to_its_end(board):
    seek(board, 0)
    board.wait_frame("(f) => f.totals.accepted === 0")
    board.root.get_by_role("combobox", name="Speed").select_option("16")
    board.press("Play")
    board.wait_frame("(f) => f.totals.closed >= 3 && !f.place.playing")


def test_it_can_be_scrubbed(board):
    seek(board, 1000)
    board.wait_frame("(f) => f.totals.closed >= 3")
    seek(board, 0)
    board.wait_frame("(f) => f.totals.accepted === 0 && f.count <= 1")


def test_it_steps_on_and_back(board):
    seek(board, 0)
    board.wait_frame("(f) => f.totals.accepted === 0")
    places = [board.frame()["place"]["at"]]
    for _ in range(5):
        board.press("Step")
        board.wait_frame("(f, at) => f.place.at > at", places[-1])
        places.append(board.frame()["place"]["at"])
    for place in reversed(places[:-1]):
        board.press("Back")
        board.wait_frame("(f, at) => f.place.at === at", place)


def test_a_handler_is_a_smaller_step_than_a_turn(board):
    def steps(name):
        seek(board, 0)
        board.wait_frame("(f) => f.totals.accepted === 0")
        number = 0
        while board.frame()["totals"]["closed"] < 3 and number < 100:
            at = board.frame()["place"]["at"]
            board.press(name)
            board.wait_frame("(f, at) => f.place.at > at", at)
            number += 1
        return number

    assert 1 < steps("Step") <= steps("One handler")


def test_a_figure_of_what_a_server_only_seemed_to_be_goes(open_file, tmp_path):
    # A file whose text says nothing of select() is taken for one that blocks, until it waits.
    target = tmp_path / "mine.py"
    target.write_text(SEEMS_TO_BLOCK)
    with Server(target, watch=True, timeout=30) as server:
        with Peer(server.address) as peer:
            peer.echo(b"hello")
        assert server.watched.until_state(lambda state: state["totals"]["closed"] >= 1)
        to_html(server.watched.recording, tmp_path / "mine.html")
    board = Board(open_file(tmp_path / "mine.html").locator(".rk-board"))
    seek(board, 0)
    expect(board.root.locator(".rk-figure-threads")).to_be_visible()
    seek(board, 1000)
    expect(board.root.locator(".rk-figure-ready")).to_be_visible()
    expect(board.root.locator(".rk-figure-threads")).to_be_hidden()


def test_what_only_a_running_server_can_do_is_off_and_says_why(board):
    for name in ("Until", "Clients"):
        expect(board.button(name)).to_be_hidden()


def test_several_recordings_play_side_by_side(recordings, open_file, tmp_path):
    to_html(recordings, tmp_path / "three.html")
    board = Board(open_file(tmp_path / "three.html").locator(".rk-board"))
    assert board.ask("(b) => b.controller.servers") == 3
    assert [board.frame(i)["name"] for i in range(3)] == RUNGS
    seek(board, 1000)
    board.wait_every("(f) => f.totals.closed >= 3")
    seek(board, 0)
    board.wait_every("(f) => f.totals.accepted === 0")
