"""``worst_row``: of the rows of a subject, the one whose part is the largest share of its whole."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from campaign_analytics.derive.making import Made, Making, ends, gone, rows_of
from campaign_analytics.market.schema import Array, Cells

#: The high end of what may be any amount: more than a row can hold.
UNBOUNDED = 10**12


class _Shares(NamedTuple):
    """What is known of the part and the whole of some rows, each (rows,)."""

    part: Array  # the least that the part can be; 0 where the share can be anything
    whole: Array  # the most that the whole can be; 1 where the share can be anything
    most: Array  # the most that the part can be ...
    least: Array  # ... over the least that the whole can be; 0 where there is no end to it
    inexact: Array  # bool

    @property
    def sure(self) -> Array:
        """(rows,) float64: what the share is at least."""
        return np.asarray(self.part / self.whole)

    @property
    def possible(self) -> Array:
        """(rows,) float64: what the share is at most."""
        return np.where(self.least > 0, self.most / np.maximum(self.least, 1), np.inf)


def make(making: Making) -> Made:
    """The cell ``take`` of the row of ``table`` in which ``part`` is the largest share of ``whole``.

    With ``from`` and ``at``, only rows of one tier take part: those with the highest ``from`` that is not above the
    subject's ``at``; the lowest tier, where all are above. Blank for a subject without rows.

    Where a row that is known as a range or not at all may be worse, ``part`` and ``whole`` are those of the worst one
    that is sure, and ``part`` a range that goes as far up as the share may: compared, the two are surely too much where
    that one is, and surely little enough only where every row is. Any other column is then not known.
    """
    table = making.argument("table")
    if table not in making.market.tables:
        return Made(making.cells(making.name))
    held = _compared(making, table)
    found = making.cells(making.argument("take"), table).take(held.worst)
    low, high = ends(found)
    unknown = gone(found) | held.unknown
    if making.argument("take") == making.argument("part"):
        high = high.astype(np.int64)
        np.maximum.at(high, held.open, held.reach)
    elif making.argument("take") != making.argument("whole"):
        unknown[held.open] = True
    return Made(Cells.make(found.type, low, unknown | ~held.there, high, found.names, unread=held.there & unknown))


class _Compared(NamedTuple):
    """What comparing the rows of a table gives, whichever of their columns is taken."""

    there: Array  # (subjects,) bool: has rows
    worst: Array  # (subjects,) the row of the table with the largest share that is sure, -1 for none
    unknown: Array  # (subjects,) bool: nothing of that row is known
    open: Array  # (rivals,) the subjects of rows that may be worse ...
    reach: Array  # ... and the part with which that row would be as bad


#: Several columns are taken from the rows that are compared once: by the column of parts, what is compared with it.
_COMPARED: WeakKeyDictionary[Cells, tuple[tuple[Any, ...], _Compared]] = WeakKeyDictionary()


def _compared(making: Making, table: str) -> _Compared:
    part, whole = (making.cells(making.argument(name), table) for name in ("part", "whole"))
    starts = making.cells(making.argument("from"), table) if "from" in making.spec.with_ else None
    at = making.column("at")
    subject = rows_of(making.market, table, making.spec.table)
    asked = (whole, starts, at, subject)
    of, compared = _COMPARED.get(part, ((), None))
    if compared is None or any(one is not other for one, other in zip(of, asked, strict=True)):
        compared = _compare(part, whole, starts, at, subject, making.rows)
        _COMPARED[part] = asked, compared
    return compared


def _compare(
    part: Cells, whole: Cells, starts: Cells | None, at: Cells | None, subject: Array, subjects: int
) -> _Compared:
    rows = np.flatnonzero(subject >= 0)
    there = np.bincount(subject[rows], minlength=subjects) > 0
    unknown = np.zeros(subjects, bool)
    if starts is not None and at is not None:
        rows, unknown = _of_the_tier(starts, at, subject, rows)
    of = subject[rows]
    shares = _shares(part.take(rows), whole.take(rows))
    worst = _worst(of, shares, subjects)
    unknown[there] |= shares.part[worst[there]] == 0
    rivals = np.flatnonzero(shares.inexact)
    rivals = rivals[worst[of[rivals]] != rivals]
    rivals = rivals[shares.possible[rivals] >= shares.sure[worst[of[rivals]]]]
    reach = _reach(shares, rivals, worst[of[rivals]])
    return _Compared(there, np.append(rows, -1)[worst], unknown, of[rivals], reach)


def _of_the_tier(starts: Cells, at: Cells, subject: Array, rows: Array) -> tuple[Array, Array]:
    """The rows of each subject's tier, and (subjects,) bool where it is not known which tier that is."""
    starts, of, (low, high) = starts.take(rows), subject[rows], ends(at)
    lowest = _tier(starts.values, of, low)
    highest = lowest if low is high else _tier(starts.values, of, high)
    unsure = np.bincount(of, gone(starts) | _ranged(starts), len(at)) > 0
    several = np.bincount(of, minlength=len(at)) > 1
    return rows[starts.values == lowest[of]], several & (unsure | gone(at) | (lowest != highest))


