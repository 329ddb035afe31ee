"""Places of offers in an order within groups: the least and the greatest that each may have, whatever is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.derive.making import ends, gone
from campaign_analytics.market.schema import Array, Cells

_ROOM = 2**63


class Key(NamedTuple):
    """What orders subjects, smaller first: the best and the worst that each may turn out to be, both (n,) int64 from
    0. A missing cell may be anything, so it is the first at best and the last at worst."""

    best: Array
    worst: Array


def key(cells: Cells, descending: bool) -> Key:
    """One column as a key. Levels and texts of a list are in the list's order."""
    low, high = ends(cells)
    if cells.type == "text" and not cells.names:
        low = high = text_order(cells.values)
    elif low.dtype.kind == "f":
        low, high = np.split(pd.factorize(np.concatenate([low, high]), sort=True)[0], 2)
    low, high = low.astype(np.int64), high.astype(np.int64)
    if len(low):
        least, most = low.min(), high.max()
        low, high = (most - high, most - low) if descending else (low - least, high - least)
    missing = gone(cells)
    if not missing.any():
        return Key(low, low if np.array_equal(low, high) else high)
    return Key(np.where(missing, 0, low + 1), np.where(missing, high.max(initial=0) + 2, high + 1))


def text_order(values: object) -> Array:
    """(n,) int64 the place of each text among the distinct ones, from 0; missing ones come last."""
    return np.asarray(pc.rank(pa.array(values, from_pandas=True), tiebreaker="dense")).astype(np.int64) - 1


def joined(parts: Sequence[Array]) -> Array:
    """(n,) int64 numbers in the lexicographic order of several parts, each (n,) int64 from 0; at least one part."""
    code, room = parts[0], _top(parts[0])
    for part in parts[1:]:
        width = _top(part)
        if room * width >= _ROOM:
            code, part = (np.unique(each, return_inverse=True)[1] for each in (code, part))
            room, width = _top(code), _top(part)
        code, room = code * width + part, room * width
    return code


def _top(part: Array) -> int:
    return int(part.max(initial=0)) + 1


def places(group: Array, order: Key, sure: Array) -> Key:
    """The least and the greatest place of each subject among those of its group, both (n,) int64 from 1.

    ``group`` (n,) int64, -1 = not known: then in any of the groups. ``order`` must tell any two subjects apart.
    ``sure`` (n,) bool: who takes part for certain; each of the others may or may not, but counts for its own place.
    """
    known = group >= 0
    first = np.ones(len(group), np.int64)
    best, worst = first, np.full(len(group), len(group), np.int64)
    inexact = ~sure | (order.best != order.worst)
    if not known.all():
        inexact |= known
    touched = np.zeros(int(group.max(initial=-1)) + 1, bool)
    touched[group[inexact & known]] = True
    plain = np.flatnonzero(known)[~touched[group[known]]]
    best[plain] = worst[plain] = _places(group[plain], order.best[plain])
    rest = np.flatnonzero(known)[touched[group[known]]]
    if len(rest):
        best[rest], worst[rest] = _ranges(group[rest], order.best[rest], order.worst[rest], sure[rest])
        adrift = np.sort(order.best[~known])
        worst[rest] += np.searchsorted(adrift, order.worst[rest])
    return Key(best, worst)


def _places(group: Array, order: Array) -> Array:
    """(n,) places from 1 where everything is known."""
    code = joined([group, order])
    row = np.argsort(code)
    begins = np.flatnonzero(np.diff(group[row], prepend=-1))
    sizes = np.diff(begins, append=len(row))
    place = np.empty(len(row), np.int64)
    place[row] = np.arange(len(row)) - np.repeat(begins, sizes) + 1
    return place


def _ranges(group: Array, best: Array, worst: Array, sure: Array) -> tuple[Array, Array]:
    """(n,) least and greatest places: behind those that are surely ahead, and behind all that may be."""
    width = max(_top(best), _top(worst))
    if _top(group) * width >= _ROOM:
        best, worst = np.split(np.unique(np.concatenate([best, worst]), return_inverse=True)[1], 2)
        group = np.unique(group, return_inverse=True)[1]
        width = max(_top(best), _top(worst))
    start = group * width
    surely, maybe = np.sort((start + worst)[sure]), np.sort(start + best)
    ahead = np.searchsorted(surely, start + best) - np.searchsorted(surely, start)
    beside = np.searchsorted(maybe, start + worst) - np.searchsorted(maybe, start) - (best < worst)
    return 1 + ahead, 1 + beside
