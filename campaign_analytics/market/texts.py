"""A column of raw texts, each distinct text held once: what is written a million times is parsed once."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, cached_property
from itertools import islice
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.marks import says_anything
from campaign_analytics.market.schema import Array

#: Whole floats from here on may have lost digits: they are written with an exponent, which no identifier may have.
_LOST_DIGITS = 1e15
#: Between these Arrow writes a float without an exponent.
_PLAIN = (1e-4, 1e9)
#: Kinds of values that Arrow may hold for us; of others, or of several, it takes one for another.
_KINDS: Sequence[set[type]] = ({float}, {int}, {bool}, {datetime}, {date})
_EMPTY = ""  # there is but one
#: So many rows are held at a time.
_AT_ONCE = 500
#: What stands between the parts of a list, set or array in one cell of a DataFrame.
BETWEEN = "|"
EMPTY_SET = "[]"


@dataclass(frozen=True, eq=False)
class Texts:
    """A column as it was found: ``distinct[codes]``; an empty cell is the text ''."""

    codes: Array  # (n,) unsigned, as narrow as the texts allow
    distinct: pa.StringArray

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of_arrow(cls, column: pa.ChunkedArray | pa.Array) -> Texts:
        """Hold any Arrow column; numbers, times and flags in their shortest exact spelling."""
        try:
            held = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
            held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
            texts = held.dictionary.cast(pa.string()).fill_null("")
        except (
            pa.ArrowNotImplementedError,
            pa.ArrowInvalid,
        ):  # lists, bytes and other things that have no one spelling
            return cls.of_values(column.to_pylist())
        codes = held.indices
        if codes.null_count:
            codes = codes.cast(pa.int32()).fill_null(len(texts))
            texts = pa.concat_arrays([texts, pa.array([""], pa.string())])
        # held apart from what Arrow works with and drops: a page is given back once nothing in it is held
        return cls(_narrow(np.asarray(codes), len(texts)), pa.concat_arrays([texts], pa.system_memory_pool()))

    @classmethod
    def of_values(cls, values: Iterable[Any]) -> Texts:
        """Hold Python values of any kinds; what fills most columns, values of one kind, at Arrow's speed."""
        return cls._of_parts([_typed(list(values))])

    @classmethod
    def of_rows(cls, rows: Iterable[Sequence[Any]], width: int) -> list[Texts]:
        """The columns of rows of ``width`` Python values, a few rows at a time: a processor's cache holds these still,
        and memory no others."""
        left, columns = iter(rows), [list[pa.Array]() for _ in range(width)]
        while some := list(islice(left, _AT_ONCE)):
            for parts, values in zip(columns, zip(*some, strict=True), strict=True):
                parts.append(_typed(values))
        return [cls._of_parts(columns.pop(0)) for _ in range(width)]

    @classmethod
    def _of_parts(cls, parts: Sequence[pa.Array]) -> Texts:
        """A column of what ``_typed`` made of its parts."""
        kinds = {part.type for part in parts} - {pa.null()}
        if len(kinds) > 1:
            parts, kinds = [_spelled(part) for part in parts], {pa.string()}
        kind = kinds.pop() if kinds else pa.string()
        alike = (part if part.type == kind else part.cast(kind) for part in parts)
        held = pa.chunked_array(list(alike), kind).dictionary_encode().chunks
        if not held:
            return cls.of_arrow(pa.array([], pa.string()))
        codes = pa.concat_arrays([each.indices for each in held])  # of one dictionary, which all share
        return cls.of_arrow(pa.DictionaryArray.from_arrays(codes, _spelled(held[0].dictionary)))

    @classmethod
    def of_series(cls, series: pd.Series[Any]) -> Texts:
        """Hold a pandas column; NaN, NaT, None and NA are empty cells."""
        if isinstance(series.dtype, pd.CategoricalDtype):
            kinds = cls.of_series(pd.Series(series.cat.categories))
            texts = pa.concat_arrays([kinds.distinct.take(pa.array(kinds.codes)), pa.array([""], pa.string())])
            codes = series.cat.codes.to_numpy()
            return cls(_narrow(np.where(codes < 0, len(texts) - 1, codes), len(texts)), texts)
        if series.dtype == object and pd.api.types.infer_dtype(series) != "string":
            return cls.of_values(series)
        try:
            return cls.of_arrow(pa.array(series, from_pandas=True))
        except pa.ArrowException:  # a pandas type that Arrow does not know
            return cls.of_values(series)

    @cached_property
    def counts(self) -> Array:
        """(distinct,) how many cells hold each text."""
        return np.bincount(self.codes, minlength=len(self.distinct))

    def blank(self) -> bool:
        """Whether every cell is empty or holds spaces alone."""
        return not pc.any(says_anything(self.distinct)).as_py()

    def filled(self, rows: Array) -> Array:
        """(rows,) bool: which of the cells at ``rows`` hold more than spaces."""
        there = self.take(rows)
        return np.asarray(says_anything(there.distinct))[there.codes]

    def take(self, rows: Array) -> Texts:
        """The cells at ``rows``, with the texts that stand there."""
        codes = self.codes[rows]
        used = np.zeros(len(self.distinct), bool)
        used[codes] = True
        places = _narrow(np.cumsum(used, dtype=np.int32) - 1, int(np.count_nonzero(used)))
        return Texts(places[codes], self.distinct.filter(pa.array(used)))

    def at(self, rows: Array) -> list[str]:
        """The texts at ``rows``."""
        held: list[str] = self.distinct.take(pa.array(self.codes[rows])).to_pylist()
        return held


