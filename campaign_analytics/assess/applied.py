"""Repairs carried out on the data, so that a market can be assessed again as if they had been made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.assess.moves import moved, naming
from campaign_analytics.assess.spelling import read_back, spell_all
from campaign_analytics.derive.making import absent
from campaign_analytics.errors import CampaignError, ValueFault
from campaign_analytics.market.by_hand import InForce
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.rulebook.book import Rulebook

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

#: Actions that no data can follow, and why.
REFUSED = {
    "supply": "the value is not known, and is not ours to invent",
    "none": "no value of the column would do",
}
_NEEDED = ("rule", "column", "action", "to", "names", "by", "alternative_to")
_MERGED = {"raise": np.maximum, "lower": np.minimum, "add": np.bitwise_or, "remove": np.bitwise_and}


def applied(assessment: Assessment, fixes: pd.DataFrame, rows: Mapping[str, Array] | None = None) -> Market:
    """See ``Assessment.apply``. ``rows``: the row of each fix by table, where they are known and none is an
    alternative."""
    lacking = [name for name in _NEEDED if name not in fixes]
    key = "offer_id" if "offer_id" in fixes else "merchant_id"
    if lacking or key not in fixes:
        raise CampaignError(f"these are no fixes: no column {', '.join(lacking or [key])}; give rows of fixes()")
    keys = [name for name in ("offer_id", "merchant_id") if name in fixes]
    fixes = _proposed(fixes[[*keys, *_NEEDED]], key).reset_index(drop=True)
    _refuse(fixes, key, assessment.book)
    market = assessment.market
    held = {name: dict(table.cells) for name, table in market.tables.items()}
    writer = _Writer(assessment, fixes, held, dict(rows or {}))
    for (column, action), some in fixes.groupby(["column", "action"], sort=False):
        writer.write(str(column), str(action), some)
    made = assessment.book.derived.keys() - market.settled
    for name in writer.changed:
        market = market.with_table(replace(market.tables[name], cells=writer.cells[name]))
    market = replace(market, overrides=(), by_hand=writer.left_by_hand()).joined_by(market.merchant_row)
    for table in market.tables.values():  # what was derived from the old cells goes
        if made & table.cells.keys():
            kept = {column: cells for column, cells in table.cells.items() if column not in made}
            market = market.with_table(replace(table, cells=kept))
    return market


def _proposed(fixes: pd.DataFrame, key: str) -> pd.DataFrame:
    """The repairs proposed; an alternative only where what it replaces is not among the rows."""
    alternative = (fixes["alternative_to"] != "").to_numpy()
    if not alternative.any():
        return fixes
    mine = pd.MultiIndex.from_frame(fixes[[key, "rule"]])
    return fixes[~(alternative & mine.isin(mine[~alternative]))]


def _refuse(fixes: pd.DataFrame, key: str, book: Rulebook) -> None:
    for row in fixes[fixes["action"].isin(list(REFUSED))].head(1).itertuples():
        count = int(fixes["action"].isin(list(REFUSED)).sum())
        raise CampaignError(
            f"{count:,} repairs cannot be applied, the first for {key} {getattr(row, key)!r}: {row.column}: "
            f"{REFUSED[str(row.action)]}; leave out the rows whose action is {row.action!r}"
        )
    for name in sorted({*fixes["column"].unique()} - writable(book, fixes["column"].unique())):
        made = book.derived[name].make
        raise CampaignError(f"{name} is made by the recipe {made!r}; there is no cell to change: leave its rows out")


def writable(book: Rulebook, columns: Iterable[str]) -> set[str]:
    """Those of ``columns`` that stand in a table, or can be traced to what they are made from."""
    return {name for name in columns if name not in book.derived or book.derived[name].make == "uncovered_regions"}


@dataclass(eq=False)
class _Writer:
    assessment: Assessment
    fixes: pd.DataFrame  # all of them, numbered
    cells: dict[str, dict[str, Cells]]
    places: dict[str, Array]  # by table: the row of each of the fixes

    def __post_init__(self) -> None:
        self.book, self.changed = self.assessment.book, set[str]()
        self._written: dict[tuple[str, str], dict[str, Array]] = {}

    def write(self, column: str, action: str, fixes: pd.DataFrame) -> None:
        """Move one column by one kind of action in all of its rows."""
        if action == "orders":
            self._orders(column, fixes)
        elif column in self.book.derived:
            self._regions(column, fixes)
        else:
            rows, values = self._values(column, action, fixes)
            self._put(column, rows, values, action)

    def _table(self, column: str) -> str:
        return self.book.table_of(column)

    def _rows(self, table: str, fixes: pd.DataFrame) -> Array:
        """The rows of ``table`` that some of the fixes are for; looked up once for all of them."""
        key = "merchant_id" if table == "merchants" else "offer_id"
        if key not in fixes:
            raise CampaignError(f"the fixes name no {key}; those of a column of {table} need it")
        if table not in self.places:
            keys = pa.array(self.assessment.market.tables[table].cells[key].values, from_pandas=True)
            asked = pa.array(self.fixes[key].array, from_pandas=True)
            self.places[table] = np.asarray(pc.index_in(asked, keys).fill_null(-1), np.int64)
        rows = self.places[table][fixes.index]
        if (rows < 0).any():
            raise CampaignError(f"no {key} {fixes[key].iloc[int(np.argmin(rows))]!r} in this market")
        return rows

    def _held(self, column: str) -> Cells:
        table, quantity = self._table(column), self.book.quantity(column)
        rows = self.assessment.market.tables[table].rows
        return self.cells[table].get(column) or absent(quantity, self.book.names_of(quantity), rows)

    def _values(self, column: str, action: str, fixes: pd.DataFrame) -> tuple[Array, Array]:
        """The rows to change, each once, and what they shall hold; of several repairs the one that meets them all."""
        table, like = self._table(column), self._held(column)
        rows = self._rows(table, fixes)
        texts = self._texts(column, action, fixes, rows)
        if like.type == "text":
            like = self.cells[table][column] = naming(like, tuple(np.unique(texts)))
        codes, distinct = pd.factorize(texts)
        try:
            spelled = [read_back(str(text), like.type, like.names, self.book.zone) for text in distinct]
        except ValueFault as fault:
            raise CampaignError(f"fixes of {column}: {fault}") from None
        values = np.array(spelled, _dtype(like))[codes]
        distinct_rows, first, where = np.unique(rows, return_index=True, return_inverse=True)
        merged = values[first]
        if action in _MERGED:
            _MERGED[action].at(merged, where, values)
        elif (merged[where] != values).any():
            raise CampaignError(f"{column}: two repairs of one row want different values; keep one of them")
        return distinct_rows, merged

    def _texts(self, column: str, action: str, fixes: pd.DataFrame, rows: Array) -> Array:
        """What each repair asks for, spelled; of an open choice the first name that all of a row's repairs allow."""
        if action in ("switch_on", "switch_off"):
            return np.full(len(fixes), "true" if action == "switch_on" else "false", object)
        texts: Array = fixes["to"].to_numpy(object)
        left = texts == ""
        if left.any() and action == "add":
            like, first = self._held(column), fixes["names"].str.split(";").str[0]
            bits = like.values[rows] | np.array([read_back(name, "set", like.names, self.book.zone) for name in first])
            return np.where(left, spell_all(bits, like, self.book.zone), texts)
        if action == "choose":
            open_ = pd.DataFrame({"row": rows, "names": np.where(left, fixes["names"].to_numpy(object), texts)})
            chosen = open_.drop_duplicates().groupby("row")["names"].agg(_first_in_all)
            return chosen.reindex(rows).to_numpy(object)
        return texts

    def _put(self, column: str, rows: Array, values: Any, action: str) -> None:
        table, before = self._table(column), self._held(column)
        opposed = self._written.get((table, column), {})
        for other, done in opposed.items():
            if other != action and done[rows].any():
                raise CampaignError(f"{column}: one repair would {other} it and another {action} it; keep one of them")
        where = np.zeros(len(before), bool)
        where[rows] = True
        to: Any = np.zeros(len(before), values.dtype)
        to[rows] = values
        self.cells[table][column] = moved(before, where, to)
        self._written.setdefault((table, column), {})[action] = where
        self.changed.add(table)

    def left_by_hand(self) -> dict[str, InForce]:
        """What stood by hand and was not moved."""
        held = dict(self.assessment.market.by_hand)
        for (_, column), done in self._written.items():
            if column in held:
                moved_rows = np.flatnonzero(np.logical_or.reduce(list(done.values())))
                if left := held.pop(column).without(moved_rows):
                    held[column] = left
        return held

    # ---- columns that hang together

    def _orders(self, column: str, fixes: pd.DataFrame) -> None:
        """The next n orders, all as wanted: both counts and the rate that they make."""
        counts = self.book.columns[column].counts
        assert counts is not None
        rows = self._rows(self._table(column), fixes)
        once = ~pd.Series(rows).duplicated().to_numpy()
        rows, more = rows[once], fixes["by"].to_numpy()[once].astype(np.int64)
        part, whole = (self._held(name).values.astype(np.int64)[rows] for name in counts)
        before = self._held(column).values[rows]
        aim = np.array([read_back(text, "rate", (), self.book.zone) for text in fixes["to"]])[once]
        part, whole = part + np.where(aim > before, more, 0), whole + more
        rate = np.divide(part, whole, out=before.astype(float), where=whole > 0)
        for name, values in ((counts[0], part), (counts[1], whole), (column, rate)):
            self._put(name, rows, values, "orders")

    def _regions(self, column: str, fixes: pd.DataFrame) -> None:
        """The list of regions that are charged, and with it the yes or no and the quantity from which it is free."""
        given = self.book.derived[column].with_
        like = self._held(given["list"])
        rows, values = self._values(given["list"], "remove", fixes)
        self._put(given["list"], rows, values.astype(like.values.dtype), "remove")
        self._put(given["flag"], rows, np.ones(len(rows), bool), "switch_on")
        if "free_from" in given and given["free_from"] in self.cells[self._table(given["free_from"])]:
            most = self._held(given["free_from"])
            later = rows[(most.values if most.high is None else most.high)[rows] > 1]
            self._put(given["free_from"], later, np.ones(len(later), np.int64), "lower")


def _first_in_all(choices: pd.Series) -> str:
    """The first name that stands in every text of names joined by ";"; the first of all where none does."""
    lists = [str(names).split(";") for names in choices]
    return next((name for name in lists[0] if all(name in names for names in lists)), lists[0][0])


def _dtype(cells: Cells) -> Any:
    return {"flag": bool, "rate": float, "number": float, "set": np.uint64}.get(cells.type, np.int64)
