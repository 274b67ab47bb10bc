"""The set-up: made once, made right, and every trouble told in a sentence."""

import os
import re
import resource
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import installer
import open_lab
import pytest
import set_up

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ["bootstrap.py", "Makefile", "pyproject.toml", "requirements.txt"]
NEEDED += ["requirements-test.txt", "requirements-peers.txt"]

# Stands for uv: makes an environment that starts this Python, and writes down what it was asked.
FAKE_UV = """\
#!/bin/sh
echo "$*" >> "$FAKE_UV_LOG"
if [ -n "$FAKE_UV_FAILS" ]; then echo "$FAKE_UV_FAILS" >&2; exit 1; fi
if [ "$1" = venv ]; then
    for place in "$@"; do :; done
    mkdir -p "$place/bin"
    ln -sf '{python}' "$place/bin/python"
fi
"""


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A fresh copy of what the set-up needs, and a stand-in for uv that fetches nothing."""
    folder = tmp_path / "a course"
    folder.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    programs = tmp_path / "programs"
    programs.mkdir()
    script(programs / "uv", FAKE_UV.format(python=sys.executable))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_UV_LOG", str(tmp_path / "uv.log"))
    monkeypatch.delenv("REACTORKIT_PYTHON_CHOSEN", raising=False)
    monkeypatch.delenv("REACTORKIT_NO_UV", raising=False)
    (tmp_path / "uv.log").touch()
    return folder


def script(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def bootstrap(folder, *arguments, **env):
    """Run bootstrap.py as a reader would; return its status and all that it printed."""
    done = subprocess.run(
        [sys.executable, "bootstrap.py", *arguments],
        cwd=folder,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def asked_of_uv(folder):
    return (folder.parent / "uv.log").read_text().splitlines()


# --- Making the environment ---


def test_the_first_set_up_installs_the_pins_and_then_the_kit(copy):
    status, text = bootstrap(copy, "environment")
    assert status == 0
    assert re.search(r"Setting up .venv: \d{2,3} packages with uv\.", text)
    made, pins, kit = asked_of_uv(copy)
    assert made.startswith("venv")
    assert "-r requirements.txt" in pins
    assert "requirements-test" not in pins
    assert "--no-build-isolation --editable ." in kit


def test_what_is_installed_is_compiled_once_and_not_at_every_start(tmp_path, monkeypatch):
    """As in containers, where Python is often told to write no bytecode of its own."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    asking = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asking, capture_output=True, text=True, check=True).stdout.strip())
    for name, text in (("good", "x = 1"), ("bad", "x = ="), ("tests/test_good", "")):
        path = site / "package" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    subprocess.run([python, ROOT / "tools" / "compile_installed.py"], check=True)
    made = [path.name.split(".")[0] for path in site.rglob("*.pyc")]
    assert made == ["good"]


def test_the_second_set_up_asks_nobody(copy):
    bootstrap(copy, "environment")
    before = asked_of_uv(copy)
    assert bootstrap(copy, "environment") == (0, "")
    assert asked_of_uv(copy) == before


def test_what_serves_the_tests_serves_a_reader_too(copy):
    bootstrap(copy, "tests")
    assert "-r requirements-test.txt" in asked_of_uv(copy)[1]
    assert bootstrap(copy, "environment") == (0, "")


def test_servers_of_other_people_are_fetched_when_somebody_asks(copy):
    bootstrap(copy, "environment")
    assert "requirements-peers" not in "".join(asked_of_uv(copy))
    bootstrap(copy, "peers")
    assert "-r requirements-peers.txt" in asked_of_uv(copy)[3]
    assert "requirements-test" not in asked_of_uv(copy)[3]
    assert bootstrap(copy, "peers") == bootstrap(copy, "environment") == (0, "")


def test_the_tests_add_to_what_a_reader_has(copy):
    bootstrap(copy, "environment")
    _, text = bootstrap(copy, "tests")
    assert "Updating .venv" in text
    assert not [words for words in asked_of_uv(copy)[3:] if words.startswith("venv")]


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_changed_requirement_brings_the_environment_up_to_date(copy, name):
    bootstrap(copy, "environment")
    with (copy / name).open("a") as file:
        file.write("\n# another comment\n")
    assert "Updating .venv" in bootstrap(copy, "environment")[1]
    assert bootstrap(copy, "environment") == (0, "")


