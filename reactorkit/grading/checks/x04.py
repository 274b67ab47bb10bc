"""x04: select, with descriptors of any number."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any

from reactorkit.grading.checks.x01a import reset
from reactorkit.grading.expect import held, outcome, shown
from reactorkit.grading.functions import FunctionStage, Given, Raised, Remote
from reactorkit.grading.story import Unmet
from reactorkit.lab.gauges import sample

PAUSE = 0.6  # seconds that are waited in vain
UNITS = "Compare the units: some calls take seconds, one takes milliseconds."
SPIN = 0.08  # of a core: a loop that asks all the time takes far more, even of a crowded machine


class Watch:
    """What is watched, by the names that the story has for it."""

    def __init__(self, stage: FunctionStage) -> None:
        self._stage = stage
        self.things: dict[str, Remote | int] = {}

    def connection(self, name: str, **options: Any) -> Given:
        """Open a connection whose near end has this name."""
        given = self._stage.pair(**options)
        self.things[name] = held(self._stage, given)
        return given

    def arrived(self, name: str, event: str = "POLLIN") -> None:
        """Wait until something has arrived at the near end."""
        self._stage.call("_await", self.things[name], event)

    def start(self, readers: str, writers: str, timeout: float | None) -> Any:
        """Call my_select with these names, separated by blanks, and go on."""
        said = f"my_select([{commas(readers)}], [{commas(writers)}], {timeout})"
        self._stage.story.action(f"{said} is called")
        lists = [[self.things[name] for name in names.split()] for names in (readers, writers)]
        return self._stage.start("my_select", *lists, timeout)

    def returned(
        self, call: Any, readable: str, writable: str, cause: str = "", within: float = 10
    ) -> None:
        """See a call return these two lists."""
        got = outcome(call, said="my_select(...)", cause=cause, within=within)
        wanted = f"([{commas(readable)}], [{commas(writable)}])"
        came = self._told(got)
        if came != wanted:
            raise Unmet(f"that it returns {wanted}", f"it returned {came}", cause)
        self._stage.story.expectation(f"it returns {wanted}")

    def returns(
        self,
        readers: str,
        writers: str,
        timeout: float | None,
        readable: str,
        writable: str,
        cause: str = "",
    ) -> None:
        """Call it, and see it return these two lists."""
        self.returned(self.start(readers, writers, timeout), readable, writable, cause)

    def _told(self, got: Any) -> str:
        """Return what came back in the names of the story."""
        if not isinstance(got, tuple | list) or len(got) != 2:
            return shown(got)
        if not all(isinstance(one, list) for one in got):
            return f"({shown(got[0])}, {shown(got[1])})"
        return f"([{self._names(got[0])}], [{self._names(got[1])}])"

    def _names(self, them: Sequence[Any]) -> str:
        return ", ".join(self._name(one) for one in them)

    def _name(self, one: Any) -> str:
        for name, thing in self.things.items():
            if isinstance(one, Remote) and isinstance(thing, Remote):
                if one.number == thing.number:
                    return name
            elif type(one) is type(thing) and one == thing:
                return name
        return shown(one)


def commas(names: str) -> str:
    """Return names that are separated by blanks as they stand in a list."""
    return ", ".join(names.split())


def readable(stage: FunctionStage) -> None:
    """Those that have bytes, in the order in which they were handed over; descriptors as well."""
    watch = Watch(stage)
    ends = {name: watch.connection(name) for name in ("a", "b", "c", "d")}
    watch.things["number"] = stage.call("_fileno", watch.things["d"])
    stage.story.action("number is the descriptor of d; the clients of d and b have sent a byte")
    for name in ("d", "b"):
        ends[name].far.sendall(b"x")
        watch.arrived(name)
    cause = "The very objects that were handed over come back, in the order of the list."
    watch.returns("d a b c", "", 1, "d b", "", cause)
    watch.returns("a b number", "", None, "b number", "", cause)
    watch.returns("a c", "", 0, "", "", "Nothing has arrived at a and c.")


def in_both(stage: FunctionStage) -> None:
    """One object in both lists, and one that takes no more bytes."""
    watch = Watch(stage)
    given, _ = watch.connection("a"), watch.connection("b")
    given.far.sendall(b"x")
    watch.arrived("a")
    stage.story.action("the client of a has sent a byte")
    cause = "One socket may be asked for both, and is then to be watched for both."
    watch.returns("a b", "b a", 1, "a", "b a", cause)
    watch.returns("b", "b", 1, "", "b", cause)
    watch.returns("a", "", 1, "a", "", cause)
    watch.returns("", "a", 1, "", "a", cause)
    full(stage, watch)
    watch.returns("full", "full a", 1, "", "a", "A socket whose buffer is full is not writable.")


def full(stage: FunctionStage, watch: Watch) -> None:
    """Have a connection that takes no more bytes, since its client does not read."""
    watch.connection("full", rcvbuf=4096)
    near = watch.things["full"]
    assert isinstance(near, Remote)
    near.call("settimeout", 0.2)
    stage.story.action("full is sent bytes until it takes no more")
    vain = 0
    while vain < 2:  # twice, since the other end's buffer may have grown meanwhile
        try:
            near.call("send", bytes(262144))
        except Raised:
            vain += 1
        else:
            vain = 0
    near.call("settimeout", None)


def high(stage: FunctionStage) -> None:
    """A descriptor beyond the set of select()."""
    watch = Watch(stage)
    given = watch.connection("a")
    other = stage.pair()
    watch.things["high"] = stage.call("_numbered", other, 1500)
    other.far.sendall(b"x")
    watch.arrived("high")
    stage.story.action("high has a descriptor from 1500 on, and a byte has arrived at it")
    cause = (
        "select.select() has no bit for descriptors from 1024 on. Other calls have no such limit."
    )
    watch.returns("a high", "high", 1, "high", "high", cause)
    given.far.sendall(b"x")
    watch.arrived("a")
    watch.returns("high a", "", 1, "high a", "", cause)


def ends_and_resets(stage: FunctionStage) -> None:
    """The end of a stream, a reset and the end of a pipe are readable; a reset is writable too."""
    watch = Watch(stage)
    _, ended, broken = [watch.connection(name) for name in ("quiet", "ended", "broken")]
    stage.story.action("the client of ended has ended its stream, that of broken has reset it")
    ended.far.shutdown(socket.SHUT_WR)
    watch.arrived("ended")
    reset(broken.far)
    watch.arrived("broken", "POLLHUP")
    cause = "Besides “readable” the kernel reports bits for a hang-up and for an error."
    watch.returns("quiet ended broken", "", 1, "ended broken", "", cause)
    watch.returns("", "broken", 1, "", "broken", cause)
    reading, writing = stage.call("_pipe")
    watch.things["pipe"] = reading
    stage.story.action("pipe is the reading end of a pipe; its writing end is closed")
    stage.call("_close_number", writing)
    watch.returns("quiet pipe", "", 1, "pipe", "", cause)


def time_outs(stage: FunctionStage) -> None:
    """One look, a wait in vain, and one without end."""
    watch = Watch(stage)
    given = watch.connection("a")
    watch.returns("a", "", 0, "", "", "0 takes one look.")
    waits_in_vain(stage, watch, "a")
    call = watch.start("a", "", None)
    time.sleep(0.5)  # a call that does not wait has returned by now, with nothing
    stage.story.action("half a second later the client sends a byte")
    given.far.sendall(b"x")
    watch.returned(call, "a", "", "None waits until somebody is ready, however long it takes.")


def empty_lists(stage: FunctionStage) -> None:
    """Nothing to watch: it sleeps until the time is over."""
    watch = Watch(stage)
    # One look first: what a process needs to begin is no part of what it needs to wait.
    watch.returns("", "", 0, "", "", "0 takes one look.")
    waits_in_vain(stage, watch, "")


def waits_in_vain(stage: FunctionStage, watch: Watch, readers: str, cause: str = UNITS) -> None:
    """See it wait for PAUSE seconds, with the CPU at rest."""
    before, began = cpu(stage), time.monotonic()
    call = watch.start(readers, "", PAUSE)
    watch.returned(call, "", "", cause)
    busy = cpu(stage) - before
    waited = min(time.monotonic() - began, call.took)
    if waited < 0.8 * PAUSE:
        raise Unmet(f"that it waits {PAUSE:g} s", f"it returned after {waited:.3f} s", cause)
    stage.story.expectation("it has waited so long")
    if busy > SPIN * waited:
        got = f"it used the CPU for {busy / waited:.0%} of the time"
        raise Unmet("that it sleeps meanwhile", got, "It asks again and again, instead of waiting.")
    stage.story.expectation("it has slept meanwhile")


def cpu(stage: FunctionStage) -> float:
    """Return the CPU seconds that the submission's process has used."""
    pid = stage.limits.pid_of_submission()
    if pid is None:
        raise stage.blamed(Unmet("that the process runs", "it has ended"))
    return sample(pid).cpu_seconds


def leaves_nothing(stage: FunctionStage) -> None:
    """The next call knows nothing of the one before; lists and modes are as they were."""
    watch = Watch(stage)
    given, _ = watch.connection("a"), watch.connection("b")
    given.far.sendall(b"x")
    watch.arrived("a")
    stage.story.action("the client of a has sent a byte")
    watch.returns("a b", "", 1, "a", "")
    cause = "The call before watched a. This one does not: what it registered has to be forgotten."
    waits_in_vain(stage, watch, "b", cause)
    for name in ("a", "b"):
        thing = watch.things[name]
        assert isinstance(thing, Remote)
        if thing.call("gettimeout") is not None:
            cause = "Whoever only waits need not change a socket's mode."
            raise Unmet(f"that {name} is in blocking mode as before", "it is not", cause)
    stage.story.expectation("both sockets are in blocking mode as before")
