"""Random subjects near the places where rules turn, in every form in which an engine takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
from hypothesis import strategies as st

from campaign_analytics.engines.sql import Held, word
from campaign_analytics.market.schema import Cells
from campaign_analytics.market.typed import HIGH
from campaign_analytics.market.typed import UNREAD as UNREAD_COLUMN
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import Exact, PerValue
from campaign_analytics.rulebook.scalar import UNREAD, Range
from campaign_analytics.rulebook.tree import Kind
from campaign_analytics.rulebook.values import day_number, instant

NOON = datetime(2024, 2, 26, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
PASS, FAIL, UNKNOWN = 0, 1, 2
CONNECTION = duckdb.connect()
CONNECTION.execute("SET threads = 1")
RANGED = ("count", "money", "number", "rate")  # what an export may know only as a range


def cell(kind: Kind, near: Sequence[Any] = (), ranges: bool = True) -> st.SearchStrategy[Any]:
    """A typed cell: often missing, often on or beside one of the values ``near``, now and then a range."""
    some = st.one_of(known(kind), *([st.sampled_from(_beside(kind, near))] if near else []))
    options = [some, some, st.none() | st.just(UNREAD)]
    if ranges and kind.type in RANGED:
        options.append(st.tuples(some, some).map(lambda ends: Range(min(ends), max(ends))))
    return st.one_of(*options)


def known(kind: Kind) -> st.SearchStrategy[Any]:
    """Any value of a kind."""
    match kind.type:
        case "flag":
            return st.booleans()
        case "count" | "money":
            return st.integers(0, 10) | st.integers(-(2**31), 2**40)
        case "rate":
            return st.decimals(0, 1, places=4)
        case "number":
            return st.decimals(0, 120, places=2)
        case "level":
            return st.sampled_from(kind.names)
        case "text":
            return st.sampled_from(kind.names or ("free text", ""))
        case "set":
            return st.frozensets(st.sampled_from(kind.names), max_size=6)
        case "day":
            return st.dates(date(2023, 1, 1), date(2025, 1, 1))
    return st.datetimes(datetime(2023, 1, 1), datetime(2025, 1, 1)).map(lambda t: t.replace(tzinfo=NOON.tzinfo))


def _beside(kind: Kind, near: Sequence[Any]) -> list[Any]:
    step: Any = {"count": 1, "money": 1, "rate": Decimal("0.0000001"), "number": Decimal("0.01")}.get(kind.type)
    step = timedelta(days=1) if kind.type == "day" else timedelta(microseconds=1) if kind.type == "time" else step
    return [*near] if step is None else [v + k * step for v in near for k in (-1, 0, 1)]


def near_values(book: Rulebook, rule: str, kind: Kind) -> list[Any]:
    """The parameters of a rule that a column of ``kind`` may be compared with."""
    values = [book.values[name] for name in book.parameters_of(rule) if book.parameters[name].type == kind.type]
    plain = [
        each for v in values for each in ([*dict(v.values).values(), v.default] if isinstance(v, PerValue) else [v])
    ]
    return [v for v in plain if v is not None and not isinstance(v, frozenset)]


def cells_of(kind: Kind, column: Sequence[Any]) -> Cells:
    """A column of typed cells as arrays."""
    unread = np.array([value is UNREAD for value in column])
    missing = np.array([value is None for value in column]) | unread
    low = [_held(value.low if isinstance(value, Range) else value, kind) for value in column]
    high = [_held(value.high if isinstance(value, Range) else value, kind) for value in column]
    dtype: Any = {"flag": bool, "rate": float, "number": float}.get(kind.type, np.int64)
    if kind.type == "set":
        dtype = np.uint64
    ends = np.array(high, dtype) if any(isinstance(value, Range) for value in column) else None
    names = kind.names or (("",) if kind.type == "text" else ())
    return Cells.make(kind.type, np.array(low, dtype), missing, ends, names, unread)


def _held(value: Any, kind: Kind) -> Any:
    if value is None or value is UNREAD:
        return 0
    match kind.type:
        case "level" | "text":
            return kind.names.index(value) if kind.names else 0
        case "set":
            return sum(1 << kind.names.index(name) for name in value)
        case "day":
            return day_number(value)
        case "time":
            return instant(value)
        case "rate" | "number":
            return float(value)
    return value


def outcomes_by_duckdb(exact: Exact, kinds: Mapping[str, Kind], cells: Mapping[str, Cells], rows: int) -> list[int]:
    """The outcome of one condition for every subject, by DuckDB."""
    held = {
        name: Held(
            kinds[name].type,
            kinds[name].names,
            cells[name].size if kinds[name].type in RANGED[:2] else 2**31,
            c.high is not None,
            c.unread is not None,
        )
        for name, c in cells.items()
    }
    selected = f"SELECT {word([(0, exact)], held).sql('duckdb')} FROM subjects ORDER BY row_number"
    CONNECTION.register("subjects", _frame(kinds, cells, rows))
    words = [row[0] for row in CONNECTION.execute(selected).fetchall()]
    return [FAIL if w & 1 else UNKNOWN if w >> 32 else PASS for w in words]


def _frame(kinds: Mapping[str, Kind], cells: Mapping[str, Cells], rows: int) -> Any:
    import pyarrow as pa

    columns: dict[str, Any] = {"row_number": pa.array(range(rows))}
    for name, held in cells.items():
        by_name = kinds[name].type == "text"
        for suffix, ends in (("", held.values), (HIGH, held.high)):
            if ends is None:
                continue
            values = [held.names[code] for code in ends] if by_name else ends.tolist()
            gone = held.missing if held.missing is not None else np.zeros(rows, bool)
            columns[name + suffix] = pa.array([None if g else v for v, g in zip(values, gone, strict=True)])
            if columns[name + suffix].type == pa.null():
                columns[name + suffix] = columns[name + suffix].cast(_ARROW[kinds[name].type]())
        if held.unread is not None:
            columns[name + UNREAD_COLUMN] = pa.array(held.unread)
    return pa.table(columns)


def _arrow_types() -> dict[str, Any]:
    import pyarrow as pa

    return {
        "flag": pa.bool_,
        "rate": pa.float64,
        "number": pa.float64,
        "text": pa.string,
        "set": pa.uint64,
    } | dict.fromkeys(("count", "money", "level", "day", "time"), pa.int64)


_ARROW = _arrow_types()
