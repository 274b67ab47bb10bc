"""Judge every kept submission again and again on a busy machine: `make test-grading`.

All right solutions get all points, all wrong ones are caught by the check that is named for them,
all starters are unattempted; and no outcome of any check differs from the one before it. Each
judgement is a `python -m reactorkit check` of its own, as when a class is graded.

    make test-grading ARGS="--times 3 --only x06 x02-wrong"

What was judged is kept in .test-grading until the run has come to its end: after an interruption
the same command goes on from there. A change in the kit, or in a submission, is judged afresh.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from kept_submissions import Kept, Verdict, kept
from tqdm import tqdm

from reactorkit.grading.classroom import run
from reactorkit.grading.classroom.collect import Answer
from reactorkit.grading.classroom.store import Store, alone
from reactorkit.grading.results import FAILED, PASSED, CheckResult, story_lines
from reactorkit.grading.story import Step
from reactorkit.lab.process import KeptProcess

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".test-grading"
JUDGES = ("grading", "lab", "launcher.py", "errors.py")  # what a verdict depends on
SPIN = [sys.executable, "-I", "-S", "-c", "while True: pass"]


def main(argv: list[str] | None = None) -> int:
    """Judge, report, and return 1 if a verdict was not as it has to be, or not as before."""
    arguments = _arguments(argv)
    chosen = [one for one in kept() if _wanted(str(one), arguments.only)]
    if not chosen:
        print(f"No kept submission is called {' or '.join(arguments.only)}.", file=sys.stderr)
        return 2
    with alone(FOLDER), busy(arguments.load):
        tally = Tally(chosen)
        store = Store(FOLDER)
        for record in judged(chosen, arguments.times, arguments.jobs, store):
            tally.add(record)
    print(tally.text())
    shutil.rmtree(FOLDER)
    return int(bool(tally.changes))


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test-grading", description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=20, help="how often each is judged (20)")
    parser.add_argument("--only", nargs="+", default=[""], help="those whose names begin so")
    parser.add_argument("--jobs", type=int, default=1, help="judgements at once (1)")
    cores = os.cpu_count() or 1
    parser.add_argument("--load", type=int, default=cores, help=f"cores kept busy ({cores})")
    return parser.parse_args(argv)


def _wanted(name: str, begins: list[str]) -> bool:
    return name.startswith(tuple(begins))


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep that many cores busy meanwhile."""
    with ExitStack() as stack:
        for _ in range(cores):
            stack.callback(KeptProcess(SPIN).kill)
        yield


def judged(chosen: list[Kept], times: int, jobs: int, store: Store) -> Iterator[dict[str, Any]]:
    """Yield a record for each judgement, those that the store has first; round by round."""
    judges = _digest_of_judges()
    due: list[run.Job] = []
    for number in range(times):
        for one in chosen:
            answer = Answer(one.exercise.id, one.read().source, str(one))
            parts = f"{judges} {number} {one} {answer.digest}"
            key = hashlib.sha256(parts.encode()).hexdigest()
            if (record := store.get(key)) is not None:
                yield record
            else:
                due.append(run.Job(key, str(one), answer))
    known = len(chosen) * times - len(due)
    if known:
        print(f"{known} verdicts are known from the run that was interrupted.")
    bar = tqdm(run.run(due, jobs), total=len(due), desc="judging", disable=None, file=sys.stdout)
    for done, record in enumerate(bar, start=known + 1):
        store.add(record)
        yield record
        if bar.disable and done % len(chosen) == 0:  # a log file gets a line a round
            print(f"{done} of {len(chosen) * times} judged", flush=True)


def _digest_of_judges() -> str:
    found = hashlib.sha256()
    for name in JUDGES:
        top = ROOT / "reactorkit" / name
        for path in sorted([top] if top.is_file() else top.rglob("*.*")):
            if path.suffix in (".py", ".toml"):
                found.update(path.read_bytes())
    return found.hexdigest()


class Tally:
    """Counts verdicts, and says at once when one is not as it has to be."""

    def __init__(self, chosen: list[Kept]) -> None:
        self._known = {str(one): one for one in chosen}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in self._known}
        self._seconds: Counter[str] = Counter()
        self.changes = 0

    def add(self, record: dict[str, Any]) -> None:
        """Count one judgement."""
        name, result = record["learner"], record["result"]
        if result is None:
            self._complain(name, record["problem"], [])
            return
        checks = result["checks"]
        verdict = {one["id"]: one["outcome"] for one in checks}
        counts = self._counts[name]
        complaint = self._known[name].complaint(verdict)
        if not complaint and counts and in_words(verdict) not in counts:
            complaint = f"{in_words(verdict)}, and before: {next(iter(counts))}"
        counts[in_words(verdict)] += 1
        self._seconds[name] += result["seconds"]
        if complaint:
            self._complain(name, complaint, checks)

    def _complain(self, name: str, complaint: str, checks: list[dict[str, Any]]) -> None:
        self.changes += 1
        lines = [f"\nCHANGED  {name}: {complaint}"]
        for one in checks:
            if one["outcome"] not in (PASSED, "skipped", "unattempted"):
                steps = [Step(**step) for step in one["steps"]]
                lines += story_lines(CheckResult(**{**one, "steps": steps}))
        tqdm.write("\n".join(lines), file=sys.stdout)

    def text(self) -> str:
        """Return the counts of every submission, and how long one judgement of it took."""
        width = max(map(len, self._known))
        lines = [""]
        for name, counts in self._counts.items():
            number = counts.total() or 1
            told = "; ".join(f"{count} times {what}" for what, count in counts.most_common())
            lines.append(f"{name:<{width}}  {self._seconds[name] / number:5.1f} s  {told}")
        total = sum(counts.total() for counts in self._counts.values())
        end = f"{self.changes} of them changed." if self.changes else "not one of them changed."
        return "\n".join([*lines, "", f"{total} verdicts, {end}"])


def in_words(verdict: Verdict) -> str:
    """Return a verdict as a line has it: what failed, or what all of them are."""
    failed = [name for name, outcome in verdict.items() if outcome == FAILED]
    found = sorted(set(verdict.values()))
    return f"failed {', '.join(failed)}" if failed else " and ".join(found)


if __name__ == "__main__":
    sys.exit(main())
