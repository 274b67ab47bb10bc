"""The bench compares like with like: right answers, same rounds, and a reason for every gap."""

import json
import math
import re
import shutil
import sys

import pytest

from reactorkit.errors import KitError
from reactorkit.lab.bench import cases, cli, cores, generator, measure, report, store
from reactorkit.lab.bench.cases import Case, Entry, Goal, Load
from reactorkit.lab.bench.figure import draw
from reactorkit.lab.bench.generator import Generator
from reactorkit.lab.bench.measure import Lap, Result, Row, run_lap
from reactorkit.lab.machine import most_connections

ECHO = Load("echo", 5)
CHAT = Load("chat", 6, size=110, flight=4)
PEERS = sorted(path.stem for path in cases.peers_folder().glob("*.py") if "_" in path.stem)
PEERS.remove("asyncio_protocols")  # what some of them share
C = pytest.param(
    "c",
    marks=pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler"),
)


@pytest.fixture(params=[C, "python"])
def made(request):
    """Both load generators, one after the other."""
    return generator.generator() if request.param == "c" else generator.stand_in("a test asks")


def right(lap):
    """Assert that a turn went well, and return it."""
    assert (lap.trouble, lap.wrong, lap.broken) == ("", 0, 0)
    assert lap.rate > 0, lap
    assert 0 < lap.p50 <= lap.p99, lap
    assert lap.cpu > 0, lap
    assert math.isfinite(lap.rss), lap
    return lap


# -------------------------------------------------------------------- one turn


@pytest.mark.parametrize("load", [ECHO, Load("echo", 3, size=20_000), Load("echo", 2, idle=30)])
def test_every_answer_of_an_echo_is_right(made, load):
    right(run_lap(Entry("ours", "echo_reactor", load), 0.1, made, cores.choose()))


@pytest.mark.parametrize(
    ("server", "framed"), [("chat_reactor", True), ("chat_article", False)], ids=["ours", "article"]
)
@pytest.mark.parametrize("flight", [1, 4])
def test_every_message_is_heard_once_by_whom_it_is_meant_for(made, server, framed, flight):
    load = Load("chat", 6, size=110, flight=flight, framed=framed)
    right(run_lap(Entry("one", server, load), 0.1, made, cores.choose()))


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_serves_as_ours_does(name):
    load = CHAT if name.startswith("chat") else ECHO
    entry = Entry(name, name, load)
    if entry.missing:
        pytest.skip(entry.missing)
    right(run_lap(entry, 0.1, generator.generator(), cores.choose()))


LIARS = {
    "answers in capitals": "client.sendall(client.recv(65536).upper())",
    "answers all with the same": "client.recv(65536), client.sendall(b'b' * 64)",
}


@pytest.mark.parametrize("lie", LIARS.values(), ids=LIARS)
def test_wrong_answers_are_not_counted_in_silence(made, lie, tmp_path):
    file = tmp_path / "liar.py"
    file.write_text(
        "import threading\n"
        "def talk(client):\n"
        "    client.sendall(client.recv(65536))\n"  # the greeting
        "    if FIRST.acquire(blocking=False):\n"
        "        return client.close()\n"
        f"    while True: {lie}\n"
        "FIRST = threading.Semaphore(1)\n"
        "def serve(listener):\n"
        "    while True:\n"
        "        client, _ = listener.accept()\n"
        "        threading.Thread(target=talk, args=(client,), daemon=True).start()\n"
    )
    lap = run_lap(Entry("liar", str(file), Load("echo", 2)), 0.1, made, cores.choose())
    assert re.search(r"\d+ answers were wrong", lap.trouble)


def test_a_server_that_dies_is_told_and_ends_nothing(made, tmp_path):
    file = tmp_path / "mortal.py"
    file.write_text(
        "def serve(listener):\n"
        "    client, _ = listener.accept()\n"
        "    client.sendall(client.recv(65536))\n"
        "    listener.accept()\n"
        "    raise SystemExit(1)\n"
    )
    lap = run_lap(Entry("mortal", str(file), Load("echo", 2)), 0.1, made, cores.choose())
    assert lap.trouble
    assert lap.rate == 0


@pytest.mark.skipif(most_connections() < 1300, reason="too few descriptors for 1,100 clients")
def test_a_server_at_its_declared_limit_dies_and_nothing_has_failed(made):
    entry = Entry("select", "echo_select", Load("echo", 2, idle=1100))
    row = Row(entry, [run_lap(entry, 0.1, made, cores.choose())])
    assert row.trouble.startswith("Not everybody was served")
    assert not row.failed
    assert Row(Entry("ours", "echo_reactor", ECHO), row.laps).failed


