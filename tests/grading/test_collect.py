"""What is made of a pile of files: who, which exercise, which of several, and what is left out."""

import datetime
import io
import json
import os
import stat
import zipfile

import pytest

from reactorkit.errors import KitError
from reactorkit.grading.classroom import collect, files

ANSWER = "def serve(listener):\n    pass  # {}\n"


@pytest.fixture
def top(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    return folder


@pytest.fixture
def put(top):
    def put(name, content=ANSWER, age=0):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        written = 1_800_000_000 - age
        os.utime(path, (written, written))
        return path

    return put


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def notebook(source, tag="exercise:x02"):
    cell = {"cell_type": "code", "metadata": {"tags": [tag]}, "source": source, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def collected(top):
    return collect.collect(top, ["x02", "x06"])


def test_each_kind_of_hand_in_is_understood(top, put):
    put("ann/work/x02.py", "a = 1")
    put("ben.zip", zipped(("x02.py", "b = 1")))
    put("Cy Young_12_assignsubmission_file_/my x02 answer.py", "c = 1")
    put("dunndee_34_56_x02-1.ipynb", notebook("%%exercise x02\nd = 1"))
    put("evaevans_LATE_78_90_submit.zip", zipped(("deep/x02.py", "e = 1")))
    found = collected(top)
    assert {key: one.answers["x02"].source.strip() for key, one in found.items()} == {
        "ann": "a = 1",
        "ben": "b = 1",
        "Cy Young (12)": "c = 1",
        "dunndee (34)": "d = 1",
        "evaevans (78)": "e = 1",
    }
    assert [key for key, one in found.items() if one.answers["x02"].late] == ["evaevans (78)"]
    assert not any(one.notes for one in found.values())


def test_a_zip_of_everybody_is_as_good_as_a_folder(top, put, tmp_path):
    path = tmp_path / "all.zip"
    path.write_bytes(zipped(("ann/x02.py", "a = 1"), ("ben/x02.py", "b = 1")))
    assert list(collected(path)) == ["ann", "ben"]


def test_the_latest_of_several_answers_counts_and_the_others_are_named(top, put):
    put("ann/x02.py", "old = 1", age=60)
    put("ann/again/x02.py", "new = 1")
    one = collected(top)["ann"]
    assert one.answers["x02"].source == "new = 1"
    assert "there are several answers" in one.notes[0] and "not ann/x02.py" in one.notes[0]


def test_a_copy_of_the_same_answer_is_no_second_one(top, put):
    put("ann/x02.py", "a = 1\n")
    put("ann/x02.ipynb", notebook("%%exercise x02\na = 1"), age=60)
    assert collected(top)["ann"].notes == []


def test_the_starter_never_counts_instead_of_an_answer(top, put):
    from reactorkit.grading import catalog, submission

    put("ann/x02.py", "a = 1", age=60)
    put("ann/new/x02.py", submission.starter(catalog.get("x02")))
    assert collected(top)["ann"].answers["x02"].source == "a = 1"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x02.ipynb", "{", "is not a notebook"),
        ("x02.ipynb", notebook("a = 1", "other"), "has no cell of an exercise"),
        ("x02.ipynb", "[" * 100_000, "is not a notebook"),
        ("x02.ipynb", notebook("a = '\ud800'"), "holds characters that are none"),
        ("x02.py", b"\xff\xfe", "is not text in UTF-8"),
        ("x02.py", b"#" * 3_000_000, "has 3,000,000 bytes"),
        ("server.py", "a = 1", "does not say which exercise"),
        ("x02.pdf", "%PDF", "is neither a .py file"),
        ("x02.zip", b"PK\3\4 and no more", "is a zip that cannot be opened"),
        ("x02.zip", zipped(("../../x02.py", "a = 1")), "leads out of its zip"),
        ("x02.zip", zipped(("/etc/x02.py", "a = 1")), "leads out of its zip"),
        ("x02.zip", zipped(("..\\x02.py", "a = 1")), "leads out of its zip"),
        ("x02.zip", zipped(("x02.py", b"#" * 30_000_000)), "has 30,000,000 bytes"),
        ("x02.zip", zipped(*((f"{n}.py", "") for n in range(2001))), "a zip of 2,001 files"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_hurts_nobody_else(top, put, name, content, sentence):
    put(f"ann/{name}", content)
    put("ben/x02.py", "b = 1")
    found = collected(top)
    assert sentence in found["ann"].notes[0]
    assert found["ann"].notes[-1] == "Nothing was found that could be judged."
    assert found["ben"].answers["x02"].source == "b = 1"


def test_zips_in_zips_end_somewhere(top, put):
    data = zipped(("x02.py", "a = 1"))
    for _ in range(files.DEEPEST):
        data = zipped(("more.zip", data))
    put("ann/x02.zip", data)
    assert "zips deep" in collected(top)["ann"].notes[0]


def test_a_zip_that_grows_too_large_is_left(top, put):
    members = [(f"{n}/x02.py", b"#" * 1_900_000) for n in range(40)]
    put("ann/x02.zip", zipped(*members))
    assert any("grows too large" in note for note in collected(top)["ann"].notes)


def test_links_are_not_followed(top, put, tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("secret = 1")
    (top / "ann").mkdir()
    (top / "ann" / "x02.py").symlink_to(secret)
    (top / "ann" / "all").symlink_to(tmp_path)
    link = zipfile.ZipInfo("x02.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    put("ben/x02.zip", zipped((link, str(secret))))
    found = collected(top)
    assert [note.split(" ", 1)[1] for note in found["ann"].notes[:2]] == [
        "is a link, and is not followed."
    ] * 2
    assert "is a link" in found["ben"].notes[0]
    assert not found["ann"].answers and not found["ben"].answers


def test_an_empty_folder_is_a_learner_without_an_answer(top):
    (top / "ann").mkdir()
    assert collected(top)["ann"].notes == ["Nothing was found that could be judged."]


def test_a_zip_tells_when_its_files_were_written(top, put):
    info = zipfile.ZipInfo("x02.py", (2027, 1, 2, 3, 4, 6))
    put("ann/x02.zip", zipped((info, "a = 1")))
    written = collected(top)["ann"].answers["x02"].written
    assert written == datetime.datetime(2027, 1, 2, 3, 4, 6).astimezone()


def test_two_folders_of_one_person_become_one(top, put):
    put("Ada_1_assignsubmission_file_/x02.py", "a = 1", age=60)
    put("ada/x02.py", "b = 1")
    found = collected(top)
    merged = collect.by_person(found, dict.fromkeys(found, "Ada"))
    assert list(merged) == ["Ada"] and merged["Ada"].answers["x02"].source == "b = 1"
    assert "under two names" in merged["Ada"].notes[0]


def test_what_is_no_folder_gets_a_sentence(tmp_path):
    with pytest.raises(KitError, match="neither a folder nor a zip"):
        collected(tmp_path / "nowhere")
