"""x08c: a chat that survives its guests."""

from __future__ import annotations

from typing import Any

from reactorkit.grading.client import SLOW
from reactorkit.grading.member import Member, Said, line
from reactorkit.grading.stage import ServerStage
from reactorkit.grading.story import Unmet

MIB = 1 << 20
LONGEST_LINE = 65_536  # bytes, without the newline
LATE = 900_000  # bytes: less than the megabyte that has to be kept
TOO_MUCH = 6 * MIB  # bytes: more than the kernel keeps, whatever its buffers
MUCH = 16 * MIB
LENGTHS = (30, 100, 3000, 20_000, 30, 60_000, 100, 40_000)  # of texts, said in one go
GROWTH = 8 * MIB
TO_OTHERS = "A message goes to every member but the one that has sent it, once."
WORDS = ("Hello", "Well,", "Is it", "Perhaps", "No,", "By the way,")

# What is no message, by what is said of it. Each is sent as one line.
NO_MESSAGES = (
    ("plain text", b"Is anybody here?"),
    ("an empty line", b""),
    ("a list", b"[1]"),
    ("a number", b"1"),
    ("a string", b'"x"'),
    ("null", b"null"),
    ("an object without a text", b'{"user": "x"}'),
    ("a number as text", b'{"user": "x", "text": 5}'),
    ("a list as user", b'{"user": ["x"], "text": "x"}'),
    ("bytes that are no UTF-8", b"\xff\xfe\x00"),
    ("broken UTF-8 in a string", b'{"user": "x", "text": "\xff"}'),
    ("half of a surrogate pair", b'{"user": "x", "text": "\\ud800"}'),
    ("a number with 5,000 digits", b"7" * 5000),
    ("30,000 opening brackets", b"[" * 30_000),
)


def heard(stage: ServerStage) -> None:
    """What one says the others hear, and nobody else."""
    ann, bob, cleo = _room(stage, 3)
    for speaker, others in ((ann, (bob, cleo)), (bob, (ann, cleo)), (cleo, (ann, bob))) * 2:
        said = speaker.says(_words(stage))
        for other in others:
            other.hears(said, cause=TO_OTHERS)


def whole_lines(stage: ServerStage) -> None:
    """Many lines in one segment, and one that brings more than it should."""
    ann, bob = _room(stage, 2)
    bob.hears(
        ann.says(*(_words(stage) for _ in range(200))),
        cause="What one recv() returns may hold many lines, and the beginning of the next one.",
    )
    more = line(ann.name, "Hello!", role="admin", id=stage.rng.randrange(1000))
    ann.sends(b" " + more[:-1] + b"\r\n", "a message with more in it, and white space around it")
    bob.hears(
        [(ann.name, "Hello!")], cause="Only user and text are passed on; JSON allows white space."
    )


def characters(stage: ServerStage) -> None:
    """A line that comes byte by byte, so that some pieces end inside of characters."""
    ann, bob, cleo = _room(stage, 3, quiet=True)
    text = f"{_words(stage)} é ß ✓ 日本 😀 ü"
    words = line(ann.name, text)
    stage.story.action(f"Ann sends {words.decode().strip()}, byte by byte; Bob talks meanwhile")
    for place in range(len(words) - 1):
        ann.peer.send(words[place : place + 1])
        # A word of somebody else's is a turn of the server's loop, in which it comes to this byte.
        cleo.hears(bob.says("."), cause="The server waits for the end of somebody's line.")
    ann.peer.send(words[-1:])
    for listener in (bob, cleo):
        listener.hears(
            [(ann.name, text)], cause="Decode whole lines: a piece may end inside of a character."
        )
    stage.story.expectation("Bob and Cleo hear it")


def harmless(stage: ServerStage) -> None:
    """Lines that are no messages hurt nobody, and their sender stays."""
    ann, mallory = _room(stage, 2, last="Mallory")
    cause = "Say what a message is, and check that; do not list what may go wrong."
    for what, words in NO_MESSAGES:
        mallory.sends(words + b"\n", what)
        ann.hears(mallory.says(f"That was {what}."), cause=cause)


def complains(stage: ServerStage) -> None:
    """Who sends a line that is no message is told so, once."""
    ann, mallory = _room(stage, 2, last="Mallory")
    for what, words in NO_MESSAGES:
        mallory.sends(words + b"\n", what)
        mallory.hears_a_complaint(
            cause='Each line that is no message earns its sender one line {"error": "..."}.'
        )
    mallory.hears(ann.says("What was that?"), cause="One line for each, and no more.")


