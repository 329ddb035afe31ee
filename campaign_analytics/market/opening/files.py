"""Open a file as what it is: by what it holds, and where that says nothing by how its name ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Knows, Opened, Opener
from campaign_analytics.market.opening.delimited import open_delimited
from campaign_analytics.market.opening.frames import open_parquet
from campaign_analytics.market.opening.workbooks import open_workbook
from campaign_analytics.market.records import DOCUMENT, LINES, open_records

#: How the name of a file that may hold tables ends, and what opens it.
OPENERS: Mapping[str, Opener] = {
    ".csv": open_delimited,
    ".xlsx": open_workbook,
    ".parquet": open_parquet,
    **dict.fromkeys((*DOCUMENT, *LINES), open_records),
}


def open_path(path: Path, knows: Knows) -> Opened:
    """Open one file of a known ending: a part for each of its tables.

    Raises MarketError that says what is wrong with it and what to do.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MarketError(f"{path.name} can't be opened: {error.strerror or error}") from error
    opened = OPENERS[path.suffix.lower()](path.name, data, knows)
    return Opened([_without_idle_columns(found) for found in opened.found], opened.unread)


def _without_idle_columns(found: Found) -> Found:
    """Leave out columns that have neither a header nor a cell (trailing commas, formatted but empty cells)."""
    if found.typed is not None:
        return found
    kept = [place for place, header in enumerate(found.headers) if header or not found.columns[place].blank()]
    return replace(
        found, headers=[found.headers[place] for place in kept], columns=[found.columns[place] for place in kept]
    )
