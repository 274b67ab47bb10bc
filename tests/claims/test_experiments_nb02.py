"""The experiments of lesson 02: each meets its criterion here, and misses it in a wrong world."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments.nb02 import (
    common,
    counting,
    gil,
    idle,
    load,
    memory,
    order,
    switching,
    trouble,
)
from reactorkit.claims.run import ATTEMPTS


class TestLesson02(LessonExperiments):
    number = 2


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REACTORKIT_QUICK", "1")
        yield


# Planted worlds: the numbers of a world in which the claim would be otherwise.


def test_a_pool_of_threads_is_not_one_thread_for_each() -> None:
    clients, pool = [0, 100, 1000], [1, 51, 51]
    assert not counting.judge_one_each(clients, pool).met
    assert not counting.judge_growth(clients, pool, [1, 1, 1]).met
    assert counting.judge_one_each(clients, [1, 101, 1001]).met


def test_a_selector_server_that_starts_threads_is_noticed() -> None:
    assert not counting.judge_growth([0, 10], [1, 11], [1, 11]).met


def test_threads_that_take_turns_are_not_asleep() -> None:
    assert not counting.judge_sleep(["S"] * 99 + ["R"], 0, 100).met
    assert not counting.judge_sleep(["S"] * 100, 5000, 100).met
    assert counting.judge_sleep(["S"] * 100, 3, 100).met
    assert counting.judge_sleep([], None, 100).met is None


def test_polled_threads_would_show_in_the_cpu() -> None:
    assert not idle.judge(3000, [0.0, 0.02, 0.4], busy=1.0).met
    assert not idle.judge(3000, [0.0, 0.0], busy=0.0).met  # nothing was measured at all
    assert idle.judge(3000, [0.0, 0.001], busy=0.95).met


@pytest.mark.parametrize(
    ("threads", "selectors"),
    [
        ([60, 60], [15, 15]),  # dear from the start
        ([16, 17], [15, 15]),  # never dear
        ([16, 12], [15, 30]),  # the other way round
    ],
)
def test_only_many_talkers_may_be_dear(threads: list[float], selectors: list[float]) -> None:
    assert not load.judge_load(1000, threads, selectors, 16).met


def test_a_busy_machine_forbids_an_answer_but_not_a_confirmation() -> None:
    assert load.judge_load(1000, [40, 60], [15, 40], 16, waited=0.4).met is None
    assert load.judge_load(1000, [16, 90], [15, 15], 16, waited=0.4).met is True


def test_a_small_crowd_may_confirm_but_not_deny() -> None:
    assert load.judge_load(300, [16, 90], [15, 15], 16).met is True
    assert load.judge_load(300, [16, 25], [15, 15], 16).met is None
    assert load.judge_load(300, [60, 25], [15, 15], 16).met is False


def test_switches_of_sleepers_would_be_counted() -> None:
    good = {"threads": [1.1, 4.0], "selectors": [0.3, 0.1], "ratio": 2.5}
    assert switching.judge_switches(3000, 0.0, **good).met
    assert not switching.judge_switches(3000, 3000.0, **good).met
    assert not switching.judge_switches(3000, 0.0, **{**good, "ratio": 1.0}).met
    assert not switching.judge_switches(3000, 0.0, **{**good, "selectors": [1.0, 4.0]}).met
    assert switching.judge_switches(3000, None, [None, None], [None, None], 2.5).met is None


def test_small_stacks_and_shared_ones_are_noticed() -> None:
    thread = {"resident": 20.0, "kernel": 16.0, "reserved": 8192.0}
    light = {"resident": 0.3, "kernel": 0.0, "reserved": 0.4}
    assert memory.judge(1000, thread, light).met
    assert not memory.judge(1000, light, light).met
    assert not memory.judge(1000, {**thread, "resident": 8192.0}, light).met


def test_other_programs_do_not_count_as_kernel_stack() -> None:
    kib = 1024
    assert memory.kernel_part(16 * kib * 100, 44 * kib * 100, 100) == 16
    assert memory.kernel_part(-kib, 5 * kib, 100) == 0
    assert memory.kernel_part(None, 1, 100) is None


def test_a_walk_past_everybody_would_show_as_a_slope() -> None:
    row = range(0, 1000, 5)
    walk = [(number, 30e-6 + number * 1e-6) for number in row]
    wake = [(number, 30e-6 + random.Random(number).random() * 5e-6) for number in row]
    assert not order.judge_row(walk, 1000).met
    assert order.judge_row(wake, 1000).met


def test_an_answer_that_grows_with_the_crowd_is_noticed() -> None:
    assert not order.judge_crowds([10, 3000], [30e-6, 30e-6 * 300]).met
    assert order.judge_crowds([10, 3000], [30e-6, 60e-6]).met


def test_answers_by_number_are_noticed() -> None:
    assert not order.judge_order([1.0, 0.9, 1.0], [0.0, 0.1, 0.0]).met
    assert order.judge_order([-0.4, 0.1, 0.0], [0.0, 0.1, 0.0]).met
    assert order.judge_order([0.5, 0.62, 0.7], [0.0, 0.1, 0.0]).met, "traces of an order"


def test_one_trouble_that_spreads_is_enough() -> None:
    assert trouble.judge_visits([True] * 4, 2**24).met
    for place in range(4):
        cells = [True] * 4
        cells[place] = False
        assert not trouble.judge_visits(cells, 2**24).met


def test_a_lock_that_does_not_help_is_noticed() -> None:
    safe = {"deaths": [], "shouts": 900, "seconds": 1.0}
    hurt = {"deaths": [0.1, 0.4], "shouts": 300, "seconds": 1.0}
    assert trouble.judge_shouts(hurt, safe).met
    assert not trouble.judge_shouts(hurt, hurt).met
    assert not trouble.judge_shouts(safe, safe).met
    assert not trouble.judge_shouts(hurt, {**safe, "shouts": 0}).met


def test_rank_correlation_knows_order_ties_and_noise() -> None:
    numbers = list(range(50))
    assert common.spearman(numbers, [n * n for n in numbers]) == pytest.approx(1)
    assert common.spearman(numbers, numbers[::-1]) == pytest.approx(-1)
    assert common.spearman(numbers, [7] * 50) == 0
    assert common.spearman([1, 2, 2, 3], [1, 2, 2, 3]) == pytest.approx(1)


def test_the_two_shouting_servers_differ_in_the_lock_alone() -> None:
    free, locked = (
        (trouble.HERE / f"{name}.py").read_text().split('"""', 2)[2]
        for name in ("shout_threads", "shout_threads_locked")
    )
    without = locked.replace("guard = threading.Lock()\n", "")
    without = without.replace("    with guard:\n        present = list(members)\n", "")
    without = without.replace("in present:", "in members:").replace("    with guard:\n    ", "")
    assert without == free


def test_loop_speed_shows_three_bars_and_says_them(quick: None) -> None:
    for _ in range(ATTEMPTS):  # other programs may take the time that the spinning threads leave
        speed = gil.loop_speed(blocked=5, spinning=2)
        if speed.beside_spinning < 0.9:
            break
    assert speed.beside_spinning < speed.beside_blocked or speed.beside_spinning < 0.9
    assert f"{speed.beside_spinning:.0%}" in str(speed)
    assert "blocked in recv" in str(speed)
    assert "<img" in speed._repr_html_()
