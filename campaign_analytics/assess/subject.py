"""One offer or merchant: its cells, typed as people and the scalar reading take them, and where they were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.derive.making import absent, on_rows
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.by_hand import Entry
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.scalar import Range
from campaign_analytics.rulebook.values import EPOCH, did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_NEAR_ENOUGH = 5000  # ids looked at for a suggestion


@dataclass(frozen=True, eq=False)
class Subject:
    """The subject in row ``row`` of its table; an offer knows its merchant's cells too."""

    assessment: Assessment
    level: Level
    row: int

    @cached_property
    def merchant(self) -> int:
        """The row of its merchant, -1 for an orphan."""
        return self.row if self.level == "merchants" else int(self.assessment.market.merchant_row[self.row])

    @cached_property
    def _cells(self) -> dict[str, Cells]:
        return {}

    def cells(self, name: str) -> Cells:
        """One cell of a column, its own or its merchant's; missing where the market lacks the column or the
        merchant."""
        if name not in self._cells:
            book, tables = self.assessment.book, self.assessment.market.tables
            table = "merchants" if name not in tables[self.level].cells else self.level
            held = tables[table].cells.get(name)
            if held is None:
                quantity = book.quantity(name)
                self._cells[name] = absent(quantity, book.names_of(quantity), 1)
            else:
                row = self.row if table == self.level else self.merchant
                self._cells[name] = held.take(np.array([row]))
        return self._cells[name]

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {}

    def value(self, name: str) -> Any:
        """One cell as a typed value: see ``rulebook.values``; None = missing, ``Range`` = known as a range."""
        if name not in self._values:
            self._values[name] = self._typed(name)
        return self._values[name]

    def unread(self, name: str) -> bool:
        """Whether something stood in the cell that is not understood, or on which rows conflict."""
        unread = self.cells(name).unread
        return unread is not None and bool(unread[0])

    def by_hand(self, name: str) -> tuple[Entry, ...]:
        """What was given by hand for the cell, and stands there."""
        held = self.assessment.market.by_hand.get(name)
        return () if held is None else held.at(self.row if held.table == self.level else self.merchant)

    def _typed(self, name: str) -> Any:
        held = self.cells(name)
        if held.missing is not None and held.missing[0]:
            return None
        low = typed(held, held.values[0], self.assessment.book.zone)
        if held.high is None or held.high[0] == held.values[0]:
            return low
        return Range(low, typed(held, held.high[0], self.assessment.book.zone))

    def origin(self, name: str) -> tuple[str, str, int] | None:
        """Where a column's cell was read: table, header, and row as a spreadsheet counts; None for a derived or
        absent one."""
        market = self.assessment.market
        table = self.level if name in market.tables[self.level].cells else "merchants"
        held, row = market.tables[table], self.row if table == self.level else self.merchant
        if name not in held.cells or name in self.assessment.book.derived or row < 0:
            return None
        return table, held.headers.get(name, name), held.row_number(row)


def typed(held: Cells, value: Any, zone: Any) -> Any:
    """One held value as a typed one."""
    match held.type:
        case "flag":
            return bool(value)
        case "count" | "money":
            return int(value)
        case "rate" | "number":
            return Decimal(repr(float(value)))
        case "level" | "text":
            return held.names[int(value)] if held.names else str(value)
        case "set":
            return frozenset(name for i, name in enumerate(held.names) if int(value) >> i & 1)
        case "day":
            return EPOCH.date() + timedelta(days=int(value))
    return (EPOCH + timedelta(microseconds=int(value))).astimezone(zone)


def find(assessment: Assessment, level: Level, key: str, id: str) -> Subject:
    """The subject whose key is ``id``. Raises ``CampaignError`` that suggests the closest id."""
    keys = on_rows(assessment.market, assessment.book, key, level).values
    row = pc.index(pa.array(keys, pa.large_string()), pa.scalar(str(id), pa.large_string())).as_py()
    if row >= 0:
        return Subject(assessment, level, row)
    texts = pd.Series(keys).dropna().astype("str")
    alike = texts[texts.str.startswith(str(id)[:-3])] if len(str(id)) > 4 else texts
    near = did_you_mean(str(id), (alike if len(alike) else texts).head(_NEAR_ENOUGH))
    raise CampaignError(f"no {level[:-1]} has {key} {str(id)!r}{near}")
