"""Handles, and the call that waits for them: what can be one, and which call it is."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import selectors
import socket
import statistics
import struct
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reactorkit.claims.experiments.nb04.kernel import FD_SETSIZE
from reactorkit.claims.experiments.nb05.served import changed
from reactorkit.claims.experiments.nb10 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError
from reactorkit.lab import machine
from reactorkit.lab.peer import Peer
from reactorkit.lab.sources import resolve

READ = selectors.EVENT_READ
DEADLINE = 5.0
TIMER = 0.05  # seconds until the timer is due
_os: Any = os  # for names that only Linux has

# --- C113: what can be a handle? ---------------------------------------------------------------

Resource = tuple[int, Callable[[], object]]  # a descriptor, and what makes it ready


def what_is_a_handle(world: World) -> Evidence:
    """C113: show five resources of the system to epoll, make each ready, and see what it says."""
    resources: dict[str, Callable[[World], Resource]] = {
        "a socket": _socket,
        "a pipe": _pipe,
        "a counter (eventfd)": _counter,
        "a timer (timerfd)": _timer,
        "a file on disk": _file,
    }
    table = {name: watched(*make(world)) for name, make in resources.items()}
    return Evidence(
        findings={
            "C113": Finding(
                all_but_the_file(table),
                "; ".join(f"{name}: {said}" for name, (_, said) in table.items()),
            )
        },
        data={"table": {name: list(row) for name, row in table.items()}},
        picture=pictures.draw_resources,
        caption="A handle is what the kernel can say something new about. A file is just there.",
        alt="A table of a socket, a pipe, an eventfd, a timerfd and a file: epoll takes and "
        "reports the first four, and refuses the file with EPERM.",
    )


def watched(fd: int, make_ready: Callable[[], object]) -> tuple[bool, str]:
    """Return whether epoll takes a descriptor, and what it says before and after an event."""
    with selectors.EpollSelector() as selector:
        try:
            selector.register(fd, READ)
        except OSError as error:
            return False, errno.errorcode[error.errno or 0]
        before = bool(selector.select(0))
        make_ready()
        after = bool(selector.select(DEADLINE))
    return True, {(False, True): "once it is ready"}.get((before, after), f"{before}, {after}")


def _socket(world: World) -> Resource:
    far, near = socket.socketpair()
    world.enter(far)
    return world.enter(near).fileno(), lambda: far.send(b"!")


def _pipe(world: World) -> Resource:
    near, far = os.pipe()
    world.defer(os.close, near)
    world.defer(os.close, far)
    return near, lambda: os.write(far, b"!")


def _counter(world: World) -> Resource:
    fd = _os.eventfd(0)
    world.defer(os.close, fd)
    return fd, lambda: _os.eventfd_write(fd, 1)


def _timer(world: World) -> Resource:
    """Return a timer of the kernel; Python has had a name for it since 3.13."""
    library = ctypes.CDLL(None, use_errno=True)
    fd = library.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    world.defer(os.close, fd)
    # struct itimerspec: seconds and nanoseconds of the period, then of the first time.
    setting = struct.pack("llll", 0, 0, 0, int(TIMER * 1e9))
    return fd, lambda: library.timerfd_settime(fd, 0, setting, None)


def _file(world: World) -> Resource:
    file = world.enter(tempfile.TemporaryFile())  # noqa: SIM115 - the world closes it
    return file.fileno(), lambda: None


def all_but_the_file(table: Mapping[str, tuple[bool, str]]) -> bool:
    """Return whether four were taken and reported when ready, and the file was refused."""
    said = dict(table)
    refused = said.pop("a file on disk")
    reported = all(row == (True, "once it is ready") for row in said.values())
    return refused == (False, "EPERM") and reported and len(said) == 4


# --- C115: another demultiplexer ---------------------------------------------------------------

CLASSES = ("SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector", "DevpollSelector")
DIALOGUE = (b"hello", b"how are you?", b"well, and you?")


def swapped_selectors(world: World) -> Evidence:
    """C115: change one word in the article's chat, and hold the same dialogue each time."""
    here = [name for name in CLASSES if hasattr(selectors, name)]
    table = {name: dialogue(world, name) for name in here}
    wanted = 2 * len(DIALOGUE)
    return Evidence(
        findings={
            "C115": Finding(
                len(here) > 1 and all(passed for passed, _ in table.values()),
                "; ".join(
                    f"{name}: {lines} of {wanted} lines heard" for name, (_, lines) in table.items()
                ),
            )
        },
        data={"table": {name: list(row) for name, row in table.items()}, "lines": wanted},
        picture=pictures.draw_swapped,
        caption="The same handlers over each call that this system has.",
        alt="A table of the selector classes here; the chat's dialogue passes on each of them.",
    )


