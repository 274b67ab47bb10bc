"""What is kept for looking back: all of it comes out again, and it takes little room."""

import json

from reactorkit.lab.kept import Kept


def key(number):
    return json.dumps({"e": "key", "t": number, "auto": True}).encode()


def event(number):
    return json.dumps({"e": "io", "t": 1_000 * number, "fd": number % 100, "got": 64}).encode()


def filled(most, stretches, each):
    """Return what is kept of so many stretches, and the lines of them all."""
    kept, lines = Kept(most), []
    for stretch in range(stretches):
        lines.append(key(stretch))
        kept.begin(lines[-1])
        for number in range(each):
            lines.append(event(stretch * each + number))
            kept.add(lines[-1])
    return kept, lines


def test_all_lines_come_out_again_in_their_order():
    kept, lines = filled(10**9, stretches=5, each=100)
    assert kept.lines() == lines
    assert kept.events == 500
    assert kept.size == sum(map(len, lines))


def test_the_oldest_stretches_are_forgotten_whole():
    kept, lines = filled(20_000, stretches=30, each=100)
    left = kept.lines()
    assert left == lines[-len(left) :]
    assert left[0].startswith(b'{"e": "key"')
    assert kept.events == sum(b'"io"' in line for line in left)
    assert kept.size == sum(map(len, left))
    stretch = sum(map(len, lines[-101:]))
    assert 20_000 - stretch <= kept.size <= 20_000 + stretch


def test_a_running_stretch_that_is_too_long_alone_is_kept():
    kept, lines = filled(1_000, stretches=1, each=500)
    assert kept.lines() == lines


def test_what_is_packed_takes_a_fifth_at_most():
    kept, _ = filled(10**9, stretches=20, each=1_000)
    assert kept.held < kept.size / 5
