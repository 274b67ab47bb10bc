import pytest

from reactorkit.claims import model
from reactorkit.claims.model import AuthorError
from reactorkit.errors import KitError

GOOD = {
    "notebook": "2",
    "tier": '"core"',
    "verdict": '"holds"',
    "kind": '"measured"',
    "claim": '"A claim."',
    "question": '"A question?"',
    "answer": '"An answer."',
    "criterion": '"A criterion."',
    "sources": '["select(2)"]',
}
ANSWERS = """[
  { key = "a", text = "this", right = true },
  { key = "b", text = "that", misconception = "thinks that" },
]"""


def written(path, **changes):
    """Write a ledger of one claim, C01, with keys changed or (None) left out."""
    values = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    text = "[C01]\n" + "\n".join(f"{key} = {value}" for key, value in values.items())
    file = path / f"{abs(hash(text))}.toml"
    file.write_text(text)
    return file


def test_a_claim_is_read_once_and_whole(tmp_path):
    file = written(tmp_path, options=ANSWERS, gate="true", claim='"  spaced  "')
    claim = model.load(file)["C01"]
    assert (claim.id, claim.claim, claim.gate) == ("C01", "spaced", True)
    assert claim.right.key == "a"
    assert claim.option("b").misconception == "thinks that"
    assert claim.option("?") is None
    assert model.load(file) is model.load(file)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"answer": None}, "answer"),
        ({"sources": None}, "sources"),
        ({"claim": '"  "'}, "claim"),
        ({"verdict": '"true"'}, "verdict"),
        ({"tier": '"extra"'}, "tier"),
        ({"kind": '"guess"'}, "kind"),
        ({"notebook": '"2"'}, "notebook"),
        ({"notebook": "true"}, "notebook"),
        ({"gate": '"yes"'}, "gate"),
        ({"sources": "[1]"}, "sources"),
        ({"criterion": None}, "criterion"),
        ({"verdict": '"holds_if"'}, "condition"),
        ({"condition": '"it rains"'}, "condition"),
        ({"gate": "true"}, "options"),
        ({"gate": "true", "options": ANSWERS, "tier": '"deeper"'}, "gate"),
        ({"options": '[{ key = "a", text = "only", right = true }]'}, "options"),
        ({"options": ANSWERS.replace('"b"', '"a"')}, "options"),
        ({"options": ANSWERS.replace('"b"', '"?"')}, "options"),
        ({"options": ANSWERS.replace(', misconception = "thinks that"', "")}, "options"),
        ({"options": ANSWERS.replace(", right = true", "")}, "options"),
        ({"options": '["a", "b"]'}, "options"),
        ({"options": ANSWERS.replace("misconception", "missconception")}, "options"),
        ({"kind": '"citation"', "experiment": '"run"'}, "experiment"),
    ],
)
def test_a_fault_names_the_claim_and_the_key(tmp_path, changes, key):
    with pytest.raises(AuthorError, match=rf"C01: .*{key}") as caught:
        model.load(written(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_an_unknown_key_names_the_nearest(tmp_path):
    with pytest.raises(AuthorError, match=r"C01: unknown key 'critereon'.*criterion"):
        model.load(written(tmp_path, critereon='"x"'))


def test_broken_toml_is_a_sentence(tmp_path):
    file = tmp_path / "claims.toml"
    file.write_text("[C01\n")
    with pytest.raises(AuthorError, match=r"claims\.toml is not valid TOML"):
        model.load(file)


def test_a_notebook_has_at_most_four_gates(tmp_path):
    one = written(tmp_path, options=ANSWERS, gate="true").read_text()
    many = tmp_path / "many.toml"
    many.write_text("\n".join(one.replace("C01", f"C0{number}") for number in range(5)))
    with pytest.raises(AuthorError, match=r"Notebook 02 has 5 gates"):
        model.load(many)


def test_a_claim_is_found_in_any_case_and_a_stranger_is_not(small_ledger):
    assert model.get("c13 ").id == "C13"
    with pytest.raises(KitError, match=r"There is no claim 'C14'\. Did you mean C1"):
        model.get("C14")


def test_claims_of_one_experiment_belong_together(small_ledger):
    assert [claim.id for claim in model.sharing(model.get("C17"))] == ["C13", "C17"]
    assert [claim.id for claim in model.sharing(model.get("C98"))] == ["C98"]


def test_practice_questions_are_found_and_are_no_claims():
    for claim_id in model.load(model.PRACTICE_FILE):
        assert model.get(claim_id).id == claim_id
        assert claim_id not in model.load()


def test_gaps_are_read_and_a_fault_names_the_key(tmp_path):
    assert all(gap.topic and gap.text for gap in model.gaps())
    file = tmp_path / "gaps.toml"
    file.write_text('[G01]\nnotebook = 7\ntopik = "Framing"\n')
    with pytest.raises(AuthorError, match=r"G01: unknown key 'topik'.*topic"):
        model.gaps(file)


def test_platform_decides_where_a_claim_can_be_decided(small_ledger, monkeypatch):
    claim = model.get("C19")
    monkeypatch.setattr("sys.platform", "linux")
    assert claim.decidable_here
    monkeypatch.setattr("sys.platform", "darwin")
    assert not claim.decidable_here
    assert model.get("C13").decidable_here
