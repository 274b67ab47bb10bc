"""Every rung is seen from inside, unchanged: its clients, its bytes, its turns or its threads."""

import contextlib
import socket
import threading
from selectors import EVENT_WRITE as WRITE

import pytest

from reactorkit.servers import WILD, rung, serving

AVAILABLE = [one.name for one in serving("echo") if one.available()]
MANY = [name for name in AVAILABLE if name != "echo_blocking"]
LOOPS = ["echo_select", "echo_poll", "echo_epoll", "echo_selectors", "echo_asyncio"]
LOOPS = [name for name in LOOPS if name in AVAILABLE]


@pytest.mark.parametrize("name", AVAILABLE)
def test_bytes_and_clients_are_told_as_they_are(watched, name):
    server, inside = watched(name)
    with server.connect(timeout=20) as peer:
        for size in (1, 1000, 70_000):
            peer.echo(b"x" * size)
        assert inside.becomes(lambda state: state["totals"]["sent"] == 71_001)
        state = inside.state
        assert state["totals"]["received"] == 71_001
        assert state["totals"]["accepted"] == 1
        assert state["totals"]["errors"] == 0
        (client,) = inside.clients()
        assert client["received"] == client["sent"] == 71_001
        assert client["peer"] == "{}:{}".format(*peer.sock.getsockname())
        assert [one["role"] for one in state["handles"].values()].count("listener") == 1
    assert inside.becomes(lambda state: state["totals"]["closed"] == 1)
    assert server.stop() == 0
    assert inside.becomes(lambda state: state["ended"])
    assert inside.state["ended"]["code"] in (0, None)  # None: another thread was just telling


@pytest.mark.parametrize("name", MANY)
def test_a_paused_server_keeps_what_clients_send_and_answers_when_it_runs(watched, name):
    server, inside = watched(name)
    threads = rung(name).thread_per_client
    with server.connect(timeout=20) as early:
        early.echo(b"before")
        if threads:  # both are inside a call again, which comes to its end though paused
            assert inside.becomes(lambda state: calls_of_lanes(state) == ["accept", "recv"])
        inside.pause(at="kernel" if threads else None)
        with server.connect(timeout=20) as late:
            early.send(b"early")
            late.send(b"late")
            if threads:
                assert inside.becomes(
                    lambda state: (
                        state["totals"]["received"] == len(b"beforeearly")
                        and state["totals"]["accepted"] == 2
                    )
                )
            calls = inside.state["totals"]["calls"]
            inside.step("handler")
            assert inside.state["totals"]["calls"] <= calls + 2
            inside.run()
            assert early.recv_exactly(5) == b"early"
            assert late.recv_exactly(4) == b"late"
            assert inside.state["mode"] == "run"


def calls_of_lanes(state):
    return sorted(lane["call"] or "" for lane in state["threads"].values())


@pytest.mark.parametrize("name", LOOPS)
def test_a_turn_goes_from_one_wait_to_the_next(watched, name):
    server, inside = watched(name)
    with server.connect(timeout=20) as peer:
        peer.echo(b"before")
        inside.rests(6)
        inside.pause(at="kernel")
        # Nothing to do: the answer comes at once, and the step is still to come.
        inside.step(at="kernel")
        peer.send(b"one")
        assert inside.becomes(lambda state: state["held"]["at"] == "turn")
        turn = inside.state["turn"]
        for _ in range(5):
            if inside.step()["at"] == "kernel":
                break
            turn += 1
            assert inside.state["turn"] == turn
        assert inside.state["totals"]["received"] == len(b"beforeone")
        assert peer.recv_exactly(3) == b"one"
        inside.run()


@pytest.mark.parametrize("name", [name for name in LOOPS if name != "echo_asyncio"])
def test_a_handler_is_shown_before_it_runs(watched, name):
    server, inside = watched(name)
    with server.connect(timeout=20) as a, server.connect(timeout=20) as b:
        a.echo(b"before")
        b.echo(b"before")
        inside.rests(12)
        inside.pause(at="kernel")
        a.send(b"first")
        assert inside.becomes(lambda state: state["held"]["at"] == "handler")
        b.send(b"second")
        received = inside.state["totals"]["received"]
        next_one = inside.state["held"]["key"]
        assert inside.state["handles"][next_one]["ready"] == 1
        assert inside.step("handler", at="turn")
        assert inside.state["totals"]["received"] == received + 5
        held = inside.step("handler", at="handler")
        assert held["key"] != next_one
        assert inside.state["totals"]["received"] == received + 5
        assert inside.step("handler", at="turn")
        assert inside.state["totals"]["received"] == received + 11
        inside.run()
        assert a.recv_exactly(5) + b.recv_exactly(6) == b"firstsecond"


