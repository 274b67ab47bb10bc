"""Sources are shown, compared and copied; a learner's own work is never lost."""

import os
import re

import pytest

from reactorkit import serve
from reactorkit.errors import KitError
from reactorkit.lab.sources import LABELS, LearnerFile, edit, reset, resolve, show, show_diff
from reactorkit.servers import LADDER


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A course's folder of the test's own."""
    monkeypatch.setenv("REACTORKIT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plain(html):
    return re.sub(r"<[^>]*>", "", html)


# -------------------------------------------------------------------------- show


@pytest.mark.parametrize("rung", LADDER, ids=lambda rung: rung.name)
def test_every_line_of_a_rung_is_shown_with_its_number(rung):
    shown = show(rung.name)
    lines = rung.path.read_text().splitlines()
    assert shown.title == rung.name
    for number, line in enumerate(lines, 1):
        assert f"{number:4}  {line}".rstrip() in repr(shown).splitlines()
    assert plain(shown._repr_html_()).count("\n") == len(lines) - 1


@pytest.mark.parametrize("rung", LADDER, ids=lambda rung: rung.name)
@pytest.mark.parametrize("label", LABELS)
def test_every_label_is_a_piece_of_every_rung(rung, label):
    shown = show(rung.name, label)
    assert f"# {label}:" in shown.text
    assert len(shown.text.splitlines()) < 20
    own = rung.path.read_text().splitlines()
    first = shown.text.splitlines()[0]
    assert own[shown.first - 1].strip() == first.strip()


def test_a_piece_ends_where_the_next_label_begins():
    assert show("echo_blocking", "wait").text.splitlines()[-1] == "while True:"
    assert show("echo_threads", "buffer").text.startswith("# buffer:")
    assert len(show("echo_threads", "buffer").text.splitlines()) == 1


def test_a_label_inside_the_function_of_its_name_shows_all_of_the_function():
    assert show("echo_select", "accept").text.startswith("def accept(self):\n    # accept:")
    # The kqueue part of the file has a method `register` too; the label is meant.
    assert show("echo_epoll", "register").text.startswith("# register:")


def test_a_function_is_a_piece_too():
    text = show("echo_poll", "send").text
    assert text.startswith("def send(self, client):")
    assert text.endswith("[sent:]")


def test_wrong_names_are_answered_with_the_nearest():
    with pytest.raises(KitError, match=r"no server called 'echo_pol'\. Did you mean echo_poll"):
        show("echo_pol")
    with pytest.raises(KitError, match=r"no part 'acept'\. Did you mean accept\?"):
        show("echo_select", "acept")
    with pytest.raises(KitError, match="It has: create listener, register, wait, accept"):
        show("echo_select", "????")


def test_html_is_coloured_escaped_and_named_for_screen_readers(home):
    (home / "odd.py").write_text('x = "<script>alert(1)</script>" if 1 < 2 else "&amp;"\n')
    html = show("odd.py")._repr_html_()
    assert "<script>" not in html
    assert 'role="region" aria-label="odd.py"' in html
    assert "color:" in html
    assert "user-select:none" in html  # numbers are not copied along


def test_a_module_of_the_kit_and_the_client_can_be_shown_too():
    assert "class Stop" in show("reactorkit.launcher").text
    assert show("echo_client", "ask").text.startswith("def ask(")


# --------------------------------------------------------------------- show_diff


def test_a_difference_carries_signs_and_leaves_the_heads_of_the_files_out():
    shown = show_diff("echo_busywait", "echo_select")
    text = repr(shown)
    assert "+            readable, writable, _ = select.select(readers, writers, [])" in text
    assert "-            self.accept()" in text
    assert "Rung 3" not in text
    assert "Stops working" not in text
    assert re.match(r"echo_busywait → echo_select: \d+ come, \d+ go, \d+ lines stay\.", text)
    marked = plain(shown._repr_html_())
    assert "+             readable, writable, _" in marked
    assert "-             self.accept()" in marked


def test_line_numbers_in_a_difference_are_those_of_the_second_file():
    lines = LADDER[3].path.read_text().splitlines()
    shown = show_diff("echo_busywait", "echo_select").lines
    for place, line in enumerate(shown):
        if match := re.match(r"@@ echo_select, line (\d+) @@", line):
            first = next(one for one in shown[place + 1 :] if one[0] != "-")
            assert lines[int(match[1]) - 1] == first[1:]


def test_no_difference_is_said_in_words():
    assert repr(show_diff("echo_poll", edit("echo_poll"))) == (
        "echo_poll → work/my_echo_poll.py: no difference."
    )


def test_a_difference_of_a_file_that_is_broken_at_the_moment_is_shown():
    mine = edit("echo_poll")
    mine.path.write_text("def serve(listener)\n    pass\n")
    assert "+def serve(listener)" in show_diff("echo_poll", mine).lines
    with pytest.raises(KitError, match="line 1 is not Python"):
        show(mine, "serve")


# ------------------------------------------------------------------ edit and reset


def test_edit_makes_a_copy_that_says_where_it_is_from(home):
    mine = edit("echo_select")
    assert isinstance(mine, LearnerFile)
    assert mine.path == home / "work" / "my_echo_select.py"
    first, rest = mine.path.read_text().split("\n", 1)
    assert first.startswith("# Your copy of echo_select (reactorkit ")
    assert rest == LADDER[3].path.read_text()
    assert repr(mine) == (
        "work/my_echo_select.py: your copy of echo_select. Change it, save it, run it."
    )


def test_edit_keeps_what_the_learner_has_written():
    edit("echo_select").path.write_text("my own work\n")
    again = edit("echo_select")
    assert again.path.read_text() == "my own work\n"
    assert "as you left it" in repr(again)
    assert edit(again) is again


def test_the_link_leads_from_the_notebooks_folder_to_the_file(home, monkeypatch):
    mine = edit("echo_select")
    (home / "notebooks").mkdir()
    monkeypatch.chdir(home / "notebooks")
    assert 'href="../work/my_echo_select.py"' in mine._repr_html_()


def test_reset_starts_over_and_keeps_every_earlier_version(home):
    for number, words in enumerate(("first\n", "second\n"), 1):
        edit("echo_select").path.write_text(words)
        fresh = reset("echo_select")
        kept = home / "work" / f"my_echo_select.{number}.py"
        assert kept.read_text() == words
        assert f"Your earlier one is now work/{kept.name}." in repr(fresh)
        assert fresh.path.read_text().endswith(LADDER[3].path.read_text())


def test_reset_of_an_untouched_copy_keeps_nothing(home):
    mine = edit("echo_select")
    assert repr(reset(mine)).endswith(": a fresh copy of echo_select.")
    assert [path.name for path in (home / "work").iterdir()] == ["my_echo_select.py"]


def test_a_copy_is_taken_wherever_a_server_is():
    mine = edit("echo_select")
    assert resolve(mine) == resolve("my_echo_select") == resolve("work/my_echo_select.py")
    assert os.fspath(mine) == str(mine)
    assert mine == edit("echo_select")
    assert len({mine, edit("echo_select")}) == 1
    assert "my_echo_select" in repr(show(mine, "wait"))
    with serve(mine) as server, server.connect() as peer:
        peer.echo(b"hello")


def test_edit_of_an_unknown_server_suggests_the_nearest():
    with pytest.raises(KitError, match="Did you mean echo_threads"):
        edit("echo_thread")
    with pytest.raises(KitError, match=r"There is no file work/nothing.py"):
        show("work/nothing.py")
