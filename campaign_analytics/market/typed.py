"""Typed columns as Arrow columns and back, exactly: the form in which a clean market is kept in parquet.

A flag is a bool; a count an integer; money a decimal with two places; rates and numbers are doubles; levels and texts
are strings, dictionary-encoded where they are of a list; a set is its names joined by "|"; days are dates, times
instants of UTC. A missing cell is null. A column ``x`` with ranges has their high ends in ``x__high``; one with cells
that were not understood tells these by ``x__unread``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.errors import MarketError
from campaign_analytics.market.schema import Array, Cells, Table, zero_behind
from campaign_analytics.market.texts import BETWEEN, EMPTY_SET

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

HIGH = "__high"
UNREAD = "__unread"
MARK = {b"campaign_analytics": b"typed columns"}
_MONEY = pa.decimal128(18, 2)


# ---- columns to Arrow


def to_arrow(table: Table) -> pa.Table:
    """All columns of a table under their ids; the schema's metadata says that they are typed."""
    columns: dict[str, pa.Array] = {}
    for name, cells in table.cells.items():
        columns[name] = _arrow(cells, cells.values)
        if cells.high is not None:
            columns[name + HIGH] = _arrow(cells, cells.high)
        if cells.unread is not None:
            columns[name + UNREAD] = pa.array(cells.unread)
    return pa.table(columns).replace_schema_metadata(MARK)


def _arrow(cells: Cells, values: Any) -> pa.Array:
    gone = cells.missing
    match cells.type:
        case "text" if not cells.names:
            return pc.if_else(pa.array(~cells.gone), pa.array(values, pa.string()), None)
        case "text" | "level":
            codes = pa.array(values.astype(np.int32), mask=gone)
            return pa.DictionaryArray.from_arrays(codes, pa.array(cells.names, pa.string()))
        case "set":
            held, codes = np.unique(values, return_inverse=True)
            texts = [_joined(int(bits), cells.names) for bits in held]
            return pa.DictionaryArray.from_arrays(
                pa.array(codes.astype(np.int32), mask=gone), pa.array(texts, pa.string())
            )
        case "money":
            return _decimals(values.astype(np.int64), gone)
        case "day":
            return pa.array(values.astype("datetime64[D]"), mask=gone)
        case "time":
            return pa.array(values.astype("datetime64[us]"), pa.timestamp("us"), mask=gone).cast(
                pa.timestamp("us", "UTC")
            )
    return pa.array(values, mask=gone)


def _joined(bits: int, names: tuple[str, ...]) -> str:
    return BETWEEN.join(name for place, name in enumerate(names) if bits >> place & 1) or EMPTY_SET


def _decimals(minor: Array, gone: Array | None) -> pa.Array:
    """Minor units as decimals: their 128 bits are those of the integer, the upper half its sign."""
    wide = np.empty((len(minor), 2), np.int64)
    wide[:, 0], wide[:, 1] = minor, minor >> 63
    validity = None if gone is None else pa.array(~gone).buffers()[1]
    return pa.Array.from_buffers(_MONEY, len(minor), [validity, pa.py_buffer(wide)])


# ---- Arrow to columns


def is_typed(schema: pa.Schema) -> bool:
    """Whether a file says that its columns are typed."""
    return bool(schema.metadata and MARK.items() <= schema.metadata.items())


def from_arrow(held: pa.Table, table: str, book: Rulebook, place: str) -> dict[str, Cells]:
    """The columns of ``table`` that ``book`` knows, with their own names; others are left out.

    Raises MarketError, naming ``place``, for a column that stands there twice, whose Arrow type is not that of its
    cells, or with a value that these cannot hold. Not a number is missing; a name that is not in a closed list, and
    infinity, are missing as not understood.
    """
    cells: dict[str, Cells] = {}
    for name in held.column_names:
        column = book.columns.get(name)
        if column is None:
            continue
        if again := [each for each in (name, name + HIGH, name + UNREAD) if held.column_names.count(each) > 1]:
            raise MarketError(f"{place}: two columns are named {again[0]}; write it again with one of them")
        names, listed = book.names_of(column), book.lists.get(column.of)
        reads = partial(_read, type=column.type, names=names, is_open=listed is not None and listed.open)
        values, gone, unread, names = reads(held[name], place=f"{place}: {name}")
        high = None
        if name + HIGH in held.column_names:
            high, none, *_ = reads(held[name + HIGH], place=f"{place}: {name}{HIGH}")
            high = np.where(none, values, high)  # of a file without ranges, beside one with
        if name + UNREAD in held.column_names:
            told, *_ = _read(held[name + UNREAD], "flag", (), False, f"{place}: {name}{UNREAD}")
            unread = unread | told
        cells[name] = Cells.make(column.type, values, gone, high, names, unread & gone)
    return cells


Read = tuple[Any, Array, Array, tuple[str, ...]]  # values, missing, not understood, names


