"""Workbooks as spreadsheet programs write them, and as nobody should."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xlsxwriter

SHEET = "xl/worksheets/sheet1.xml"


def book_of(sheets: Mapping[str, Sequence[Sequence[Any]]], then: Callable[[Any], None] = lambda book: None) -> bytes:
    """A workbook of these sheets, as a spreadsheet program writes it."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        then(book)
    return held.getvalue()


def patched(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one file in it changed."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(source.read(name)) if name == member else source.read(name))
    return held.getvalue()
