import itertools
import json
import multiprocessing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactorkit.claims.journal import Journal, fold, parse

# A busy machine is no fault of the code.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

predictions = st.fixed_dictionaries(
    {
        "v": st.just(1),
        "kind": st.just("prediction"),
        "claim": st.sampled_from(["C01", "C02"]),
        "answer": st.sampled_from(["a", "b", "?", "ü"]),
    }
)
outcomes = st.fixed_dictionaries(
    {
        "v": st.just(1),
        "kind": st.just("outcome"),
        "claim": st.sampled_from(["C01", "C02"]),
        "met": st.sampled_from([True, False, None]),
        "measured": st.text(),
    }
)
strangers = st.fixed_dictionaries({"v": st.integers(), "kind": st.text(), "new": st.text()})
stories = st.lists(predictions | outcomes | strangers, max_size=12)


def as_bytes(records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@patient
@given(stories, st.integers(min_value=0))
def test_a_journal_cut_anywhere_keeps_every_line_that_is_whole(records, cut):
    data = as_bytes(records)
    cut = min(cut, len(data))
    read, unreadable = parse(data[:cut])
    whole = data[:cut].count(b"\n")
    assert read[:whole] == records[:whole]
    assert len(read) in (whole, whole + 1)  # a line may lack nothing but its newline
    assert unreadable == 0


@patient
@given(stories, st.data())
def test_what_is_appended_after_a_cut_is_read_too(records, data):
    whole = as_bytes(records)
    cut = data.draw(st.integers(min_value=0, max_value=len(whole)))
    last = {"v": 1, "kind": "prediction", "claim": "C03", "answer": "a"}
    torn = whole[:cut] + b"\n" + as_bytes([last])
    assert fold(parse(torn)[0])["C03"].latest == "a"


@patient
@given(stories)
def test_folding_keeps_first_and_latest_and_counts_rounds(records):
    for claim, history in fold(records).items():
        mine = [record for record in records if record.get("claim") == claim]
        answers = [each["answer"] for each in mine if each["kind"] == "prediction"]
        assert history.first == (answers[0] if answers else None)
        assert history.latest == (answers[-1] if answers else None)
        assert history.outcomes == [each for each in mine if each["kind"] == "outcome"]
        kinds = [each["kind"] for each in mine]
        turns = [kind for kind, _ in itertools.groupby(kinds)]
        assert history.round == max(1, turns.count("prediction"))
        assert history.settled == (turns[-2:] == ["prediction", "outcome"])


@patient
@given(st.binary(max_size=200))
def test_no_bytes_upset_the_reader(data):
    records, unreadable = parse(data)
    fold(records)
    assert len(records) + unreadable <= data.count(b"\n") + 1


def test_lines_are_versioned_dated_and_only_appended(book):
    book.predict("C13", "a")
    before = book.path.read_bytes()
    book.append("outcome", claim="C13", met=True)
    after = book.path.read_bytes()
    assert after.startswith(before)
    first, second = (json.loads(line) for line in after.splitlines())
    assert (first["v"], first["kind"], first["answer"]) == (1, "prediction", "a")
    assert second["t"] >= first["t"] > 1_600_000_000


def test_a_new_journal_of_the_same_file_knows_everything(book):
    book.predict("C13", "a")
    book.predict("C13", "b")
    history = Journal(book.path).history("C13")
    assert (history.first, history.latest, history.settled) == ("a", "b", False)


def test_a_torn_last_line_costs_only_itself(book):
    book.predict("C13", "a")
    with book.path.open("ab") as file:
        file.write(b'{"v": 1, "kind": "predic')
    book.predict("C13", "b")
    assert book.history("C13").latest == "b"
    assert len(book.path.read_bytes().splitlines()) == 3


def test_damage_in_the_middle_is_told_and_passed_over(book):
    book.predict("C13", "a")
    data = book.path.read_bytes()
    book.path.write_bytes(b"\x00\xff garbage\n" + data + b"[1, 2]\n")
    assert book.history("C13").latest == "a"
    assert "2 line(s)" in book.notice
    book.predict("C13", "b")
    assert book.history("C13").latest == "b"


def test_a_journal_that_cannot_be_written_keeps_the_work_and_says_so(home, book):
    book.path.mkdir(parents=True)
    book.predict("C13", "a")
    assert book.history("C13").latest == "a"
    assert "cannot be used" in book.notice
    book.path.rmdir()
    book.predict("C17", "b")
    assert book.notice == ""
    again = Journal(book.path)
    assert (again.history("C13").latest, again.history("C17").latest) == ("a", "b")


def test_a_full_disk_leaves_no_half_line(book, monkeypatch):
    book.predict("C13", "a")
    import os

    whole = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: whole(fd, data[:10]))
    book.predict("C13", "b")
    assert "No space left" in book.notice
    assert book.history("C13").latest == "b"
    monkeypatch.undo()
    assert Journal(book.path).history("C13").latest == "a"
    book.append("outcome", claim="C13", met=True)
    assert Journal(book.path).history("C13").latest == "b"


def write_many(path, name):
    for number in range(20):
        Journal(path).predict(name, f"{number}" * 40)


def test_two_kernels_never_mix_their_lines(home):
    path = home / "work" / "journal.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path, f"C0{each}")) for each in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    records, unreadable = parse(path.read_bytes())
    assert (len(records), unreadable) == (40, 0)


@pytest.mark.parametrize(
    "record",
    [
        {"v": 1, "kind": "prediction", "claim": "C13", "answer": 3},
        {"v": 1, "kind": "outcome", "claim": "C13", "met": "yes"},
        {"v": 1, "kind": "outcome", "claim": ["C13"], "met": True},
        {"v": 2, "kind": "praise", "claim": "C13"},
    ],
)
def test_records_of_another_shape_are_ignored(record):
    assert fold([record]) == {}
