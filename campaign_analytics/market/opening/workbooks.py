"""Workbooks: a part for each sheet that people see."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Knows, Opened, Unread
from campaign_analytics.market.opening import packages, xls
from campaign_analytics.market.opening.compound import SIGNATURE
from campaign_analytics.market.opening.heads import MOST_ROWS, Heads, find_heads
from campaign_analytics.market.opening.zips import is_zip
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.texts import Texts, text_of

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_Cell: TypeAlias = tuple[int, int]  # row and column, from 0
_NO_RESULTS = "nothing but formulas without a result; open the file in a spreadsheet program and save it"


def is_workbook(raw: Raw) -> bool:
    """Whether the bytes are those of an xlsx or xls file."""
    start = raw.at(0, len(SIGNATURE))
    return start == SIGNATURE or (is_zip(start) and packages.is_package(raw.whole()))


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Python looks for cycles whenever it has made many lists. A sheet is many, in no cycle: it takes half the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@_no_search_for_cycles()
def open_workbook(place: str, raw: Raw, knows: Knows) -> Opened:
    """Open every sheet that holds something. Raises MarketError where none does, or the workbook can't be read."""
    import python_calamine

    data = raw.whole()
    checked = packages.checked(place, data) if is_zip(data) else xls.checked(place, data)
    found: list[Found] = []
    unread: list[Unread] = []
    try:
        book = python_calamine.load_workbook(io.BytesIO(checked.data))
        for each in book.sheets_metadata:
            if each.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            told: list[str] = []
            sheet = book.get_sheet_by_name(each.name)
            rows = _rows(sheet, checked.unsaid.get(each.name, {}), told)
            top = _top(rows)
            heads = find_heads([list(map(text_of, row)) for row in top], knows)
            if not heads:
                continue
            if each.visible != python_calamine.SheetVisibleEnum.Visible:
                unread.append(Unread(f"{place}: {each.name}", "a hidden sheet; show it, or delete it"))
            elif sheet.start is None:
                unread.append(Unread(f"{place}: {each.name}", _NO_RESULTS))
            else:
                columns = Texts.of_rows(chain(top[heads.data :], rows), len(heads.headers))
                held = _found(place, each.name, columns, heads, told)
                found.append(replace(held, since_1904=checked.since_1904))
    except python_calamine.PasswordError as error:
        raise MarketError(f"{place} is locked by a password; save it without one") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise MarketError(f"{place} can't be read as a workbook: {error}; save it as xlsx again, or as csv") from error
    if not found and any(each.why == _NO_RESULTS for each in unread):
        raise MarketError(f"{place}: {_NO_RESULTS}")
    if not found:
        raise MarketError(f"{place} is empty; expected a row of headers and rows of data")
    if len(found) > 1:
        found = [replace(each, place=f"{place}: {each.sheet}") for each in found]
    else:
        found = [replace(found[0], sheet="")]
    return Opened(found, unread)


def _found(place: str, sheet: str, columns: list[Texts], heads: Heads, told: Sequence[str]) -> Found:
    return Found(
        place,
        heads.headers,
        columns,
        np.arange(len(columns[0]), dtype=np.int64) + heads.data + 1,
        sheet=sheet,
        told=(*heads.told(), *told),
        notes=heads.notes,
        heads=heads.lines,
        blank=heads.blank,
    )


def _top(rows: Iterator[list[Any]]) -> list[list[Any]]:
    """The first rows, in which headers are looked for."""
    top = []
    for row in rows:
        top.append(row)
        if any(cell != "" for cell in row):
            break
    return [*top, *islice(rows, MOST_ROWS - 1)]


def _rows(sheet: CalamineSheet, unsaid: Mapping[_Cell, str], told: list[str]) -> Iterator[list[Any]]:
    """The rows of a sheet, with what stands in their cells and the reader leaves out.

    A cell that is merged with those below it stands for each of them; how many these are is ``told`` at the end.
    """
    (_, left), (bottom, right) = sheet.start or (0, 0), sheet.end or (-1, -1)
    texts: dict[int, list[tuple[int, str]]] = {}
    for (place, column), text in unsaid.items():
        texts.setdefault(place, []).append((column, text))
    end = max([bottom, *texts])  # below the reader's last row formulas may stand alone, and so they may
    width = max([right, *(column for _, column in unsaid)]) + 1  # behind its last column
    before, behind = [""] * left, [""] * (width - right - 1)
    merged = _merged(sheet.merged_cell_ranges or (), (end + 1) * width)
    if not (before or texts or merged):
        yield from sheet.iter_rows()
        return
    above: list[tuple[int, int, Any]] = []  # merged cells: column, last row, and what stands there
    count = 0
    blank: list[Any] = [""] * (right - left + 1)
    rows: Iterator[list[Any]] = chain(sheet.iter_rows(), repeat(blank, end - bottom))
    for place, cells in enumerate(rows):
        row = [*before, *cells, *behind]
        for column, text in texts.get(place, ()):
            row[column] = text
        for column, _, value in above:
            if row[column] == "":
                row[column] = value
                count += 1
        above = [each for each in above if each[1] > place]
        above += [
            (column, last, row[column])
            for column, last in merged.get(place, ())
            if column < len(row) and row[column] != ""
        ]
        yield row
    if count:
        told.append(f"{count:,} cells that are merged with one above hold what it holds")


def _merged(ranges: Iterable[tuple[_Cell, _Cell]], cells: int) -> dict[int, list[tuple[int, int]]]:
    """First row -> column and last row of what is merged there; of ranges that overlap, as many as fill the ``cells``
    of a sheet once."""
    merged: dict[int, list[tuple[int, int]]] = {}
    for (first, column), (last, _) in ranges:
        cells -= max(last - first, 0)
        if last > first and cells >= 0:
            merged.setdefault(first, []).append((column, last))
    return merged
