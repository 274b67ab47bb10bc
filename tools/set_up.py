"""Make the environment in .venv and keep it right.

Standard library only: this runs before anything is installed. Called by bootstrap.py as

    lab [--] [arguments for JupyterLab]     set up what a learner needs, open the lessons
    environment                             the same, but open nothing
    tests                                   set up what the tests need besides
    peers                                   set up the servers of other people besides

The environment carries a stamp, a hash of everything it was made from. While the stamp fits,
a start costs no more than reading a few small files. A set-up that was interrupted leaves its
`unfinished` mark behind; the next one then starts from nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from installer import ROOT, SetUpError, run, trouble
from open_lab import open_lab

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
REQUIREMENTS = {
    "lab": ["requirements.txt"],
    "peers": ["requirements.txt", "requirements-peers.txt"],
    "tests": ["requirements.txt", "requirements-test.txt", "requirements-peers.txt"],
}
COMMANDS = {"lab": "lab", "environment": "lab", "tests": "tests", "peers": "peers"}
OLDEST = (3, 11)
# The pip that Python 3.11 brings compares each file of an index with each system it could be for:
# 64 s for all that the tests need, and 39 s with a pip that remembers, fetching it included.
QUICK_PIP = "pip>=24.3,<27"

NO_VENV = """\
This Python ({python}) cannot make environments: its `ensurepip` is missing.
On Debian and Ubuntu:  sudo apt install python3-venv
Then run me again. (With uv installed it is not needed.)"""


def say(text: str) -> None:
    """Print a sentence at once."""
    print(text, flush=True)


# --- Is the environment right? ---


def stamp_path(purpose: str) -> Path:
    """Return where the stamp for `lab` or `tests` lies."""
    return VENV / f".made-for-{purpose}"


def read_stamp(purpose: str) -> dict[str, str]:
    """Return the stamp for `lab` or `tests`; empty when there is none that can be read."""
    try:
        return dict(json.loads(stamp_path(purpose).read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def recipe(purpose: str) -> dict[str, str]:
    """Return what the environment is made from; equal recipes make equal environments."""
    digest = hashlib.sha256()
    for name in [*REQUIREMENTS[purpose], "pyproject.toml"]:
        digest.update((ROOT / name).read_bytes())
    digest.update(json.dumps(SETTINGS).encode())
    # Scripts in .venv/bin carry its path, so an environment that was moved is broken.
    return {"files": digest.hexdigest(), "place": str(VENV)}


def this_python() -> str:
    """Return the version of the running Python, as in "3.12"."""
    return "{}.{}".format(*sys.version_info[:2])


def chosen() -> bool:
    """Whether the reader has named a Python (`make lab PYTHON=...`) rather than taken what is."""
    return bool(os.environ.get("REACTORKIT_PYTHON_CHOSEN"))


def is_ready(purpose: str) -> bool:
    """Whether .venv is finished, stands where it was made, and fits the requirement files."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    stamp = read_stamp(purpose)
    if chosen() and stamp.get("python") != this_python():
        return False
    return all(stamp.get(key) == value for key, value in recipe(purpose).items())


