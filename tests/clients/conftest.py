"""What the tests of the chat client share: clients as processes, on pipes and on terminals."""

import contextlib
import os
import pty
import re
import select
import socket
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from reactorkit.lab.server import Server

ROOT = Path(__file__).resolve().parents[2]
TIME = 30.0  # seconds that any wait may take, however busy the machine is


def command(port, user):
    return [sys.executable, "-P", "-m", "reactorkit", "chat", str(port), "--user", user]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "USER": "me"}


class Screen:
    """What a process has printed so far, and waits for more."""

    def __init__(self, descriptor):
        self.descriptor, self.bytes = descriptor, bytearray()

    @property
    def text(self):
        return self.bytes.decode().replace("\r\n", "\n")  # a terminal ends lines with both

    def shows(self, pattern):
        """Wait until a regular expression is found; AssertionError with the text if it is not."""
        self._wait(lambda: re.search(pattern, self.text, re.MULTILINE), pattern)

    def holds(self, size):
        """Wait for so many bytes."""
        self._wait(lambda: len(self.bytes) >= size, f"{size} bytes")

    def ends(self):
        """Wait for the end of the output, and return all of it."""
        self._wait(lambda: self.descriptor is None, "an end")
        return self.text

    def _wait(self, found, what):
        deadline = time.monotonic() + TIME
        while not found():
            assert self._reads(deadline), f"no {what} in {len(self.bytes)}: {self.text[-500:]!r}"

    def _reads(self, deadline):
        """Read what comes next; returns whether something has come in time, or the end."""
        if self.descriptor is None:
            return False
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self.descriptor], [], [], left)[0]:
            return False
        try:
            data = os.read(self.descriptor, 1 << 20)
        except OSError:  # EIO: the other end of a terminal is closed (Linux)
            data = b""
        self.bytes += data
        if not data:
            self.descriptor = None
        return True


class OnTerminal:
    """A chat client on a pseudo-terminal, as a person has it."""

    def __init__(self, port, user):
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command(port, user), stdin=slave, stdout=slave, stderr=slave, env=ENVIRONMENT
        )
        os.close(slave)
        self.screen = Screen(self._master)

    def types(self, text):
        os.write(self._master, text.encode())

    def presses_ctrl_d(self):
        os.write(self._master, termios.tcgetattr(self._master)[6][termios.VEOF])

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._master)


class OnPipes:
    """A chat client with three pipes, as a script has it."""

    def __init__(self, port, user="me", stdin=subprocess.PIPE):
        self.process = subprocess.Popen(
            command(port, user),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        self._typist = None
        self.screen = Screen(self.process.stdout.fileno())
        self.complaints = Screen(self.process.stderr.fileno())

    def types(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def types_from_a_thread(self, data):
        """Type more than a pipe holds, while the test reads what is printed."""

        def types():
            with contextlib.suppress(BrokenPipeError):  # the client has ended: the test says so
                self.types(data)

        self._typist = threading.Thread(target=types)
        self._typist.start()

    def ends_input(self):
        self.process.stdin.close()

    def status(self):
        return self.process.wait(TIME)

    def close(self):
        self.process.kill()
        self.process.wait()
        if self._typist is not None:
            self._typist.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what was typed after its end
                    pipe.close()


@pytest.fixture
def on_terminal():
    """Start chat clients on terminals; they end with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *args: stack.enter_context(contextlib.closing(OnTerminal(*args)))


@pytest.fixture
def on_pipes():
    """Start chat clients on pipes; they end with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(contextlib.closing(OnPipes(*args, **more)))


@pytest.fixture
def room():
    """A running chat_reactor."""
    with Server("chat_reactor") as server:
        yield server


@pytest.fixture
def scripted():
    """A listener for a server that the test itself plays."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIME)
        yield listener


@pytest.fixture
def eventually():
    """Wait until a fact holds; return whether it does."""

    def wait(true):
        deadline = time.monotonic() + TIME
        while not true():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait
