"""All of the probe, put in place in the only order that works.

The real `selectors` is loaded first, so that its classes hold the real calls; then its classes
are replaced, then `select`'s calls, then sockets, then the clock. Doing `select` first would have
SelectSelector and PollSelector tell every wait twice, or fail.
"""

from __future__ import annotations

import _thread
import os
import select
import selectors  # the real one, before anything is replaced
import socket
import sys
import time
from pathlib import Path

from reactorkit.probe import control, polls, selecting, sockets
from reactorkit.probe.tracer import tracer
from reactorkit.trace.channel import Channel
from reactorkit.trace.events import Event, header

_exit = os._exit
_STYLES = (  # the first of these words in a file's source says what it is like
    ("reactorkit.reactor", "reactor"),
    ("asyncio", "asyncio"),
    ("selectors", "selectors"),
    ("epoll(", "epoll"),
    (".poll(", "poll"),
    ("select(", "select"),
    ("socketserver", "threads"),
    ("Thread(", "threads"),
    ("setblocking(False", "busywait"),
)


def install(fd: int, target: str) -> Channel:
    """Replace everything, and tell of it through a descriptor; commands come in on it too."""
    channel = Channel(fd, describe(target))
    tracer.attach(channel)
    selecting.replace()
    _replace_select()
    socket.socket = sockets.Socket  # type: ignore[misc]
    socket.socketpair = sockets.socketpair
    time.monotonic = tracer.gate.clock.monotonic
    time.monotonic_ns = tracer.gate.clock.monotonic_ns
    os._exit = _say_goodbye  # type: ignore[assignment]
    commands = os.dup(fd)
    os.register_at_fork(after_in_child=lambda: _let_go(commands))
    # Not threading.Thread: a program that lists its threads must not find ours.
    _thread.start_new_thread(tracer.watch_over, ())
    _thread.start_new_thread(control.obey_all, (commands,))
    return channel


def _replace_select() -> None:
    select.select = polls.select
    for name, ours in (("poll", "Poll"), ("epoll", "Epoll")):
        if hasattr(select, name):
            setattr(select, name, getattr(polls, ours))


def _let_go(commands: int) -> None:
    """Be an ordinary process: this is a child of fork."""
    tracer.forked()
    os.close(commands)
    os._exit = _exit
    time.monotonic, time.monotonic_ns = _real_clocks


_real_clocks = time.monotonic, time.monotonic_ns


def _say_goodbye(code: int) -> None:
    """Stand in for os._exit, which ends the process before anything could be told."""
    channel = tracer.channel
    if channel is not None:
        tracer.channel = None  # our own threads stop flushing
        channel.close(code)
    _exit(code)


def describe(target: str) -> Event:
    """Return the header of the trace."""
    return header(
        Path(target).stem,
        style_of(target),
        pid=os.getpid(),
        python="{}.{}.{}".format(*sys.version_info),
        platform=sys.platform,
        selector=selectors.DefaultSelector.__name__,
        wall=time.time(),
        monotonic=time.monotonic_ns(),
    )


def style_of(target: str) -> str:
    """Return what a server is like: by its name if it is a rung or a copy of one, else its text."""
    words: list[str] = Path(target).stem.split("_")
    known = {style for _, style in _STYLES} | {"blocking"}
    if named := known.intersection(words):
        return named.pop()
    try:
        text = Path(target).read_text("utf-8", "replace")
    except OSError:
        return "blocking"
    return next((style for word, style in _STYLES if word in text), "blocking")
