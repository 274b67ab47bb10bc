"""Run pip or uv: show that it lives, and turn what can go wrong into a sentence.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class SetUpError(Exception):
    """The set-up cannot go on; the text says why and what to do.

    `elsewhere` tells whether the other installer may have more luck.
    """

    def __init__(self, text: str, *, elsewhere: bool = False) -> None:
        super().__init__(text)
        self.elsewhere = elsewhere


class Cause(NamedTuple):
    """Something outside the installer: the words that give it away, and what to tell the reader."""

    signs: tuple[str, ...]
    sentence: str
    elsewhere: bool = False


# The first that fits counts, so the plainer causes stand first.
CAUSES = (
    Cause(
        ("No space left on device", "os error 28", "Disk quota exceeded", "os error 122"),
        """\
The disk is full. The environment needs about 460 MB below {root}.
Make room, then run me again.""",
    ),
    Cause(
        ("Permission denied", "os error 13", "Read-only file system", "os error 30"),
        """\
Writing was refused. {root} and everything below it must be yours.
If an earlier run as root left .venv behind, remove it (sudo rm -r .venv), then run me again.""",
    ),
    Cause(
        (
            "Failed to establish a new connection",
            "NewConnectionError",
            "Temporary failure in name resolution",
            "Name or service not known",
            "nodename nor servname",
            "Network is unreachable",
            "Connection refused",
            "Could not resolve host",
            "dns error",
            "tcp connect error",
            "error sending request",
            "Failed to fetch",
            "ReadTimeoutError",
            "ConnectTimeoutError",
            "operation timed out",
            "ProxyError",
            "CERTIFICATE_VERIFY_FAILED",
            "invalid peer certificate",
            "(from versions: none)",
            "ENOTFOUND",
            "ECONNREFUSED",
            "EAI_AGAIN",
            "ETIMEDOUT",
            "Temporary failure resolving",
        ),
        """\
The package index did not answer, so the packages could not be fetched.
Is this machine online? Does it need a proxy (HTTPS_PROXY) or a mirror (PIP_INDEX_URL)?
Run me again when it is: what has been fetched already is kept.""",
        elsewhere=True,
    ),
    Cause(
        ("No matching distribution found", "No solution found", "has no wheels"),
        """\
The package index offers one of the pinned packages not for this Python ({version}) or system.
Python 3.11 to 3.13 are tested: choose one of them with `make lab PYTHON=python3.12`.""",
        elsewhere=True,
    ),
)

# Settings that are right for the reader's other work and wrong for an environment of its own.
LEADS_ASTRAY = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "VIRTUAL_ENV"}
SETTINGS = {
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONUNBUFFERED": "1",
}


def trouble(output: str) -> SetUpError:
    """Return the error for an installer that failed after printing `output`."""
    lowered = output.lower()
    for cause in CAUSES:
        if any(sign.lower() in lowered for sign in cause.signs):
            version = "{}.{}.{}".format(*sys.version_info[:3])
            text = cause.sentence.format(root=ROOT, version=version)
            return SetUpError(text, elsewhere=cause.elsewhere)
    last = "\n".join(output.strip().splitlines()[-20:])
    return SetUpError(f"Setting up failed. The last words were:\n\n{last}", elsewhere=True)


def run(command: list[str], what: str, total: int = 0) -> None:
    """Run an installer and show that it lives.

    Arguments:
        command: program and arguments.
        what: what is being done, for the line of progress.
        total: how many packages there are, 0 if that does not matter.

    Raises SetUpError when it fails.
    """
    env = {key: value for key, value in os.environ.items() if key not in LEADS_ASTRAY} | SETTINGS
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=env,
    )
    try:
        output = listen(process, Progress(what, total))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if process.returncode:
        raise trouble(output)


def listen(process: subprocess.Popen[bytes], progress: Progress) -> str:
    """Read what a process prints until it ends, moving the line of progress; return all of it."""
    assert process.stdout is not None
    output, pipe, started = b"", process.stdout.fileno(), time.monotonic()
    with process.stdout:
        while True:
            if select.select([pipe], [], [], 1.0)[0]:
                data = os.read(pipe, 65536)
                if not data:
                    break
                output += data
            progress.show(output, time.monotonic() - started)
    process.wait()
    progress.end()
    return output.decode("utf-8", "replace")


class Progress:
    """One line that keeps moving on a terminal; elsewhere a line every fifteen seconds."""

    # What is worth a glance in the words of pip and uv.
    WORDS = ("Collecting", "Downloading", "Using", "Building", "Installing", "Prepared", "Resolved")

    def __init__(self, what: str, total: int = 0) -> None:
        self.what = what
        self.total = total
        self.live = sys.stdout.isatty()
        self.next = 15.0

    def text(self, output: bytes, seconds: float) -> str:
        """Return the line: what is done, how long it takes, how far it is."""
        lines = output[-4000:].decode("utf-8", "replace").splitlines()
        doing = [line.strip() for line in lines if line.strip().startswith(self.WORDS)]
        # pip says `Processing` instead of `Collecting` for a file on this machine.
        seen = output.count(b"Collecting ") + output.count(b"Processing ")
        how_far = f"  {seen} of {self.total}" if self.total and seen else ""
        latest = f"  {doing[-1].split(' (')[0]}" if doing else ""
        return f"  {self.what}  {seconds:.0f} s{how_far}{latest}"

    def show(self, output: bytes, seconds: float) -> None:
        """Draw the line, if it is time."""
        text = self.text(output, seconds)[: shutil.get_terminal_size().columns - 1]
        if self.live:
            print(f"\r\x1b[K{text}", end="", flush=True)
        elif seconds >= self.next:
            self.next += 15
            print(text, flush=True)

    def end(self) -> None:
        """Remove the line."""
        if self.live:
            print("\r\x1b[K", end="", flush=True)
