"""What a helper of this lesson returns: a picture in a notebook, the same in words elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reactorkit.view import cards

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Shown:
    """A measurement that draws itself: `draw` makes the figure, `words` says what it shows."""

    words: str
    caption: str
    draw: Callable[[], Figure]

    def plot(self) -> Figure:
        """Return the picture."""
        return self.draw()

    def __str__(self) -> str:
        return self.words

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from reactorkit.view import still

        return cards.card(still.html(self.plot(), self.words, self.caption))
