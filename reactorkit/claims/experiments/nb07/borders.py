"""Where one message ends and the next begins: brackets do not say it (C101), a frame does (G01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from reactorkit.claims.experiments.nb01.wire import unread, wait_until
from reactorkit.claims.experiments.nb07 import pictures
from reactorkit.claims.experiments.nb07.members import Member, gather, line
from reactorkit.claims.experiments.nb07.room import ARTICLE
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.errors import KitError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Three conversations: who says what, line by line.
Story = Sequence[tuple[str, str]]
STORIES: tuple[Story, ...] = (
    (("A", "hi [B] I am B"), ("A", "2")),
    (("A", "hi "), ("B", "I am B"), ("A", "2")),
    (("A", "hi [B] I am B[A] 2"),),
)


def brackets_are_no_borders(world: World) -> Evidence:
    """C101: hold three different conversations, and compare the bytes that a listener gets."""
    server = world.serve(ARTICLE)
    a, b, ear = (Member(world.peer(server), name) for name in ("A", "B", "Eve"))
    gather((a, b, ear))
    ear.hear("Is everybody here?")  # not part of any story
    bytes_heard = [_tell(story, {"A": a, "B": b}, ear) for story in STORIES]
    framed = [frames(story) for story in STORIES]
    return Evidence(
        findings={
            "C101": Finding(
                same_bytes(bytes_heard, framed),
                f"{_in_words(len(set(bytes_heard)))} from one recv for conversations of "
                f"{', '.join(str(len(story)) for story in STORIES)} messages: {bytes_heard[0]!r}; "
                f"as one JSON object on each line they are {len(set(framed))} different streams",
            )
        },
        data={
            "stories": [[list(said) for said in story] for story in STORIES],
            "heard": [data.decode() for data in bytes_heard],
            "framed": [data.decode() for data in framed],
        },
        picture=pictures.draw_stories,
        caption="Three conversations on the left, and what reaches the listener on the right.",
        alt="Three conversations of 2, 3 and 1 messages. The article's chat makes the same bytes "
        f"of all of them: {bytes_heard[0].decode()}. As JSON lines they stay apart.",
    )


def _tell(story: Story, cast: Mapping[str, Member], ear: Member) -> bytes:
    """Let the cast say a story line by line; return what one recv of the listener gives."""
    length = 0
    for name, text in story:
        length += len(f"[{name}] {text}")
        cast[name].say(text)
        # The next line is said when this one lies in the listener's buffer, unread.
        if not wait_until(partial(_holds, ear, length), 5):
            raise KitError("What was said did not reach the listener within 5 s.")
    return ear.peer.recv(1000)


def _holds(member: Member, length: int) -> bool:
    return unread(member.peer.sock) >= length


def frames(story: Story) -> bytes:
    """Return a conversation in the wire format of this course: a JSON object on each line."""
    return b"".join(line(name, text) + b"\n" for name, text in story)


def same_bytes(heard: Sequence[bytes], framed: Sequence[bytes]) -> bool:
    """Return whether all stories gave the same bytes, and none of the framed ones does."""
    return len(set(heard)) == 1 and len(set(framed)) == len(framed)


def _in_words(count: int) -> str:
    return "the same bytes came" if count == 1 else f"{count} different streams came"


# --- G01: a decoder, fed in every way -----------------------------------------------------------

STREAM = b"".join(
    line(name, text) + b"\n" for name, text in (("Ann", "hi"), ("Bob", "hi Ann"), ("Ann", "bye"))
)


class Splits:
    """What a decoder makes of one stream that is cut at every place. Draws itself.

    fates: for each place of the cut, whether the messages were the same as without a cut.
    dribbled: the same for the stream fed byte by byte.
    """

    def __init__(self, stream: bytes, fates: Sequence[bool], dribbled: bool, whole: int) -> None:
        self.stream, self.fates, self.dribbled, self.whole = stream, fates, dribbled, whole

    def picture(self) -> Figure:
        """Draw the stream with a mark at every place where it was cut."""
        return pictures.draw_splits(
            {"stream": self.stream, "fates": self.fates, "dribbled": self.dribbled}
        )

    def __repr__(self) -> str:
        if not self.whole:
            return "No message has come out of it, however the stream was fed."
        right = sum(self.fates)
        return (
            f"Fed at once, the stream gives {self.whole} messages. Cut in two at {right} of "
            f"{len(self.fates)} places it gives the same; byte by byte it gives "
            f"{'the same' if self.dribbled else 'something else'}."
        )

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        caption = "Each mark is a place where the stream was cut: ● the same messages, ✘ not."
        return still.html(self.picture(), repr(self), caption)


def every_split(make_decoder: Callable[[], Any], stream: bytes = STREAM) -> Splits:
    """Feed a stream to new decoders: cut in two at every place, and byte by byte.

    Arguments:
        make_decoder: returns a decoder; its feed(bytes) returns the messages that are complete.
        stream: what to feed, three lines of a chat if you name no other.
    """
    whole = _fed(make_decoder, [stream])
    fates = [
        bool(whole) and _fed(make_decoder, [stream[:place], stream[place:]]) == whole
        for place in range(1, len(stream))
    ]
    pieces = [stream[place : place + 1] for place in range(len(stream))]
    dribbled = bool(whole) and _fed(make_decoder, pieces) == whole
    return Splits(stream, fates, dribbled, len(whole))


def _fed(make_decoder: Callable[[], Any], pieces: Sequence[bytes]) -> list[Any]:
    decoder = make_decoder()
    messages: list[Any] = []
    for piece in pieces:
        try:
            messages += decoder.feed(piece) or []
        except ValueError as error:  # such as half a character that was decoded too soon
            return [*messages, repr(error)]
    return messages
