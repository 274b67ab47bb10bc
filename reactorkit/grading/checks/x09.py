"""x09: a chat client that hears its keyboard and its server at once."""

from __future__ import annotations

from reactorkit.grading.desk import ChatClient, ClientStage, message
from reactorkit.grading.keyboards import File, Nothing, Terminal

LETTERS = "abcdefghijklmnopqrstuvwxyz 0123456789{}\",:'"
OTHERS = "éßΩж中€😀𝄞"
MUCH = 4000  # lines: many times what the kernel keeps between a client and a narrow server
PAINTED = "\N{REPLACEMENT CHARACTER}"
TWO_PLACES = (
    "What you wait for and what you read have to be the same: the lines are in Python's buffer, "
    "and the selector looks at the descriptor. Read with os.read."
)


def words(stage: ClientStage, n: int = 12, letters: str = LETTERS) -> str:
    """Return a text of n letters that neither begins nor ends with a space."""
    return f"w{''.join(stage.rng.choices(letters, k=n - 2))}s"


def in_touch(stage: ClientStage, client: ChatClient) -> None:
    """See a line go each way, so that the client is known to have begun."""
    typed, said = words(stage), words(stage)
    client.types(f"{typed}\n")
    client.hears(typed)
    client.shows(typed, client.user)
    client.says(said)
    client.shows(said)


def talks(stage: ClientStage) -> None:
    """What is typed is sent and shown, what is said is shown."""
    client = stage.client()
    first, said, second = words(stage), words(stage), words(stage, 12, OTHERS)
    client.types(f"{first}\n")
    client.hears(first, cause="Each line is to be sent as a JSON object, and a newline behind it.")
    client.says(said)
    client.types(f"{second}\n")
    client.hears(second)
    client.shows(said, cause="Print [user] text, at the beginning of a line, for each message.")
    own = "The server sends a line to everybody but the one who said it: show it yourself."
    client.shows(first, client.user, own)
    client.shows(second, client.user, own)


def both_ears(stage: ClientStage) -> None:
    """Nobody types, and what the server says is shown."""
    client = stage.client()
    for _ in range(3):
        said = words(stage)
        client.says(said)
        client.shows(said, cause="While it waits for the keyboard it does not hear the server.")
    typed = words(stage)
    client.types(f"{typed}\n")
    client.hears(typed)


def pasted(stage: ClientStage) -> None:
    """Several lines come at once from the keyboard, and nothing after them."""
    client = stage.client()
    in_touch(stage, client)
    for count in (4, 2, 7):
        lines = [words(stage) for _ in range(count)]
        client.types("".join(f"{line}\n" for line in lines), f"{count} lines at once")
        client.hears(*lines, cause=TWO_PLACES)


def pieces(stage: ClientStage) -> None:
    """Lines come in pieces, both ways, cut inside of characters too."""
    client = stage.client()
    in_touch(stage, client)
    whole = "Read bytes, keep what has no newline yet, and decode whole lines."
    for letters in (LETTERS, OTHERS):
        typed = words(stage, 12, letters)
        keys = f"{typed}\n".encode()
        place = keys.index(typed[6].encode()) + 1 if letters is OTHERS else 6
        client.types(keys[:place])
        client.has_read()
        client.types(keys[place:])
        client.hears(typed, cause=whole)
    long = words(stage, 10_000)
    client.types(f"{long}\n", "a line of 10,000 characters")
    client.hears(long, cause=whole)
    said = [words(stage, 8, OTHERS), words(stage, 8), words(stage, 50_000)]
    client.dribbles(message(client.friend, said[0]))
    client.shows(said[0], cause=whole)
    client.says(*said)
    for one in said:
        client.shows(one, cause=whole)


def last_words(stage: ClientStage) -> None:
    """The input ends with a line that has no newline."""
    client = stage.client()
    in_touch(stage, client)
    lines = [words(stage) for _ in range(3)]
    client.types("\n".join(lines), "two lines, and one without a newline")
    client.ends_typing()
    client.hears(*lines, cause="At the end of the input, what is left is a line, too.")
    client.hears_end(
        "After the last line, end your own stream: server.shutdown(socket.SHUT_WR). Then the "
        "server knows that no more will come."
    )


def hears_on(stage: ClientStage) -> None:
    """The input has ended, and the conversation has not."""
    client = stage.client()
    in_touch(stage, client)
    client.ends_typing()
    client.hears_end()
    for _ in range(3):
        said = words(stage)
        client.says(said)
        client.shows(
            said, cause="The end of the input is not the end of the conversation: go on printing."
        )
    client.leaves()
    client.ends("Nobody types, and nobody says anything any more: chat() has to return.")


def server_leaves(stage: ClientStage) -> None:
    """The server ends while somebody sits at the keyboard and types nothing."""
    client = stage.client()
    in_touch(stage, client)
    said = words(stage)
    client.says(said)
    client.leaves()
    client.shows(said)
    client.ends(
        "When the server has ended, nobody should have to press a key. (A thread that waits in "
        "input() holds up the end, or makes Python end with a fatal error.)"
    )


