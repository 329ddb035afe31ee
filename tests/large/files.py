"""A market as files of typed columns, in small row groups."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.demo.write import write_declared
from campaign_analytics.market.schema import Market
from campaign_analytics.market.typed import to_arrow


def written(market: Market, folder: Path) -> Path:
    """Write every table into ``folder``; gives it."""
    for name, table in market.tables.items():
        pyarrow.parquet.write_table(to_arrow(table), folder / f"{name}.parquet", row_group_size=350)
    write_declared(market.declared, folder, {})
    return folder


def write_without(file: Path, key: str, row: int, statistics: bool = True) -> None:
    """Write a file again without one of its keys; rows are counted from 1."""
    held = pyarrow.parquet.read_table(file)
    ids = [None if number == row else each for number, each in enumerate(held[key].to_pylist(), 1)]
    changed = held.set_column(held.column_names.index(key), key, pa.array(ids, pa.string()))
    pyarrow.parquet.write_table(changed, file, row_group_size=10, write_statistics=statistics)
