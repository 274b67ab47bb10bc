"""The scenes: well told, recorded, and played with real servers."""

import ast
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from reactorkit import course
from reactorkit.demo import recordings, rehearsal, scene
from reactorkit.demo.scene import Change, NotSeen, Step
from reactorkit.errors import KitError
from reactorkit.servers import rung
from reactorkit.trace.shape import initial

SCENES = scene.scenes()
every_scene = pytest.mark.parametrize("one", SCENES.values(), ids=list(SCENES))
LONGEST_SHEET = 45  # lines: half a page
ROOT = Path(__file__).resolve().parents[2]


def test_the_five_scenes_are_there_in_the_order_of_the_course():
    wanted = ["idle_crowd", "blocking_handler", "select_wall", "slow_reader", "two_messages"]
    assert list(SCENES)[:5] == wanted


def test_an_unknown_scene_is_answered_with_its_neighbours():
    with pytest.raises(KitError, match="idle_crowd"):
        scene.scene("idle_crowds")


@every_scene
def test_a_question_has_one_right_answer_and_a_misconception_for_each_other(one):
    assert one.question.endswith("?")
    assert [option.key for option in one.options] == list("abcdef"[: len(one.options)])
    assert sum(option.right for option in one.options) == 1
    assert all(option.misconception for option in one.options if not option.right)


@every_scene
def test_its_servers_are_rungs_or_files_of_the_scenes(one):
    for name in one.servers:
        known = scene.target(name)
        assert Path(known).is_file() or rung(known).path.is_file()
    assert len(one.names()) == len(one.servers) == len(set(one.names()))


@every_scene
def test_its_words_fit_the_screen(one):
    """A line of the foot holds about a hundred letters at 1280 pixels, the bar three buttons."""
    for step, seen in zip(one.steps, recordings.seen_again(one), strict=True):
        assert len(f"{step.look} {seen}") <= 105
    assert sum(len(step.label) for step in one.steps) <= 60


@every_scene
def test_the_run_sheet_is_half_a_page_and_names_the_lesson_and_the_way_out(one):
    text = one.run_sheet.read_text()
    assert text.startswith(f"# Scene: {one.title[0].lower()}{one.title[1:]}\n")
    assert len(text.splitlines()) <= LONGEST_SHEET
    assert f"make demo ARGS={one.name}" in text
    assert "R shows the recording" in text
    assert text.count("| N |") == len(one.steps) + 1
    assert "lesson" in text
    assert len(course.LESSONS) == 15


@every_scene
def test_the_recordings_are_small_whole_and_show_what_the_scene_promises(one):
    for path in one.recordings:
        assert path.stat().st_size < recordings.LARGEST
    assert len(recordings.seen_again(one)) == len(one.steps)


@every_scene
def test_the_recordings_know_nothing_of_the_machine_they_were_made_on(one):
    for path in one.recordings:
        text = gzip.decompress(path.read_bytes()).decode()
        header = json.loads(text.splitlines()[0])
        assert header.keys().isdisjoint({"pid", "wall"})
        assert "/reactorkit/" not in text


def test_no_scene_imports_a_server_and_each_is_one_file():
    folder = Path(scene.__file__).parent
    files = {path.stem for path in (folder / "scenes").glob("[!_]*.py")}
    assert files == set(SCENES)
    for path in (folder / "servers").glob("*.py"):
        names = [node for node in ast.walk(ast.parse(path.read_text())) if _imports_kit(node)]
        assert names == [], f"{path.name} stands alone"


def _imports_kit(node):
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return any(name.startswith("reactorkit") for name in modules)


# --- Played with real servers ---