def test_an_interrupted_set_up_starts_again_from_nothing(copy):
    assert bootstrap(copy, "environment", FAKE_UV_FAILS="Permission denied")[0] == 1
    (copy / ".venv" / "half-written").touch()
    status, text = bootstrap(copy, "environment")
    assert status == 0
    assert "did not finish" in text
    assert not (copy / ".venv" / "half-written").exists()
    assert bootstrap(copy, "environment") == (0, "")


def test_an_environment_whose_python_is_gone_is_made_anew(copy):
    bootstrap(copy, "environment")
    python = copy / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(copy / "no-python-here")
    assert "does not run any more" in bootstrap(copy, "environment")[1]
    assert bootstrap(copy, "environment") == (0, "")


def test_a_folder_that_was_moved_gets_a_new_environment(copy):
    bootstrap(copy, "environment")
    moved = copy.rename(copy.with_name("moved"))
    assert "was moved" in bootstrap(moved, "environment")[1]
    assert bootstrap(moved, "environment") == (0, "")


def test_an_environment_that_the_reader_made_is_kept(copy):
    """No stamp, no mark: somebody ran `python -m venv .venv`. It is used, and not emptied."""
    mine = copy / ".venv" / "bin"
    mine.mkdir(parents=True)
    (mine / "python").symlink_to(sys.executable)
    (mine / "of-the-reader").touch()
    assert "Updating .venv" in bootstrap(copy, "environment")[1]
    assert (mine / "of-the-reader").exists()


def test_a_python_that_the_reader_names_counts(copy, tmp_path):
    bootstrap(copy, "environment")
    stamp = copy / ".venv" / ".made-for-lab"
    this = "{}.{}".format(*sys.version_info[:2])
    stamp.write_text(stamp.read_text().replace(f'"{this}"', '"3.99"'))
    assert bootstrap(copy, "environment") == (0, ""), "a running environment is good enough"
    assert bootstrap(copy, "environment", REACTORKIT_PYTHON_CHOSEN="1")[1] != ""


def test_uv_is_not_needed(copy):
    """Without uv: `python -m venv`, then pip. An index on a closed port ends it in a sentence."""
    status, text = bootstrap(
        copy,
        "environment",
        REACTORKIT_NO_UV="1",
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="0",
        **{"PIP_INDEX" + "_URL": "http://127.0.0.1:9/simple"},
    )
    assert status == 1
    assert "with pip" in text
    assert "going on with the one that is here" in text or "quicker" not in text
    assert "The package index did not answer" in text
    assert asked_of_uv(copy) == []


# --- Trouble ---


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full."),
        ("error: failed to write: Permission denied (os error 13)", "Writing was refused."),
        ("Temporary failure in name resolution", "The package index did not answer"),
        ("tcp connect error: Connection refused (os error 111)", "The package index did not"),
        ("No matching distribution found for numpy==9", "Python 3.11 to 3.13 are tested"),
        ("something new\nthe last word", "the last word"),
    ],
)
def test_each_trouble_has_its_sentence(words, sentence):
    assert sentence in str(installer.trouble(words))


def test_a_full_disk_is_not_tried_again_with_pip(copy):
    status, text = bootstrap(copy, "environment", FAKE_UV_FAILS="No space left on device")
    assert status == 1
    assert "The disk is full." in text
    assert "pip" not in text
    assert len(asked_of_uv(copy)) == 1


def test_a_python_without_ensurepip_names_the_package_that_brings_it(monkeypatch):
    monkeypatch.setattr(set_up, "can_make_venv", lambda: False)
    with pytest.raises(installer.SetUpError, match="sudo apt install python3-venv"):
        set_up.make_environment(None)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["tests", "more"]])
def test_a_word_it_does_not_know_is_answered_with_those_it_knows(copy, arguments):
    status, text = bootstrap(copy, *arguments)
    assert status == 2
    assert "Say `lab`" in text


# --- Python itself ---


def make(folder, target, path, **variables):
    """Run make with only some programs in reach; return status and output."""
    words = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        [shutil.which("make"), target, *words],
        cwd=folder,
        env={"PATH": str(path), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


@pytest.fixture
def no_python(tmp_path):
    """A folder of programs that holds the shell and nothing else."""
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "sh").symlink_to(shutil.which("sh"))
    return folder


