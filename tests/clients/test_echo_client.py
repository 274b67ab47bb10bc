"""The echo client: what comes back is what was sent, whole, and trouble is told in a sentence."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reactorkit.clients.echo_client import ask, talk
from reactorkit.lab.server import Server

ROOT = Path(__file__).resolve().parents[2]


def run(*words, typed=b"", **options):
    return subprocess.run(
        [sys.executable, "-P", "-m", "reactorkit", "echo", *words],
        input=typed,
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **options,
    )


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_each_typed_line_comes_back():
    with Server("echo_threads") as server:
        done = run("127.0.0.1", str(server.port), typed="eins\nzwölf\nno newline".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "eins\nzwölf\nno newline"


def test_an_answer_in_many_pieces_is_waited_for():
    # A scripted server that answers byte by byte, each piece after the one before was read.
    here, there = socket.socketpair()
    answer = bytes(range(200))

    def serve():
        there.recv(65536)
        for place in range(len(answer)):
            there.sendall(answer[place : place + 1])

    with here, there:
        server = threading.Thread(target=serve)
        server.start()
        assert ask(here, answer) == answer
        server.join()


def test_the_next_answer_is_the_next_questions(capsys):
    with Server("echo_selectors") as server, socket.create_connection(server.address) as here:
        talk(here, [b"x" * 300_000 + b"\n", b"short\n"])
    assert capsys.readouterr().out == "x" * 300_000 + "\nshort\n"


def test_a_server_that_leaves_half_way_is_an_error():
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"hel")
        there.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionError, match="it left after 3 of 5 bytes"):
            ask(here, b"hello")


def test_nobody_there_is_told_in_a_sentence(free_port):
    done = run("127.0.0.1", str(free_port))
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode() == (
        f"No server answers at 127.0.0.1 {free_port} (Connection refused). "
        "Start one with `python -m reactorkit serve echo_threads`.\n"
    )


def test_a_server_that_goes_away_is_told_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            client, _ = listener.accept()
            with client:
                client.recv(2)  # half of the question, and good-bye

        server = threading.Thread(target=serve)
        server.start()
        done = run("127.0.0.1", str(listener.getsockname()[1]), typed=b"hello\n")
        server.join()
    assert done.returncode == 1
    assert done.stderr.decode().startswith("The server is gone (")


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none_is_refused(port):
    done = run("127.0.0.1", port)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_an_empty_conversation_is_fine():
    with Server("echo_threads") as server:
        done = run("127.0.0.1", str(server.port))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
