"""How a market is held: typed columns of arrays, tables of columns, and what their owner declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.errors import CampaignError

if TYPE_CHECKING:
    from campaign_analytics.market.behind import Behind
    from campaign_analytics.market.by_hand import Given, InForce
    from campaign_analytics.market.origin import Origin
    from campaign_analytics.market.parts import Part
    from campaign_analytics.market.quality import Quality

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

#: Amounts from here on are no amounts of a market: where a range that is open ends, or, below zero, begins.
LIMIT = 10**15

#: Columns that may stand in every table, whichever the vocabulary lists them under.
ANYWHERE = ("offer_id", "merchant_id", "snapshot_at")

#: The tables of a market, each with the keys without which a row of it means nothing. The first key of merchants and
#: offers names a row once (once a snapshot); the other tables hold as many rows of a merchant or offer as there are.
KEYS: Mapping[str, tuple[str, ...]] = {
    "merchants": ("merchant_id",),
    "offers": ("offer_id", "merchant_id"),
    "penalties": ("merchant_id",),
    "links": ("merchant_id",),
    "transactions": ("offer_id",),
    "skus": ("offer_id",),
    "price_tiers": ("offer_id",),
    "price_history": ("offer_id",),
    "overrides": ("subject", "column", "value"),
}

#: The table of values that are given by hand, for columns of merchants and offers; its headers stand in ``marks.toml``.
OVERRIDES = "overrides"

#: The NumPy kind behind each of a rulebook's types; integers take the narrowest signed width that holds them.
#: flag bool · count, day (days since 1970-01-01), time (UTC microseconds since 1970) integers · money integers, in
#: minor units (fen) · number, rate float64 (0.9, not 90) · level, text codes into ``names`` · set bits over ``names``
#: text without a list: a pandas ``str`` array of the texts themselves, ``names`` empty
INTEGER_TYPES = frozenset({"count", "money", "day", "time", "level", "text"})


@dataclass(frozen=True, eq=False)
class Cells:
    """One typed column of a table. A missing cell holds the type's zero in ``values`` and True in ``missing``."""

    type: str
    values: Any  # (n,) array; low ends where ``high`` is given
    missing: Array | None = None  # (n,) bool; None = no cell is missing
    high: Array | None = None  # (n,) high ends of cells known as a range; equal to ``values`` elsewhere
    names: tuple[str, ...] = ()  # what codes (level, text) and bits (set) stand for
    unread: Array | None = None  # (n,) bool, of the missing: something stood there that is not understood or conflicts

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def make(
        cls,
        type: str,
        values: Any,
        missing: Array | None = None,
        high: Array | None = None,
        names: tuple[str, ...] = (),
        unread: Array | None = None,
    ) -> Cells:
        """Hold ``values`` in the type's narrowest dtype; zero behind missing cells; drop empty masks and ranges."""
        if missing is not None and not missing.any():
            missing = None
        if unread is not None and not unread.any():
            unread = None
        if type == "text" and not names:
            return cls(type, values, missing, unread=unread)
        values = np.asarray(values)
        if missing is not None:
            values, high = (None if ends is None else zero_behind(missing, ends) for ends in (values, high))
        if high is not None and np.array_equal(high, values):
            high = None
        if type == "flag":
            values = values.astype(bool, copy=False)
        elif type in ("number", "rate"):
            values = values.astype(np.float64, copy=False)
        elif type == "set":
            values = values.astype(np.uint32 if len(names) <= 32 else np.uint64, copy=False)
        elif type in INTEGER_TYPES:
            values, high = _narrow(values, high)
        return cls(type, values, missing, high, names, unread)

    @cached_property
    def size(self) -> int:
        """The largest absolute value of an integer column: what excludes overflow when a condition is compiled."""
        ends = [a for a in (self.values, self.high) if a is not None and len(a)]
        return max((max(abs(int(a.min())), abs(int(a.max()))) for a in ends), default=0)

    def take(self, rows: Array) -> Cells:
        """The cells at ``rows``; row -1 gives a missing cell."""
        absent = rows < 0
        free = self.type == "text" and not self.names
        if not len(self):
            values: Any = pd.array([None] * len(rows), dtype="str") if free else np.zeros(len(rows), self.values.dtype)
            return Cells(self.type, values, np.ones(len(rows), bool), None, self.names)
        values = self.values.take(np.maximum(rows, 0)) if free else self.values[rows]
        high = None if self.high is None else self.high[rows]
        if absent.any() and not free:  # zero behind missing cells, as everywhere
            values, high = (None if ends is None else zero_behind(absent, ends) for ends in (values, high))
        missing = absent if self.missing is None else absent | self.missing[rows]
        unread = None if self.unread is None else self.unread[rows] & ~absent
        return Cells(self.type, values, missing if missing.any() else None, high, self.names, unread)

    @property
    def gone(self) -> Array:
        """(n,) bool: which cells are missing, also where none is."""
        return np.zeros(len(self), bool) if self.missing is None else self.missing

    @property
    def blank(self) -> Array:
        """(n,) bool: which cells are missing because nothing was given."""
        return self.gone if self.unread is None else self.gone & ~self.unread

    def to_pandas(self) -> pd.Series[Any]:
        """The column as people read it: names for codes, yuan for fen, dates for days; missing as missing."""
        gone = self.gone
        if self.type in ("level", "text") and self.names:
            return pd.Series(
                pd.Categorical.from_codes(
                    np.where(gone, -1, self.values), pd.Index(self.names), ordered=self.type == "level"
                )
            )
        if self.type == "set":
            held, where = np.unique(self.values, return_inverse=True)
            texts = ["、".join(n for i, n in enumerate(self.names) if int(bits) >> i & 1) for bits in held]
            return pd.Series(np.asarray([*texts, ""], object)[where]).mask(gone).astype("str")
        if self.type == "text":
            return pd.Series(self.values).mask(gone)
        if self.type == "money":
            return pd.Series(self.values / 100).mask(gone)
        if self.type == "day":
            return pd.Series(self.values.astype("datetime64[D]").astype("datetime64[s]")).mask(gone)
        if self.type == "time":
            return pd.Series(self.values.astype("datetime64[us]")).dt.tz_localize("UTC").mask(gone)
        if self.type == "flag":
            return pd.Series(self.values).astype("boolean").mask(gone)
        if self.type == "count":
            return pd.Series(self.values).astype("Int64").mask(gone)
        return pd.Series(self.values).mask(gone)


