"""The experiments of lesson 07: messages are not packets."""

from pathlib import Path

from reactorkit.claims.experiments.nb07.borders import brackets_are_no_borders
from reactorkit.claims.experiments.nb07.door import reset_at_the_door
from reactorkit.claims.experiments.nb07.loop import one_loop_two_services
from reactorkit.claims.experiments.nb07.queues import closed_key, list_or_deque
from reactorkit.claims.experiments.nb07.room import table_of_the_selector, who_receives
from reactorkit.claims.experiments.nb07.stream import one_recv_one_message

# The article's chat, with framing and nothing else put right.
CHAT_LINES = str(Path(__file__).with_name("taught") / "chat_lines.py")

__all__ = [
    "CHAT_LINES",
    "brackets_are_no_borders",
    "closed_key",
    "list_or_deque",
    "one_loop_two_services",
    "one_recv_one_message",
    "reset_at_the_door",
    "table_of_the_selector",
    "who_receives",
]
