"""Scene 8: the whole walk on one wall: threads, busy-wait, select, reactor, and the chat."""

from __future__ import annotations

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need

CROWD = 20
THREADS, BUSYWAIT, SELECT, REACTOR, CHAT = EVERYWHERE = range(5)
WAITING = (THREADS, SELECT, REACTOR, CHAT)
ECHO = (THREADS, BUSYWAIT, SELECT, REACTOR)
LINE = b'{"user":"Ann","text":"Hello!"}\n'  # as the chat writes it itself: the same length


def come(play: Play) -> None:
    """Send a silent crowd to each server."""
    play.crowd(CROWD, "idle")


def all_are_in(change: Change) -> str:
    """Everybody is connected; only one server has a thread for each."""
    counts = [len(change.clients(place)) for place in EVERYWHERE]
    need(counts == [CROWD] * len(EVERYWHERE), f"the servers hold {counts} visitors")
    threads = [len(change.after[place]["threads"]) for place in EVERYWHERE]
    need(threads[THREADS] > CROWD, f"echo_threads has {threads[THREADS]} threads")
    need(max(threads[THREADS + 1 :]) <= 1, f"threads: {threads}")
    return f"{threads[THREADS]} threads in the first, one in each of the others"


def nothing(play: Play) -> None:
    """Do nothing: that is the point."""


def one_is_busy(change: Change) -> str:
    """The busy-wait asks all the time, nobody else does."""
    wasted = [change.grown(place, "wasted") for place in EVERYWHERE]
    need(wasted[BUSYWAIT] > 10 * CROWD, f"the busy-wait has asked only {wasted[BUSYWAIT]} times")
    need(max(wasted[place] for place in WAITING) == 0, f"wasted calls: {wasted}")
    return f"{wasted[BUSYWAIT]:,} wasted calls in the busy-wait, none in the four others"


def one_speaks(play: Play) -> None:
    """Let one new visitor say a line to each server."""
    play.dismiss()
    for visitor in play.visitors(timeout=15):
        visitor.send(LINE)


def one_or_all_hear(change: Change) -> str:
    """Four servers send the line to one, the chat to everybody else."""
    sent = [change.grown(place, "sent") for place in EVERYWHERE]
    need(all(sent[place] == len(LINE) for place in ECHO), f"bytes sent: {sent}")
    need(sent[CHAT] == CROWD * len(LINE), f"the chat has sent {sent[CHAT]} bytes")
    return f"one line in: one line out of four servers, {CROWD} out of the chat"


def one_breaks_off(play: Play) -> None:
    """Let the visitors who have spoken reset their connections."""
    for visitor in play.peers or play.visitors(timeout=15):
        visitor.reset()
    play.peers.clear()


def all_live(change: Change) -> str:
    """Everywhere one connection has ended, and nothing else."""
    need(all(change.alive(place) for place in EVERYWHERE), "a server has ended")
    counts = [len(change.clients(place)) for place in EVERYWHERE]
    need(counts == [CROWD] * len(EVERYWHERE), f"the servers hold {counts} visitors")
    return f"one connection has ended at each, and {CROWD} stay"


SCENE = Scene(
    name="the_walk",
    title="The whole walk",
    place=8,
    question="Five servers, twenty silent visitors at each. Then one more visitor says one line to "
    "each server. How many lines do the five send?",
    options=(
        Option(
            "a", "Five: one each", misconception="thinks that a chat answers who has spoken, too"
        ),
        Option("b", "Twenty-four: four echoes, and twenty from the chat", right=True),
        Option(
            "c",
            "A hundred and five: everybody at every server hears it",
            misconception="thinks that connections of one server hear each other",
        ),
        Option(
            "d",
            "That depends on how each of them waits",
            misconception="thinks that the way of waiting changes the service",
        ),
    ),
    answer="Twenty-four. How a server waits (a thread for each, asking all the time, select(), a "
    "reactor) and what it serves are two things. The first four wait in four ways and serve the "
    "same. The chat waits like the reactor, since it runs on it, and serves something else. "
    "What it costs is seen while nobody speaks.",
    look="threads, wasted calls, and how many bytes go out",
    servers=("echo_threads", "echo_busywait", "echo_select", "echo_reactor", "chat_reactor"),
    labels=("threads", "busy-wait", "select", "reactor", "chat"),
    steps=(
        Step("20 visitors", "Where are threads?", come, all_are_in),
        Step("Silence", "Who works?", nothing, one_is_busy, watch=2.0),
        Step("One speaks", "Who sends how much?", one_speaks, one_or_all_hear),
        Step("It breaks off", "Who ends?", one_breaks_off, all_live),
    ),
)
