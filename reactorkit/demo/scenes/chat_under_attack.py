"""Scene 7: the article's chat server and the finished one, under the same attacks."""

from __future__ import annotations

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need

GUESTS = 5
ARTICLE, OURS = 0, 1
# What ended the server on the left in the survival table, and a few things that do not.
OTHERS = (
    b"1\n",
    b'"x"\n',
    b"null\n",
    b"\xff\xfe\x00\n",
    b'{"user": "x", "text": "\xff"}\n',
    b'{"user": "x", "text": "\\ud800"}\n',
    b'{"user": "x", "text": 5}\n',
    b"[" * 999 + b"\n",
)
WORD = b'{"user": "x", "text": "Bye!"}\n'


def chat(play: Play) -> None:
    """Send guests to each server who talk all the time."""
    play.crowd(GUESTS, "chatter", every=0.5)


def all_hear(change: Change) -> str:
    """Everybody hears the others, at both servers."""
    for place in (ARTICLE, OURS):
        heard = change.moved(place, "sent")
        need(len(heard) == GUESTS, f"server {place + 1} holds {len(heard)} guests")
        need(min(heard) > 0, "somebody has not heard anything yet")
    return f"{GUESTS} guests in each room, and all hear each other"


def nonsense(play: Play) -> None:
    """Let one visitor say to each server something that is not JSON."""
    play.dismiss()
    for visitor in play.visitors(timeout=15):
        visitor.send(b"Is anybody here?\n")


def both_bear_it(change: Change) -> str:
    """Both go on: the one has printed it, the other has answered."""
    need(change.alive(ARTICLE) and change.alive(OURS), "a server has ended")
    need(printed(change, "Not a message"), "the article's server has not printed anything")
    for place in (ARTICLE, OURS):
        need(min(change.moved(place, "sent")[:GUESTS]) > 0, "somebody hears nothing")
    return "both bear it: this is the error that everybody thinks of"


def a_list(play: Play) -> None:
    """Let one visitor say a list to each server: three characters, and valid JSON."""
    # The visitor before stays: whoever leaves just when somebody speaks ends the article's server,
    # too (C95), and then the class would see a KeyError.
    for visitor in play.visitors(timeout=15):
        visitor.send(b"[1]\n")


def one_is_dead(change: Change) -> str:
    """The article's server has ended with a TypeError, with everybody in it; ours goes on."""
    need(not change.alive(ARTICLE), "the article's server is still alive")
    need(printed(change, "TypeError"), "it has printed no TypeError")
    need(change.alive(OURS), "the other server has ended too")
    need(min(change.moved(OURS, "sent")[:GUESTS]) > 0, "somebody hears nothing on the right")
    return "a TypeError has ended the room on the left; on the right they talk on"


def printed(change: Change, words: str) -> bool:
    """Return whether the article's server has printed something since the step began."""
    began = change.before[ARTICLE]["t"]
    log = change.after[ARTICLE]["log"]
    return any(words in line["text"] for line in log if line["t"] >= began)


def all_others(play: Play) -> None:
    """Let one visitor after the other try the rest of the table on whoever lives."""
    play.dismiss()
    for words in OTHERS:
        for visitor in play.visitors(timeout=15):
            visitor.send(words)
            visitor.recv()  # others are heard, or the complaint: it has been taken
        play.dismiss()
    for visitor in play.visitors(timeout=15):
        visitor.send(WORD)
        visitor.close()
    play.peers.clear()
    for visitor in [*play.visitors(timeout=15), *play.visitors(timeout=15)]:
        visitor.recv()
        visitor.reset()
    play.peers.clear()


def ours_goes_on(change: Change) -> str:
    """The finished server has taken them all, and its guests have noticed nothing."""
    tries = change.grown(OURS, "accepted")
    need(change.alive(OURS), "the server on the right has ended")
    need(tries >= len(OTHERS) + 3, f"only {tries} attackers have been there")
    guests = change.clients(OURS)
    need(len(guests) == GUESTS, f"the server on the right holds {len(guests)} guests")
    need(min(change.moved(OURS, "sent")) > 0, "somebody hears nothing")
    return f"{tries} attackers have come and gone, and {GUESTS} guests talk on"


SCENE = Scene(
    name="chat_under_attack",
    title="The chat under attack",
    place=7,
    question="A chat server takes each message for a JSON object, and catches JSON errors and "
    "missing keys. One visitor sends [1]. What do the others notice?",
    options=(
        Option(
            "a",
            "Nothing: [1] is valid JSON",
            misconception="thinks that what can be parsed is a message",
        ),
        Option(
            "b",
            "Nothing: only that visitor is disconnected",
            misconception="thinks that an exception stays in the connection that caused it",
        ),
        Option("c", "All are disconnected", right=True),
        Option(
            "d",
            "They see [1]",
            misconception="thinks that a server passes on what it does not understand",
        ),
    ),
    answer="All are disconnected. A list has no key “user”, so Python raises a TypeError, which "
    "nobody catches: it leaves the handler, then the loop, then the program. In one loop every "
    "connection hangs on every line. The server on the right looks at what came out of the "
    "parser, and its reactor ends one connection when a handler fails, not the program.",
    look="who is still connected, and the last line that is printed",
    servers=("chat_article", "chat_reactor"),
    labels=("the article's", "the finished one"),
    log=True,
    steps=(
        Step("5 guests chat", "Everybody is heard.", chat, all_hear, watch=1.5),
        Step("No JSON at all", "Who minds?", nonsense, both_bear_it, watch=1.5),
        Step("[1]", "Which room is empty?", a_list, one_is_dead, watch=1.5),
        Step("All the others", "Who notices?", all_others, ours_goes_on, watch=1.5),
    ),
)
