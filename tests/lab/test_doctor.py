"""The doctor finds exactly what the kit left behind, ends only that, and judges limits in words."""

import os
import subprocess
import sys

import psutil
import pytest

from reactorkit import servers
from reactorkit.lab import doctor
from reactorkit.lab.process import MARK, owner_mark

# Waits for the end of its input, so it lives exactly as long as the test holds the pipe.
WAITS = [sys.executable, "-c", "import sys; sys.stdin.read()"]


@pytest.fixture
def start():
    """Start a process that carries a mark; it is gone when the test ends."""
    started = []

    def one(mark):
        env = {key: value for key, value in os.environ.items() if key != MARK}
        if mark is not None:
            env[MARK] = mark
        process = subprocess.Popen(WAITS, stdin=subprocess.PIPE, env=env)
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()


@pytest.fixture
def dead_owner():
    """The mark of a process that has ended."""
    process = subprocess.Popen(WAITS, stdin=subprocess.PIPE)
    mark = f"{process.pid}:{psutil.Process(process.pid).create_time():.2f}"
    process.communicate()
    return mark


def pids(found):
    return {one.process.pid for one in found}


def test_a_process_whose_owner_has_died_is_a_leftover(start, dead_owner):
    left = start(dead_owner)
    assert left.pid in pids(doctor.leftovers(patience=0))


def test_a_process_whose_owner_lives_is_in_use(start):
    used = start(owner_mark())
    assert used.pid not in pids(doctor.leftovers(patience=0))
    found = {one.process.pid: one for one in doctor.kept()}[used.pid]
    assert found.in_use
    assert found.owner == os.getpid()


def test_an_owner_whose_pid_was_given_to_another_process_is_dead(start):
    """The mark holds the start time too, so a new process under an old pid owns nothing."""
    left = start(f"{os.getpid()}:{psutil.Process().create_time() - 3600:.2f}")
    assert left.pid in pids(doctor.leftovers(patience=0))


@pytest.mark.parametrize("mark", [None, "", "nonsense", "1:2:3", "1:soon", "4194304:soon"])
def test_a_process_without_a_mark_of_ours_is_never_touched(start, mark):
    stranger = start(mark)
    assert stranger.pid not in pids(doctor.kept())


def test_a_leftover_that_ends_by_itself_in_time_is_none(start, dead_owner):
    """A keeper needs a moment to notice that its notebook is gone."""
    left = start(dead_owner)
    left.stdin.close()
    assert left.pid not in pids(doctor.leftovers(patience=10))


def test_end_ends_leftovers_and_nothing_else(start, dead_owner):
    left, used, stranger = start(dead_owner), start(owner_mark()), start(None)
    ours = [one for one in doctor.leftovers(patience=0) if one.process.pid == left.pid]
    assert doctor.end(ours) == []
    assert not psutil.pid_exists(left.pid)
    assert used.poll() is None
    assert stranger.poll() is None


@pytest.fixture
def only_mine(monkeypatch):
    """Let the doctor see only processes of this test: others may run beside it."""
    real = doctor.kept

    def is_mine(process):
        try:
            return os.getpid() in [parent.pid for parent in process.parents()]
        except psutil.NoSuchProcess:  # another test's process, which has just ended
            return False

    def kept():
        return [one for one in real() if is_mine(one.process)]

    monkeypatch.setattr(doctor, "kept", kept)
    monkeypatch.setattr(doctor, "PATIENCE_SECONDS", 0)


def test_the_report_names_what_was_left_and_how_to_end_it(
    start, dead_owner, only_mine, capsys, tmp_path
):
    left = start(dead_owner)
    assert doctor.main(["--leftovers"]) == 1
    text = capsys.readouterr().out
    assert f"process {left.pid}" in text
    assert "python -m reactorkit doctor --end" in text
    assert doctor.main(["--leftovers", "--end"]) == 0
    text = capsys.readouterr().out
    assert "Ended 1 of 1" in text
    assert "Nothing was left running." in text


def test_what_is_in_use_is_told_and_nothing_to_worry_about(start, only_mine, capsys):
    start(owner_mark())
    assert doctor.main(["--leftovers"]) == 0
    assert "1 process is in use by a running notebook." in capsys.readouterr().out


def test_the_whole_report_has_its_parts(only_mine, capsys):
    status = doctor.main([])
    text = capsys.readouterr().out
    parts = ["Processes of this kit", "Limits", "Installed", "Optional programs"]
    assert [part for part in parts if part not in text] == []
    for word in ("descriptors", "ephemeral ports", "backlog", "memory", "jupyterlab", "ipykernel"):
        assert word in text
    assert status == (1 if "  DO  " in text else 0)


@pytest.mark.parametrize(
    ("soft", "hard", "judgement"),
    [(256, 512, "do"), (1024, 2048, "note"), (256, 10_240, "ok"), (1024, -1, "ok")],
)
def test_descriptors_are_judged_by_what_the_limit_can_be_raised_to(
    monkeypatch, soft, hard, judgement
):
    monkeypatch.setattr(doctor.resource, "RLIM_INFINITY", -1)
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda which: (soft, hard))
    found = doctor.check_descriptors()
    assert found.judgement == judgement
    assert bool(found.advice) == (judgement != "ok")


@pytest.mark.parametrize(
    ("check", "told", "judgement"),
    [
        (doctor.check_ports, "32768\t60999", "ok"),
        (doctor.check_ports, "60000\t60999", "do"),
        (doctor.check_ports, None, "ok"),
        (doctor.check_backlog, "4096", "ok"),
        (doctor.check_backlog, "128", "note"),
        (doctor.check_backlog, None, "ok"),
    ],
)
def test_kernel_settings_are_judged_in_words(monkeypatch, check, told, judgement):
    monkeypatch.setattr(doctor, "first_line", lambda *paths: told)
    found = check()
    assert found.judgement == judgement
    assert ("sysctl -w" in found.advice) == (judgement != "ok")


def test_a_package_outside_its_range_comes_with_the_command_that_repairs_it(monkeypatch):
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda name: ["ipykernel<7.4,>=7.1"])
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "7.4.0")
    found = [one for one in doctor.check_packages() if one.judgement == "do"]
    assert [one.what for one in found] == ["ipykernel"]
    assert "pip install 'ipykernel<7.4,>=7.1'" in found[0].advice


def test_a_missing_program_comes_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    found = list(doctor.check_programs())
    assert {one.judgement for one in found} == {"note"}
    assert all("sudo apt install" in one.advice for one in found)


def test_a_server_in_the_wild_that_is_missing_comes_with_the_command_that_installs_it(monkeypatch):
    sign = servers._NEEDS["Twisted"]
    monkeypatch.setitem(servers._NEEDS, "Twisted", (lambda: False, *sign[1:]))
    found = {one.what: one for one in doctor.check_wild()}
    assert set(found) == {one.name for one in servers.WILD}
    assert found["echo_twisted"].judgement == "note"
    assert "make peers" in found["echo_twisted"].advice
