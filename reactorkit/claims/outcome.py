"""What a learner sees after an experiment: prediction beside measurement, verdict, reason, picture.

As HTML that survives an untrusted notebook, and as text that says the same.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reactorkit.claims.model import JUST_SHOW_ME, Claim
from reactorkit.claims.verdicts import Verdict, sentence
from reactorkit.claims.world import Evidence, Finding
from reactorkit.view import cards

WIDTH = 88

UNKNOWN_REASONS = (
    "Other programs may have used this machine at the same time, or its system differs from those "
    "we measured on. Close what you can, and run it again."
)


@dataclass(frozen=True)
class Result:
    """One claim's part of an outcome. `answer` is the prediction in force, "" without one."""

    claim: Claim
    finding: Finding
    verdict: Verdict
    answer: str = ""

    @property
    def sentence(self) -> str:
        """The verdict in one line, with the condition where there is one."""
        return sentence(self.claim, self.verdict)

    @property
    def words(self) -> str:
        """The verdict's mark and words."""
        return f"{self.verdict.mark} {self.verdict.words}"

    @property
    def condition(self) -> str:
        """The end of "HOLDS ONLY IF ..."; empty for the other verdicts."""
        return self.sentence.removeprefix(self.verdict.words).strip()

    @property
    def predicted(self) -> str:
        """What the learner had said, in words; "" when nothing was asked or answered."""
        if self.answer == JUST_SHOW_ME:
            return "You chose: just show me."
        option = self.claim.option(self.answer)
        return f"{option.key}) {option.text}" if option else ""

    @property
    def why(self) -> str:
        """What may explain a run that did not show what we state; "" when it did."""
        if self.verdict.confirmed:
            return ""
        return self.finding.why or UNKNOWN_REASONS

    @property
    def why_label(self) -> str:
        """How to introduce `why`."""
        return "Likely reasons" if self.verdict.role == "unexpected" else "Why not"

    @property
    def echo(self) -> str:
        """How the prediction fared, kindly; "" where the run decided nothing."""
        option = self.claim.option(self.answer)
        right = self.claim.right
        if option is None or right is None or not self.verdict.confirmed:
            return ""
        if option.right:
            return "✔ As you predicted."
        idea = option.misconception.rstrip(".")
        return (
            f"≠ Not as you predicted. It is {right.key}) {right.text.rstrip('.')}. "
            f"Answer {option.key}) comes naturally to anyone who {idea}."
        )


@dataclass(frozen=True)
class Outcome:
    """The result of one experiment, shown richly by a notebook and completely as text."""

    name: str
    results: Sequence[Result]
    evidence: Evidence
    seconds: float
    notes: Sequence[str] = ()
    attempts: int = 1
    scale: str = "normal"
    notice: str = field(default="", compare=False)

    @property
    def data(self) -> Any:
        """The numbers behind the picture."""
        return self.evidence.data

    def __getitem__(self, claim_id: str) -> Result:
        """Return one claim's part."""
        for result in self.results:
            if result.claim.id == claim_id:
                return result
        raise KeyError(claim_id)

    @cached_property
    def picture(self) -> bytes:
        """The picture as PNG bytes; empty without one."""
        return self._drawn[0]

    @cached_property
    def _drawn(self) -> tuple[bytes, int]:
        if self.evidence.picture is None:
            return b"", 0
        from reactorkit.view import still

        fig = self.evidence.picture(self.evidence.data)
        return still.png(fig), round(fig.get_figwidth() * fig.dpi)

    def _small_print(self) -> list[str]:
        """Reductions, repetitions and the time taken."""
        lines = list(self.notes)
        if self.scale != "normal":
            lines.append(f"Run at the size “{self.scale}”.")
        if self.attempts > 1:
            lines.append(f"Run {self.attempts} times, because the machine was busy.")
        lines.append(f"Took {self.seconds:.1f} s; everything it started has ended.")
        if self.notice:
            lines.append(self.notice)
        return lines

    def html(self, *, inside: str = "") -> str:
        """Return the whole outcome as HTML.

        `inside` is the claim whose card it stands in: that has a frame and the question already.
        """
        from reactorkit.view import still

        parts = [
            cards.divider().join(
                _result_html(each, each.claim.id != inside) for each in self.results
            )
        ]
        png, width = self._drawn
        if png:
            parts.append(still.image(png, width, self.evidence.alt, self.evidence.caption))
        parts.append(cards.paragraph(" ".join(self._small_print()), quiet=True))
        return "".join(parts) if inside else cards.card(*parts)

    def text(self) -> str:
        """Return the whole outcome as plain text."""
        lines = [line for result in self.results for line in _result_text(result)]
        if self.evidence.picture is not None:
            if self.evidence.alt:
                lines.append(_wrap("Picture", self.evidence.alt))
            if self.evidence.caption:
                lines.append(_wrap("To see", self.evidence.caption))
        lines.append(_wrap("", " ".join(self._small_print())))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return self.text()


def _result_html(result: Result, with_question: bool) -> str:
    claim = result.claim
    pairs: list[tuple[str, str]] = []
    if result.predicted:
        pairs.append(("You said", cards.escape(result.predicted)))
    pairs.append(("Measured", f"<strong>{cards.escape(result.finding.measured)}</strong>"))
    pairs.append(("The claim", cards.escape(claim.claim)))
    shown = result.verdict
    parts = [
        cards.heading(claim.question, claim.id) if with_question else "",
        cards.rows(pairs),
        cards.verdict(result.words, shown.role, result.condition),
        cards.paragraph(shown.meaning, quiet=True),
    ]
    if result.echo:
        parts.append(cards.paragraph(result.echo))
    if result.why:
        parts.append(cards.paragraph(result.why, label=result.why_label))
    parts.append(cards.paragraph(claim.answer, label="Why"))
    return "".join(parts)


def _result_text(result: Result) -> list[str]:
    claim, shown = result.claim, result.verdict
    lines = [_wrap(claim.id, claim.question)]
    if result.predicted:
        lines.append(_wrap("You said", result.predicted))
    lines.append(_wrap("Measured", result.finding.measured))
    lines.append(_wrap("The claim", claim.claim))
    lines.append(_wrap("Verdict", f"{shown.mark} {result.sentence}"))
    lines.append(_wrap("", shown.meaning))
    if result.echo:
        lines.append(_wrap("", result.echo))
    if result.why:
        lines.append(_wrap("", f"{result.why_label}: {result.why}"))
    lines.append(_wrap("Why", claim.answer))
    return [*lines, ""]


def _wrap(label: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"{label:<11}", subsequent_indent=" " * 11)


@dataclass(frozen=True)
class Notice:
    """A sentence in place of an outcome: nothing was found out, and this is what to do."""

    sentence: str
    details: Sequence[str] = ()

    def text(self) -> str:
        """Return the sentence and its details as plain text."""
        return "\n".join(textwrap.fill(line, WIDTH) for line in (self.sentence, *self.details))

    def html(self, *, inside: str = "") -> str:
        """Return the same as HTML; without a frame `inside` a claim's card."""
        first = f'<div style="font-weight: bold;">{cards.escape(self.sentence)}</div>'
        parts = [first, *(cards.paragraph(line) for line in self.details)]
        return "".join(parts) if inside else cards.card(*parts)

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return self.text()
