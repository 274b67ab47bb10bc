"""A check once more, with the server's inside in view: the failing run as a recording."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from pathlib import Path

from reactorkit.grading import catalog
from reactorkit.grading.judge import function_of
from reactorkit.grading.stage import ServerStage
from reactorkit.grading.story import Story, Unmet
from reactorkit.grading.submission import Submission
from reactorkit.lab import workspace
from reactorkit.lab.server import Server


class WatchedStage(ServerStage):
    """A stage whose server is watched. It is not kept apart: it is the learner's own, at home."""

    def __init__(self, source: str, story: Story, rng: random.Random) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="reactorkit-replay-"))
        file = self.folder / "submission.py"
        file.write_text(source)
        try:
            self.server = Server(file, watch=True)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.prepare(story, rng, self.server.address)

    def process_id(self) -> int | None:
        """See ServerStage."""
        return self.server.pid if self.server.alive else None

    def why_ended(self) -> str | None:
        """See ServerStage."""
        return None if self.server.alive else "it has ended"

    def end(self) -> None:
        """See ServerStage."""
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def record(submission: Submission, exercise_id: str, check_id: str) -> Path | None:
    """Run a check of a server on the board's instruments; return the recording, in work/replays.

    None for exercises without a server. Raises KitError when the server does not start.
    """
    exercise = catalog.get(exercise_id)
    if exercise.kind != "server":
        return None
    check = next(one for one in exercise.checks if one.id == check_id)
    folder = workspace.work() / "replays"
    folder.mkdir(exist_ok=True)
    path = folder / f"{exercise_id}_{check_id}.jsonl.gz"
    with WatchedStage(submission.source, Story(), random.Random()) as stage:
        with contextlib.suppress(Unmet):  # that is what is to be seen
            function_of(exercise, check)(stage)
        assert stage.server.watched is not None
        stage.server.watched.save(path)
    return path
