"""The chat client hears and types at once, whatever its keyboard is, or its server does."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

from reactorkit.chat.framing import LONGEST_LINE, LineFramer
from reactorkit.clients import chat_client
from reactorkit.clients.chat_client import ChatClient
from reactorkit.lab.peer import RESET_ON_CLOSE
from reactorkit.lab.server import Server

TIME = 30.0


def said(user, text):
    return json.dumps({"user": user, "text": text}).encode() + b"\n"


class Listening:
    """A member made of a socket: says lines, hears messages."""

    def __init__(self, sock):
        self.sock, self.framer, self.lines = sock, LineFramer(1 << 30), []
        sock.settimeout(TIME)

    def hears(self, number=1):
        """Return the next messages as (user, text)."""
        while len(self.lines) < number:
            data = self.sock.recv(1 << 20)
            assert data, f"the stream has ended after {self.lines}"
            self.lines += self.framer.feed(data)
        heard, self.lines = self.lines[:number], self.lines[number:]
        return [(one["user"], one["text"]) for one in map(json.loads, heard)]

    def hears_the_end(self):
        assert not self.lines and self.sock.recv(1) == b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


# ------------------------------------------------------------------ two people

DIALOGUE = [
    ("Hila", "Hi There"),
    ("Bella", "Hi you"),
    ("Bella", "My Name is Bella"),
    ("Hila", "Nice, My name is Hila"),
    ("Bella", "Im Kim number #1 fan!"),
    ("Hila", "No, I am!!!!"),
]


def test_the_dialogue_of_the_article_on_two_terminals(room, on_terminal):
    people = {"Hila": on_terminal(room.port, "Hila")}
    for user, text in DIALOGUE:
        if user not in people:
            people[user] = on_terminal(room.port, user)
        people[user].types(f"{text}\n")
        for person in people.values():
            person.screen.shows(re.escape(f"[{user}] {text}\n"))
    assert people["Bella"].screen.text.endswith(
        "Hi you\n[Bella] Hi you\n"
        "My Name is Bella\n[Bella] My Name is Bella\n"
        "[Hila] Nice, My name is Hila\n"
        "Im Kim number #1 fan!\n[Bella] Im Kim number #1 fan!\n"
        "[Hila] No, I am!!!!\n"
    )
    assert people["Hila"].screen.text.startswith("Hi There\n[Hila] Hi There\n")
    for person in people.values():
        person.presses_ctrl_d()
        assert person.process.wait(TIME) == 0


def test_what_the_articles_server_prints_of_the_dialogue(on_terminal, eventually):
    with Server("chat_article") as server:
        people = {user: on_terminal(server.port, user) for user in ("Hila", "Bella")}
        assert eventually(lambda: server.log.count("hello!") == 2)
        for user, text in DIALOGUE:
            people[user].types(f"{text}\n")
            assert eventually(lambda line=f"[{user}] {text}": line in server.log)
    addresses = re.findall(r"^(\('127.0.0.1', \d+\)) hello!", server.log, re.MULTILINE)
    speaks = dict(re.findall(r"^(.*): \[(\w+)\]", server.log, re.MULTILINE))
    assert sorted(speaks) == sorted(addresses)
    assert re.sub(r"\d{4,}", "PORT", server.log).splitlines()[1:] == [
        "('127.0.0.1', PORT) hello!",
        "('127.0.0.1', PORT) hello!",
        *(f"('127.0.0.1', PORT): [{user}] {text}" for user, text in DIALOGUE),
    ]


def test_what_others_say_is_printed_while_nothing_is_typed(room, on_terminal):
    with Listening(room.connect().sock) as bob:
        ann = on_terminal(room.port, "Ann")
        ann.types("here\n")
        assert bob.hears() == [("Ann", "here")]
        ann.types("half a li")  # an unfinished line does not keep her from hearing
        bob.sock.sendall(b"".join(said("Bob", f"line {number}") for number in range(100)))
        ann.screen.shows(r"\[Bob\] line 99\n")
        ann.types("ne\n")
        assert bob.hears() == [("Ann", "half a line")]


# ------------------------------------------------------------------- keyboards


def test_lines_that_come_together_are_all_said_at_once(room, on_pipes):
    with Listening(room.connect().sock) as bob:
        ann = on_pipes(room.port, "Ann")
        ann.types(b"one\ntwo\nthree\nfour\n")  # in one write(), and the pipe stays open
        assert bob.hears(4) == [("Ann", text) for text in ("one", "two", "three", "four")]
        ann.screen.shows(r"\[Ann\] four\n")


def test_a_line_that_comes_in_pieces_is_said_once(room, on_pipes):
    with Listening(room.connect().sock) as bob:
        ann = on_pipes(room.port, "Ann")
        for piece in ("grü".encode()[:-1], "grü".encode()[-1:], b"ezi", b"\r\n\n  \n"):
            ann.types(piece)
        ann.types(b"bye")  # the last line lacks its newline
        ann.ends_input()
        assert ann.status() == 0
        assert bob.hears(2) == [("Ann", "grüezi"), ("Ann", "bye")]
        assert ann.screen.ends() == "[Ann] grüezi\n[Ann] bye\n"


def test_a_file_is_said_line_by_line(room, on_pipes, tmp_path):
    file = tmp_path / "lines"
    texts = [f"line {number}" for number in range(1000)]
    file.write_text("\n".join(texts))
    with Listening(room.connect().sock) as bob:
        with file.open("rb") as keyboard:
            ann = on_pipes(room.port, "Ann", stdin=keyboard)
        assert bob.hears(1000) == [("Ann", text) for text in texts]
        assert ann.screen.ends() == "".join(f"[Ann] {text}\n" for text in texts)
        assert ann.status() == 0


def test_no_keyboard_at_all_is_fine(room, on_pipes):
    ann = on_pipes(room.port, "Ann", stdin=subprocess.DEVNULL)
    assert (ann.status(), ann.screen.ends(), ann.complaints.ends()) == (0, "", "")


def test_a_closed_keyboard_is_fine_too(room):
    done = subprocess.run(
        f"exec {sys.executable} -P -m reactorkit chat {room.port} <&-",
        shell=True,
        capture_output=True,
        timeout=TIME,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# --------------------------------------------------------------------- servers


def accepted(listener):
    sock, _ = listener.accept()
    return Listening(sock)


def port_of(listener):
    return listener.getsockname()[1]


def test_after_the_end_of_input_it_still_prints_what_comes(scripted, on_pipes):
    ann = on_pipes(port_of(scripted), "Ann")
    with accepted(scripted) as server:
        ann.types(b"how are you?\n")
        ann.ends_input()
        assert server.hears() == [("Ann", "how are you?")]
        server.hears_the_end()
        server.sock.sendall(said("Bob", "fine")[:9])
        server.sock.sendall(said("Bob", "fine")[9:])
        ann.screen.shows(r"\[Bob\] fine\n")
        assert ann.process.poll() is None
    assert ann.status() == 0
    assert ann.complaints.ends() == ""


def test_a_server_that_leaves_is_told_in_a_sentence(scripted, on_pipes):
    ann = on_pipes(port_of(scripted), "Ann")
    with accepted(scripted) as server:
        server.sock.sendall(said("Bob", "bye") + b'{"user": "torn')
    assert ann.status() == 1
    assert ann.screen.ends() == "[Bob] bye\n"
    assert ann.complaints.ends() == "The server has closed the connection.\n"


def test_a_server_that_breaks_off_is_told_in_a_sentence(scripted, on_pipes):
    ann = on_pipes(port_of(scripted), "Ann")
    with accepted(scripted) as server:
        server.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    assert ann.status() == 1
    assert ann.complaints.ends() == "The server is gone (Connection reset by peer).\n"


def test_typing_goes_on_while_the_server_does_not_read(scripted, on_pipes):
    line, number = b"x" * 1000, 8000
    ann = on_pipes(port_of(scripted), "Ann")
    with accepted(scripted) as server:
        # All of it is taken from the pipe: far more than the kernel keeps for a connection.
        ann.types_from_a_thread((line + b"\n") * number)
        ann.screen.holds(number * len(b"[Ann] " + line + b"\n"))
        server.sock.sendall(said("Bob", "are you still there?"))
        ann.screen.shows(r"\[Bob\] are you still there\?\n")
        assert server.hears(number) == [("Ann", line.decode())] * number
        ann.ends_input()
        server.hears_the_end()
    assert ann.status() == 0


def test_what_the_server_says_about_a_line_is_printed(scripted, on_pipes):
    ann = on_pipes(port_of(scripted), "Ann")
    with accepted(scripted) as server:
        server.sock.sendall(b'{"error": "No."}\n{"user": 1}\n')
        ann.complaints.shows("^The server says: something that is no message$")
        server.sock.sendall(said("\x1b[31mBob", "one\ntwo\x07"))
        ann.screen.shows(r"^\[�\[31mBob\] one�two�\n")  # nothing that a terminal would obey
        ann.ends_input()
        server.hears_the_end()
    assert ann.status() == 0
    assert ann.complaints.ends().startswith("The server says: No.\n")


def test_a_server_that_never_ends_a_line_is_no_chat_server(scripted, on_pipes):
    ann = on_pipes(port_of(scripted), "Ann")
    with accepted(scripted) as server:
        server.sock.sendall(b"x" * (LONGEST_LINE + 1))
        assert ann.status() == 1
    assert "does not speak as a chat server does" in ann.complaints.ends()


def test_a_line_that_is_too_long_is_not_sent_and_the_next_one_is(room, on_pipes):
    with Listening(room.connect().sock) as bob:
        ann = on_pipes(room.port, "Ann")
        ann.types(b"x" * LONGEST_LINE + b"\nshort\n")
        assert bob.hears() == [("Ann", "short")]
        ann.complaints.shows("^Not sent: a message has at most 65536 bytes.$")


def test_the_longest_line_is_taken_by_the_server(room, on_pipes):
    overhead = len(said("Ann", "").strip()) - 2  # ours has no blanks
    with Listening(room.connect().sock) as bob:
        ann = on_pipes(room.port, "Ann")
        text = "x" * (LONGEST_LINE - overhead)
        ann.types(text.encode() + b"\n")
        assert bob.hears() == [("Ann", text)]


def test_at_the_end_it_loses_patience_with_a_server_that_does_not(monkeypatch):
    monkeypatch.setattr(chat_client, "PATIENCE", 0.05)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        nothing = os.open(os.devnull, os.O_RDONLY)
        assert ChatClient(ours, nothing, "Ann").run() == ""
        os.close(nothing)


def test_at_the_end_it_says_what_was_not_taken(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(chat_client, "PATIENCE", 0.05)
    file = tmp_path / "lines"
    file.write_bytes((b"x" * 1000 + b"\n") * 8000)
    ours, theirs = socket.socketpair()
    with ours, theirs, file.open("rb") as keyboard:
        trouble = ChatClient(ours, keyboard.fileno(), "Ann").run()
    assert re.fullmatch(r"The server has not taken the last \d+ bytes.", trouble)


# ---------------------------------------------------------------- command line


def run(*words):
    return subprocess.run(
        [sys.executable, "-P", "-m", "reactorkit", "chat", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIME,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_nobody_there_is_told_in_a_sentence():
    with socket.socket() as taken:  # nobody else can listen there meanwhile
        taken.bind(("127.0.0.1", 0))
        port = port_of(taken)
        done = run(str(port))
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode() == (
        f"No server answers at 127.0.0.1 {port} (Connection refused). "
        "Start one with `python -m reactorkit serve chat_reactor --port 5000`.\n"
    )


@pytest.mark.parametrize("words", [["0"], ["70000"], ["http"], [], ["127.0.0.1", "x"]])
def test_a_port_that_is_none_is_refused(words):
    done = run(*words)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [["{}"], ["127.0.0.1", "{}"], ["--user", "Ann", "{}"], ["{}", "--user=Ann"]]
)
def test_host_and_name_may_be_left_out(room, words):
    done = run(*(word.format(room.port) for word in words))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_name_that_is_no_text_is_replaced():
    assert chat_client.arguments(["1", "--user", os.fsdecode(b"B\xf6b")]).user == "B?b"
