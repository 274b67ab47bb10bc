"""The stage in a real browser: keys, steps, hands, the recording, and the end of it."""

import signal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

FAREWELL = 20  # seconds; three looks for a lost page, on a busy machine
LIVE, RECORDED = ".rk-stage-live .rk-board", ".rk-stage-recording .rk-board"
PLAYS = """() => {
  const board = document.querySelector('.rk-stage-recording .rk-board');
  return board.offsetHeight > 100 && board.__board.controller.frame(0).place.t > 0;
}"""

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser):
    """A page of projector size; it must not complain, nor ask any other machine."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    faults = []
    page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
    page.on("console", lambda told: told.type == "error" and faults.append(told.text))
    page.on("request", lambda asked: faults.extend(elsewhere(asked.url)))
    yield page
    page.close()
    assert faults == []


def elsewhere(url):
    parts = urlsplit(url)
    here = parts.scheme in ("data", "blob") or parts.hostname == "127.0.0.1"
    return [] if here else [f"asks another machine: {url}"]


def classes(page):
    return page.evaluate("document.querySelector('.rk-stage').className").split()


def counted(page):
    texts = page.locator(".reactorkit-hand > :last-child").all_inner_texts()
    return [int(text or 0) for text in texts]


def test_a_scene_from_its_question_to_its_answer(stage, page, eventually):
    page.goto(stage.address)
    page.wait_for_selector(".rk-stage.is-question .rk-ask")
    for key in ("1", "3", "3", "Shift+3", "3"):
        page.keyboard.press(key)
    assert eventually(lambda: counted(page) == [1, 0, 2, 0])
    page.wait_for_selector(LIVE, state="attached")
    for number in range(3):
        page.keyboard.press("n")
        page.wait_for_selector(f".rk-stage-steps button:nth-child({number + 1}).is-done")
        page.wait_for_selector(".rk-stage-foot .seen")
    expect(page.locator(".rk-stage-foot .seen")).to_contain_text("as 7 and as 1", timeout=30_000)
    page.keyboard.press("n")
    page.wait_for_selector(".rk-answer")
    assert page.locator(".reactorkit-hand-bar.right").count() == 1
    page.keyboard.press("q")
    page.wait_for_selector(LIVE)
    box = page.locator(".rk-stage").bounding_box()
    assert (box["width"], box["height"]) == (1280, 720), "one screen, no more and no less"


def test_the_recording_is_there_at_once_even_when_the_kernel_is_stuck(stage, page):
    page.goto(stage.address)
    page.wait_for_selector(LIVE, state="attached")
    page.wait_for_selector(RECORDED, state="attached")
    page.wait_for_function(f"document.querySelector('{RECORDED}').__board")
    page.keyboard.press("q")
    kernel = max(stage.below("ipykernel_launcher"), key=lambda one: one.create_time())
    kernel.send_signal(signal.SIGSTOP)
    try:
        page.keyboard.press("r")
        page.wait_for_function(PLAYS)
        assert "is-recording" in classes(page)
    finally:
        kernel.send_signal(signal.SIGCONT)
    page.keyboard.press("r")
    page.wait_for_selector(LIVE)


def test_the_free_stage_takes_a_crowd_and_troubles(stage, page, eventually):
    page.goto(stage.address)
    page.wait_for_selector(LIVE, state="attached")
    page.select_option(".rk-stage-bar select", label="Free stage")
    page.wait_for_selector(f".rk-stage.is-free {LIVE}")
    slider = page.locator(".rk-stage-controls .widget-slider .noUi-handle").first
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    handles = f"document.querySelector('{LIVE}').__board.controller.frame(0).count"
    assert eventually(lambda: page.evaluate(handles) >= 4)
    for name in ("Reset", "Half-close", "Hostile bytes"):
        page.get_by_role("button", name=name).click()
    received = f"document.querySelector('{LIVE}').__board.controller.frame(0).totals.received"
    assert eventually(lambda: page.evaluate(received) > 40_000)
    page.get_by_role("button", name="All leave", exact=True).last.click()
    assert eventually(lambda: page.evaluate(handles) == 1)
    ended = f"[0, 1].map((i) => document.querySelector('{LIVE}').__board.controller.frame(i).ended)"
    assert page.evaluate(ended) == [None, None], "nothing of this has ended a server"


def below_kernels(stage):
    """Return the processes of all open pages: kernels, and what they have started."""
    words = ("ipykernel_launcher", "reactorkit.probe", "reactorkit.lab")
    return [one for word in words for one in stage.below(word)]


def test_a_tab_that_is_closed_leaves_nothing(stage, page, eventually):
    assert eventually(lambda: not below_kernels(stage), FAREWELL), "of the tests before"
    page.goto(stage.address)
    page.wait_for_selector(LIVE, state="attached")
    assert below_kernels(stage)
    page.close()
    assert eventually(lambda: not below_kernels(stage), FAREWELL)
    assert stage.process.poll() is None, "the stage is ready for the next page"
