"""What every run of pytest shares, over tests/ and over notebooks/: a home that is thrown away.

Predictions, outcomes and edited servers of a test run land in a temporary folder, never in
the reader's work/. Kernels of notebooks inherit this through the environment.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest

HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Set up the home; small sizes too, unless a size was asked for."""
    home = config.stash[HOME] = tempfile.mkdtemp(prefix="reactorkit-tests-")
    os.environ["REACTORKIT_HOME"] = home
    os.environ["IPYTHONDIR"] = os.path.join(home, "ipython")  # noqa: PTH118 - for the environment
    # The kernel of this environment comes before one of the same name in the home folder.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    if "REACTORKIT_SCALE" not in os.environ:
        os.environ["REACTORKIT_QUICK"] = "1"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Throw the home away."""
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a cell of a lesson that shows a reader a warning, though it ran (nbval's items)."""
    yield
    for output in getattr(item, "test_outputs", None) or []:
        if output.output_type == "stream" and output.name == "stderr" and "Warning" in output.text:
            item.raise_cell_error("The cell shows a warning.", output.text)  # type: ignore[attr-defined]
