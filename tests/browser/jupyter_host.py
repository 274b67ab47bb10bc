"""A Jupyter of the tests' own: JupyterLab, Notebook 7 and Voila behind one port, ended with all
that its kernels started.

Everything it keeps lies in a folder that is thrown away: settings, runtime files, the lessons'
copies, predictions. It listens on a port that the kernel chooses.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil

from reactorkit.lab.process import KeptProcess

ROOT = Path(__file__).resolve().parents[2]
START = 90  # seconds it may take to come up, on a busy machine
END = 30  # seconds that it, its kernels and their servers may take to end
READY = re.compile(r"http://127\.0\.0\.1:(\d+)/lab\?token=")
LIMIT = re.compile("IOPub (message|data) rate exceeded")

# What of the caller's environment is not for a Jupyter of the tests' own.
FOREIGN = ("JUPYTER", "IPYTHON", "REACTORKIT", "VOILA", "PYTEST")
SETTINGS = {
    "ServerApp": {"port": 0, "port_retries": 0, "answer_yes": True, "open_browser": False},
    # The page hands out its application, so that a test can run cells without guessing at menus.
    "LabApp": {"expose_app_in_browser": True, "extension_manager": "readonly"},
    "JupyterNotebookApp": {"expose_app_in_browser": True},
    # Notebook 7's extension does not fit into Voila's page.
    "VoilaConfiguration": {
        "show_tracebacks": True,
        "extension_denylist": ["@jupyter-notebook/lab-extension"],
    },
}


class Host:
    """One running Jupyter server, under a keeper: it ends with the tests, however they end."""

    def __init__(self, python: str = sys.executable) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="reactorkit-browser-"))
        self.root = self.folder / "root"
        self.token = secrets.token_hex(16)
        self.log: list[str] = []
        for name in ("notebooks", "exercises"):
            shutil.copytree(ROOT / name, self.root / name, ignore=_left_behind)
        self._write_settings()
        command = [python, "-P", "-m", "jupyterlab", "--no-browser"]
        command += [f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.root}"]
        if os.geteuid() == 0:
            command.append("--allow-root")
        foreign = [name for name in os.environ if name.startswith(FOREIGN)]
        without = [word for name in foreign for word in ("-u", name)]
        self.process = KeptProcess(
            ["env", *without, *self._variables(Path(python).parent), *command],
            on_line=lambda _, line: self.log.append(line),
            cwd=self.folder,
        )
        self.port = self._wait_until_ready()

    def _write_settings(self) -> None:
        folder = self.folder / "config"
        folder.mkdir()
        (folder / "jupyter_server_config.json").write_text(json.dumps(SETTINGS))

    def _variables(self, programs: Path) -> list[str]:
        """Return what the environment holds besides, as NAME=VALUE: a kit that starts afresh."""
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "REACTORKIT_HOME": "home",
        }
        made = {name: str(self.folder / place) for name, place in places.items()}
        path = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        made |= {"JUPYTER_PREFER_ENV_PATH": "1", "REACTORKIT_QUICK": "1", "PATH": path}
        return [f"{name}={value}" for name, value in made.items()]

    def _wait_until_ready(self) -> int:
        """Return the port, once the server says it; else end it and raise with its words."""

        def port() -> int | None:
            found = (READY.search(line) for line in list(self.log))
            return next((int(one[1]) for one in found if one), None)

        self.process.wait_until(lambda: port() is not None, START)
        found = port()
        if found is None:
            self.end()
            raise AssertionError("Jupyter did not come up:\n" + "\n".join(self.log[-40:]))
        return found

    def url(self, path: str) -> str:
        """Return the address of a page, with the token."""
        return f"http://127.0.0.1:{self.port}/{path}{'&' if '?' in path else '?'}token={self.token}"

    def write(self, name: str, *sources: str) -> str:
        """Write a notebook of these code cells; return its path, as `open_sheet` wants it."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.root / name)
        return name

    def forget(self) -> None:
        """Forget all predictions and outcomes, as for a new reader."""
        shutil.rmtree(self.folder / "home", ignore_errors=True)

    def rate_warnings(self) -> list[str]:
        """Return what the server said about messages that came too fast and were dropped."""
        return [line for line in self.log if LIMIT.search(line)]

    def descendants(self) -> list[psutil.Process]:
        """Return the kernels, the servers they started, and whatever those started."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def end(self) -> list[str]:
        """End the server, its kernels and all below; return what of these did not end by itself.

        Jupyter's own process may hang at its very end, on a worker thread of AnyIO's that nobody
        told to stop; everything has been shut down by then, and we wait only for the kernels.
        """
        below = self.descendants()
        self.process.ask(b"t")
        left = [_named(one) for one in wait_ended(below, END)]
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        return left


def wait_ended(processes: list[psutil.Process], timeout: float) -> list[psutil.Process]:
    """Wait until these have ended; return those that still run after `timeout` seconds.

    Whoever has adopted an orphan need not have asked for its status: a zombie has ended.
    """
    end = time.monotonic() + timeout
    while running := [one for one in processes if _runs(one)]:
        if time.monotonic() > end:
            break
        psutil.wait_procs(running, 0.1)
    return running


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _named(process: psutil.Process) -> str:
    """Return number and command of a process that may end at any moment."""
    try:
        return f"{process.pid} {' '.join(process.cmdline())}"
    except psutil.NoSuchProcess:
        return f"{process.pid}, which ended late"


def _left_behind(folder: str, names: list[str]) -> list[str]:
    """Return what is not to be copied: a reader's checkpoints."""
    return [name for name in names if name == ".ipynb_checkpoints"]
