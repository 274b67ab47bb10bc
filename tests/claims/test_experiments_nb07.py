"""The experiments of lesson 07: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

from typing import ClassVar

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.chat.framing import LineFramer
from reactorkit.claims.experiments import nb07
from reactorkit.claims.experiments.nb07 import borders, door, endless, loop, queues, room, stream
from reactorkit.claims.experiments.nb07.bare import bare
from reactorkit.lab.server import Server


class TestLesson07(LessonExperiments):
    number = 7


ALL = ["Ann", "Bob", "Cleo"]


def test_a_chat_that_leaves_the_sender_out_is_noticed() -> None:
    assert room.sender_hears_itself(dict.fromkeys(ALL, ALL))
    others = {name: [one for one in ALL if one != name] for name in ALL}
    assert not room.sender_hears_itself(others)
    assert not room.sender_hears_itself({"Ann": ALL, "Bob": ALL, "Cleo": ["Cleo"]})


LISTENER = ("5", "listener", 1, "accept")


def reader(fd: str, events: int = 1, callback: str = "read") -> room.Row:
    return fd, "client", events, callback


def test_a_table_with_another_row_is_noticed() -> None:
    assert room.only_the_listener([LISTENER])
    assert not room.only_the_listener([])
    assert not room.only_the_listener([LISTENER, reader("7")])
    assert room.two_readers_more([LISTENER, reader("7"), reader("8")])
    assert not room.two_readers_more([LISTENER, reader("7")])
    assert not room.two_readers_more([LISTENER, reader("7"), reader("8", 3, "read_and_write")])
    assert not room.two_readers_more([reader("7"), reader("8"), reader("9")])


class TestStream:
    as_stated: ClassVar = {
        stream.ALONE: (1, 1),
        stream.TOGETHER: (2, 0),
        stream.CUT: (1, 0),
        stream.LONG: (1, 0),
        stream.STORM: (500, 11),
        stream.PATIENT: (100, 100),
    }

    def test_the_stated_outcome_is_met(self) -> None:
        assert stream.only_alone_arrives(self.as_stated)

    @pytest.mark.parametrize(
        ("name", "delivered"),
        [
            (stream.ALONE, 0),
            (stream.TOGETHER, 2),
            (stream.CUT, 1),
            (stream.LONG, 1),
            (stream.STORM, 500),
            (stream.PATIENT, 80),
        ],
    )
    def test_a_server_that_keeps_messages_apart_or_loses_all_is_noticed(
        self, name: str, delivered: int
    ) -> None:
        sent, _ = self.as_stated[name]
        assert not stream.only_alone_arrives({**self.as_stated, name: (sent, delivered)})


@pytest.mark.parametrize("target", ["chat_reactor", nb07.CHAT_LINES])
def test_a_server_with_framing_delivers_every_message_of_a_storm(target: str) -> None:
    with Server(target) as server:
        assert stream.storm(server, 300) == 300


def test_a_stream_that_keeps_conversations_apart_is_noticed() -> None:
    framed = [b"1", b"2", b"3"]
    assert borders.same_bytes([b"x"] * 3, framed)
    assert not borders.same_bytes([b"x", b"x", b"y"], framed)
    assert not borders.same_bytes([b"x"] * 3, [b"1", b"1", b"2"])


def test_a_piece_without_its_comments_gives_no_answer_away() -> None:
    text = str(bare("chat_article", "tell_everybody"))
    assert "queue.append(message)" in text
    assert "#" not in text and "C79" not in text


class Forgetful:
    def feed(self, data: bytes) -> list[bytes]:
        return [line for line in data.split(b"\n") if line]


class Unwritten:
    def feed(self, data: bytes) -> None:
        return None


def test_a_decoder_is_right_if_no_cut_makes_a_difference() -> None:
    right = borders.every_split(LineFramer)
    assert right.whole == 3 and all(right.fates) and right.dribbled
    wrong = borders.every_split(Forgetful)
    assert not wrong.dribbled and 0 < sum(wrong.fates) < len(wrong.fates)
    assert "5 of" in repr(wrong) and "✘" in wrong._repr_html_()


def test_a_decoder_that_is_not_written_yet_gives_no_messages() -> None:
    unwritten = borders.every_split(Unwritten)
    assert unwritten.whole == 0 and not any(unwritten.fates) and not unwritten.dribbled
    assert "No message" in repr(unwritten)


def test_a_stream_of_characters_of_several_bytes_can_be_drawn() -> None:
    assert "3 messages" in repr(borders.every_split(LineFramer, "café\n\nolé!\n".encode()))
    assert borders.every_split(LineFramer, "café\n\nolé!\n".encode()).picture().axes


def test_a_key_that_gets_lost_or_a_socket_that_stays_open_is_noticed() -> None:
    gone = {"found": True, "fileno": -1, "hash": 7}
    assert queues.still_found({"open": {}, "closed": gone})
    assert not queues.still_found({"open": {}, "closed": {**gone, "found": False}})
    assert not queues.still_found({"open": {}, "closed": {**gone, "fileno": 9}})


def test_a_list_that_is_quick_or_slow_at_any_length_is_noticed() -> None:
    assert queues.only_long_lists_are_slow({10: 1.1, 100_000: 190})
    assert not queues.only_long_lists_are_slow({10: 1.1, 100_000: 2})
    assert not queues.only_long_lists_are_slow({10: 40, 100_000: 190})


def test_a_server_that_dies_of_something_else_is_noticed() -> None:
    words = "OSError: [Errno 107] Transport endpoint is not connected"
    assert door.greeting_kills({"alive": False, "last_words": words})
    assert not door.greeting_kills({"alive": False, "last_words": "KeyError"})
    assert not door.greeting_kills({"alive": True, "last_words": ""})


def test_two_loops_or_a_chat_that_is_silent_are_noticed() -> None:
    seen = {"echo": "hello, echo", "chat": '{"user": "Ann", "text": "hello, chat"}', "threads": 1}
    assert loop.both_dialogues_pass(seen)
    assert not loop.both_dialogues_pass({**seen, "threads": 2})
    assert not loop.both_dialogues_pass({**seen, "chat": ""})
    assert not loop.both_dialogues_pass({**seen, "echo": "hello, chat"})


def test_a_line_without_an_end_is_kept_by_one_server_and_refused_by_the_other() -> None:
    with Server(nb07.CHAT_LINES) as patient:
        assert "waits for the rest" in endless.endless_line(patient, 1)
    with Server("chat_reactor") as strict:
        told = endless.endless_line(strict, 1)
    assert "It said" in told and "and hung up" in told
