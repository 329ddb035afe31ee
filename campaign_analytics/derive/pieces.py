"""``pieces``: a quantity in its listed unit, or counted in single pieces."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.making import Made, Making
from campaign_analytics.market.schema import Cells


def make(making: Making) -> Made:
    """``quantity`` as listed, or with ``policy`` "pieces" times ``batch`` where its ``unit`` is none of
    ``piece_units``.

    A unit that is not known, or a batch of unknown size, leaves the pieces unknown.
    """
    quantity, unit = making.column("quantity"), making.column("unit")
    assert quantity is not None
    assert unit is not None
    if making.argument("policy") != "pieces":
        return Made(quantity)
    single = np.isin(unit.values, [i for i, name in enumerate(unit.names) if name in making.argument("piece_units")])
    batch = making.column("batch")
    each = np.ones(making.rows, np.int64)
    gone = np.zeros(making.rows, bool)
    for column in (quantity, unit):
        if column.missing is not None:
            gone |= column.missing
    if batch is not None:
        each = np.where(single, 1, batch.values.astype(np.int64))
        gone |= ~single & (False if batch.missing is None else batch.missing)
    else:
        gone |= ~single
    high = None if quantity.high is None else quantity.high * each
    return Made(Cells.make("count", quantity.values * each, gone, high))
