"""Cards in plain HTML: inline styles only, no script and no SVG, so that any host shows them.

JupyterLab strips inline SVG and scripts from untrusted notebooks, but keeps data-URI images
and these styles. Text takes the host's colour, so that light and dark themes both work.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

# Background and text of a verdict's chip, contrast at least 4.5:1 (WCAG 2.2, 1.4.3).
CHIP = {
    "holds": ("#00704f", "#ffffff"),
    "only_if": ("#0061a0", "#ffffff"),
    "refuted": ("#a84300", "#ffffff"),
    "unexpected": ("#f0e442", "#000000"),
    "undecidable": ("#5f5f5f", "#ffffff"),
    "waiting": ("#5f5f5f", "#ffffff"),
}

_LINE = "1px solid rgba(128, 128, 128, 0.45)"


def escape(text: object) -> str:
    """Return text as HTML, quotes included."""
    return html.escape(str(text), quote=True)


def chip(text: str, role: str) -> str:
    """Return a verdict in big letters on its colour."""
    back, front = CHIP[role]
    return (
        f'<span style="display: inline-block; padding: 3px 12px; border-radius: 4px; '
        f"background-color: {back}; color: {front}; font-size: 18px; font-weight: bold;"
        f'">{escape(text)}</span>'
    )


def verdict(words: str, role: str, condition: str = "") -> str:
    """Return a verdict's line: the chip, and the condition of HOLDS ONLY IF after it."""
    after = f' <span style="font-size: 17px; font-weight: bold;">{escape(condition)}</span>'
    return f'<div style="margin: 12px 0px 4px 0px;">{chip(words, role)}{after}</div>'


def card(*parts: str) -> str:
    """Return the parts in one frame, as wide as a line that reads well."""
    return (
        f'<div style="border: {_LINE}; border-radius: 6px; padding: 12px 16px; '
        f'margin: 4px 0px; max-width: 860px; font-size: 15px; line-height: 1.5;">'
        f"{''.join(parts)}</div>"
    )


def heading(text: str, small: str = "") -> str:
    """Return a question or a title; `small` stands before it, less loud."""
    label = f'<div style="font-size: 13px; opacity: 0.75;">{escape(small)}</div>' if small else ""
    return (
        f'{label}<div style="font-size: 17px; font-weight: bold; margin: 0px 0px 8px 0px;">'
        f"{escape(text)}</div>"
    )


def paragraph(text: str, *, label: str = "", quiet: bool = False) -> str:
    """Return a paragraph, after its label in bold; a quiet one is smaller and dimmer."""
    style = "font-size: 13px; opacity: 0.8;" if quiet else ""
    front = f"<strong>{escape(label)}:</strong> " if label else ""
    return f'<div style="margin: 8px 0px 0px 0px; {style}">{front}{escape(text)}</div>'


def divider() -> str:
    """Return a thin line between two parts."""
    return f'<div style="border-top: {_LINE}; margin: 16px 0px 12px 0px;"></div>'


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """Return label and value pairs, one under the other. The values are HTML already."""
    cells = "".join(
        f'<div style="display: flex; margin: 6px 0px 0px 0px;">'
        f'<span style="display: inline-block; min-width: 110px; opacity: 0.75;">'
        f"{escape(label)}</span> <span>{value}</span></div>"
        for label, value in pairs
    )
    return f"<div>{cells}</div>"
