"""The ledger page: all claims with prediction, measurement, verdict and sources.

What has not been run says so, and a lesson that does not exist yet is marked as coming. A
verdict appears once the reader's own run has shown it.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from reactorkit.claims import model, verdicts
from reactorkit.claims.journal import History, journal
from reactorkit.claims.model import Claim, Gap
from reactorkit.claims.outcome import WIDTH, Result
from reactorkit.claims.predict import last_result, said
from reactorkit.course import LESSONS, Lesson
from reactorkit.errors import KitError
from reactorkit.view import cards

TEMPLATES = Path(__file__).with_name("templates")

NOT_RUN = "not run yet"
COMING = "coming"
HISTORY = "history, nothing to measure"

# The order in which the states are counted at the top of the page.
STATES = (*(each.words for each in verdicts.ALL), NOT_RUN, COMING, HISTORY)


@dataclass(frozen=True)
class Entry:
    """One claim with what the journal knows about it."""

    claim: Claim
    history: History
    coming: bool

    @cached_property
    def result(self) -> Result | None:
        """The newest outcome, or None."""
        return last_result(self.claim, self.history)

    @property
    def state(self) -> str:
        """The verdict's words, or why there is none."""
        if self.result is not None:
            return self.result.verdict.words
        if self.claim.kind == "citation":
            return HISTORY
        return COMING if self.coming or not self.claim.experiment else NOT_RUN

    @property
    def verdict(self) -> str:
        """The verdict with its mark and condition, or the state."""
        if self.result is not None:
            return f"{self.result.verdict.mark} {self.result.sentence}"
        return f"coming: notebook {self.claim.notebook:02d}" if self.state == COMING else self.state

    @property
    def words(self) -> str:
        """The verdict's mark and words; "" without one."""
        return self.result.words if self.result is not None else ""

    @property
    def condition(self) -> str:
        """The condition of HOLDS ONLY IF; "" for the other verdicts."""
        return self.result.condition if self.result is not None else ""

    @property
    def colours(self) -> tuple[str, str] | None:
        """Background and text of the verdict's chip; None when there is no verdict."""
        return cards.CHIP[self.result.verdict.role] if self.result is not None else None

    @property
    def predicted(self) -> str:
        """The answer in force, and the first one where they differ."""
        if self.history.latest is None:
            return ""
        latest = said(self.claim, self.history.latest)
        if self.history.first != self.history.latest:
            return f"{latest} (first: {said(self.claim, self.history.first)})"
        return latest

    @property
    def measured(self) -> str:
        """The figures of the newest run."""
        return self.result.finding.measured if self.result is not None else ""

    @property
    def why(self) -> str:
        """The likely reasons where the run was unexpected or undecided."""
        return self.result.why if self.result is not None else ""


@dataclass(frozen=True)
class Section:
    """One lesson's claims and gaps."""

    lesson: Lesson
    entries: Sequence[Entry]
    gaps: Sequence[Gap]

    @property
    def title(self) -> str:
        """Number and title, and whether the lesson is still to come."""
        coming = "" if self.lesson.exists else f" (coming: notebook {self.lesson.number:02d})"
        return f"{self.lesson.number:02d} {self.lesson.title}{coming}"

    @property
    def started(self) -> bool:
        """Whether the reader has predicted or run something here."""
        return any(entry.result or entry.predicted for entry in self.entries)

    @property
    def decided(self) -> int:
        """How many claims the reader's runs have settled."""
        results = [entry.result for entry in self.entries]
        return sum(result is not None and result.verdict.confirmed for result in results)


@dataclass(frozen=True)
class Page:
    """The whole ledger as it stands now: HTML in a notebook, text in a terminal."""

    sections: Sequence[Section]
    notice: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many claims there are."""
        return sum(self.counts.values())

    @property
    def summary(self) -> list[tuple[str, int]]:
        """States and how many claims are in each, all that occur, in the page's order."""
        return [(state, self.counts[state]) for state in STATES if self.counts[state]]

    @property
    def words(self) -> Sequence[verdicts.Verdict]:
        """All verdicts, to say what their words mean."""
        return verdicts.ALL

    def html(self) -> str:
        """Return the page as HTML for a notebook: inline styles, no script."""
        return str(_template("ledger.html").render(page=self))

    def document(self) -> str:
        """Return the page as a whole HTML document that needs no other file."""
        return str(_template("document.html").render(page=self))

    def text(self) -> str:
        """Return the page as plain text."""
        lines = [f"The ledger: {self.total} claims"]
        lines += [f"  {count:4d}  {state}" for state, count in self.summary]
        if self.notice:
            lines += ["", textwrap.fill(self.notice, WIDTH)]
        for section in self.sections:
            lines += ["", section.title]
            for entry in section.entries:
                lines += _entry_text(entry)
            lines += [f"  {gap.id}  left out by the article: {gap.topic}" for gap in section.gaps]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return self.text()


def ledger() -> Page:
    """Return the page of all claims: prediction, measurement, verdict and sources."""
    histories = journal().histories()
    claims = model.load().values()
    gaps = model.gaps()
    sections = []
    for lesson in LESSONS:
        entries = [
            Entry(claim, histories.get(claim.id, History()), coming=not lesson.exists)
            for claim in claims
            if claim.notebook == lesson.number
        ]
        here = [gap for gap in gaps if gap.notebook == lesson.number]
        if entries or here:
            sections.append(Section(lesson, entries, here))
    counts = Counter(entry.state for section in sections for entry in section.entries)
    return Page(sections, journal().notice, counts)


def _entry_text(entry: Entry) -> list[str]:
    def line(label: str, text: str) -> str:
        return textwrap.fill(
            text, WIDTH, initial_indent=f"        {label}", subsequent_indent=" " * 20
        )

    lines = [
        textwrap.fill(
            entry.claim.claim,
            WIDTH,
            initial_indent=f"  {entry.claim.id:<6}",
            subsequent_indent=" " * 8,
        )
    ]
    if entry.predicted:
        lines.append(line("you said    ", entry.predicted))
    if entry.measured:
        lines.append(line("measured    ", entry.measured))
    lines.append(line("verdict     ", entry.verdict))
    if entry.why:
        lines.append(line("likely      ", entry.why))
    return lines


@lru_cache(maxsize=4)
def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(name)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the ledger, or write it as one HTML file: `python -m reactorkit ledger --out FILE`."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit ledger", description="Show all claims and what you found."
    )
    parser.add_argument("--out", type=Path, help="write a self-contained HTML page to this file")
    arguments = parser.parse_args(argv)
    try:
        page = ledger()
    except KitError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.out is None:
        print(page.text())
        return 0
    try:
        arguments.out.write_text(page.document(), encoding="utf-8")
    except OSError as error:
        print(f"{arguments.out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"Written to {arguments.out}.")
    return 0
