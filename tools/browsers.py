"""Find or fetch the browser that the tests look at the lessons with: `make test` calls this.

The one that is installed is taken; else, as root on Debian, its package `chromium`; else
Playwright's own download. What was found is said in a sentence. Where there is none, that is
said too: the tests in browsers then do not run, and their run says so in its last lines. On a
machine that tests for others (CI=true) it is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from installer import SetUpError, run
from javascript import in_ci

NAMES = ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"]
ON_MACOS = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]
DEBIAN = Path("/etc/debian_version")

NONE = """\
THE TESTS IN BROWSERS CANNOT RUN: there is no Chromium or Chrome here.
Install one (Debian: sudo apt install chromium; macOS: brew install --cask google-chrome;
anywhere: .venv/bin/python -m playwright install chromium), or name one in REACTORKIT_BROWSER."""


class Browser(NamedTuple):
    """A browser that starts: where it is, and what it calls itself."""

    path: str
    version: str


def ask(path: str | None) -> Browser | None:
    """Return the browser at `path`, or None if there is none or it does not start."""
    if not path or not Path(path).exists():
        return None
    try:
        asked = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = asked.stdout.strip()
    # One inside a snap sees another /tmp than we do, and no folder of ours.
    usable = asked.returncode == 0 and version and not version.endswith(" snap")
    return Browser(path, version) if usable else None


def playwrights() -> str | None:
    """Return where Playwright's own Chromium is, or would be; None without Playwright."""
    code = "from playwright.sync_api import sync_playwright as start\n"
    code += "with start() as it: print(it.chromium.executable_path)"
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


def find() -> Browser | None:
    """Return a browser that is here already: the one that was named, the system's, Playwright's."""
    if named := os.environ.get("REACTORKIT_BROWSER"):
        return ask(named)
    paths = [shutil.which(name) for name in NAMES]
    if sys.platform == "darwin":
        paths += ON_MACOS
    return next((one for path in paths if (one := ask(path))), None) or ask(playwrights())


def from_debian() -> None:
    """Install Debian's package."""
    run(["apt-get", "update"], "asking Debian for its packages")
    quietly = ["env", "DEBIAN_FRONTEND=noninteractive"]
    package = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    run([*quietly, *package], "installing Debian's chromium")


def from_playwright() -> None:
    """Let Playwright fetch its own Chromium, into a folder of the reader's that projects share."""
    run([sys.executable, "-m", "playwright", "install", "chromium"], "fetching a Chromium")


def ways() -> list[tuple[str, object]]:
    """Return how a browser can be had here, best first."""
    debian = DEBIAN.exists() and shutil.which("apt-get") and os.geteuid() == 0
    return [*([("Debian", from_debian)] if debian else []), ("Playwright", from_playwright)]


def provide() -> tuple[Browser | None, list[str]]:
    """Return a browser, fetched if need be, and what went wrong on the way to it."""
    found, trouble = find(), []
    if found or os.environ.get("REACTORKIT_BROWSER"):
        return found, trouble
    for name, fetch in ways():
        try:
            fetch()
        except SetUpError as error:
            trouble.append(f"{name}: {error}")
        if found := find():
            return found, trouble
    return None, trouble


def main() -> int:
    """Say which browser there is; return 1 if one is missing that must not be."""
    found, trouble = provide()
    if found:
        print(f"The tests look through {found.version} ({found.path}).")
        return 0
    print("\n".join([NONE, *trouble]), file=sys.stderr)
    return 1 if in_ci() else 0


if __name__ == "__main__":
    sys.exit(main())
