"""``extreme_price``: the lowest, highest or latest price of a subject in the days before one of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from campaign_analytics.derive.day_of import days_of
from campaign_analytics.derive.making import Made, Making, ends, gone, rows_of
from campaign_analytics.market.schema import Array, Cells

_NONE = np.iinfo(np.int64).max
_NEVER = np.iinfo(np.int64).min


class _Rows(NamedTuple):
    """Prices that may lie in their subject's window, each (rows,)."""

    subject: Array
    day: Array
    low: Array  # 0 where the price is not known
    high: Array  # _NONE where the price is not known
    sure: Array  # bool: surely in the window, and selected by ``where``


def make(making: Making) -> Made:
    """The ``extreme`` ("lowest", "highest" or "latest") of ``price`` on the ``days`` days that end with ``until``, or
    with the day before it unless ``include_until``. Each subject's window is its own. With ``in_force`` a price holds
    until the next one: the last before the window counts too.

    Blank where no row of ``table`` lies in the window, or ``until`` is blank. A price known as a range or not known at
    all, or on a day that is not known, leaves a range, or where that has no end the value not known.
    """
    table = making.argument("table")
    if table not in making.market.tables:
        return Made(making.cells(making.name))
    rows = _in_window(making, table)
    extreme = {"lowest": _lowest, "highest": _highest, "latest": _latest}[making.argument("extreme")]
    low, high = extreme(rows, making.rows)
    there = np.bincount(rows.subject, minlength=making.rows) > 0
    known = there & (low != _NONE) & (high != _NONE) & (low >= 0)
    values, highs = np.where(known, low, 0), np.where(known, high, 0)
    return Made(Cells.make("money", values, ~known, highs, unread=there & ~known))


def _in_window(making: Making, table: str) -> _Rows:
    until = making.column("until")
    assert until is not None
    sure, possible = making.where(table)
    subject = rows_of(making.market, table, making.spec.table)
    kept = np.flatnonzero(possible & (subject >= 0))
    kept = kept[~until.blank[subject[kept]]]
    subject, sure = subject[kept], sure[kept]
    days = days_of(making.cells(making.argument("at"), table).take(kept), making.book.zone)
    price = making.cells(making.argument("price"), table).take(kept)

    last = until.values.astype(np.int64)[subject] - (not making.argument("include_until"))
    first = last - int(making.argument("days")) + 1
    undated = gone(days) | gone(until)[subject]  # any day, for all that is known
    day = np.where(undated, last, days.values)
    low, high = (each.astype(np.int64) for each in ends(price))
    low, high = np.where(gone(price), 0, low), np.where(gone(price), _NONE, high)
    rows = _Rows(subject, day, low, high, sure & ~undated)
    inside = _Rows(*(each[(day >= first) & (day <= last)] for each in rows))
    if not making.argument("in_force"):
        return inside
    held = _in_force(_Rows(*(each[undated | (day < first)] for each in rows)), making.rows)
    return _Rows(*(np.concatenate(pair) for pair in zip(inside, held, strict=True)))


def _in_force(before: _Rows, subjects: int) -> _Rows:
    """One row a subject: the price that holds when the window begins, of rows that may lie before it."""
    last = np.full(subjects, _NEVER)
    np.maximum.at(last, before.subject[before.sure], before.day[before.sure])
    low, high = _of_last(before, last, subjects)
    there = np.flatnonzero(high >= 0)
    return _Rows(there, np.full(len(there), _NEVER + 1), low[there], high[there], last[there] > _NEVER)


def _lowest(rows: _Rows, subjects: int) -> tuple[Array, Array]:
    low, high = np.full(subjects, _NONE), np.full(subjects, _NONE)
    np.minimum.at(low, rows.subject, rows.low)
    np.minimum.at(high, rows.subject[rows.sure], rows.high[rows.sure])
    return low, high


def _highest(rows: _Rows, subjects: int) -> tuple[Array, Array]:
    low, high = np.full(subjects, -1), np.full(subjects, -1)
    np.maximum.at(low, rows.subject[rows.sure], rows.low[rows.sure])
    np.maximum.at(high, rows.subject, rows.high)
    return low, high


def _latest(rows: _Rows, subjects: int) -> tuple[Array, Array]:
    """Rows that may not count leave the value open only where no sure one is later."""
    last = np.full(subjects, _NEVER)
    np.maximum.at(last, rows.subject[rows.sure], rows.day[rows.sure])
    low, high = _of_last(rows, last, subjects)
    return np.where(last == _NEVER, _NONE, low), high


def _of_last(rows: _Rows, last: Array, subjects: int) -> tuple[Array, Array]:
    """(subjects,) the least and the greatest price of the rows from day ``last`` on; high is -1 where there is none."""
    low, high = np.full(subjects, _NONE), np.full(subjects, -1)
    of_last = rows.day >= last[rows.subject]
    np.minimum.at(low, rows.subject[of_last], rows.low[of_last])
    np.maximum.at(high, rows.subject[of_last], rows.high[of_last])
    return low, high
