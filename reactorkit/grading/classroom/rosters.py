"""Who is in the class: a CSV, as Canvas or Moodle export it, or with the columns name and email."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reactorkit.errors import KitError
from reactorkit.grading.classroom.names import Author

NAMES = ("name", "full name", "student")
NUMBERS = ("identifier", "id")  # Moodle's participant, Canvas's user: what their downloads carry
OTHERS = ("email", "email address", "sis login id", "sis user id", "id number", "login", "username")


@dataclass(frozen=True)
class Person:
    """One learner. `row`: the roster's own line, for exports. key: what files and state go by."""

    key: str
    name: str
    number: str = ""
    email: str = ""
    row: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Roster:
    """The roster: its columns as they were, and the people."""

    columns: Sequence[str] = ()
    people: Sequence[Person] = ()


def load(path: Path) -> Roster:
    """Read a roster; KitError when it is none."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            rows = [{key: value for key, value in row.items() if key} for row in reader]
            columns = list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise KitError(f"The roster {path} cannot be read: {error}.") from error
    if not any(column.strip().lower() in NAMES for column in columns):
        raise KitError(
            f"The roster {path} has no column called name, full name or student; it has: "
            f"{', '.join(columns)}."
        )
    people = [_person(row) for row in rows]
    return Roster(columns, [one for one in people if one.name and not _is_points(one)])


def _person(row: Mapping[str, str]) -> Person:
    low = {key.strip().lower(): value.strip() for key, value in row.items()}
    name = next((low[key] for key in NAMES if low.get(key)), "")
    number = next((low[key] for key in NUMBERS if low.get(key)), "")
    number = number.removeprefix("Participant").strip()
    email = next((low[key] for key in ("email", "email address") if low.get(key)), "")
    key = f"{name} ({number})" if number else name
    return Person(key, name, number, email, row)


def _is_points(person: Person) -> bool:
    """Return whether this is the second line of a Canvas gradebook."""
    return person.name.lower() in ("points possible", "student, test")


def match(roster: Roster, authors: Iterable[Author]) -> dict[str, Person]:
    """Return a person for each author's key: from the roster, or else as the folder is called."""
    by_number = {one.number: one for one in roster.people if one.number}
    by_word: dict[str, list[Person]] = {}
    for person in roster.people:
        for word in _words(person):
            by_word.setdefault(word, []).append(person)
    found = {}
    for author in authors:
        named = by_word.get(_plain(author.name), [])
        known = by_number.get(author.number) or (named[0] if len(named) == 1 else None)
        found[author.key] = known or Person(author.key, author.name, author.number)
    return found


def _words(person: Person) -> set[str]:
    """Return by which words a person's folder may be called."""
    last_first = " ".join(part.strip() for part in reversed(person.name.split(",")))
    low = {key.strip().lower(): value for key, value in person.row.items()}
    words = [person.name, last_first, person.email.split("@")[0]]
    words += [low[key] for key in OTHERS if low.get(key)]
    words += ["".join(reversed(last_first.split()))]  # Canvas: lovelaceada
    return {_plain(word) for word in words if word}


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
