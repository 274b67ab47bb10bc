"""The experiments of lesson 05: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

import ast

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments import nb05
from reactorkit.claims.experiments.nb05 import listening, selector, served, stale
from reactorkit.claims.world import World
from reactorkit.lab.server import Server


class TestLesson05(LessonExperiments):
    number = 5


# --- the two taught files ------------------------------------------------------------------


def classes(path) -> dict[str, str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def test_the_exchange_stands_on_the_very_same_reactor() -> None:
    echo, phone = classes(nb05.FIRST_REACTOR), classes(nb05.EXCHANGE)
    assert echo.keys() - phone.keys() == {"Echo"}
    assert phone.keys() - echo.keys() == {"Phone"}
    assert {name: echo[name] for name in echo.keys() & phone.keys()} == {
        name: phone[name] for name in echo.keys() & phone.keys()
    }


def test_the_first_reactor_is_short_and_knows_no_service() -> None:
    source = classes(nb05.FIRST_REACTOR)["Reactor"]
    assert len(source.splitlines()) <= 32
    assert not {word for word in ("recv", "send", "accept", "echo") if word in source.lower()}


def test_the_first_reactor_echoes_what_a_slow_reader_is_owed() -> None:
    with Server(nb05.FIRST_REACTOR) as server, server.connect(rcvbuf=4096, timeout=20) as slow:
        with server.connect() as other:
            slow.sock.setblocking(False)
            sent = 0
            while sent < 1 << 23:
                try:
                    sent += slow.sock.send(bytes(1 << 16))
                except BlockingIOError:
                    break
            other.echo(b"served meanwhile")
        slow.timeout = 20
        assert slow.recv_exactly(sent) == bytes(sent)


def test_a_call_that_ends_takes_nobody_along() -> None:
    with Server(nb05.EXCHANGE) as server:
        ann, bob, cid, dora = (server.connect() for _ in range(4))
        with ann, bob, cid, dora:
            ann.send(b"Hello Bob")
            assert bob.recv() == b"Hello Bob"
            ann.close()
            assert bob.recv() == b""
            cid.send(b"Hello Dora")
            assert dora.recv() == b"Hello Dora"
        assert server.alive


REPAIR = """\
            handler = key.data
            if handler not in self.handlers:
                continue
