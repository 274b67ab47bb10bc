"""Lesson 03: every claim is decided here, another world is told apart, nothing is left over."""

import os

import pytest
from lesson_experiments import LessonExperiments

from reactorkit.claims.experiments.nb03 import costs, passes, prices, refusals, wish
from reactorkit.claims.world import World
from reactorkit.lab.server import Server


class TestLesson03(LessonExperiments):
    number = 3


def test_the_counting_server_is_the_taught_one_to_its_clients():
    with Server(passes.COUNTED) as server, server.connect() as ann, server.connect() as bob:
        assert ann.echo(b"hello") and bob.echo(bytes(200_000))
        bob.half_close()
        assert bob.recv_to_eof() == b""
        counted = passes.totals(ann)
    assert counted["something"] > 4
    assert counted["nothing"] > 0


def test_counts_begin_again_with_every_question():
    with Server(passes.COUNTED) as server, server.connect() as ann, server.connect() as bob:
        bob.echo(b"hello")
        passes.totals(ann)
        found = passes.silent_passes(ann, at_least=3)
    assert set(found) == {(1, 2, 0)}


@pytest.mark.parametrize("design", ["busywait", "threads"])
def test_the_sleepy_servers_answer_and_take_their_time(design):
    path = passes.COUNTED.with_name(f"nb03_sleepy_{design}.py")
    with Server(path) as server, server.connect() as ann:
        assert ann.echo(b"hello") >= 0.02


# --------------------------------------------------------------- planted worlds

EAGAIN = ("EAGAIN", 11, "BlockingIOError")
REFUSED = [["accept", *EAGAIN], ["recv", *EAGAIN], ["send", *EAGAIN]]
CONNECT = ["connect", "EINPROGRESS", 115, "BlockingIOError"]


def test_refusals_are_told_apart():
    def met(rows, at_the_end=b""):
        return {name: one.met for name, one in refusals.judge_refusals(rows, at_the_end).items()}

    assert met([*REFUSED, CONNECT]) == {"C20": True, "C25": True, "C29": True}
    patient = ["recv", "no error", 0, "none"]
    assert met([REFUSED[0], patient, REFUSED[2], CONNECT]) == {
        "C20": False,
        "C25": True,
        "C29": False,
    }
    assert met([*REFUSED, CONNECT], b"more")["C29"] is False
    assert met([*REFUSED, ["connect", "no error", 0, "none"]])["C20"] is False


def test_removal_is_judged_by_what_each_structure_did():
    def met(from_the_list, dict_says="RuntimeError"):
        return refusals.judge_removal(
            [
                ["list", "no error", from_the_list],
                ["dict", dict_says, []],
                ["set", "RuntimeError", []],
                ["deque", "RuntimeError", []],
                ["list, looping over a copy", "no error", []],
            ]
        ).met

    assert met(["Cem"]) is True
    assert met([]) is False
    assert met(["Cem"], dict_says="no error") is False


@pytest.mark.parametrize(
    ("seen", "met"),
    [
        ({1: {(1, 1, 0): 90}, 50: {(1, 50, 0): 40}}, True),
        ({50: {(1, 50, 0): 40, (1, 49, 0): 1}}, False),
        ({50: {(1, 0, 0): 40}}, False),
    ],
)
def test_a_pass_that_misses_somebody_is_seen(seen, met):
    assert passes.judge_visits(seen).met is met


def test_the_order_of_a_pass_matters():
    names = ("Ann", "Bob", "Cem")
    story = [
        ("accept", "listener", "nothing"),
        ("recv", "Ann", "nothing"),
        ("recv", "Bob", "5 bytes"),
        ("send", "Bob", "5 bytes"),
        ("recv", "Cem", "0 bytes"),
    ]
    silent = {(1, 3, 0): 500}
    assert passes.judge_pass(story, silent, names).met is True
    assert passes.judge_pass(story[::-1], silent, names).met is False
    assert passes.judge_pass(story, {(1, 3, 3): 500}, names).met is False


@pytest.mark.parametrize(
    ("idle", "crowded", "met"), [(0.999, 0.5, True), (0.999, 0.99, False), (0.5, 0.5, False)]
)
def test_the_share_in_vain_has_to_fall(idle, crowded, met):
    assert passes.judge_share({"idle": idle, "200 talking": crowded}).met is met


