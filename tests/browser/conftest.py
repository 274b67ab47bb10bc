"""Real browsers: what every test here shares, and what it fails on.

A test fails if its page printed an error into the console, asked another machine for anything,
or was too slow for the messages of its kernel. Where no browser is, the tests do not run, and
say so; on a machine that tests for others (CI=true) they fail.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import browsers
from boards import PATIENCE
from javascript import in_ci
from jupyter_host import Host
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from sheets import Sheet

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = ("127.0.0.1", "localhost")
ON_THIS_MACHINE = ("data", "blob", "about", "file", "chrome", "chrome-untrusted")
# What Jupyter does by itself, whatever the notebook holds.
OF_JUPYTER = [
    # ipywidgets, when a widget closes that it had rendered twice: it emptied the output's node
    # and kept the first view, whose node then is not where Lumino looks for it.
    r"^\w+: (NotFoundError: )?Failed to execute 'removeChild'[^\n]*(\n\s+at \w+\.detachWidget|$)",
]
ASKS = "asks another machine:"
VIEWPORT = {"width": 1366, "height": 768}

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first test of a module, which opens a page and starts a kernel, its time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser with a profile that is empty and thrown away.

    It ends with the module: Playwright keeps an event loop running in this thread, and no other
    test of this process could run one of its own.
    """
    found = browsers.find()
    if found is None:
        (pytest.fail if in_ci() else pytest.skip)(browsers.NONE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def host(browser: Browser) -> Iterator[Host]:
    """One Jupyter for all tests of a module; nothing of it may be left."""
    host = Host()
    yield host
    left = host.end()
    assert not left, "left running by a kernel: " + "; ".join(left)


class Guard:
    """Listens to pages; `faults` is what none of them may do."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def forgive_opening(self) -> None:
        """Forget what a page said while it opened, before any of our code ran; not whom it asked.

        Notebook 7 stumbles over plugins that are not there yet.
        """
        self.faults[:] = [fault for fault in self.faults if fault.startswith(ASKS)]

    def listen(self, page: Page, not_ours: str | None = None) -> Page:
        """Take note of what this page does from now on; `not_ours` finds what it may do."""

        def note(fault: str) -> None:
            known = [*OF_JUPYTER, *([not_ours] if not_ours else [])]
            if not any(re.search(one, fault) for one in known):
                self.faults.append(fault)

        def hear(message: ConsoleMessage) -> None:
            if message.type == "error":
                note(f"console: {message.text} ({message.location.get('url', '')})")

        def look(url: str) -> None:
            parts = urlsplit(url)
            if parts.scheme not in ON_THIS_MACHINE and parts.hostname not in HERE:
                note(f"{ASKS} {url}")

        page.on("console", hear)
        page.on("pageerror", lambda error: note(f"exception: {error}"))
        page.on("request", lambda request: look(request.url))
        page.on("websocket", lambda socket: look(socket.url))
        return page


@pytest.fixture(scope="module")
def open_guarded(browser: Browser) -> Iterator[tuple[Callable[..., Page], Guard]]:
    """Opens pages for a whole module; `guarded` looks after them test by test."""
    guard, contexts = Guard(), []

    def open_page(not_ours: str | None = None, **options) -> Page:
        context = browser.new_context(viewport=VIEWPORT, **options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        return guard.listen(context.new_page(), not_ours)

    yield open_page, guard
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def guarded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose pages did what they must not (the first one also for their opening)."""
    _, guard = request.getfixturevalue("open_guarded")
    host = request.getfixturevalue("host") if "host" in request.fixturenames else None
    before = len(host.rate_warnings()) if host else 0
    yield
    faults = list(guard.faults)
    guard.faults.clear()
    if host:
        faults += host.rate_warnings()[before:]
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="module")
def open_page(open_guarded) -> Callable[..., Page]:
    """Opens a page of its own profile, which is listened to."""
    return open_guarded[0]


@pytest.fixture(scope="module")
def open_sheet(open_guarded, host: Host) -> Callable[..., Sheet]:
    """Opens a notebook: `open_sheet("lab", "notebooks/00_start_here.ipynb")`."""

    open_page, guard = open_guarded

    def open_sheet(app: str, path: str, **options) -> Sheet:
        sheet = Sheet(open_page(**options), host, app).open(path)
        guard.forgive_opening()
        return sheet

    return open_sheet
