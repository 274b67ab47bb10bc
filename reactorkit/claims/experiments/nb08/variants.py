"""A server with a few of its lines changed, to see what they are there for."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from reactorkit.claims.model import AuthorError
from reactorkit.claims.world import World
from reactorkit.servers import rung

ARTICLE, OURS = "chat_article", "chat_reactor"


def variant(world: World, origin: str, name: str, *changes: tuple[str, str]) -> Path:
    """Return a copy of a rung in which each (pattern, replacement) of `changes` was applied once.

    The copy goes away with the experiment. AuthorError when the rung has changed meanwhile, and
    no longer holds what is to be replaced.
    """
    text = rung(origin).path.read_text(encoding="utf-8")
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if count != 1:
            raise AuthorError(f"{origin} holds {pattern!r} {count} times, and not once.")
    folder = world.enter(tempfile.TemporaryDirectory(prefix="reactorkit-"))
    copy = Path(folder) / f"{name}.py"
    copy.write_text(text, encoding="utf-8")
    return copy
