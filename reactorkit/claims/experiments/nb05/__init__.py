"""The experiments of lesson 05: what a selector does, what a loop does, and the first reactor."""

from reactorkit.claims.experiments.nb05.listening import modes_of_accepted, waiting_room
from reactorkit.claims.experiments.nb05.selector import (
    anything_as_data,
    lists_or_selector,
    misuses,
    modules_and_classes,
    who_calls,
)
from reactorkit.claims.experiments.nb05.served import (
    EXCHANGE,
    FIRST_REACTOR,
    accept_one_or_all,
    long_text,
    selector_table,
)
from reactorkit.claims.experiments.nb05.stale import stale_events

__all__ = [
    "EXCHANGE",
    "FIRST_REACTOR",
    "accept_one_or_all",
    "anything_as_data",
    "lists_or_selector",
    "long_text",
    "misuses",
    "modes_of_accepted",
    "modules_and_classes",
    "selector_table",
    "stale_events",
    "waiting_room",
    "who_calls",
]
