"""Everybody hears everything once, in order, but not themselves; no queue grows without a limit."""

from hypothesis import given
from hypothesis import strategies as st

from reactorkit.chat.room import Outbox, Room

MEMBERS = ["Ann", "Bob", "Cid", "Dot"]


def a_room(members):
    room = Room()
    for member in members:
        room.join(member)
    return room


@given(st.lists(st.tuples(st.sampled_from(MEMBERS), st.binary(max_size=5))))
def test_everybody_hears_what_the_others_said_in_its_order(turn):
    room = a_room(MEMBERS)
    lines = [(member, line + b"\n") for member, line in turn]
    firsts = [room.say(member, line) for member, line in lines]
    assert firsts == [place == 0 for place in range(len(lines))]
    heard = dict(room.hand_out())
    for member in MEMBERS:
        wanted = b"".join(line for speaker, line in lines if speaker != member)
        assert heard.get(member, b"") == wanted
    assert dict(room.hand_out()) == {}  # nobody hears it twice


def test_who_was_silent_gets_the_very_same_bytes():
    room = a_room(range(1000))
    room.say(0, b"hello\n")
    heard = [words for _, words in room.hand_out()]
    assert len(heard) == 999
    assert len({id(words) for words in heard}) == 1  # joined once, copied never


def test_what_somebody_said_before_leaving_is_heard():
    room = a_room(["Ann", "Bob"])
    room.say("Ann", b"farewell\n")
    room.leave("Ann")
    room.leave("Ann")  # twice is no error
    assert dict(room.hand_out()) == {"Bob": b"farewell\n"}
    assert len(room) == 1


def test_members_may_leave_while_words_are_handed_out():
    room = a_room(MEMBERS)
    room.say("Ann", b"boo\n")
    for member, _ in room.hand_out():
        room.leave(member)
    assert list(room) == ["Ann"]


# ------------------------------------------------------------------ the queue


def lines(*numbers):
    return b"".join(b"line %d\n" % number for number in numbers)


def test_an_outbox_gives_its_bytes_in_order():
    box = Outbox(limit=100)
    box.put(lines(1, 2))
    box.put(lines(3))
    assert box.first(9) == b"line 1\nli"
    box.sent(9)
    assert box.first(1000) == b"ne 2\nline 3\n"
    assert len(box) == 12 and not box.overflows
    box.sent(12)
    assert not len(box)


def test_a_full_one_drops_the_oldest_whole_lines():
    box = Outbox(limit=14)
    box.put(lines(1, 2, 3, 4))
    assert box.overflows
    assert box.drop_oldest() == 2
    assert box.first(100) == lines(3, 4)
    assert box.drop_oldest() == 0


def test_a_line_that_has_been_begun_is_finished():
    box = Outbox(limit=14)
    box.put(lines(1, 2, 3, 4))
    box.sent(3)
    assert box.drop_oldest() == 2
    assert box.first(100) == b"e 1\n" + lines(4)


def test_who_is_parted_with_gets_the_line_begun_and_the_reason():
    box = Outbox(limit=100)
    box.put(lines(1, 2, 3))
    box.sent(2)
    box.drop_all()
    box.put(b"good-bye\n")
    assert box.first(100) == b"ne 1\ngood-bye\n"


def test_between_two_lines_only_the_reason_is_left():
    box = Outbox(limit=100)
    box.put(lines(1, 2, 3))
    box.sent(7)
    box.drop_all()
    box.put(b"good-bye\n")
    assert box.first(100) == b"good-bye\n"


def test_a_limit_smaller_than_a_line_leaves_nothing_or_the_begun_one():
    box = Outbox(limit=3)
    box.put(lines(1, 2))
    assert box.drop_oldest() == 2 and not len(box)
    box.put(lines(1, 2))
    box.sent(1)
    assert box.drop_oldest() == 1
    assert box.first(100) == b"ine 1\n"


steps = st.tuples(st.integers(0, 3), st.integers(0, 40), st.booleans())


@given(st.lists(steps, max_size=40))
def test_whatever_is_dropped_every_line_that_arrives_is_whole_and_in_order(steps):
    box, stream, number = Outbox(limit=50), b"", 0
    for how_many, taken, drop in steps:
        box.put(lines(*range(number, number + how_many)))
        number += how_many
        if drop:
            box.drop_oldest()
            assert not box.overflows
        piece = box.first(taken)
        stream += piece
        box.sent(len(piece))
    stream += box.first(10_000)
    assert stream.endswith(b"\n") or not stream
    arrived = [int(line.removeprefix(b"line ")) for line in stream.split(b"\n")[:-1]]
    assert arrived == sorted(set(arrived)) and set(arrived) <= set(range(number))


def test_bytes_are_taken_from_the_front_without_moving_the_rest():
    """A hundred thousand pieces of 32 MiB: moved each time, they would take minutes."""
    box = Outbox(limit=1 << 30)
    box.put(bytes(32 << 20))
    while len(box):
        box.sent(min(320, len(box)))
