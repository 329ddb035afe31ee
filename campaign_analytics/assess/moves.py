"""Moving the columns of some subjects: what a repair does to the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from campaign_analytics.derive.making import absent
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.book import Level

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

Action: TypeAlias = Literal[
    "raise", "lower", "add", "remove", "switch_on", "switch_off", "choose", "orders", "supply", "none"
]


@dataclass(frozen=True, eq=False)
class Step:
    """One column to move for some of the subjects. Arrays have one place a subject."""

    column: str
    action: Action
    where: Array  # bool
    to: Any = None  # held values afterwards; None = not one value
    known: Array | None = None  # bool: where ``to`` says something; None = everywhere
    choices: tuple[str, ...] = ()  # the values among which one may be chosen
    orders: Array | None = None  # how many orders in a row
    alternative_to: str = ""  # the column that is moved instead; empty = this one is proposed
    option: int = 0  # which alternative, as the condition lists them from 1; 0 = proposed


class Subjects:
    """Some offers or merchants, with the cells of any column taken on their rows."""

    def __init__(self, assessment: Assessment, level: Level, rows: Array) -> None:
        self.assessment, self.level, self.rows = assessment, level, rows
        self._cells: dict[str, Cells] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def cells(self, name: str) -> Cells:
        """A column of the subjects, or of their merchants; missing where the market lacks either."""
        if name not in self._cells:
            market, book = self.assessment.market, self.assessment.book
            own = market.tables[self.level].cells.get(name)
            theirs = market.merchants.cells.get(name)
            if own is not None:
                self._cells[name] = own.take(self.rows)
            elif theirs is not None:
                self._cells[name] = theirs.take(market.merchant_row[self.rows])
            elif market.rest_of:
                self._cells[name] = market.tables[self.level].cells[name]  # which refuses it
            else:
                quantity = book.quantity(name)
                self._cells[name] = absent(quantity, book.names_of(quantity), len(self))
        return self._cells[name]

    def some(self, chosen: Array) -> Subjects:
        """Those at the places ``chosen``."""
        return Subjects(self.assessment, self.level, self.rows[chosen])


def naming(held: Cells, choices: tuple[str, ...]) -> Cells:
    """The cells with codes for ``choices`` too."""
    return replace(held, names=tuple(dict.fromkeys((*held.names, *choices))))


def moved(held: Cells, where: Array, to: Any) -> Cells:
    """The cells with those at ``where`` set to ``to``, known and exact."""
    wide: Any = held.values.dtype if held.type in ("flag", "set", "number", "rate") else np.int64
    values = np.where(where, np.asarray(to).astype(wide), held.values)
    missing = None if held.missing is None else held.missing & ~where
    high = None if held.high is None else np.where(where, values, held.high)
    return Cells.make(held.type, values, missing, high, held.names)


def tightest(step: Step, held: Any, where: Array) -> Any:
    """Where two steps move one column the same way, the values that satisfy both."""
    both = step.where & where
    if step.action in ("raise", "add"):
        met = np.bitwise_or(step.to, held) if step.action == "add" else np.maximum(step.to, held)
    else:
        met = np.bitwise_and(step.to, held) if step.action == "remove" else np.minimum(step.to, held)
    return np.where(both, met, np.where(step.where, step.to, held))


def only(step: Step, where: Array) -> Step:
    """The step for those at ``where`` alone."""
    return replace(step, where=step.where & where)


def inexact(cells: Cells) -> Array:
    """Missing, or known only as a range."""
    unsure = np.zeros(len(cells), bool) if cells.missing is None else cells.missing
    return unsure if cells.high is None else unsure | (cells.high != cells.values)
