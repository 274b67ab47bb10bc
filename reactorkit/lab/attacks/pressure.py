"""Attacks by how much a client asks for: it sends without end, reads nothing, or brings others."""

from __future__ import annotations

from reactorkit.errors import KitError
from reactorkit.lab.attacks.arena import MIB, Arena
from reactorkit.lab.attacks.ears import REST, Ear
from reactorkit.lab.attacks.model import CHAT, ECHO, Attack, Fault

SMALL_WINDOW = 4096  # bytes for SO_RCVBUF: the kernel keeps little for who does not read
FEW_DESCRIPTORS = 40
LONG_LOG = 200  # lines
# Bytes of memory. The kernel keeps some MiB of what nobody reads; a server should keep less.
MOST_KEPT_ECHO, MOST_KEPT_CHAT = 16 * MIB, 3 * MIB


def never_reads_echo(arena: Arena) -> None:
    """Send up to 48 MiB, read nothing, and stay."""
    before = arena.memory()
    push_unread(arena, 48 * MIB)
    if arena.memory() - before > MOST_KEPT_ECHO:
        raise Fault(f"it keeps more than {MOST_KEPT_ECHO // MIB} MiB for one client")


def push_unread(arena: Arena, most: int) -> Ear:
    """Have a stranger send as much as the server takes, and read nothing of the answer."""
    stranger = arena.stranger(listening=False, rcvbuf=SMALL_WINDOW)
    block = bytes(MIB)
    sent = 0
    while sent < most and (taken := arena.push(stranger, block)):
        sent += taken
    return stranger


def reset_while_owed(arena: Arena) -> None:
    """Send 4 MiB, read nothing, and break off while the server owes the answer."""
    before = arena.descriptors()
    push_unread(arena, 4 * MIB).reset()
    arena.party.meanwhile()
    arena.expect_descriptors(before)


def never_reads_chat(arena: Arena) -> None:
    """Join, read nothing of the 16 MiB that the others say, and stay."""
    before = arena.memory()
    arena.stranger(listening=False, rcvbuf=SMALL_WINDOW)
    # A server without framing takes one recv() for one message, so it gets short ones.
    size = 16_000 if arena.party.framed else 800
    for number in range(8 * MIB // size):
        arena.party.talk(size)  # both say so much
        if number % 50 == 49 and arena.memory() - before > MOST_KEPT_CHAT:
            raise Fault(f"it keeps more than {MOST_KEPT_CHAT // MIB} MiB for one client")


def late_reader(arena: Arena) -> None:
    """Send 8 MiB as far as it is taken, and read only then: everything has to come, in order."""
    data = b"".join(b"%07d\n" % number for number in range(MIB))
    stranger = arena.stranger(listening=False)
    sent = arena.push(stranger, data)
    stranger.listening = True
    stranger.say(data[sent:])
    if not arena.ears.wait(lambda: len(stranger.heard) >= len(data), of=stranger):
        raise Fault(f"{len(stranger.heard):,} of {len(data):,} bytes came back")
    if stranger.heard != data:
        raise Fault("what came back was changed")
    stranger.leave()


def flood(arena: Arena) -> None:
    """Send megabytes as fast as they are taken, while the innocents talk."""
    stranger = arena.stranger()
    stranger.say(b"".join(arena.party.stranger_says(n) for n in range(50_000)))
    for _ in range(3):
        arena.party.meanwhile()


def flood_of_lines(arena: Arena) -> None:
    """Say 3,000 lines in one go, while the innocents talk."""
    stranger = arena.accepted_stranger()
    stranger.say(b"".join(arena.party.stranger_says(n) for n in range(3_000)))
    for _ in range(3):
        arena.party.meanwhile()


def silent_guests(arena: Arena) -> None:
    """Have 30 clients connect and say nothing."""
    arena.strangers(30)
    arena.party.meanwhile()


def binary_noise(arena: Arena) -> None:
    """Send every byte there is, many times: an echo server has nothing to understand."""
    data = bytes(range(256)) * 100
    stranger = arena.stranger()
    stranger.say(data)
    if not arena.ears.wait(lambda: len(stranger.heard) >= len(data), of=stranger):
        raise Fault(f"{len(stranger.heard):,} of {len(data):,} bytes came back")
    stranger.leave()


def out_of_descriptors(arena: Arena) -> None:
    """Connect until the server has no descriptor left; then leave."""
    printed = len(arena.server.log.splitlines())
    strangers = arena.strangers(FEW_DESCRIPTORS + 20)
    arena.ears.wait(lambda: _full(arena), still=REST)
    arena.ears.rest()  # it has met the error, or it is waiting for room
    arena.party.meanwhile()
    for stranger in strangers:
        stranger.leave()
    arena.party.welcome()
    if len(arena.server.log.splitlines()) - printed > LONG_LOG:
        raise Fault("it fills its log")


def _full(arena: Arena) -> bool:
    """Return whether the server has as many descriptors as it may, or none any more."""
    try:
        return arena.descriptors() >= FEW_DESCRIPTORS
    except KitError:
        return True


PRESSURE = (
    Attack(
        "never_reads",
        "never reads",
        "up to 48 MiB, and reads nothing",
        "what a client does not read is kept for it, without a limit, or makes send() wait",
        never_reads_echo,
        (ECHO,),
        ("C72", "C74"),
    ),
    Attack(
        "never_reads",
        "never reads",
        "joins, and reads nothing of 16 MiB",
        "what a client does not read is kept for it, without a limit, or makes send() wait",
        never_reads_chat,
        (CHAT,),
        ("C81",),
    ),
    Attack(
        "reset_while_owed",
        "reset, owed megabytes",
        "4 MiB, reads nothing, and resets",
        "send() raises after a reset, too",
        reset_while_owed,
        (ECHO,),
        ("C71",),
    ),
    Attack(
        "late_reader",
        "reads late",
        "8 MiB, and reads only then",
        "send() takes a part, and the rest is thrown away",
        late_reader,
        (ECHO,),
        ("C72",),
    ),
    Attack(
        "flood",
        "a flood",
        "2 MB as fast as they are taken",
        "one client keeps the loop for itself",
        flood,
        (ECHO,),
    ),
    Attack(
        "flood",
        "a flood of lines",
        "3,000 lines in one go",
        "one client keeps the loop for itself",
        flood_of_lines,
        (CHAT,),
    ),
    Attack(
        "silent_guests",
        "30 silent guests",
        "30 clients connect and say nothing",
        "the server waits for somebody in particular",
        silent_guests,
    ),
    Attack(
        "noise",
        "every byte there is",
        "25,600 bytes that are no text",
        "bytes are taken for text",
        binary_noise,
        (ECHO,),
    ),
    Attack(
        "out_of_descriptors",
        "no descriptor left",
        f"more clients than the server may open ({FEW_DESCRIPTORS} descriptors)",
        "accept() raises when descriptors run out, and says so again at once",
        out_of_descriptors,
        descriptors=FEW_DESCRIPTORS,
    ),
)
