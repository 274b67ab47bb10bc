"""Guests who come and go leave nothing behind: the short form of `make soak`."""

import json

import pytest

from reactorkit.lab.attacks import cli
from reactorkit.lab.attacks.model import CHAT, ECHO
from reactorkit.lab.attacks.soak import soak


@pytest.mark.parametrize(("name", "service"), [("chat_reactor", CHAT), ("echo_reactor", ECHO)])
def test_sixty_guests_come_and_go_and_leave_nothing(name, service):
    report = soak(name, service, clients=60, seconds=3.0, stay=0.5)
    assert report.survived, str(report)
    assert report.visits > 60  # they have come back
    assert report.words > 4
    assert report.most_descriptors > 30


def test_the_articles_chat_server_does_not_bear_guests_who_break_off(capsys):
    command = ["chat_article", "--clients", "20", "--seconds", "20", "--stay", "0.3", "--json"]
    assert cli.soak_main(command) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["trouble"] and not told["survived"]


def test_what_stays_open_is_found(tmp_path):
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
    report = soak(str(path), ECHO, clients=10, seconds=0.5, stay=0.2)
    assert "descriptors open" in report.trouble
    assert "All was not well" in str(report)
