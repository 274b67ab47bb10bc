"""A member of a chat under judgement: what it takes for heard, and what it says when it is not."""

import contextlib
import socket

import pytest

from reactorkit.grading import member as members
from reactorkit.grading.member import Member, line
from reactorkit.grading.story import Story, Unmet

HELLO, BYE = ("Ann", "Hello!"), ("Ann", "Bye!")


@pytest.fixture
def pair():
    """A member, and the server's end of its connection."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        bob = Member(Story(), "Bob", listener.getsockname())
        stack.callback(bob.peer.close)
        server = stack.enter_context(listener.accept()[0])
        yield bob, server


def test_what_it_says_is_a_line_in_utf8_and_the_others_are_to_hear_it(pair):
    bob, server = pair
    assert bob.says("é", "✓") == [("Bob", "é"), ("Bob", "✓")]
    expected = line("Bob", "é") + line("Bob", "✓")
    assert "é".encode() in expected
    assert server.recv(len(expected), socket.MSG_WAITALL) == expected


def test_any_spelling_of_an_object_is_heard(pair):
    bob, server = pair
    server.sendall(b'{ "text":"\\u0048ello!",  "user": "Ann" }\r\n')
    bob.hears([HELLO])


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (line(*BYE), "Bye!"),
        (line(*HELLO, more=1), "more"),
        (line(*HELLO)[:-1] + line(*BYE), '}{"user"'),
        (b'{"error": "no"}\n', "error"),
        (b"\xff\n", "xff"),
    ],
)
def test_another_line_is_not_what_was_to_be_heard(pair, data, got):
    bob, server = pair
    server.sendall(data)
    with pytest.raises(Unmet) as unmet:
        bob.hears([HELLO])
    assert "Hello!" in unmet.value.expected
    assert got in unmet.value.got


def test_the_end_in_the_middle_of_a_line_is_told(pair):
    bob, server = pair
    server.sendall(line(*HELLO) + line(*BYE)[:-5])
    server.close()
    with pytest.raises(Unmet, match="message 2 of 2") as unmet:
        bob.hears([HELLO, BYE])
    assert "in the middle of a line" in unmet.value.got


def test_silence_is_told(pair, monkeypatch):
    bob, server = pair
    monkeypatch.setattr(members, "SLOW", 0.05)
    server.sendall(b'{"user": ')
    with pytest.raises(Unmet) as unmet:
        bob.hears([HELLO])
    assert "nothing more within 0.05 s, in the middle of a line" in unmet.value.got


def test_of_several_questions_the_first_that_is_heard_counts(pair):
    bob, server = pair
    server.sendall(line(*BYE))
    bob.hears_from([HELLO, BYE])
    server.sendall(line(*HELLO) + line(*HELLO))
    with pytest.raises(Unmet):
        bob.hears_from([HELLO, BYE])


def test_who_is_parted_with_between_two_lines_has_heard_the_first(pair):
    bob, server = pair
    server.sendall(line(*HELLO))
    server.close()
    assert bob.hears_until_parted([HELLO, BYE]) == 1


def test_who_is_parted_with_may_be_told_why(pair):
    bob, server = pair
    server.sendall(line(*HELLO) + b'{"error": "too much"}\n')
    server.close()
    assert bob.hears_until_parted([HELLO, BYE]) == 1


def test_who_hears_everything_is_not_parted_with(pair):
    bob, server = pair
    server.sendall(line(*HELLO) + line(*BYE))
    assert bob.hears_until_parted([HELLO, BYE]) == 2


@pytest.mark.parametrize(
    "data",
    [
        line(*BYE),  # a gap
        line(*HELLO) + line(*BYE)[:-3],  # torn
        b'{"error": "too much"}\n' + line(*BYE),  # goes on
    ],
    ids=["gap", "torn", "goes on"],
)
def test_a_gap_a_torn_line_and_more_after_the_reason_are_no_parting(pair, data):
    bob, server = pair
    server.sendall(data)
    server.close()
    with pytest.raises(Unmet):
        bob.hears_until_parted([HELLO, BYE])


def test_a_complaint_is_an_error_with_a_text(pair):
    bob, server = pair
    server.sendall(b'{"error": "no"}\n{"error": 5}\n')
    bob.hears_a_complaint()
    with pytest.raises(Unmet, match="error"):
        bob.hears_a_complaint()


def test_bytes_behind_the_last_line_are_not_the_end(pair):
    bob, server = pair
    server.sendall(line(*HELLO) + b"x")
    server.close()
    bob.hears([HELLO])
    with pytest.raises(Unmet):
        bob.expects_end()
