"""``events``: how many events a subject had in a time of its own, or what they come to, such as penalty points."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.day_of import days_of
from campaign_analytics.derive.making import Made, Making, ends, gone, rows_of
from campaign_analytics.market.schema import Array, Cells

#: Said of what may be any number more: no real count or sum of events comes near it.
UNBOUNDED = 10**12


def make(making: Making) -> Made:
    """The rows of ``table`` that ``where`` selects, dated by ``at``, up to and with the day ``until``: how many they
    are, or with ``sum`` what they come to.

    From the day ``from`` on, of the last ``days`` days, with ``this_year`` of the calendar year of ``until``, else of
    all time. A range where rows may or may not count; without an upper end where one has no readable amount, and for
    penalties of a feed that is not declared complete. Missing without such a table, but a complete feed without
    penalties means none; missing where ``from`` or ``until`` is.
    """
    table, until, since = making.argument("table"), making.column("until"), making.column("from")
    assert until is not None
    fed = table == "penalties"
    if table not in making.market.tables and not fed:
        return Made(making.cells(making.name))
    least, most = np.zeros(making.rows, np.int64), np.zeros(making.rows, np.int64)
    if table in making.market.tables:
        subject, sure, possible = _in_time(making, table, until, since)
        low, high = _amounts(making, table)
        np.add.at(least, subject[sure], low[sure])
        np.add.at(most, subject[possible], high[possible])
    if fed and not making.market.declared.penalty_feed_complete:
        most = np.full(making.rows, UNBOUNDED)
    missing, blank = gone(until), until.blank
    if since is not None:
        missing, blank = missing | gone(since), blank | since.blank
    most = np.maximum(least, np.minimum(most, UNBOUNDED))
    return Made(Cells.make(making.spec.type, least, missing, most, unread=missing & ~blank))


def _in_time(making: Making, table: str, until: Cells, since: Cells | None) -> tuple[Array, Array, Array]:
    """(rows,) each row's subject, and whether it surely and possibly counts; a row of no subject never does."""
    sure, possible = making.where(table)
    subject = rows_of(making.market, table, making.spec.table)
    belongs = subject >= 0
    days = days_of(making.cells(making.argument("at"), table), making.book.zone)
    last = np.append(until.values.astype(np.int64), 0)[subject]
    inside = days.values <= last
    if since is not None:
        inside &= days.values >= np.append(since.values.astype(np.int64), 0)[subject]
    if making.argument("days") is not None:
        inside &= days.values > last - int(making.argument("days"))
    if making.argument("this_year"):
        years = last.astype("datetime64[D]").astype("datetime64[Y]")
        inside &= days.values >= years.astype("datetime64[D]").astype(np.int64)
    undated = gone(days)
    return subject, sure & belongs & ~undated & inside, possible & belongs & (undated | inside)


def _amounts(making: Making, table: str) -> tuple[Array, Array]:
    """(rows,) the least and the most that a row counts for."""
    name = making.argument("sum")
    if name is None:
        ones = np.ones(making.market.tables[table].rows, np.int64)
        return ones, ones
    cells = making.cells(name, table)
    low, high = (each.astype(np.int64) for each in ends(cells))
    return np.where(gone(cells), 0, low), np.where(gone(cells), UNBOUNDED, high)
