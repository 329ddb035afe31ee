"""The columns that the spring rules read, as plain arrays: what every contestant starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from campaign_analytics.assess import Assessment
from campaign_analytics.derive.making import columns_for
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import bind, opened

Array = np.ndarray[Any, np.dtype[Any]]

#: The rules compared: all that block, are computed, and need to look at a row (with every industry admitted, the two
#: rules of scope need not; one of them stays, as a rule that costs nothing). Offer rules take the bits from 0, merchant
#: rules those from 16.
OFFER_RULES = (
    "enrolment_window", "in_select", "select_pickup", "select_growth", "minimum_order", "free_shipping",
    "campaign_price", "experience", "category_scope", "escrow",
)  # fmt: skip
MERCHANT_RULES = (
    "select_level", "disputes", "medal", "trustpass", "alipay", "protection", "deposit", "trustpass_in_force",
    "fake_trading", "violation_points", "severe_ip", "prohibited_information", "compliance", "infringing_goods",
    "court", "overdue",
)  # fmt: skip
MERCHANT_BIT = 16
BITS = {rule: i for i, rule in enumerate(OFFER_RULES)} | {
    rule: MERCHANT_BIT + i for i, rule in enumerate(MERCHANT_RULES)
}


class Column(NamedTuple):
    """(n,) values with zero where ``missing``; money in fen, times in UTC microseconds, days since 1970-01-01."""

    type: str
    values: Array
    missing: Array | None
    high: Array | None
    names: tuple[str, ...]

    def codes(self, *names: str) -> list[int]:
        """The codes of some names."""
        return [self.names.index(name) for name in names]

    def bits(self, *names: str) -> Any:
        """A mask of the bits of some names, in the column's dtype."""
        return self.values.dtype.type(sum(1 << code for code in self.codes(*names)))

    @property
    def arrays(self) -> list[Array]:
        return [array for array in (self.values, self.missing, self.high) if array is not None]


@dataclass(frozen=True)
class Columns:
    """Columns of offers and of merchants, and for each offer the row of its merchant."""

    offers: dict[str, Column]
    merchants: dict[str, Column]
    merchant_row: Array

    def __len__(self) -> int:
        return len(self.merchant_row)

    @property
    def arrays(self) -> list[Array]:
        """Everything that has to be read."""
        held = [*self.offers.values(), *self.merchants.values()]
        return [self.merchant_row, *(array for column in held for array in column.arrays)]

    @property
    def bytes_per_offer(self) -> float:
        return sum(array.nbytes for array in self.arrays) / len(self)


def used_columns(assessment: Assessment) -> Columns:
    """The columns that the compared rules read, derived ones included."""
    return Columns(
        _used(assessment, OFFER_RULES, "offers"),
        _used(assessment, MERCHANT_RULES, "merchants"),
        assessment.market.merchant_row,
    )


def single(columns: Columns) -> Columns:
    """The same with the low ends alone of merchants' ranges, for peers that compare single values."""
    return replace(columns, merchants={name: column._replace(high=None) for name, column in columns.merchants.items()})


def _used(assessment: Assessment, rules: Sequence[str], level: str) -> dict[str, Column]:
    book, values = assessment.book, {**assessment.book.values, **assessment.moment.clock}
    trees = [tree for rule in rules for tree in (book.conditions[rule], book.guards.get(rule)) if tree is not None]
    bound = [opened(bind(tree, values), assessment.unmade) for tree in trees]
    cells = columns_for(assessment.market, book, bound, level)
    return {name: Column(held.type, held.values, held.missing, held.high, held.names) for name, held in cells.items()}


def as_listed(market: Market) -> Market:
    """The market without the history of its list prices, which knows some as ranges: peers compare single prices."""
    return replace(market, tables={name: table for name, table in market.tables.items() if name != "price_history"})


def only_compared(book: Rulebook) -> Rulebook:
    """The rulebook with every rule off that the contestants do not share."""
    return replace(book, severities={rule: "block" if rule in BITS else "off" for rule in book.rules})


def tiled(columns: Columns, times: int) -> Columns:
    """The same market several times over."""

    def more(array: Array | None) -> Array | None:
        return None if array is None else np.tile(array, times)

    def each(held: dict[str, Column]) -> dict[str, Column]:
        return {
            name: column._replace(
                values=np.tile(column.values, times), missing=more(column.missing), high=more(column.high)
            )
            for name, column in held.items()
        }

    merchants = len(next(iter(columns.merchants.values())).values)
    shift = np.repeat(np.arange(times, dtype=np.int32) * merchants, len(columns))
    return Columns(each(columns.offers), each(columns.merchants), np.tile(columns.merchant_row, times) + shift)
