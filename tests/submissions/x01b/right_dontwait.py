"""A second descriptor, and MSG_DONTWAIT besides MSG_PEEK."""

import socket

WORDS = {True: "DATA", False: "EOF"}


def classify(sock):
    with sock.dup() as other:
        try:
            return WORDS[other.recv(17, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""]
        except (BlockingIOError, InterruptedError):
            return "NOTHING"
        except ConnectionError:
            return "RESET"
