"""``worst_row``: of the rows of a subject, the one whose part is the largest share of its whole."""

from __future__ import annotations

from typing import NamedTuple

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
    subject = rows_of(making.market, table, making.spec.table)
    rows = np.flatnonzero(subject >= 0)
    there = np.bincount(subject[rows], minlength=making.rows) > 0
    which_tier = np.zeros(making.rows, bool)
    if "from" in making.spec.with_:
        rows, which_tier = _of_the_tier(making, table, subject, rows)
    of = subject[rows]
    part, whole, taken = (making.cells(making.argument(name), table).take(rows) for name in ("part", "whole", "take"))
    shares = _shares(part, whole)
    worst = _worst(of, shares, making.rows)
    rivals = shares.inexact & (worst[of] != np.arange(len(of)))
    rivals = np.flatnonzero(rivals & (shares.possible >= shares.sure[worst[of]]))
    open_ = np.bincount(of[rivals], minlength=making.rows) > 0

    found = taken.take(worst)
    low, high = ends(found)
    unknown = gone(found) | which_tier
    unknown[there] |= shares.part[worst[there]] == 0
    if making.argument("take") == making.argument("part"):
        high = high.astype(np.int64)
        np.maximum.at(high, of[rivals], _reach(shares, rivals, worst[of[rivals]]))
    elif making.argument("take") != making.argument("whole"):
        unknown |= open_
    return Made(Cells.make(found.type, low, unknown | ~there, high, found.names, unread=there & unknown))


def _of_the_tier(making: Making, table: str, subject: Array, rows: Array) -> tuple[Array, Array]:
    """The rows of each subject's tier, and (subjects,) bool where it is not known which tier that is."""
    starts, at = making.cells(making.argument("from"), table).take(rows), making.column("at")
    assert at is not None
    of = subject[rows]
    lowest, highest = (_tier(starts.values, of, end) for end in ends(at))
    unsure = np.bincount(of, gone(starts) | _ranged(starts), making.rows) > 0
    several = np.bincount(of, minlength=making.rows) > 1
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
    worst, share = np.full(subjects, -1), shares.sure
    order = np.argsort(share, kind="stable")
    worst[of[order]] = order  # the last one written is the largest
    part, whole = _wide(shares.part, shares.whole)
    while True:
        equal = np.flatnonzero(share == share[worst[of]])
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
