"""Scene 6: one turn of a reactor by hand: one select(), then the ready handlers, one by one."""

from __future__ import annotations

from collections.abc import Callable

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need
from reactorkit.errors import KitError
from reactorkit.trace.shape import State

REACTOR = 0
WORDS = (b"one", b"two", b"three")
BELL = b"ding"


def hold(play: Play) -> None:
    """Stop the reactor between two turns, and let three visitors speak meanwhile.

    While it sleeps in select() it can only be held when that returns: then the bell wakes it.
    """
    watched = play.watched(REACTOR)
    play.dismiss()
    watched.run()
    for _ in range(len(WORDS) + 1):
        for visitor in play.visitors(timeout=15):
            visitor.echo(b"hello")
    *speakers, bell = play.peers
    watched.pause()
    expect(play, lambda state: state["mode"] == "pause" and state["held"], "be held")
    place = watched.state()["held"]["at"]
    if place == "kernel":
        bell.send(BELL)
        expect(play, lambda state: stands_at(state, "handler"), "hear the bell")
    if place != "turn":
        watched.step("turn")
    expect(play, lambda state: stands_at(state, "turn"), "end its turn")
    if place == "kernel":
        bell.recv_exactly(len(BELL))
    for speaker, word in zip(speakers, WORDS, strict=True):
        speaker.send(word)


def expect(play: Play, true: Callable[[State], object], what: str) -> None:
    """Wait until the state of the reactor fulfils something; KitError when it does not."""
    if not play.watched(REACTOR).until_state(true, timeout=15):
        raise KitError(f"The reactor did not {what}.")


def stands_at(state: State, place: str) -> bool:
    """Return whether the server is held at a place: before a turn, before a handler."""
    held = state["held"]
    return held is not None and held["at"] == place and state["running"] is None


def three_wait(change: Change) -> str:
    """It stands before its next turn; three words wait in the kernel, which nobody has asked."""
    state = change.after[REACTOR]
    need(stands_at(state, "turn"), "the reactor does not stand between two turns")
    need(not state["ready"], "somebody is named ready already")
    return "the reactor stands between two turns, and three words wait in the kernel"


def ask(play: Play) -> None:
    """Let it go as far as its next handler: through one select()."""
    play.watched(REACTOR).step("handler")


def three_are_named(change: Change) -> str:
    """One select() has named all three, and no handler has run."""
    state = change.after[REACTOR]
    need(stands_at(state, "handler"), "the reactor does not stand before a handler")
    need(len(state["ready"]) == len(WORDS), f"{len(state['ready'])} are named ready")
    need(change.turns(REACTOR) == 1, f"{change.turns(REACTOR)} turns have begun")
    need(change.grown(REACTOR, "sent") == 0, "somebody has been answered")
    return "one select() has named three; nobody is answered yet"


def one(play: Play) -> None:
    """Let one handler run."""
    play.watched(REACTOR).step("handler")


def one_is_answered(change: Change) -> str:
    """One handler has run from beginning to end; two still wait for theirs."""
    state = change.after[REACTOR]
    need(stands_at(state, "handler"), "the reactor does not stand before a handler")
    waiting = len(change.before[REACTOR]["ready"]) - 1
    need(len(state["ready"]) == waiting, f"{len(state['ready'])} wait for their handlers")
    need(sum(sent > 0 for sent in change.moved(REACTOR, "sent")) == 1, "not one was answered")
    need(change.turns(REACTOR) == 0, "another turn has begun")
    return f"one is answered, {waiting} still wait for their handlers"


def rest(play: Play) -> None:
    """Let it go to the end of its turn."""
    play.watched(REACTOR).step("turn")


def all_are_answered(change: Change) -> str:
    """The others have been answered in the same turn; before the next, it stands again."""
    state = change.after[REACTOR]
    need(stands_at(state, "turn"), "the reactor does not stand between two turns")
    need(not state["ready"], "somebody still waits for a handler")
    left = len(change.before[REACTOR]["ready"])
    answered = sum(sent > 0 for sent in change.moved(REACTOR, "sent"))
    need(answered == left, f"{answered} were answered")
    return f"the other {answered} are answered: three words, one select(), three handlers"


def run(play: Play) -> None:
    """Let it run, and have everybody say something."""
    play.watched(REACTOR).run()
    for visitor, word in zip(play.peers, (*WORDS, b""), strict=True):
        visitor.recv_exactly(len(word))
        visitor.echo(b"bye")


def it_runs(change: Change) -> str:
    """It runs on by itself, and everybody is answered."""
    need(change.after[REACTOR]["mode"] == "run", "the reactor is still held")
    need(min(change.moved(REACTOR, "sent")) > 0, "somebody has not been answered yet")
    return "the reactor turns by itself again"


SCENE = Scene(
    name="one_turn",
    title="One turn of a reactor",
    place=6,
    question="A reactor is busy for a moment. Meanwhile three visitors send a word each. What does "
    "it do when it comes back?",
    options=(
        Option(
            "a",
            "Three times: select(), then one handler",
            misconception="thinks that select() names one event at a time",
        ),
        Option("b", "select() once, then three handlers, one after the other", right=True),
        Option(
            "c",
            "select() once, then three handlers at the same time",
            misconception="thinks that handlers are threads",
        ),
        Option(
            "d",
            "select() once, then one handler: the others have to send again",
            misconception="thinks that what is not handled in a turn is lost",
        ),
    ),
    answer="One select() names all who are ready. The reactor goes through them and calls one "
    "handler after the other, in one thread; no handler is interrupted by another. When the last "
    "has returned, the turn is over, and it asks the kernel again. That is all of the loop.",
    look="who is ready, and which handler is next",
    servers=("echo_reactor",),
    labels=("echo on a reactor",),
    steps=(
        Step("Hold it", "It stands.", hold, three_wait),
        Step("Ask the kernel", "How many are named?", ask, three_are_named),
        Step("One handler", "Who is next?", one, one_is_answered),
        Step("The rest", "And then?", rest, all_are_answered),
        Step("Run", "", run, it_runs),
    ),
)
