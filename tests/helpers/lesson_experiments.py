"""What the experiments of every lesson must do; a lesson's tests name it and add their own.

class TestLesson02(LessonExperiments):
    number = 2
"""

from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass
from types import ModuleType

import psutil
import pytest

from reactorkit.claims import model, verdicts
from reactorkit.claims.run import ATTEMPTS
from reactorkit.claims.world import Evidence, World
from reactorkit.view import still


@dataclass
class Ran:
    """One experiment that has run: what it found, and what it has left behind."""

    evidence: Evidence
    processes: list[psutil.Process]
    threads: int
    descriptors: int


def module(number: int) -> ModuleType:
    """Return the module with the experiments of a lesson."""
    return importlib.import_module(f"reactorkit.claims.experiments.nb{number:02}")


def run(number: int, name: str) -> Ran:
    """Run an experiment as a lesson does: again where a busy machine has spoilt it."""
    function = getattr(
        importlib.import_module(f"reactorkit.claims.experiments.nb{number:02}"), name
    )
    process = psutil.Process()
    before = process.children(recursive=True)
    threads, descriptors = threading.active_count(), process.num_fds()
    for _ in range(ATTEMPTS):
        with World() as world:
            evidence = function(world)
        if not (world.noise.disturbed and spoilt(evidence)):
            break
    else:
        pytest.skip(f"busy machine: {world.noise.sentence}")
    left = [each for each in process.children(recursive=True) if each not in before]
    threads = threading.active_count() - threads
    return Ran(evidence, left, threads, process.num_fds() - descriptors)


def spoilt(evidence: Evidence) -> bool:
    """Return whether only claims that a busy machine may spoil have missed their criterion."""
    missed = [model.get(key) for key, each in evidence.findings.items() if each.met is False]
    return bool(missed) and all(claim.load_sensitive for claim in missed)


class LessonExperiments:
    """The contract between the ledger and the experiments of one lesson."""

    number: int

    @classmethod
    def claims(cls) -> list[model.Claim]:
        """Return the claims that are measured: a citation has no experiment."""
        here = [claim for claim in model.load().values() if claim.notebook == cls.number]
        return [claim for claim in here if claim.kind == "measured"]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "experiment" in metafunc.fixturenames:
            names = sorted({claim.experiment for claim in self.claims()})
            metafunc.parametrize("experiment", names, scope="class")

    @pytest.fixture(scope="class")
    @classmethod
    def ran(cls, experiment: str) -> Ran:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REACTORKIT_QUICK", "1")
            return run(cls.number, experiment)

    def test_every_experiment_is_named_in_the_ledger(self) -> None:
        experiments = {name for name in module(self.number).__all__ if name.islower()}
        assert experiments == {claim.experiment for claim in self.claims()}

    def test_it_decides_the_claims_that_name_it(self, ran: Ran, experiment: str) -> None:
        named = {claim.id for claim in self.claims() if claim.experiment == experiment}
        assert set(ran.evidence.findings) == named

    def test_findings_are_as_the_ledger_states(self, ran: Ran) -> None:
        for claim_id, finding in ran.evidence.findings.items():
            if finding.met is None:
                assert verdicts.may_be_undecided(model.get(claim_id))
                assert finding.why
            else:
                assert finding.met, f"{claim_id}: {finding.measured} {finding.why}"
            assert finding.measured
            assert "\n" not in finding.measured

    def test_its_picture_can_be_drawn_and_told(self, ran: Ran) -> None:
        evidence = ran.evidence
        if evidence.picture is None:  # where the system tells nothing there is nothing to draw
            assert all(each.met is None for each in evidence.findings.values())
            return
        fig = evidence.picture(evidence.data)
        assert fig.axes
        assert fig.get_figwidth() * fig.dpi <= 1050  # shown hardly smaller in a notebook
        assert still.png(fig).startswith(b"\x89PNG")
        assert evidence.caption.endswith(".")
        assert len(evidence.alt) > 40

    def test_nothing_is_left_of_it(self, ran: Ran) -> None:
        assert not ran.processes
        assert ran.threads <= 0
        assert ran.descriptors <= 0
