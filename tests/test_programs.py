"""The programs the tests need besides Python: fetched by themselves, and missed in a sentence."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import browsers
import javascript
import pytest
from installer import SetUpError

ROOT = Path(__file__).resolve().parent.parent
CLOSED_PORT = "http://127.0.0.1:9"


def tool(folder, name, *arguments, **env):
    """Run one of the tools in a folder; return its status and all that it printed."""
    own = {key: value for key, value in os.environ.items() if key != "CI"}
    done = subprocess.run(
        [sys.executable, str(folder / "tools" / name), *arguments],
        env={**own, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


@pytest.fixture
def copy(tmp_path):
    """A fresh copy of what the tools need, where nothing has been fetched yet."""
    shutil.copytree(
        ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("package.json", "tsconfig.json", "biome.jsonc"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


# --- JavaScript ---


def test_node_is_here_and_new_enough():
    asked = subprocess.run([javascript.node(), "--version"], capture_output=True, text=True)
    assert int(asked.stdout.lstrip("v").split(".")[0]) >= javascript.OLDEST_NODE


def test_the_tools_are_named_exactly_and_no_file_names_where_they_came_from():
    package = json.loads((ROOT / "package.json").read_text())
    assert all(version[0].isdigit() for version in package["devDependencies"].values())
    assert not (ROOT / "package-lock.json").exists()


def test_the_course_s_package_file_leaves_the_javascript_in_the_environment_alone():
    """With "type": "module" here, Node reads JupyterLab's own scripts in .venv wrongly."""
    assert "type" not in json.loads((ROOT / "package.json").read_text())
    modules = json.loads((ROOT / "reactorkit" / "view" / "js" / "package.json").read_text())
    assert modules["type"] == "module"


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_without_a_network_the_javascript_is_not_checked_and_that_is_said(copy, ci, status):
    nowhere = {"npm_config_registry": CLOSED_PORT, "npm_config_fetch_retries": "0"}
    nowhere["npm_config_cache"] = str(copy / "cache")
    found, text = tool(copy, "javascript.py", "check", CI=ci, **nowhere)
    assert "THE JAVASCRIPT WAS NOT CHECKED" in text
    assert "did not answer" in text
    assert found == status


def test_a_word_that_the_tool_does_not_know_is_answered(copy):
    assert tool(copy, "javascript.py") == (2, "Say `check` or `format`.\n")


def test_tools_of_another_version_are_fetched_anew(copy, monkeypatch):
    asked = []
    monkeypatch.setattr(javascript, "ROOT", copy)
    monkeypatch.setattr(javascript, "STAMP", copy / "node_modules" / "stamp")
    monkeypatch.setattr(javascript, "is_ready", lambda: len(asked) > 0)
    monkeypatch.setattr(javascript, "run", lambda command, what: asked.append(command))
    (copy / "node_modules").mkdir()
    javascript.provide()
    javascript.provide()
    assert len(asked) == 1
    assert "--no-package-lock" in asked[0]
    assert javascript.STAMP.read_text() == javascript.recipe()


# --- nbgrader ---


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_without_a_network_there_is_no_nbgrader_and_that_is_said(copy, ci, status):
    shutil.copy(ROOT / "requirements-nbgrader.txt", copy)
    nowhere = {"PIP_INDEX_URL": CLOSED_PORT, "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    nowhere |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "REACTORKIT_NO_UV": "1"}
    found, text = tool(copy, "nbgrader_beside.py", CI=ci, **nowhere)
    assert "THE TESTS WITH NBGRADER CANNOT RUN" in text
    assert found == status
    assert not (copy / ".nbgrader" / ".made-from").exists()


# --- The browser ---


def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without a browser: nothing in reach, nothing of Playwright's, nothing to fetch."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("REACTORKIT_BROWSER", raising=False)
    monkeypatch.setattr(browsers, "ON_MACOS", [])
    monkeypatch.setattr(browsers, "playwrights", lambda: None)
    return tmp_path


def test_the_installed_browser_is_taken(bare):
    path = program(bare / "chromium", "echo Chromium 156")
    assert browsers.find() == (path, "Chromium 156")
    assert browsers.provide() == ((path, "Chromium 156"), [])


def test_one_that_was_named_comes_first_and_is_the_only_one(bare, monkeypatch):
    program(bare / "chromium", "echo Chromium 156")
    mine = program(bare / "mine", "echo Mine 1")
    monkeypatch.setenv("REACTORKIT_BROWSER", mine)
    assert browsers.find() == (mine, "Mine 1")
    monkeypatch.setenv("REACTORKIT_BROWSER", str(bare / "gone"))
    assert browsers.provide() == (None, [])


@pytest.mark.parametrize("text", ["exit 1", "echo 'Chromium 156 snap'", "echo; exit 0"])
def test_one_that_does_not_start_or_is_shut_in_is_passed_over(bare, text):
    program(bare / "chromium", text)
    path = program(bare / "google-chrome", "echo Chrome 1")
    assert browsers.find().path == path


def test_debian_s_package_is_asked_first_and_playwright_next(bare, monkeypatch):
    asked = []

    def debian():
        asked.append("debian")
        raise SetUpError("The package index did not answer.")

    def playwright():
        asked.append("playwright")
        program(bare / "chromium", "echo Chromium 156")

    monkeypatch.setattr(browsers, "from_debian", debian)
    monkeypatch.setattr(browsers, "from_playwright", playwright)
    monkeypatch.setattr(browsers, "DEBIAN", bare)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(bare / "apt-get", "exit 1")
    found, trouble = browsers.provide()
    assert asked == ["debian", "playwright"]
    assert found.version == "Chromium 156"
    assert trouble == ["Debian: The package index did not answer."]


def test_nobody_but_root_asks_debian(bare, monkeypatch):
    monkeypatch.setattr(browsers, "DEBIAN", bare)
    program(bare / "apt-get", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert [name for name, _ in browsers.ways()] == ["Playwright"]


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_without_a_browser_that_is_said_loudly_and_fails_where_nothing_may_be_left_out(ci, status):
    found, text = tool(ROOT, "browsers.py", CI=ci, REACTORKIT_BROWSER="/nowhere/at/all")
    assert "THE TESTS IN BROWSERS CANNOT RUN" in text
    assert found == status


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_the_run_of_the_tests_ends_with_that_sentence(ci, status):
    env = {**os.environ, "REACTORKIT_BROWSER": "/nowhere/at/all", "CI": ci}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-k", "runs_through", "tests/browser/test_lesson.py"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    last = done.stdout[-700:]
    assert "THE TESTS IN BROWSERS" in last
