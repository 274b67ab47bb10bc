"""The load generator: compiled from load.c on first use, or its stand-in in Python."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).with_name("load.c")
STAND_IN = Path(__file__).with_name("slow_load.py")
FLAGS = ("-O2", "-std=gnu11")


class Generator(NamedTuple):
    """A command that makes load; `warning` says why its figures deserve doubt, or is empty."""

    command: tuple[str, ...]
    warning: str = ""


@cache
def generator() -> Generator:
    """Return the load generator; what is compiled is kept for the next time."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return stand_in("there is no C compiler (Debian, Ubuntu: sudo apt install gcc)")
    digest = hashlib.sha256(SOURCE.read_bytes() + compiler.encode()).hexdigest()[:16]
    program = cache_folder() / f"load-{digest}"
    if not program.exists() and (words := compile_to(program, compiler)):
        return stand_in(f"{compiler} could not compile load.c: {words}")
    return Generator((str(program),))


def stand_in(reason: str) -> Generator:
    """Return the generator in Python, with a warning."""
    return Generator(
        (sys.executable, "-P", str(STAND_IN)),
        f"THE LOAD COMES FROM PYTHON, because {reason}. It is slower than most servers here, so "
        "that the rates below are its own, and ratios are nearer to 1 than they should be.",
    )


def cache_folder() -> Path:
    """Return the folder for what is made once for each user, made if it is missing."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "reactorkit"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a home that cannot be written: then it is made anew each time
        folder = Path(tempfile.mkdtemp(prefix="reactorkit-"))
    return folder


def compile_to(program: Path, compiler: str) -> str:
    """Compile load.c; return the compiler's first complaint, or "" when all went well."""
    # Beside its place and then moved there: two that compile at once do not disturb each other.
    handle, name = tempfile.mkstemp(dir=program.parent)
    os.close(handle)
    draft = Path(name)
    command = [compiler, *FLAGS, "-o", name, str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        draft.unlink(missing_ok=True)
        complaints = [line for line in done.stderr.splitlines() if "error" in line]
        return complaints[0] if complaints else f"it ended with status {done.returncode}"
    draft.chmod(0o700)
    draft.replace(program)
    return ""
