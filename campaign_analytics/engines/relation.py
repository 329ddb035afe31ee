"""Typed columns as a relation that SQL engines read: what ``engines.sql`` compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from campaign_analytics.engines.sql import Held
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.market.typed import HIGH, UNREAD

ROW = "#row"  # no column's name: those are plain SQL names
_SIGNED = 63  # names whose bits fit a signed integer


def relation(cells: Mapping[str, Cells], rows: int) -> pa.Table:
    """One column for each of ``cells``, null where missing, with ``x__high`` and ``x__unread`` where it has them; and
    the rows' numbers, for engines keep no order."""
    columns: dict[str, pa.Array] = {ROW: pa.array(np.arange(rows))}
    for name, held in cells.items():
        columns[name] = _array(held, held.values)
        if held.high is not None:
            columns[name + HIGH] = _array(held, held.high)
        if held.unread is not None:
            columns[name + UNREAD] = pa.array(held.unread)
    return pa.table(columns)


def held_of(cells: Mapping[str, Cells]) -> dict[str, Held]:
    """What SQL must know of each column of ``relation``."""
    return {
        name: Held(
            held.type,
            held.names,
            1 << held.size.bit_length() if held.type in ("count", "money") else 2**31,  # the same in most parts
            held.high is not None,
            held.unread is not None,
        )
        for name, held in cells.items()
    }


def _array(held: Cells, values: Any) -> pa.Array:
    if held.type == "text" and held.names:
        return pa.array(held.names, pa.string()).take(pa.array(values, mask=held.missing))
    if held.type == "text":
        return pa.array(np.asarray(values, object), pa.string(), mask=held.missing)
    if held.type == "set" and len(held.names) <= _SIGNED:
        values = values.astype(np.int64)
    array: Array = np.ascontiguousarray(values)
    return pa.array(array, mask=held.missing)
