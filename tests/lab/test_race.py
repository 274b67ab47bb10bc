"""A race gives every server the same load and prints what came out."""

import pytest

from reactorkit import race
from reactorkit.errors import KitError


def test_a_race_has_a_row_for_each_server_and_prints_well():
    table = race("echo_threads", "echo_selectors", clients=5, seconds=0.2, rounds=2)
    assert [row.server for row in table.rows] == ["echo_threads", "echo_selectors"]
    assert table.rows[0].ratio == 1
    assert all(row.rate > 0 and row.cpu_per_request > 0 for row in table.rows)
    text = str(table)
    assert "requests/s" in text and "echo_selectors" in text
    assert "<td" in table._repr_html_()
    assert table.plot().axes


def test_one_server_is_no_race():
    with pytest.raises(KitError, match="two servers"):
        race("echo_threads")
