"""The ledger's own text: complete, in its place, and fair to the learner who has to predict."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from reactorkit.claims import model
from reactorkit.course import LESSONS

CLAIMS = model.load()
GAPS = model.gaps()
LESSONS_WITH_GATES = (1, 2, 3, 4, 5, 6, 7, 8, 10)


def ids(numbers: str) -> set[str]:
    """Return claim ids: "4 6-8" is C04, C06, C07, C08."""
    found = set()
    for part in numbers.split():
        first, _, last = part.partition("-")
        found |= {f"C{number:02d}" for number in range(int(first), int(last or first) + 1)}
    return found


# Which claims a notebook carries, and which of them are its core path.
NOTEBOOKS = {
    1: ids("4 6-8 28 75 76"),
    2: ids("5 9-19"),
    3: ids("20 22-27 29-35"),
    4: ids("21 36-53"),
    5: ids("54-60 62 64-70 84 85"),
    6: ids("61 63 71-74 77 78"),
    7: ids("79 80 82 83 86-89 101"),
    8: ids("81 90-100"),
    9: ids("102-109"),
    10: ids("110-120"),
    11: ids("121-128 137-140"),
    12: ids("129-136"),
    13: ids("1-3 141-147"),
}
CORE = {
    1: ids("4 7 8 28"),
    2: ids("5 10 11 13 17 18"),
    3: ids("20 25 29-33 35"),
    4: ids("21 38 40 41 45 46 49"),
    5: ids("57 64-67 69"),
    6: ids("61 71-73"),
    7: ids("79 88 89 101"),
    8: ids("81 90 95 97 99 100"),
    9: ids("103 105 107"),
    10: ids("112 117-119"),
    11: set(),
    12: set(),
    13: ids("1 2 145"),
}
GAP_NOTEBOOKS = {
    2: "18",
    4: "5",
    5: "19 23",
    6: "2 3 6 12 13 21",
    7: "1",
    8: "4 22",
    9: "14",
    10: "8",
    12: "7 9 11",
    13: "20 24",
    14: "10 15-17",
}

every_claim = pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)


def learner_texts(claim: model.Claim) -> list[str]:
    """Return everything of a claim that a learner reads in a lesson."""
    options = [text for each in claim.options for text in (each.text, each.misconception)]
    texts = [claim.claim, claim.question, claim.answer, claim.condition, claim.criterion, *options]
    return [text for text in [*texts, claim.note, claim.picture] if text]


def test_the_ledger_holds_c01_to_c147_in_order():
    assert list(CLAIMS) == [f"C{number:02d}" for number in range(1, 148)]


def test_each_claim_stands_in_its_notebook():
    found = {
        number: {c.id for c in CLAIMS.values() if c.notebook == number} for number in NOTEBOOKS
    }
    assert found == NOTEBOOKS
    assert sum(map(len, NOTEBOOKS.values())) == len(CLAIMS)
    assert set(NOTEBOOKS) <= {lesson.number for lesson in LESSONS}


def test_the_core_path_is_the_planned_one():
    core = {
        n: {c.id for c in CLAIMS.values() if c.notebook == n and c.tier == "core"} for n in CORE
    }
    assert core == CORE


def test_the_verdicts_are_80_43_and_24():
    verdicts = Counter(claim.verdict for claim in CLAIMS.values())
    assert verdicts == {"holds": 80, "holds_if": 43, "refuted": 24}


def test_only_history_and_hearsay_are_citations():
    citations = {claim.id for claim in CLAIMS.values() if claim.kind == "citation"}
    assert citations == ids("59 127 139 141")


@pytest.mark.parametrize("notebook", LESSONS_WITH_GATES)
def test_a_notebook_has_at_most_four_gates_and_six_core_experiments(notebook):
    here = [claim for claim in CLAIMS.values() if claim.notebook == notebook]
    assert sum(claim.gate for claim in here) == 4
    assert len({claim.experiment for claim in here if claim.tier == "core"}) <= 6


def test_each_gate_of_a_notebook_asks_before_another_experiment():
    gates = [(claim.notebook, claim.experiment) for claim in CLAIMS.values() if claim.gate]
    assert len(gates) == len(set(gates))


@every_claim
def test_a_claim_of_a_present_lesson_names_its_experiment(claim):
    present = any(lesson.exists for lesson in LESSONS if lesson.number == claim.notebook)
    if claim.kind == "citation":
        assert not claim.experiment, "history cannot be measured"
    elif present or claim.notebook in LESSONS_WITH_GATES:
        assert claim.experiment.isidentifier()
        assert claim.experiment.islower()


def test_one_experiment_belongs_to_one_notebook():
    homes: dict[str, set[int]] = {}
    for claim in CLAIMS.values():
        if claim.experiment:
            homes.setdefault(claim.experiment, set()).add(claim.notebook)
    assert {name: home for name, home in homes.items() if len(home) > 1} == {}


@every_claim
def test_a_condition_stands_exactly_where_the_verdict_needs_one(claim):
    assert bool(claim.condition) == (claim.verdict == "holds_if")
    assert not claim.condition.endswith("."), "it is read after HOLDS ONLY IF, with a full stop"
    assert not claim.condition.startswith("if ")


@every_claim
def test_a_question_asks(claim):
    assert claim.question.endswith("?")
    assert len(claim.question) <= 260


@every_claim
def test_claim_answer_and_criterion_are_whole_sentences(claim):
    for text in (claim.claim, claim.answer, claim.criterion, claim.note, claim.picture):
        assert not text or re.search(r"[.)]$", text), text
    assert 80 <= len(claim.answer) <= 540


@every_claim
def test_a_measured_claim_says_what_must_be_shown(claim):
    assert bool(claim.criterion) == (claim.kind == "measured")


@every_claim
def test_a_claim_names_its_sources(claim):
    assert claim.sources
    assert all(source.strip() == source and source for source in claim.sources)
    assert len(set(claim.sources)) == len(claim.sources)


@every_claim
def test_the_texts_use_the_learners_words(claim):
    for text in learner_texts(claim):
        assert not re.search(r"\b(probe|gauge)s?\b", text, re.IGNORECASE), text
        assert "  " not in text and text == text.strip(), text
        assert not re.search(r"[–—‘’“”]", text), text
        if claim.notebook >= 5:
            assert "descriptor" not in text, "from notebook 05 on it is a handle"


@every_claim
def test_exactly_one_option_is_right_and_the_others_name_a_misconception(claim):
    if claim.tier == "core":
        assert claim.options, "a core claim lets the learner predict"
    if claim.options:
        keys = "".join(option.key for option in claim.options)
        assert keys in ("abc", "abcd")
        assert sum(option.right for option in claim.options) == 1
        assert all(option.right != bool(option.misconception) for option in claim.options)
        assert len({option.text for option in claim.options}) == len(claim.options)


@every_claim
def test_the_options_are_of_similar_length(claim):
    lengths = [len(option.text) for option in claim.options]
    assert not lengths or max(lengths) <= 2.2 * min(lengths)


def test_neither_length_nor_place_gives_the_right_option_away():
    asked = [claim for claim in CLAIMS.values() if claim.options]
    longest = [c for c in asked if c.right.text == max((o.text for o in c.options), key=len)]
    assert len(longest) < 0.45 * len(asked)
    places = Counter(claim.right.key for claim in asked)
    assert max(places.values()) < 0.45 * len(asked)


def test_the_gaps_are_g01_to_g24_in_their_notebooks():
    assert [gap.id for gap in GAPS] == [f"G{number:02d}" for number in range(1, 25)]
    found = {
        number: {gap.id for gap in GAPS if gap.notebook == number}
        for number in {gap.notebook for gap in GAPS}
    }
    planned = {n: {f"G{c[1:]}" for c in ids(numbers)} for n, numbers in GAP_NOTEBOOKS.items()}
    assert found == planned


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.id)
def test_a_gap_says_what_a_learner_needs(gap):
    assert gap.topic and not gap.topic.endswith(".")
    assert gap.text.endswith(".") and "  " not in gap.text
