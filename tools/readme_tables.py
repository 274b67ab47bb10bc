"""Write the README's tables from their sources: the course from course.py, the ladder from servers.

`make tidy` calls this; a test fails while the README says anything else.
"""

from __future__ import annotations

import sys
from pathlib import Path

from reactorkit.course import LESSONS, Lesson
from reactorkit.grading.catalog import catalog
from reactorkit.servers import LADDER

README = Path(__file__).resolve().parent.parent / "README.md"


def course_table() -> str:
    """Return the map of the course as Markdown; lessons that exist are links."""
    lines = ["| | lesson | core | deeper | your turn | exercises |", "|---|---|---|---|---|---|"]
    for one in LESSONS:
        title = f"[{one.title}](notebooks/{one.file_name})" if one.exists else one.title
        core, deeper, turn = (f"{minutes} min" if minutes else "" for minutes in one.minutes)
        graded = ", ".join(exercises_of(one)) if one.exists else "to come"
        lines.append(f"| {one.number:02d} | {title} | {core} | {deeper} | {turn} | {graded} |")
    return "\n".join(lines)


def exercises_of(lesson: Lesson) -> list[str]:
    """Return links to the exercises of a lesson, each with the time that it takes."""
    return [
        f"[{one.id}](exercises/{one.notebook_name}) {one.minutes} min"
        for one in catalog().values()
        if one.notebook == lesson.number
    ]


def ladder_table() -> str:
    """Return the ladder as Markdown: each server, the one claim it makes, and where it is weak."""
    lines = ["| server | shows | is weak at |", "|---|---|---|"]
    for rung in LADDER:
        link = f"[`{rung.name}`](reactorkit/servers/{rung.name}.py)"
        lines.append(
            f"| {link} | {rung.claim} | {', '.join(rung.weaknesses) or 'nothing tested'} |"
        )
    return "\n".join(lines)


TABLES = {"course": course_table, "ladder": ladder_table}


def filled(text: str) -> str:
    """Return the README with each table between its two comments."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name}: made by `make tidy` -->\n", f"<!-- end of {name} -->"
        if start not in text or end not in text:
            sys.exit(f"README.md has no place for the table `{name}`: {start}{end}")
        before, rest = text.split(start, 1)
        text = before + f"{start}\n{table()}\n\n{end}" + rest.split(end, 1)[1]
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
