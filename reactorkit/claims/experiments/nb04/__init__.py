"""The experiments of lesson 04: select, poll, epoll, and what "ready" means."""

from reactorkit.claims.experiments.nb04.kernel import TwoNumbers
from reactorkit.claims.experiments.nb04.limits import client_1100, descriptor_1024
from reactorkit.claims.experiments.nb04.scaling import one_ready_of_many, poll_without_limit
from reactorkit.claims.experiments.nb04.systems import (
    calls_of_this_system,
    readiness_or_completion,
)
from reactorkit.claims.experiments.nb04.tables import (
    files_and_timeouts,
    overwritten_sets,
    readiness_table,
    third_set,
)
from reactorkit.claims.experiments.nb04.waiting import (
    always_writable,
    sleep_and_wake,
    sleep_without_end,
)

__all__ = [
    "TwoNumbers",
    "always_writable",
    "calls_of_this_system",
    "client_1100",
    "descriptor_1024",
    "files_and_timeouts",
    "one_ready_of_many",
    "overwritten_sets",
    "poll_without_limit",
    "readiness_or_completion",
    "readiness_table",
    "sleep_and_wake",
    "sleep_without_end",
    "third_set",
]
