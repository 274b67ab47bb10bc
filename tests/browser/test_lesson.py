"""Lesson 00 as a reader meets it: run through to its end, then its question answered by clicks."""

import json
import re
import shutil

import pytest
from playwright.sync_api import expect

LESSON = "notebooks/00_start_here.ipynb"
VERDICT = re.compile("CLAIM HOLDS|HOLDS ONLY IF|REFUTED")


@pytest.fixture(scope="module", params=["lab", "notebook"])
def sheet(request, open_sheet, host):
    """The lesson, open in one application; its copy has a kernel of its own.

    Two pages that open the same file share its kernel, and with it what the first has done there.
    """
    host.forget()
    copy = host.root / "notebooks" / f"{request.param}.ipynb"
    shutil.copy(host.root / LESSON, copy)
    sheet = open_sheet(request.param, f"notebooks/{copy.name}")
    yield sheet
    sheet.page.close()


def index_of(sheet, name):
    """Return the place of a cell by its name."""
    cells = json.loads((sheet.host.root / LESSON).read_text())["cells"]
    return next(index for index, cell in enumerate(cells) if cell["id"] == name)


def test_the_lesson_runs_through_without_answers(sheet):
    sheet.run_all()
    assert "Predict above, then run me again." in str(
        sheet.outputs(index_of(sheet, "p00-experiment"))
    )
    expect(sheet.output(index_of(sheet, "clean-up"))).to_contain_text("Nothing is left running.")


def test_after_the_clean_up_a_click_still_answers_and_another_runs_the_experiment(sheet):
    card = sheet.output(index_of(sheet, "p00-predict"))
    card.scroll_into_view_if_needed()
    card.get_by_text("This is my prediction").click()
    expect(card).to_contain_text("Choose an answer first")
    card.get_by_role("radio").first.check()
    card.get_by_text("This is my prediction").click()
    expect(card).to_contain_text("Your prediction is kept")
    card.get_by_text("Run the experiment").click()
    expect(card).to_contain_text(VERDICT, timeout=60_000)
    expect(card).to_contain_text("You said")


def test_the_experiment_s_own_cell_runs_now_too(sheet):
    index = index_of(sheet, "p00-experiment")
    sheet.run(index)
    expect(sheet.output(index)).to_contain_text(VERDICT)
