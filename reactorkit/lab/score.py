"""The totals of a crowd: what was sent, what came back, and how long it took."""

from __future__ import annotations

import math
import time
from typing import Any

# Latencies are counted in steps of 4 %: fine enough for percentiles, bounded in memory.
STEPS_PER_E = 25


class Score:
    """The totals of a crowd."""

    def __init__(self) -> None:
        self.connected = self.refused = self.resets = self.eofs = self.wrong = 0
        self.sent = self.received = self.round_trips = self.deliveries = 0
        self.worst = 0.0
        self.latencies: dict[int, int] = {}
        self.began = time.monotonic()

    def start_over(self) -> None:
        """Forget what was counted while connecting."""
        self.sent = self.received = self.round_trips = self.deliveries = 0
        self.worst = 0.0
        self.latencies.clear()
        self.began = time.monotonic()

    def round_trip(self, seconds: float) -> None:
        """Count one answered request."""
        self.round_trips += 1
        self.latency(seconds)

    def latency(self, seconds: float) -> None:
        """Count how long one answer, or one message, was on its way."""
        step = int(math.log(max(seconds, 0.0) * 1e6 + 1) * STEPS_PER_E)
        self.latencies[step] = self.latencies.get(step, 0) + 1
        if seconds > self.worst:
            self.worst = seconds

    def percentile(self, share: float) -> float | None:
        """Return the latency in seconds that `share` of those counted stayed below."""
        left = share * sum(self.latencies.values())
        for step in sorted(self.latencies):
            left -= self.latencies[step]
            if left <= 0:
                return (math.exp((step + 0.5) / STEPS_PER_E) - 1) / 1e6
        return None

    def snapshot(self) -> dict[str, Any]:
        """Return the totals as plain values."""
        counts = ("connected", "refused", "resets", "eofs", "wrong", "sent", "received")
        return {
            **{name: getattr(self, name) for name in counts},
            "round_trips": self.round_trips,
            "deliveries": self.deliveries,
            "seconds": time.monotonic() - self.began,
            "p50": self.percentile(0.50),
            "p90": self.percentile(0.90),
            "p99": self.percentile(0.99),
            "worst": self.worst if self.latencies else None,
        }
