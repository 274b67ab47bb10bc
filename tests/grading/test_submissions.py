"""Every kept submission against the checks, once: the grade of a stranger.

A wrong one meets the check that is named for it here. `make test-grading` lets each of them meet
all checks, twenty times, on a busy machine.
"""

import pytest
from kept_submissions import RIGHT, STARTER, WRONG, kept, verdict_of

from reactorkit.grading.judge import judge

ALL = kept()


def those(kind):
    return pytest.mark.parametrize("one", [one for one in ALL if one.kind == kind], ids=str)


@those(RIGHT)
def test_a_right_one_gets_all_points(one):
    judged_as_it_should_be(one)


@those(WRONG)
def test_a_wrong_one_fails_where_it_should(one):
    judged_as_it_should_be(one)


@those(STARTER)
def test_a_starter_is_unattempted(one):
    judged_as_it_should_be(one)


def judged_as_it_should_be(one):
    one = one.short()
    result = judge(one.exercise, one.read())
    complaint = one.complaint(verdict_of(result))
    assert not complaint, f"{complaint}:\n{result.text()}"