def joined(parts: Sequence[Cells]) -> Cells:
    """The cells of several parts of one column, one after the other; names of open lists come together."""
    first = parts[0]
    if len(parts) == 1:
        return first

    def all_of(masks: Sequence[Array | None]) -> Array | None:
        if all(mask is None for mask in masks):
            return None
        return np.concatenate(
            [np.zeros(len(part), bool) if mask is None else mask for part, mask in zip(parts, masks, strict=True)]
        )

    missing, unread = all_of([part.missing for part in parts]), all_of([part.unread for part in parts])
    if first.type == "text" and not first.names:
        values: Any = pd.concat([pd.Series(part.values) for part in parts], ignore_index=True).array
        return Cells.make(first.type, values, missing, unread=unread)
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    values = np.concatenate([_renamed(part, names) for part in parts])
    high = None
    if any(part.high is not None for part in parts):
        high = np.concatenate([part.values if part.high is None else part.high for part in parts])
    return Cells.make(first.type, values, missing, high, names, unread)


def _renamed(part: Cells, names: tuple[str, ...]) -> Any:
    """The codes or bits of ``part`` over longer ``names``."""
    if part.names == names[: len(part.names)]:
        return part.values
    places = [names.index(name) for name in part.names]
    if part.type != "set":
        return np.array(places, np.int64)[part.values]
    moved = np.zeros(len(part), np.uint64)
    for bit, place in enumerate(places):
        moved |= (part.values.astype(np.uint64) >> np.uint64(bit) & np.uint64(1)) << np.uint64(place)
    return moved


def zero_behind(missing: Array, ends: Array) -> Array:
    """(n,) the same numbers or flags, zero where they are missing: without a branch, which is several times as quick as
    ``where``."""
    bits = ends.view(f"i{ends.itemsize}") if ends.dtype.kind == "f" else ends
    kept: Array = (bits * ~missing).view(ends.dtype)
    return kept


def _narrow(values: Array, high: Array | None) -> tuple[Array, Array | None]:
    low_end = int(values.min(initial=0))
    high_end = int(max(values.max(initial=0), 0 if high is None else high.max(initial=0)))
    for dtype in (np.int8, np.int16, np.int32):
        if np.iinfo(dtype).min <= low_end and high_end <= np.iinfo(dtype).max:
            break
    else:
        dtype = np.int64  # type: ignore[assignment]
    return values.astype(dtype, copy=False), None if high is None else high.astype(dtype, copy=False)


class Rest(dict[str, "Cells"]):
    """The columns that are left of a table; any other is refused by name."""

    def __init__(self, cells: Mapping[str, Cells], of: Behind) -> None:
        super().__init__(cells)
        self.of = of

    def __missing__(self, column: str) -> Cells:
        raise CampaignError(f"{column} is not in {self.of}, which has outcomes alone; fetch some offers (ca.fetch)")


