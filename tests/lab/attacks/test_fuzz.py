"""Lines right and wrong, from a seed: the finished servers bear them, the article's does not."""

import json
import random

import pytest

from reactorkit.errors import KitError
from reactorkit.lab.attacks import cli
from reactorkit.lab.attacks.fuzz import Mirror, Overhearing, fuzz
from reactorkit.lab.attacks.grammar import Grammar
from reactorkit.lab.attacks.model import CHAT, ECHO, Harm


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_chat_on_the_reactor_bears_every_line(seed):
    report = fuzz("chat_reactor", CHAT, lines=3_000, seed=seed)
    assert report.survived, str(report)
    assert report.lines >= 3_000
    assert report.connections > 8  # some broke off, and others came in their place
    assert report.words >= 2 * 3_000 // 50


@pytest.mark.parametrize("name", ["echo_reactor", "echo_threads"])
def test_an_echo_server_gives_back_every_byte_of_them(name):
    report = fuzz(name, ECHO, lines=2_000, seed=4)
    assert report.survived, str(report)


def test_the_articles_chat_server_ends_and_the_report_says_how():
    report = fuzz("chat_article", CHAT, lines=3_000, seed=1)
    assert not report.survived
    assert report.trouble.startswith("chat_article has ended (")
    assert report.error and report.last_words.startswith(report.error.split()[0])
    assert "It has not survived: chat_article has ended" in str(report)
    assert report.last_lines


def test_the_same_seed_makes_the_same_lines():
    def lines(seed):
        grammar = Grammar(random.Random(seed))
        return [grammar.line() for _ in range(500)]

    assert lines(7) == lines(7)
    assert lines(7) != lines(8)


def test_lines_are_right_wrong_and_in_between():
    grammar = Grammar(random.Random(5))
    lines = [grammar.line() for _ in range(3_000)]
    right = [one for one in lines if _is_message(one)]
    assert 500 < len(right) < 2_500
    assert sum(one.endswith(b"\n") for one in lines) > 2_500
    assert max(map(len, lines)) > 65_537
    assert all(b"\n" not in one[:-1] for one in lines)


def _is_message(one):
    try:
        said = json.loads(one)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.keys() == {"user", "text"}


# ------------------------------------------------------------------ what is checked


def test_an_innocent_may_hear_whole_messages_and_each_word_once():
    hear = Overhearing()
    hear(b'{"user":"Ann","text":"word 1. "}\n{"user":"x","te')
    hear(b'xt":""}\n{"user":"Ann","text":"word 3. "}\n')
    with pytest.raises(Harm, match="heard word 3 of Ann after word 3"):
        hear(b'{"user":"Ann","text":"word 3. "}\n')


@pytest.mark.parametrize("piece", [b"[1]\n", b'{"user":"x"}\n', b'{"user":"x","text":1}\n', b"\n"])
def test_anything_else_is_harm(piece):
    with pytest.raises(Harm, match="which is no message"):
        Overhearing()(piece)


def test_a_mirror_wants_back_what_was_said():
    mirror = Mirror()
    mirror.due += b"hello"
    mirror(b"hel")
    with pytest.raises(Harm, match="had not said"):
        mirror(b"xo")


TEARS = '''
"""A chat server that tears its lines: what a member hears may begin in the middle of one."""
import selectors


def serve(listener):
    selector, members = selectors.DefaultSelector(), []
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                members.append(listener.accept()[0])
                selector.register(members[-1], selectors.EVENT_READ)
                continue
            try:
                data = key.fileobj.recv(65536)
            except OSError:
                data = b""
            if not data:
                selector.unregister(key.fileobj)
                members.remove(key.fileobj)
                key.fileobj.close()
            for one in members:
                if one is not key.fileobj:
                    try:
                        one.send(data)
                    except OSError:
                        pass
'''


def test_a_server_that_passes_on_whatever_comes_is_caught(tmp_path):
    path = tmp_path / "tears.py"
    path.write_text(TEARS)
    report = fuzz(str(path), CHAT, lines=500, seed=1)
    assert "an innocent heard" in report.trouble


def test_a_server_that_keeps_connections_open_is_caught(tmp_path):
    path = tmp_path / "keeps.py"
    path.write_text(
        "import threading\n"
        "kept = []\n"
        "def serve(listener):\n"
        "    while True:\n"
        "        client, _ = listener.accept()\n"
        "        kept.append(client)\n"
        "        threading.Thread(target=echo, args=(client,), daemon=True).start()\n"
        "def echo(client):\n"
        "    try:\n"
        "        while data := client.recv(65536):\n"
        "            client.sendall(data)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    report = fuzz(str(path), ECHO, lines=300, seed=2)
    assert "descriptors open" in report.trouble


def test_one_that_does_not_serve_at_all_is_no_finding(tmp_path):
    path = tmp_path / "mute.py"
    path.write_text("def serve(listener):\n    while True:\n        listener.accept()\n")
    with pytest.raises(KitError, match="mute does not serve even before"):
        fuzz(str(path), ECHO, lines=10)


# ---------------------------------------------------------------- the command line


def test_the_command_says_whether_all_was_borne(capsys):
    assert cli.fuzz_main(["echo_threads", "--lines", "200", "--seed", "9"]) == 0
    assert "seed 9" in capsys.readouterr().out
    assert cli.fuzz_main(["chat_article", "--lines", "2000", "--seed", "1", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["server"], told["seed"], told["survived"]) == ("chat_article", 1, False)
