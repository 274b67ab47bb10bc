"""Provide nbgrader for the tests: `make test` calls this.

It lies in a folder of its own, .nbgrader, and is laid over the environment only where a test runs
it: installed into .venv it would add buttons and a database to the JupyterLab that lessons are read
in. Where it cannot be fetched, that is said: the tests with it then do not run, and their run says
so in its last lines. On a machine that tests for others (CI=true) it is a failure.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from installer import ROOT, SetUpError, run
from javascript import in_ci
from set_up import find_uv

FOLDER = ROOT / ".nbgrader"
STAMP = FOLDER / ".made-from"
PINS = ROOT / "requirements-nbgrader.txt"

NONE = """\
THE TESTS WITH NBGRADER CANNOT RUN: it is not in .nbgrader. `make nbgrader` fetches it."""


def recipe() -> str:
    """Return what the folder is made from."""
    return hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()


def is_ready() -> bool:
    """Whether nbgrader is here, in the version that is pinned, for this Python."""
    return STAMP.is_file() and STAMP.read_text() == recipe()


def provide() -> None:
    """Fetch it, if need be.

    Raises SetUpError when that is not possible here and now.
    """
    if is_ready():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    # All that it needs besides is pinned in the environment already.
    options = ["--no-deps", "--target", str(FOLDER), "-r", str(PINS)]
    if uv := find_uv():
        command = [uv, "pip", "install", "--python", sys.executable, *options]
    else:
        command = [sys.executable, "-m", "pip", "install", "--progress-bar", "off", *options]
    run(command, "fetching nbgrader")
    STAMP.write_text(recipe())


def over(environ: dict[str, str]) -> dict[str, str]:
    """Return the variables of a process with nbgrader laid over its environment.

    nbgrader starts `alembic` by its name, so its programs have to be in reach.
    """
    programs = [str(FOLDER / "bin"), str(Path(sys.executable).parent)]
    path = os.pathsep.join([*programs, environ.get("PATH", os.defpath)])
    return {**environ, "PYTHONPATH": str(FOLDER), "PATH": path}


def main() -> int:
    """Say that it is here; return 1 if it is missing and must not be."""
    try:
        provide()
    except SetUpError as error:
        print(f"{NONE}\n{error}", file=sys.stderr)
        return 1 if in_ci() else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
