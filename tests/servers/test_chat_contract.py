"""The finished chat: what is said arrives whole, once, at everybody else; trouble stays alone."""

import socket
import threading

import pytest
from chat_members import TIME, Member, members, said

from reactorkit.chat.framing import LONGEST_LINE
from reactorkit.servers import serving

FINISHED = [one for one in serving("chat") if one.keeps_messages_apart]


@pytest.fixture(params=FINISHED, ids=lambda one: one.name)
def chat(request, start):
    """A running chat that speaks the wire format."""
    return start(request.param.name)


# -------------------------------------------------------------- who hears what


def test_everybody_hears_it_but_the_one_who_says_it(chat):
    with members(chat, "Ann", "Bob", "Cid") as (ann, bob, cid):
        ann.says("hello", "anybody?")
        assert bob.hears(2) == cid.hears(2) == [("Ann", "hello"), ("Ann", "anybody?")]
        bob.says("yes")
        assert ann.hears() == cid.hears() == [("Bob", "yes")]  # and not her own lines before it
        cid.says("me too")
        assert ann.hears() == bob.hears() == [("Cid", "me too")]
    assert chat.log == f"listening 127.0.0.1 {chat.port}"


def test_only_user_and_text_are_passed_on_as_one_line(chat):
    with members(chat, "Ann", "Bob") as (ann, bob):
        ann.sock.sendall(b' {"admin": true, "text": "a\\nb\\u00e4", "user": "Ann"}\r\n')
        assert bob.sock.recv(1000) == '{"user":"Ann","text":"a\\nbä"}\n'.encode()


def test_who_comes_later_hears_nothing_of_before(chat):
    with members(chat, "Ann", "Bob") as (ann, bob):
        ann.says("before")
        assert bob.hears() == [("Ann", "before")]
        with Member(chat.connect().sock) as cid:
            cid.says("I am new")
            ann.hears(), bob.hears()
            ann.says("after")
            assert cid.hears() == [("Ann", "after")]


def test_a_chat_with_oneself_is_silent(chat):
    with Member(chat.connect().sock) as ann:
        ann.says("hello?")
        ann.sock.sendall(b"\n")
        assert "empty" in ann.is_told()  # the answer to the second line is the first to arrive


# -------------------------------------------------------- however the bytes come


def test_500_messages_at_once_arrive_one_by_one(chat):
    texts = [f"message {number}" for number in range(500)]
    with members(chat, "Ann", "Bob") as (ann, bob):
        ann.says(*texts)
        assert bob.hears(500) == [("Ann", text) for text in texts]


def test_single_bytes_arrive_as_one_message(chat):
    with members(chat, "Ann", "Bob") as (ann, bob):
        for byte in (
            said("Ann", "grüezi 😀".replace("ü", "\\u00fc")) + '{"user":"ü","text":"😀"}\n'.encode()
        ):
            ann.sock.sendall(bytes([byte]))
        assert bob.hears(2)[1] == ("ü", "😀")


def test_every_way_to_cut_a_message_in_two_gives_the_same(chat):
    line = '{"user":"Ann","text":"zwölf"}\n'.encode()
    with members(chat, "Ann", "Bob") as (ann, bob):
        for place in range(1, len(line)):
            ann.sock.sendall(line[:place])
            bob.says("wait")  # a turn of the server's lies between the halves
            assert ann.hears() == [("Bob", "wait")]
            ann.sock.sendall(line[place:])
            assert bob.hears() == [("Ann", "zwölf")]


