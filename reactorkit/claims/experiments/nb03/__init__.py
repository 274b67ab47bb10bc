"""Lesson 03, The busiest loop: what non-blocking calls answer, and what it costs to keep asking."""

from reactorkit.claims.experiments.nb03.costs import (
    idle_loop,
    one_talker_among_many,
    slow_handler,
    waiting_for_the_scan,
)
from reactorkit.claims.experiments.nb03.passes import calls_per_pass, one_pass, share_of_misses
from reactorkit.claims.experiments.nb03.prices import price_list
from reactorkit.claims.experiments.nb03.refusals import removing_while_looping, would_block
from reactorkit.claims.experiments.nb03.wish import the_wish_fulfilled

__all__ = [
    "calls_per_pass",
    "idle_loop",
    "one_pass",
    "one_talker_among_many",
    "price_list",
    "removing_while_looping",
    "share_of_misses",
    "slow_handler",
    "the_wish_fulfilled",
    "waiting_for_the_scan",
    "would_block",
]
