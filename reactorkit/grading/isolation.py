"""How a submission is kept apart from the judge, from other submissions, and from the machine.

The best way that the system has is found by trying, once, and is named in every report.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import reactorkit
from reactorkit.grading import apart

APART = [sys.executable, "-I", "-S", apart.__file__]
PACKAGE = Path(reactorkit.__file__).resolve().parent
# What no submission is to see: solutions, kept answers, other learners' files in work/. That is the
# course's folder, or the package where it is installed without it. Python may lie in there.
HIDDEN = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").exists() else PACKAGE
KEPT = Path(sys.prefix)
FIRST_UID, UIDS = 61_000, 4_000
TRY = ["-I", "-c", "import socket; open('tried', 'w').close()"]


@dataclass(frozen=True)
class Isolation:
    """One way to keep a submission apart.

    name: as the report says it. promise: what it keeps the submission from, in words.
    hides: whether it hides the course's files, and with them every solution.
    """

    name: str = "none"
    promise: str = "a process of its own, and nothing more: it could read and change your files"
    hides: bool = False

    def prepare(self, folder: Path) -> None:
        """Make the folder ready for it."""

    def wrap(self, command: Sequence[str], folder: Path) -> list[str]:  # noqa: ARG002
        """Return the command that runs this command apart; `folder` is all it may write to."""
        return list(command)

    def clean(self, folder: Path) -> None:
        """Remove the folder, and whatever else the submission may have left."""
        shutil.rmtree(folder, ignore_errors=True)

    def environment(self, folder: Path) -> dict[str, str]:
        """Return all the environment that it gets."""
        return {
            "PATH": os.defpath,
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }


CLOSED = (
    "no network, no other process, nothing of the course to read, and nothing to write to but its "
    "own folder"
)


class Bubblewrap(Isolation):
    """bubblewrap (bwrap(1)): namespaces, made by a program that many sandboxes stand on."""

    def __init__(self) -> None:
        super().__init__("bubblewrap", CLOSED, hides=True)

    def wrap(self, command: Sequence[str], folder: Path) -> list[str]:
        """See Isolation."""
        bwrap = shutil.which("bwrap") or "bwrap"
        places = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        hidden = ["--tmpfs", str(HIDDEN)]
        if HIDDEN in KEPT.parents:
            hidden += ["--ro-bind", str(KEPT), str(KEPT)]
        mine = ["--bind", str(folder), str(folder), "--chdir", str(folder)]
        mine += ["--remount-ro", str(HIDDEN)]
        inside = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
        return [bwrap, *inside, *places, *hidden, *mine, "--", *command]


class Namespaces(Isolation):
    """The same namespaces by apart.py (user_namespaces(7)), where bubblewrap is not installed."""

    def __init__(self) -> None:
        super().__init__("namespaces", CLOSED, hides=True)

    def wrap(self, command: Sequence[str], folder: Path) -> list[str]:
        """See Isolation."""
        return [*APART, "namespaces", str(folder), str(HIDDEN), str(KEPT), "--", *command]


class ThrowAwayUser(Isolation):
    """A user number of its own that owns nothing but its folder; for a judge that is root."""

    def __init__(self) -> None:
        super().__init__(
            "throw-away user",
            "a user that owns nothing but its own folder; it can read what everybody can, "
            "solutions too",
        )

    def prepare(self, folder: Path) -> None:
        """Give the folder to the user."""
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self._uid(folder), self._uid(folder))

    def wrap(self, command: Sequence[str], folder: Path) -> list[str]:
        """See Isolation."""
        return [*APART, "uid", str(self._uid(folder)), "--", *command]

    def clean(self, folder: Path) -> None:
        """Remove the folder, and what the user has put where everybody may write."""
        uid = self._uid(folder)  # while the folder is there: its number is the folder's
        shutil.rmtree(folder, ignore_errors=True)
        for place in {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"}:
            for path in Path(place).glob("*"):
                _remove_if_owned(path, uid)

    @staticmethod
    def _uid(folder: Path) -> int:
        """Return the number that belongs to a folder. Two have the same, 1 time in 4,000."""
        return FIRST_UID + folder.lstat().st_ino % UIDS if folder.exists() else -1


def _remove_if_owned(path: Path, uid: int) -> None:
    try:
        if path.lstat().st_uid != uid:
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    except FileNotFoundError:
        pass


WAYS: tuple[Callable[[], Isolation], ...] = (Bubblewrap, Namespaces, ThrowAwayUser)


def works(isolation: Isolation) -> bool:
    """Return whether this system can keep a process apart in this way; it is tried."""
    with tempfile.TemporaryDirectory(prefix="reactorkit-check-") as name:
        folder = Path(name)
        try:
            isolation.prepare(folder)
            ran = subprocess.run(
                isolation.wrap([sys.executable, *TRY], folder),
                cwd=folder,
                env=isolation.environment(folder),
                capture_output=True,
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return ran.returncode == 0 and (folder / "tried").exists()


@cache
def available() -> tuple[Isolation, ...]:
    """Return all the ways that work here, the best one first, and last: none."""
    return (*(one for one in (way() for way in WAYS) if works(one)), Isolation())


@cache
def best() -> Isolation:
    """Return the best way that this system has; those after it are not tried."""
    return next((one for one in (way() for way in WAYS) if works(one)), Isolation())
