"""Expectations of functions under judgement: each is a line of the story, and Unmet when it fails.

    returns(stage, b"abc", "recv_exactly", near, 3, said="recv_exactly(sock, 3)")
    raises(stage, "EOFError", "recv_exactly", near, 3, said="recv_exactly(sock, 3)")

`said` is the call as a learner would write it; `cause` is the likely reason of a failure.
"""

from __future__ import annotations

from typing import Any

from reactorkit.grading.blame import DEFINES_NO, RETURNED_NONE
from reactorkit.grading.functions import LONG, Call, FunctionStage, Given, Raised, Remote
from reactorkit.grading.story import Unmet, named


def made(stage: FunctionStage, name: str, *args: Any, said: str) -> Remote:
    """Return an object that a class over there makes; Unmet when it makes none."""
    one = outcome(stage.start(name, *args), said=said)
    if not isinstance(one, Remote):
        raise Unmet(f"that {said} makes an object", f"it made a value of type {kind_of(one)}")
    return one


def returns(
    stage: FunctionStage,
    expected: Any,
    name: str,
    *args: Any,
    said: str,
    on: Remote | None = None,
    cause: str = "",
    within: float = LONG,
) -> None:
    """Call a function (or a method of `on`), and see it return this value, of this type."""
    stage.story.action(f"{said} is called")
    call = on.start(name, *args) if on is not None else stage.start(name, *args)
    returned(stage, call, expected, said=said, cause=cause, within=within)


def returned(
    stage: FunctionStage,
    call: Call,
    expected: Any,
    *,
    said: str,
    cause: str = "",
    within: float = LONG,
) -> None:
    """See a call that is under way return this value, of this type."""
    got = outcome(call, said=said, cause=cause, within=within)
    wanted = f"that {said} returns {shown(expected)}"
    if type(got) is not type(expected) or got != expected:
        raise Unmet(wanted, unlike(expected, got), cause)
    stage.story.expectation(f"it returns {shown(expected)}")


def raises(
    stage: FunctionStage,
    kind: str,
    name: str,
    *args: Any,
    said: str,
    on: Remote | None = None,
    cause: str = "",
    within: float = LONG,
) -> None:
    """Call a function (or a method of `on`), and see it raise this exception or a kind of it."""
    stage.story.action(f"{said} is called")
    call = on.start(name, *args) if on is not None else stage.start(name, *args)
    raised(stage, call, kind, said=said, cause=cause, within=within)


def raised(
    stage: FunctionStage,
    call: Call,
    kind: str,
    *,
    said: str,
    cause: str = "",
    within: float = LONG,
) -> None:
    """See a call that is under way raise this exception, or a kind of it."""
    wanted = f"that {said} raises {kind}"
    try:
        got = call.result(within)
    except Raised as error:
        if kind not in error.names:
            raise Unmet(wanted, what_was_raised(error), cause) from None
        stage.story.expectation(f"it raises {error.names[0]}")
        return
    except Unmet as unmet:
        raise Unmet(wanted, unmet.got, unmet.cause or cause) from None
    raise Unmet(wanted, f"it returned {shown(got)}", cause)


def outcome(call: Call, *, said: str, cause: str = "", within: float = LONG) -> Any:
    """Return what a call under way returns; Unmet when it raises, or does not return in time."""
    try:
        return call.result(within)
    except Raised as error:
        raise Unmet(f"that {said} returns", what_was_raised(error), cause) from None
    except Unmet as unmet:
        raise Unmet(f"that {said} returns", unmet.got, unmet.cause or cause) from None


def what_was_raised(error: Raised) -> str:
    """Say what was raised, in words."""
    begin = "module 'submission' has no attribute "
    if error.names[0] == "AttributeError" and error.text.startswith(begin):
        return DEFINES_NO + error.text.removeprefix(begin)
    told = f" ({error.text})" if error.text else ""
    where = f" in line {error.line}" if error.line else ""
    return f"it raised {error.names[0]}{told}{where}"


def unlike(expected: Any, got: Any) -> str:
    """Say what came instead of what was expected, in words."""
    if got is None:
        return RETURNED_NONE
    if type(got) is not type(expected):
        return f"it returned {shown(got)}, which is of type {kind_of(got)}"
    if isinstance(got, bytes) and expected.startswith(got):
        return f"it returned only the first {len(got):,} of {len(expected):,} bytes"
    return f"it returned {shown(got)}"


def kind_of(value: Any) -> str:
    """Return the name of a value's type over there."""
    return value.kind if isinstance(value, Remote) else type(value).__name__


def shown(value: Any) -> str:
    """Return a value for people, shortened where it is long."""
    if isinstance(value, bytes | bytearray):
        return named(bytes(value))
    if isinstance(value, Remote):
        return f"a {value.kind}"
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:110]}... ({len(text):,} characters)"


def held(stage: FunctionStage, given: Given, *, blocking: bool = True) -> Remote:
    """Return the near end of a connection, for use in several calls."""
    near: Remote = stage.call("_hold", given)
    if not blocking:
        stage.call("_setblocking", near, False)
    return near
