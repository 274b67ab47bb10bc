"""Lesson 01, what a socket really does: waiting, bytes, two kernel buffers, three endings.

Every experiment looks at one connection from outside the program that uses it. Counts and
orders decide; the single ratio compares two clocks of the same thread.
"""

from reactorkit.claims.experiments.nb01.core import (
    bytes_not_messages,
    filling_the_buffers,
    three_endings,
    waiting_costs_no_cpu,
)
from reactorkit.claims.experiments.nb01.deeper import (
    dialogue_out_of_step,
    fresh_socket,
    two_writers_no_reader,
)
from reactorkit.claims.experiments.nb01.wire import TwoBuffers

__all__ = [
    "TwoBuffers",
    "bytes_not_messages",
    "dialogue_out_of_step",
    "filling_the_buffers",
    "fresh_socket",
    "three_endings",
    "two_writers_no_reader",
    "waiting_costs_no_cpu",
]
