"""An exercise as a learner does it: the starter, a wrong answer and its story, a right one."""

import json
import re
from pathlib import Path

import pytest
from boards import Board
from playwright.sync_api import expect

EXERCISE = "exercises/x02_thread_echo.ipynb"
SUBMISSIONS = Path(__file__).resolve().parents[1] / "submissions" / "x02"
RIGHT = (SUBMISSIONS / "right_threads.py").read_text()
WRONG = RIGHT.replace("client.sendall(data)", "client.sendall(b'?' * len(data))")
A_RUN = 60_000  # milliseconds: a check, and the same once more on the board's instruments


@pytest.fixture(scope="module")
def sheet(open_sheet, host):
    host.forget()
    sheet = open_sheet("lab", EXERCISE)
    sheet.run(index_of(sheet, "set-up"))
    yield sheet
    sheet.page.close()


def index_of(sheet, name):
    """Return the place of a cell by its name."""
    cells = json.loads((sheet.host.root / EXERCISE).read_text())["cells"]
    return next(index for index, cell in enumerate(cells) if cell["id"] == name)


def write(sheet, answer):
    """Write an answer into its cell, without running it."""
    sheet.replace(index_of(sheet, "answer"), f"%%exercise x02\n{answer}")


def check(sheet, answer=None):
    """Run the answer's cell, if there is an answer, and the check's; return what is shown."""
    if answer is not None:
        write(sheet, answer)
        sheet.run(index_of(sheet, "answer"))
    sheet.run(index_of(sheet, "check"))
    return sheet.output(index_of(sheet, "check"))


def replay(sheet):
    return sheet.output(index_of(sheet, "check")).locator(".reactorkit-replay")


def test_the_starter_is_unattempted(sheet):
    sheet.run(index_of(sheet, "answer"))
    shown = check(sheet)
    expect(shown).to_contain_text("0 of 5 points")
    expect(shown).to_contain_text("Nothing has been changed yet")
    expect(shown.get_by_text("unattempted")).to_have_count(6)
    expect(replay(sheet)).to_have_count(0)


def test_a_wrong_answer_tells_what_happened_and_where_to_read_again(sheet):
    shown = check(sheet, WRONG)
    expect(shown).to_contain_text("What happened in the first check that failed")
    for words in ("Ann connects", "Ann sends", "instead", "Expected:", "Got: b'?'"):
        expect(shown).to_contain_text(words)
    expect(shown).to_contain_text("Likely cause: serve() has to send back what it receives.")
    expect(shown).to_contain_text("Read again: lesson 01")
    expect(shown).to_contain_text("Attempt 1.")
    expect(shown).not_to_contain_text("Note:")


def test_its_button_opens_the_failed_run_on_the_board(sheet):
    button = replay(sheet).get_by_role("button", name="Show the failed run on the board")
    button.focus()
    button.press("Enter")
    expect(replay(sheet)).to_contain_text("It has failed again", timeout=A_RUN)
    board = Board(replay(sheet).locator(".rk-board"))
    frame = board.wait_frame("(f) => f.ended && f.place.at === f.place.length")  # it has played
    assert (frame["name"], frame["totals"]["accepted"]) == ("x02", 1)
    assert [one["role"] for one in frame["handles"]] == ["listener", "client"]
    expect(replay(sheet).get_by_role("button", name="Run it again")).to_be_enabled()


def test_a_cell_that_was_edited_and_not_run_is_noticed(sheet):
    write(sheet, RIGHT)
    shown = check(sheet)
    expect(shown).to_contain_text("This is the same answer as in your last check.")
    sheet.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    shown = check(sheet)
    expect(shown).to_contain_text("The cell in your notebook differs from the file")


def test_a_right_answer_gets_all_points_and_progress_moves(sheet):
    before = sheet.do("from reactorkit import progress\nprogress()")
    expect(sheet.output(before)).to_contain_text(re.compile(r"0 of 5\s*tried once"))
    shown = check(sheet, RIGHT)
    expect(shown).to_contain_text("5 of 5 points")
    expect(shown.get_by_text("passed", exact=True)).to_have_count(6)
    expect(replay(sheet)).to_have_count(0)
    after = sheet.output(sheet.do("progress()"))
    expect(after).to_contain_text(re.compile(r"5 of 5\s*passed"))
    expect(after).to_contain_text("Next: x01a")