# A Python of another age: enough of one to be asked for its version and to read bootstrap.py.
OLD_PYTHON = """\
#!/bin/sh
exec '{python}' -c '
import sys
arguments = sys.argv[1:]
sys.version_info = (3, 8, 18, "final", 0)
if arguments[0] == "-c":
    exec(arguments[1])
sys.argv = arguments
exec(compile(open(arguments[0]).read(), arguments[0], "exec"), {{"__name__": "__main__",
     "__file__": arguments[0]}})
' "$@"
"""


def test_without_any_python_make_says_how_to_get_one(copy, no_python):
    status, text = make(copy, "lab", no_python)
    assert status != 0
    assert "No Python was found. Install Python 3.11 or newer" in text


def test_an_old_python_is_told_from_a_missing_one(copy, no_python):
    script(no_python / "python3", OLD_PYTHON.format(python=sys.executable))
    status, text = make(copy, "lab", no_python)
    assert status != 0
    assert "reactorkit needs Python 3.11 or newer; this is Python 3.8" in text


def test_the_first_python_that_is_new_enough_is_taken(copy, no_python):
    script(no_python / "python3", OLD_PYTHON.format(python=sys.executable))
    script(no_python / "python3.13", '#!/bin/sh\necho "13 was asked to $*"')
    assert (
        "13 was asked to bootstrap.py lab --port 0"
        in make(copy, "lab", no_python, ARGS="--port 0")[1]
    )


def test_a_python_that_does_not_exist_is_named(copy, no_python):
    assert "under the name python9" in make(copy, "lab", no_python, PYTHON="python9")[1]


def test_the_oldest_pythons_can_read_the_bootstrap():
    """Nothing newer than Python 2.7: no annotations, no f-strings, no keyword-only arguments."""
    text = (ROOT / "bootstrap.py").read_text()
    assert not re.search(r"\bf[\"']|->|: \w+ =|print ", text)
    old = [shutil.which(name) for name in ("python2.7", "python3.6", "python3.8")]
    for python in filter(None, old):
        check = [python, "-c", "compile(open('bootstrap.py').read(), 'bootstrap.py', 'exec')"]
        done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
        assert "SyntaxError" not in done.stderr


# --- Opening JupyterLab ---


def test_root_may_start_it_and_others_need_no_leave(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--allow-root" in open_lab.lab_command([])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--allow-root" not in open_lab.lab_command([])


@pytest.mark.parametrize(
    ("platform", "env", "opens"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "wslview"}, True),
        ("darwin", {}, True),
    ],
)
def test_a_browser_opens_only_where_there_is_one(monkeypatch, platform, env, opens):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert ("--no-browser" not in open_lab.lab_command([])) == opens


def test_arguments_are_passed_on_before_the_page(monkeypatch):
    monkeypatch.setattr(open_lab, "has_display", lambda: False)
    command = open_lab.lab_command(["--no-browser", "--port", "0"])
    assert command.count("--no-browser") == 1
    assert command[-1] == open_lab.FIRST_PAGE
    assert command[-3:-1] == ["--port", "0"]


def limits(monkeypatch, soft, hard, refused=False):
    """Pretend that these are the limits; return the dict they are kept in."""
    now = {"soft": soft, "hard": hard}

    def change(which, pair):
        if refused:
            raise ValueError("not allowed to raise maximum limit")
        now["soft"] = pair[0]

    monkeypatch.setattr(resource, "getrlimit", lambda which: (now["soft"], now["hard"]))
    monkeypatch.setattr(resource, "setrlimit", change)
    return now


def test_a_low_limit_of_descriptors_is_raised(monkeypatch):
    now = limits(monkeypatch, 256, 524_288)
    assert open_lab.raise_descriptors() == ""
    assert now["soft"] == open_lab.WISHED_DESCRIPTORS


def test_a_limit_that_suffices_is_left_alone(monkeypatch):
    now = limits(monkeypatch, 1024, 524_288)
    assert open_lab.raise_descriptors() == ""
    assert now["soft"] == 1024


@pytest.mark.parametrize(("hard", "refused"), [(512, False), (4096, True)])
def test_a_limit_that_stays_low_is_told(monkeypatch, hard, refused):
    limits(monkeypatch, 256, hard, refused)
    assert "ask the administrator" in open_lab.raise_descriptors()
