"""Writes files without an end; it stops at 2 GiB by itself."""

import os


def serve(listener):
    block = os.urandom(1 << 20)
    for number in range(100):
        with open(f"filler-{number}", "wb") as file:
            for _ in range(20):
                file.write(block)
