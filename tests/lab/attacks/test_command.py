"""`python -m reactorkit attack`: a table for people, data for programs, and an exit status."""

import json

from reactorkit.lab.attacks import cli


def test_status_0_means_that_all_was_survived(capsys):
    assert cli.main(["echo_threads", "--only", "reset_idle", "--only", "noise"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "echo_threads, 2 attacks: 2 alive."


def test_status_1_means_that_one_was_not_and_json_says_which(capsys):
    assert cli.main(["chat_article", "--only", "json_null", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["server"], told["service"], told["survived"]) == ("chat_article", "chat", False)
    (outcome,) = told["attacks"]
    assert (outcome["id"], outcome["verdict"]) == ("json_null", "dead")
    assert outcome["error"] == "TypeError"
