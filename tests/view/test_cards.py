import re

import pytest

from reactorkit.view import cards


def luminance(colour):
    """Return the relative luminance of "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("role", cards.CHIP)
def test_a_verdict_is_legible_on_its_colour(role):
    light, dark = sorted(map(luminance, cards.CHIP[role]), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_everything_is_escaped():
    evil = "<b>&\"'"
    for html in (
        cards.heading(evil, evil),
        cards.paragraph(evil, label=evil),
        cards.rows([(evil, cards.escape(evil))]),
        cards.verdict(evil, "holds", evil),
    ):
        assert "<b>" not in html
        assert "&lt;b&gt;&amp;&quot;&#x27;" in html


def test_cards_take_the_text_colour_of_their_host():
    html = cards.card(cards.heading("Q", "C13"), cards.paragraph("p"), cards.divider())
    assert not re.search(r"(?<!-)color:", html)
