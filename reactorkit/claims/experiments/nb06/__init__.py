"""Lesson 06, Breaking the echo server: what bad clients do to it, and what mends it."""

from reactorkit.claims.experiments.nb06.endings import broken_off, one_who_never_reads
from reactorkit.claims.experiments.nb06.printed import printed_socket, three_lines
from reactorkit.claims.experiments.nb06.restart import restart_at_once
from reactorkit.claims.experiments.nb06.sending import no_room, some_room, two_questions
from reactorkit.claims.experiments.nb06.visits import FRAGILE, PATCHED

__all__ = [
    "FRAGILE",
    "PATCHED",
    "broken_off",
    "no_room",
    "one_who_never_reads",
    "printed_socket",
    "restart_at_once",
    "some_room",
    "three_lines",
    "two_questions",
]
