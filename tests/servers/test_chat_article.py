"""The article's chat does what its text says, on the paths where nothing surprises it."""

import json
import re


def said(user, text):
    return json.dumps({"user": user, "text": text}).encode()


DIALOGUE = [
    ("Hila", "Hi There"),
    ("Bella", "Hi you"),
    ("Bella", "My Name is Bella"),
    ("Hila", "Nice, My name is Hila"),
    ("Bella", "Im Kim number #1 fan!"),
    ("Hila", "No, I am!!!!"),
]


def named(log, ports):
    """Return the log with the members' names in place of their addresses."""
    return re.sub(r"\('127.0.0.1', (\d+)\)", lambda found: ports[int(found[1])], log)


def test_the_dialogue_of_the_article_and_what_the_server_prints(start, eventually):
    server = start("chat_article")
    with server.connect(timeout=20) as hila:
        members = {"Hila": hila}
        hila.send(said(*DIALOGUE[0]))
        assert hila.recv_exactly(15) == b"[Hila] Hi There"  # her own line comes back: C79
        with server.connect(timeout=20) as bella:
            members["Bella"] = bella
            for user, text in DIALOGUE[1:]:
                members[user].send(said(user, text))
                line = f"[{user}] {text}".encode()
                for member in members.values():
                    assert member.recv_exactly(len(line)) == line
            ports = {one.sock.getsockname()[1]: name for name, one in members.items()}
        assert eventually(lambda: "bye!" in server.log)  # else both may leave in the same turn
    talk = [f"{user}: [{user}] {text}" for user, text in DIALOGUE]
    story = ["Hila hello!", talk[0], "Bella hello!", *talk[1:], "Bella bye!", "Hila bye!"]
    # What the server has just done is printed a moment later.
    assert eventually(lambda: named(server.log, ports).splitlines()[1:] == story)


def test_what_it_does_not_understand_it_logs_and_nobody_hears_it(start, eventually):
    server = start("chat_article")
    with server.connect(timeout=20) as ann, server.connect(timeout=20) as bob:
        ann.send(b"hello")
        assert eventually(lambda: "Not a message: b'hello' (JSONDecodeError" in server.log)
        ann.send(b'{"user": "Ann"}')
        assert eventually(lambda: """b'{"user": "Ann"}' (KeyError('text'))""" in server.log)
        bob.send(said("Bob", "anybody?"))
        assert ann.recv() == bob.recv() == b"[Bob] anybody?"
