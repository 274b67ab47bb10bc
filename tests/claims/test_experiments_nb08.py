"""The experiments of lesson 08: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments.nb07 import CHAT_LINES
from reactorkit.claims.experiments.nb08 import (
    attacks,
    fairness,
    interest,
    leave,
    policies,
    price,
    selector,
    slow,
    variants,
)
from reactorkit.claims.model import AuthorError
from reactorkit.claims.world import World
from reactorkit.lab.server import Server


class TestLesson08(LessonExperiments):
    number = 8


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTORKIT_QUICK", "1")


# --- other worlds -------------------------------------------------------------------------------


WHOLE = b"[Ann] <1>" + b"." * 960 + b"#"


def test_whole_and_torn_messages_are_told_apart() -> None:
    got = slow.what_it_got(b"[Ann] Is everybody here?" + WHOLE * 3 + WHOLE[:400])
    assert got == {"whole": 3, "torn": 1, "length": 400}
    assert slow.what_it_got(WHOLE * 2)["torn"] == 0
    in_the_middle = slow.what_it_got(WHOLE[:400] + WHOLE)
    assert (in_the_middle["whole"], in_the_middle["torn"]) == (1, 1)


def test_a_server_that_keeps_nothing_or_delivers_everything_is_noticed() -> None:
    cut = {"whole": 4000, "torn": 1}
    assert slow.grows_and_cuts_off(9000, 3_000_000, cut)
    assert not slow.grows_and_cuts_off(9000, 200_000, cut)
    assert not slow.grows_and_cuts_off(9000, 3_000_000, {"whole": 9000, "torn": 0})
    assert not slow.grows_and_cuts_off(9000, 3_000_000, {"whole": 4000, "torn": 0})


def test_a_loop_that_turns_only_a_little_more_often_does_not_spin() -> None:
    assert interest.spins(0, 20_000)
    assert interest.spins(2, 20_000)
    assert not interest.spins(0, 40)
    assert not interest.spins(1_000, 20_000)


LISTENER = ("5", "listener", 1, "accept")


def rows(*masks: int) -> list[tuple[str, str, int, str]]:
    return [LISTENER, *((str(fd), "client", mask, "?") for fd, mask in enumerate(masks, start=7))]


def test_a_member_that_is_not_watched_for_both_is_noticed() -> None:
    assert interest.all_for_both(rows(3, 3, 3))
    assert not interest.all_for_both(rows(3, 3, 1))
    assert not interest.all_for_both(rows(3, 3))
    assert not interest.all_for_both(rows(2, 3, 3))


def test_visits_that_a_server_survives_or_dies_of_otherwise_are_noticed() -> None:
    assert leave.leaving_kills(["KeyError: <socket>"] * 10)
    assert leave.leaving_kills(["KeyError: <socket>"] * 8 + ["", ""])
    assert not leave.leaving_kills(["KeyError: <socket>"] * 7 + [""] * 3)
    assert not leave.leaving_kills(["ConnectionResetError"] * 10)


def fates(article: int, of: int, ours: str = "alive") -> dict[str, tuple[str, str]]:
    """The first so many attacks have ended the article's server."""
    return {str(n): ("dead" if n < article else "alive", ours) for n in range(of)}


def test_few_deaths_or_a_repair_that_does_not_hold_are_noticed() -> None:
    assert attacks.payloads_kill(fates(5, 11))
    assert not attacks.payloads_kill(fates(4, 11))
    assert not attacks.payloads_kill(fates(8, 11, "stalled"))
    assert attacks.far_from_complete(fates(8, 15))
    assert not attacks.far_from_complete(fates(7, 15))
    assert not attacks.far_from_complete(fates(12, 15, "faulty"))
    assert not attacks.far_from_complete(fates(12, 14))
    assert attacks.resets_kill(fates(2, 2))
    assert not attacks.resets_kill(fates(1, 2))


def test_another_mask_is_noticed() -> None:
    assert selector.masks_as_stated({"idle": 2, "with data": 3, "after a reset": 3})
    assert not selector.masks_as_stated({"idle": 2, "with data": 1, "after a reset": 3})
    assert not selector.masks_as_stated({"idle": 2, "with data": 3, "after a reset": 2})


# --- variants of the servers ----------------------------------------------------------------------


def test_a_rung_that_has_changed_is_noticed() -> None:
    with World() as world, pytest.raises(AuthorError, match="0 times"):
        variants.variant(world, "chat_reactor", "my_variant", ("no such line", ""))


def test_each_policy_keeps_lines_whole_and_does_as_it_says() -> None:
    with World() as world:
        seen = {
            name: policies._slow_user(world, server, 8_000_000)
            for name, server in policies.three_servers(world).items()
        }
    keeps, drops, parts = seen[policies.KEEPS], seen[policies.DROPS], seen[policies.PARTS]
    assert [each.torn for each in seen.values()] == [0, 0, 0]
    assert keeps.whole == keeps.said and not keeps.ended
    assert 0 < drops.whole < drops.said and not drops.ended
    assert 0 < parts.whole < parts.said and parts.ended and "too much" in parts.told
    assert keeps.grown[-1][1] > 2 * drops.grown[-1][1]


def test_a_chat_without_limits_tears_a_line() -> None:
    text = str(policies.one_slow_user(CHAT_LINES))
    assert "0 torn" not in text and "ended" in text


def test_the_limits_let_a_neighbour_through() -> None:
    with World() as world:
        greedy = world.serve(
            variants.variant(world, "chat_reactor", "chat_greedy", *fairness.GREEDY)
        )
        unlimited = fairness._flood(world, greedy)
        limited = fairness._flood(world, world.serve("chat_reactor"))
    assert limited < 1000 < unlimited


def test_the_price_of_a_delivery_is_told_for_each_server() -> None:
    shown = price.price_of_a_delivery("chat_article", "chat_reactor")
    assert str(shown).count("µs a delivery") == 2
    assert shown.plot().axes


@pytest.mark.parametrize("target", ["chat_article", "chat_reactor"])
def test_one_segment_carries_a_word_and_the_end(target: str) -> None:
    with Server(target) as server:
        assert bool(leave._visit(server)) == (target == "chat_article")
