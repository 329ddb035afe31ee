"""Tables to a folder: all of them whole, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from campaign_analytics.report.files import whole, write_plain

Format = Literal["csv", "parquet"]


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame], format: Format) -> list[Path]:
    """Write ``<name>.<format>`` for each table and return their paths.

    A file appears only when it is whole, and none does before all are written. Raises ``CampaignError`` where a
    file of that name that is not ours stands in the way, ``OSError`` where the folder can't be written.
    """
    paths = {name: folder / f"{name}.{format}" for name in tables}
    with whole(paths.values()) as parts:
        for name, table in tables.items():
            write_plain(table, parts[paths[name]], format)
    return list(paths.values())
