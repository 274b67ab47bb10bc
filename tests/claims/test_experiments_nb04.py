"""The experiments of lesson 04: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

import os

from lesson_experiments import LessonExperiments

from reactorkit.claims import model, verdicts
from reactorkit.claims.experiments import nb04
from reactorkit.claims.experiments.nb04 import limits, scaling, systems, tables, waiting


class TestLesson04(LessonExperiments):
    number = 4


def test_one_socket_has_two_numbers() -> None:
    with nb04.TwoNumbers(1500) as (near, high, far):
        assert high >= 1500
        assert near.fileno() < high
        assert os.read(high, 1) == b"!"
    assert near.fileno() == far.fileno() == -1


def test_a_foreign_call_is_never_shown_as_a_pass() -> None:
    finding = systems._elsewhere("kqueue", {"kqueue": True}, None, "macOS")
    claim = model.get("C50")
    assert verdicts.verdict(claim, finding.met).words == verdicts.UNDECIDABLE


def test_a_wait_that_ends_before_the_byte_does_not_count() -> None:
    early = waiting.Wake(sent=0.3, returned=0.2, cpu=0, named=True)
    late = waiting.Wake(sent=0.3, returned=3.1, cpu=0, named=True)
    empty = waiting.Wake(sent=0.3, returned=0.4, cpu=0, named=False)
    good = waiting.Wake(sent=0.3, returned=0.4, cpu=0, named=True)
    judged = [waiting.woke_for_the_byte(each, 3.0) for each in (early, late, empty, good)]
    assert judged == [False, False, False, True]
    assert waiting.woke_for_the_byte(late, None)


def test_reports_distinguish_a_state_from_a_change() -> None:
    state, change = [True] * 5, [True] + [False] * 4
    assert waiting.reported_as_stated({"select": state, "epoll, edge-triggered": change})
    assert not waiting.reported_as_stated({"select": change})
    assert not waiting.reported_as_stated({"select": state, "epoll, edge-triggered": state})


def test_a_loop_that_turns_only_a_little_more_often_does_not_spin() -> None:
    assert waiting.spins(5, 10_000)
    assert not waiting.spins(5, 200)


ROWS = {
    tables.QUIET: (False, True, False),
    tables.DATA: (True, True, False),
    tables.CLOSED: (True, True, False),
    tables.RESET: (True, True, False),
    tables.NEWCOMER: (True, False, False),
    tables.URGENT: (False, True, True),
    tables.REFUSED: (True, True, False),
}


def test_a_truth_table_with_one_wrong_row_is_not_met() -> None:
    assert tables.only_quiet_is_unreadable(ROWS)
    assert tables.errors_are_not_exceptional(ROWS)
    assert not tables.only_quiet_is_unreadable({**ROWS, tables.CLOSED: (False, True, False)})
    assert not tables.only_quiet_is_unreadable({**ROWS, tables.QUIET: (True, True, False)})
    assert not tables.errors_are_not_exceptional({**ROWS, tables.RESET: (True, True, True)})
    assert not tables.errors_are_not_exceptional({**ROWS, tables.URGENT: (True, True, False)})


def test_sets_that_python_overwrote_would_be_noticed() -> None:
    assert tables.c_overwrites_python_does_not([5, 6], [6], [5, 6], [5, 6])
    assert not tables.c_overwrites_python_does_not([5, 6], [5, 6], [5, 6], [5, 6])
    assert not tables.c_overwrites_python_does_not([5, 6], [6], [5, 6], [6])


def test_a_select_that_does_not_wait_or_an_epoll_that_takes_files_would_be_noticed() -> None:
    files = {"select": "ready", "poll": "ready", "epoll": "EPERM"}
    assert tables.waits_and_files(0.0, 0.25, 0.25, files)
    assert not tables.waits_and_files(0.0, 0.1, 0.25, files)
    assert not tables.waits_and_files(0.3, 0.3, 0.25, files)
    assert not tables.waits_and_files(0.0, 0.25, 0.25, {**files, "epoll": "ready"})
    assert tables.waits_and_files(0.0, 0.25, 0.25, {"select": "ready", "kqueue": "ready"})


def test_a_limit_that_counts_sockets_would_be_noticed() -> None:
    def row(said: str) -> dict[str, str]:
        return {"select": said, "poll": "ready"}

    right = {"1023": row("ready"), "1024": row("ValueError"), "1500": row("ValueError")}
    assert limits.number_decides(right)
    assert not limits.number_decides({**right, "1500": row("ready")})
    assert not limits.number_decides({**right, "1023": row("ValueError")})


def _fates(**changes: object) -> dict[str, dict[str, object]]:
    dead = {"alive": False, "served": 1020, "last_words": "ValueError: out of range", "lost": 1020}
    well = {"alive": True, "served": limits.CLIENTS, "last_words": "", "lost": 0}
    return {"echo_select": {**dead, **changes}, "echo_poll": well, "echo_epoll": well}


def test_a_select_server_that_lives_or_dies_of_something_else_is_not_met() -> None:
    assert limits.only_select_dies(_fates())
    assert not limits.only_select_dies(_fates(alive=True))
    assert not limits.only_select_dies(_fates(served=1100))
    assert not limits.only_select_dies(_fates(last_words="OSError: too many open files"))


def _times(select: float, poll: float, epoll: float, adding: float = 1.0) -> scaling.Medians:
    """A world in which a call over N sockets takes N to the power given."""
    sizes = (10, 100, 480, 4000)
    return {
        "one_ready": {
            "select": {n: 1000 * n**select for n in sizes[:3]},
            "poll": {n: 1000 * n**poll for n in sizes},
            "epoll": {n: 1000 * n**epoll for n in sizes},
        },
        "all_ready": {call: {10: 1.0, 480: 48.0} for call in ("select", "poll", "epoll")},
        "add": {"epoll": {100: 1.0, 15_000: adding}},
    }


def test_scaling_is_judged_by_growth() -> None:
    linear = _times(select=1, poll=1, epoll=0)
    assert scaling.select_grows(linear)
    assert scaling.poll_grows(linear)
    assert scaling.epoll_stays(linear)
    assert not scaling.select_grows(_times(select=0, poll=1, epoll=0))
    assert not scaling.select_grows(_times(select=1, poll=1, epoll=1))
    assert not scaling.poll_grows(_times(select=1, poll=0.3, epoll=0))
    assert not scaling.epoll_stays(_times(select=1, poll=1, epoll=0.5))
    assert not scaling.epoll_stays(_times(select=1, poll=1, epoll=0, adding=50))


def test_without_epoll_its_claim_stays_open() -> None:
    times = _times(select=1, poll=1, epoll=0)
    mac = {**times, "one_ready": {"kqueue": times["one_ready"]["epoll"]}}
    assert scaling.epoll_stays(mac) is None


def test_two_halves_that_differ_are_noticed() -> None:
    samples = {"one_ready": {"poll": {"10": [1, 9, 1, 9]}}, "all_ready": {}, "add": {}}
    assert scaling.unsteadiness(samples) == 9


def test_reading_after_the_wait_is_not_completion() -> None:
    assert systems.order_is_swapped(["wait", "read"], ["start the read", "wait"])
    assert not systems.order_is_swapped(["wait", "read"], ["start the read", "wait", "read"])


def test_a_completion_call_in_select_would_be_noticed() -> None:
    assert systems.completion_names(["select", "poll", "IocpSelector", "completion_port"]) == [
        "IocpSelector",
        "completion_port",
    ]


def test_a_system_with_select_alone_is_not_enough() -> None:
    assert systems.select_and_a_better_one({"select": True, "poll": True})
    assert not systems.select_and_a_better_one({"select": True, "poll": False})
