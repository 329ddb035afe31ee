"""What reading a dirty market must give: the clean one, and every cell that is lost told where it stands."""

from __future__ import annotations

from typing import Any

import numpy as np

from campaign_analytics.demo.dirt import Dirty
from campaign_analytics.market.schema import Array, Cells, Market


def differences(dirty: Dirty, read: Market) -> list[str]:
    """How ``read`` differs from what was written, in words; nothing where it is the same."""
    said: list[str] = []
    for name, table in dirty.market.tables.items():
        if name not in read.tables:
            said += [f"no table {name}"] * bool(table.rows)
            continue
        again = read.tables[name]
        if again.rows != table.rows:
            said.append(f"{name}: {again.rows} rows, not {table.rows}")
            continue
        for column, cells in table.cells.items():
            if column not in again.cells:
                said.append(f"{name}: no column {column}")
            else:
                said += [f"{name}.{column}: {each}" for each in _cells(cells, again.cells[column])]
    assert read.quality is not None
    noted = read.quality.cells()
    noted = noted[noted["kind"].isin(["missing", "rejected"])]
    told = set(noted[["table", "file", "row", "column"]].astype(object).itertuples(index=False, name=None))
    lost = {place[:4] for place in dirty.lost}
    said += [f"lost and not told: {place}" for place in sorted(lost - told)]
    said += [f"told and not lost: {place}" for place in sorted(told - lost)]
    return said


def _cells(one: Cells, other: Cells) -> list[str]:
    if one.type != other.type:
        return [f"{other.type}, not {one.type}"]
    said = []
    gone = np.flatnonzero(one.gone != other.gone)
    if len(gone):
        said.append(f"{len(gone)} cells missing or not, the first in row {gone[0]}: {_shown(one, other, gone[0])}")
    held = [_named(cells) for cells in (one, other)]
    apart = np.flatnonzero((held[0] != held[1]) & ~one.gone & ~other.gone)
    if len(apart):
        said.append(f"{len(apart)} cells differ, the first in row {apart[0]}: {_shown(one, other, apart[0])}")
    if (other.high is None) != (one.high is None):
        said.append("a range")
    return said


def _named(cells: Cells) -> Array:
    """Values that mean the same whatever the order of the names behind them."""
    values = np.asarray(cells.values)
    if not cells.names:
        return values
    if cells.type == "set":
        return np.array(
            ["、".join(sorted(n for i, n in enumerate(cells.names) if int(v) >> i & 1)) for v in values], object
        )
    named: Array = np.array(cells.names, object)[values]
    return named


def _shown(one: Cells, other: Cells, row: Any) -> str:
    return " became ".join("nothing" if cells.gone[row] else repr(_named(cells)[row]) for cells in (one, other))
