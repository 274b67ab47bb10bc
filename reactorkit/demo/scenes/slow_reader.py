"""Scene 4: a visitor who sends much and reads nothing stops one loop, and not the other."""

from __future__ import annotations

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need

GUESTS = 7
SENDALL, KEEPS = 0, 1


def chat(play: Play) -> None:
    """Send a crowd to each server that talks all the time."""
    play.crowd(GUESTS, "chatty", every=0.25, size=16)


def all_are_served(change: Change) -> str:
    """Everybody gets answers, from both servers."""
    for place in (SENDALL, KEEPS):
        answers = change.moved(place, "sent")
        need(len(answers) == GUESTS, f"server {place + 1} holds {len(answers)} guests")
        need(min(answers) > 0, "somebody has not been answered yet")
    return f"{GUESTS} guests at each server, and all are answered"


def one_does_not_read(play: Play) -> None:
    """Send one slow reader to each server."""
    play.slow_readers += play.crowd(1, "slow_reader")


def one_loop_stands(change: Change) -> str:
    """sendall() holds the loop; the other keeps the bytes and serves everybody."""
    owed = [one for one in change.clients(KEEPS) if one["owed"] > 0]
    need(owed, "nobody is owed bytes")
    need(all(one["mask"] & 2 for one in owed), "nobody waits for room to write")
    stuck = change.after[SENDALL]["running"]
    need(stuck is not None, "no handler is running in the loop with sendall()")
    chat = [sorted(change.moved(place, "received"))[:GUESTS] for place in (SENDALL, KEEPS)]
    here, there = sum(chat[SENDALL]), sum(chat[KEEPS])
    need(there > 3 * (here + 16), f"the guests were heard: {here} and {there} bytes")
    return f"heard of the others: {here} bytes on the left, {there} on the right"


def it_leaves(play: Play) -> None:
    """Let the slow readers break off."""
    for crowd in play.slow_readers:
        play.crowds = [(place, one) for place, one in play.crowds if one is not crowd]
        crowd.stop()
    play.slow_readers.clear()


def all_go_on(change: Change) -> str:
    """The loop is free again, and everybody is answered."""
    for place in (SENDALL, KEEPS):
        answers = change.moved(place, "sent")
        need(len(answers) == GUESTS, f"server {place + 1} holds {len(answers)} guests")
        need(min(answers) > 0, "somebody still waits")
    return "everybody is answered again, by both servers"


SCENE = Scene(
    name="slow_reader",
    title="The slow reader",
    place=4,
    question="Seven guests chat with a server that has one loop and answers with sendall(). An "
    "eighth sends 8 MiB and reads almost nothing of the answer. What do the seven notice?",
    options=(
        Option(
            "a",
            "Nothing: it is the other one who is slow",
            misconception="thinks that connections cannot touch each other",
        ),
        Option("b", "They are not answered any more", right=True),
        Option(
            "c",
            "Their answers come a little later",
            misconception="thinks that sendall() takes turns",
        ),
        Option(
            "d",
            "The server runs out of memory",
            misconception="thinks that sendall() keeps what does not fit",
        ),
    ),
    answer="They are not answered any more. The kernel's buffer for the slow reader is full, so "
    "sendall() sleeps, and the whole loop sleeps with it. The server beside it sends what fits, "
    "keeps the rest, and waits for room in the same select(): one visitor is owed bytes, the "
    "others notice nothing.",
    look="which handler runs, and who is owed bytes",
    servers=("sendall_selectors", "echo_selectors"),
    labels=("sendall()", "keeps the rest"),
    steps=(
        Step("7 guests chat", "Everybody is answered.", chat, all_are_served, watch=1.0),
        Step(
            "One does not read",
            "Who hangs? Who is owed bytes?",
            one_does_not_read,
            one_loop_stands,
            watch=2.0,
        ),
        Step("The slow one leaves", "Who goes on?", it_leaves, all_go_on, watch=1.0),
    ),
)
