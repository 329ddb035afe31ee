"""Tables to files: whole or not at all, never over somebody's data, and safe to open in a spreadsheet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow.parquet

from campaign_analytics.errors import CampaignError

Format = Literal["csv", "parquet"]

#: What a spreadsheet takes for a formula when a cell begins with it, in both widths.
_FORMULA = r"^[=+\-@＝＋－＠\t\r\n]"

#: Columns that only files of ours have: verdicts, and what became of a faulty cell.
_OURS = {"verdict", "became"}


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame], format: Format) -> list[Path]:
    """Write ``<name>.<format>`` for each table and return their paths.

    A file appears only when it is whole, and none does before all are written. Raises ``CampaignError`` where a
    file of that name that is not ours stands in the way, ``OSError`` where the folder can't be written.
    """
    paths = {name: folder / f"{name}.{format}" for name in tables}
    for path in paths.values():
        _spare(path)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: path.with_name(f".{path.name}.{os.getpid()}.part") for name, path in paths.items()}
    try:
        for name, table in tables.items():
            _write(parts[name], table, format)
        for name, part in parts.items():
            part.replace(paths[name])
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return list(paths.values())


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before every text that a spreadsheet would run as a formula."""
    texts = table.select_dtypes(["str", "object", "category"]).astype("str")
    guarded = {
        str(name): column.where(~column.str.match(_FORMULA, na=False), "'" + column) for name, column in texts.items()
    }
    return table.assign(**guarded)


def _write(path: Path, table: pd.DataFrame, format: Format) -> None:
    if format == "parquet":
        table.to_parquet(path, index=False)
    else:
        harmless(table).to_csv(path, index=False, encoding="utf-8-sig")  # without the mark Excel takes it for Latin


def _spare(path: Path) -> None:
    """Refuse to write over a file that is not an earlier one of ours."""
    if not path.exists():
        return
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig") as file:
                there = file.readline().rstrip("\r\n").split(",")
        else:
            there = pyarrow.parquet.read_schema(path).names
    except (ValueError, pyarrow.ArrowException):
        there = []
    if not _OURS.intersection(there):
        raise CampaignError(f"{path} is not a file that this command wrote; give another folder: --out DIR")
