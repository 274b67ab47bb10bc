"""`python -m reactorkit claim C13`: ask, run and tell, in a terminal."""

from reactorkit.claims.run import main


def test_in_a_terminal_an_answer_can_be_given(small_ledger, book, capsys):
    assert main(["C13", "--answer", "b"]) == 0
    shown = capsys.readouterr().out
    assert "REFUTED" in shown
    assert book.history("C13").latest == "b"


def test_in_a_pipe_the_missing_answer_is_named(small_ledger, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["C13"]) == 1
    assert "Predict above" in capsys.readouterr().out


def test_at_a_terminal_the_question_is_asked_until_it_is_answered(
    small_ledger, book, capsys, monkeypatch
):
    answers = iter(["z", "?"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert main(["C13"]) == 0
    shown = capsys.readouterr().out
    assert "a) A whole core" in shown
    assert "has no answer 'z'" in shown
    assert book.history("C13").latest == "?"


def test_leaving_the_question_runs_nothing(small_ledger, capsys, monkeypatch):
    def leave(prompt):
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", leave)
    assert main(["C13"]) == 1
    assert "nothing was run" in capsys.readouterr().err


def test_wrong_words_at_the_terminal_are_a_sentence(small_ledger, capsys):
    assert main(["C13", "--answer", "q"]) == 1
    assert main(["X1"]) == 1
    errors = capsys.readouterr().err
    assert "has no answer 'q'" in errors
    assert "There is no claim 'X1'" in errors
    assert "Traceback" not in errors