def _read(chunks: pa.ChunkedArray, type: str, names: tuple[str, ...], is_open: bool, place: str) -> Read:
    held = chunks.combine_chunks()
    if isinstance(held, pa.ChunkedArray):  # of no chunk
        held = pa.array([], chunks.type)
    expected, reads = _READERS[type]
    if not expected(held.type):
        raise MarketError(
            f"{place}: {held.type} where {_EXPECTED[type]} is expected for a {type}; "
            "read the files as exports (campaign-analytics intake), which writes typed columns"
        )
    if pa.types.is_dictionary(held.type) and held.dictionary.null_count:  # a cell of no name is missing
        held = held.dictionary_decode()
    validity = held.buffers()[0]
    gone = np.zeros(len(held), bool) if validity is None else ~_bools(validity, held)
    if names:
        return _listed(held, type, names, is_open, gone)
    try:
        return (*reads(held, gone), names)
    except pa.ArrowInvalid as error:
        raise MarketError(f"{place}: a value that a {type} can't be: {error}; write it again without it") from error


def _listed(held: pa.Array, type: str, names: tuple[str, ...], is_open: bool, gone: Array) -> Read:
    if not pa.types.is_dictionary(held.type):
        held = held.dictionary_encode()
    texts = held.dictionary.cast(pa.string()).to_pylist()
    members = [() if text == EMPTY_SET else text.split(BETWEEN) if type == "set" else (text,) for text in texts]
    places = {name: place for place, name in enumerate(names)}
    if is_open:  # names that are not in the list come behind
        for name in chain(*members):
            places.setdefault(name, len(places))
    known = [all(name in places for name in each) for each in members]
    meant = [
        sum(1 << places[name] if type == "set" else places[name] for name in each) if read else 0
        for each, read in zip(members, known, strict=True)
    ]
    codes = zero_behind(gone, _numbers(held.indices))
    unread = np.zeros(len(codes), bool) if all(known) else ~np.array(known)[codes] & ~gone
    each = np.array(meant or [0], np.min_scalar_type(max(meant, default=0)))
    return each[codes], gone | unread, unread, tuple(places)


def _texts(held: pa.Array, gone: Array) -> tuple[Any, Array, Array]:
    held = held.cast(pa.string())
    return pd.array(held.fill_null("") if held.null_count else held, dtype="str"), gone, np.zeros(len(gone), bool)


def _flags(held: pa.Array, gone: Array) -> tuple[Any, Array, Array]:
    return _bools(held.buffers()[1], held), gone, np.zeros(len(gone), bool)


def _plain(held: pa.Array, gone: Array) -> tuple[Any, Array, Array]:
    signed = held if pa.types.is_signed_integer(held.type) else held.cast(pa.int64())
    return _numbers(signed), gone, np.zeros(len(gone), bool)


def _doubles(held: pa.Array, gone: Array) -> tuple[Any, Array, Array]:
    values = _numbers(held.cast(pa.float64()))
    finite = np.isfinite(values)
    infinite = ~finite & ~np.isnan(values) & ~gone
    return values, gone | ~finite, infinite


def _money(held: pa.Array, gone: Array) -> tuple[Any, Array, Array]:
    held = held.cast(_MONEY)
    wide = np.frombuffer(held.buffers()[1], np.int64).reshape(-1, 2)[held.offset : held.offset + len(held), 0]
    return wide, gone, np.zeros(len(gone), bool)


def _days(held: pa.Array, gone: Array) -> tuple[Any, Array, Array]:
    return _numbers(held.cast(pa.date32()).view(pa.int32())), gone, np.zeros(len(gone), bool)


def _times(held: pa.Array, gone: Array) -> tuple[Any, Array, Array]:
    if held.type.unit == "ns":  # which are in no microsecond but the one that they lie in
        return _numbers(held.view(pa.int64())) // 1000, gone, np.zeros(len(gone), bool)
    micros = held.cast(pa.timestamp("us", held.type.tz)).view(pa.int64())
    return _numbers(micros), gone, np.zeros(len(gone), bool)


def _numbers(held: pa.Array) -> Array:
    """(n,) as they lie in memory, anything behind missing ones."""
    values = np.frombuffer(held.buffers()[1], held.type.to_pandas_dtype())
    return values[held.offset : held.offset + len(held)]


def _bools(bits: pa.Buffer, held: pa.Array) -> Array:
    """(n,) of a buffer of ``held``."""
    start, first = divmod(held.offset, 8)
    bytes_ = np.frombuffer(bits, np.uint8)[start:]
    return np.unpackbits(bytes_, count=first + len(held), bitorder="little")[first:].view(bool)


def _is_string(held: pa.DataType) -> bool:
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held))


def _is_listed(held: pa.DataType) -> bool:
    return _is_string(held.value_type if pa.types.is_dictionary(held) else held)


_EXPECTED = {
    "flag": "bool", "count": "a whole number", "money": "decimal(18, 2)", "rate": "double", "number": "double",
    "level": "string", "text": "string", "set": "string", "day": "date", "time": "timestamp with a time zone",
}  # fmt: skip
_READERS: Mapping[str, tuple[Callable[[Any], bool], Callable[[Any, Array], tuple[Any, Array, Array]]]] = {
    "flag": (pa.types.is_boolean, _flags),
    "count": (pa.types.is_integer, _plain),
    "money": (lambda held: pa.types.is_decimal(held) and held.scale == _MONEY.scale, _money),
    "rate": (pa.types.is_floating, _doubles),
    "number": (pa.types.is_floating, _doubles),
    "text": (_is_listed, _texts),
    "level": (_is_listed, _texts),
    "set": (_is_listed, _texts),  # of a list, as levels are: see _listed
    "day": (pa.types.is_date, _days),
    "time": (lambda held: pa.types.is_timestamp(held) and held.tz is not None, _times),
}
