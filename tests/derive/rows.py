"""Small markets from rows as people write them, and derived columns read back as plain values."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from campaign_analytics import load_rulebook
from campaign_analytics.derive import derive
from campaign_analytics.derive.making import Moment
from campaign_analytics.market.schema import KEYS, Cells, Declared, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from campaign_analytics.rulebook.values import day_number, instant, read_value

AS_OF = datetime(2024, 2, 26, 10)
HEAD = """
[rulebook]
id = "trial"
version = "1"
effective = 2024-01-01
clauses = ["1"]
[rules]
all = {{ clause = "1", condition = "{condition}" }}
"""


def book_of(text: str, condition: str = "category IS NOT NULL") -> Rulebook:
    """A rulebook of one rule with ``condition``, and the tables of ``text``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.toml"
        path.write_text(HEAD.format(condition=condition) + text, "utf-8")
        return load_rulebook(path)


def market_of(book: Rulebook, declared: Declared | None = None, **tables: Sequence[Mapping[str, Any]]) -> Market:
    """A market whose cells are spelled as in a rulebook; (low, high) is a range, None or nothing a missing cell, UNREAD
    one that is not understood."""
    tables = {"merchants": (), "offers": (), **tables}
    return Market({name: table_of(name, rows, book) for name, rows in tables.items()}, declared or Declared())


def table_of(name: str, rows: Sequence[Mapping[str, Any]], book: Rulebook) -> Table:
    columns = dict.fromkeys((*KEYS[name], *(column for row in rows for column in row)))
    if rows:
        columns = {column: None for column in columns if any(column in row for row in rows)}
    return Table(name, {c: cells_of(book, c, [row.get(c) for row in rows]) for c in columns}, len(rows))


def cells_of(book: Rulebook, name: str, raw: Sequence[Any]) -> Cells:
    quantity = book.quantity(name)
    names = book.names_of(quantity)
    is_open = bool(quantity.of) and book.lists[quantity.of].open

    unread = np.array([each is UNREAD for each in raw], bool)

    def read(each: Any) -> Any:
        return (
            None if each is UNREAD else read_value(each, quantity.type, names=() if is_open else names, zone=book.zone)
        )

    ends = [tuple(map(read, each)) if isinstance(each, tuple) else (read(each), read(each)) for each in raw]
    missing = np.array([low is None for low, _ in ends], bool)
    if quantity.type == "text" and not names:
        return Cells.make("text", pd.array([low for low, _ in ends], dtype="str"), missing, unread=unread)
    if quantity.type == "text":
        names = tuple(dict.fromkeys([*names, *(low for low, _ in ends if low is not None)]))
    dtype: Any = {"flag": bool, "rate": float, "number": float}.get(quantity.type, np.int64)
    low, high = (np.array([_held(pair[end], names) for pair in ends], dtype) for end in (0, 1))
    return Cells.make(quantity.type, low, missing, high, names, unread)


def _held(value: Any, names: tuple[str, ...]) -> Any:
    """A typed value in the form that ``Cells`` holds; 0 where it is missing."""
    match value:
        case None:
            return 0
        case frozenset():
            return sum(1 << names.index(name) for name in value)
        case str():
            return names.index(value)
        case datetime():
            return instant(value)
        case Decimal():
            return float(value)
        case date():
            return day_number(value)
    return value


def derived(book: Rulebook, market: Market, name: str, as_of: datetime = AS_OF) -> list[Any]:
    """The values of one derived column: None is missing, UNREAD not understood, (low, high) a range."""
    made, unmade, _ = derive(market, book, Moment(as_of.replace(tzinfo=book.zone)), [name])
    assert name not in unmade
    return values_of(made.tables[book.derived[name].table].cells[name], book)


def values_of(cells: Cells, book: Rulebook) -> list[Any]:
    high = cells.values if cells.high is None else cells.high
    pairs = [(_shown(low, cells, book), _shown(top, cells, book)) for low, top in zip(cells.values, high, strict=True)]
    found: list[Any] = [low if low == top else (low, top) for low, top in pairs]
    for place in np.flatnonzero(cells.gone):
        found[place] = None if cells.blank[place] else UNREAD
    return found


def _shown(held: Any, cells: Cells, book: Rulebook) -> Any:
    if cells.type == "set":
        return frozenset(name for place, name in enumerate(cells.names) if int(held) >> place & 1)
    if cells.type in ("level", "text"):
        return cells.names[held] if cells.names else str(held)
    if cells.type == "day":
        return date(1970, 1, 1) + timedelta(days=int(held))
    if cells.type == "time":
        utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(held))
        return utc.astimezone(book.zone).replace(tzinfo=None)
    return held.item()
