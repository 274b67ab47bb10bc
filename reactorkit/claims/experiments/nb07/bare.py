"""A piece of a server without its comments: they would give the answer away before the question."""

from __future__ import annotations

import io
import os
import tokenize

from reactorkit.lab.sources import Source, show


def bare(target: str | os.PathLike[str], part: str) -> Source:
    """Return one piece of a server as `show` does, without its comments."""
    piece = show(target, part)
    lines = piece.text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(piece.text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    kept = [line for line in lines if line]
    return Source(f"{piece.title}, without its comments", "\n".join(kept))
