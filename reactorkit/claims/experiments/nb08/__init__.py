"""The experiments of lesson 08: writing, waiting, surviving."""

from reactorkit.claims.experiments.nb08.attacks import attack_table, reset_and_removal
from reactorkit.claims.experiments.nb08.interest import between_message_and_delivery, write_left_on
from reactorkit.claims.experiments.nb08.leave import say_and_leave
from reactorkit.claims.experiments.nb08.selector import (
    masks_of_situations,
    mode_that_stays,
    modify_or_pair,
)
from reactorkit.claims.experiments.nb08.slow import slow_reader

__all__ = [
    "attack_table",
    "between_message_and_delivery",
    "masks_of_situations",
    "mode_that_stays",
    "modify_or_pair",
    "reset_and_removal",
    "say_and_leave",
    "slow_reader",
    "write_left_on",
]