def made_with() -> str:
    """Return the version of the Python in .venv, or "" when there is none that runs."""
    command = [str(PYTHON), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def why_anew() -> str:
    """Return why .venv cannot be kept and brought up to date, or "" if it can."""
    if not VENV.exists():
        return "There is no environment yet."
    if UNFINISHED.exists():
        return "An earlier set-up did not finish: starting again from nothing."
    version = made_with()
    if not version:
        return "The Python in .venv does not run any more: making it anew."
    if tuple(map(int, version.split("."))) < OLDEST:
        return f"The environment was made with Python {version}, which is too old: making it anew."
    if chosen() and version != this_python():
        return (
            f"The environment was made with Python {version}: making it anew with {this_python()}."
        )
    places = {read_stamp(purpose).get("place", str(VENV)) for purpose in REQUIREMENTS}
    if places != {str(VENV)}:
        return "The folder was moved since the environment was made: making it anew."
    return ""


# --- Make it so. ---


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the set-up's lock, so that two terminals do not build one environment."""
    with (ROOT / "pyproject.toml").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this folder is running: waiting until it is done.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def find_uv() -> str | None:
    """Return the path of uv, or None. REACTORKIT_NO_UV=1 sets up as if there were none."""
    return None if os.environ.get("REACTORKIT_NO_UV") == "1" else shutil.which("uv")


def can_make_venv() -> bool:
    """Whether this Python brings what `python -m venv` needs (Debian packs it separately)."""
    return importlib.util.find_spec("ensurepip") is not None


def empty_folder(folder: Path) -> None:
    """Remove what is in a folder; the folder stays, as it may be a link to a roomier disk."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def make_environment(uv: str | None) -> None:
    """Make an empty .venv with this Python, marked unfinished.

    Raises SetUpError when this Python cannot make one.
    """
    if uv is None and not can_make_venv():
        raise SetUpError(NO_VENV.format(python=sys.executable))
    VENV.mkdir(exist_ok=True)
    empty_folder(VENV)
    UNFINISHED.touch()
    if uv is None:
        run([sys.executable, "-m", "venv", str(VENV)], "making .venv")
        hurry()
    else:
        making = [uv, "venv", "--allow-existing", "--python", sys.executable, str(VENV)]
        run(making, "making .venv")


def pip_install() -> list[str]:
    """Return how a command begins that installs with the environment's own pip."""
    return [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off", "--no-compile"]


def hurry() -> None:
    """Give the environment a pip that is quick, where it has none and the index offers one."""
    try:
        run([*pip_install(), QUICK_PIP], "fetching a quicker pip")
    except SetUpError:
        say("A quicker pip could not be fetched; going on with the one that is here.")


def install(purpose: str, uv: str | None) -> None:
    """Install the pins for `purpose`, then the kit itself, editable."""
    start = pip_install() if uv is None else [uv, "pip", "install", "--python", str(PYTHON)]
    files = [word for name in REQUIREMENTS[purpose] for word in ("-r", name)]
    run([*start, *files], "fetching and installing", count_pins(purpose))
    # The build backend is among the pins, so this needs no network and no second environment.
    run([*start, "--no-deps", "--no-build-isolation", "--editable", "."], "installing reactorkit")
    run([str(PYTHON), "tools/compile_installed.py"], "compiling")
    # matplotlib looks through the fonts once per machine; better here than under a first picture.
    look = "from importlib.util import find_spec as there\n"
    look += "if there('matplotlib'): import matplotlib.font_manager"
    run([str(PYTHON), "-c", look], "looking for fonts")


def count_pins(purpose: str) -> int:
    """Return how many packages the requirement files pin."""
    texts = [(ROOT / name).read_text() for name in REQUIREMENTS[purpose]]
    return sum("==" in line.split("#")[0] for text in texts for line in text.splitlines())


def has_pip() -> bool:
    """Whether .venv has a pip of its own (uv makes environments without)."""
    asked = subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True, check=False)
    return asked.returncode == 0


def build(purpose: str, uv: str | None, *, anew: bool) -> None:
    """Make .venv anew or bring it up to date, with uv or, without it, with pip.

    Raises SetUpError when that is not possible.
    """
    if anew or (uv is None and not has_pip()):
        make_environment(uv)
    UNFINISHED.touch()
    install(purpose, uv)


def make_ready(purpose: str) -> None:
    """Bring .venv to what the requirement files say.

    Raises SetUpError when that is not possible here and now.
    """
    started, uv, reason = time.monotonic(), find_uv(), why_anew()
    if reason:
        say(reason)
    say(
        f"{'Setting up' if reason else 'Updating'} .venv: {count_pins(purpose)} packages with "
        + ("uv." if uv else "pip. This takes one to three minutes, once.")
    )
    try:
        build(purpose, uv, anew=bool(reason))
    except SetUpError as error:
        if uv is None or not error.elsewhere or not can_make_venv():
            raise
        say("uv could not do it. Trying once more, with pip.")
        build(purpose, None, anew=True)
    write_settings()
    for made, files in REQUIREMENTS.items():
        if set(files) <= set(REQUIREMENTS[purpose]):
            stamp_path(made).write_text(json.dumps(recipe(made) | {"python": made_with()}))
    UNFINISHED.unlink()
    say(f"Done after {time.monotonic() - started:.0f} s. The next start skips this.")


# Settings inside .venv: no question about news and no look-up of updates when JupyterLab opens;
# notebooks saved soon after a change, since check() can tell only then that a cell was edited and
# not run; no warning in the terminal that a kernel on this very machine talks to us unencrypted;
# and no kernel that may stop listening (reactorkit/lab/kernel.py).
SETTINGS: dict[str, dict[str, object]] = {
    "share/jupyter/lab/settings/overrides.json": {
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
        },
        "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 10},  # seconds
    },
    "etc/ipython/ipython_kernel_config.json": {
        "IPKernelApp": {"log_level": "ERROR", "extensions": ["reactorkit.lab.kernel"]}
    },
}


def write_settings() -> None:
    """Write the settings of the course into the environment."""
    for name, settings in SETTINGS.items():
        path = VENV / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings, indent=2) + "\n")


def ready(purpose: str) -> None:
    """Make .venv right if it is not.

    Raises SetUpError for every trouble.
    """
    if is_ready(purpose):
        return
    try:
        with alone():
            if not is_ready(purpose):
                make_ready(purpose)
    except OSError as error:
        raise trouble(str(error)) from error


def main(arguments: list[str]) -> int:
    """Do what the first argument says; return the exit status."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in COMMANDS or (rest and command != "lab"):
        say("Say `lab`, with arguments for JupyterLab if you like, or `environment`,")
        say("or `tests`, or `peers`.")
        return 2
    try:
        ready(COMMANDS[command])
        if command == "lab":
            open_lab(rest[1:] if rest[:1] == ["--"] else rest)
    except SetUpError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run me again to go on; what is half made is put right.", file=sys.stderr)
        return 130
    return 0
