"""What the lab's tests share."""

import time

import pytest


@pytest.fixture
def eventually():
    """Wait until a fact holds, at most `seconds`; return whether it does."""

    def wait(true, seconds=5):
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait
