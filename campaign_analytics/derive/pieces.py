"""``pieces``: a quantity in its listed unit, or counted in single pieces."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.making import Made, Making, ends, gone
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
    if batch is None:
        batch = Cells("count", np.zeros(making.rows, np.int64), np.ones(making.rows, bool))
    low, high = (
        listed * np.where(single, 1, each).astype(np.int64)
        for listed, each in zip(ends(quantity), ends(batch), strict=True)
    )
    return Made(Cells.make("count", low, gone(quantity) | gone(unit) | (~single & gone(batch)), high))
