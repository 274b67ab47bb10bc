"""The stage's widgets, without a page: what they ask the stage for, and what they tell a page."""

import pytest

from reactorkit.demo.front import Front
from reactorkit.demo.scene import scenes


class Stage:
    """Stands for the stage: notes what it is asked for, and does it when told to."""

    def __init__(self):
        self.tasks, self.done = [], []

    def ask(self, task):
        self.tasks.append(task)

    def work(self):
        while self.tasks:
            self.tasks.pop(0)()

    def __getattr__(self, name):
        return lambda *words: self.done.append((name, *words))


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def front(stage):
    front = Front(stage)
    front.begin(scenes()["two_messages"])
    return front


def hear(front, **content):
    front._heard(front.keys, content, [])


def test_a_scene_begins_with_its_question_and_its_first_step(front):
    assert front.keys.question
    assert not front.keys.free
    assert next(button.description for button in front._steps) == "1  One order"
    assert "is-next" in front._steps[0]._dom_classes


def test_showing_a_scene_asks_for_nothing(front, stage):
    assert stage.tasks == []


def test_what_the_presenter_does_is_asked_of_the_stage(front, stage):
    hear(front, do="next")
    hear(front, do="again")
    front._steps[1].click()
    front.choice.value = "idle_crowd"
    front._sliders[0].value = 30
    stage.work()
    wanted = [("next",), ("again",), ("take", 1), ("set_scene", "idle_crowd"), ("crowd", 0, 30)]
    assert stage.done == wanted


def test_a_hand_is_counted_by_its_place_and_nonsense_is_passed_over(front, stage):
    hear(front, do="hand", place=1, by=1)
    hear(front, do="hand", place=7, by=1)
    hear(front, do="dance")
    stage.work()
    assert front._rows.hands.counts == {"a": 0, "b": 1, "c": 0, "d": 0}


def test_more_than_four_servers_are_too_many(front, stage):
    front.begin_free(["echo_threads"])
    assert front.servers.value == ("echo_threads",)
    front.servers.value = front.servers.options[:5]
    front._start_chosen()
    assert "one to four" in front.foot.value
    assert stage.done == []


def test_words_are_shown_and_not_run(front):
    front.trouble("<script>alert(1)</script>")
    assert "<script>" not in front.foot.value
