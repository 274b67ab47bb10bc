"""The server's own time: it stands still while nothing may move, so no time-out fires meanwhile."""

from __future__ import annotations

import time

_now = time.monotonic_ns  # the real one, before anybody replaces it


class Clock:
    """A monotonic clock that can be stopped and started again."""

    def __init__(self) -> None:
        self._lost = 0  # nanoseconds it has stood still so far
        self._stopped: int | None = None

    def stop(self) -> None:
        """Stand still."""
        if self._stopped is None:
            self._stopped = _now()

    def go(self) -> None:
        """Go on from where it stood."""
        if self._stopped is not None:
            self._lost += _now() - self._stopped
            self._stopped = None

    def monotonic_ns(self) -> int:
        """Return nanoseconds; stands in for time.monotonic_ns."""
        stopped = self._stopped
        return (_now() if stopped is None else stopped) - self._lost

    def monotonic(self) -> float:
        """Return seconds; stands in for time.monotonic."""
        return self.monotonic_ns() / 1e9
