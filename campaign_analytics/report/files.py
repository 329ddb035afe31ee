"""Files of ours: whole or not at all, never over somebody's data, and safe to open in a spreadsheet."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow
import pyarrow.parquet

from campaign_analytics.errors import CampaignError
from campaign_analytics.market.typed import is_typed

#: Stands in every workbook and page of ours, so that an earlier one may be written over.
MADE_BY: Final = "campaign-analytics"

#: What a spreadsheet takes for a formula when a cell begins with it, in both widths.
_FORMULA = r"^[=+\-@＝＋－＠\t\r\n]"

#: Columns that only tables of ours have: verdicts, what became of a faulty cell, the clause of a rule, how a subject
#: stands over time, the state from which it went, a count of days.
_OURS = {"verdict", "became", "clause", "standing", "from_state", "offers_breached"}


@contextmanager
def whole(paths: Iterable[Path]) -> Iterator[dict[Path, Path]]:
    """Write each path at the place beside it that this gives; all of them appear when the block has ended well.

    Raises ``CampaignError`` where a file that is not ours stands in the way, ``OSError`` where nothing can be written.
    """
    parts = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in paths}
    for path in parts:
        _spare(path)
    for path in parts:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield parts
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before every text, header or not, that a spreadsheet would run as a formula."""
    texts = table.select_dtypes(["str", "object", "category"]).astype("str")
    guarded = {
        str(name): column.where(~column.str.match(_FORMULA, na=False), "'" + column) for name, column in texts.items()
    }
    return table.assign(**guarded).rename(columns=lambda name: f"'{name}" if re.match(_FORMULA, str(name)) else name)


def write_plain(table: pd.DataFrame, path: Path, format: str) -> None:
    """One table as "csv" or "parquet", its columns under their own names."""
    if format == "parquet":
        table.to_parquet(path, index=False)
    else:
        harmless(table).to_csv(path, index=False, encoding="utf-8-sig")  # without the mark Excel takes it for Latin


def _spare(path: Path) -> None:
    """Refuse to write over a file that is not an earlier one of ours."""
    if path.is_dir():
        raise CampaignError(f"{path} is a folder; give the name of a file")
    if path.exists() and not _is_ours(path):
        raise CampaignError(f"{path} is not a file that this command wrote; give another place: --out")


def _is_ours(path: Path) -> bool:
    try:
        match path.suffix.lower():
            case ".parquet":
                schema = pyarrow.parquet.read_schema(path)
                return is_typed(schema) or bool(_OURS.intersection(schema.names))
            case ".xlsx":
                with zipfile.ZipFile(path) as held:
                    return MADE_BY.encode() in held.read("docProps/core.xml")
            case ".html" | ".toml":
                return MADE_BY in path.read_text("utf-8")[:500]
        with path.open(encoding="utf-8-sig") as file:
            return bool(_OURS.intersection(file.readline().rstrip("\r\n").split(",")))
    except (ValueError, KeyError, zipfile.BadZipFile, pyarrow.ArrowException):
        return False
