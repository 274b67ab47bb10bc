"""Judge many answers: each by a `check` in a process of its own, with a deadline, a few at once.

So whatever happens to a judge, the others go on. A keeper ends them all with this process.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reactorkit.grading import catalog
from reactorkit.grading.classroom.collect import Answer
from reactorkit.lab.process import KeptProcess

EXTRA = 60.0  # seconds beside those that the checks have themselves
Record = dict[str, Any]
_running: set[KeptProcess] = set()


@dataclass(frozen=True)
class Job:
    """One judgement that is due."""

    key: str
    learner: str
    answer: Answer


def run(jobs: Iterable[Job], at_once: int) -> Iterator[Record]:
    """Yield a record for each job, as they come: {"key", "learner", "exercise", "result"}.

    `result` is as `check --json` has it. It is None when the judge itself failed, and then
    `problem` says how.
    """
    with ThreadPoolExecutor(at_once, thread_name_prefix="judge") as pool:
        running = [pool.submit(_judge, job) for job in jobs]
        try:
            for one in as_completed(running):
                yield one.result()
        except BaseException:  # Ctrl-C, most likely: what runs is ended, the rest never begins
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_running):
                process.kill()
            raise


def _judge(job: Job) -> Record:
    exercise = catalog.get(job.answer.exercise)
    deadline = EXTRA + sum(check.seconds for check in exercise.checks)
    with tempfile.TemporaryDirectory(prefix="reactorkit-grade-") as folder:
        path = Path(folder, exercise.file_name)
        path.write_text(job.answer.source, encoding="utf-8", newline="")
        command = ["-P", "-m", "reactorkit", "check", exercise.id, str(path), "--json"]
        status, out, err = _ran([sys.executable, *command], folder, deadline)
    record = {"key": job.key, "learner": job.learner, "exercise": exercise.id}
    try:
        result = json.loads(out) if status in (0, 1) else None
    except ValueError:
        result = None
    if result is None:
        ended = "took too long" if status is None else f"ended with status {status}"
        problem = f"The judge {ended}. {err.strip()[-500:]}".strip()
        return {**record, "result": None, "problem": problem}
    return {**record, "result": {**result, "file": job.answer.name}}


def _ran(command: list[str], folder: str, deadline: float) -> tuple[int | None, str, str]:
    """Return status (None: not in time), output, and complaints."""
    told: dict[str, list[str]] = {"out": [], "err": []}

    def hear(stream: str, line: str) -> None:
        told[stream].append(line)

    process = KeptProcess(command, on_line=hear, cwd=folder)
    _running.add(process)
    try:
        status = process.wait(deadline)
    finally:
        process.kill()  # when it has ended by itself, this does nothing
        _running.discard(process)
    return status, "\n".join(told["out"]), "\n".join(told["err"])
