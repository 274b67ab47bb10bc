"""What the tests share: no lesson begun, no prediction made, nothing left running."""

import os
from pathlib import Path

import pytest

# Kinds of test that need a program which may be missing: how a skip begins, and what says why.
MAY_BE_MISSING = {
    "THE TESTS IN BROWSERS": "make browser",
    "THE TESTS WITH NBGRADER": "make nbgrader",
}

# What takes longest begins first, so that no worker is left alone with it at the end.
LONG = (
    "test_notebooks_run.py",
    "browser",
    "grading/test_hostile.py",
    "grading/test_nbgrader.py",
    "servers/test_contract.py",
    "demo",
    "servers/test_price_and_limits.py",
    "lab/attacks",
    "grading/test_blame.py",
    "claims/test_experiments",
)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Put the files that take long first, in the order of LONG; the order within a file stays."""

    def place(item):
        name = item.path.relative_to(HERE).as_posix() if HERE in item.path.parents else ""
        return next((at for at, begins in enumerate(LONG) if name.startswith(begins)), len(LONG))

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter):
    """Say at the end, where it is read, that a kind of test did not run at all."""
    skipped = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    for kind, command in MAY_BE_MISSING.items():
        if number := sum(kind in reason for reason in skipped):
            terminalreporter.write_sep("=", "not everything was tested", red=True, bold=True)
            terminalreporter.write_line(
                f"{kind} DID NOT RUN ({number} of them): `{command}` says why."
            )


@pytest.fixture(autouse=True, scope="session")
def nothing_left_running():
    """Fail the run if a test has left a process of the kit behind."""
    from reactorkit.lab import doctor

    yield
    ours = [one for one in doctor.kept() if one.owner == os.getpid()]
    assert not ours, "left running by these tests: " + "; ".join(one.what for one in ours)


@pytest.fixture(autouse=True)
def unanswered(monkeypatch):
    """Tests answer predictions themselves, whatever the caller's environment says."""
    monkeypatch.delenv("REACTORKIT_AUTOPREDICT", raising=False)


@pytest.fixture(autouse=True)
def outside_of_lessons(monkeypatch):
    """A lesson that one test has begun in this process is over for the next one."""
    from reactorkit import course

    monkeypatch.setattr(course, "_running", None)
