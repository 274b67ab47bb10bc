"""From a claim and what its experiment showed to the word that a learner reads.

The criterion of a claim tests our stated verdict: met, the verdict stands; not met, the run
was unexpected; None, nothing could be decided, which never counts as a pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from reactorkit.claims.model import AuthorError, Claim

HOLDS = "CLAIM HOLDS"
ONLY_IF = "HOLDS ONLY IF"
REFUTED = "REFUTED"
UNEXPECTED = "UNEXPECTED HERE"
UNDECIDABLE = "NOT DECIDABLE HERE"


@dataclass(frozen=True)
class Verdict:
    """A word to show, its mark (a shape, so that colour is never alone), role and meaning."""

    words: str
    mark: str
    role: str
    meaning: str

    @property
    def confirmed(self) -> bool:
        """Whether the run showed what the kit states; False for the last two words."""
        return self.role in ("holds", "only_if", "refuted")


_STATED = {
    "holds": Verdict(HOLDS, "✔", "holds", "Your run shows what the claim says."),
    "holds_if": Verdict(
        ONLY_IF, "◐", "only_if", "Your run shows it, and shows where it stops being true."
    ),
    "refuted": Verdict(REFUTED, "✘", "refuted", "Your run shows that the claim is not so."),
}
_UNEXPECTED = Verdict(
    UNEXPECTED,
    "▲",
    "unexpected",
    "Your run did not show what we expected. Run it again, then read the likely reasons.",
)
_UNDECIDABLE = Verdict(
    UNDECIDABLE,
    "?",
    "undecidable",
    "This machine could not give an answer now. That counts neither for nor against the claim.",
)

ALL = (*_STATED.values(), _UNEXPECTED, _UNDECIDABLE)


def may_be_undecided(claim: Claim) -> bool:
    """Return whether None is an honest result: noise or a missing platform can forbid one."""
    return claim.load_sensitive or bool(claim.platform)


def verdict(claim: Claim, met: bool | None) -> Verdict:
    """Return the verdict for `claim` when its criterion was met, was not, or is open (None).

    Raises AuthorError for None on a claim that noise and platform cannot excuse.
    """
    if met is None:
        if not may_be_undecided(claim):
            raise AuthorError(
                f"{claim.id}: the experiment decided nothing, and the claim is marked neither "
                "load_sensitive nor bound to a platform."
            )
        return _UNDECIDABLE
    return _STATED[claim.verdict] if met else _UNEXPECTED


def sentence(claim: Claim, shown: Verdict) -> str:
    """Return the verdict as one line; HOLDS ONLY IF goes on with the claim's condition."""
    if shown.role == "only_if":
        return f"{shown.words} {claim.condition.rstrip('.')}."
    return shown.words
