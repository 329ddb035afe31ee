"""Workbooks: a part for each sheet."""

from __future__ import annotations

import io

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Knows, Opened
from campaign_analytics.market.marks import stripped
from campaign_analytics.market.texts import Texts, text_of


def open_workbook(place: str, data: bytes, knows: Knows) -> Opened:
    """Open every sheet that holds something."""
    import python_calamine

    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (python_calamine.CalamineError, OSError) as error:
        raise MarketError(f"{place} can't be read as a workbook: {error}; save it as xlsx again, or as csv") from error
    filled = {name: rows for name, rows in sheets.items() if any(cell != "" for row in rows for cell in row)}
    if not filled:
        raise MarketError(f"{place} is empty; expected a row of headers and rows of data")
    found = []
    for name, rows in filled.items():
        above = next(number for number, row in enumerate(rows) if any(cell != "" for cell in row))
        headers = [stripped(text_of(cell)) for cell in rows[above]]
        body = np.array(rows[above + 1 :], object).reshape(-1, len(headers))
        columns = [Texts.of_values(body[:, number].tolist()) for number in range(len(headers))]
        source = np.arange(len(body), dtype=np.int64) + above + 2
        several = len(filled) > 1
        found.append(
            Found(f"{place}: {name}" if several else place, headers, columns, source, sheet=name if several else "")
        )
    return Opened(found)
