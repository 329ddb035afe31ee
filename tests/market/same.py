"""Whether two markets are the same, cell by cell: what is held, both ends of ranges, what is missing and why."""

from __future__ import annotations

import pandas as pd

from campaign_analytics.market.cells import spelled
from campaign_analytics.market.schema import Market, Table


def assert_same(market: Market, again: Market) -> None:
    """Fail where tables, their rows or cells differ, or rows of earlier snapshots."""
    for one, other in ((market.tables, again.tables), (market.earlier, again.earlier)):
        assert list(one) == list(other)
        for name, table in one.items():
            assert_same_table(table, other[name])


def assert_same_table(table: Table, again: Table) -> None:
    """Fail where rows or cells differ."""
    assert table.rows == again.rows
    assert set(table.cells) == set(again.cells)
    for name, held in table.cells.items():
        other = again.cells[name]
        assert held.type == other.type
        assert spelled(held) == spelled(other), name
        assert held.gone.tolist() == other.gone.tolist(), name
        assert held.blank.tolist() == other.blank.tolist(), name
        if held.high is None and not held.names:  # spelled() may round
            pd.testing.assert_series_equal(held.to_pandas(), other.to_pandas(), obj=name)
