"""The one exception that speaks to people: a sentence that says what happened and what to do."""

from __future__ import annotations

from collections.abc import Iterable


class KitError(Exception):
    """A problem that the reader can solve; its text is one or two whole sentences.

    In a notebook it is shown without a traceback: the traceback would point into the
    kit, and the cause is in the reader's cell or on the reader's machine.
    """

    def _render_traceback_(self) -> list[str]:
        """IPython's hook for exceptions that draw themselves (IPython.core.interactiveshell)."""
        return [f"{type(self).__name__}: {self}"]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean ...?` for the known words closest to `word`, or an empty string."""
    import difflib  # only for whoever has mistyped: every served child loads this module

    close = difflib.get_close_matches(word, list(known), n=2, cutoff=0.5)
    return f" Did you mean {' or '.join(close)}?" if close else ""
