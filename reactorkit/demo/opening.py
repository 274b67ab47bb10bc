"""Loads the stage's page: Voila and what it needs, or the sentence that says what is missing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reactorkit.errors import KitError

if TYPE_CHECKING:
    from reactorkit.demo.page import Page


def page_class() -> type[Page]:
    """Return the class of the page; KitError when something is not installed."""
    # A grammar that takes seconds to load, for a check of addresses that nothing here does.
    # jsonschema goes without it where it is not installed; half of the start-up goes with it.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        from reactorkit.demo.page import Page
    except ImportError as error:
        raise KitError(
            f"The stage needs {error.name}, which is not installed here: run `make environment`, "
            "or pip install -r requirements.txt."
        ) from error
    return Page
