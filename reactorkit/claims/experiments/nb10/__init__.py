"""The experiments of lesson 10: the participants of the pattern, found in running programs."""

from reactorkit.claims.experiments.nb10.handles import (
    few_and_many,
    swapped_selectors,
    what_is_a_handle,
)
from reactorkit.claims.experiments.nb10.roles import (
    five_participants,
    handlers_of_a_chat,
    order_of_a_line,
    who_is_the_dispatcher,
)
from reactorkit.claims.experiments.nb10.slow import SLOW_HANDLER, neighbour_of_a_slow_handler

__all__ = [
    "SLOW_HANDLER",
    "few_and_many",
    "five_participants",
    "handlers_of_a_chat",
    "neighbour_of_a_slow_handler",
    "order_of_a_line",
    "swapped_selectors",
    "what_is_a_handle",
    "who_is_the_dispatcher",
]