def test_a_peer_that_cannot_run_here_says_what_to_do(monkeypatch):
    sign = cases.servers._NEEDS["uvloop"]
    monkeypatch.setitem(cases.servers._NEEDS, "uvloop", (lambda: False, *sign[1:]))
    entry = Entry("uvloop", "echo_uvloop_protocol", ECHO)
    assert entry.missing.startswith("echo_uvloop_protocol needs uvloop, which is not installed.")
    case = Case("echo-100", "echo", "a title", (entry, Entry("ours", "echo_reactor", ECHO)))
    result = measure.run_case(case, 1, cores.choose(), print)
    assert entry.missing in report.as_text(result)
    assert result.rows[0].laps == []
    right(result.rows[1].laps[0])


# ------------------------------------------------------------------- the whole


@pytest.fixture(scope="module")
def result():
    """A tiny case, measured twice."""
    load = Load("chat", 6, size=110, flight=4)
    entries = (
        Entry("echo reactor", "echo_reactor", ECHO),
        Entry("echo selectors", "echo_selectors", ECHO),
        Entry("chat reactor", "chat_reactor", load),
    )
    goals = (Goal("rate", "echo reactor", "echo selectors", at_least=1e-9, aim=1e9),)
    case = Case("echo-100", "echo", "Three servers", entries, goals, seconds=0.1)
    return measure.run_case(case, 2, cores.choose(), print)


def test_the_table_has_a_line_for_each_and_every_ratio_is_a_number(result):
    text = report.as_text(result)
    for row in result.rows:
        assert len(row.laps) == 2
        for lap in row.laps:
            right(lap)
        line = next(line for line in text.splitlines() if line.startswith(row.entry.label))
        assert all(math.isfinite(float(cell.replace(",", ""))) for cell in line.split()[2:])
        assert all(math.isfinite(one) for one in row.ratios("rate", result.rows[0]))
    assert "reached: " in text


def test_it_is_told_in_markdown_and_drawn(result, tmp_path):
    text = report.as_markdown(result)
    assert "| echo selectors |" in text
    assert "`python -m reactorkit bench --case echo-100 --rounds 2`" in text
    draw([result]).savefig(tmp_path / "bench.png")
    assert (tmp_path / "bench.png").stat().st_size > 1000


def test_results_in_a_file_are_added_to_and_read_again(result, tmp_path):
    file = tmp_path / "results.json"
    store.save(file, [result], "a machine")
    other = Result(cases.CASES[2], 1, [], ["a note"])
    kept = store.save(file, [other], "a machine")
    assert [one.case.name for one in kept] == ["echo-100", "echo-1"]
    assert kept[0].rows[1].laps == result.rows[1].laps
    assert json.loads(file.read_text())["machine"] == "a machine"


def test_a_file_with_something_else_in_it_is_left_alone(tmp_path):
    file = tmp_path / "results.json"
    file.write_text('{"schema": 0}')
    with pytest.raises(KitError, match="holds no results of this version"):
        store.save(file, [], "a machine")
    assert file.read_text() == '{"schema": 0}'


def test_the_command_measures_one_case_and_tells(capsys, tmp_path):
    files = {"--json": tmp_path / "results.json", "--markdown": tmp_path / "results.md"}
    words = [word for pair in files.items() for word in map(str, pair)]
    status = cli.main(["--quick", "--case", "echo-1k", *words])
    told = capsys.readouterr().out
    assert status == 0, told
    assert "QUICK" in told
    assert "echo as in the documentation" in told
    assert "Machine: " in (tmp_path / "results.md").read_text()


def test_a_case_that_is_called_like_its_group_can_be_had_alone():
    assert [case.name for case in store.named([], ["c10k"])] == ["c10k"]
    assert [case.name for case in store.named(["c10k"], [])] == ["c10k", "silent"]
    assert store.named([], []) == list(cases.CASES)


def test_what_was_measured_is_kept_when_the_next_case_is_interrupted(monkeypatch, result, tmp_path):
    """Nine rounds of all cases take most of an hour."""

    def measured(case, rounds, small):
        if case.name == "echo-1":
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(cli, "measured", measured)
    file = tmp_path / "results.json"
    with pytest.raises(KeyboardInterrupt):
        cli.main(["--case", "echo-100", "--case", "echo-1", "--json", str(file)])
    assert [one.case.name for one in store.load(file)] == ["echo-100"]


