"""Where the progress of an experiment is shown: one tqdm bar, gone when its step is done."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from reactorkit.claims.world import Progress

T = TypeVar("T")


class Bar:
    """A tqdm bar in text, on standard error or in a line of a notebook's output."""

    def __init__(self) -> None:
        self._stream: Any = CellLine() if "ipykernel" in sys.modules else sys.stderr

    def over(self, items: Iterable[T], what: str) -> Iterator[T]:
        """Yield from `items` behind a bar that names `what`."""
        from tqdm import tqdm

        yield from tqdm(
            items,
            desc=what,
            file=self._stream,
            disable=None,  # no bar in a pipe or a log file
            leave=False,
            ncols=88,
            mininterval=0.2,
        )


class CellLine:
    """A stream that shows the last line written to it, and vanishes when that is blank.

    Standard error would be a red box in JupyterLab, and an erased line of standard output
    stays as a gap. A display that is updated in place leaves neither.
    """

    def __init__(self) -> None:
        self._handle: Any = None

    def write(self, text: str) -> int:
        """Show `text` in place of what was there."""
        line = text.strip("\r\n ")
        shown = f'<pre style="margin: 0px;">{html.escape(line)}</pre>' if line else ""
        bundle = {"text/html": shown, "text/plain": line}
        if self._handle is None:
            from IPython.display import DisplayHandle

            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)
        return len(text)

    def flush(self) -> None:
        """Nothing waits: each line is shown as it comes."""


def here() -> Progress:
    """Return the progress display that fits this process."""
    return Bar()
