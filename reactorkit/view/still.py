"""A figure as a PNG, as an HTML image that any notebook host keeps, and as plain text."""

from __future__ import annotations

import base64
import io
import textwrap
import threading
from typing import TYPE_CHECKING, Any

from reactorkit.view.cards import escape
from reactorkit.view.charts import bars, grouped_bars, lines, scatter, steps
from reactorkit.view.diagrams import buffers, gantt, sequence, timeline, truth_table
from reactorkit.view.style import figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

__all__ = [
    "bars",
    "buffers",
    "gantt",
    "grouped_bars",
    "html",
    "lines",
    "png",
    "scatter",
    "sequence",
    "steps",
    "text",
    "timeline",
    "truth_table",
    "warm_up",
]

# Twice as many pixels as the page shows: sharp on a projector and on a dense screen.
SHARPNESS = 2
PALETTE = 128  # colours

# Drawing shares matplotlib's font and mathtext caches, which are not made for two threads.
_drawing = threading.Lock()


def png(fig: Figure) -> bytes:
    """Return the figure as PNG bytes, with a palette: a third of the size, to the eye the same."""
    from PIL.Image import Dither, Quantize

    small, picture = io.BytesIO(), drawn(fig).convert("RGB")
    picture.quantize(PALETTE, method=Quantize.FASTOCTREE, dither=Dither.NONE).save(small, "png")
    return small.getvalue()


def drawn(fig: Figure) -> Image:
    """Return the figure's pixels.

    As `savefig` draws them, without its last step: to pack them as a PNG, and to unpack that for
    the palette, takes about as long as to draw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL.Image import frombytes

    shown, layout = fig.dpi, fig.get_layout_engine()
    with _drawing:
        fig.dpi = shown * SHARPNESS
        try:
            canvas: Any = FigureCanvasAgg(fig)
            fig.draw_without_rendering()  # for the layout, which then stays as it is
            fig.set_layout_engine("none")
            canvas.draw()
        finally:
            fig.dpi = shown
            fig.set_layout_engine(layout)
    rows = canvas.buffer_rgba()
    height, width, _ = rows.shape
    return frombytes("RGBA", (width, height), rows)


def warm_up() -> None:
    """Load the drawing in the background, so that a lesson's first picture does not wait for it.

    matplotlib takes a second or two to load, which is less than a reader needs for the title.
    """
    threading.Thread(target=lambda: png(figure(1, 1)), name="loading", daemon=True).start()


def html(fig: Figure, alt: str, caption: str = "") -> str:
    """Return the figure as an image inside the HTML, with its text alternative and caption."""
    width = round(fig.get_figwidth() * fig.dpi)
    return image(png(fig), width, alt, caption)


def image(data: bytes, width: int, alt: str, caption: str = "") -> str:
    """Return PNG bytes as an <img> of at most `width` pixels, over its caption."""
    source = base64.b64encode(data).decode("ascii")
    below = (
        f'<div style="font-size: 14px; margin: 4px 0px 0px 0px;">{escape(caption)}</div>'
        if caption
        else ""
    )
    return (
        f'<div style="margin: 12px 0px 0px 0px;">'
        f'<img src="data:image/png;base64,{source}" alt="{escape(alt)}" '
        f'style="width: {width}px; max-width: 100%; border-radius: 4px;">'
        f"{below}</div>"
    )


def text(alt: str, caption: str = "", width: int = 88) -> str:
    """Return what stands in for a picture where only text is shown."""
    lines_ = [f"[Picture: {alt}]" if alt else "", caption]
    return "\n".join(textwrap.fill(line, width) for line in lines_ if line)