@pytest.mark.parametrize("text", ["x" * (LONGEST_LINE - 24), "ü" * ((LONGEST_LINE - 24) // 2)])
def test_the_longest_line_arrives(chat, text):
    line = f'{{"user":"Ann","text":"{text}"}}'.encode()
    assert len(line) == LONGEST_LINE
    with members(chat, "Ann", "Bob") as (ann, bob):
        ann.sock.sendall(line + b"\n")
        assert bob.hears() == [("Ann", text)]


# ------------------------------------------------------------------ bad messages


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\r",
        b"hello",
        b"[1]",
        b"1",
        b"null",
        b"\xff\xfe\x00",
        b"[" * 999,
        b"[" * 60_000,
        b'{"user": "Ann"}',
        b'{"user": "Ann", "text": 1}',
        b'{"user": "Ann", "text": "\\ud800"}',
        b'{"user": "Ann", "text": "\xc3"}',
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_line_that_is_no_message_earns_its_sender_one_reason(chat, line):
    with members(chat, "Ann", "Bob") as (ann, bob):
        ann.sock.sendall(line + b"\n" + said("Ann", "sorry"))
        assert ann.is_told().endswith(".")
        assert bob.hears() == [("Ann", "sorry")]
        bob.says("never mind")
        assert ann.hears() == [("Bob", "never mind")]


def test_an_oversize_line_is_told_before_it_ends_and_ends_the_connection(chat):
    with members(chat, "Ann", "Bob", "Cid") as (ann, bob, cid):
        ann.says("first")
        ann.sock.sendall(b"x" * (LONGEST_LINE + 1))
        assert bob.hears() == cid.hears() == [("Ann", "first")]
        assert str(LONGEST_LINE) in ann.is_told()
        ann.hears_the_end()
        ann.sock.sendall(b"x" * 100_000)  # it may go on for a while, and nobody minds
        bob.says("who was that?")
        assert cid.hears() == [("Bob", "who was that?")]


def test_who_never_ends_a_line_gets_its_reason_whole_while_still_sending(variant):
    chat = variant(TO_LEAVE=0.5)
    with Member(chat.connect().sock) as ann:
        ann.sock.settimeout(TIME)

        def send():
            try:
                while True:
                    ann.sock.sendall(bytes(1 << 16))
            except OSError:  # the server has closed for good
                pass

        sender = threading.Thread(target=send)
        sender.start()
        assert str(LONGEST_LINE) in ann.is_told()
        ann.hears_the_end()
        sender.join()


# -------------------------------------------------------------- coming and going


def test_what_was_said_before_leaving_arrives(chat):
    with members(chat, "Ann", "Bob") as (ann, bob):
        ann.says("bye")
        ann.sock.close()
        assert bob.hears() == [("Ann", "bye")]


def test_resets_at_any_moment_end_one_connection(chat, eventually):
    with members(chat, "Ann", "Bob") as (ann, bob):
        before = chat.gauges().descriptors
        for data in (b"", b"\n", said("Eve", "hi"), b'{"user": "Ev', said("Eve", "x" * 60_000)):
            for _ in range(10):
                peer = chat.connect()
                peer.send(data)
                peer.reset()
        assert eventually(lambda: chat.gauges().descriptors == before)
        bob.says("all quiet?")
        line = ann.next_line()
        while line["user"] != "Bob":
            line = ann.next_line()
        assert line["text"] == "all quiet?"
    assert chat.log.count("\n") == 0


def test_what_is_owed_at_the_half_close_is_still_sent_and_then_the_end(variant):
    chat = variant(OWED_AT_MOST=1 << 30)
    text = "x" * 8000
    slow = Member(chat.connect(rcvbuf=4096).sock, "slow")
    with slow, members(chat, "Ann", "Bob") as (ann, bob):
        slow.hears()  # Bob's first words
        for _ in range(12):  # more than the kernel keeps: the server owes the rest
            ann.says(*[text] * 100)
            bob.hears(100)
        slow.sock.shutdown(socket.SHUT_WR)
        assert slow.hears(1200) == [("Ann", text)] * 1200
        slow.hears_the_end()


# ------------------------------------------------------------------- slow members


def talk_past(slow, ann, bob, rounds=16):
    """Say rounds of 800 kB that Bob hears and the slow member does not; return the lines said."""
    for number in range(rounds):
        ann.says(*[f"{number * 100 + place} ".ljust(8000, "x") for place in range(100)])
        bob.hears(100)
    return rounds * 100


def numbers(member):
    """Return the numbers of the lines that a member has still heard, and what it was told."""
    heard, reason = [], None
    while line := member.next_line():
        if "error" in line:
            assert reason is None
            reason = line["error"]
        else:
            assert reason is None, "a message after the reason"
            heard.append(int(line["text"].split()[0]))
    return heard, reason


def test_who_does_not_read_is_told_so_and_parted_with_between_two_lines(variant):
    chat = variant(TO_LEAVE=60)
    slow = Member(chat.connect(rcvbuf=4096).sock, "slow")
    with slow, members(chat, "Ann", "Bob") as (ann, bob):
        slow.hears()
        said = talk_past(slow, ann, bob)
        heard, reason = numbers(slow)
        assert heard == list(range(len(heard))) and 0 < len(heard) < said
        assert "not read" in reason
        bob.says("who was that?")
        assert ann.hears() == [("Bob", "who was that?")]


def test_the_other_policy_keeps_it_and_it_misses_whole_lines(variant):
    policy = """            self.outbox.drop_all()
            self.leave("You have not read what was said, and it has become too much to keep.")
"""
    chat = variant([(policy, "            self.outbox.drop_oldest()\n")])
    slow = Member(chat.connect(rcvbuf=4096).sock, "slow")
    with slow, members(chat, "Ann", "Bob") as (ann, bob):
        slow.hears()
        said = talk_past(slow, ann, bob)
        heard = [0]
        while heard[-1] < said - 1:
            (line,) = slow.hears()
            heard.append(int(line[1].split()[0]))
        assert heard[1:] == sorted(set(heard))
        assert len(heard) < said
        slow.says("what have I missed?")
        assert ann.hears() == [("slow", "what have I missed?")]


def test_who_does_not_read_costs_a_bounded_amount_of_memory_and_goes(chat, eventually):
    with members(chat, "Ann", "Bob") as (ann, bob):
        talk_past(None, ann, bob, 2)
        before = chat.gauges()
        with Member(chat.connect(rcvbuf=4096).sock) as slow:
            talk_past(slow, ann, bob)
            assert chat.gauges().rss - before.rss < 8 << 20
            assert eventually(lambda: chat.gauges().descriptors == before.descriptors)


def test_who_talks_and_does_not_read_the_answers_is_not_read_any_more(chat):
    with members(chat, "Ann", "Bob", "Cid") as (ann, bob, cid):
        before = chat.gauges().rss
        ann.sock.settimeout(1)
        with pytest.raises(TimeoutError):  # what it says stays in the kernel's buffers
            ann.sock.sendall(b"\n" * (64 << 20))
        assert chat.gauges().rss - before < 8 << 20
        bob.says("hello")
        assert cid.hears() == [("Bob", "hello")]
