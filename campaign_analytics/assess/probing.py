"""Whether derived columns become known if cells behind them are supplied: they are made again from probing values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.derive import made_of
from campaign_analytics.derive.making import Making, Moment, on_rows
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.values import day_number, instant


class Known(NamedTuple):
    """Where a derived column is known, each (subjects,) bool."""

    ever: Array  # for one of the probing values at least
    always: Array  # for each of them


@dataclass(frozen=True, eq=False)
class Probing:
    """The subjects of one level of a market, with what their cells would be if some were supplied."""

    book: Rulebook
    market: Market
    moment: Moment
    level: Level

    def cells(self, name: str, market: Market | None = None) -> Cells:
        """A column on the rows of the level."""
        return on_rows(market or self.market, self.book, name, self.level)

    def place(self, name: str) -> str:
        """The table whose cell of a column a subject reads."""
        tables = self.market.tables
        held = [table for table in (self.level, "merchants") if name in tables[table].cells]
        return held[0] if held else self.book.table_of(name)

    def sources(self, name: str) -> list[str]:
        """The table columns behind a derived column of which a subject has one cell.

        None behind a table's column, nor behind one that ties or ranks subjects: their own cells don't settle it.
        """
        if name not in self.book.derived or self.book.ties(name) or self._ranked(name):
            return []
        table = self.book.table_of(name)
        near = ("offers", "merchants") if table == "offers" else (table,)
        return [source for source in sorted(self.book.sources(name)) if self.place(source) in near]

    def _ranked(self, name: str) -> bool:
        made = self.book.derived.get(name)
        return made is not None and (made.make == "rank" or any(map(self._ranked, self.book.reads(name))))

    def tried(self, *supplied: str) -> dict[str, Known]:
        """By derived column made from the table columns ``supplied``: where it is known once their cells are."""
        if supplied not in self._tried:
            places = {column: self.place(column) for column in supplied}
            filled = {
                (p, c): list(_filled(on_rows(self.market, self.book, c, p), self.moment)) for c, p in places.items()
            }
            downstream = [name for name in self._made() if set(supplied).intersection(self.sources(name))]
            self._tried[supplied] = self._known(filled, downstream)
        return self._tried[supplied]

    @cached_property
    def _tried(self) -> dict[tuple[str, ...], dict[str, Known]]:
        return {}

    def known_with(self, table: str, column: str, which: Array) -> dict[str, Array]:
        """By derived column made from a column of any table: (subjects,) bool, where it is known if the cells ``which``
        (bool, on the rows of ``table``) are, whatever their values."""
        cells = self.market.tables[table].cells[column]
        downstream = [name for name in self._made() if column in self.book.sources(name)]
        filled = {(table, column): list(_filled(cells, self.moment, which))}
        return {name: known.always for name, known in self._known(filled, downstream).items()}

    def _made(self) -> list[str]:
        """The derived columns that the market has, each after those that it is made from."""
        return [name for name in self.book.derived_order if name in self.market.tables[self.book.table_of(name)].cells]

    def _known(self, filled: Mapping[tuple[str, str], Sequence[Cells]], downstream: Sequence[str]) -> dict[str, Known]:
        markets = list(self._markets(filled, downstream))
        return {name: _known([~is_open(self.cells(name, market)) for market in markets]) for name in downstream}

    def _markets(
        self, filled: Mapping[tuple[str, str], Sequence[Cells]], downstream: Sequence[str]
    ) -> Iterator[Market]:
        """The market with columns, by table and name, ``filled`` by their probing values, one after the other."""
        for i in range(max(map(len, filled.values()))):
            market = self.market
            for (table, column), probes in filled.items():
                cells = probes[min(i, len(probes) - 1)]
                market = market.with_table(market.tables[table].with_cells({column: cells}))
            for name in downstream:
                made = made_of(Making(market, self.book, name, self.moment))
                market = market.with_table(market.tables[self.book.table_of(name)].with_cells({name: made.cells}))
            yield market


def _filled(cells: Cells, moment: Moment, which: Array | None = None) -> Iterator[Cells]:
    """A column whose open cells (those of ``which``) hold each probing value of its type in turn."""
    gone = is_open(cells) if which is None else which & is_open(cells)
    if cells.type == "text" and not cells.names:
        left = cells.gone & ~gone
        yield Cells("text", pd.Series(cells.values).mask(gone, "?").array, left if left.any() else None)
        return
    probes: dict[str, Sequence[Any]] = {
        "flag": (False, True),
        "set": (0, (1 << len(cells.names)) - 1),
        "rate": (0.0, 1.0),
        "day": (day_number(moment.as_of.date()), 0),  # today, and long ago
        "time": (instant(moment.as_of), 0),
    }
    usual = range(len(cells.names)) if cells.names else (1, 1_000_000)
    held = np.asarray(cells.values)
    dtype = held.dtype if cells.type in ("set", "flag", "rate", "number") else np.int64
    left, high = cells.gone & ~gone, cells.high
    for value in probes.get(cells.type, usual):
        filled = np.where(gone, np.array(value, dtype), held)
        ends = None if high is None else np.where(gone, filled, high)
        unread = None if cells.unread is None else cells.unread & left
        yield Cells.make(cells.type, filled, left, ends, cells.names, unread)


def is_open(cells: Cells) -> Array:
    """(rows,) bool: missing, or known only as a range."""
    gone = np.zeros(len(cells), bool) if cells.missing is None else cells.missing
    return gone if cells.high is None else gone | np.asarray(cells.high != cells.values)


def _known(outcomes: list[Array]) -> Known:
    held = np.array(outcomes)
    return Known(np.asarray(held.any(axis=0)), np.asarray(held.all(axis=0)))