def test_a_file_that_cannot_be_added_to_is_told_of_before_anything_is_measured(tmp_path):
    file = tmp_path / "results.json"
    file.write_text("{}")
    with pytest.raises(KitError, match="holds no results"):
        cli.main(["--quick", "--case", "echo-1k", "--json", str(file)])


def test_a_case_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(KitError, match=r"There is no case eco\. There are: c10k, chat, "):
        cli.main(["eco"])


# ------------------------------------------------------------------- judgements


def rows(**rates):
    """Return rows with one lap for each of these rates."""
    return [
        Row(Entry(label, "echo_reactor", ECHO), [Lap(rate=rate, p99=1 / rate) for rate in several])
        for label, several in rates.items()
    ]


@pytest.mark.parametrize(
    ("goal", "judged"),
    [
        (Goal("rate", "ours", "theirs", at_least=2.0), "reached"),
        (Goal("rate", "ours", "theirs", at_least=2.0, aim=3.0), "reached"),
        (Goal("rate", "ours", "theirs", at_least=1.5, aim=2.0), "reached, and better"),
        (Goal("rate", "ours", "theirs", at_least=2.1), "NOT REACHED"),
        (Goal("p99", "ours", "theirs", at_most=0.5), "reached"),
        (Goal("p99", "ours", at_most=4.0), "NOT REACHED"),  # ms
        (Goal("p99", "ours", at_most=5.0), "reached"),
        (Goal("cpu", "ours", "theirs", at_most=1.0), "NOT MEASURED"),
        (Goal("rate", "ours", "nobody", at_least=1.0), "NOT MEASURED"),
    ],
    ids=str,
)
def test_a_goal_is_judged_by_the_median_of_ratios_within_a_round(goal, judged):
    # The machine was ten times slower in the second round: ratios do not notice.
    case = Case("echo-100", "echo", "a title", ())
    result = Result(case, 3, rows(ours=[200, 20, 220], theirs=[100, 10, 100]), [])
    assert report.verdict(result, goal)[2] == judged


def test_a_case_larger_than_the_machine_allows_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(cases, "most_connections", lambda: 500)
    large = next(case for case in cases.CASES if case.name == "c10k")
    case, words = cases.fitting(large)
    assert {one.load.connections for one in case.entries} == {500, 110}
    assert "500 connections here" in words
    assert "instead of 10,100" in words


def test_every_goal_names_entries_of_its_case():
    for case in cases.CASES:
        labels = {entry.label for entry in case.entries}
        for goal in case.goals:
            assert {goal.of, goal.against or goal.of} <= labels, case.name


# ---------------------------------------------------------------- the generator


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A machine where nothing has been compiled yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    generator.generator.cache_clear()
    yield tmp_path / "reactorkit"
    generator.generator.cache_clear()


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_generator_is_compiled_once(fresh):
    first = generator.generator()
    assert first.warning == ""
    made = next(fresh.iterdir()).stat()
    generator.generator.cache_clear()
    assert generator.generator() == first
    assert [path.stat().st_ino for path in fresh.iterdir()] == [made.st_ino]


def test_without_a_compiler_the_table_says_loudly_who_made_the_load(fresh, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    made = generator.generator()
    assert made.command[0] == sys.executable
    assert made.warning.startswith("THE LOAD COMES FROM PYTHON, because there is no C compiler")
    case = Case("echo-100", "echo", "a title", (Entry("ours", "echo_reactor", ECHO),), seconds=0.1)
    assert made.warning in report.as_text(measure.run_case(case, 1, cores.choose(), print))


def test_a_compiler_that_fails_leaves_nothing_behind(fresh, monkeypatch):
    monkeypatch.setenv("CC", "false")
    made = generator.generator()
    assert "could not compile load.c" in made.warning
    assert list(fresh.iterdir()) == []


def test_server_and_load_share_no_core_where_there_are_two():
    chosen = cores.choose()
    assert chosen.server is None or chosen.server != chosen.load


def test_a_word_that_the_generator_does_not_know_is_refused():
    made = Generator((sys.executable, str(generator.STAND_IN)))
    import subprocess

    done = subprocess.run([*made.command, "clints=3"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "What is clints=3?" in done.stderr
