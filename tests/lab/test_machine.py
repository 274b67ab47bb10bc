"""Sizes follow the machine's limits and what the reader asks for."""

import resource
import subprocess
import sys

import pytest

from reactorkit.lab import machine, workspace


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"REACTORKIT_QUICK": "1", "REACTORKIT_SCALE": "normal"}, "quick"),
        ({"REACTORKIT_SCALE": "small"}, "small"),
        ({"REACTORKIT_SCALE": "normal"}, "normal"),
    ],
)
def test_the_reader_decides_the_size(monkeypatch, environment, expected):
    for name in ("REACTORKIT_QUICK", "REACTORKIT_SCALE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert machine.scale() == expected


LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1000))
from reactorkit.lab import machine
print(machine.scale(), machine.most_connections(), machine.raise_descriptors(10_000))
print(machine.tightness())
"""


def test_a_tight_limit_makes_small_sizes_and_says_why(monkeypatch):
    for name in ("REACTORKIT_QUICK", "REACTORKIT_SCALE"):
        monkeypatch.delenv(name, raising=False)
    said = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said == ["small 900 1000", "one process may open only 1000 descriptors"]


def test_raising_descriptors_never_lowers():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert machine.raise_descriptors(1) >= min(before, machine.descriptor_limit())
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= before


def test_noise_is_a_share_of_the_time():
    with machine.disturbed() as noise:
        sum(range(10**6))
    assert noise.waited is None or 0 <= noise.waited <= 1
    assert 0 <= noise.busy <= 1


@pytest.mark.parametrize(
    ("waited", "others", "busy", "noisy"),
    [
        (0.0, 0.0, 1.0, False),  # our own load alone
        (0.0, 1.0, 0.3, False),  # somebody else, and cores to spare
        (0.0, 1.0, 0.9, True),
        (0.2, 0.0, 0.5, True),
        (None, 0.1, 0.9, False),
    ],
)
def test_noise_is_what_others_take_away(waited, others, busy, noisy):
    assert machine.Disturbance(waited, others, busy).noisy is noisy


def test_children_that_have_ended_are_our_own_doing():
    before = machine.own_seconds()
    spin = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", spin], check=True)
    assert machine.own_seconds() - before >= 0.5


def test_the_workspace_is_the_course_folder_or_what_the_reader_says(monkeypatch, tmp_path):
    monkeypatch.delenv("REACTORKIT_HOME", raising=False)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_start_here.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path / "notebooks")
    assert workspace.root() == tmp_path
    assert workspace.work() == tmp_path / "work"
    monkeypatch.setenv("REACTORKIT_HOME", str(tmp_path / "elsewhere"))
    assert workspace.work() == tmp_path / "elsewhere" / "work"
