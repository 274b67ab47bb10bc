"""The board draws every style of server, in JupyterLab, in Notebook 7 and in Voila."""

import pytest
from boards import Board
from playwright.sync_api import expect
from sheets import LONG

from reactorkit.lab.peer import Peer

RUNGS = ["echo_threads", "echo_select", "echo_selectors", "echo_asyncio", "echo_busywait"]
SET_UP = "from reactorkit import clean_up, serve\nfrom reactorkit.lab.watching import watch"
WATCH = """\
server = serve("{rung}", watch=True)
print(f"port {{server.port}}")
watch(server)"""


def it_draws(board, port):
    """A client comes, speaks and leaves; the board tells all of it."""
    with Peer(("127.0.0.1", port)) as ann:
        own = ann.sock.getsockname()[1]
        board.client(own)
        ann.echo(b"hello")
        board.wait_frame("(f) => f.totals.received >= 5 && f.totals.sent >= 5")
        assert "client 1" in board.summary()
    gone = "(f, port) => !f.handles.some((h) => h.peer.endsWith(`:${port}`))"
    board.wait_frame(gone, own)
    frame = board.frame()
    assert frame["totals"]["accepted"] == 1
    assert frame["costs"]["dropped"] == 0


@pytest.fixture(scope="module", params=["lab", "notebook"])
def sheet(request, open_sheet, host):
    sheet = open_sheet(request.param, host.write(f"draws-{request.param}.ipynb", SET_UP))
    sheet.run(0)
    return sheet


@pytest.mark.parametrize("rung", RUNGS)
def test_it_draws_in_a_notebook(sheet, rung):
    cell = sheet.do(WATCH.format(rung=rung))
    board = Board(sheet.output(cell).locator(".rk-board"))
    it_draws(board, sheet.value("server.port"))
    assert board.frame()["name"] == rung
    sheet.do("clean_up()")


# Voila's own page asks for icons and for MathJax. (The stage's page, which is ours, does not.)
OF_VOILA = r"fontawesome-free|/mathjax/"


def test_it_draws_in_voila(host, open_page):
    cells = [WATCH.format(rung=rung) for rung in RUNGS]
    path = host.write("draws-voila.ipynb", SET_UP, *cells)
    page = open_page(not_ours=OF_VOILA)
    page.goto(host.url(f"voila/render/{path}"), timeout=LONG)
    boards = page.locator(".rk-board")
    expect(boards).to_have_count(len(RUNGS), timeout=LONG)
    ports = [text.split()[1] for text in page.get_by_text("port ").all_inner_texts()]
    assert len(ports) == len(RUNGS)
    for place, port in enumerate(ports):
        boards.nth(place).scroll_into_view_if_needed()
        it_draws(Board(boards.nth(place)), int(port))
