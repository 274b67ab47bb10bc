"""Prints one line that does not end."""

import sys


def serve(listener):
    for _ in range(3000):
        sys.stdout.write("x" * 100_000)
    listener.accept()