def too_long(stage: ServerStage) -> None:
    """The longest line passes; one byte more, and its sender has to leave."""
    ann, mallory = _room(stage, 2, last="Mallory")
    fits = LONGEST_LINE - len(line(ann.name, "")) + 1
    mallory.hears(
        ann.says(stage.rng.choice("abc") * fits),
        cause="A line of 65,536 bytes, without its newline, is not too long.",
    )
    mallory.sends(line("Mallory", "first") + b"x" * (LONGEST_LINE + 1), "a message, then 65,537 x")
    cause = "A line is judged before its newline comes: tell the sender, and close."
    mallory.hears_a_complaint(cause=cause)
    mallory.expects_end(cause=cause)
    ann.hears([("Mallory", "first")], cause="What came before the long line is a message.")
    _joins(stage, [ann])


def broken_off(stage: ServerStage) -> None:
    """Resets, before accept(), in silence and within a line, hurt nobody."""
    cause = "A reset is an OSError in recv() or send(), and concerns one member alone."
    ann, bob = _room(stage, 2)
    before = stage.gauges().descriptors
    for said in (b"", b'{"user": "some', b""):
        rude = _joins(stage, [ann, bob], "somebody")
        if said:
            rude.sends(said)
        rude.resets()
        stage.settles(
            lambda: stage.gauges().descriptors <= before,
            "the connection is closed",
            lambda: "it is still open",
            cause,
        )
        bob.hears(ann.says("Gone."), cause=cause)
    with stage.held():
        stage.client("somebody hasty").resets()
    _joins(stage, [ann, bob], "Zoe", cause=cause)


def says_and_leaves(stage: ServerStage) -> None:
    """Who says a word and leaves is heard, and leaves nothing behind."""
    ann, bob = _room(stage, 2, quiet=True)
    before = stage.gauges().descriptors
    stage.story.action("20 guests say a word and leave at once; every second one only half-closes")
    for n in range(20):
        guest = _member(stage, f"guest {n + 1}", quiet=True)
        said = guest.says(_words(stage))
        guest.half_closes() if n % 2 else guest.leaves()
        for listener in (ann, bob):
            listener.hears(said, cause="A word may arrive together with the end of the stream.")
    stage.story.expectation("each of them is heard by Ann and Bob")
    stage.settles(
        lambda: stage.gauges().descriptors <= before + 2,
        "their connections are closed",
        lambda: f"{stage.gauges().descriptors - before} descriptors more than before",
        'b"" says that a member sends no more: close its connection.',
    )


def reads_late(stage: ServerStage) -> None:
    """Who reads late hears everything, as long as it fits into what is kept."""
    ann, bob = _room(stage, 2, quiet=True)
    cleo = _joins(stage, [ann, bob], "Cleo", narrow=True)
    stage.story.action(f"Ann says {LATE:,} bytes; Bob hears them, and Cleo does not read")
    said = _talk(stage, LATE, ann, bob)
    stage.story.action("now Cleo reads")
    cause = "send() says how many bytes it took. The others wait for room, and keep their order."
    cleo.hears(said, cause=cause)
    cleo.hears(bob.says("And one more."), cause="Who was owed much is a member like all others.")


def leaves_owed(stage: ServerStage) -> None:
    """Members leave in the very moment in which there is something for them."""
    cause = "After whatever may end a connection, ask whether there is still one."
    ann, bob = _room(stage, 2, quiet=True)
    guests = [
        _joins(stage, [ann, bob], f"guest {n + 1}", quiet=True, narrow=True) for n in range(4)
    ]
    stage.story.action(f"4 guests do not read; Ann says {LATE:,} bytes, and Bob hears them")
    _talk(stage, LATE, ann, bob)
    stage.story.action("the guests reset their connections, one by one")
    for guest in guests:
        guest.resets()
        bob.hears(ann.says("Who has left?"), cause=cause)
    stage.story.expectation("Bob still hears what Ann says")
    stage.story.action("five times, a word of Ann's and the resets of 3 guests come together")
    for _ in range(5):
        guests = [_joins(stage, [ann, bob], "a guest", quiet=True) for _ in range(3)]
        with stage.held():
            said = ann.says("Where are you going?")
            for guest in guests:
                guest.resets()
        bob.hears(said, cause=cause)
    stage.story.expectation("Bob hears each of them")


