"""Rows that repeat each other, rows of earlier snapshots, and rows of a merchant or an offer that is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.cells import spelled
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.schema import KEYS, Array, Cells, Market, Table
from campaign_analytics.market.texts import let_go, let_go_of_all

SAME_ROW = Reason("merged", "the same row again")
OTHER_ROW = Reason("merged", "the same key with other cells; the first row stays, cells that differ are missing")
FILLED = Reason("merged", "the same key again; its cells stand where the first row's source says nothing")
CONFLICT = Reason("missing", "rows of the same key differ here")
#: By the key that names who is not there.
ORPHAN = {
    "merchant_id": Reason("doubted", "no such merchant in the table merchants"),
    "offer_id": Reason("doubted", "no such offer in the table offers"),
}


@dataclass(frozen=True, eq=False)
class Merged:
    """What is left of a table whose rows repeat."""

    now: Array  # rows that stay
    earlier: Array  # rows of earlier snapshots, which stay aside
    merged: int  # rows that repeat others


#: So many keys are compared at a time.
_AT_ONCE = 1 << 16

#: Of a column (rows,) bool: the rows whose source says nothing in it, rather than that the cell is empty; None = none.
Silent = Callable[[str], Array | None]


def merge_repeats(
    table: str, cells: dict[str, Cells], key: str, rows: Origin, silent: Silent, quality: Quality
) -> Merged:
    """One row for each key and snapshot: the first; ``cells`` on which the others differ are made missing there.

    Where the source of a row says nothing the next row's cell stands: files that hold other columns complete each
    other. Of several snapshots of a key the latest counts as now.
    """
    count = len(rows)
    keys = _same(cells[key].values)
    let_go_of_all()
    when = _order_of_snapshots(cells.get("snapshot_at"), count)
    heads = _first(np.unique(keys * (when.max() + 1) + when, return_inverse=True)[1] if when.any() else keys)
    stays = heads == np.arange(count, dtype=np.int32)
    repeats = np.flatnonzero(~stays)
    if len(repeats):
        _settle(table, cells, key, repeats, heads[repeats], rows, silent, quality)
    latest = np.full(int(keys.max(initial=-1)) + 1, -1, when.dtype)
    np.maximum.at(latest, keys, when)
    current = when == latest[keys]
    return Merged(np.flatnonzero(stays & current), np.flatnonzero(stays & ~current), len(repeats))


def keep(cells: dict[str, Cells], rows: Array) -> None:
    """Keep these ``rows`` alone, a column at a time: no other is held twice meanwhile."""
    for column in cells:
        is_text = cells[column].type == "text" and not cells[column].names  # the largest
        (let_go_of_all if is_text else let_go)()
        cells[column] = cells[column].take(rows)


def _first(groups: Array) -> Array:
    """(n,) where each of the ``groups``, numbered from 0, stands first."""
    first = np.zeros(int(groups.max(initial=-1)) + 1, np.int32)
    first[groups[::-1]] = np.arange(len(groups), dtype=np.int32)[::-1]  # the first is written last
    heads: Array = first[groups]
    return heads


def _same(keys: Any) -> Array:
    """(n,) a number for each key, the same for equal ones. Sorted, for hashing takes five times the memory of texts."""
    held = pa.array(keys, from_pandas=True)
    held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
    order = pc.array_sort_indices(held)
    new = np.zeros(len(held), bool)
    for start in range(0, len(held), _AT_ONCE):
        some = held.take(order[start : start + _AT_ONCE + 1])
        new[start + 1 : start + len(some)] = pc.not_equal(some[1:], some[:-1])
    numbers = np.empty(len(held), np.int32)
    numbers[np.asarray(order)] = np.cumsum(new, dtype=np.int32)
    return numbers


def report_orphans(market: Market, quality: Quality) -> None:
    """Note the offers whose merchant is not in the table of merchants, and rows of penalties, SKUs and the like that
    are of nobody who is there: a mistyped key would hide them. They are kept."""
    owners = market.offers.cells["merchant_id"]
    _report(market.offers, "merchant_id", (market.merchant_row < 0) & ~owners.gone, quality)
    for name, table in market.tables.items():
        if name in ("merchants", "offers", "links"):  # accounts may be linked by one that is nobody's here
            continue
        key = KEYS[name][0]
        there = market.tables["offers" if key == "offer_id" else "merchants"].cells[key]
        known = pc.is_in(pa.array(table.cells[key].values), value_set=pa.array(there.values))
        _report(table, key, ~np.asarray(known), quality)


def _report(table: Table, key: str, orphans: Array, quality: Quality) -> None:
    where = np.flatnonzero(orphans)
    codes, texts = pd.factorize(pd.Series(table.cells[key].values).take(where))
    assert table.origin is not None
    quality.cells_noted(table.name, key, ORPHAN[key], table.origin[where], codes, texts, texts)


def _order_of_snapshots(snapshots: Cells | None, rows: int) -> Array:
    """(rows,) 0 for an unknown snapshot, then 1, 2 ... from the oldest."""
    if snapshots is None:
        return np.zeros(rows, np.int8)
    order = np.unique(snapshots.values, return_inverse=True)[1].astype(np.int64) + 1
    return order if snapshots.missing is None else np.where(snapshots.missing, 0, order)


def _settle(
    table: str,
    cells: dict[str, Cells],
    key: str,
    repeats: Array,
    heads: Array,
    rows: Origin,
    silent: Silent,
    quality: Quality,
) -> None:
    """Make the ``cells`` missing in which ``repeats`` differ from their ``heads``, and report them."""
    other, filled = np.zeros(len(repeats), bool), np.zeros(len(repeats), bool)
    for name in list(cells):
        held, mute = cells[name], silent(name)
        if mute is None:
            apart = differ(held, repeats, heads)
        else:
            speaks = ~mute[repeats]
            fills = speaks & mute[heads]
            filled |= fills
            source = np.arange(len(rows))
            source[heads[fills][::-1]] = repeats[fills][::-1]  # the first that speaks is written last
            cells[name] = held = held.take(source)
            apart = speaks & differ(held, repeats, heads)
        if not apart.any():
            continue
        other |= apart
        where = np.unique(heads[apart])
        texts = spelled(held.take(where))
        quality.cells_noted(table, name, CONFLICT, rows[where], np.arange(len(where)), texts)
        conflict = np.zeros(len(rows), bool)
        conflict[where] = True
        unread = conflict if held.unread is None else held.unread | conflict
        values = held.values
        if held.type == "text" and not held.names:
            values = values.copy()
            values[where] = ""
        cells[name] = Cells.make(held.type, values, held.gone | conflict, held.high, held.names, unread)
    names = pd.Series(cells[key].values)
    for reason, which in ((SAME_ROW, ~other & ~filled), (FILLED, filled & ~other), (OTHER_ROW, other)):
        codes, keys = pd.factorize(names.take(repeats[which]))
        quality.cells_noted(table, key, reason, rows[repeats[which]], codes, keys)


def differ(held: Cells, one: Array, other: Array) -> Array:
    """(n,) bool: whether the cells at rows ``one`` and ``other`` differ; also where one of them alone is missing."""
    a, b = held.take(one), held.take(other)
    differ: Array = np.asarray(a.values != b.values, bool)
    if a.high is not None and b.high is not None:
        differ |= a.high != b.high
    gone = [np.zeros(len(one), bool) if each.missing is None else each.missing for each in (a, b)]
    return np.asarray((differ & ~(gone[0] & gone[1])) | (gone[0] != gone[1]))
