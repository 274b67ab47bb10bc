"""Lesson 02, A thread for every visitor: what threads cost, and what they do not."""

from reactorkit.claims.experiments.nb02.counting import count_the_threads, sleeping_threads
from reactorkit.claims.experiments.nb02.idle import idle_threads
from reactorkit.claims.experiments.nb02.load import threads_under_load
from reactorkit.claims.experiments.nb02.memory import memory_of_a_thread
from reactorkit.claims.experiments.nb02.order import last_in_line, wake_order
from reactorkit.claims.experiments.nb02.switching import context_switches
from reactorkit.claims.experiments.nb02.trouble import shared_dictionary, three_bad_clients

__all__ = [
    "context_switches",
    "count_the_threads",
    "idle_threads",
    "last_in_line",
    "memory_of_a_thread",
    "shared_dictionary",
    "sleeping_threads",
    "threads_under_load",
    "three_bad_clients",
    "wake_order",
]