def dialogue(world: World, selector: str) -> tuple[bool, int]:
    """Return whether the chat passes on this selector, and how many lines were heard."""
    target = changed(
        world, resolve("chat_article"), "selectors.DefaultSelector()", f"selectors.{selector}()"
    )
    heard = 0
    with world.serve(target) as server, server.connect() as ann, server.connect() as bob:
        speakers = {"Ann": ann, "Bob": bob}
        for number, text in enumerate(DIALOGUE):
            name = list(speakers)[number % 2]
            line = b'{"user": "%s", "text": "%s"}' % (name.encode(), text)
            speakers[name].send(line)
            heard += sum(hears(peer, b"[%s] %s" % (name.encode(), text)) for peer in (ann, bob))
    return heard == 2 * len(DIALOGUE), heard


def hears(peer: Peer, words: bytes) -> bool:
    """Return whether exactly these words arrive."""
    return peer.recv_exactly(len(words)) == words


# --- C116: few handles, and many -----------------------------------------------------------------

FEW, MANY = 10, 480
CALLS = 100


def few_and_many(world: World) -> Evidence:
    """C116: time one select with one handle ready, of 10 and of 480, in each selector."""
    machine.raise_descriptors(MANY + 200)
    here = [name for name in CLASSES if hasattr(selectors, name)]
    rounds = world.pick(5, 9, 15)
    samples: dict[str, dict[str, list[float]]] = {
        name: {str(size): [] for size in (FEW, MANY)} for name in here
    }
    with contextlib.ExitStack() as things:
        crowds = {str(size): _handles(things, size) for size in (FEW, MANY)}
        for _ in world.progress(range(rounds), "rounds"):
            for name in here:
                for size, fds in crowds.items():
                    samples[name][size].append(time_of_a_call(name, fds))
    times = {
        name: {size: statistics.median(values) for size, values in sizes.items()}
        for name, sizes in samples.items()
    }
    default = selectors.DefaultSelector.__name__
    return Evidence(
        findings={
            "C116": Finding(
                best_with_many(times, default),
                "; ".join(
                    f"{name}: {sizes[str(FEW)] / 1e3:.1f} µs of {FEW}, "
                    f"{sizes[str(MANY)] / 1e3:.1f} µs of {MANY}"
                    for name, sizes in times.items()
                ),
                why="Another program was using this core, or the system has one call only.",
            )
        },
        data={"times": times, "default": default},
        picture=pictures.draw_prices,
        caption="With ten handles the calls differ little. With hundreds only one stays low.",
        alt="Two groups of bars on a log axis, for 10 and for 480 handles, one bar for each "
        "selector. In the first group they are close, in the second one is far lower.",
    )


def _handles(things: contextlib.ExitStack, size: int) -> list[int]:
    """Return descriptors of a silent socket, and at the end one that is ready."""
    _far, silent = (things.enter_context(each) for each in socket.socketpair())
    other, ready = (things.enter_context(each) for each in socket.socketpair())
    other.send(b"!")
    fds = [os.dup(silent.fileno()) for _ in range(size - 1)]
    for fd in fds:
        things.callback(os.close, fd)
    if max(fds) >= FD_SETSIZE:
        raise KitError(
            "This notebook has hundreds of handles open, and select() has no room for more than "
            f"{FD_SETSIZE}. Call clean_up(), or restart the kernel, and run this again."
        )
    return [*fds, ready.fileno()]


def time_of_a_call(name: str, fds: Sequence[int]) -> float:
    """Return the CPU nanoseconds of one select over these descriptors."""
    with getattr(selectors, name)() as selector:
        for fd in fds:
            selector.register(fd, READ)
        began = time.thread_time_ns()
        for _ in range(CALLS):
            selector.select(0)
        return (time.thread_time_ns() - began) / CALLS


def best_with_many(times: Mapping[str, Mapping[str, float]], default: str) -> bool:
    """Return whether the default is quickest with many, and no other far from it with few."""
    few = {name: sizes[str(FEW)] for name, sizes in times.items()}
    many = {name: sizes[str(MANY)] for name, sizes in times.items()}
    close = all(value <= 3 * few[default] for value in few.values())
    return min(many, key=many.__getitem__) == default and close
