"""Open JupyterLab at the first lesson: browser or not, root or not, enough descriptors."""

from __future__ import annotations

import contextlib
import os
import resource
import sys

from installer import ROOT

PYTHON = ROOT / ".venv" / "bin" / "python"
FIRST_PAGE = "notebooks/00_start_here.ipynb"
# Fewer descriptors than this (macOS gives 256) are too few for a lesson's crowds of clients.
ENOUGH_DESCRIPTORS = 1024
WISHED_DESCRIPTORS = 10_240

TOO_FEW = """\
One process may open only {soft} descriptors here, so the lessons use fewer clients.
To lift that, ask the administrator for a hard limit (ulimit -Hn) of 4096 or more."""


def raise_descriptors() -> str:
    """Raise a low limit of descriptors, which JupyterLab and all below it inherit.

    Returns a sentence if it stays too low, else an empty string.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= ENOUGH_DESCRIPTORS:
        return ""
    limit = WISHED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, WISHED_DESCRIPTORS)
    # A system may refuse what its own hard limit names (macOS: kern.maxfilesperproc).
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return TOO_FEW.format(soft=soft) if soft < ENOUGH_DESCRIPTORS else ""


def has_display() -> bool:
    """Whether a browser could open a window here."""
    if sys.platform == "darwin" or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def lab_command(arguments: list[str]) -> list[str]:
    """Return the command that opens JupyterLab at the first lesson."""
    # -P: the course's own folder is not for JupyterLab to import from.
    command = [str(PYTHON), "-P", "-m", "jupyterlab", "--log-level=WARN"]
    # One Ctrl-C ends it: the question whether to end would go unheard behind make.
    command.append("--ServerApp.answer_yes=True")
    command.append(f"--ServerApp.root_dir={ROOT}")
    if os.geteuid() == 0:
        command.append("--allow-root")
    if not has_display() and "--no-browser" not in arguments:
        command.append("--no-browser")
    # Jupyter opens the file that stands first: one that the reader names comes before ours.
    page = [FIRST_PAGE] if (ROOT / FIRST_PAGE).is_file() else []
    return command + arguments + page


def open_lab(arguments: list[str]) -> None:
    """Become JupyterLab, so that Ctrl-C and every other signal reach it directly."""
    if warning := raise_descriptors():
        print(warning)
    command = lab_command(arguments)
    print("Opening JupyterLab. Ctrl-C here ends it, and every server a lesson has started.")
    if "--no-browser" in command:
        print(f"Copy the last address below into a browser, and open {FIRST_PAGE} there.")
    sys.stdout.flush()
    # Kernels of this environment come before kernels of the same name in the home folder.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ["PATH"] = f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    for name in ("PYTHONHOME", "PYTHONPATH"):
        os.environ.pop(name, None)
    os.chdir(ROOT)
    os.execv(command[0], command)
