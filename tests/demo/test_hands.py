"""Shows of hands: counted by the instructor, kept as the prediction of the class."""

import threading

import pytest

import reactorkit
from reactorkit.claims import model, predict, worker
from reactorkit.claims.journal import journal
from reactorkit.demo import lecture
from reactorkit.demo.hands import HandRows, Hands
from reactorkit.demo.scene import Option

OPTIONS = (Option("a", "yes"), Option("b", "no", right=True))


@pytest.fixture(autouse=True)
def one_learner(tmp_path, monkeypatch):
    """Each test has a journal of its own, and leaves no lecture behind."""
    monkeypatch.setenv("REACTORKIT_HOME", str(tmp_path))
    monkeypatch.setattr(predict, "card_widget", None)


def claim():
    return model.get("C21")


def test_hands_are_counted_and_never_below_none():
    hands = Hands.of("ab")
    assert (hands.total, hands.majority, str(hands)) == (0, "", "no hands yet")
    hands.add("b", 3)
    hands.add("a", 2)
    hands.add("a", -1)
    assert (hands.total, hands.majority, str(hands)) == (4, "b", "1 for a, 3 for b")
    hands.add("a", -5)
    assert hands.counts == {"a": 0, "b": 3}
    hands.clear()
    assert hands.total == 0


def test_rows_show_the_counts_and_the_right_answer_only_when_it_is_time():
    rows = HandRows(OPTIONS, Hands.of("ab"))
    rows.add("b", 1)
    shown = [text.value for text in rows._texts.values()]
    assert not any("✔" in text for text in shown)
    assert rows.total.value == "1 hand"
    rows.reveal = True
    rows.refresh()
    assert "✔" in rows._texts["b"].value
    assert "✔" not in rows._texts["a"].value


def test_lecture_is_a_public_name_and_can_be_ended():
    said = reactorkit.lecture()
    assert predict.card_widget is lecture.HandsCard
    assert "show" in repr(said)
    reactorkit.lecture(on=False)
    assert predict.card_widget is None


def press(button):
    """Press a button, and wait until the worker has done what it asks for."""
    button.click()
    done = threading.Event()
    worker.ask(done.set)
    assert done.wait(10)


def test_a_class_is_asked_and_its_majority_kept_with_the_count():
    card = lecture.HandsCard(claim())
    first, second = claim().options[0].key, claim().options[1].key
    card.rows.add(first, 2)
    card.rows.add(second, 5)
    press(card.confirm)
    record = journal().history(claim().id).predictions[-1]
    assert record["answer"] == second
    assert record["hands"][first] == 2
    assert "The class says" in card.message.value
    assert f"5 for {second}" in card.message.value
    assert card.start.layout.display is None
    assert lecture.counted(claim()).counts == card.rows.hands.counts


def test_no_hands_are_no_prediction():
    card = lecture.HandsCard(claim())
    press(card.confirm)
    assert "Count at least one hand" in card.message.value
    assert journal().history(claim().id).latest is None
    press(card.show)
    assert journal().history(claim().id).latest == "?"


def test_the_answer_is_revealed_after_the_outcome_only():
    card = lecture.HandsCard(claim())
    card.rows.add(claim().options[0].key, 1)
    press(card.confirm)
    assert not card.rows.reveal
    journal().append("outcome", claim=claim().id, met=True, measured="so", prediction="a")
    card._refresh()
    assert card.rows.reveal
    press(card.again)
    assert card.rows.hands.total == 0
    assert not card.rows.reveal


def test_predict_shows_the_hands_in_a_kernel(monkeypatch):
    monkeypatch.setattr(predict, "_widgets_work", lambda: True)
    reactorkit.lecture()
    card = predict.predict(claim().id)
    card._repr_mimebundle_()
    assert isinstance(card._widget, lecture.HandsCard)
    card.stop()
