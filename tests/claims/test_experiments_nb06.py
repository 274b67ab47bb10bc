"""The experiments of lesson 06: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments import nb06
from reactorkit.claims.experiments.nb06 import (
    endings,
    memory,
    printed,
    restart,
    sending,
    survival,
    visits,
)
from reactorkit.claims.world import World
from reactorkit.view import still


class TestLesson06(LessonExperiments):
    number = 6


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REACTORKIT_QUICK", "1")
        yield


# --- planted worlds: what would be seen if the claim were otherwise -----------------------------


@pytest.mark.parametrize(
    "refused",
    [
        {},  # a port that is always free
        {(0, 0): "EADDRINUSE", (0, 1): "EADDRINUSE"},  # the option does not help
        {(0, 0): "EADDRINUSE", (1, 0): "EADDRINUSE"},  # it does not matter who closes first
        {(0, 0): "EACCES"},
    ],
)
def test_other_restarts_are_told_apart(refused: dict[tuple[int, int], str]) -> None:
    def table(wanted: dict[tuple[int, int], str]) -> restart.Table:
        return {
            first: {
                option: wanted.get((row, column), "listening")
                for column, option in enumerate(restart.OPTION)
            }
            for row, first in enumerate(restart.FIRST)
        }

    assert restart.judge(table({(0, 0): "EADDRINUSE"})).met
    assert not restart.judge(table(refused)).met


@pytest.mark.parametrize(
    ("fragile", "threads", "forgotten"),
    [
        ([True, True, True], [True, True, True], "KeyError"),  # it survives everything
        ([False, False, False], [True, True, True], "KeyError"),  # it never served anybody
        ([True, False, False], [True, False, True], "KeyError"),  # threads suffer too
        ([True, False, False], [True, True, True], "registered"),
    ],
)
def test_other_ends_are_told_apart(
    fragile: list[bool], threads: list[bool], forgotten: str
) -> None:
    right = {"echo_fragile": [True, False, False], "echo_threads": [True] * 3}
    assert endings.judge_endings(right, "KeyError").met
    planted = {"echo_fragile": fragile, "echo_threads": threads}
    assert not endings.judge_endings(planted, forgotten).met


def test_a_server_that_waits_or_survives_is_no_proof() -> None:
    pieces, died = [65536, 65536, 44032], "BlockingIOError: [Errno 11]"
    assert sending.judge_no_room(pieces, 3_000_000, died).met
    assert not sending.judge_no_room(pieces, 3_000_000, "nothing").met
    assert not sending.judge_no_room(pieces, sending.TOO_MUCH, died).met
    assert not sending.judge_no_room(pieces, 3_000_000, "ConnectionResetError: [Errno 104]").met


def test_writable_for_everything_and_for_nothing_are_told_apart() -> None:
    assert sending.judge_some_room(4_000_000, 300_000, 100).met
    assert not sending.judge_some_room(4_000_000, 4_000_000, 100).met
    assert not sending.judge_some_room(4_000_000, 0, 100).met


def test_a_select_that_answers_otherwise_is_told_apart() -> None:
    full = {"readable": True, "recv": "6 bytes", "writable": False, "send": "BlockingIOError"}
    room = {"readable": True, "recv": "7 bytes", "writable": True, "send": "100 bytes"}
    assert sending.judge_questions(full, room, 0.1, 0.1).met
    assert not sending.judge_questions({**full, "writable": True}, room, 0.1, 0.1).met
    assert not sending.judge_questions({**full, "send": "100 bytes"}, room, 0.1, 0.1).met
    assert not sending.judge_questions(full, {**room, "writable": False}, 0.1, 0.1).met
    assert not sending.judge_questions(full, room, 0.0, 0.1).met


def test_neighbours_that_suffer_elsewhere_too_prove_nothing() -> None:
    served = {"echo_fragile": 0, "echo_threads": 10, "echo_reactor": 10}
    assert endings.judge_neighbours(10, served).met
    assert not endings.judge_neighbours(10, {**served, "echo_fragile": 3}).met
    assert not endings.judge_neighbours(10, {**served, "echo_reactor": 9}).met


def test_another_session_is_told_apart() -> None:
    output = "".join(f"say: Received:  {line}\n" for line in printed.LINES) + "say: "
    error = "EOFError: EOF when reading a line"
    assert printed.judge_session(output, error, "", 0).met
    assert not printed.judge_session(output.replace(":  ", ": "), error, "", 0).met
    assert not printed.judge_session(output, "no error", "", 0).met
    assert not printed.judge_session("", error, "", 0).met


def test_names_are_for_older_versions_of_python() -> None:
    old = printed.parts(
        "<socket.socket fd=4, family=AddressFamily.AF_INET, type=SocketKind.SOCK_STREAM, proto=0, "
        "laddr=('127.0.0.1', 1), raddr=('127.0.0.1', 2)>"
    )
    new = {**old, "family": "2", "type": "1"}
    assert old["type"] == "SocketKind.SOCK_STREAM"
    assert printed.judge_repr([old, {**old, "fd": "5"}], (3, 10)).met
    assert printed.judge_repr([new, {**new, "fd": "5"}], (3, 12)).met
    assert not printed.judge_repr([old, {**old, "fd": "5"}], (3, 11)).met
    assert not printed.judge_repr([new, {**new, "fd": "5"}], (3, 10)).met
    assert not printed.judge_repr([new, new], (3, 12)).met


# --- what the cells of the lesson show ----------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (nb06.FRAGILE, [False, False, False, False, None, False, False, None]),
        (nb06.PATCHED, [True, True, True, True, False, False, True, False]),
        ("echo_reactor", [True] * 8),
    ],
    ids=["fragile", "patched", "reactor"],
)
def test_the_survival_table_is_the_one_that_the_lesson_tells(
    target: str | Path, wanted: list[bool | None]
) -> None:
    with World() as world:
        assert survival.cells(world, str(target)) == wanted


def test_a_pausing_server_lets_a_late_reader_wait_and_a_patient_one_pays() -> None:
    with World() as world:
        keeps = memory.late_reader(world, world.serve(nb06.PATCHED))
        waits = memory.late_reader(world, world.serve("echo_reactor"))
    assert keeps.complete and waits.complete
    assert keeps.taken == visits.MUCH > waits.taken
    assert keeps.most > 4 * waits.most
    assert still.png(memory.draw({"echo_patched": keeps, "echo_reactor": waits}))


def test_what_is_owed_at_the_end_is_kept_or_lost_and_shown() -> None:
    shown = endings.owed_at_the_end(nb06.PATCHED, "echo_reactor")
    taken, back, *_ = [float(word) for word in shown.words.split() if word[0].isdigit()]
    assert back < taken
    assert "echo_reactor: took" in str(shown)
    assert "data:image/png" in shown._repr_html_()


def test_the_first_repair_differs_in_every_hope() -> None:
    """The lesson asks for the hopes in this file; each must still be there to be found."""
    fragile = nb06.FRAGILE.read_text()
    for hope in ("listener.accept()", "client.recv(65536)", "client.send(data)", "if not data:"):
        assert hope in fragile
    assert "except" not in fragile
    assert nb06.PATCHED.read_text().count(" except ") == 3
