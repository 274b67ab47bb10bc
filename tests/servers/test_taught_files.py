"""The files that learners read: short, labelled alike, each a small step from the one before."""

import ast
import difflib
import io
import re
import sys
import tokenize

import pytest

from reactorkit import servers
from reactorkit.lab.sources import LABELS, show_diff
from reactorkit.servers import LADDER, WILD, as_json, as_text, rung, serving

every_rung = pytest.mark.parametrize("one", LADDER, ids=lambda one: one.name)


def comments(text):
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token for token in tokens if token.type == tokenize.COMMENT]


def docstring(one):
    return ast.get_docstring(ast.parse(one.path.read_text()))


@every_rung
def test_carries_every_label_once_and_in_the_order_of_a_connections_life(one):
    found = []
    for token in comments(one.path.read_text()):
        match = re.match(rf"# ({'|'.join(LABELS)})(:.*)?$", token.string)
        if match:
            assert match[2], f"{match[1]} says nothing"
            assert token.line.strip() == token.string, f"{match[1]} shares its line with code"
            found.append(match[1])
    assert tuple(found) == LABELS


@every_rung
def test_opens_with_its_claim_its_limits_its_place_and_the_next_rung(one):
    first, *rest = docstring(one).splitlines()
    text = " ".join(rest)
    assert first == one.claim
    assert "Stops working " in text
    assert f"Rung {one.number}." in text
    if one is serving("echo")[-1]:
        assert "ladder of echo servers ends" in text
    elif one is LADDER[-1]:
        assert "the walk ends" in text
    else:
        assert f"Next: {LADDER[one.number].name} " in text


@every_rung
def test_is_read_in_a_few_minutes(one):
    text = one.path.read_text()
    own = text.split("# macOS and BSD have no epoll.")[0]  # who has epoll reads up to there
    assert len(own.splitlines()) <= {"echo": 95, "chat": 235}[one.service]
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert all(node.end_lineno - node.lineno < 20 for node in functions)


@every_rung
def test_is_plain_python_that_needs_the_standard_library_and_the_pattern_only(one):
    tree = ast.parse(one.path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert all(alias.name in sys.stdlib_module_names for alias in node.names)
        if isinstance(node, ast.ImportFrom):  # else names are shown with the module they are from
            assert node.module.startswith(("reactorkit.reactor", "reactorkit.chat"))
        assert not isinstance(node, ast.AnnAssign)
        if isinstance(node, ast.arg):
            assert node.annotation is None
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)].count(
        "serve"
    ) == 1


def code_lines(one):
    """Return the lines without comments, blank lines and docstrings."""
    text = one.path.read_text()
    lines = text.splitlines()
    for token in comments(text):
        row, column = token.start
        lines[row - 1] = lines[row - 1][:column]
    head = ast.parse(text).body[0]
    return [line.rstrip() for line in lines[head.end_lineno :] if line.strip()]


@pytest.mark.parametrize(
    ("number", "budget"),
    [
        (2, 18),  # a thread around the same code
        (4, 16),  # who is ready, asked once instead of one by one
        (5, 34),  # registered once, so interest has to change
        (6, 24),  # the list moves into the kernel; kqueue is most of it
        (7, 54),  # callbacks; most of it is bookkeeping and kqueue that go away
    ],
)
def test_a_step_up_changes_little_code(number, budget):
    before, after = (code_lines(one) for one in LADDER[number - 2 : number])
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert len(changed) <= budget


def test_the_shown_difference_of_neighbours_fits_a_page():
    for number in (2, 4, 5, 6):
        before, after = LADDER[number - 2 : number]
        assert len(show_diff(before.name, after.name).lines) <= 75


def test_the_ladder_is_complete_and_numbered():
    folder = LADDER[0].path.parent
    assert [one.number for one in LADDER] == list(range(1, len(LADDER) + 1))
    assert {one.path for one in LADDER} == {
        path for path in folder.glob("*.py") if path.name != "__init__.py"
    }


def test_a_rung_is_found_by_name_and_a_near_miss_is_answered():
    assert rung("echo_poll").title == "poll"
    with pytest.raises(Exception, match=r"no server called 'echo_pol'. Did you mean echo_poll"):
        rung("echo_pol")
    with pytest.raises(Exception, match="The ladder has echo_blocking, echo_threads"):
        rung("???")


def test_a_rung_that_cannot_run_here_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(servers._NEEDS, "poll", (lambda: False, "poll(), absent", "Walk on."))
    one = rung("echo_poll")
    assert not one.available()
    assert one.missing == "echo_poll needs poll(), absent. Walk on."
    assert one.missing in as_text()
    assert '"available": false' in as_json()


@pytest.mark.parametrize("one", WILD, ids=lambda one: one.name)
def test_a_server_in_the_wild_is_short_and_opens_with_its_claim(one):
    first, *rest = docstring(one).splitlines()
    assert first == one.claim
    assert "In the wild." in " ".join(rest)
    assert len(one.path.read_text().splitlines()) <= 60


def test_a_server_in_the_wild_that_is_missing_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(servers._NEEDS, "uvloop", (lambda: False, *servers._NEEDS["uvloop"][1:]))
    one = rung("echo_uvloop")
    assert one.missing.startswith("echo_uvloop needs uvloop, which is not installed.")
    assert "make peers" in one.missing
    assert "pip install -r requirements-peers.txt" in one.missing


def test_every_file_in_the_wild_is_in_the_table():
    assert {one.path for one in WILD} == set(WILD[0].path.parent.glob("*.py"))
