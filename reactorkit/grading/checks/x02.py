"""x02: a thread for every client."""

from __future__ import annotations

from reactorkit.grading.stage import ServerStage

MIB = 1 << 20
GUESTS = 40
# A pool whose threads are all still saying good-bye starts another one, and keeps it: a few. Who
# forgets those that leave, or those that break off, has one more for every second guest at least.
FEW = GUESTS // 4


def echoes(stage: ServerStage) -> None:
    """One client, some words, all of them back."""
    ann = stage.client()
    for size in (1, 20, 5000):
        ann.echoes(stage.some_bytes(size), cause="serve() has to send back what it receives.")


def serves_two(stage: ServerStage) -> None:
    """A second client is answered while the first one is silent."""
    ann, bob = stage.client(), stage.client()
    bob.echoes(
        stage.some_bytes(20),
        cause="The server waits for Ann, who says nothing, before it comes to Bob: each client "
        "needs a thread of its own.",
    )
    ann.echoes(stage.some_bytes(20))


def all_of_it(stage: ServerStage) -> None:
    """All bytes come back to a client that reads late, and then the end."""
    data = stage.some_bytes(10 * MIB)
    ann = stage.client(narrow=True)
    other = stage.client("somebody else", quiet=True)
    sent = ann.pushes(data, lambda: other.echoes(b"still there?"))
    ann.half_closes()
    stage.story.action(f"{sent:,} of them were taken; now {ann.name} reads")
    ann.expects(
        data[:sent],
        within=30.0,
        cause="send() takes as much as fits into the kernel's buffer and says how much that was; "
        "sendall() takes all of it.",
        what="all of it",
    )
    ann.expects_end(cause='After b"" from recv() the connection is to be closed.')


def two_hundred(stage: ServerStage) -> None:
    """Two hundred clients at once, each with its own words."""
    words = [stage.some_bytes(100) for _ in range(200)]
    stage.story.action("200 clients connect, and each sends 100 bytes")
    crowd = [stage.client(f"client {n + 1}", quiet=True) for n in range(200)]
    for client, mine in zip(crowd, words, strict=True):
        client.sends(mine)
    for client, mine in zip(crowd, words, strict=True):
        client.expects(mine, cause="All of them are connected at the same time, and none leaves.")
    stage.story.expectation("each of the 200 receives its own bytes")


def survives_reset(stage: ServerStage) -> None:
    """Clients that break off leave the others alone."""
    ann = stage.client()
    ann.echoes(b"before")
    for _ in range(3):
        rude = stage.client("somebody")
        rude.echoes(stage.some_bytes(10))
        rude.resets()
    ann.echoes(b"after", cause="A reset raises ConnectionResetError in recv() or send().")
    stage.client().echoes(b"a new one")


def leaves_nothing(stage: ServerStage) -> None:
    """Threads and descriptors of clients that have left are gone."""
    first = stage.client("the first")
    first.echoes(b"hello")
    before = stage.gauges()
    for n in range(GUESTS):
        guest = stage.client(f"guest {n + 1}", quiet=True)
        guest.echoes(b"short visit")
        guest.resets() if n % 2 else guest.leaves()
    stage.story.action(f"{GUESTS} clients come, say a word and leave, every second one by a reset")
    stage.settles(
        lambda: stage.gauges().threads <= before.threads + FEW,
        "their threads end",
        lambda: f"{stage.gauges().threads - before.threads} threads more than before",
        "A thread ends when its function returns; after a reset, too.",
    )
    stage.settles(
        lambda: stage.gauges().descriptors <= before.descriptors + FEW,
        "their connections are closed",
        lambda: f"{stage.gauges().descriptors - before.descriptors} descriptors more than before",
        "Each connection has to be closed, whatever happens in its thread.",
    )
