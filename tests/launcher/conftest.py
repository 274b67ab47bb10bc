"""What the launcher's tests share: files to serve, and processes that end with the test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def write(tmp_path):
    def file(source, name="my_server.py"):
        path = tmp_path / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return str(path)

    return file


@pytest.fixture
def launch(tmp_path):
    """Start `serve ...` in an empty folder; whatever still runs afterwards is killed."""
    running = []

    def start(*words, **options):
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "reactorkit", "serve", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            **options,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
