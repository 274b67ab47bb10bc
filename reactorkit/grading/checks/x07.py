"""x07: a stream of bytes, cut into messages."""

from __future__ import annotations

from reactorkit.grading.expect import made, outcome, raises, returns, shown, unlike
from reactorkit.grading.functions import FunctionStage, Remote
from reactorkit.grading.story import Unmet, named

ASCII = "abcdefghijklmnopqrstuvwxyz 0123456789{}[]\",:'"
OTHERS = "éßΩж中€😀𝄞"


def decoder(stage: FunctionStage, max_size: int, quiet: bool = False) -> Remote:
    """Make a decoder."""
    said = f"FrameDecoder({max_size})"
    if not quiet:
        stage.story.action(f"decoder = {said}")
    return made(stage, "FrameDecoder", max_size, said=said)


def feeds(
    stage: FunctionStage, one: Remote, data: bytes, messages: list[str], cause: str = ""
) -> None:
    """Feed it once, and see it return these messages."""
    said = f"decoder.feed({named(data)})"
    returns(stage, messages, "feed", data, on=one, said=said, cause=cause)


def words(stage: FunctionStage, n: int, letters: str = ASCII) -> str:
    """Return a message of n letters."""
    return "".join(stage.rng.choices(letters, k=n))


def cut_everywhere(stage: FunctionStage, messages: list[str], cause: str) -> None:
    """Feed the same stream in two pieces, cut at every place, and then byte by byte."""
    stream = "".join(f"{message}\n" for message in messages).encode()
    stage.story.action(f"the stream {named(stream)} is cut at each place, with a new decoder each")
    for place in range(1, len(stream)):
        fed_in_pieces(stage, [stream[:place], stream[place:]], messages, cause)
    stage.story.expectation(f"{shown(messages)} comes out, wherever the cut is")
    stage.story.action("and the same stream comes byte by byte")
    fed_in_pieces(stage, [stream[n : n + 1] for n in range(len(stream))], messages, cause)
    stage.story.expectation(f"{shown(messages)} comes out")


def fed_in_pieces(
    stage: FunctionStage, pieces: list[bytes], messages: list[str], cause: str
) -> None:
    """Feed a new decoder these pieces; Unmet with the cut when other messages come out."""
    one, got = decoder(stage, 1000, quiet=True), []
    for piece in pieces:
        said = f"feed({named(piece)})"
        if len(pieces) == 2:
            said = f"feed({named(pieces[0])}), then feed({named(pieces[1])})"
        found = outcome(one.start("feed", piece), said=said, cause=cause)
        if not isinstance(found, list):
            raise Unmet("that feed returns a list", unlike([], found), cause)
        got += found
    if got != messages:
        how = f"in the pieces {pieces[0]!r} and {pieces[1]!r}" if len(pieces) == 2 else ""
        raise Unmet(f"{shown(messages)} {how or 'byte by byte'}", shown(got), cause)


def whole_lines(stage: FunctionStage) -> None:
    """One message in a feed, then several, then none."""
    one = decoder(stage, 1000)
    first, *more = (words(stage, stage.rng.randrange(1, 12)) for _ in range(4))
    feeds(stage, one, f"{first}\n".encode(), [first], "The newline is not part of the message.")
    lines = "".join(f"{message}\n" for message in more).encode()
    feeds(stage, one, lines, more, "One feed may complete several messages.")
    feeds(stage, one, b"", [], "Nothing new completes nothing.")


def cuts(stage: FunctionStage) -> None:
    """The stream is cut between any two bytes."""
    messages = [words(stage, stage.rng.randrange(3, 9)) for _ in range(3)]
    cause = "What stands behind the last newline is the beginning of the next message: keep it."
    cut_everywhere(stage, messages, cause)


def characters(stage: FunctionStage) -> None:
    """The cut falls inside of characters."""
    letters = [words(stage, 2, OTHERS) for _ in range(3)]
    cause = "A piece may end in the middle of a character. Only a whole message can be decoded."
    cut_everywhere(stage, [f"x{pair}y" for pair in letters], cause)


def empty_ones(stage: FunctionStage) -> None:
    """Empty messages count."""
    one, word = decoder(stage, 1000), words(stage, 5)
    cause = "Two newlines in a row: there is a message between them, an empty one."
    feeds(stage, one, b"\n", [""], cause)
    feeds(stage, one, f"\n{word}\n\n".encode(), ["", word, ""], cause)


def only_newlines(stage: FunctionStage) -> None:
    r"""Only \n ends a message, whatever else may look like an end of line."""
    one = decoder(stage, 1000)
    for other in ("\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"):
        message = f" {words(stage, 3)}{other}{words(stage, 3)}{other}"
        cause = (
            "The byte b'\\n' alone ends a message. splitlines() and strip() know more than that."
        )
        feeds(stage, one, f"{message}\n".encode(), [message], cause)


def too_long(stage: FunctionStage) -> None:
    """As many bytes as allowed pass; one more does not, with a newline or without."""
    size = stage.rng.randrange(8, 40)
    one, exact = decoder(stage, size), words(stage, size)
    cause = f"A message may have {size} bytes here, and its newline does not count."
    feeds(stage, one, f"{exact}\n".encode(), [exact], cause)
    feeds(stage, one, exact.encode(), [], cause)
    feeds(stage, one, b"\n", [exact], cause)
    cause = "A message that is too long is refused when the byte comes that is one too many."
    over = words(stage, size + 1).encode()
    refused(stage, one, over + b"\n", cause)
    refused(stage, decoder(stage, size), over, cause)
    one = decoder(stage, size)
    feeds(stage, one, over[:size], [])
    refused(stage, one, over[size:], cause)


def counts_bytes(stage: FunctionStage) -> None:
    """The limit is in bytes, and a character may have several."""
    cause = "max_size counts bytes, before they are decoded."
    message = words(stage, 3, "éßΩж")
    feeds(stage, decoder(stage, 6), f"{message}\n".encode(), [message], cause)
    refused(stage, decoder(stage, 5), f"{message}\n".encode(), cause)


def stays_refused(stage: FunctionStage) -> None:
    """After a refusal nothing is taken any more."""
    one = decoder(stage, 10)
    refused(stage, one, words(stage, 30).encode())
    cause = "After an oversize message nobody knows where the next one begins."
    for data in (b"ok\n", b"\n", b""):
        refused(stage, one, data, cause)


def refused(stage: FunctionStage, one: Remote, data: bytes, cause: str = "") -> None:
    """Feed it once, and see it raise ValueError."""
    raises(
        stage, "ValueError", "feed", data, on=one, said=f"decoder.feed({named(data)})", cause=cause
    )
