"""``count_rows``: how many rows of another table belong to a subject."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.making import Made, Making, rows_of
from campaign_analytics.market.schema import Cells


def make(making: Making) -> Made:
    """The rows of ``table`` that ``where`` selects, a subject; a range where some rows may or may not count."""
    table = making.argument("table")
    if table not in making.market.tables:
        return Made(making.cells(making.name))
    subject = rows_of(making.market, table, making.spec.table)
    sure, possible = making.where(table)
    least, most = (
        np.bincount(subject[selected & (subject >= 0)], minlength=making.rows) for selected in (sure, possible)
    )
    return Made(Cells.make("count", least, None, most))
