"""A stage that runs as an instructor starts it, and the browser to look at it with."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import psutil
import pytest


class RunningStage:
    """`python -m reactorkit demo NAME --no-browser`, and what runs below it."""

    def __init__(self, name):
        command = [sys.executable, "-P", "-m", "reactorkit", "demo", name, "--no-browser"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self.said, self.seen = [], {}
        self.address = self._read_address()

    def _read_address(self):
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(r"http://\S+", line):
                return found[0]
        raise AssertionError(f"the stage ended: {self.said}")

    @property
    def path(self):
        parts = urlsplit(self.address)
        return f"{parts.path}?{parts.query}"

    def ask(self, method, path):
        """Return status and text of an answer of the stage's server."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def open(self):
        """Ask for the page as a browser would; returns the id of its kernel."""
        status, text = self.ask("GET", self.path)
        assert status == 200
        assert "widget-view+json" in text
        config = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', text, re.S)
        return json.loads(config[1])["kernelId"]

    def below(self, word=""):
        """Return the processes below the stage whose command has this word, and remember them."""
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        for one in found:
            self.seen[one.pid] = one
        return [one for one in found if word in _command(one)]

    def servers(self):
        return self.below("reactorkit.probe")

    def left(self):
        """Return what is alive of everything that was ever seen below the stage."""
        return [one for one in self.seen.values() if _alive(one)]

    def interrupt(self):
        """Press Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)

    def end(self):
        self.below()
        if self.process.poll() is None:
            self.interrupt()
        self.process.stdout.close()
        for one in self.left():
            one.kill()


def _command(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def start_stage():
    """Starts the stage; it is ended, with everything below it, after the test."""
    started = []

    def start(name="two_messages"):
        started.append(RunningStage(name))
        return started[-1]

    yield start
    for stage in started:
        stage.end()


@pytest.fixture(scope="module")
def stage():
    """One stage for the tests of a module: each opens a page, and a kernel, of its own."""
    stage = RunningStage("two_messages")
    yield stage
    stage.end()


@pytest.fixture
def eventually():
    """Wait until a fact holds, at most `seconds`; return whether it does."""

    def wait(true, seconds=30):
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    return wait


@pytest.fixture(scope="module")
def browser():
    """A browser with an empty profile; without one the test does not run, and says so."""
    import browsers
    from playwright.sync_api import sync_playwright

    found = browsers.find()
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(browsers.NONE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
