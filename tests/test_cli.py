"""`python -m reactorkit COMMAND`: readable, forgiving, and quick to load."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reactorkit import __main__ as cli
from reactorkit import __version__
from reactorkit.errors import KitError
from reactorkit.servers import SERVERS

ROOT = Path(__file__).resolve().parent.parent


def run(*words, cwd=None):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "reactorkit", *words],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.returncode, done.stdout, done.stderr


def test_help_names_every_command_and_fits_a_terminal():
    for words in ([], ["--help"], ["-h"], ["help"]):
        status, out, error = run(*words)
        assert (status, error) == (0, "")
        for command in cli.COMMANDS:
            assert f"\n  {command}" in out
        assert max(len(line) for line in out.splitlines()) <= 88


def test_version():
    assert run("--version") == (0, f"reactorkit {__version__}\n", "")


@pytest.mark.parametrize(
    ("word", "nearest"), [("serv", "serve"), ("lader", "ladder"), ("docter", "doctor")]
)
def test_an_unknown_command_suggests_the_nearest(word, nearest):
    status, out, error = run(word)
    assert (status, out) == (2, "")
    assert error.startswith(f"There is no command {word!r}. Did you mean {nearest}")


def test_a_word_like_no_command_points_to_the_help():
    _, _, error = run("xyzzy")
    assert error == ("There is no command 'xyzzy'. `python -m reactorkit --help` lists them.\n")


def test_the_ladder_as_json_holds_every_declaration(tmp_path):
    status, out, error = run("ladder", "--json", cwd=tmp_path)
    assert (status, error) == (0, "")
    rungs = json.loads(out)
    assert [one["name"] for one in rungs] == [one.name for one in SERVERS]
    for one, rung in zip(rungs, SERVERS, strict=True):
        assert one == {**rung._asdict(), "available": rung.available(), "missing": rung.missing}


def test_the_ladder_for_people_names_claims_and_weaknesses():
    status, out, error = run("ladder")
    assert (status, error) == (0, "")
    for rung in SERVERS:
        assert f"{rung.number:2}  {rung.name}" in out
        assert rung.claim in out
        for weakness in rung.weaknesses:
            assert weakness in out


@pytest.mark.parametrize("command", ["serve", "ladder", "echo", "chat"])
def test_each_command_has_its_own_help(command):
    status, out, error = run(command, "--help")
    assert (status, error) == (0, "")
    assert out.startswith(f"usage: python -m reactorkit {command}")


@pytest.mark.parametrize("command", ["doctor", "ledger", "claim"])
def test_the_rest_is_handed_on_with_its_arguments(command, monkeypatch):
    # Which module, which function: what the engineers of these rooms have promised.
    homes = {
        "doctor": "reactorkit.lab.doctor",
        "ledger": "reactorkit.claims.page",
        "claim": "reactorkit.claims.run",
    }
    seen = []
    stand_in = type(sys)(homes[command])
    stand_in.main = lambda argv: seen.append(argv) or 7
    monkeypatch.setitem(sys.modules, homes[command], stand_in)
    assert cli.main([command, "--end", "C13"]) == 7
    assert seen == [["--end", "C13"]]


def test_a_problem_is_told_in_a_sentence(monkeypatch, capsys):
    def fail(argv):
        raise KitError("The well is dry. Dig deeper.")

    monkeypatch.setitem(cli.COMMANDS, "doctor", (fail, "doctor", "-"))
    assert cli.main(["doctor"]) == 2
    assert capsys.readouterr().err == "The well is dry. Dig deeper.\n"


def test_the_command_line_loads_nothing_heavy():
    code = (
        "import sys, reactorkit.__main__ as cli; cli.main(['ladder']);"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert not {"matplotlib", "numpy", "IPython", "psutil", "asyncio"} & {*done.stderr.split()}


def test_a_reader_who_has_seen_enough_gets_no_traceback():
    command = [sys.executable, "-m", "reactorkit", "ladder", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("words", [["--help"], ["ladder"]])
def test_a_reader_who_has_left_is_no_error(words):
    read, write = os.pipe()
    os.close(read)  # as `| head` does, once it has seen enough
    with os.fdopen(write, "w") as out:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "reactorkit", *words],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert (done.returncode, done.stderr) == (0, "")
