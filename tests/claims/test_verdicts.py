import pytest

from reactorkit.claims import model, verdicts
from reactorkit.claims.model import AuthorError


@pytest.mark.parametrize(
    ("claim_id", "met", "words", "confirmed"),
    [
        ("C19", True, "CLAIM HOLDS", True),
        ("C17", True, "HOLDS ONLY IF", True),
        ("C13", True, "REFUTED", True),
        ("C19", False, "UNEXPECTED HERE", False),
        ("C17", False, "UNEXPECTED HERE", False),
        ("C13", False, "UNEXPECTED HERE", False),
        ("C13", None, "NOT DECIDABLE HERE", False),
        ("C19", None, "NOT DECIDABLE HERE", False),
    ],
)
def test_words(small_ledger, claim_id, met, words, confirmed):
    verdict = verdicts.verdict(model.get(claim_id), met)
    assert (verdict.words, verdict.confirmed) == (words, confirmed)


def test_only_noise_or_platform_excuse_an_open_answer(small_ledger):
    with pytest.raises(AuthorError, match=r"C17: .*neither load_sensitive nor bound"):
        verdicts.verdict(model.get("C17"), None)


def test_the_condition_completes_the_sentence(small_ledger):
    claim = model.get("C17")
    shown = verdicts.sentence(claim, verdicts.verdict(claim, True))
    assert shown == "HOLDS ONLY IF you count the pages it has touched."
    assert verdicts.sentence(claim, verdicts.verdict(claim, False)) == "UNEXPECTED HERE"


def test_no_verdict_rests_on_colour_alone():
    assert len({verdict.mark for verdict in verdicts.ALL}) == len(verdicts.ALL)
    assert len({verdict.role for verdict in verdicts.ALL}) == len(verdicts.ALL)
    assert all(verdict.meaning for verdict in verdicts.ALL)
