"""Makes two of each, and again; it stops by itself, in case nobody else stops it."""

import os
import time


def serve(listener):
    end = time.monotonic() + 20
    made = 0
    while time.monotonic() < end and made < 200:
        try:
            if not os.fork():
                made = 190
        except OSError:
            break
        made += 1
    time.sleep(20)
