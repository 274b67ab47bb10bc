"""A small ledger of its own for the tests of the engine: four claims and an experiment to bend."""

import sys
import types
from pathlib import Path

import pytest

from reactorkit.claims import model
from reactorkit.claims.journal import Journal, journal
from reactorkit.claims.world import Evidence, Finding

LEDGER = Path(__file__).with_name("small_ledger.toml")
LESSON = "reactorkit.claims.experiments.nb02"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A course folder without a journal."""
    monkeypatch.setenv("REACTORKIT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def book(home) -> Journal:
    """The journal that predictions and outcomes go to."""
    return journal()


@pytest.fixture
def small_ledger(home, monkeypatch):
    """Claims C13, C17, C19 and C99 (history), decided by `lesson.idle` and `lesson.race`."""
    monkeypatch.setattr(model, "CLAIMS_FILE", LEDGER)
    lesson = types.ModuleType(LESSON)
    lesson.idle = lambda world: Evidence(
        {"C13": Finding(True, "0.0 % CPU"), "C17": Finding(True, "20 KiB a thread")}
    )
    lesson.race = lambda world: Evidence({"C19": Finding(True, "45 errors")})
    monkeypatch.setitem(sys.modules, LESSON, lesson)
    return lesson
