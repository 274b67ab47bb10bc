"""Who handed a file in, and for which exercise: from names as Canvas, Moodle and people write them.

Canvas:  lovelaceada_12345_67890_x02.py, lovelaceada_LATE_12345_67890_x02-1.ipynb (second try)
Moodle:  Ada Lovelace_12345_assignsubmission_file_/x02.py, or with _file and without the last _
else:    ada/x02.py, ada.zip
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?P<file>.+)", re.I)
MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_\w*", re.I)


@dataclass(frozen=True)
class Author:
    """Who a path belongs to.

    Arguments:
        name: as the folder or file has it. number: the LMS's own number, if the name carries one.
        late: the LMS calls it late.
    """

    name: str
    number: str = ""
    late: bool = False

    @property
    def key(self) -> str:
        """What tells two learners apart."""
        return f"{self.name} ({self.number})" if self.number else self.name


def author(path: PurePosixPath) -> Author:
    """Return whose a file is."""
    first = path.parts[0]
    if found := MOODLE.fullmatch(first):
        return Author(found["name"].strip(), found["number"])
    if found := CANVAS.fullmatch(first):
        return Author(found["name"], found["number"], bool(found["late"]))
    return Author(PurePosixPath(first).stem if len(path.parts) == 1 or _zip(first) else first)


def _zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def exercise(path: PurePosixPath, known: Collection[str]) -> str | None:
    """Return the exercise that a file's name, or else the nearest folder's, tells."""
    for part in reversed(path.parts):
        for word in re.findall(r"x\d+[a-z]?(?![a-z0-9])", part.lower()):
            if word in known:
                return str(word)
    return None
