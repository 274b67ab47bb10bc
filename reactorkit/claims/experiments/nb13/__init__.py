"""Lesson 13, C10K on your laptop: what thousands of connections cost, and what stops them."""

from reactorkit.claims.experiments.nb13.budget import kernel_memory
from reactorkit.claims.experiments.nb13.choosing import when_not_to
from reactorkit.claims.experiments.nb13.crown import silent_and_talking
from reactorkit.claims.experiments.nb13.fanout import fan_out
from reactorkit.claims.experiments.nb13.settings import system_settings
from reactorkit.claims.experiments.nb13.strategies import five_strategies
from reactorkit.claims.experiments.nb13.tenk import ten_thousand

__all__ = [
    "fan_out",
    "five_strategies",
    "kernel_memory",
    "silent_and_talking",
    "system_settings",
    "ten_thousand",
    "when_not_to",
]
