"""The experiments of lesson 10: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments import nb10
from reactorkit.claims.experiments.nb10 import diagrams, handles, roles, slow
from reactorkit.errors import KitError
from reactorkit.lab.server import Server
from reactorkit.view import still


class TestLesson10(LessonExperiments):
    number = 10


# --- the witness ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "loop", "interface", "handlers"),
    [
        ("echo_selectors", "EchoServer.run", "f(handle)", ["accept", "read"]),
        (
            "echo_reactor",
            "Reactor.handle_events",
            "EventHandler",
            ["Wakeup", "Acceptor", "EchoConnection"],
        ),
    ],
)
def test_the_witness_finds_the_five(name, loop, interface, handlers) -> None:
    seen = roles.anatomy(name)
    assert seen.found == 5
    assert seen.seen["loop"] == loop
    assert seen.handlers == handlers
    assert seen.calls_from(seen.seen["demultiplexer"]) == 0
    assert seen.reference("dispatcher", "demultiplexer") == "selector"
    assert still.png(seen.plot()).startswith(b"\x89PNG")
    assert loop in str(seen)
    assert seen.participants["interface"] == interface


def test_the_table_of_participants_names_every_server_and_role() -> None:
    one = roles.Anatomy("mine", SEEN)
    table = roles.Participants([one, one])
    assert all(role in table._repr_html_() for role in roles.ROLES.values())
    assert str(table).count("mine") == 2


def test_a_server_that_cannot_be_witnessed_is_told_in_a_sentence() -> None:
    with pytest.raises(KitError, match="could not be looked at"):
        roles.anatomy("echo_selecters")


SEEN = {
    "calls": [["Loop.run", "Loop.accept", 2], ["Loop.read", "Loop.write", 3]],
    "registered": {"accept": 1, "read": 2},
    "story": [["register", "accept"], ["select returns", "S"], ["calls", "Loop.accept"]],
    "loop": "Loop.run",
    "dispatcher": "Loop",
    "demultiplexer": "S",
    "handlers": {"accept": ""},
    "takes": ["handle"],
    "handles": {"listener": 1},
    "references": [
        ["dispatcher", "_private", "demultiplexer"],
        ["dispatcher", "s", "demultiplexer"],
    ],
    "clients": 2,
}


def test_calls_are_told_apart_by_who_made_them() -> None:
    one = roles.Anatomy("mine", SEEN)
    assert (one.called("accept", by_loop=True), one.called("accept", by_loop=False)) == (2, 0)
    assert (one.called("write", by_loop=True), one.called("write", by_loop=False)) == (0, 3)
    assert one.calls_from("S") == 0
    assert one.calls_from("Loop") == 2, "write is no handler: it was never registered"


def test_a_public_reference_is_named_before_a_private_one() -> None:
    one = roles.Anatomy("mine", SEEN)
    assert one.reference("dispatcher", "demultiplexer") == "s"
    assert one.reference("handler", "handle") == ""


def test_a_participant_that_is_missing_is_not_counted() -> None:
    assert roles.Anatomy("mine", {**SEEN, "loop": ""}).found == 4
    assert roles.Anatomy("mine", {**SEEN, "handles": {}}).found == 4


# --- the criteria ---------------------------------------------------------------------------


def test_a_fourth_handler_would_be_noticed() -> None:
    three = {
        "accept": [1, 2, 0],
        "read": [5, 6, 0],
        "write": [0, 0, 9],
        "read_and_write": [9, 9, 0],
    }
    assert roles.three_registered(three)
    assert not roles.three_registered({**three, "write": [2, 2, 0]})
    assert not roles.three_registered({**three, "write": [0, 0, 0]})
    assert not roles.three_registered({**three, "read_and_write": [0, 0, 0]})


def test_a_call_before_the_wait_or_the_registration_would_be_noticed() -> None:
    register, wait = ("register", "Member"), ("select returns", "S")
    call = ("calls", "Member.handle_readable")
    assert roles.in_order([register, wait, call], "Member")
    assert not roles.in_order([register, call, wait], "Member")
    assert not roles.in_order([wait, call, register], "Member")
    assert not roles.in_order([register, wait], "Member")
    assert roles.until_first_call([register, wait, call, wait], "Member") == [
        register,
        wait,
        call,
    ]


def test_a_selector_that_runs_a_loop_or_calls_would_be_noticed() -> None:
    assert roles.the_loop_dispatches([], 0, 20)
    assert not roles.the_loop_dispatches(["run"], 0, 20)
    assert not roles.the_loop_dispatches([], 1, 20)
    assert not roles.the_loop_dispatches([], 0, 0)


def test_one_client_after_the_other_is_not_concurrent() -> None:
    ours = {**SEEN, "registered": {"Acceptor": 1, "Member": 2}}
    assert roles.nouns_are_there(roles.Anatomy("ours", ours))
    assert not roles.nouns_are_there(roles.Anatomy("ours", {**ours, "clients": 1}))
    assert not roles.nouns_are_there(roles.Anatomy("ours", SEEN))


def test_every_arrow_of_the_pattern_joins_two_roles() -> None:
    roles = {"dispatcher", "demultiplexer", "handler", "handle"}
    assert {role for pair in diagrams.ARROWS for role in pair} == roles


def test_a_file_that_epoll_takes_would_be_noticed() -> None:
    ready = (True, "once it is ready")
    table = {"a socket": ready, "a pipe": ready, "a counter": ready, "a timer": ready}
    assert handles.all_but_the_file({**table, "a file on disk": (False, "EPERM")})
    assert not handles.all_but_the_file({**table, "a file on disk": ready})
    assert not handles.all_but_the_file(
        {**table, "a timer": (True, "True, True"), "a file on disk": (False, "EPERM")}
    )


def test_a_default_that_is_not_best_with_many_would_be_noticed() -> None:
    times = {"PollSelector": {"10": 1.0, "480": 20.0}, "EpollSelector": {"10": 1.2, "480": 1.3}}
    assert handles.best_with_many(times, "EpollSelector")
    assert not handles.best_with_many(times, "PollSelector")
    assert not handles.best_with_many(
        {**times, "PollSelector": {"10": 9.0, "480": 20.0}}, "EpollSelector"
    )


def test_a_neighbour_who_waits_only_a_little_longer_is_not_enough() -> None:
    assert slow.far_apart({slow.ALONE: 0.001, slow.BESIDE: 0.1})
    assert not slow.far_apart({slow.ALONE: 0.001, slow.BESIDE: 0.01})


# --- timers -----------------------------------------------------------------------------------


def test_a_reactor_waits_once_for_each_timer_and_calls_none_too_early() -> None:
    seen = slow.timer_waits(a=0.06, b=0.02, c=0.1)
    assert list(seen.ran) == ["b", "a", "c"]
    assert len(seen.waits) <= 4  # fewer, when a busy machine made two of them due at once
    assert min(seen.late) >= 0
    assert "3 timers" in str(seen)
    assert still.png(seen.plot()).startswith(b"\x89PNG")


REPAIR = "            self.reactor.call_later(SECONDS, self.answer, words)\n"


def test_the_line_of_the_lesson_makes_the_slow_handler_quick(tmp_path) -> None:
    source = nb10.SLOW_HANDLER.read_text(encoding="utf-8")
    slow_lines = "            time.sleep(SECONDS)\n            self.answer(words)\n"
    assert source.count(slow_lines) == 1
    path = tmp_path / "my_slow_handler.py"
    path.write_text(source.replace(slow_lines, REPAIR).replace("= 0.1", "= 2"), encoding="utf-8")
    with Server(path) as server, server.connect() as busy, server.connect() as neighbour:
        busy.echo(b"I am here")
        busy.send(b"slow")
        for _ in range(3):
            neighbour.echo(b"quick")
        busy.sock.setblocking(False)
        with pytest.raises(BlockingIOError):  # her answer is still to come
            busy.sock.recv(100)
        busy.timeout = 10
        assert busy.recv_exactly(4) == b"slow"
        busy.send(b"slow")
        busy.close()  # gone before the timer is due: nobody else is harmed
        neighbour.echo(b"quick")
        assert server.alive
