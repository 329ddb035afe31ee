"""Workbooks: a part for each sheet that people see."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Knows, Opened, Unread
from campaign_analytics.market.opening import packages, xls
from campaign_analytics.market.opening.compound import SIGNATURE
from campaign_analytics.market.opening.heads import MOST_ROWS, Heads, find_heads
from campaign_analytics.market.opening.zips import is_zip
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.texts import Texts, text_of

_Cell: TypeAlias = tuple[int, int]  # row and column, from 0


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
    hidden: list[Unread] = []
    try:
        book = python_calamine.load_workbook(io.BytesIO(checked.data))
        for each in book.sheets_metadata:
            if each.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(each.name)
            rows = sheet.to_python(skip_empty_area=False)
            told = _completed(rows, checked.unsaid.get(each.name, {}), sheet.merged_cell_ranges or ())
            filled = next((number for number, row in enumerate(rows) if any(cell != "" for cell in row)), 0)
            heads = find_heads([list(map(text_of, row)) for row in rows[: filled + MOST_ROWS]], knows)
            if each.visible != python_calamine.SheetVisibleEnum.Visible:
                hidden += [Unread(f"{place}: {each.name}", "a hidden sheet; show it, or delete it")] if heads else []
            elif heads:
                found.append(replace(_found(place, each.name, rows, heads, told), since_1904=checked.since_1904))
    except python_calamine.PasswordError as error:
        raise MarketError(f"{place} is locked by a password; save it without one") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise MarketError(f"{place} can't be read as a workbook: {error}; save it as xlsx again, or as csv") from error
    if not found:
        raise MarketError(f"{place} is empty; expected a row of headers and rows of data")
    if len(found) > 1:
        found = [replace(each, place=f"{place}: {each.sheet}") for each in found]
    else:
        found = [replace(found[0], sheet="")]
    return Opened(found, hidden)


def _found(place: str, sheet: str, rows: list[list[Any]], heads: Heads, told: Sequence[str]) -> Found:
    body = rows[heads.data :]
    columns = zip(*body, strict=True) if body else [()] * len(heads.headers)
    return Found(
        place,
        heads.headers,
        [Texts.of_values(cells) for cells in columns],
        np.arange(len(body), dtype=np.int64) + heads.data + 1,
        sheet=sheet,
        told=(*heads.told(), *told),
        notes=heads.notes,
        heads=heads.rows,
        blank=heads.blank,
    )


def _completed(
    rows: list[list[Any]], unsaid: Mapping[tuple[int, int], str], merged: Sequence[tuple[_Cell, _Cell]]
) -> list[str]:
    """Put into ``rows`` what stands in their cells and the reader leaves out; tell what is to be said of it.

    A cell that is merged with those below it stands for each of them.
    """
    for (row, column), text in unsaid.items():
        if row < len(rows) and column < len(rows[row]) and rows[row][column] == "":
            rows[row][column] = text
    left, count = sum(map(len, rows)), 0
    for (first, column), (last, _) in merged:
        left -= last - first
        if left < 0 or first >= len(rows) or column >= len(rows[first]):
            continue
        for below in rows[first + 1 : last + 1]:
            if below[column] == "" and rows[first][column] != "":
                below[column] = rows[first][column]
                count += 1
    return [f"{count:,} cells that are merged with one above hold what it holds"] if count else []
