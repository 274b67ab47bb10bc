"""The head of a lesson says where it stands and what this machine allows."""

import pytest

from reactorkit.claims.lesson import lesson
from reactorkit.course import LESSONS, WALK, strip


@pytest.mark.parametrize("number", [entry.number for entry in LESSONS])
def test_every_lesson_has_a_head(number):
    head = lesson(number)
    assert repr(head).startswith("The walk:")
    assert repr(head).count("you are here") == head._repr_html_().count("you are here") == 1
    assert all(stop in strip(number) for stop in WALK)


def test_reduced_sizes_are_stated(monkeypatch):
    monkeypatch.delenv("REACTORKIT_QUICK", raising=False)
    monkeypatch.setenv("REACTORKIT_SCALE", "small")
    assert "reduced size, because" in repr(lesson(2))


def test_there_is_no_lesson_99():
    with pytest.raises(LookupError, match="0 to 14"):
        lesson(99)
