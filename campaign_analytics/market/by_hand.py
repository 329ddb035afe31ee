"""Values given by hand, put into a market for a day: read last, they win; those that have expired do not apply.

Where two that are in force on that day differ, or one is not understood, nobody can tell: the cell is missing, as
something that is not understood. What the files said is kept beside, so that another day starts from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.cells import all_missing
from campaign_analytics.market.keys import differ
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality
from campaign_analytics.market.schema import KEYS, Array, Cells, Market, joined
from campaign_analytics.market.shares import rates_from_counts

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook


class Entry(NamedTuple):
    """One row of the table of overrides: a value, and where it comes from."""

    subject: str
    column: str
    raw: str
    source: str
    by: str
    dated: date | None
    valid_until: date | None  # the last day on which it holds; None = no end
    file: str
    row: int  # as a spreadsheet counts

    def expired(self, day: date) -> bool:
        """Whether it no longer holds on ``day``."""
        return self.valid_until is not None and self.valid_until < day


@dataclass(frozen=True, eq=False)
class Given:
    """All values that were given by hand for one column."""

    table: str
    column: str
    entries: tuple[Entry, ...]
    cells: Cells  # (n,) their values; missing where one is not understood


@dataclass(frozen=True, eq=False)
class InForce:
    """The cells of one column that stand by hand on a day."""

    table: str
    column: str
    rows: Array  # (k,) rows of the table, ascending
    cells: Cells  # (k,) what stands there
    before: Cells | None  # (k,) what the files said; None of a derived column
    entries: tuple[tuple[Entry, ...], ...]  # beside ``rows``; several where they agree, or conflict

    @cached_property
    def _place(self) -> Mapping[int, int]:
        return {row: place for place, row in enumerate(self.rows.tolist())}

    def at(self, row: int) -> tuple[Entry, ...]:
        """What gives the cell of ``row``; nothing where it does not stand by hand."""
        place = self._place.get(row)
        return () if place is None else self.entries[place]

    def codes(self, rows: Array) -> Array:
        """(n,) another number for each cell by hand among ``rows``, 0 for all others."""
        place = np.searchsorted(self.rows, rows)
        found = self.rows[np.minimum(place, len(self.rows) - 1)] == rows
        return np.where(found, place + 1, 0)

    def without(self, rows: Array) -> InForce | None:
        """The same but for ``rows``; None where nothing is left."""
        return self._some(np.flatnonzero(~np.isin(self.rows, rows)), self.rows)

    def taken(self, rows: Array) -> InForce | None:
        """The cells among ``rows`` of the table, for a table that holds these rows alone, in this order."""
        held, places, now = np.intersect1d(self.rows, rows, assume_unique=True, return_indices=True)
        numbers = np.zeros(len(self.rows), np.int64)
        numbers[places] = now
        return self._some(places[np.argsort(now)], numbers) if len(held) else None

    def _some(self, places: Array, rows: Array) -> InForce | None:
        if not len(places):
            return None
        before = None if self.before is None else self.before.take(places)
        entries = tuple(self.entries[place] for place in places.tolist())
        return replace(self, rows=rows[places], cells=self.cells.take(places), before=before, entries=entries)

    def over(self, cells: Cells) -> Cells:
        """A column of the table with what stands by hand in its place."""
        return put(cells, self.rows, self.cells)


def put(cells: Cells, rows: Array, values: Cells) -> Cells:
    """``cells`` with ``values`` (k,) at ``rows`` (k,)."""
    places = np.arange(len(cells))
    places[rows] = len(cells) + np.arange(len(rows))
    return joined([cells, values]).take(places)


def in_force(market: Market, book: Rulebook, day: date) -> Market:
    """The market with the values by hand that hold on ``day``, in place of those that held on another.

    A derived column gets them when it is made; a rate of which a count stands by hand is told by its counts.
    """
    if not market.overrides:
        return market
    market = _as_read(market)
    held = {each.column: each for given in market.overrides if (each := _on(market, given, day))}
    for column, each in held.items():
        if column not in book.derived:
            market, held[column] = _placed(market, book, each)
    for each in _rates(market, book, held):
        market, held[each.column] = _placed(market, book, each)
    return replace(market, by_hand=held).joined_by(market.merchant_row)


def _as_read(market: Market) -> Market:
    """The market as its files have it."""
    for column, each in market.by_hand.items():
        if each.before is not None:
            table = market.tables[each.table]
            market = market.with_table(table.with_cells({column: put(table.cells[column], each.rows, each.before)}))
    return market


def _on(market: Market, given: Given, day: date) -> InForce | None:
    """What holds on a day, one cell a subject."""
    alive = np.array([not entry.expired(day) for entry in given.entries])
    rows = rows_of(market, given.table, [entry.subject for entry in given.entries])
    alive = np.flatnonzero(alive & (rows >= 0))
    if not len(alive):
        return None
    own, first, group = np.unique(rows[alive], return_index=True, return_inverse=True)
    heads = alive[first]
    torn = np.zeros(len(own), bool)
    np.logical_or.at(torn, group, differ(given.cells, alive, heads[group]))
    cells = given.cells.take(heads)
    unread = torn | (cells.gone & ~cells.blank)
    values = np.where(torn, "", cells.values) if cells.type == "text" and not cells.names else cells.values
    settled = Cells.make(cells.type, values, cells.gone | torn, cells.high, cells.names, unread)
    entries: list[list[Entry]] = [[] for _ in own]
    for place, of in zip(alive.tolist(), group.tolist(), strict=True):
        entries[of].append(given.entries[place])
    return InForce(given.table, given.column, own, settled, None, tuple(map(tuple, entries)))


def rows_of(market: Market, table: str, subjects: list[str]) -> Array:
    """(n,) the row of each subject in its table, -1 where it is not there."""
    held = pa.array(market.tables[table].cells[KEYS[table][0]].values, pa.large_string(), from_pandas=True)
    asked = pa.array(subjects, pa.large_string())
    near = np.flatnonzero(np.asarray(pc.is_in(held, value_set=asked)))
    places = np.asarray(pc.index_in(asked, value_set=held.take(pa.array(near))).fill_null(-1), np.int64)
    return np.where(places < 0, -1, near[places] if len(near) else -1)


def _placed(market: Market, book: Rulebook, each: InForce) -> tuple[Market, InForce]:
    table = market.tables[each.table]
    cells = table.cells.get(each.column) or all_missing(each.column, book, table.rows)
    market = market.with_table(table.with_cells({each.column: each.over(cells)}))
    return market, replace(each, before=cells.take(each.rows))


def _rates(market: Market, book: Rulebook, held: Mapping[str, InForce]) -> Iterator[InForce]:
    """The rates of rows in which a count behind them stands by hand, and not the rate itself."""
    for name, column in book.columns.items():
        counts = [held[count] for count in column.counts or () if count in held]
        cells = market.tables[column.table].cells if counts else {}
        if not counts or not all(count in cells for count in column.counts or ()):
            continue
        rows = np.unique(np.concatenate([count.rows for count in counts]))
        rows = np.setdiff1d(rows, held[name].rows) if name in held else rows
        some = {count: cells[count].take(rows) for count in column.counts or ()}
        made = dict(rates_from_counts(column.table, book, some, {}, Origin.of("", rows), Quality()))[name]
        told = np.flatnonzero(~made.blank)
        if len(told):
            entries = tuple(tuple(entry for count in counts for entry in count.at(row)) for row in rows[told].tolist())
            yield InForce(column.table, name, rows[told], made.take(told), None, entries)