def _narrow(codes: Array, texts: int) -> Array:
    """Codes of so many texts, held in as few bytes as tell them apart."""
    return codes.astype(np.min_scalar_type(texts))


def let_go() -> None:
    """Give back the memory that Arrow keeps when texts are gone: a file's may be as much as the market's."""
    pa.default_memory_pool().release_unused()


def let_go_of_all() -> None:
    """The same, and what NumPy and Python keep: slower, for where much is about to be held twice."""
    let_go()
    if trim := _trim():
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """What gives that back, on platforms that have it."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def _typed(values: Sequence[Any]) -> pa.Array:
    """Values that are of one kind, but for empty ones, as Arrow holds them; others as texts."""
    first = next((value for value in values if value.__class__ is not str or value), "")
    try:
        if first.__class__ is str:
            return pa.array(values, pa.string()) if first else pa.nulls(len(values))
        kinds = set(map(type, values))
        zoned = datetime in kinds and any(value.tzinfo for value in values if value.__class__ is datetime)
        if kinds - {str, NoneType} in _KINDS and not zoned:
            return pa.array([None if value is _EMPTY else value for value in values] if str in kinds else values)
    except (pa.ArrowException, OverflowError):  # a word among numbers, or a number too large
        pass
    return pa.array(map(text_of, values), pa.string())


def _spelled(values: pa.Array) -> pa.StringArray:
    """What ``_typed`` holds as ``text_of`` spells it: by Arrow, where that spells it so."""
    if pa.types.is_floating(values.type):
        return _spelled_floats(values.to_numpy(zero_copy_only=False) + 0.0)  # no -0.0
    if pa.types.is_timestamp(values.type):
        try:
            values = values.cast(pa.timestamp("s"))
        except pa.ArrowInvalid:  # of parts of a second all are told
            return pa.array(map(text_of, values.to_pylist()), pa.string())
    return values.cast(pa.string())


def _spelled_floats(values: Array) -> pa.StringArray:
    size = np.abs(values)
    whole = (values == np.trunc(values)) & (size < _LOST_DIGITS)
    plain = (size < _PLAIN[1]) & (size >= _PLAIN[0])
    integers = pa.array(np.where(whole, values, 0).astype(np.int64)).cast(pa.string())
    texts = pc.if_else(pa.array(whole), integers, pa.array(values).cast(pa.string()))
    odd = ~(whole | plain)
    return pc.replace_with_mask(texts, pa.array(odd), pa.array(map(text_of, values[odd].tolist()), pa.string()))


def text_of(value: Any) -> str:
    """A Python value as the text that a csv file would hold; '' for what pandas takes as missing."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _float_text(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, np.floating):
        return _float_text(float(value))
    if isinstance(value, Decimal):
        return "" if value.is_nan() else format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, set | frozenset):
        return BETWEEN.join(sorted(map(text_of, value))) or EMPTY_SET
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, bytes):
        return BETWEEN.join(map(text_of, value)) or EMPTY_SET
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _float_text(value: float) -> str:
    if value != value:
        return ""
    if value.is_integer():
        return str(int(value)) if abs(value) < _LOST_DIGITS else f"{value:.16E}"
    return repr(value)
