"""``rank``: a subject's place among all, or among those of its group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from campaign_analytics.derive.making import Made, Making, ends, gone
from campaign_analytics.market.schema import Array, Cells


def make(making: Making) -> Made:
    """The place of ``of`` among the subjects that ``where`` selects, of the same group of ``within`` where it is given:
    1 for the highest (with ``highest_first`` false, for the lowest). Equal ones have the same place.

    As a rate, the place over how many take part: at most 0.1 is the best tenth. Who is not selected, or has a
    blank value, has a blank place. Others whose value or group is not known, or only as a range, or who may or may not
    be selected, leave a range of every place that they may take.
    """
    of, within = making.column("of"), making.column("within")
    assert of is not None
    stands_for = making.market.tables[making.spec.table].stands_for
    many = np.ones(making.rows, np.int64) if stands_for is None else stands_for
    sure, possible = making.where(making.spec.table)
    group, ungrouped = _groups(within, making.rows)
    low, high = ends(of)
    if making.argument("highest_first") is False:
        low, high = -high.astype(np.float64), -low.astype(np.float64)
    known = ~gone(of) & ~ungrouped
    ahead = _larger(low, high, group, sure & known, many)
    beside = _beside(low, high, group, possible & ~ungrouped, known, many)
    anywhere = possible & ungrouped
    if anywhere.any():  # in this group, for all that is known
        everywhere = np.zeros(making.rows, np.int64)
        beside = beside + _larger(high, low, everywhere, anywhere & ~gone(of), many) + many[anywhere & gone(of)].sum()
    missing = ~known | ~possible
    unread = possible & ~known & ~of.blank
    if making.spec.type == "count":
        return Made(Cells.make("count", 1 + ahead, missing, 1 + beside, unread=unread))
    # whoever may take part or not counts among all where it is ahead, the worst that can be, and else where it is not
    certain = _of_group(group, sure & ~ungrouped, many) + (possible & ~sure)
    fewest = certain + beside - _beside(low, high, group, sure & ~ungrouped, known, many)
    most = _of_group(group, possible & ~ungrouped, many) + many[anywhere].sum()
    share = [
        np.where(missing, 0, part / np.maximum(whole, 1)) for part, whole in ((1 + ahead, most), (1 + beside, fewest))
    ]
    return Made(Cells.make("rate", share[0], missing, share[1], unread=unread))


def _beside(low: Array, high: Array, group: Array, among: Array, known: Array, many: Array) -> Array:
    """(rows,) how many others of ``among`` in the row's group may be ahead of it."""
    itself = among & known & (high > low)
    return _larger(high, low, group, among & known, many) - itself + _of_group(group, among & ~known, many)


def _groups(within: Cells | None, rows: int) -> tuple[Array, Array]:
    """(rows,) a number for each row's group, and where the group is not known."""
    if within is None:
        return np.zeros(rows, np.int64), np.zeros(rows, bool)
    values = within.values if within.names else pd.factorize(pd.Series(within.values))[0]
    return np.where(gone(within), 0, values).astype(np.int64), gone(within)


def _of_group(group: Array, selected: Array, many: Array) -> Array:
    """(rows,) how many of ``selected`` are in the row's group."""
    counts = np.bincount(group[selected], many[selected], int(group.max(initial=0)) + 1)
    return counts.astype(np.int64)[group]


def _larger(values: Array, than: Array, group: Array, among: Array, many: Array) -> Array:
    """(rows,) how many of ``among`` in the row's group have a value above the row's ``than``."""
    every = np.unique(np.concatenate([values, than]))
    width = len(every) + 1  # a number for each pair of group and value, in their order
    pairs = group[among] * width + np.searchsorted(every, values[among])
    order = np.argsort(pairs)
    pairs, before = pairs[order], np.append(0, np.cumsum(many[among][order]))
    asked = group * width + np.searchsorted(every, than)
    end = np.searchsorted(pairs, (group + 1) * width)
    larger: Array = before[end] - before[np.searchsorted(pairs, asked, side="right")]
    return larger
