"""The command line, the handout, and the taught files of the scenes."""

import re

import pytest

from reactorkit.__main__ import main
from reactorkit.demo import cli, rehearsal
from reactorkit.demo.scene import scenes
from reactorkit.errors import KitError


def test_the_scenes_are_listed(capsys):
    assert main(["demo", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(one.name in said and one.title in said for one in scenes().values())


def test_a_name_that_is_neither_scene_nor_server_gets_a_sentence(capsys):
    assert main(["demo", "nonsense", "--no-browser"]) == 2
    said = capsys.readouterr().err
    assert "nonsense" in said
    assert "idle_crowd" in said


def test_the_check_says_ready_or_why_not(capsys, monkeypatch):
    def reports(scene):
        reasons = [] if scene.name == "idle_crowd" else ["The curtain is down."]
        return rehearsal.Report(scene.name, ["something"], reasons)

    monkeypatch.setattr(rehearsal, "rehearse", reports)
    assert main(["demo", "idle_crowd", "--check", "--no-page"]) == 0
    assert capsys.readouterr().out.endswith("\nREADY\n")
    assert main(["demo", "--check", "--no-page"]) == 1
    said = capsys.readouterr().out
    assert "NOT READY: The curtain is down." in said
    assert said.endswith(f"NOT READY: {len(scenes()) - 1} reason(s) above.\n")


def test_the_handout_is_an_index_and_a_page_for_each_scene(tmp_path, capsys):
    assert main(["demo", "--handout", str(tmp_path / "out")]) == 0
    index = (tmp_path / "out" / "index.html").read_text()
    assert "index.html" in capsys.readouterr().out
    for one in scenes().values():
        assert f'href="{one.name}.html"' in index
        page = (tmp_path / "out" / f"{one.name}.html").read_text()
        assert one.title in page
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", page + index)


def test_a_handout_of_one_scene_and_a_folder_that_cannot_be(tmp_path):
    from reactorkit.demo.handout import write

    write(tmp_path, ["two_messages"])
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "two_messages.html"}
    (tmp_path / "file").write_text("")
    with pytest.raises(KitError, match="cannot be written"):
        write(tmp_path / "file" / "below", ["two_messages"])


def test_the_browser_is_opened_only_where_there_is_a_screen(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cli.sys, "platform", "linux")
    assert not cli.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert cli.has_display()
