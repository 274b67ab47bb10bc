"""Scene 5: two messages in one recv(), and one message in five."""

from __future__ import annotations

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need
from reactorkit.errors import KitError

RECV, LINES = 0, 1
ORDERS = [b"pay 10\n", b"pay 20\n"]


def one_order(play: Play) -> None:
    """Let one visitor send each server one order, and read the answer."""
    play.dismiss()
    for visitor in play.visitors():
        visitor.send(ORDERS[0])
        visitor.recv_exactly(len(b"ok\n"))


def both_understand(change: Change) -> str:
    """One order sent, one order understood, by both."""
    orders = understood(change)
    need([len(one) for one in orders] == [1, 1], f"understood: {orders}")
    return "one order sent, one order understood by each"


def two_orders(play: Play) -> None:
    """Send two orders, one send() each, while the servers are busy elsewhere for a moment."""
    visitors = play.peers or play.visitors()
    for place in (RECV, LINES):
        play.watched(place).pause()
        if not play.watched(place).until_state(lambda state: state["mode"] == "pause"):
            raise KitError("A server could not be held for a moment.")
    for visitor in visitors:
        for order in ORDERS:
            visitor.send(order)
    for place in (RECV, LINES):
        play.watched(place).run()


def one_makes_one_of_two(change: Change) -> str:
    """Two orders sent: one server has understood one of them, the other has understood two."""
    orders = understood(change)
    need(len(orders[LINES]) == 2, f"the one that cuts lines has understood {orders[LINES]}")
    need(len(orders[RECV]) == 1, f"the one that trusts recv() has understood {orders[RECV]}")
    return f"two orders sent, understood as {len(orders[RECV])} and as {len(orders[LINES])}"


def in_pieces(play: Play) -> None:
    """Send one order byte by byte."""
    for visitor in play.peers or play.visitors():
        visitor.dribble(ORDERS[0], gap=0.1)


def one_makes_many_of_one(change: Change) -> str:
    """One order sent in pieces: one server has understood many, the other one."""
    orders = understood(change)
    need(len(orders[LINES]) == 1, f"the one that cuts lines has understood {orders[LINES]}")
    need(len(orders[RECV]) > 1, f"the one that trusts recv() has understood {orders[RECV]}")
    return f"one order sent, understood as {len(orders[RECV])} and as {len(orders[LINES])}"


def understood(change: Change) -> list[list[str]]:
    """Return what each server has printed as an order."""
    found = [change.printed(place) for place in (RECV, LINES)]
    return [[line.removeprefix("order: ") for line in one if "order: " in line] for one in found]


SCENE = Scene(
    name="two_messages",
    title="Two messages in one recv",
    place=5,
    question="A client calls send() twice: first “pay 10”, then “pay 20”. How often does recv() "
    "return at the server?",
    options=(
        Option(
            "a",
            "Twice: one recv() for each send()",
            misconception="thinks that TCP keeps messages apart",
        ),
        Option(
            "b",
            "Once: TCP collects what belongs together",
            misconception="thinks that TCP knows what belongs together",
        ),
        Option("c", "That depends: once, twice or more often", right=True),
        Option(
            "d",
            "Once, and the second message is lost",
            misconception="thinks that a full buffer is overwritten",
        ),
    ),
    answer="That depends on when the server comes to read. TCP carries a stream of bytes: recv() "
    "returns what has arrived so far, two messages together or a piece of one. Where a message "
    "ends must be written into the stream, here by a newline, and the unfinished rest is kept "
    "until more arrives.",
    look="the lines that the servers print",
    servers=("orders_recv", "orders_lines"),
    labels=("trusts recv()", "cuts at newlines"),
    log=True,
    steps=(
        Step("One order", "Both print one order.", one_order, both_understand),
        Step(
            "Two at a busy moment",
            "How many orders does each print?",
            two_orders,
            one_makes_one_of_two,
        ),
        Step(
            "One, byte by byte",
            "How many orders does each print?",
            in_pieces,
            one_makes_many_of_one,
        ),
    ),
)
