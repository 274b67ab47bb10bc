"""Deletes and overwrites what it can reach of the course, and leaves its mark where it can."""

import sys
import tempfile
from pathlib import Path

places = [
    Path(tempfile.gettempdir()),
    Path("/tmp"),
    Path("/var/tmp"),
    Path("/dev/shm"),
    Path.home(),
]
for place in places:
    try:
        (place / "reactorkit-was-here").write_text("hello")
    except OSError as error:
        print(error)
for folder in map(Path, sys.path):
    for path in folder.glob("reactorkit*/was-here"):
        path.unlink()


def serve(listener):
    listener.accept()