@dataclass(frozen=True, eq=False)
class Table:
    """One table of a market: its columns by name, all of one length."""

    name: str
    cells: Mapping[str, Cells]
    rows: int
    origin: Origin | None = None  # where each row was read; None = made in memory
    parts: Sequence[Part] = ()  # the files, sheets or DataFrames that it was read from
    stands_for: Array | None = None  # (rows,) integers: how many subjects each row stands for; None = itself alone

    @property
    def many(self) -> int:
        """How many subjects the rows stand for."""
        return self.rows if self.stands_for is None else int(self.stands_for.sum())

    def count(self, which: Array) -> int:
        """How many subjects the rows stand for at which ``which`` (rows,) bool is true."""
        return int(which.sum() if self.stands_for is None else self.stands_for[which].sum())

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Column -> the header that it was read from, in the first part that has one."""
        return {column: header for part in reversed(self.parts) for column, header in part.headers.items()}

    def row_number(self, row: int) -> int:
        """The number under which a spreadsheet shows ``row``."""
        return row + 2 if self.origin is None else int(self.origin.numbers[row])

    def with_cells(self, more: Mapping[str, Cells]) -> Table:
        """The same rows with more columns."""
        return replace(self, cells={**self.cells, **more})


@dataclass(frozen=True)
class Declared:
    """What the market's owner knows about the data (``market.toml``)."""

    as_of: date | datetime | None = None
    penalty_feed_complete: bool = False
    offers_are_complete: bool = False
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # table -> header -> column
    units: Mapping[str, str] = field(default_factory=dict)  # column -> what its bare numbers are, such as "percent"
    tables: Mapping[str, str] = field(default_factory=dict)  # file, or "file: sheet" -> table
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)  # column -> what says that nothing is there
    empty: Mapping[str, Any] = field(default_factory=dict)  # column -> what an empty cell means
    encodings: Mapping[str, str] = field(default_factory=dict)  # text file -> its encoding, such as "Big5"


@dataclass(frozen=True, eq=False)
class Market:
    """Tables of merchants, offers and their histories, read and typed once."""

    tables: Mapping[str, Table]
    declared: Declared = field(default_factory=Declared)
    quality: Quality | None = None
    earlier: Mapping[str, Table] = field(default_factory=dict)  # rows of earlier snapshots, by table
    settled: frozenset[str] = frozenset()  # derived columns that stand as they are: more rows were there than are here
    rest_of: Behind | None = None  # where only some columns are left: what of
    overrides: Sequence[Given] = ()  # values given by hand, by column
    by_hand: Mapping[str, InForce] = field(default_factory=dict)  # column -> those of them that stand in its cells now

    @classmethod
    def rest(
        cls,
        of: Behind,
        groups: Mapping[str, Cells],
        rows: Mapping[str, int],
        merchant_row: Array,
        stands_for: Mapping[str, Array] | None = None,
        declared: Declared | None = None,
    ) -> Market:
        """What is left ``of`` a market: of offers the columns ``groups``, of merchants none.

        ``rows`` and ``stands_for`` are by table; ``merchant_row`` as the property. Any other column is refused.
        """
        each = stands_for or {}
        tables = {
            name: Table(name, Rest(groups if name == "offers" else {}, of), count, stands_for=each.get(name))
            for name, count in rows.items()
        }
        return cls(tables, declared or Declared(), rest_of=of).joined_by(merchant_row)

    @property
    def offers(self) -> Table:
        return self.tables["offers"]

    @property
    def merchants(self) -> Table:
        return self.tables["merchants"]

    @cached_property
    def merchant_row(self) -> Array:
        """For every offer the row of its merchant, -1 for an orphan (int32)."""
        merchants, owners = (
            pa.array(table.cells["merchant_id"].values, from_pandas=True) for table in (self.merchants, self.offers)
        )
        return np.asarray(pc.index_in(owners, merchants).fill_null(-1), np.int32)

    def joined_by(self, merchant_row: Array) -> Market:
        """The same market, its offers joined to merchants by rows (-1 for an orphan) in place of ids."""
        joined = replace(self)
        joined.__dict__["merchant_row"] = merchant_row
        return joined

    def every_row(self, table: str) -> Table:
        """The rows of ``table`` behind those of its earlier snapshots."""
        now, earlier = self.tables[table], self.earlier.get(table)
        if earlier is None or earlier.origin is None or now.origin is None:
            return now
        cells = {name: joined([earlier.cells[name], held]) for name, held in now.cells.items()}
        origin = now.origin.joined([earlier.origin, now.origin])
        return replace(now, cells=cells, rows=earlier.rows + now.rows, origin=origin)

    def aside(self, table: str) -> pd.DataFrame:
        """The columns of ``table`` that no known column answers to, raw, beside its keys: one row a row of the table.

        A column that a file does not have is '' there; a second one of the same header is called "header (2)". The
        titles of the keys are column names. Raises KeyError for a table that was not read.
        """
        held = self.tables[table]
        frame = {key: held.cells[key].to_pandas() for key in KEYS[table] if key in held.cells}
        columns: dict[str, Any] = {}
        for part in held.parts:
            assert held.origin is not None
            rows = np.flatnonzero(held.origin.of_file(part.place))
            seen: Counter[str] = Counter()
            for aside in part.aside:
                seen[aside.header] += 1
                again = f" ({seen[aside.header]})" if seen[aside.header] > 1 else ""
                column = columns.setdefault(aside.header + again, np.full(held.rows, "", object))
                column[rows] = part.cells(aside, held.origin.numbers[rows])
        return pd.concat([pd.DataFrame(frame), pd.DataFrame(columns, dtype="str")], axis="columns")

    def with_table(self, table: Table) -> Market:
        """The same market with one table put in or replaced; rows of offers and merchants must stay as they are."""
        changed = replace(self, tables={**self.tables, table.name: table})
        # the join is the dearest thing that a market knows about itself
        return changed.joined_by(self.merchant_row) if "merchant_row" in self.__dict__ else changed
