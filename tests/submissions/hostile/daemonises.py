"""Leaves its group and session twice, and stays behind as somebody else's child."""

import os
import time


def serve(listener):
    for _ in range(2):
        if os.fork():
            os._exit(0)
        os.setsid()
    time.sleep(120)
