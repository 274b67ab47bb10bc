"""A check once more, with the server's inside in view: the failing run as a recording."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reactorkit.grading import catalog
from reactorkit.grading.blame import Sight
from reactorkit.grading.judge import function_of
from reactorkit.grading.stage import ServerStage
from reactorkit.grading.story import Story, Unmet
from reactorkit.grading.submission import Submission
from reactorkit.lab import workspace
from reactorkit.lab.server import Server


class WatchedStage(ServerStage):
    """A stage whose server is watched. It is not kept apart: it is the learner's own, at home."""

    def __init__(
        self,
        source: str,
        name: str,
        story: Story,
        rng: random.Random,
        descriptors: int | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="reactorkit-replay-"))
        file = self.folder / name  # the board calls the server by it
        file.write_text(source)
        try:
            self.server = Server(file, watch=True, descriptors=descriptors)
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

    def sight(self) -> Sight:
        """See ServerStage."""
        return Sight(ended=self.why_ended())

    def end(self) -> None:
        """See ServerStage."""
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Replay:
    """A check that was run once more. path: its recording. got: what failed, or empty."""

    path: Path
    got: str

    @property
    def sentence(self) -> str:
        """What came of it, and what to do with it."""
        if not self.got:
            return (
                "This time the check has passed: what happens only sometimes depends on who comes "
                "first. Run it again until you have caught it."
            )
        return f"It has failed again: {self.got}. Pause it, step through it, go back."


def can_be_shown(exercise_id: str) -> bool:
    """Return whether there is a server for the board to look into."""
    return catalog.get(exercise_id).kind == "server"


def record(submission: Submission, exercise_id: str, check_id: str) -> Replay:
    """Run a check of a server on the board's instruments; its recording is in work/replays.

    Raises KitError when the server does not start.
    """
    exercise = catalog.get(exercise_id)
    check = next(one for one in exercise.checks if one.id == check_id)
    folder = workspace.work() / "replays"
    folder.mkdir(exist_ok=True)
    path = folder / f"{exercise_id}_{check_id}.jsonl.gz"
    got = ""
    few = check.descriptors or None
    name, rng = exercise.file_name, random.Random()
    with WatchedStage(submission.source, name, Story(), rng, few) as stage:
        try:
            function_of(exercise, check)(stage)
        except Unmet as unmet:  # that is what is to be seen
            got = stage.blamed(unmet).got
        watched = stage.server.watched
        assert watched is not None
        stage.server.stop()  # what it has seen last is told at its end
        watched.until_state(lambda state: state["ended"] is not None)
        watched.save(path)
    return Replay(path, got)
