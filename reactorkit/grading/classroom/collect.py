"""From a pile of files to one answer for each learner and exercise; sentences about the rest."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from reactorkit.errors import KitError
from reactorkit.grading import catalog, submission
from reactorkit.grading.classroom import files, names
from reactorkit.grading.classroom.files import Found
from reactorkit.grading.classroom.names import Author


@dataclass(frozen=True)
class Answer:
    """What one learner handed in for one exercise.

    Arguments:
        source: the program. name: the file that it is from.
        written: when it was written, as far as known. late: the LMS calls it late.
        unchanged: it is the starter.
    """

    exercise: str
    source: str
    name: str
    written: datetime.datetime | None = None
    late: bool = False
    unchanged: bool = False

    @property
    def digest(self) -> str:
        """Equal for equal programs only."""
        return hashlib.sha256(self.source.encode()).hexdigest()


@dataclass
class Learner:
    """One learner's answers by exercise, and sentences about what was left out and why."""

    author: Author
    answers: dict[str, Answer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What tells two learners apart."""
        return self.author.key


def collect(top: Path, exercises: Collection[str]) -> dict[str, Learner]:
    """Return every learner by key; raises KitError when there is no such folder or zip."""
    if not top.is_dir() and not (top.is_file() and top.suffix.lower() == ".zip"):
        raise KitError(f"{top} is neither a folder nor a zip of submissions.")
    learners: dict[str, Learner] = {}
    offered: dict[tuple[str, str], list[Answer]] = {}
    for who in _folders(top):
        learners.setdefault(who.key, Learner(who))
    for found in files.walk(top):
        if not found.name.parts:
            raise KitError(f"{top} {found.problem}.")
        if len(found.name.parts) == 1 and found.problem.startswith("is neither"):
            continue  # a list of marks, a text file: beside the submissions, nobody's
        who = names.author(found.name)
        learner = learners.setdefault(who.key, Learner(who))
        for answer in _answers(found, exercises, learner):
            offered.setdefault((who.key, answer.exercise), []).append(answer)
    for (key, exercise), answers in offered.items():
        learners[key].answers[exercise] = _choose(answers, learners[key].notes)
    for learner in learners.values():
        if not learner.answers:
            learner.notes.append("Nothing was found that could be judged.")
    return dict(sorted(learners.items()))


def of_one(top: Path, exercises: Collection[str]) -> Learner:
    """Return the answers in a folder that is one learner's as a whole."""
    learner = Learner(Author(top.name))
    offered: dict[str, list[Answer]] = {}
    for found in files.walk(top):
        for answer in _answers(found, exercises, learner):
            offered.setdefault(answer.exercise, []).append(answer)
    learner.answers = {key: _choose(answers, learner.notes) for key, answers in offered.items()}
    return learner


def by_person(learners: Mapping[str, Learner], keys: Mapping[str, str]) -> dict[str, Learner]:
    """Return the learners by their person's key; two folders of one person become one.

    Arguments:
        keys: each learner's key, and the key of the person that it is.
    """
    found: dict[str, Learner] = {}
    for name, learner in learners.items():
        known = found.setdefault(keys[name], Learner(learner.author))
        if known.author is not learner.author:
            known.notes.append(f"Handed in under two names: {known.key} and {learner.key}.")
        known.notes += learner.notes
        for exercise, answer in learner.answers.items():
            both = [one for one in (known.answers.get(exercise), answer) if one]
            known.answers[exercise] = _choose(both, known.notes)
    return found


def _folders(top: Path) -> Iterator[Author]:
    """Yield who has a folder, though there may be nothing in it."""
    if top.is_dir():
        for path in top.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in files.PASSED_OVER:
                yield names.author(PurePosixPath(path.name, "any"))


def _answers(found: Found, exercises: Collection[str], learner: Learner) -> Iterator[Answer]:
    """Yield the answers that a file holds; a notebook may hold several."""
    late = names.author(found.name).late
    try:
        if found.problem:
            raise KitError(f"{found.name} {found.problem}.")
        for one in _exercises_in(found, exercises):
            source = _text(one, found)
            same = _stripped(source) == _stripped(submission.starter(catalog.get(one)))
            yield Answer(one, source, str(found.name), found.written, late, same)
    except KitError as problem:
        learner.notes.append(str(problem))


def _text(exercise: str, found: Found) -> str:
    source = submission.text(catalog.get(exercise), found.name, found.data)
    try:
        source.encode()
    except UnicodeEncodeError as error:
        raise KitError(f"{found.name} holds characters that are none.") from error
    return source


def _exercises_in(found: Found, exercises: Collection[str]) -> list[str]:
    if found.name.suffix.lower() == ".ipynb":
        tagged = [one for one in _tags(found) if one in exercises]
        if not tagged:
            raise KitError(f"{found.name} has no cell of an exercise of this course.")
        return tagged
    named = names.exercise(found.name, exercises)
    if named is None and len(exercises) == 1:
        named = next(iter(exercises))
    if named is None:
        raise KitError(f"{found.name} does not say which exercise it is (for instance x02.py).")
    return [named]


def _tags(found: Found) -> list[str]:
    """Return the exercises that a notebook's cells are tagged with, each once."""
    try:
        cells = json.loads(found.data)["cells"]
        tags = [tag for cell in cells for tag in cell.get("metadata", {}).get("tags", [])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KitError(f"{found.name} is not a notebook that can be read.") from error
    words = [tag for tag in tags if isinstance(tag, str) and tag.startswith(submission.TAG)]
    return list(dict.fromkeys(word.removeprefix(submission.TAG) for word in words))


def _choose(answers: list[Answer], notes: list[str]) -> Answer:
    """Return the last one that is more than the starter, and note that there were others."""
    answers = sorted(answers, key=_rank)
    chosen = answers[-1]
    others = [one for one in answers[:-1] if one.digest != chosen.digest and not one.unchanged]
    if others:
        told = ", ".join(one.name for one in others)
        notes.append(
            f"{chosen.exercise}: there are several answers. The latest, {chosen.name}, is judged; "
            f"not {told}."
        )
    return chosen


def _rank(answer: Answer) -> tuple[bool, float, str]:
    written = answer.written.timestamp() if answer.written else 0.0
    return not answer.unchanged, written, answer.name


def _stripped(source: str) -> list[str]:
    lines = (line.strip() for line in source.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
