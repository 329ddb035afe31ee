"""Workbooks as people expect them: a frozen header with filters, numbers as numbers, ids as text, nothing that runs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xlsxwriter

from campaign_analytics.charts.tables import Table
from campaign_analytics.errors import CampaignError
from campaign_analytics.report.files import MADE_BY

MOST_ROWS: Final = 1_048_576  # a sheet's, its header included
_MOST_SHEETS = 20  # no spreadsheet opens more full ones
_LONGEST = 32_767  # characters in a cell
_WIDEST, _NARROWEST, _MEASURED = 60, 8, 500  # characters; rows looked at for a width
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")  # in the name of a sheet


def write_workbook(path: Path, sheets: Mapping[str, Table]) -> None:
    """One sheet a table, in the table's language; one that is longer than a sheet goes on in "name (2)".

    Texts are texts whatever they look like, marked so that editing a cell runs nothing. Raises ``CampaignError`` for
    more rows than a workbook holds.
    """
    for name, held in sheets.items():
        if len(held.frame) > _MOST_SHEETS * (MOST_ROWS - 1):
            raise CampaignError(f"{name}: {len(held.frame):,} rows are too many for xlsx; write .parquet or .csv")
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"comments": MADE_BY})
        formats = _Formats(book)
        for name, held in sheets.items():
            _write(book, name, held, formats)


class _Formats:
    def __init__(self, book: Any) -> None:
        top: dict[str, Any] = {"valign": "top"}
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "vcenter", "bottom": 1, "bg_color": "#EDEDED"}
        )
        self.text = book.add_format({"num_format": "@", "quote_prefix": True, **top})
        self.long = book.add_format({"num_format": "@", "quote_prefix": True, "text_wrap": True, **top})
        self.whole = book.add_format({"num_format": "#,##0", **top})
        self.parts = book.add_format({"num_format": "#,##0.00", **top})
        self.share = book.add_format({"num_format": "0.0%", **top})

    def of(self, name: str, column: pd.Series[Any], width: int) -> Any:
        if not _is_number(column):
            return self.long if width >= _WIDEST else self.text
        if name.startswith("share"):
            return self.share
        return self.whole if pd.api.types.is_integer_dtype(column.dtype) else self.parts


def _write(book: Any, name: str, held: Table, formats: _Formats) -> None:
    frame, titles = held.frame, held.titles()
    columns = [str(column) for column in frame.columns]
    pages = range(0, max(len(frame), 1), MOST_ROWS - 1)
    for page, start in enumerate(pages):
        part = frame.iloc[start : start + MOST_ROWS - 1]
        texts = _texts(part, held)
        widths = [_width(title, texts[column]) for title, column in zip(titles, columns, strict=True)]
        styles = [formats.of(column, frame[column], width) for column, width in zip(columns, widths, strict=True)]
        sheet = book.add_worksheet(_named(name, page))
        for place, (width, style) in enumerate(zip(widths, styles, strict=True)):
            sheet.set_column(place, place, width + 2, style)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(part), len(titles) - 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for place, title in enumerate(titles):
            sheet.write_string(0, place, title, formats.head)
        values = [texts[column] if not _is_number(frame[column]) else _numbers(part[column]) for column in columns]
        for number, row in enumerate(zip(*values, strict=True), 1):
            for place, (value, style) in enumerate(zip(row, styles, strict=True)):
                if isinstance(value, str):
                    sheet.write_string(number, place, value[:_LONGEST], style)
                elif value is None:
                    sheet.write_blank(number, place, None, style)
                else:
                    sheet.write_number(number, place, value, style)


def _texts(part: pd.DataFrame, held: Table) -> dict[str, list[str]]:
    """Every column as people read it; told once for each text that occurs."""
    texts = {}
    for name, column in part.items():
        codes, distinct = pd.factorize(column, use_na_sentinel=False)
        one = replace(held, frame=pd.DataFrame({name: distinct}), rows=len(distinct))
        told = np.array([row[0] for row in one.cells()] or [""], object)
        texts[str(name)] = told[codes].tolist() if len(codes) else []
    return texts


def _numbers(column: pd.Series[Any]) -> list[float | None]:
    return [None if pd.isna(value) else value for value in column.tolist()]


def _is_number(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


def _width(title: str, texts: Sequence[str]) -> int:
    """Characters; a Chinese one counts two. A title may take two lines."""
    longest = max(map(_characters, texts[:_MEASURED]), default=0)
    return min(max(longest, -(-_characters(title) // 2) + 3, _NARROWEST), _WIDEST)


def _characters(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


def _named(name: str, page: int) -> str:
    more = f" ({page + 1})" if page else ""
    return _FORBIDDEN.sub(" ", name)[: 31 - len(more)] + more
