"""``months_since_event``: whole calendar months since a subject's latest event, such as a severe penalty."""

from __future__ import annotations

import numpy as np

from campaign_analytics.derive.making import Made, Making, rows_of
from campaign_analytics.market.schema import Array, Cells

NEVER = 9999  # months; said of a subject without any event


def make(making: Making) -> Made:
    """Months counted back from column ``at``, month ends clamped, to the latest event that ``where`` selects on
    ``date``.

    A range from 0 says that a later event may exist: where a record can't be read, where the table is not declared
    complete, and, with ``linked``, for the events of linked accounts, which are not gathered yet.
    """
    at = making.column("at")
    assert at is not None
    table = making.argument("table")
    latest = np.full(making.rows, NEVER)
    least = latest.copy()
    if table in making.market.tables:
        subject, months, sure = _events(making, table, at)
        np.minimum.at(latest, subject[sure], months[sure])
        np.minimum.at(least, subject, months)
    linked = bool(making.argument("linked"))
    if linked or not making.market.declared.penalty_feed_complete:
        least = np.zeros_like(latest)
    return Made(Cells.make("count", least, at.missing, latest), complete=not linked)


def _events(making: Making, table: str, at: Cells) -> tuple[Array, Array, Array]:
    """For every event that may count: its subject's row, its months before ``at``, and whether it surely counts."""
    sure, possible = making.where(table)
    subject = rows_of(making.market, table, making.spec.table)
    events = np.flatnonzero(possible & (subject >= 0))
    dates = making.cells(making.argument("date"), table).take(events)
    subject, sure = subject[events], sure[events]
    undated = np.zeros(len(events), bool) if dates.missing is None else dates.missing
    months = np.where(undated, 0, months_between(dates.values, at.values[subject]))
    counted = months >= 0
    return subject[counted], months[counted], (sure & ~undated)[counted]


def months_between(earlier: Array, later: Array) -> Array:
    """The most months m for which ``later`` less m calendar months, clamped to the month's end, is not before
    ``earlier``.

    Both are days since 1970-01-01; negative where ``earlier`` is the later one.
    """
    start, end = earlier.astype("datetime64[D]"), later.astype("datetime64[D]")
    start_month, end_month = start.astype("datetime64[M]"), end.astype("datetime64[M]")
    # a day cut to the last of the event's month is never before the event, so the plain days of the month decide
    reached = end - end_month.astype("datetime64[D]") >= start - start_month.astype("datetime64[D]")
    return (end_month - start_month).astype(np.int64) - ~reached  # type: ignore[no-any-return]
