"""Scene 1: fifty silent visitors at four servers, and only one of them keeps a core busy."""

from __future__ import annotations

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need

CROWD = 50
THREADS, BUSYWAIT, SELECT, SELECTORS = range(4)
WAITING = (THREADS, SELECT, SELECTORS)


def come(play: Play) -> None:
    """Send a silent crowd to each server."""
    play.crowd(CROWD, "idle")


def all_are_in(change: Change) -> str:
    """Everybody is connected; only one server has a thread for each."""
    counts = [len(change.clients(place)) for place in range(4)]
    need(counts == [CROWD] * 4, f"the servers hold {counts} visitors")
    threads = len(change.after[THREADS]["threads"])
    need(threads > CROWD, f"echo_threads has {threads} threads")
    others = max(len(change.after[place]["threads"]) for place in (BUSYWAIT, SELECT, SELECTORS))
    need(others <= 1, f"another server has {others} threads")
    return f"{threads} threads in echo_threads, one in each of the others"


def nothing(play: Play) -> None:
    """Do nothing: that is the point."""


def one_is_busy(change: Change) -> str:
    """The busy-wait asks thousands of times, the others do not move."""
    wasted = [change.grown(place, "wasted") for place in range(4)]
    turns = [change.turns(place) for place in (SELECT, SELECTORS)]
    need(wasted[BUSYWAIT] > 20 * CROWD, f"the busy-wait has asked only {wasted[BUSYWAIT]} times")
    need(max(wasted[place] for place in WAITING) == 0, f"wasted calls: {wasted}")
    need(max(turns) == 0, f"the loops that wait have taken {turns} turns")
    return f"{wasted[BUSYWAIT]:,} wasted calls in echo_busywait, none in the three others"


def one_speaks(play: Play) -> None:
    """Let one new visitor say a word to each server."""
    for visitor in play.visitors(timeout=10):
        visitor.echo(b"hello")


def everybody_answers(change: Change) -> str:
    """Each server has answered, with a handful of calls or with thousands."""
    sent = [change.grown(place, "sent") for place in range(4)]
    need(sent == [5] * 4, f"bytes answered: {sent}")
    wasted = [change.grown(place, "wasted") for place in range(4)]
    need(wasted[BUSYWAIT] > 20 * (1 + max(wasted[place] for place in WAITING)), f"{wasted}")
    return f"all have answered; wasted calls meanwhile: {wasted[BUSYWAIT]:,} in echo_busywait"


SCENE = Scene(
    name="idle_crowd",
    title="The idle crowd",
    place=1,
    question="Four servers. Fifty visitors come to each of them and say nothing. "
    "Which server keeps a processor core busy?",
    options=(
        Option("a", "Threads: fifty of them", misconception="thinks that waiting threads run"),
        Option("b", "The busy-wait", right=True),
        Option("c", "select", misconception="thinks that select() asks again and again"),
        Option("d", "None: nobody says a word", misconception="thinks that silence costs nothing"),
    ),
    answer="Only the busy-wait. It asks every socket again and again and gets the same answer. "
    "A thread inside recv(), and a loop inside select(), sleep in the kernel: no core runs them "
    "until a byte arrives. Threads pay in memory instead, one stack for each visitor.",
    look="the number of wasted calls",
    servers=("echo_threads", "echo_busywait", "echo_select", "echo_selectors"),
    steps=(
        Step("50 silent visitors", "One thread for each visitor, or one in all?", come, all_are_in),
        Step("Wait", "Which board moves?", nothing, one_is_busy, watch=3.0),
        Step("One says hello", "What moves now, and where?", one_speaks, everybody_answers),
    ),
)
