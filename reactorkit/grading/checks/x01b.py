"""x01b: what a connection has to say, without waiting and without taking anything."""

from __future__ import annotations

import socket

from reactorkit.grading.checks.x01a import reset
from reactorkit.grading.expect import held, returns
from reactorkit.grading.functions import FunctionStage, Given, Remote
from reactorkit.grading.story import Unmet, named

SAID = "classify(sock)"


def connection(stage: FunctionStage) -> tuple[Given, Remote]:
    """Return a connection whose near end is in non-blocking mode."""
    given = stage.pair()
    return given, held(stage, given, blocking=False)


def says(stage: FunctionStage, near: Remote, word: str, cause: str = "", within: float = 5) -> None:
    """See classify return this word."""
    returns(stage, word, "classify", near, said=SAID, cause=cause, within=within)


def nothing_or_data(stage: FunctionStage) -> None:
    """A silent connection, before and after one that has bytes."""
    given, near = connection(stage)
    _, silent = connection(stage)
    stage.story.action("two connections are open; nobody has said anything")
    waits = "On a silent connection it waited. In non-blocking mode recv() raises BlockingIOError."
    says(stage, near, "NOTHING", waits)
    data = stage.rng.randbytes(20)
    stage.story.action(f"one peer sends {named(data)}")
    given.far.sendall(data)
    stage.call("_await", near, "POLLIN")
    says(stage, near, "DATA", "There are bytes to read.")
    says(stage, silent, "NOTHING", waits)


def takes_nothing(stage: FunctionStage) -> None:
    """Asked three times, every byte is still there."""
    given, near = connection(stage)
    data = stage.rng.randbytes(stage.rng.randrange(2, 100))
    stage.story.action(f"the peer sends {named(data)}")
    given.far.sendall(data)
    stage.call("_await", near, "POLLIN")
    cause = "recv() takes the bytes away. One of its flags has them looked at only: see recv(2)."
    for _ in range(3):
        says(stage, near, "DATA", cause)
    left = near.call("recv", 4096)
    if left != data:
        raise Unmet(f"that recv() then returns {named(data)}", f"it returned {named(left)}", cause)
    stage.story.expectation("recv() then returns every byte")


def end(stage: FunctionStage) -> None:
    """The stream has ended, and nothing is left to read."""
    given, near = connection(stage)
    stage.story.action("the peer ends its stream")
    given.far.shutdown(socket.SHUT_WR)
    stage.call("_await", near, "POLLIN")
    cause = 'b"" is not the absence of bytes but the end of the stream: no more will come.'
    says(stage, near, "EOF", cause)
    says(stage, near, "EOF", cause)


def data_before_end(stage: FunctionStage) -> None:
    """Bytes, and the end right behind them."""
    given, near = connection(stage)
    data = stage.rng.randbytes(30)
    stage.story.action(f"the peer sends {named(data)} and ends its stream")
    given.far.sendall(data)
    given.far.shutdown(socket.SHUT_WR)
    stage.call("_await", near, "POLLRDHUP")
    says(stage, near, "DATA", "While there are bytes to read, the end has not been reached.")
    stage.story.action("all the bytes are read")
    near.call("recv", 4096)
    says(stage, near, "EOF", "All bytes have been read, and no more will come.")


def broken(stage: FunctionStage) -> None:
    """The peer has broken the connection off."""
    given, near = connection(stage)
    stage.story.action("the peer resets the connection")
    reset(given.far)
    stage.call("_await", near, "POLLIN")
    says(stage, near, "RESET", "A reset raises ConnectionResetError; it is not the orderly end.")


def mode_stays(stage: FunctionStage) -> None:
    """It is non-blocking as before, whatever the answer was."""
    given, near = connection(stage)
    says(stage, near, "NOTHING")
    given.far.sendall(b"x")
    stage.call("_await", near, "POLLIN")
    says(stage, near, "DATA")
    cause = "It has changed the socket's mode or its timeout, and others use the socket too."
    if near.call("gettimeout") != 0:
        raise Unmet("that the socket is in non-blocking mode as before", "it is not", cause)
    stage.story.expectation("the socket is in non-blocking mode as before")
