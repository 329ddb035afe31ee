"""``pieces``: a quantity in its listed unit, or counted in single pieces."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.making import Made, Making, absent, ends, gone, unread
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.model import Quantity


def make(making: Making) -> Made:
    """``quantity`` as listed, or with ``policy`` "pieces" times the pieces in its ``unit``: 1 for one of
    ``piece_units``, what ``unit_sizes`` says of it (a dozen is 12), else the row's own ``batch``.

    A unit that is not known, or one of unknown size, leaves the pieces unknown.
    """
    quantity, unit = making.column("quantity"), making.column("unit")
    assert quantity is not None
    assert unit is not None
    if making.argument("policy") != "pieces":
        return Made(quantity)
    batch = making.column("batch")
    if batch is None:
        batch = absent(Quantity(type="count"), (), making.rows)
    size = _sizes(making, unit.names)[unit.values]
    low, high = (
        listed * np.where(size > 0, size, each).astype(np.int64)
        for listed, each in zip(ends(quantity), ends(batch), strict=True)
    )
    missing = gone(quantity) | gone(unit) | ((size == 0) & gone(batch))
    not_read = unread(quantity) | unread(unit) | ((size == 0) & ~gone(unit) & unread(batch))
    return Made(Cells.make("count", low, missing, high, unread=not_read))


def _sizes(making: Making, units: tuple[str, ...]) -> Array:
    """The pieces in each of ``units``, the same in every row; 0 where that differs."""
    sizes = making.argument("unit_sizes")
    told = dict(sizes.values) if isinstance(sizes, PerValue) else {}
    rest = sizes.default if isinstance(sizes, PerValue) else sizes
    held = [1 if unit in making.argument("piece_units") else told.get(unit, rest) or 0 for unit in units]
    return np.array(held or [0], np.int64)
