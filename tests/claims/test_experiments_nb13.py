"""The experiments of lesson 13: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

import time

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments.nb13 import (
    budget,
    choosing,
    common,
    crown,
    fanout,
    settings,
    strategies,
    tenk,
)
from reactorkit.lab.peer import Peer
from reactorkit.lab.server import Server

PATIENT = common.TAUGHT / "echo_patient.py"


class TestLesson13(LessonExperiments):
    number = 13


# Planted worlds: the numbers of a world in which the claim would be otherwise.

HELD = {"threads": 1, "idle": 0.0, "slower": 1.2, "kib": 0.4}


@pytest.mark.parametrize(
    "other", [{"threads": 9500}, {"idle": 0.9}, {"slower": 12.0}, {"kib": 20.0}]
)
def test_a_crowd_that_costs_something_is_noticed(other: dict[str, float]) -> None:
    assert tenk.judge(9500, HELD).met
    assert not tenk.judge(9500, {**HELD, **other}).met


def test_the_problem_is_not_solved_by_a_server_that_spins() -> None:
    assert tenk.judge_problem(9500, HELD).met
    assert not tenk.judge_problem(9500, {**HELD, "idle": 1.0}).met


def test_a_message_that_skips_somebody_is_noticed() -> None:
    costs = {50: 250e-6, 400: 2000e-6}
    assert fanout.judge({10: 9, 50: 49}, costs).met
    assert not fanout.judge({10: 9, 50: 48}, costs).met
    assert not fanout.judge({10: 10, 50: 50}, costs).met  # the sender does not hear itself


@pytest.mark.parametrize("many", [250e-6, 250e-6 * 64])
def test_a_message_that_costs_the_same_or_the_square_is_noticed(many: float) -> None:
    assert not fanout.judge({10: 9, 50: 49}, {50: 250e-6, 400: many}).met


SILENT = {
    "echo_threads": {"cpu": 0.0, "answer": 4e-5},
    "echo_reactor": {"cpu": 0.0, "answer": 3e-5},
}
COSTS = {"echo_threads": 27e-6, "echo_reactor": 8e-6}


def test_threads_that_cost_cpu_while_silent_are_noticed() -> None:
    assert crown.judge(1000, SILENT, COSTS).met
    spinning = {**SILENT, "echo_threads": {"cpu": 0.4, "answer": 4e-5}}
    assert crown.judge(1000, spinning, COSTS).met is False
    late = {**SILENT, "echo_threads": {"cpu": 0.0, "answer": 4e-4}}
    assert crown.judge(1000, late, COSTS).met is False


def test_cheap_threads_refute_only_when_there_were_enough_of_them() -> None:
    cheap = {"echo_threads": 10e-6, "echo_reactor": 8e-6}
    assert crown.judge(1000, SILENT, cheap).met is False
    assert crown.judge(450, SILENT, cheap).met is None
    assert crown.judge(1000, SILENT, cheap, waited=0.4).met is None


def test_a_second_server_that_never_rests_is_noticed() -> None:
    idle = {"echo_busywait": 0.98, "echo_threads": 0.0, "echo_prefork": 0.01}
    assert strategies.judge_idle(idle).met
    assert not strategies.judge_idle({**idle, "echo_prefork": 1.8}).met
    assert not strategies.judge_idle({**idle, "echo_busywait": 0.0}).met


def test_a_strategy_without_a_cell_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {row.server: 1e-5 for row in strategies.ROWS if row.server}
    assert strategies.judge_strategies(answers).met
    fewer = tuple(row for row in strategies.ROWS if row.kegel != "5")
    monkeypatch.setattr(strategies, "ROWS", fewer)
    assert not strategies.judge_strategies(answers).met


def test_a_setting_that_cannot_be_read_is_named() -> None:
    table = {each.name: ["1,024", "something"] for each in settings.OPEN_FILES}
    assert settings.judge({**table, "somaxconn": ["4,096", "a queue"]}).met
    finding = settings.judge({**table, "somaxconn": ["", "a queue"]})
    assert not finding.met
    assert "somaxconn" in finding.why


def test_settings_that_a_system_lacks_are_empty_and_no_error() -> None:
    assert settings.from_proc("no/such/setting", settings.first) == ""
    assert settings.from_sysctl("no.such.setting") == ""


def test_half_of_what_the_sockets_take_belongs_to_the_clients() -> None:
    loop = {"Slab": 7.0, "KernelStack": 0.0, "PageTables": 0.0, "process": 0.4}
    threads = {"Slab": 13.0, "KernelStack": 16.0, "PageTables": 4.0, "process": 20.0}
    parts = budget.budget({"echo_reactor": loop, "echo_threads": threads})
    assert parts["echo_reactor"] == {"process": 0.4, "sockets": 3.5, "thread": 0.0}
    assert parts["echo_threads"] == {"process": 20.0, "sockets": 3.5, "thread": 26.0}
    assert budget.judge(parts).met


def test_other_programs_and_silent_kernels_forbid_an_estimate() -> None:
    row = {"process": 0.4, "sockets": -3.0, "thread": 0.0}
    assert budget.judge({"echo_reactor": row, "echo_threads": row}).met is None
    assert budget.judge({}).met is None
    without = {"process": 0.4}
    assert budget.budget({"echo_reactor": without, "echo_threads": without}) == {}


def test_a_reactor_that_never_loses_is_noticed() -> None:
    same = {"threads": 20.0, "reactor": 0.4}
    cases = {"silent": same, "talking": same, "few": same}
    assert choosing.judge({**cases, "waits": {"threads": 0.05, "reactor": 0.5}}).met
    assert not choosing.judge({**cases, "waits": {"threads": 0.05, "reactor": 0.06}}).met
    turned = {"threads": 0.4, "reactor": 20.0}
    lost = {**cases, "silent": turned, "waits": {"threads": 0.05, "reactor": 0.5}}
    assert not choosing.judge(lost).met


# The servers that only this lesson has.


def test_a_silent_guest_has_to_leave_and_one_that_talks_stays() -> None:
    with Server(PATIENT) as server, Peer(server.address) as silent, Peer(server.address) as ann:
        began = time.monotonic()
        silent.sock.settimeout(0.05)
        gone = False
        while not gone and time.monotonic() - began < 20:
            ann.echo(b"still here")
            try:
                gone = silent.sock.recv(1) == b""
            except TimeoutError:
                continue
        assert gone
        ann.echo(b"still here")


def test_a_byte_now_and_then_keeps_a_place() -> None:
    with Server(PATIENT) as server, Peer(server.address) as slow, Peer(server.address) as silent:
        silent.timeout = 20
        slow.sock.settimeout(0.2)
        silent.sock.settimeout(0.05)
        while True:
            slow.echo(b".")
            try:
                if silent.sock.recv(1) == b"":
                    break
            except TimeoutError:
                continue
        slow.echo(b".")


@pytest.mark.parametrize("name", ["echo_edge", "echo_prefork"])
def test_the_servers_of_the_table_echo_everything(name: str) -> None:
    words = bytes(range(256)) * 200
    with Server(strategies.target(name)) as server:
        with Peer(server.address) as ann, Peer(server.address) as bob:
            assert ann.echo(words) and bob.echo(words[:100])
            bob.reset()
            ann.send(words)
            ann.half_close()
            assert ann.recv_to_eof() == words
        with Peer(server.address) as late:
            late.echo(b"is anybody there?")
    assert server.returncode == 0
