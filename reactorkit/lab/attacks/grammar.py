"""Lines for a chat server that are right, nearly right, half right and plain wrong, from a seed."""

from __future__ import annotations

import json
import random
from typing import Any

LONGEST = 70_000  # bytes; the wire format allows 65,536
LETTERS = 'abc xyz 0123456789 {}[]",:\\ äöüß 你好 🙂 \u0000\u001f\u007f\u2028 é'


class Grammar:
    """Makes lines. The same random numbers make the same lines."""

    def __init__(self, numbers: random.Random) -> None:
        self.numbers = numbers
        self._kinds = (
            (30, self.message),
            (30, self.mutated),
            (20, self.half_valid),
            (12, self.noise),
            (6, self.blank),
            (1, self.deep),
            (1, self.long),
        )
        self._weights = [weight for weight, _ in self._kinds]

    def line(self) -> bytes:
        """Return one line; most end with a newline."""
        (_, make) = self.numbers.choices(self._kinds, self._weights)[0]
        return make() + (b"\n" if self.numbers.random() < 0.97 else b"")

    def text(self, longest: int = 40) -> str:
        """Return a string with whatever may trouble a parser."""
        return "".join(self.numbers.choices(LETTERS, k=self.numbers.randrange(longest)))

    def message(self) -> bytes:
        """Return a valid message."""
        said = {"user": self.text(12), "text": self.text(120)}
        return json.dumps(said, ensure_ascii=self.numbers.random() < 0.5).encode()

    def mutated(self) -> bytes:
        """Return a valid message with a few bytes changed, lost, doubled or added."""
        data = bytearray(self.message())
        for _ in range(self.numbers.randint(1, 4)):
            start = self.numbers.randrange(len(data) + 1)
            end = min(len(data), start + self.numbers.randrange(8))
            change = self.numbers.randrange(4)
            if change == 0:
                del data[start:end]
            elif change == 1:
                data[start:start] = data[start:end]
            elif change == 2:
                data[start:start] = self.numbers.randbytes(self.numbers.randrange(4))
            else:
                data[start:end] = self.numbers.randbytes(end - start)
        return bytes(data).replace(b"\n", b"")

    def half_valid(self) -> bytes:
        """Return JSON that is no message: another type, another shape, a value no one expects."""
        keys = ["user", "text", "user", "text", "error", self.text(5)]
        if self.numbers.random() < 0.5:
            value: Any = {key: self._value(2) for key in self.numbers.sample(keys, 3)}
        else:
            value = self._value(3)
        return json.dumps(value).encode()

    def _value(self, depth: int) -> Any:
        kind = self.numbers.randrange(10 if depth else 8)
        simple = (
            None,
            True,
            self.numbers.randint(-(10**30), 10**30),
            self.numbers.random() * 1e300,
            float("nan"),
            float("inf"),
            self.text(),
            "".join(self.numbers.choices("\ud800\udfff\udc00a", k=3)),
        )
        if kind < len(simple):
            return simple[kind]
        items = [self._value(depth - 1) for _ in range(self.numbers.randrange(4))]
        return items if kind == 8 else {self.text(4): item for item in items}

    def noise(self) -> bytes:
        """Return bytes that are nothing."""
        return self.numbers.randbytes(self.numbers.randrange(200)).replace(b"\n", b"")

    def blank(self) -> bytes:
        """Return white space, or nothing."""
        return self.numbers.choice([b"", b"\r", b" ", b"\t \r", b"\xef\xbb\xbf", b"\x00"])

    def deep(self) -> bytes:
        """Return brackets within brackets, closed or not."""
        depth = self.numbers.choice([100, 999, 5_000, 30_000])
        opening, closing = self.numbers.choice([(b"[", b"]"), (b'{"user":', b"}")])
        return opening * depth + self.numbers.choice([b"", b"1" + closing * depth])

    def long(self) -> bytes:
        """Return a line about as long as the longest that is allowed, or longer."""
        size = self.numbers.choice([60_000, 65_535, 65_536, 65_537, LONGEST])
        if self.numbers.random() < 0.5:
            return b"x" * size
        frame = len(b'{"user":"x","text":""}')
        return b'{"user":"x","text":"' + b"o" * (size - frame) + b'"}'