def not_reading(stage: ServerStage) -> None:
    """Who never reads costs the others nothing, and the server little memory."""
    ann, bob = _room(stage, 2, quiet=True)
    _talk(stage, MIB, ann, bob)
    before = stage.gauges()
    _joins(stage, [ann, bob], "Lid", narrow=True)
    stage.story.action(f"Ann and Bob say {MUCH // MIB} MiB to each other, and Lid reads nothing")
    for speaker, listener in ((ann, bob), (bob, ann)) * 2:
        _talk(stage, MUCH // 4, speaker, listener)
    stage.story.expectation("Ann and Bob hear each other")
    grown = stage.gauges().rss - before.rss
    if grown > GROWTH:
        raise Unmet(
            f"at most {GROWTH // MIB} MiB more memory",
            f"{grown // MIB} MiB more",
            "What is kept for a member needs a limit in bytes, and somebody has to keep to it.",
        )
    stage.story.expectation(f"the server's memory has grown by less than {GROWTH // MIB} MiB")


def parts_whole(stage: ServerStage) -> None:
    """Who is owed too much gets whole lines without a gap: all, or some and then the end."""
    ann, bob = _room(stage, 2, quiet=True)
    lid = _joins(stage, [ann, bob], "Lid", narrow=True)
    stage.story.action(f"Ann says {TOO_MUCH // MIB} MiB; Bob hears them, and Lid does not read")
    said = _talk(stage, TOO_MUCH, ann, bob)
    stage.story.action("now Lid reads")
    lid.hears_until_parted(
        said,
        cause="Who cannot be kept up with is sent what is in its queue, and nothing new; then "
        "close. An end can be noticed; a line that is missing cannot.",
    )


def rests(stage: ServerStage) -> None:
    """Nobody says anything, so the server sleeps."""
    ann, bob = _room(stage, 2, quiet=True)
    _joins(stage, [ann, bob], "Lid", narrow=True)
    gus = _joins(stage, [ann, bob], "Gus", narrow=True)
    stage.story.action(f"Ann says {LATE:,} bytes; Bob hears them, and Lid and Gus do not read")
    _talk(stage, LATE, ann, bob)
    gus.half_closes()
    ann.sends(line(ann.name, "Good night.")[:-5], "the beginning of a line")
    for _ in range(20):  # turns of the server's loop, in which it comes to all of this
        _joins(stage, [bob], "a guest", quiet=True).leaves()
    stage.expects_rest(
        "nobody says anything",
        "Wait for room only while something is owed. A stream that has ended stays readable.",
    )


# ------------------------------------------------------------------ who is there


def _member(stage: ServerStage, name: str = "", **options: Any) -> Member:
    return stage.client_of(Member, name, **options)


def _room(stage: ServerStage, size: int, last: str = "", **options: Any) -> list[Member]:
    """Return members that the server knows of.

    A client is connected before accept() returns it. It is known as a member when others have
    heard it, and as the first one when it hears somebody: so the second one asks again if need be.
    """
    first = _member(stage, **options)
    second = _member(stage, last if size == 2 else "", **options)
    said = second.says("Is anybody here?")
    if not first.is_told_something(within=SLOW / 2):
        said += second.says("Nobody?")
    first.hears_from(said, cause=TO_OTHERS)
    room = [first, second]
    while len(room) < size:
        room.append(_joins(stage, room, last if len(room) == size - 1 else "", **options))
    return room


def _joins(
    stage: ServerStage, room: list[Member], name: str = "", cause: str = TO_OTHERS, **options: Any
) -> Member:
    """Return a new member, whom those in the room have heard."""
    member = _member(stage, name, **options)
    said = member.says("Hello, everybody!")
    for other in room:
        other.hears(said, cause=cause)
    return member


# --------------------------------------------------------------- what is said


def _words(stage: ServerStage) -> str:
    """Return a short text that differs from run to run."""
    return f"{stage.rng.choice(WORDS)} {stage.rng.randrange(1_000_000)}"


def _talk(stage: ServerStage, size: int, speaker: Member, listener: Member) -> list[Said]:
    """Say so many bytes, in lines short and long; the listener keeps up. Returns the messages."""
    said: list[Said] = []
    while size > 0:
        texts: list[str] = []
        for length in stage.rng.sample(LENGTHS, len(LENGTHS)):
            texts.append(stage.rng.randbytes(min(length, size) // 2 + 1).hex())
            size -= len(line(speaker.name, texts[-1]))
            if size <= 0:
                break
        new = speaker.says(*texts)
        listener.hears(new, cause="Who does not read holds up those who do.")
        said += new
    return said
