"""Rows and columns that hold no data, rows that come twice, and data in another order."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from campaign_analytics.demo.dirt.sheet import Draft, Sheet


def notes_above(draft: Draft, rng: np.random.Generator) -> int:
    """Lines above the headers, some of them empty; a seller's back office writes four."""
    made = 0
    for sheet in draft.sheets:
        notes = rng.permutation(draft.words.notes.above)[: rng.integers(1, 5)].tolist()
        sheet.above = [[note] for note in notes] + [[]] * int(rng.integers(2)) + sheet.above
        made += len(notes)
    return made


def headers_above_headers(draft: Draft, rng: np.random.Generator) -> int:
    """A row of groups, merged over the headers: a name in the first cell, nothing in those beside it."""
    for sheet in draft.sheets:
        row = [""] * len(sheet.columns)
        for name, place in zip(draft.words.notes.groups, range(0, len(row), max(len(row) // 3, 2)), strict=False):
            row[place] = name
        sheet.above.append(row)
    return len(draft.sheets)


def headers_again(draft: Draft, rng: np.random.Generator) -> int:
    """As on each page of a print."""
    made = 0
    for sheet in draft.sheets:
        for place in sorted(rng.choice(len(sheet.rows) + 1, 2).tolist(), reverse=True):
            _insert(sheet, place, [column.header for column in sheet.columns])
            made += 1
    return made


def totals(draft: Draft, rng: np.random.Generator) -> int:
    """A row of totals at the end."""
    for sheet in draft.sheets:
        cells: list[Any] = [_sum(sheet, place, draft) for place in range(len(sheet.columns))]
        cells[0] = draft.words.notes.total[rng.integers(len(draft.words.notes.total))]
        _insert(sheet, len(sheet.rows), cells)
    return len(draft.sheets)


def subtotals(draft: Draft, rng: np.random.Generator) -> int:
    """A row of totals between the others."""
    for sheet in draft.sheets:
        _insert(
            sheet,
            int(rng.integers(len(sheet.rows) + 1)),
            [draft.words.notes.subtotal, *[""] * (len(sheet.columns) - 1)],
        )
    return len(draft.sheets)


def notes_below(draft: Draft, rng: np.random.Generator) -> int:
    made = 0
    for sheet in draft.sheets:
        for note in rng.permutation(draft.words.notes.below)[: rng.integers(1, 3)].tolist():
            _insert(sheet, len(sheet.rows), [note, *[""] * (len(sheet.columns) - 1)])
            made += 1
    return made


def empty_rows(draft: Draft, rng: np.random.Generator) -> int:
    made = 0
    for sheet in draft.sheets:
        for place in sorted(rng.choice(len(sheet.rows) + 1, 3).tolist(), reverse=True):
            _insert(sheet, place, [""] * len(sheet.columns))
            made += 1
    return made


def empty_columns(draft: Draft, rng: np.random.Generator) -> int:
    for sheet in draft.sheets:
        for place in sorted(rng.choice(len(sheet.columns) + 1, 2).tolist(), reverse=True):
            sheet.add_column(place, "", [""] * len(sheet.rows))
    return 2 * len(draft.sheets)


def unknown_columns(draft: Draft, rng: np.random.Generator) -> int:
    """Columns that somebody added for himself."""
    for sheet in draft.sheets:
        for header, cell in draft.words.unknown.headers.items():
            held = [cell if row >= 0 else "" for row in sheet.rows.tolist()]
            sheet.add_column(int(rng.integers(len(sheet.columns) + 1)), header, held)
    return len(draft.words.unknown.headers) * len(draft.sheets)


def row_numbers(draft: Draft, rng: np.random.Generator) -> int:
    """A first column that counts the rows."""
    for sheet in draft.sheets:
        places = iter(range(1, len(sheet.rows) + 1))
        sheet.add_column(0, "序号", [str(next(places)) if row >= 0 else "" for row in sheet.rows.tolist()])
    return len(draft.sheets)


def columns_in_another_order(draft: Draft, rng: np.random.Generator) -> int:
    for sheet in draft.sheets:
        sheet.columns = [sheet.columns[place] for place in rng.permutation(len(sheet.columns)).tolist()]
    return len(draft.sheets)


def identical_rows(draft: Draft, rng: np.random.Generator) -> int:
    """Rows that come twice, a page apart."""
    made = 0
    for sheet in draft.sheets:
        if sheet.table.name not in ("merchants", "offers"):
            continue
        whole = sheet.whole()
        chosen = np.sort(rng.choice(whole, min(len(whole), max(len(whole) // 20, 1)), replace=False))
        places = np.minimum(chosen + rng.integers(1, 30, len(chosen)), len(sheet.rows))
        sheet.insert(places, sheet.rows[chosen], [column.cells[chosen] for column in sheet.columns])
        made += len(chosen)
    return made


def _insert(sheet: Sheet, place: int, cells: list[Any]) -> None:
    sheet.insert(np.array([place]), np.array([-1]), [[cell] for cell in cells])


def _sum(sheet: Sheet, place: int, draft: Draft) -> str:
    """The total of a column of money or counts that is spelled the tidy way."""
    column = sheet.columns[place]
    if not column.id or draft.book.columns[column.id].type not in ("money", "count"):
        return ""
    try:
        return str(sum((Decimal(cell) for cell in column.cells.tolist() if cell), Decimal(0)))
    except InvalidOperation:
        return ""


KINDS = (
    identical_rows,
    unknown_columns,
    columns_in_another_order,
    subtotals,
    totals,
    headers_again,
    empty_rows,
    notes_below,
    row_numbers,
    empty_columns,
    headers_above_headers,
    notes_above,
)
