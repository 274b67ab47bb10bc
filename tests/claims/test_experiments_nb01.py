"""Lesson 01: every claim is decided here, another world is told apart, nothing is left over."""

import socket
import threading

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments import nb01
from reactorkit.claims.experiments.nb01 import core, deeper, pictures, wire
from reactorkit.claims.world import World
from reactorkit.errors import KitError


class TestLesson01(LessonExperiments):
    number = 1


@pytest.fixture(scope="module")
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REACTORKIT_QUICK", "1")
        yield


# --- other worlds -------------------------------------------------------------------------------


def test_a_wait_that_uses_cpu_is_no_sleep():
    assert core.is_asleep(cpu=0.0004, wall=1.0)
    assert not core.is_asleep(cpu=0.05, wall=1.0)
    assert not core.is_asleep(cpu=0.0, wall=0.0)


@pytest.mark.parametrize(
    ("together", "pieces", "intact"),
    [
        ([b"one", b"two"], [1000, 1000, 1000], True),
        ([b"onetwo"], [3000], True),
        ([b"onetwo"], [1000, 1000, 1000], False),
    ],
)
def test_a_transport_with_borders_or_with_losses_is_told_apart(together, pieces, intact):
    assert core.borders_are_lost([b"onetwo"], [1000, 1000, 1000], True)
    assert not core.borders_are_lost(together, pieces, intact)


@pytest.mark.parametrize(
    "other",
    [{"first": 0}, {"plateau": 50_000}, {"waited": False}, {"resumed": False}],
    ids=lambda it: str(it),
)
def test_a_send_that_waits_elsewhere_is_told_apart(other):
    here = {"first": 100_000, "plateau": 4_000_000, "waited": True, "resumed": True}
    assert core.waits_only_when_full(**here)
    assert not core.waits_only_when_full(**{**here, **other})


@pytest.mark.parametrize(
    ("ending", "field", "value"),
    [
        ("close", "first", "ConnectionResetError"),
        ("close", "second", "nothing for 5 s"),
        ("reset", "first", 'b""'),
        ("half-close", "reply", False),
    ],
)
def test_endings_that_look_alike_are_told_apart(ending, field, value):
    seen = {
        "close": {"first": 'b""', "second": 'b""', "reply": False},
        "reset": {"first": "ConnectionResetError", "second": 'b""', "reply": False},
        "half-close": {"first": 'b""', "second": 'b""', "reply": True},
    }
    assert core.endings_differ(seen)
    seen[ending][field] = value
    assert not core.endings_differ(seen)


@pytest.mark.parametrize("mode", [(False, 0.0, True), (True, 5.0, True), (True, None, True)])
def test_a_socket_that_does_not_wait_without_limit_is_told_apart(mode):
    assert deeper.waits_without_limit(True, None, False)
    assert not deeper.waits_without_limit(*mode)


@pytest.mark.parametrize(
    "other", [{"taken": 30, "stuck": False}, {"stuck": False}, {"back": 12}], ids=lambda it: str(it)
)
def test_a_pair_that_is_not_locked_out_is_told_apart(other):
    here = {"asked": 30, "taken": 10, "stuck": True, "back": 30}
    assert deeper.locked_out(**here)
    assert not deeper.locked_out(**{**here, **other})


@pytest.mark.parametrize(
    "other",
    [{"second": b"second"}, {"empty": "b''"}, {"cut": "text"}],
    ids=lambda it: str(it),
)
def test_a_dialogue_in_step_is_told_apart(other):
    here = {"second": b"AAAA", "empty": "silence", "cut": "UnicodeDecodeError"}
    assert deeper.out_of_step(**here)
    assert not deeper.out_of_step(**{**here, **other})


def test_an_experiment_that_is_broken_off_leaves_no_writer(quick, monkeypatch):
    def give_up(*_):
        raise OSError("broken off")

    monkeypatch.setattr(deeper, "_read_all", give_up)
    threads = threading.active_count()
    with pytest.raises(OSError, match="broken off"), World() as world:
        nb01.two_writers_no_reader(world)
    assert threading.active_count() == threads


# --- the learner's two buffers ------------------------------------------------------------------


def test_no_byte_is_ever_elsewhere():
    with nb01.TwoBuffers() as pair:
        pair.send(5_000)
        pair.recv(2_000)
        first, second = pair.moments[1:]
    assert (first.sender, first.receiver, first.read) == (0, 5_000, 0)
    assert (second.sender, second.receiver, second.read) == (0, 3_000, 2_000)


def test_a_send_waits_for_room_and_goes_on_when_somebody_reads():
    with nb01.TwoBuffers(receive=4096, send=4096) as pair:
        pair.send(60_000)
        assert pair.moments[-1].waiting
        with pytest.raises(KitError, match="still waiting"):
            pair.send(1)
        while pair.moments[-1].read < 60_000:
            pair.recv(60_000)
        assert not pair.moments[-1].waiting
        pair.end()
        assert pair.recv(10) == 0
        with pytest.raises(KitError, match="ended its stream"):
            pair.send(1)


def test_a_recv_that_would_wait_for_ever_is_a_sentence():
    with nb01.TwoBuffers() as pair, pytest.raises(KitError, match="would wait"):
        pair.recv(100)


def test_closing_ends_a_send_that_waits():
    threads = threading.active_count()
    pair = nb01.TwoBuffers(receive=4096, send=4096)
    pair.send(1_000_000)
    pair.close()
    pair.close()
    assert threading.active_count() == threads


def test_the_moments_show_themselves():
    with nb01.TwoBuffers() as pair:
        pair.send(100)
    assert "data:image/png" in pair._repr_html_()
    assert "100 in the receiver's" in repr(pair)
    assert pictures.draw_moments({"moments": pair.moments}).axes


def test_both_ends_belong_to_each_other():
    with wire.both_ends(receive=8192, send=8192) as (sender, receiver):
        assert receiver.getpeername() == sender.getsockname()
        sender.sendall(b"five!")
        assert wire.wait_until(lambda: wire.unread(receiver) == 5, 5)
        assert receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= 8192
