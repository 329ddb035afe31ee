"""Cells and rows that can't be read back: each of them is to be reported where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from campaign_analytics.demo.dirt.sheet import Column, Draft, Lost, Sheet
from campaign_analytics.market.schema import KEYS, Array

_SHARE = 0.05  # of the rows


def _few(sheet: Sheet, rng: np.random.Generator) -> Array:
    """Some of the rows that nothing has befallen yet, at least one where there are three."""
    whole = sheet.whole()
    many = max(round(_SHARE * len(whole)), 1) if len(whole) >= 3 else 0
    return np.sort(rng.choice(whole, many, replace=False))


def _spoil(draft: Draft, rng: np.random.Generator, types: tuple[str, ...], spoil: Callable[[str], str]) -> int:
    made = 0
    for sheet, column in draft.columns(*types):
        if column.id in KEYS[sheet.table.name] or draft.counted(column.id):
            continue
        rows = _few(sheet, rng)
        rows = rows[~sheet.table.cells[column.id].gone[sheet.rows[rows]]]
        column.put(rows, [Lost(spoil(str(cell))) for cell in column.cells[rows].tolist()])
        made += len(rows)
    return made


def no_numbers(draft: Draft, rng: np.random.Generator) -> int:
    """Words where a number belongs."""
    return _spoil(draft, rng, ("count", "money", "number", "rate"), lambda text: "见附件")


def below_zero(draft: Draft, rng: np.random.Generator) -> int:
    return _spoil(draft, rng, ("count", "money", "rate"), lambda text: "-5" if "%" not in text else "-5%")


def above_all(draft: Draft, rng: np.random.Generator) -> int:
    """Rates above 100%."""
    return _spoil(draft, rng, ("rate",), lambda text: "195.3%")


def two_numbers(draft: Draft, rng: np.random.Generator) -> int:
    """Several values in one cell."""
    return _spoil(draft, rng, ("count", "money", "number"), lambda text: f"{text} {text}")


def comma_for_a_point(draft: Draft, rng: np.random.Generator) -> int:
    return _spoil(draft, rng, ("money",), lambda text: "28,80")


def spreadsheet_errors(draft: Draft, rng: np.random.Generator) -> int:
    """#DIV/0! and its like: there was something."""
    return _spoil(draft, rng, ("count", "money", "number", "rate", "day", "time", "flag", "level"), lambda _: "#DIV/0!")


def no_such_day(draft: Draft, rng: np.random.Generator) -> int:
    return _spoil(draft, rng, ("day", "time"), lambda text: "2024-02-30")


def day_or_month_first(draft: Draft, rng: np.random.Generator) -> int:
    return _spoil(draft, rng, ("day", "time"), lambda text: "03/05/2024")


def neither_yes_nor_no(draft: Draft, rng: np.random.Generator) -> int:
    return _spoil(draft, rng, ("flag",), lambda text: "待确认")


def not_in_the_list(draft: Draft, rng: np.random.Generator) -> int:
    return _spoil(draft, rng, ("level", "set"), lambda text: "其他情况")


def columns_of_hashes(draft: Draft, rng: np.random.Generator) -> int:
    """What a spreadsheet shows of a column that is too narrow."""
    return _spoil(draft, rng, ("count", "money", "number", "rate", "day", "time"), lambda text: "########")


def digits_lost(draft: Draft, rng: np.random.Generator) -> int:
    """Identifiers as a spreadsheet shows long numbers: their rows can't be used."""
    return _damage_keys(draft, rng, lambda text: f"{text[0]}.{text[1:3]}E+{len(text) - 1}" if text.isdigit() else text)


def thousands_in_identifiers(draft: Draft, rng: np.random.Generator) -> int:
    return _damage_keys(draft, rng, lambda text: f"{int(text):,}" if text.isdigit() else text)


def _damage_keys(draft: Draft, rng: np.random.Generator, damage: Callable[[str], str]) -> int:
    made = 0
    for sheet in draft.sheets:
        rows = _few(sheet, rng)
        rows = rows[[damage(cell) != cell for cell in sheet.key.cells[rows]]] if len(rows) else rows
        sheet.key.put(rows, [Lost(damage(cell)) for cell in sheet.key.cells[rows].tolist()])
        made += len(rows)
    return made


def no_key(draft: Draft, rng: np.random.Generator) -> int:
    """Rows without the identifier of what they are about."""
    made = 0
    for sheet in draft.sheets:
        rows = _few(sheet, rng)
        sheet.key.put(rows, [Lost()] * len(rows))
        made += len(rows)
    return made


def conflicting_rows(draft: Draft, rng: np.random.Generator) -> int:
    """Keys that come twice, with another cell in one column: nobody knows which is right."""
    made = 0
    for sheet in draft.sheets:
        if sheet.table.name not in ("merchants", "offers"):  # of other tables a row may stand beside another
            continue
        plain = [column for column in sheet.columns if _may_conflict(draft, sheet, column)]
        rows = _few(sheet, rng)
        for row in rows[::-1].tolist():
            there = [column for column in plain if column.cells[row] != ""]
            others = [np.flatnonzero((column.cells != column.cells[row]) & (column.cells != "")) for column in there]
            choices = [(column, other) for column, other in zip(there, others, strict=True) if len(other)]
            if not choices:
                continue
            column, other = choices[rng.integers(len(choices))]
            cells: list[Any] = [[held.cells[row]] for held in sheet.columns]
            cells[sheet.columns.index(column)] = [str(column.cells[rng.choice(other)])]
            column.put(np.array([row]), [Lost(column.cells[row])])
            sheet.insert(np.array([row + 1]), sheet.rows[[row]], cells)
            made += 1
    return made


def _may_conflict(draft: Draft, sheet: Sheet, column: Column) -> bool:
    """Columns of which two cells that look different are different: those that are still tidy."""
    return (
        column.id not in ("", "snapshot_at", *KEYS[sheet.table.name][:1])
        and not draft.counted(column.id)
        and not draft.book.columns[column.id].counts
        and bool(column.fresh.all())
    )


KINDS = (
    no_numbers,
    below_zero,
    above_all,
    two_numbers,
    comma_for_a_point,
    spreadsheet_errors,
    no_such_day,
    day_or_month_first,
    neither_yes_nor_no,
    not_in_the_list,
    columns_of_hashes,
    digits_lost,
    thousands_in_identifiers,
    no_key,
    conflicting_rows,
)
