"""``earliest``: the first time among a subject's rows of another table, such as a shop's first enrolled offer."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.making import Made, Making, rows_of
from campaign_analytics.market.schema import Cells

_NEVER = np.iinfo(np.int64).max


def make(making: Making) -> Made:
    """The least value of column ``time`` of ``table`` for each subject; missing where there is none.

    Where one of its times is not understood, neither is the earliest.
    """
    table = making.argument("table")
    if table not in making.market.tables:
        return Made(making.cells(making.name))
    times = making.cells(making.argument("time"), table)
    subject = rows_of(making.market, table, making.spec.table)
    known = subject >= 0
    if times.missing is not None:
        known &= ~times.missing
    first = np.full(making.rows, _NEVER)
    np.minimum.at(first, subject[known], times.values[known])
    unread = np.zeros(making.rows, bool)
    if times.unread is not None:
        unread[subject[times.unread & (subject >= 0)]] = True
    return Made(Cells.make(making.spec.type, first, (first == _NEVER) | unread, unread=unread))
