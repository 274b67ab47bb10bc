"""Lesson 00: the second visitor of a server that serves one at a time."""

import pytest

from reactorkit.claims.experiments import nb00
from reactorkit.claims.world import World


@pytest.fixture(scope="module")
def evidence():
    with World() as world:
        return nb00.the_second_visitor(world)


def test_bob_is_connected_waits_and_is_answered(evidence):
    assert evidence.findings["P00"].met is True
    assert "heard nothing" in evidence.findings["P00"].measured


def test_the_dialogue_can_be_drawn(evidence):
    assert evidence.picture(evidence.data).axes


@pytest.mark.parametrize(
    "other", [{"connected": False}, {"early": True}, {"late": False}], ids=lambda it: str(it)
)
def test_another_world_is_told_apart(other):
    here = {"connected": True, "early": False, "late": True, "patience": 1.0}
    assert nb00.judge(**here).met is True
    assert nb00.judge(**{**here, **other}).met is False
