"""A market as files of typed columns, in small row groups."""

from __future__ import annotations

from pathlib import Path

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
