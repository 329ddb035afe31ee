"""One column: its raw texts read by its type, put back into rows, and everything that is to be said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.amounts import read_counts, read_money, read_numbers, read_rates
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.reading import Reading
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.market.texts import Texts, text_of
from campaign_analytics.market.times import read_times
from campaign_analytics.market.words import read_flags, read_keys, read_listed, read_sets, read_texts

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.rulebook.model import Column

NOTHING = Reason("empty", "nothing")
ZERO = Reason("missing", "zero, which is impossible here")


@dataclass(frozen=True, eq=False)
class ReadColumn:
    """A column in rows, and how fine its texts were written (rates only)."""

    cells: Cells
    grain: Array | None = None


def read_column(
    texts: Texts,
    column: str,
    book: Rulebook,
    *,
    table: str,
    rows: Origin,
    quality: Quality,
    declared_unit: str = "",
    header_unit: str = "",
) -> ReadColumn:
    """Read a column's cells by its type; report to ``quality`` under the source rows ``rows``."""
    held = book.columns[column]
    reading = _read(texts.distinct, texts.counts, column, book, declared_unit, header_unit)
    if held.positive:
        zero = (reading.values == 0) & ~reading.missing()
        if reading.high is not None:
            zero &= reading.high == 0
            reading.values[(reading.values == 0) & (reading.high > 0)] = 1  # the least that is possible
        reading.note(ZERO, np.flatnonzero(zero))
    filled = reading.empty.any() and held.empty is not None
    reason = NOTHING
    if filled:
        _fill(reading, column, held, book)
        reason = Reason("empty", f"nothing, which means {text_of(held.empty)} here")
    empty = int(texts.counts[reading.empty].sum())
    if empty:
        quality.remark(table, column, reason, empty)
    if reading.remark:
        remark, count, example = reading.remark
        quality.remark(table, column, remark, count, example)
    missing = reading.missing() if not filled else reading.missing() & ~reading.empty
    cells = _in_rows(reading, held.type, missing, texts.codes)
    _report(reading, held.type, missing, texts, table, column, rows, quality)
    return ReadColumn(cells, None if reading.grain is None else reading.grain[texts.codes])


def all_missing(column: str, book: Rulebook, rows: int) -> Cells:
    """The cells of a column that is in no file."""
    held = book.columns[column]
    names = book.names_of(held)
    if held.type == "text" and not names:
        nothing = pd.array(pa.repeat(pa.scalar("", pa.large_string()), rows), dtype="str")
        return Cells("text", nothing, np.ones(rows, bool) if rows else None)
    zeros = np.zeros(rows, np.float64 if held.type in ("number", "rate") else np.int64)
    return Cells.make(held.type, zeros, np.ones(rows, bool), None, names)


def _read(
    texts: pa.StringArray, counts: Array, column: str, book: Rulebook, declared_unit: str, header_unit: str
) -> Reading:
    held = book.columns[column]
    plain: dict[str, Callable[[pa.StringArray], Reading]] = {
        "flag": read_flags,
        "count": read_counts,
        "money": read_money,
        "number": read_numbers,
    }
    if held.type in plain:
        return plain[held.type](texts)
    if held.type == "rate":
        return read_rates(texts, counts, declared_unit, header_unit)
    if held.type == "day" or held.type == "time":
        return read_times(texts, held.type, ZoneInfo(book.header.timezone))
    names = book.names_of(held)
    if held.type == "text" and not names:
        return read_keys(texts) if column.endswith("_id") else read_texts(texts)
    listed = book.lists.get(held.of)
    aliases = listed.aliases if listed else {}
    is_open = listed is not None and listed.open and held.type != "level"
    return (read_sets if held.type == "set" else read_listed)(texts, names, aliases, is_open)


def _fill(reading: Reading, column: str, held: Column, book: Rulebook) -> None:
    """Put what an empty cell means, by the vocabulary, into the empty ones."""
    filler = _read(pa.array([text_of(held.empty)]), np.ones(1, np.int64), column, book, "share", "")
    if isinstance(reading.values, pa.Array):
        reading.values = pc.replace_with_mask(reading.values, pa.array(reading.empty), filler.values[0])
    else:
        reading.values[reading.empty] = filler.values[0]
        if reading.high is not None:
            reading.high[reading.empty] = filler.values[0]


def _in_rows(reading: Reading, type: str, missing: Array, codes: Array) -> Cells:
    gone = missing[codes] if missing.any() else None
    unread = (reading.unread() & missing)[codes] if gone is not None else None
    if isinstance(reading.values, pa.Array):
        clean = (
            pc.replace_with_mask(reading.values, pa.array(missing), pa.scalar("")) if missing.any() else reading.values
        )
        values = pd.array(clean.take(pa.array(codes)), dtype="str")
        return Cells.make(type, values, gone, unread=unread)
    high = None if reading.high is None else reading.high[codes]
    return Cells.make(type, reading.values[codes], gone, high, reading.names, unread)


def _report(
    reading: Reading, type: str, missing: Array, texts: Texts, table: str, column: str, rows: Origin, quality: Quality
) -> None:
    for reason, places in reading.notes.items():
        held = np.unique(np.asarray(places))
        place_of = np.full(len(texts.distinct), -1, np.int32)
        place_of[held] = np.arange(len(held))
        codes = place_of[texts.codes]
        where = np.flatnonzero(codes >= 0)
        became: list[str] = []
        if reason.kind != "missing":
            became = spelled(_in_rows(reading, type, missing, held))
        raw = texts.distinct.take(pa.array(held)).to_pylist()
        quality.cells_noted(table, column, reason, rows[where], codes[where], raw, became)


def spelled(cells: Cells) -> list[str]:
    """Typed cells as reports show them, both ends of a range; '' for a missing one."""
    held: Any = cells.to_pandas().astype("str").where(~cells.gone, "")
    if cells.high is None:
        return [str(text) for text in held]
    highs = spelled(Cells(cells.type, cells.high, cells.missing))
    return [low if low == high else f"{low} - {high}" for low, high in zip(held, highs, strict=True)]
