"""Lines come out whole, wherever the network has cut them, and a limit is a limit."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactorkit.chat.framing import LONGEST_LINE, LineFramer

a_line = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b""))


def fed(framer, pieces):
    return [line for piece in pieces for line in framer.feed(piece)]


@given(st.lists(a_line, max_size=10), a_line)
def test_every_split_point_gives_the_same_lines(lines, rest):
    stream = b"".join(line + b"\n" for line in lines) + rest
    for place in range(len(stream) + 1):
        framer = LineFramer()
        assert fed(framer, [stream[:place], stream[place:]]) == lines
        assert framer.unfinished == len(rest)


@given(st.lists(a_line))
def test_one_byte_at_a_time_gives_the_same_lines(lines):
    stream = b"".join(line + b"\n" for line in lines)
    framer = LineFramer()
    assert fed(framer, [stream[place : place + 1] for place in range(len(stream))]) == lines
    assert framer.unfinished == 0


@given(st.binary(), st.lists(st.integers(0, 100)), st.integers(0, 8))
def test_the_limit_is_the_same_however_the_bytes_come(stream, cuts, limit):
    places = sorted({0, *(min(cut, len(stream)) for cut in cuts), len(stream)})
    pieces = [stream[start:end] for start, end in itertools.pairwise(places)]
    in_pieces, at_once = LineFramer(limit), LineFramer(limit)
    assert fed(in_pieces, pieces) == at_once.feed(stream)
    assert in_pieces.too_long == at_once.too_long
    assert in_pieces.unfinished == at_once.unfinished <= limit


def test_a_line_of_the_limit_is_a_line():
    framer = LineFramer()
    assert framer.feed(b"x" * LONGEST_LINE) == []
    assert not framer.too_long
    assert framer.feed(b"\n") == [b"x" * LONGEST_LINE]


def test_a_longer_one_is_noticed_before_its_newline_arrives():
    framer = LineFramer()
    framer.feed(b"x" * LONGEST_LINE)
    assert framer.feed(b"x") == []
    assert framer.too_long
    assert framer.unfinished == 0  # nothing of it is kept


@pytest.mark.parametrize("rest", [b"", b"\n", b"\nshort\n"])
def test_what_came_before_the_long_line_comes_out_and_nothing_after_it(rest):
    framer = LineFramer(limit=5)
    assert framer.feed(b"one\ntwo\nlonger" + rest) == [b"one", b"two"]
    assert framer.too_long
    assert framer.feed(b"\nthree\n") == []


def test_many_lines_together_may_be_longer_than_one():
    framer = LineFramer(limit=5)
    assert framer.feed(b"12345\n" * 100) == [b"12345"] * 100
    assert not framer.too_long
