"""`python -m reactorkit grade SUBMISSIONS --out DIR`: judge a class, and write it up."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tqdm import tqdm

from reactorkit.errors import KitError
from reactorkit.grading import course as courses
from reactorkit.grading.classroom import gradebook, reports, rosters, run, store
from reactorkit.grading.classroom.collect import Learner, by_person, collect
from reactorkit.grading.classroom.marks import Record, Row, row
from reactorkit.grading.classroom.run import Job
from reactorkit.grading.results import ERROR

ABOUT = """\
SUBMISSIONS is a folder or zip with a folder (or file, or zip) for each learner, as Canvas and
Moodle hand it out: notebooks, .py files and zips in any mixture.

DIR gets gradebook.csv, canvas.csv, moodle.csv, results.json, summary.html, and reports/ with a page
for each learner. Stop it whenever you like: the same command goes on where it was, and judges
again only what has changed.
"""


def grade(argv: Sequence[str] | None = None) -> int:
    """Judge every submission that needs it; returns 1 when somebody has to look at one."""
    given = _arguments(argv)
    course = courses.load(given.course) if given.course else courses.whole()
    for title in course.empty:
        print(f"The lab {title!r} has no exercise in this copy of the course: it counts nothing.")
    roster = rosters.load(given.roster) if given.roster else rosters.Roster()
    with store.alone(given.out):
        learners = collect(given.submissions, course.exercises)
        people = rosters.match(roster, [one.author for one in learners.values()])
        learners = by_person(learners, {key: one.key for key, one in people.items()})
        kept = store.Store(given.out)
        jobs = _due(learners, kept)
        try:
            _judge(jobs, kept, given.jobs, sum(len(one.answers) for one in learners.values()))
        except KeyboardInterrupt:
            raise KitError("Stopped. What was judged is kept; the same command goes on.") from None
        everybody = {one.key: one for one in (*roster.people, *people.values())}
        rows = [
            row(course, person, learners.get(key), _records(key, learners.get(key), kept))
            for key, person in everybody.items()
        ]
        gradebook.write(given.out, course, rows, roster)
        reports.write(given.out, course, rows)
    return _tell(given.out, rows, len(jobs))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit grade",
        description="Judge the submissions of a class.",
        epilog=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    jobs = f"how many are judged at once ({at_once()})"
    parser.add_argument("--jobs", type=_positive, default=at_once(), metavar="N", help=jobs)
    parser.add_argument("--course", type=Path, metavar="course.toml", help="what counts, and when")
    parser.add_argument("--roster", type=Path, metavar="FILE", help="CSV: who is in the class")
    return parser.parse_args(argv)


def at_once() -> int:
    """Return how many are judged at once unless told: three for two cores.

    A judge waits for more than half of its time. On two cores, 100 submissions of x06 take 260 s
    with two at once and 183 s with three (benchmarks/grading_speed.py).
    """
    return 3 * (os.cpu_count() or 1) // 2


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _due(learners: dict[str, Learner], kept: store.Store) -> list[Job]:
    """Return what has to be judged: what is new or changed, and what we could not judge before."""
    jobs = []
    for name, learner in learners.items():
        for answer in learner.answers.values():
            key = store.key(name, answer.exercise, answer.digest)
            if _to_do(kept.get(key)):
                jobs.append(Job(key, name, answer))
    return jobs


def _to_do(record: Record | None) -> bool:
    if record is None or record["result"] is None:
        return True
    return any(one["outcome"] == ERROR for one in record["result"]["checks"])


def _judge(jobs: Sequence[Job], kept: store.Store, at_once: int, number: int) -> None:
    records: Iterable[Record] = run.run(jobs, at_once)
    bar = tqdm(total=number, initial=number - len(jobs), desc="judged", unit="", disable=None)
    with bar:
        for record in records:
            kept.add(dict(record))
            bar.update()


def _records(key: str, learner: Learner | None, kept: store.Store) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for exercise, answer in learner.answers.items() if learner else ():
        record = kept.get(store.key(key, exercise, answer.digest))
        if record is not None:
            found[exercise] = record
    return found


def _tell(folder: Path, rows: Sequence[Row], judged: int) -> int:
    look = [one.person.name for one in rows if one.open]
    print(f"{judged} judged now, {len(rows)} learners. See {folder / 'summary.html'}.")
    if look:
        print(f"Could not be judged, please look: {', '.join(look)}.")
    return 1 if look else 0
