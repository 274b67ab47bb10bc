"""The course as a table: which lesson has which number, title and length, and where it stands.

The README's map, the strip of the walk, the ledger's headings and the hygiene tests all
read it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

# The walk of the whole course; every lesson stands on one of its stations.
WALK = ("threads", "busy-wait", "select", "reactor", "chat")


@dataclass(frozen=True)
class Lesson:
    """One notebook: minutes are core, deeper and exercise; `station` is a word of WALK or ''."""

    number: int
    slug: str
    title: str
    minutes: tuple[int, int, int]
    station: str
    main_walk: bool = True

    @property
    def file_name(self) -> str:
        """The notebook's name in the folder `notebooks`."""
        return f"{self.number:02d}_{self.slug}.ipynb"

    @property
    def exists(self) -> bool:
        """Whether the notebook is part of this copy of the course already."""
        return (NOTEBOOKS / self.file_name).is_file()


LESSONS = (
    Lesson(0, "start_here", "Start here", (20, 0, 0), ""),
    Lesson(1, "what_a_socket_does", "What a socket really does", (30, 10, 20), "threads"),
    Lesson(2, "a_thread_for_every_visitor", "A thread for every visitor", (30, 20, 20), "threads"),
    Lesson(3, "the_busiest_loop", "The busiest loop", (30, 15, 15), "busy-wait"),
    Lesson(4, "one_call_to_watch_them_all", "One call to watch them all", (30, 25, 20), "select"),
    Lesson(5, "the_first_reactor", "selectors and the first reactor", (30, 15, 25), "reactor"),
    Lesson(6, "breaking_the_echo_server", "Breaking the echo server", (35, 10, 30), "reactor"),
    Lesson(7, "messages_are_not_packets", "Chat I: messages are not packets", (30, 10, 20), "chat"),
    Lesson(
        8, "writing_waiting_surviving", "Chat II: writing, waiting, surviving", (35, 10, 45), "chat"
    ),
    Lesson(9, "a_client_with_two_ears", "A client with two ears", (25, 10, 40), "chat", False),
    Lesson(10, "anatomy_of_the_pattern", "Anatomy of the pattern", (30, 10, 20), "reactor", False),
    Lesson(11, "loops_in_the_wild", "Loops in the wild", (30, 10, 5), "reactor", False),
    Lesson(12, "more_than_one_core", "More than one core", (30, 10, 25), "reactor", False),
    Lesson(13, "c10k_on_your_laptop", "C10K on your laptop", (30, 10, 20), "reactor", False),
    Lesson(14, "beyond_the_article", "Beyond the article", (30, 15, 25), "chat", False),
)


def lesson_at(number: int) -> Lesson:
    """Return the lesson with this number; LookupError when the course has none."""
    for entry in LESSONS:
        if entry.number == number:
            return entry
    raise LookupError(f"The course has lessons 0 to {LESSONS[-1].number}, and no lesson {number}.")


_running: Lesson | None = None


def begin(number: int) -> Lesson:
    """Note that this lesson runs in this process, and return it; LookupError as above."""
    global _running
    _running = lesson_at(number)
    return _running


def running() -> int | None:
    """Return the number of the lesson that runs in this process, None outside of lessons."""
    return None if _running is None else _running.number


def strip(number: int) -> str:
    """Return the walk in one line of Markdown, with "you are here" at the lesson's station."""
    here = lesson_at(number).station
    stops = [f"**{stop} (you are here)**" if stop == here else stop for stop in WALK]
    start = "**start (you are here)** → " if not here else ""
    return "The walk: " + start + " → ".join(stops)
