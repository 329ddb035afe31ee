"""Codes on their way from workers to the driver, as columns that Spark has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from campaign_analytics.large.condensing import GONE
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.market.typed import HIGH
from campaign_analytics.simulate.at_rest import Codes

_CODE = "#code_{}"


def code_types(names: Sequence[str]) -> dict[str, str]:
    """The types of ``code_columns``, in SQL."""
    return {_CODE.format(n) + end: "SMALLINT" for n in range(len(names)) for end in ("", HIGH)}


def code_columns(codes: Codes, names: Sequence[str]) -> dict[str, Array]:
    """The codes ``names``, each with its high ends."""
    columns: dict[str, Array] = {}
    for n, name in enumerate(names):
        cells = codes.cells[name]
        low = np.where(cells.gone, GONE, cells.values)
        for end, held in (("", low), (HIGH, low if cells.high is None else cells.high)):
            columns[_CODE.format(n) + end] = held.astype(np.int16)  # Spark has no unsigned kind
    return columns


def codes_of(held: pa.Table, like: Codes) -> Codes:
    """The codes out of ``code_columns``: those that ``like`` has."""
    cells: dict[str, Cells] = {}
    for n, (name, each) in enumerate(like.cells.items()):
        low, high = (np.asarray(held[_CODE.format(n) + end], np.int64).astype(np.uint8) for end in ("", HIGH))
        if each.type == "flag":
            cells[name] = Cells.make("flag", low == 1, low == GONE)
        else:
            cells[name] = Cells("count", low, None, None if np.array_equal(low, high) else high)
    return Codes(cells, like.leaves, like.flags)
