"""Scene 3: one visitor too many ends a server that uses select(), and everybody's connection."""

from __future__ import annotations

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need
from reactorkit.lab.machine import RESERVED_DESCRIPTORS, descriptor_limit

CROWD, MORE = 1000, 40
SELECT, POLL = 0, 1
WALL = 1024  # FD_SETSIZE (select(2))


def lacking() -> str:
    """Return what this machine lacks to show the wall, as a sentence."""
    wanted = CROWD + MORE + RESERVED_DESCRIPTORS
    if descriptor_limit() >= wanted:
        return ""
    return (
        f"One process may open only {descriptor_limit()} descriptors here, and the wall needs "
        f"{wanted}: raise the hard limit (ulimit -Hn), or show the recording."
    )


def come(play: Play) -> None:
    """Send a silent crowd to each server that both can hold."""
    play.crowd(CROWD, "idle")


def both_hold(change: Change) -> str:
    """Both servers hold everybody, and live."""
    counts = [len(change.clients(place)) for place in (SELECT, POLL)]
    need(counts == [CROWD] * 2, f"the servers hold {counts} visitors")
    need(change.alive(SELECT) and change.alive(POLL), "a server has ended")
    return f"{CROWD:,} visitors at each server, both are alive"


def one_too_many(play: Play) -> None:
    """Send some more, over the wall."""
    play.crowd(MORE, "idle")


def one_is_dead(change: Change) -> str:
    """select() has ended with a ValueError, everybody is gone; poll() goes on."""
    need(not change.alive(SELECT), "echo_select is still alive")
    need(change.alive(POLL), "echo_poll has ended too")
    held = len(change.clients(POLL))
    need(held == CROWD + MORE, f"echo_poll holds {held} visitors")
    words = [line for line in change.printed(SELECT) if "ValueError" in line]
    need(words, "echo_select has printed no ValueError")
    return f"echo_select has died of a ValueError; echo_poll holds {held:,} visitors"


def still_there(play: Play) -> None:
    """Let one more visitor talk to whoever lives."""
    for visitor in play.visitors(timeout=10):
        visitor.echo(b"anybody home?")


def one_answers(change: Change) -> str:
    """Only the server with poll() answers."""
    sent = [change.grown(place, "sent") for place in (SELECT, POLL)]
    need(sent[SELECT] == 0 and sent[POLL] == 13, f"bytes answered: {sent}")
    return "echo_poll answers, echo_select does not"


SCENE = Scene(
    name="select_wall",
    title="The select wall at 1024",
    place=3,
    question="A thousand visitors are connected to a server that waits with select(). Forty more "
    "come. What happens?",
    options=(
        Option(
            "a",
            "The forty wait until somebody leaves",
            misconception="thinks that a full table makes newcomers wait",
        ),
        Option(
            "b",
            "The forty are refused, the thousand stay",
            misconception="thinks that a limit hits only the one who crosses it",
        ),
        Option("c", "The server dies, and all lose their connection", right=True),
        Option("d", "It only gets slower", misconception="thinks that a list can always grow"),
    ),
    answer="The server dies. The sets of select() have 1024 bits, one for each descriptor "
    "(FD_SETSIZE, fixed in the C library). accept() gives out number 1024 without a word; the next "
    "select() raises ValueError, nobody catches it, and the process ends with all its "
    "connections. poll() takes a list instead, and has no such wall.",
    look="alive or dead, and the last line that was printed",
    servers=("echo_select", "echo_poll"),
    descriptors=CROWD + MORE + RESERVED_DESCRIPTORS,
    needs=lacking,
    steps=(
        Step("1,000 silent visitors", "Both hold them.", come, both_hold),
        Step("40 more", "One of them dies. Of what?", one_too_many, one_is_dead),
        Step("Anybody home?", "Who answers a newcomer?", still_there, one_answers),
    ),
)
