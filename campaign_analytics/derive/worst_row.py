"""``worst_row``: of the rows of a subject, the one whose part is the largest share of its whole."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from campaign_analytics.derive.making import Made, Making, ends, gone, rows_of
from campaign_analytics.market.schema import Array, Cells

#: The high end of what may be any amount: more than a row can hold.
UNBOUNDED = 10**12


class _Shares(NamedTuple):
    """What is known of the shares of some rows, each (rows,)."""

    part: Array  # the least that the part can be; 0 where it is not known
    whole: Array  # the most that the whole can be; 1 where it is not known, the part then being 0
    least: Array  # float64: part / whole
    most: Array  # float64; infinite where there is no end to it
    inexact: Array  # bool


def make(making: Making) -> Made:
    """The cell ``take`` of the row of ``table`` in which ``part`` is the largest share of ``whole``.

    With ``from`` and ``at``, only rows of one tier take part: those with the highest ``from`` that is not above the
    subject's ``at``; the lowest tier, where all are above. Blank for a subject without rows.

    Where a row of which too little is known may be the worst, ``part`` and ``whole`` are those of the worst one known,
    open towards what is worse: a comparison of the two fails where that one does, and surely passes nowhere. Any other
    column is then not known.
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
    rival = shares.inexact & (worst[of] != np.arange(len(of)))
    rival &= shares.most >= shares.least[worst[of]]
    open_ = np.bincount(of[rival], minlength=making.rows) > 0

    found = taken.take(worst)
    low, high = ends(found)
    unknown = gone(found) | which_tier
    unknown[there] |= shares.part[worst[there]] == 0
    if making.argument("take") == making.argument("part"):
        high = np.where(open_, UNBOUNDED, high)
    elif making.argument("take") == making.argument("whole"):
        low = np.where(open_, 0, low)
    else:
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
    (least, most), (low, high) = ends(part), ends(whole)
    no_part, no_whole = gone(part), gone(whole) | (high <= 0)
    nothing = no_part | no_whole
    least, high = np.where(nothing, 0, least), np.where(nothing, 1, high)
    endless = nothing | (low <= 0)
    return _Shares(
        least,
        high,
        least / high,
        np.where(endless, np.inf, most / np.where(endless, 1, low)),
        nothing | _ranged(part) | _ranged(whole),
    )


def _ranged(cells: Cells) -> Array:
    return np.zeros(len(cells), bool) if cells.high is None else cells.high != cells.values


def _worst(of: Array, shares: _Shares, subjects: int) -> Array:
    """(subjects,) the row with the largest share that is sure, -1 for none. Shares that are equal as floats are
    compared exactly: a rounded quotient orders all others right."""
    worst = np.full(subjects, -1)
    order = np.argsort(shares.least, kind="stable")
    worst[of[order]] = order  # the last one written is the largest
    part, whole = _wide(shares.part, shares.whole)
    while True:
        rival = worst[of]
        equal = np.flatnonzero(shares.least == shares.least[rival])
        rival = rival[equal]
        larger = equal[part[equal] * whole[rival] > part[rival] * whole[equal]]
        if not len(larger):
            return worst
        worst[of[larger]] = larger


def _wide(part: Array, whole: Array) -> tuple[Array, Array]:
    """Both as integers of which no product overflows."""
    fits = int(part.max(initial=0)) * int(whole.max(initial=0)) < 2**63
    dtype = np.int64 if fits else object
    return part.astype(dtype), whole.astype(dtype)
