"""Every behaviour does to a real server what its name says."""

import pytest

from reactorkit import crowd, serve
from reactorkit.errors import KitError
from reactorkit.lab.behaviours import BEHAVIOURS, PingPong, behaviour, share_of


@pytest.fixture(scope="module")
def server():
    with serve("echo_threads") as running:
        yield running


def test_idle_clients_connect_and_stay(server, eventually):
    with crowd(server, 25) as visitors:
        stats = visitors.stats()
        assert (stats.connected, stats.refused, stats.sent) == (25, 0, 0)
        assert eventually(lambda: server.gauges().threads >= 25)


def test_pingpong_counts_round_trips_and_percentiles(server):
    stats = crowd(server, 10, "pingpong", seconds=0.5, size=100).wait(20)
    assert stats.round_trips > 10
    assert stats.received == stats.round_trips * 100 or stats.sent >= stats.received
    assert 0 < stats.p50 <= stats.p90 <= stats.p99 <= stats.worst * 1.05
    assert stats.wrong == 0 and stats.rate > 0


@pytest.mark.parametrize("name", ["chatty", "dribbler", "coalescer", "half_closer"])
def test_talkers_are_answered(server, name):
    options = {"every": 0.05} if name in ("chatty", "half_closer") else {}
    stats = crowd(server, 3, name, seconds=1.0, **options).wait(20)
    assert stats.round_trips >= 3
    assert stats.wrong == 0


@pytest.mark.parametrize("n", [2, 3, 10, 50, 97, 100, 1_000])
def test_a_crowd_of_any_size_speaks_evenly_spread(n):
    places = sorted(share_of(index) for index in range(n))
    nexts = [*places[1:], places[0] + 1]
    assert max(after - before for before, after in zip(places, nexts, strict=True)) < 2 / n


@pytest.mark.parametrize("name", ["resetter", "connect_and_leave"])
def test_comers_and_goers_come_again(server, name):
    stats = crowd(server, 3, name, seconds=0.6, every=0.05).wait(20)
    assert stats.connected > 6


def test_a_slow_reader_leaves_bytes_in_the_pipe(server):
    stats = crowd(server, 1, "slow_reader", seconds=1.0).wait(20)
    assert stats.sent > 100_000
    assert stats.received < stats.sent / 10


def test_a_flood_moves_megabytes(server):
    stats = crowd(server, 2, "flood", seconds=0.5).wait(20)
    assert stats.sent > 1_000_000


def test_nobody_listens_is_counted_not_raised(server):
    with serve("echo_threads") as other:
        address = other.address
    stats = crowd(address, 5, seconds=0.1).wait(20)
    assert (stats.connected, stats.refused) == (0, 5)


def test_a_server_that_dies_is_seen(tmp_path):
    path = tmp_path / "short.py"
    path.write_text(
        "def serve(listener):\n    a = [listener.accept() for _ in range(4)]\n    print('full')\n"
    )
    with serve(path) as server:
        stats = crowd(server, 4, "pingpong", seconds=1.0).wait(20)
    assert stats.resets + stats.eofs == 4


def test_polite_crowds_do_not_reset_a_naive_server(tmp_path):
    path = tmp_path / "naive.py"
    path.write_text(
        "def serve(listener):\n"
        "    while True:\n"
        "        conn, _ = listener.accept()\n"
        "        while data := conn.recv(1000):\n"
        "            conn.sendall(data)\n"
    )
    with serve(path) as server:
        crowd(server, 1, "pingpong", seconds=0.3).wait(20)
        assert server.alive, server.log
        with server.connect() as peer:
            peer.echo(b"still here")


def test_names_and_options_are_checked():
    with pytest.raises(KitError, match="Did you mean pingpong"):
        behaviour("pingpon")
    with pytest.raises(KitError, match="Did you mean size"):
        behaviour("pingpong", sise=3)
    with pytest.raises(KitError, match="at least one"):
        crowd(("127.0.0.1", 1), 0)
    assert behaviour("pingpong", size=3) == PingPong(size=3)
    assert {kind.__doc__ is not None for kind in BEHAVIOURS.values()} == {True}


def test_clients_that_gather_talk_on_when_all_of_them_have_been_answered_once(eventually):
    # Without it, a thousand talkers keep the interpreter lock from accept(): some wait for ever.
    with (
        serve("echo_threads", descriptors=500) as server,
        crowd(server, 200, PingPong(gather=True)) as visitors,
    ):
        assert eventually(lambda: visitors.stats().round_trips > 1000)
        assert server.gauges().threads == 201


def test_those_who_gather_do_not_wait_for_one_who_has_left(eventually, tmp_path):
    file = tmp_path / "impatient.py"
    file.write_text(
        "import threading\n"
        "def serve(listener):\n"
        "    listener.accept()[0].close()\n"
        "    while True:\n"
        "        threading.Thread(target=echo, args=listener.accept()).start()\n"
        "def echo(client, address):\n"
        "    while data := client.recv(1000):\n"
        "        client.sendall(data)\n"
    )
    with serve(file) as server, crowd(server, 5, PingPong(gather=True)) as visitors:
        assert eventually(lambda: visitors.stats().round_trips > 50)


def test_a_chat_is_talked_to_and_every_delivery_is_counted(eventually):
    with serve("chat_reactor") as server:
        with crowd(server, 20, "chatter", every=0.1, size=100) as visitors:
            assert eventually(lambda: visitors.stats().deliveries > 19 * 20)
        stats = visitors.stats()
        assert (stats.connected, stats.eofs, stats.resets, stats.wrong) == (20, 0, 0, 0)
        assert stats.received > 100 * stats.deliveries
        assert 0 < stats.p50 <= stats.p99
        assert f"{stats.deliveries} deliveries" in str(stats)


def test_in_a_chat_only_some_may_speak_and_the_others_hear_it(eventually):
    with (
        serve("chat_reactor") as server,
        crowd(server, 5, "chatter", every=0.05, speakers=1) as few,
    ):
        assert eventually(lambda: few.stats().deliveries >= 40)
    stats = few.stats()
    said = stats.sent // len('{"user": "client 0", "text": "%s"}\n' % ("x" * 32))
    assert abs(stats.deliveries - 4 * said) <= 4  # the last one is on its way


def test_messages_are_counted_in_the_articles_format_too(eventually):
    with serve("chat_article") as server, crowd(server, 3, "chatter", every=0.05) as visitors:
        assert eventually(lambda: visitors.stats().deliveries > 30)
        assert visitors.stats().wrong == 0


def test_a_message_that_is_refused_is_seen(eventually):
    too_long = behaviour("chatter", every=0.01, size=66_000)
    with serve("chat_reactor") as server, crowd(server, 1, too_long) as visitors:
        assert eventually(lambda: visitors.stats().wrong == visitors.stats().eofs == 1)
