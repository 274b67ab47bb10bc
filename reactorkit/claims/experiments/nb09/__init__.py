"""Lesson 09, A client with two ears: the keyboard and the server in one loop."""

from reactorkit.claims.experiments.nb09.inputs import four_inputs
from reactorkit.claims.experiments.nb09.pasted import pasted_lines
from reactorkit.claims.experiments.nb09.rows import two_rows
from reactorkit.claims.experiments.nb09.screens import transcripts
from reactorkit.claims.experiments.nb09.stalled import stalled_send
from reactorkit.claims.experiments.nb09.two_ears import both_ears, thread_for_each_ear
from reactorkit.claims.experiments.nb09.typist import Desk, Typist

__all__ = [
    "Desk",
    "Typist",
    "both_ears",
    "four_inputs",
    "pasted_lines",
    "stalled_send",
    "thread_for_each_ear",
    "transcripts",
    "two_rows",
]
