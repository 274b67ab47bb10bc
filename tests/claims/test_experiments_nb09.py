"""The experiments of lesson 09: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments.nb09 import (
    Desk,
    Typist,
    inputs,
    nagle,
    pasted,
    rows,
    screens,
    stalled,
    two_ears,
)
from reactorkit.claims.experiments.nb09.two_ears import Dialogue, pushed, typed
from reactorkit.errors import KitError
from reactorkit.lab.server import Server


class TestLesson09(LessonExperiments):
    number = 9


# Planted worlds: what would be seen if the claim were otherwise.

WHOLE = Dialogue("a client", typed(), pushed())


@pytest.mark.parametrize(
    "dialogue",
    [
        Dialogue("a client", typed()[:-1], pushed()),
        Dialogue("a client", typed(), [*pushed(), "down 0."]),
        Dialogue("a client", [*typed()[1:], typed()[0]], pushed()),
    ],
)
def test_a_line_that_is_lost_doubled_or_late_is_noticed(dialogue: Dialogue) -> None:
    assert WHOLE.whole
    assert not dialogue.whole
    assert two_ears.judge_threads([WHOLE, WHOLE]).met
    assert not two_ears.judge_threads([WHOLE, dialogue]).met


@pytest.mark.parametrize(("one", "two"), [(3, 3), (0, 2), (1, 3)])
def test_ears_of_another_number_are_noticed(one: int, two: int) -> None:
    def moments(one: int, two: int) -> dict[str, dict[str, int]]:
        return {"client_input": {"before": one}, "chat_client": {"before": two}}

    assert two_ears.judge_ears(moments(0, 3), WHOLE).met
    assert not two_ears.judge_ears(moments(one, two), WHOLE).met


@pytest.mark.parametrize(("hidden", "seen"), [([4, 5], [4, 5]), ([0, 0], [4, 5]), ([1, 5], [3, 5])])
def test_lines_that_do_not_hide_are_noticed(hidden: list[int], seen: list[int]) -> None:
    assert pasted.judge({"client_readline": [1, 5], "chat_client": [4, 5]}).met
    assert not pasted.judge({"client_readline": hidden, "chat_client": seen}).met


FROZEN = {"taken": 3_000_000, "hears": False, "arrived": 3000, "lines": 3000}
AWAKE = {"taken": 7_000_000, "hears": True, "arrived": 7000, "lines": 7000}


@pytest.mark.parametrize(
    ("blocking", "queue"),
    [
        (AWAKE, AWAKE),
        (FROZEN, FROZEN),
        ({**FROZEN, "hears": True}, AWAKE),
        (FROZEN, {**AWAKE, "arrived": 6999}),
    ],
)
def test_a_client_that_does_not_freeze_and_one_that_does_are_noticed(
    blocking: dict[str, int], queue: dict[str, int]
) -> None:
    good = {"client_blocking": FROZEN, "chat_client": AWAKE}
    assert stalled.judge(good, 7_000_000).met
    assert not stalled.judge({"client_blocking": blocking, "chat_client": queue}, 7_000_000).met


def test_an_input_that_is_taken_or_refused_against_the_manual_is_noticed() -> None:
    ready = {"select": "ready", "epoll": "ready"}
    refused = {"select": "ready", "epoll": "PermissionError"}
    good = {
        inputs.PIPE: ready,
        inputs.TERMINAL: ready,
        inputs.FILE: refused,
        inputs.NOTHING: refused,
    }
    assert inputs.judge(good).met
    assert not inputs.judge({**good, inputs.FILE: ready}).met
    assert not inputs.judge({**good, inputs.TERMINAL: refused}).met
    without = {**good, inputs.FILE: {"select": "ready"}, inputs.NOTHING: {"kqueue": "OSError"}}
    assert inputs.judge(without).met  # a system without epoll


def test_another_row_in_the_map_is_noticed() -> None:
    quiet = [["keyboard", "READ"], ["socket", "READ"]]
    assert rows.judge(quiet).met
    assert not rows.judge([*quiet, ["socket", "READ"]]).met
    assert not rows.judge([["keyboard", "READ"], ["socket", "READ | WRITE"]]).met


def test_a_screen_without_the_name_and_a_log_of_another_shape_are_noticed() -> None:
    screen = [line for _, text in screens.DIALOGUE for line in (text, f"[Bella] {text}")]
    assert screens.judge_screen(screen).met
    assert not screens.judge_screen([line for line in screen if "[" not in line]).met
    said = [
        "('127.0.0.1', 4001) hello!",
        "('127.0.0.1', 4001): [Hila] Anybody here?",
        "('127.0.0.1', 4002) hello!",
        "('127.0.0.1', 4002): [Bella] I am.",
        "('127.0.0.1', 4002): [Bella] My name is Bella.",
        "('127.0.0.1', 4001): [Hila] And mine is Hila.",
        "('127.0.0.1', 4002): [Bella] She is the greatest!",
    ]
    assert screens.judge_server(said).met
    assert not screens.judge_server(said[1:]).met
    assert not screens.judge_server([line.replace("4002", "4001") for line in said]).met


# The hands at the keyboard, and the small writes.


@pytest.mark.parametrize("name", ["client_threads", "client_readline", "client_blocking"])
def test_a_client_ends_when_its_server_leaves(name: str) -> None:
    with Desk() as desk, Typist(name, desk.address) as client:
        client.wait_until_shown("connected")
        desk.say("good bye")
        client.wait_until_shown("good bye")
        desk.close()
        assert client.ended(20)


def test_two_clients_talk_once_both_are_connected() -> None:
    with (
        Server("chat_reactor") as server,
        Typist("chat_client", server.address, "Ann") as ann,
        Typist("chat_client", server.address, "Bob") as bob,
    ):
        ann.wait_until_connected()
        bob.wait_until_connected()
        bob.enter("Is anybody here?")
        ann.wait_until_shown("[Bob] Is anybody here?")
        ann.enter("I am.")
        bob.wait_until_shown("[Ann] I am.")


def test_a_client_that_takes_no_line_is_an_error_and_no_hang() -> None:
    with Desk(room=4096) as desk, Typist("client_blocking", desk.address) as client:
        client.wait_until_shown("connected")
        while not stalled.frozen(client):
            client.press("x" * 999 + "\n")
        with pytest.raises(KitError, match="does not read its keyboard"):
            client.enter("x" * 70_000)


def test_small_writes_are_told_and_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTORKIT_QUICK", "1")
    found = nagle.small_writes()
    assert min(found.two, found.two_nodelay, found.one) > 0
    assert "TCP_NODELAY" in str(found)
    assert "<img" in found._repr_html_()