def test_selectors_name_their_handlers(watched):
    server, inside = watched("echo_selectors")
    with server.connect(timeout=20) as peer:
        peer.echo(b"x")
        inside.rests(1)
        state = inside.state
        names = {one["role"]: one["cb"] for one in state["handles"].values()}
        assert names == {"listener": "EchoServer.accept", "client": "EchoServer.read"}


def test_a_busy_loop_shows_its_wasted_calls_as_one_number_and_one_by_one_when_stepped(watched):
    server, inside = watched("echo_busywait")
    with server.connect(timeout=20) as peer:
        peer.echo(b"x")
        assert inside.becomes(lambda state: state["totals"]["wasted"] > 1000)
        assert not [one for one in inside.events if one.get("err") == "EAGAIN"]
        inside.pause()
        inside.step(at="turn")
        turn, wasted = inside.state["turn"], inside.state["totals"]["wasted"]
        inside.step(at="turn")
        assert inside.state["turn"] == turn + 1
        assert inside.state["totals"]["wasted"] == wasted + 2  # the listener, the client
        inside.step("handler", at="call")
        assert inside.state["totals"]["wasted"] == wasted + 3
        inside.run()
        peer.echo(b"y")


def test_threads_are_lanes_that_show_in_which_call_they_sleep(watched):
    server, inside = watched("echo_threads")
    with server.connect(timeout=20) as a, server.connect(timeout=20) as b:
        a.echo(b"x")
        b.echo(b"x")
        assert inside.becomes(lambda state: len(state["threads"]) == 3)
        assert inside.becomes(
            lambda state: calls_of_lanes(state) == ["accept", "recv", "recv"],
        )
        inside.pause(at="kernel")
        a.send(b"hello")
        assert inside.becomes(lambda state: state["held"]["at"] == "call")
        received = inside.state["totals"]["received"]
        b.send(b"hello")
        assert inside.becomes(lambda state: state["totals"]["received"] == received + 5)
        sent = inside.state["totals"]["sent"]
        inside.step(at="call")
        assert inside.state["totals"]["sent"] == sent + 5  # one call, of one thread
        inside.run()
        assert a.recv_exactly(5) == b.recv_exactly(5) == b"hello"
    assert inside.becomes(lambda state: len(state["threads"]) == 1)


@pytest.mark.parametrize("name", ["echo_reactor", "echo_selectors"])
def test_what_is_owed_is_all_that_has_come_and_not_gone(watched, name):
    """Also when a send has found no room at all for what came after the one that was short."""
    server, inside = watched(name)
    reader = server.connect(rcvbuf=4096, timeout=60)

    def send():
        with contextlib.suppress(OSError):  # it ends when the connection is shut down below
            reader.sock.sendall(b"x" * 2**25)

    def at_rest(state):
        return any(
            one["mask"] == WRITE and one["owed"] == one["received"] - one["sent"] > 0
            for one in inside.clients()
        )

    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert inside.becomes(at_rest), inside.clients()
    finally:
        reader.sock.shutdown(socket.SHUT_RDWR)
        sender.join()
        reader.close()


@pytest.mark.parametrize("one", [one for one in WILD if one.watchable], ids=lambda one: one.name)
def test_a_loop_of_other_people_is_seen_where_it_is_declared(watched, one):
    if one.missing:
        pytest.skip(one.missing)
    server, inside = watched(one.name)
    with server.connect(timeout=20) as peer:
        peer.echo(b"hello")
        assert inside.becomes(lambda state: state["totals"]["sent"] == 5)
        (client,) = inside.clients()
        assert client["received"] == client["sent"] == 5
        assert client["peer"] == "{}:{}".format(*peer.sock.getsockname())
