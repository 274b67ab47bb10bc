"""The chats against what is declared: threads, resets, memory, descriptors, time, and the end."""

import contextlib
import signal
import threading

import psutil
import pytest
from chat_members import TIME, Member, members, said

from reactorkit import crowd
from reactorkit.errors import KitError
from reactorkit.servers import serving


@pytest.fixture(params=serving("chat"), ids=lambda one: one.name)
def rung(request):
    """Every chat of the ladder, one after the other."""
    return request.param


@pytest.fixture
def server(rung, start):
    """A running chat."""
    return start(rung.name)


def hear(peer, words):
    """Read until the words have arrived; return everything."""
    heard = b""
    while words not in heard:
        heard += peer.recv()
    return heard


@contextlib.contextmanager
def in_its_room(server, number=2):
    """Connect clients, and wait until all are in; whatever the format of the messages is."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(server.connect(timeout=TIME)) for _ in range(number)]
        peers[-1].send(said("last", "all here;"))
        for peer in peers[:-1]:
            hear(peer, b";")
        yield peers


# ------------------------------------------------------------ what is declared


def test_one_thread_serves_everybody_and_sleeps_while_nobody_talks(server):
    with in_its_room(server, 20):
        assert server.gauges().threads == 1
        assert server.measure(0.5).cpu_seconds < 0.1


def test_a_reset_ends_what_is_declared(rung, server):
    with in_its_room(server, 3) as (ann, bob, eve):
        eve.reset()
        if not rung.survives_reset:
            assert server.wait(TIME) == 1
            return
        ann.send(said("Ann", "still here;"))
        hear(bob, b"still here;")


def test_a_message_ends_what_is_declared(rung, server):
    with in_its_room(server, 3) as (ann, bob, eve):
        eve.send(b"[1]\n")
        if not rung.survives_any_message:
            assert server.wait(TIME) == 1
            assert "TypeError" in server.log
            return
        ann.send(said("Ann", "still here;"))
        hear(bob, b"still here;")


def test_messages_that_come_together_arrive_as_declared(rung, server):
    with in_its_room(server, 3) as (ann, bob, cid):
        ann.send(said("Ann", "one") + said("Ann", "two"))
        cid.send(said("Cid", "the end;"))  # Ann's bytes were there before these
        heard = hear(bob, b"the end;")
        assert (b"one" in heard and b"two" in heard) is rung.keeps_messages_apart


# A chat without a limit keeps everything, until the kernel has a little room again: then the
# article's finds no room for the rest, takes that for an error, and ends the member. When that
# happens is chance: a probe of the window hands over a message, or Linux enlarges the buffer
# (tcp(7), tcp_wmem). So the buffer gets a size that stays (socket(7)), and three messages leave it
# fuller, by more than a client with a small buffer can take, than a writable socket's may be: a
# third has to be free.
ROOM = 1 << 16  # bytes; Linux doubles it
LONG = 33_000  # bytes of a message; the loopback carries up to 65,483 in one segment
TAKES_LONG_ONES = (
    ("BUFFER_SIZE = 1024\n", "BUFFER_SIZE = 1 << 16\n"),
    (
        "def serve(listener):\n",
        f"""def serve(listener):
    import socket
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {ROOM})
""",
    ),
)


@pytest.fixture
def with_room_for_three(start, tmp_path):
    """Start a chat whose messages may be LONG, and whose members have ROOM."""

    def start_it(rung):
        source = rung.path.read_text()
        for before, after in TAKES_LONG_ONES:
            assert source.count(before) == 1
            source = source.replace(before, after)
        (tmp_path / "my_chat.py").write_text(source)
        return start(tmp_path / "my_chat.py")

    return start_it


def test_memory_for_a_member_that_does_not_read_is_as_declared(rung, start, with_room_for_three):
    long, times = (980, 9000) if rung.bounded_memory else (LONG, 300)
    server = start(rung.name) if rung.bounded_memory else with_room_for_three(rung)
    with in_its_room(server) as (ann, bob), server.connect(rcvbuf=4096):
        before = server.gauges().rss
        for _ in range(times):
            ann.send(said("Ann", "x" * long + ";"))
            hear(bob, b";")
            if not rung.keeps_messages_apart:  # it sends everybody their own lines too, and the
                hear(ann, b";")  # next line has to come alone
        grown = server.gauges().rss - before
    assert grown < 2.5e6 if rung.bounded_memory else grown > 0.9 * (times - 3) * long


def test_running_out_of_descriptors_ends_what_is_declared(rung, start, eventually):
    server = start(rung.name, descriptors=40)
    with contextlib.ExitStack() as stack, in_its_room(server) as (ann, bob):
        with contextlib.suppress(KitError):  # it may be dead before all of them have come
            for _ in range(60):
                stack.enter_context(server.connect(timeout=TIME))
        if not rung.survives_emfile:
            assert server.wait(TIME) == 1
            assert "Too many open files" in server.log
            return
        for number in range(3):
            ann.send(said("Ann", f"still {number};"))
            hear(bob, b"still %d;" % number)
        assert server.measure(0.5).cpu_seconds < 0.2  # it neither asks again and again
        assert eventually(lambda: server.log.count("Too many open files") == 1)  # nor says so
        stack.close()  # the others leave, and who had to wait is let in
        with Member(server.connect().sock, "late") as late:
            late.says("at last;")
            hear(ann, b"at last;")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0(server, signum):
    with in_its_room(server):
        psutil.Process(server.pid).send_signal(signum)
        assert server.wait(TIME) == 0


def test_a_crowd_of_200_is_served(start, eventually):
    server = start("chat_reactor")
    with crowd(server, 200, "chatter", every=2.0) as visitors:
        assert eventually(lambda: visitors.stats().deliveries > 5 * 200)
        stats = visitors.stats()
    assert (stats.connected, stats.refused, stats.resets, stats.eofs) == (200, 0, 0, 0)
    assert stats.wrong == 0


# --------------------------------------------------------------------- the end


def test_at_the_end_all_that_had_arrived_is_heard_by_all(start):
    server = start("chat_reactor")
    names = [f"member {number}" for number in range(20)]
    with members(server, *names) as everybody:
        for one in everybody:
            one.says(*[f"line {number}" for number in range(300)])  # for several turns
        psutil.Process(server.pid).terminate()
        for one in everybody:
            heard = one.hears(300 * (len(names) - 1))
            assert len(set(heard)) == len(heard)
            one.hears_the_end()
        assert server.wait(TIME) == 0
    assert server.log == f"listening 127.0.0.1 {server.port}"


def test_at_the_end_nobody_who_does_not_read_is_waited_for_long(variant):
    chat = variant(OWED_AT_MOST=1 << 30)
    with members(chat, "Ann", "Bob") as (ann, bob), chat.connect(rcvbuf=4096):
        for _ in range(12):  # more than the kernel keeps: the server owes the rest
            ann.says(*["x" * 8000] * 100)
            bob.hears(100)
        psutil.Process(chat.pid).terminate()
        assert chat.wait(TIME) == 0


def test_it_ends_while_a_crowd_talks(start, eventually):
    server = start("chat_reactor")
    with crowd(server, 30, "chatter", every=0.05) as visitors:
        assert eventually(lambda: visitors.stats().deliveries > 1000)
        assert server.stop(timeout=TIME) == 0
        # Everybody sees the end; who says a word to a closed connection sees it as a reset.
        assert eventually(lambda: visitors.stats().eofs + visitors.stats().resets == 30)
    assert server.log == f"listening 127.0.0.1 {server.port}"


# ------------------------------------------------------------- time and fairness


def test_a_line_has_to_end_in_time(variant):
    chat = variant(TO_END_A_LINE=0.3, LOOK_EVERY=0.05)
    with members(chat, "Ann", "Bob") as (ann, bob):
        ann.sock.sendall(b'{"user":')
        assert "has to end" in ann.is_told()
        ann.hears_the_end()
        bob.says("hello")  # silence is no unfinished line
        with Member(chat.connect().sock) as cid:
            cid.says("hello")
            assert bob.hears() == [("somebody", "hello")]


def test_a_line_that_grows_byte_by_byte_has_to_end_in_time_too(variant):
    chat = variant(TO_END_A_LINE=0.3, LOOK_EVERY=0.05)
    ended = threading.Event()
    with members(chat, "Ann", "Bob") as (ann, _):

        def dribble():
            with contextlib.suppress(OSError):  # the server has closed
                while not ended.wait(0.01):
                    ann.sock.sendall(b" ")

        sender = threading.Thread(target=dribble)
        sender.start()
        try:
            assert "has to end" in ann.is_told()
        finally:
            ended.set()
            sender.join()


def test_who_says_nothing_for_too_long_is_parted_with(variant):
    chat = variant(TO_SAY_SOMETHING=0.5, LOOK_EVERY=0.05)
    with Member(chat.connect().sock) as ann:
        assert "Nothing was heard" in ann.is_told()
        ann.hears_the_end()


def test_who_has_ended_and_does_not_fetch_the_rest_is_closed_in_time(variant, eventually):
    chat = variant(TO_FETCH_THE_REST=0.3, OWED_TO_A_SPEAKER=1 << 30, OWED_AT_MOST=1 << 30)
    with members(chat, "Ann", "Bob") as (ann, bob):
        before = chat.gauges().descriptors
        with chat.connect(rcvbuf=4096) as slow:
            for _ in range(12):
                ann.says(*["x" * 8000] * 100)
                bob.hears(100)
            slow.half_close()
            assert eventually(lambda: chat.gauges().descriptors == before)


def test_a_flood_of_lines_leaves_the_others_their_turn(start):
    server = start("chat_reactor")
    flood = [f"flood {number}" for number in range(40_000)]
    with members(server, "Eve", "Ann", "Bob") as (eve, ann, bob):
        flooding = threading.Thread(target=eve.says, args=flood)
        flooding.start()
        bob.hears(100)
        ann.says("a word")
        heard = bob.hears(len(flood) - 99)
        flooding.join()
    assert ("Ann", "a word") in heard[:-1]  # and not after all of it
    assert [text for user, text in heard if user == "Eve"] == flood[100:][: len(heard) - 1]
