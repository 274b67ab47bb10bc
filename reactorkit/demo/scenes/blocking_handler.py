"""Scene 2: in one loop, a handler that takes five seconds takes them from everybody."""

from __future__ import annotations

from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, Option, Scene, Step, need

GUESTS = 10
LOOP, THREADS = 0, 1


def chat(play: Play) -> None:
    """Send a crowd to each server that talks all the time."""
    play.crowd(GUESTS, "chatty", every=0.25, size=16)


def all_are_served(change: Change) -> str:
    """Everybody gets answers, from both servers."""
    for place in (LOOP, THREADS):
        answers = change.moved(place, "sent")
        need(len(answers) == GUESTS, f"server {place + 1} holds {len(answers)} guests")
        need(min(answers) > 0, "somebody has not been answered yet")
    return f"{GUESTS} guests at each server, and all are answered"


def ask_for_report(play: Play) -> None:
    """Let one new visitor ask each server for a report."""
    for visitor in play.visitors():
        visitor.send(b"report")


def loop_stands(change: Change) -> str:
    """In the loop one handler runs and nobody is answered; the threads go on."""
    running = change.after[LOOP]["running"]
    need(running is not None, "no handler is running in the loop")
    here, there = sum(change.moved(LOOP, "sent")), sum(change.moved(THREADS, "sent"))
    need(there > 3 * GUESTS and there > 10 * here, f"answered meanwhile: {here} and {there} bytes")
    return f"one handler runs; answered meanwhile: {here} bytes by the loop, {there} by threads"


def report_is_there(play: Play) -> None:
    """Wait for both reports; whoever has one leaves."""
    for visitor in play.peers:
        visitor.timeout = 20
        visitor.recv_exactly(len(b"report"))
    play.dismiss()


def everybody_catches_up(change: Change) -> str:
    """The loop goes on, and its slowest handler has taken longer than all others together."""
    slowest = change.after[LOOP]["slowest"]
    others = sum(one["handled"] for one in change.clients(LOOP))
    need(len(change.clients(LOOP)) == GUESTS, "the visitor with the report is still there")
    need(slowest["ns"] > 5 * max(others, 1), "no handler stands out")
    need(min(change.moved(LOOP, "sent")) > 0, "somebody still waits in the loop")
    ratio = slowest["ns"] // max(others, 1)
    return f"all are answered; that handler took {ratio} times as long as the others together"


SCENE = Scene(
    name="blocking_handler",
    title="One blocking handler stops everybody",
    place=2,
    question="Ten guests chat with a server that has one loop. One visitor asks for a report, and "
    "its handler takes five seconds. What do the ten notice?",
    options=(
        Option(
            "a",
            "Nothing: select() still says who is ready",
            misconception="thinks that the loop goes on while a handler runs",
        ),
        Option("b", "All ten wait for five seconds", right=True),
        Option(
            "c",
            "Only new visitors wait",
            misconception="thinks that a connection is served by itself once it is accepted",
        ),
        Option(
            "d",
            "They are disconnected",
            misconception="thinks that the kernel notices that the program is slow",
        ),
    ),
    answer="All ten wait. There is one thread, and it is inside the handler: it cannot call "
    "select(), so it does not even learn who is ready. The kernel keeps what they say, and when "
    "the handler returns they are all served at once. A thread for each visitor does not have "
    "this trouble. In a reactor a handler must never wait.",
    look="the handler that runs, and who is answered meanwhile",
    servers=("report_selectors", "report_threads"),
    labels=("one loop", "threads"),
    steps=(
        Step("10 guests chat", "Everybody is answered.", chat, all_are_served, watch=1.0),
        Step(
            "One asks for a report",
            "Which board stands still?",
            ask_for_report,
            loop_stands,
            watch=1.5,
        ),
        Step(
            "The report is ready",
            "Who is answered first?",
            report_is_there,
            everybody_catches_up,
            watch=1.0,
        ),
    ),
)
