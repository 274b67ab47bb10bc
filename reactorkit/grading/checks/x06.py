"""x06: an echo server on one thread that no client can hurt."""

from __future__ import annotations

from collections.abc import Callable

from reactorkit.grading.client import Client
from reactorkit.grading.stage import ServerStage
from reactorkit.grading.story import Unmet

MIB = 1 << 20
GROWTH = 16 * MIB
CROWD = 60  # more than the descriptors that the catalogue allows


def echoes(stage: ServerStage) -> None:
    """One client, some words, all of them back."""
    ann = stage.client()
    for size in (1, 20, 5000):
        ann.echoes(stage.some_bytes(size), cause="A connection serves more than one word.")
    ann.half_closes()
    ann.expects_end(cause='b"" from recv() says that the client sends no more: close.')


def many(stage: ServerStage) -> None:
    """A hundred clients at once, and the first of them is silent."""
    stage.client()
    words = [stage.some_bytes(100) for _ in range(100)]
    stage.story.action("100 more connect, and each sends 100 bytes")
    crowd = [stage.client(f"client {n + 1}", quiet=True) for n in range(100)]
    for client, mine in zip(crowd, words, strict=True):
        client.sends(mine)
    for client, mine in zip(crowd, words, strict=True):
        client.expects(mine, cause="The server waits for one client, and the others for it.")
    stage.story.expectation("each of the 100 receives its own bytes")


def one_thread(stage: ServerStage) -> None:
    """However many there are, one thread serves them."""
    stage.story.action("30 clients connect, and each says a word")
    for n in range(30):
        stage.client(f"client {n + 1}", quiet=True).echoes(stage.some_bytes(10))
    threads = stage.gauges().threads
    if threads != 1:
        raise Unmet("one thread", f"{threads} threads", "The exercise asks for a single thread.")
    stage.story.expectation("the server has one thread")


def broken_off(stage: ServerStage) -> None:
    """Resets, with and without bytes on their way, hurt nobody else."""
    ann = stage.client()
    ann.echoes(b"before")
    for _ in range(3):
        rude = stage.client("somebody")
        rude.echoes(stage.some_bytes(10))
        rude.resets()
    hasty = stage.client("somebody hasty")
    hasty.sends(stage.some_bytes(100))
    hasty.resets()
    owed = stage.client("somebody who does not read", narrow=True)
    owed.sends(stage.some_bytes(200_000))
    owed.resets()
    ann.echoes(
        b"after", cause="A reset is an OSError in recv() or send(), and concerns one client alone."
    )
    stage.client().echoes(b"a new one")


def all_of_it(stage: ServerStage) -> None:
    """Nothing is lost on a client that reads late."""
    data = stage.some_bytes(6 * MIB)
    ann = stage.client(narrow=True)
    sent = ann.pushes(data, _others(stage))
    stage.story.action(f"{sent:,} of them were taken; now {ann.name} reads")
    ann.fetches(
        data[:sent],
        cause="send() says how many bytes it took. The others have to wait until there is room, "
        "and reading has to go on then.",
    )
    ann.echoes(b"and one more word")


def after_the_end(stage: ServerStage) -> None:
    """Clients that have ended their own streams get what they are owed."""
    crowd = _ended_and_unread(stage)
    stage.story.action("now they read, one after the other")
    for client, data in crowd:
        client.expects(
            data,
            cause='b"" says that the client sends no more, and not that it is gone: what is owed '
            "is still to be sent.",
        )
        client.expects_end(cause="When the client's stream has ended and nothing is owed: close.")
    stage.story.expectation("each receives all of it, and then the end")


def not_reading(stage: ServerStage) -> None:
    """Who does not read costs the others nothing, and the server next to no memory."""
    data = stage.some_bytes(40 * MIB)
    others = _others(stage)
    others()
    before = stage.gauges()
    ann = stage.client(narrow=True)
    sent = ann.pushes(data, others)
    stage.story.expectation(f"others are answered meanwhile; {sent:,} bytes were taken")
    grown = stage.gauges().rss - before.rss
    if grown > GROWTH:
        raise Unmet(
            f"at most {GROWTH // MIB} MiB more memory",
            f"{grown // MIB} MiB more",
            "Do not read from a client that is owed much: then TCP makes it wait.",
        )
    stage.story.expectation(f"the server's memory has grown by less than {GROWTH // MIB} MiB")
    ann.fetches(data[:sent], cause="Reading goes on once the client has taken what it was owed.")
    ann.echoes(b"and one more word", cause="Who was not read from has to be read from again.")


def rests(stage: ServerStage) -> None:
    """Nobody does anything, so neither does the server."""
    ann = stage.client()
    ann.echoes(b"hello")
    stage.expects_rest("Ann is silent", "Wait for room only while something is owed.")
    _ended_and_unread(stage)
    stage.expects_rest(
        "Ann is silent, and the others do not read",
        "A stream that has ended stays readable: wait for nothing but room then.",
    )


def no_room(stage: ServerStage) -> None:
    """With no descriptor left it serves who is there, and lets others in later.

    Whether it spins meanwhile is not looked at: asyncio tries a hundred times a second, and where
    others want the processor nobody can tell the two apart.
    """
    others = _others(stage)
    others()
    stage.story.action(f"{CROWD} clients connect, and the server has no descriptor for all of them")
    crowd = [stage.client(f"client {n + 1}", quiet=True) for n in range(CROWD)]
    for _ in range(50):  # turns of the server's loop, in which it comes to the door
        others()
    stage.story.expectation("somebody else, who was there before, is served")
    stage.story.action("all of them leave, and Zoe comes")
    for client in crowd:
        client.leaves()
    stage.client("Zoe").echoes(b"hello", cause="Who has shut the door has to open it again.")


def _others(stage: ServerStage) -> Callable[[], None]:
    """Return a function that says a word as somebody else, and needs the answer."""
    other: Client = stage.client("somebody else", quiet=True)

    def say() -> None:
        other.echoes(
            b"still there?",
            cause="The server's only thread is held up by the client that does not read.",
        )

    return say


def _ended_and_unread(stage: ServerStage) -> list[tuple[Client, bytes]]:
    """Return clients that have sent much, ended their streams and not read, with what they sent.

    What the kernel keeps for each is not known, so they send more and more: from some on the server
    owes a part of it.
    """
    sizes = [(n + 1) * 16384 + stage.rng.randrange(8192) for n in range(24)]
    stage.story.action(
        f"{len(sizes)} clients send {sizes[0]:,} to {sizes[-1]:,} bytes each, end their streams, "
        "and do not read yet"
    )
    crowd = []
    for n, size in enumerate(sizes):
        client = stage.client(f"client {n + 1}", quiet=True, narrow=True)
        client.sends(data := stage.some_bytes(size))
        client.half_closes()
        crowd.append((client, data))
    others = _others(stage)
    for _ in range(50):  # turns of the server's loop, in which it comes to all of them
        others()
    return crowd