@pytest.mark.parametrize("name", ["two_messages", "idle_crowd"])
def test_a_rehearsal_sees_what_the_run_sheet_promises(name):
    report = rehearsal.rehearse(SCENES[name])
    assert report.ready, str(report)
    assert len(report.seen) == len(SCENES[name].steps) + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "blocking_handler",
        "select_wall",
        "slow_reader",
        "one_turn",
        "chat_under_attack",
        "the_walk",
    ],
)
def test_a_longer_rehearsal_sees_what_the_run_sheet_promises(name):
    one = SCENES[name]
    if lacking := one.needs():
        assert "recording" in lacking
        pytest.skip(lacking)
    report = rehearsal.rehearse(one)
    assert report.ready, str(report)


def test_steps_can_be_taken_again():
    one = SCENES["two_messages"]
    with one.start() as play:
        for step in [one.steps[0], one.steps[1], one.steps[1], one.steps[0], one.steps[2]]:
            before = play.states()
            step.do(play)
            assert scene.look_at(step, play, before)


def test_a_step_that_does_not_show_is_a_reason_and_not_a_crash(monkeypatch):
    def never(change):
        raise NotSeen("the curtain is down")

    monkeypatch.setattr(scene, "PATIENCE", 0.2)
    monkeypatch.setattr(scene.look_at, "__defaults__", (0.2,))
    one = SCENES["two_messages"]
    step = Step("One order", "Nothing.", lambda play: None, never, watch=0.0)
    report = rehearsal.rehearse(replace(one, steps=(step, *one.steps[1:])))
    assert not report.ready
    assert "'One order' did not show what it should: the curtain is down." in str(report)


def test_a_machine_that_cannot_play_a_scene_says_so_and_its_recording_is_looked_at():
    one = replace(SCENES["two_messages"], needs=lambda: "There is no curtain here.")
    report = rehearsal.rehearse(one)
    assert report.reasons == ["There is no curtain here."]
    assert "The recording shows the same." in report.seen


def test_a_recording_of_other_steps_is_not_taken_for_this_scene():
    one = SCENES["two_messages"]
    with pytest.raises(KitError, match="made of other steps"):
        recordings.seen_again(replace(one, steps=one.steps[:2]))


def test_nothing_is_recorded_that_does_not_show_the_scene(tmp_path, monkeypatch):
    def never(change):
        raise NotSeen("the curtain is down")

    monkeypatch.setattr(scene.look_at, "__defaults__", (0.2,))
    one = SCENES["two_messages"]
    step = Step("One order", "Nothing.", lambda play: None, never, watch=0.0)
    with pytest.raises(KitError, match="nothing was recorded, since the curtain is down"):
        recordings.record(replace(one, steps=(step,)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_can_be_made_anew(tmp_path):
    one = SCENES["two_messages"]
    paths = recordings.record(one, tmp_path)
    assert [path.name for path in paths] == [path.name for path in one.recordings]
    texts = [gzip.decompress(path.read_bytes()).decode() for path in paths]
    for text, label in zip(texts, one.labels, strict=True):
        lines = [json.loads(line) for line in text.splitlines()]
        assert lines[0]["title"] == label
        notes = [(line["t"], line["text"]) for line in lines if line.get("e") == "note"]
        assert [words for _, words in notes] == [step.label for step in one.steps]
        assert notes == sorted(notes)


# --- What a check asks ---


def test_a_change_tells_what_has_grown_and_for_whom():
    before, after = initial(), initial()
    before["totals"]["sent"], after["totals"]["sent"] = 5, 12
    client = {"fd": 7, "gen": 0, "role": "client", "sent": 3}
    before["handles"]["7#0"] = client
    after["handles"] = {
        "9#0": client | {"fd": 9, "sent": 4},
        "7#0": client | {"sent": 8},
        "5#0": client | {"fd": 5, "role": "listener"},
    }
    after["log"] = [{"t": 1, "text": "order: b'x'", "stream": "out"}]
    change = Change([before], [after])
    assert change.grown(0, "sent") == 7
    assert change.moved(0, "sent") == [5, 4]
    assert change.alive(0)
    assert change.printed(0) == ["order: b'x'"]
