"""The fault is in the form of an answer: each kind has a sentence of its own, from a real run."""

from dataclasses import replace

import pytest

from reactorkit.grading import catalog, submission
from reactorkit.grading.judge import judge
from reactorkit.grading.results import FAILED
from reactorkit.grading.shown import Shown

FORMS = [
    ("x02", "def serve(listener)\n", "line 1 is not Python", "before the first line runs"),
    ("x02", "def server(listener): ...\n", "no function serve(listener)", "called by this name"),
    ("x02", "import nosuch\n", "No module named 'nosuch'", "from top to bottom"),
    ("x02", "def serve(listener):\n    return b'x'\n", "ended by itself", "come to its end"),
    ("x02", "import time\ndef serve(_):\n    time.sleep(60)\n", "nothing within", "accept()"),
    ("x02", "def serve(listener):\n    while True: ...\n", "nothing within", "no way out"),
    ("x02", "def serve(listener):\n    listenr.accept()\n", "NameError", "slip in its spelling"),
    ("x09", "def talk(server, user): ...\n", "no function chat(server, user)", "by this name"),
    ("x09", "def chat(server, user): ...\n", "ended by itself", "sent as a JSON object"),
    ("x01b", "def classifi(sock): ...\n", "the file defines no 'classify'", "called by this name"),
    ("x01b", "def classify(sock):\n    print('NOTHING')\n", "it returned None", "only return"),
    ("x01b", "def classify(sock):\n    while True: ...\n", "it still runs", "no way out"),
    ("x01b", "while True: ...\n", "it still runs", "no way out"),
    ("x01b", "import time\ntime.sleep(60)\n", "it still runs", "Only definitions belong"),
    ("x01b", "import nosuch\n", "No module named 'nosuch'", "from top to bottom"),
    ("x01b", "def classify(sock):\n    return x\n", "in line 2", "slip in its spelling"),
]
NOTHING_TO_READ_AGAIN = ("is not Python", "defines no", "could not be loaded")


def first_check(name, source, path):
    """Judge an answer by the first check alone; return the result, and what was judged."""
    whole = catalog.get(name)
    exercise = replace(whole, checks=whole.checks[:1])
    path.write_text(source)
    given = submission.read(exercise, path)
    return judge(exercise, given), given


@pytest.mark.parametrize(("name", "source", "got", "cause"), FORMS)
def test_each_fault_of_form_has_its_own_sentence(name, source, got, cause, tmp_path):
    result, given = first_check(name, source, tmp_path / "answer.py")
    first = result.checks[0]
    assert first.outcome == FAILED and result.score == 0
    assert got in first.got and cause in first.cause, result.text()
    assert first.got.count(got) == 1, "it is said once"
    malformed = any(words in first.got for words in NOTHING_TO_READ_AGAIN)
    assert (first.hint == "") is malformed
    assert Shown(result, given).can_be_replayed is (name == "x02" and not malformed)


IN_A_THREAD = """
import threading

kept = []


def serve(listener):
    while True:
        client, _ = listener.accept()
        kept.append(client)
        threading.Thread(target=lambda: clent.recv(1), daemon=True).start()
"""


def test_an_exception_in_a_thread_is_told_though_the_server_goes_on(tmp_path):
    result, _ = first_check("x02", IN_A_THREAD, tmp_path / "answer.py")
    assert "nothing within 10 s (it has printed NameError: name 'clent'" in result.checks[0].got
