"""The glossary and the lessons agree: a word is bold where it is defined, five a lesson at most."""

import re
from collections import Counter

import nbformat
import pytest

from reactorkit.course import LESSONS, NOTEBOOKS

ROW = re.compile(r"^\| (\d\d) \| \*\*(.+?)\*\* \| (.+) \|$", re.MULTILINE)
WORDS = ROW.findall((NOTEBOOKS / "GLOSSARY.md").read_text(encoding="utf-8"))


def prose(number):
    (lesson,) = [entry for entry in LESSONS if entry.number == number]
    notebook = nbformat.read(NOTEBOOKS / lesson.file_name, as_version=4)
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_every_lesson_that_exists_has_its_words():
    assert {int(number) for number, _, _ in WORDS} == {
        lesson.number for lesson in LESSONS if lesson.exists
    }


def test_a_lesson_has_at_most_five_new_words():
    assert max(Counter(number for number, _, _ in WORDS).values()) <= 5


@pytest.mark.parametrize(("number", "word"), [(int(number), word) for number, word, _ in WORDS])
def test_a_word_is_bold_in_its_lesson(number, word):
    assert f"**{word}**" in prose(number)


def test_no_word_is_defined_twice():
    assert Counter(word for _, word, _ in WORDS).most_common(1)[0][1] == 1