"""


@pytest.mark.parametrize("repaired", [False, True])
def test_both_hang_up_at_once_and_the_two_lines_of_the_lesson_help(tmp_path, repaired) -> None:
    source = nb05.EXCHANGE.read_text(encoding="utf-8")
    assert source.count("            handler = key.data\n") == 1
    if repaired:
        source = source.replace("            handler = key.data\n", REPAIR)
    path = tmp_path / "my_exchange.py"
    path.write_text(source, encoding="utf-8")
    with Server(path) as server:
        ann, bob, cid, dora = (server.connect() for _ in range(4))
        with cid, dora:
            cid.send(b"Hello Dora")
            assert dora.recv() == b"Hello Dora"
            server.pause()
            ann.close()
            bob.close()
            server.resume()
            if repaired:
                cid.send(b"still there?")
                assert dora.recv() == b"still there?"
            else:
                assert server.wait(10) == 1
                assert server.log.splitlines()[-1].startswith("KeyError: <my_exchange.Phone")


# --- the criteria ---------------------------------------------------------------------------


def test_a_selector_that_forgives_a_misuse_would_be_noticed() -> None:
    told = {**selector.MISUSES, "register, modify, unregister": "works"}
    assert selector.refused_as_stated(told, "TypeError")
    assert not selector.refused_as_stated({**told, "register it twice": "works"}, "TypeError")
    assert not selector.refused_as_stated(
        {**told, "register, modify, unregister": "KeyError"}, "TypeError"
    )
    assert not selector.refused_as_stated(told, "works")


def test_a_selector_that_calls_would_be_noticed() -> None:
    assert selector.only_the_loop_calls([0, 0, 0, 1], 1)
    assert not selector.only_the_loop_calls([0, 0, 1, 2], 1)
    assert not selector.only_the_loop_calls([0, 1, 1, 2], 1)
    assert not selector.only_the_loop_calls([0, 0, 0, 0], 0)


def test_a_method_without_its_object_would_be_noticed() -> None:
    assert selector.holds_its_object({"a": True, "b": True, "c": True, "d": False})
    assert not selector.holds_its_object({"a": True, "b": True, "c": True, "d": True})
    assert not selector.holds_its_object({"a": False, "b": True, "c": True, "d": False})


def test_the_order_of_preference_is_read_from_above() -> None:
    everything = dict.fromkeys(selector.ORDER, True)
    assert selector.first_of(everything) == "EpollSelector"
    assert selector.first_of({**everything, "epoll": False}) == "KqueueSelector"
    nothing = dict.fromkeys(selector.ORDER, False)
    assert selector.first_of({**nothing, "select": True}) == "SelectSelector"


def test_a_system_without_its_own_call_would_be_noticed() -> None:
    linux = {"select": True, "poll": True, "epoll": True, "kqueue": False, "devpoll": False}
    assert selector.as_documented(linux, "linux")
    assert not selector.as_documented({**linux, "epoll": False}, "linux")
    assert not selector.as_documented({**linux, "select": False}, "linux")
    assert not selector.as_documented(linux, "darwin")


def test_lists_are_counted_where_the_call_stands() -> None:
    assert selector.arguments_of("select.select(a, b, [])", "select.select") == 3
    assert selector.arguments_of("self.selector.select()", "selector.select") == 0
    assert selector.arguments_of("nothing()", "select.select") == -1
    both = {"echo_select": 2, "echo_selectors": 2}
    assert selector.saves_the_lists(both, {"echo_select": 3, "echo_selectors": 0})
    assert not selector.saves_the_lists(both, {"echo_select": 3, "echo_selectors": 1})
    assert not selector.saves_the_lists(
        {**both, "echo_selectors": 1}, {"echo_select": 3, "echo_selectors": 0}
    )


def test_a_table_with_one_row_too_many_or_another_interest_is_not_met() -> None:
    door, client = ["listener", "READ", "accept"], ["client", "READ", "read"]
    assert served.listener_alone([door])
    assert not served.listener_alone([])
    assert not served.listener_alone([["listener", "READ, WRITE", "accept"]])
    assert served.listener_and_client([door, client])
    assert not served.listener_and_client([client])
    assert not served.listener_and_client([door, ["client", "READ, WRITE", "read"]])


def test_turns_with_newcomers_are_counted_in_a_trace() -> None:
    def wake(turn: int) -> dict[str, object]:
        return {"e": "wake", "turn": turn}

    accept, recv = {"e": "io", "op": "accept"}, {"e": "io", "op": "recv", "got": 5}
    nobody = {"e": "io", "op": "accept", "err": "EAGAIN"}
    one = [wake(1), accept, recv, wake(2), accept, wake(3), accept, wake(4)]
    assert served.story_of(one) == {"turns": 3, "before": 1}
    many = [wake(1), accept, accept, accept, nobody, recv, wake(2)]
    assert served.story_of(many) == {"turns": 1, "before": 3}
    assert served.one_a_turn(300, 1)
    assert not served.one_a_turn(20, 1)
    assert not served.one_a_turn(300, 300)


def test_a_text_that_is_cut_or_read_at_once_would_be_noticed() -> None:
    turns = {"9": 1, "200000": 201}
    assert served.same_in_many_turns({"9": True, "200000": True}, turns)
    assert not served.same_in_many_turns({"9": True, "200000": False}, turns)
    assert not served.same_in_many_turns({"9": True, "200000": True}, {**turns, "200000": 4})


def test_a_loop_that_is_more_careful_or_less_than_stated_would_be_noticed() -> None:
    assert stale.only_the_careful_loop_is_right(stale.STATED)
    careless = {**stale.STATED, "asks for the handler": stale.STATED["asks nothing"]}
    assert not stale.only_the_careful_loop_is_right(careless)
    lucky = {**stale.STATED, "asks nothing": stale.STATED["asks for the handler"]}
    assert not stale.only_the_careful_loop_is_right(lucky)


def test_each_loop_is_judged_by_what_it_does() -> None:
    with World() as world:
        assert stale.one_turn(world, lambda _s, _k: True, reuse=False) == "EBADF"
        assert stale.one_turn(world, lambda _s, _k: False, reuse=False) == "left out"


def test_a_backlog_that_counts_clients_would_be_noticed() -> None:
    assert listening.bounds_the_queue_only(200, 6, "TimeoutError")
    assert not listening.bounds_the_queue_only(6, 6, "TimeoutError")
    assert not listening.bounds_the_queue_only(200, 200, "no end")
    assert not listening.bounds_the_queue_only(200, 6, "ConnectionRefusedError")


def test_a_mode_that_is_inherited_would_be_noticed() -> None:
    quiet, blocks = (False, True), (True, False)
    assert listening.not_inherited({"the listener": quiet, "as accepted": blocks, "after": quiet})
    assert not listening.not_inherited(
        {"the listener": quiet, "as accepted": quiet, "after": quiet}
    )
    waits = {"as accepted": {"said": "guard"}, "after": {"said": "BlockingIOError"}}
    assert listening.waits_for_the_guard(waits)
    assert not listening.waits_for_the_guard({**waits, "as accepted": {"said": "BlockingIOError"}})
    assert not listening.waits_for_the_guard({**waits, "after": {"said": "guard"}})
