"""What a recipe is given to make its column from, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import Bound, bind
from campaign_analytics.rulebook.model import Derived, Quantity
from campaign_analytics.rulebook.values import day_number, instant

_HELD = {"flag": bool, "number": float, "rate": float}


class Made(NamedTuple):
    """A recipe's column; not ``complete`` where its ranges stand for work that the recipe does not do yet."""

    cells: Cells
    complete: bool = True


class Evidence(NamedTuple):
    """What a recipe can show for one row, in words; ``others``: it names other merchants, and is for none of them."""

    text: str
    others: bool = False


@dataclass(frozen=True)
class Moment:
    """The moment of an assessment, and what the reserved names stand for at it."""

    as_of: datetime

    @cached_property
    def clock(self) -> dict[str, Bound]:
        """``as_of`` and ``today``, to be bound beside a rulebook's parameters."""
        return {"as_of": self.as_of, "today": self.as_of.date()}


@dataclass(frozen=True, eq=False)
class Making:
    """One derived column about to be made. ``market`` holds every column that it is made from."""

    market: Market
    book: Rulebook
    name: str
    moment: Moment

    @property
    def spec(self) -> Derived:
        return self.book.derived[self.name]

    @property
    def rows(self) -> int:
        """The number of rows that the column has."""
        return self.market.tables[self.spec.table].rows

    def argument(self, name: str) -> Any:
        """An argument as the rulebook gives it; a parameter's value in force where it gives ":parameter"."""
        return argument_of(self.book, self.name, name)

    def column(self, argument: str) -> Cells | None:
        """The column that an argument names, on this column's rows; None where the argument is left out."""
        name = self.spec.with_.get(argument)
        return None if name is None else self.cells(name)

    def cells(self, name: str, table: str | None = None) -> Cells:
        """A column by name on the rows of ``table`` (this column's own, if not said)."""
        table = table or self.spec.table
        rows = self.market.tables[table].rows
        if name in self.moment.clock:
            return constant(self.moment, name, rows)
        return on_rows(self.market, self.book, name, table)

    def where(self, table: str) -> tuple[Array, Array]:
        """The rows of ``table`` that the recipe's condition surely selects, and those that it may select, both
        (rows,) bool."""
        rows = self.market.tables[table].rows
        if self.name not in self.book.wheres:
            return np.ones(rows, bool), np.ones(rows, bool)
        exact = bind(self.book.wheres[self.name], {**self.book.values, **self.moment.clock})
        cells = columns_for(self.market, self.book, [exact], table)
        no, unknown = evaluate(exact, cells, rows)
        return ~no & ~unknown, ~no


def argument_of(book: Rulebook, derived: str, name: str) -> Any:
    """See ``Making.argument``."""
    given = book.derived[derived].with_.get(name)
    if isinstance(given, str) and given.startswith(":"):
        return book.values[given.removeprefix(":")]
    return given


def gone(cells: Cells) -> Array:
    """(rows,) bool: where a cell is missing."""
    return np.zeros(len(cells), bool) if cells.missing is None else cells.missing


def unread(cells: Cells) -> Array:
    """(rows,) bool: where a cell is missing though something was given: it is not understood, or rows conflict."""
    return gone(cells) & ~cells.blank


def ends(cells: Cells) -> tuple[Array, Array]:
    """The least and the greatest that each cell can be; equal where it is known exactly."""
    return cells.values, cells.values if cells.high is None else cells.high


def constant(moment: Moment, name: str, rows: int) -> Cells:
    """A reserved name as a column."""
    held = instant(moment.as_of) if name == "as_of" else day_number(moment.as_of.date())
    kind = "time" if name == "as_of" else "day"
    return Cells(kind, np.broadcast_to(np.int64(held), rows))


def absent(quantity: Quantity, names: tuple[str, ...], rows: int) -> Cells:
    """A column that the market does not have: missing everywhere."""
    gone = np.ones(rows, bool)
    if quantity.type == "text" and not names:
        return Cells("text", pd.array([None] * rows, dtype="str"), gone)
    return Cells.make(quantity.type, np.zeros(rows, _HELD.get(quantity.type, np.int64)), gone, names=names)


def on_rows(market: Market, book: Rulebook, name: str, table: str) -> Cells:
    """A column on the rows of ``table``: its own, or for offers its merchant's; missing everywhere where the
    market lacks it."""
    own = market.tables[table]
    if name in own.cells:
        return own.cells[name]
    if market.rest_of:
        return own.cells[name]  # which refuses it
    quantity = book.quantity(name)
    if table == "offers" and name in market.merchants.cells:
        return market.merchants.cells[name].take(market.merchant_row)
    return absent(quantity, book.names_of(quantity), own.rows)


def columns_for(market: Market, book: Rulebook, conditions: list[Any], table: str) -> Mapping[str, Cells]:
    """Every column that bound conditions read, on the rows of ``table``."""
    from campaign_analytics.engines.arrays import needed_columns

    return {name: on_rows(market, book, name, table) for name in sorted(needed_columns(conditions))}


def rows_of(market: Market, table: str, subjects: str) -> Array:
    """For every row of ``table`` the row of the merchant or offer (``subjects``) to which it belongs, -1 for none.

    A row without a merchant_id belongs to the merchant of its offer.
    """
    if table == "offers" and subjects == "merchants":
        return market.merchant_row
    key = "merchant_id" if subjects == "merchants" else "offer_id"
    if key not in market.tables[table].cells:
        return np.append(market.merchant_row, np.int32(-1))[rows_of(market, table, "offers")]
    rows, owners = market.tables[table].cells[key], market.tables[subjects].cells[key]
    known = _JOINED.setdefault(rows, WeakKeyDictionary())
    if owners not in known:
        of, keys = (pa.array(cells.values, from_pandas=True) for cells in (rows, owners))
        among = np.arange(len(keys), dtype=np.int32)
        if len(of) < len(keys):  # to ask of many whether they are among few is quicker than to number them
            among = np.flatnonzero(pc.is_in(keys, of)).astype(np.int32)
            keys = keys.take(pa.array(among))
        known[owners] = np.append(among, np.int32(-1))[np.asarray(pc.index_in(of, keys).fill_null(len(keys)))]
    return known[owners]


#: Several recipes read the same table: for each column of keys, and the column in which they are looked up, the rows.
_JOINED: WeakKeyDictionary[Cells, WeakKeyDictionary[Cells, Array]] = WeakKeyDictionary()
