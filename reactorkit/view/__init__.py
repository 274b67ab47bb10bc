"""Still pictures and cards: figures as PNG, HTML that every host keeps, and their text twins.

The names load lazily (PEP 562), and matplotlib only when a figure is made.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "COLOURS": "style",
    "axes": "style",
    "figure": "style",
    "log_axis": "style",
    "look": "style",
    "number": "style",
    "bars": "charts",
    "grouped_bars": "charts",
    "lines": "charts",
    "scatter": "charts",
    "steps": "charts",
    "buffers": "diagrams",
    "sequence": "diagrams",
    "timeline": "diagrams",
    "gantt": "diagrams",
    "truth_table": "diagrams",
    "html": "still",
    "png": "still",
    "text": "still",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