def broken_off(stage: ClientStage) -> None:
    """The server breaks off while somebody types."""
    cause = "A reset is an OSError in recv(), in send(), or in shutdown()."
    client = stage.client()
    in_touch(stage, client)
    client.resets()
    client.types("are you still there?\n")
    client.ends(cause)
    client = stage.client()
    in_touch(stage, client)
    stage.story.action("the next line and the reset reach the client at the same time")
    with client.held():
        client.types("one more line\n")
        client.resets()
    client.ends(cause)


def stalled(stage: ClientStage) -> None:
    """The server does not read; what it says is shown all the same."""
    client = stage.client(narrow=True)
    in_touch(stage, client)
    _typed_in_vain(stage, client)
    for _ in range(3):
        _still_shown(stage, client, quiet=False)


def owed(stage: ClientStage) -> None:
    """What was typed while the server did not read arrives when it does."""
    client = stage.client(narrow=True)
    in_touch(stage, client)
    lines, unfinished = _typed_in_vain(stage, client)
    cause = "send() takes what there is room for, and says how much that was: keep the rest."
    stage.story.action("now the server reads")
    client.hears(*lines, cause=cause, what=f"all of the {len(lines):,} lines, in order")
    if unfinished:
        rest = words(stage)
        client.types(f"{rest}\n")
        client.hears(unfinished + rest, cause=cause)
    said = words(stage)
    client.says(said)
    client.shows(said)


def from_file(stage: ClientStage) -> None:
    """Standard input is a regular file, then /dev/null."""
    cause = (
        "epoll does not take files, nor does asyncio; select does. And a file never makes you "
        "wait: you can as well read all of it."
    )
    lines = [words(stage) for _ in range(50)]
    client = stage.client(File("".join(f"{line}\n" for line in lines).encode()))
    client.hears(*lines, cause=cause, what="the file's 50 lines")
    client.hears_end(cause)
    client.leaves()
    client.ends(cause)
    client = stage.client(Nothing())
    client.hears_end(cause)
    client.leaves()
    client.ends(cause)


def from_terminal(stage: ClientStage) -> None:
    """Standard input is a terminal."""
    client = stage.client(Terminal())
    cause = "A terminal is no file that could be read to its end first: somebody is still typing."
    for _ in range(2):
        typed = words(stage)
        client.types(f"{typed}\n")
        client.hears(typed, cause=cause)
    client.ends_typing()
    client.hears_end('Ctrl-D is the end of the input: os.read returns b"" then.')


def odd_lines(stage: ClientStage) -> None:
    """The server says things that are no messages."""
    client = stage.client()
    in_touch(stage, client)
    odd = [
        b'{"error": "That was no message."}',
        b"Welcome!",
        b"[1]",
        b"7",
        b'{"user": "Zoe"}',
        b'{"user": 7, "text": "seven"}',
        b'{"user": "Zoe", "text": null}',
        b'{"user": "Zoe", "text": "\xff"}',
        b"",
    ]
    stage.rng.shuffle(odd)
    cause = "A line of the server's may be anything: look before you believe it."
    for line in odd:
        said = words(stage)
        client.sends(line + b"\n")
        client.says(said)
        client.shows(said, cause=cause)
    client.shows_nothing_else(cause)


def paints(stage: ClientStage) -> None:
    """A message brings what a terminal obeys, and a newline."""
    client = stage.client()
    in_touch(stage, client)
    cause = "What a stranger sends is data, and a terminal takes some of it for commands."
    for code in ("\x1b[2J\x1b[31m", "\r", "\x7f\x08", "\x9b2J", f"\n[{client.user}] "):
        said = f"{words(stage)}{code}{words(stage, 3, OTHERS)}"
        client.says(said)
        client.shows(_harmless(said), cause=cause)
    client.says("hello", name="Z\x1b[7moe")
    client.shows("hello", f"Z{PAINTED}[7moe", cause)
    in_touch(stage, client)
    client.shows_nothing_else(cause)


def rests(stage: ClientStage) -> None:
    """Nobody types and nobody says anything, so the client sleeps."""
    client = stage.client()
    in_touch(stage, client)
    client.expects_rest("nobody does anything", "Wait for room only while something is owed.")
    client.ends_typing()
    client.hears_end()
    client.expects_rest(
        "the input has ended",
        "A stream that has ended is ready always: wait for the server alone then.",
    )


def _typed_in_vain(stage: ClientStage, client: ChatClient) -> tuple[list[str], str]:
    """Type a great deal while the server does not read.

    Returns the whole lines that were taken, and the beginning of the one after them.
    """
    lines = [words(stage, 80) for _ in range(MUCH)]
    keys = "".join(f"{line}\n" for line in lines).encode()
    stage.story.action(f"{client.user} types up to {MUCH:,} lines, and the server reads none")
    taken = client.types_on(keys, lambda: _still_shown(stage, client))
    stage.story.action(f"{taken:,} bytes of them were taken")
    whole = keys[:taken].count(b"\n")
    return lines[:whole], keys[:taken].rpartition(b"\n")[2].decode()


def _still_shown(stage: ClientStage, client: ChatClient, quiet: bool = True) -> None:
    said = words(stage)
    client.says(said, quiet=quiet)
    client.shows(
        said,
        cause="It waits until there is room to send, and is deaf meanwhile: the server does not "
        "read just now.",
        quiet=quiet,
    )


def _harmless(text: str) -> str:
    return "".join(PAINTED if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in text)