def _tier(starts: Array, of: Array, at: Array) -> Array:
    """(subjects,) the highest of a subject's ``starts`` that is not above its ``at``, else the lowest."""
    starts = starts.astype(np.int64)
    tier, least = np.full(len(at), np.iinfo(np.int64).min), np.full(len(at), np.iinfo(np.int64).max)
    reached = starts <= at[of]
    np.maximum.at(tier, of[reached], starts[reached])
    np.minimum.at(least, of, starts)
    return np.where(tier == np.iinfo(np.int64).min, least, tier)


def _shares(part: Cells, whole: Cells) -> _Shares:
    (low, high), (least, most) = ends(part), ends(whole)
    nothing = gone(part) | gone(whole) | (most <= 0)
    endless = nothing | (least <= 0)
    return _Shares(
        np.where(nothing, 0, low),
        np.where(nothing, 1, most),
        np.where(endless, 1, high),
        np.where(endless, 0, least),
        nothing | _ranged(part) | _ranged(whole),
    )


def _reach(shares: _Shares, rivals: Array, worst: Array) -> Array:
    """(rivals,) the part of the row ``worst`` with which it would be as bad as a rival may be, rounded up."""
    most, whole = _wide(shares.most[rivals], shares.whole[worst])
    least = shares.least[rivals]
    up = -(-(most * whole) // np.maximum(least, 1).astype(most.dtype))
    return np.minimum(np.where(least > 0, up, UNBOUNDED), UNBOUNDED).astype(np.int64)


def _ranged(cells: Cells) -> Array:
    return np.zeros(len(cells), bool) if cells.high is None else cells.high != cells.values


def _worst(of: Array, shares: _Shares, subjects: int) -> Array:
    """(subjects,) the row with the largest share that is sure, -1 for none. Shares that are equal as floats are
    compared exactly: a rounded quotient orders all others right."""
    worst, share, largest = np.full(subjects, -1), shares.sure, np.full(subjects, -np.inf)
    np.maximum.at(largest, of, share)
    equal = np.flatnonzero(share == largest[of])
    worst[of[equal]] = equal  # the last one written stays
    part, whole = _wide(shares.part, shares.whole)
    while True:
        rival = worst[of[equal]]
        larger = equal[part[equal] * whole[rival] > part[rival] * whole[equal]]
        if not len(larger):
            return worst
        worst[of[larger]] = larger


def _wide(one: Array, other: Array) -> tuple[Array, Array]:
    """Both as integers of which no product overflows."""
    fits = int(one.max(initial=0)) * int(other.max(initial=0)) < 2**63
    dtype = np.int64 if fits else object
    return one.astype(dtype), other.astype(dtype)