def test_nearly_all_is_not_called_all():
    assert passes.percent(0.99999) == "more than 99.9 %"
    assert passes.percent(0.5) == "50.0 %"
    assert passes.percent(1.0) == "100.0 %"


def scan(busy, waiting, last=1.0):
    """Return answer times as the experiment gives them, in milliseconds for 10 and 1000."""
    return {
        name: {
            "sizes": [10, 1000],
            "first": [value / 1e3 for value in values],
            "last": [value / 1e3 * last for value in values],
        }
        for name, values in ((costs.BUSY, busy), (costs.WAITING, waiting))
    }


@pytest.mark.parametrize(
    ("data", "met"),
    [
        (scan((0.05, 2.0), (0.05, 0.06)), True),
        (scan((0.05, 0.06), (0.05, 0.06)), False),  # a scan that costs nothing
        (scan((0.05, 2.0), (0.05, 2.0)), False),  # everything slows down alike
        (scan((0.05, 2.0), (0.05, 0.06), last=9.0), False),  # the place in the list counts
    ],
)
def test_the_scan_is_told_from_other_reasons_to_wait(data, met):
    assert costs.judge_scan(data).met is met
    # A server that queued for the CPU proves nothing against the claim.
    assert costs.judge_scan(data, queued=0.5).met is (met or None)


@pytest.mark.parametrize(
    ("busy", "queued", "waiting", "met"),
    [
        (0.98, 0.0, 0.0, True),
        (0.40, 0.58, 0.0, True),  # it always wants to run, and others take the CPU
        (0.02, 0.0, 0.0, False),
        (0.98, 0.0, 0.5, False),
    ],
)
def test_idle_cpu(busy, queued, waiting, met):
    shares = {costs.BUSY: busy, costs.WAITING: waiting}
    found = costs.judge_idle(shares, {costs.BUSY: queued, costs.WAITING: 0.0})
    assert found.met is met
    assert ("queues" in found.measured) is (queued > 0.1)


@pytest.mark.parametrize(
    ("alone", "crowded", "met"), [(30, 1.3, True), (2, 1.3, False), (30, 25, False)]
)
def test_the_talker_pays(alone, crowded, met):
    data = {
        "alone": {costs.BUSY: alone * 1e-5, costs.WAITING: 1e-5},
        "crowded": {costs.BUSY: crowded * 1e-5, costs.WAITING: 1e-5},
        "silent": 499,
        "talkers": 200,
    }
    assert costs.judge_talker(data).met is met


@pytest.mark.parametrize(("one_thread", "met"), [(1.0, True), (0.03, False)])
def test_sleeps_that_overlap_are_told_from_sleeps_that_add_up(one_thread, met):
    spans = {costs.BUSY: [(0.0, one_thread)], "echo_threads": [(0.0, 0.03)]}
    assert costs.judge_sleeps(spans).met is met


def test_prices():
    def met(failing, finding, asking, slow=3e-6):
        price = {
            prices.FAILING: failing,
            prices.FINDING: finding,
            prices.ASKING: asking,
            prices.EXCEPTION: 1.0,
        }
        found = prices.judge_prices(price, [1e-6] * 90 + [slow] * 10, waited=0.1)
        return found["C24"].met, found["C27"].met

    assert met(2.5, 1.5, 0.8) == (True, True)
    assert met(2.5, 1.5, 2.0) == (True, False)  # the trip is the dear part
    assert met(2.5, 1.5, 0.8, slow=0.05) == (False, True)  # some calls do wait


@pytest.mark.parametrize(
    ("select", "best", "found", "met"),
    [(30, 1.2, True, True), (1.1, 1.1, True, False), (30, 30, True, False), (30, 1, False, False)],
)
def test_the_wish(select, best, found, met):
    times = {wish.ASKING: [1e-5, 5e-4], wish.SELECT: [1e-6, select * 1e-6]}
    data = {
        "sizes": [10, 480],
        "times": {**times, "epoll": [1e-6, best * 1e-6]},
        "best": "epoll",
        "found": found,
    }
    assert wish.judge_wish(data).met is met


def test_silent_sockets_leave_room_for_select():
    with World() as world:
        pairs = wish.silent_sockets(world, 30)
        assert all(near.fileno() < wish.FD_SETSIZE <= far.fileno() for near, far in pairs)
        assert not os.get_inheritable(pairs[0][1].fileno())
