"""One column: its raw texts read by its type, put back into rows, and everything that is to be said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.amounts import read_counts, read_money, read_numbers
from campaign_analytics.market.marks import alike
from campaign_analytics.market.measures import Measures
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.rates import read_rates
from campaign_analytics.market.reading import Reading
from campaign_analytics.market.schema import INTEGER_TYPES, LIMIT, Array, Cells, Declared
from campaign_analytics.market.sets import read_sets
from campaign_analytics.market.texts import Texts, text_of
from campaign_analytics.market.times import read_times
from campaign_analytics.market.words import read_flags, read_keys, read_listed, read_texts, spellings

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

NOTHING = Reason("empty", "nothing")
ZERO = Reason("missing", "zero, which is impossible here")


@dataclass(frozen=True, eq=False)
class ReadColumn:
    """A column in rows, and its texts where they say something beside their value: other columns need to know it."""

    cells: Cells
    beside: tuple[Texts, Reading] | None

    @property
    def grain(self) -> Array | None:
        """(n,) rates: one unit of the last decimal written."""
        if self.beside is None or self.beside[1].grain is None:
            return None
        texts, reading = self.beside
        assert reading.grain is not None
        return reading.grain[texts.codes]


def read_column(
    texts: Texts,
    column: str,
    book: Rulebook,
    *,
    table: str,
    rows: Origin,
    quality: Quality,
    declared: Declared | None = None,
    header_unit: str = "",
) -> ReadColumn:
    """Read a column's cells by its type; report to ``quality`` under the source rows ``rows``.

    What ``declared`` says of the column's units and empty cells goes before the vocabulary. Prices that are a discount
    are missing still: ``prices_from_discounts`` knows the other columns.
    """
    held = book.columns[column]
    declared = declared or Declared()
    distinct = _without_marks(texts.distinct, declared.missing.get(column, ()))
    reading = _read(distinct, texts.counts, column, book, declared.units.get(column, ""), header_unit)
    if held.positive:
        _not_zero(reading, held.type)
    empty_means = declared.empty.get(column, held.empty)
    filled = reading.empty.any() and empty_means is not None
    reason = NOTHING
    if filled:
        _fill(reading, column, empty_means, book)
        reason = Reason("empty", f"nothing, which means {text_of(empty_means)} here")
    empty = int(texts.counts[reading.empty].sum())
    if empty:
        quality.remark(table, column, reason, empty)
    if reading.remark:
        remark, count, example = reading.remark
        quality.remark(table, column, remark, count, example)
    missing = reading.missing() if not filled else reading.missing() & ~reading.empty
    cells = _in_rows(reading, held.type, missing, texts.codes)
    _report(reading, held.type, missing, texts, table, column, rows, quality)
    return ReadColumn(cells, (texts, reading) if reading.says_more else None)


def _without_marks(texts: pa.StringArray, marks: Collection[str]) -> pa.StringArray:
    """``texts``, those that the owner declared to say nothing made empty."""
    if not marks:
        return texts
    words = set(map(alike, marks))
    says_nothing = pa.array([alike(text) in words for text in texts.to_pylist()], pa.bool_())
    return pc.if_else(says_nothing, "", texts)


def _not_zero(reading: Reading, type: str) -> None:
    """Zero is impossible here: it is missing, and no range begins with it."""
    zero = (reading.values == 0) & ~reading.missing()
    if reading.high is not None:
        zero &= reading.high == 0
        least = 1 if type in INTEGER_TYPES else np.nextafter(0, 1)
        reading.values[(reading.values == 0) & (reading.high > 0)] = least
    reading.note(ZERO, np.flatnonzero(zero))


def all_missing(column: str, book: Rulebook, rows: int) -> Cells:
    """The cells of a column that is nowhere in the data."""
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
    unit = book.units.get(held.unit)
    words = list(filter(None, (unit.zh, unit.en))) if unit else []
    if held.type == "flag":
        return read_flags(texts)
    if held.type == "number":
        return read_numbers(texts, words)
    if held.type == "count":
        return read_counts(texts, words, header_unit, _measures(held.unit_in, book) if held.unit_in else None)
    if held.type == "money":
        return read_money(texts, counts, header_unit, bool(held.discount_of))
    if held.type == "rate":
        return read_rates(texts, counts, declared_unit, header_unit)
    if held.type == "day" or held.type == "time":
        return read_times(texts, held.type, ZoneInfo(book.header.timezone), counts, declared_unit)
    names = book.names_of(held)
    if held.type == "text" and not names:
        return read_keys(texts) if column.endswith("_id") else read_texts(texts)
    listed = book.lists.get(held.of)
    aliases = listed.aliases if listed else {}
    is_open = listed is not None and listed.open and held.type != "level"
    if held.type == "set":
        return read_sets(texts, names, aliases, is_open, listed.groups if listed else {}, held.says)
    return read_listed(texts, names, aliases, is_open)


def _measures(column: str, book: Rulebook) -> Measures:
    """The units that cells of ``column`` name."""
    held = book.columns[column]
    listed = book.lists.get(held.of)
    return Measures(spellings(book.names_of(held), listed.aliases if listed else {}))


def _fill(reading: Reading, column: str, means: Any, book: Rulebook) -> None:
    """Put what an empty cell means into the empty ones."""
    unit = "share" if book.columns[column].type == "rate" else ""
    filler = _read(pa.array([text_of(means)]), np.ones(1, np.int64), column, book, unit, "")
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
        values = pd.array(_taken(reading, missing, codes), dtype="str")
        return Cells.make(type, values, gone, unread=unread)
    high = None if reading.high is None else reading.high[codes]
    return Cells.make(type, reading.values[codes], gone, high, reading.names, unread)


def _taken(reading: Reading, missing: Array, places: Array) -> pa.StringArray:
    """The texts at ``places``, '' for missing ones, in Arrow: in Python they would take ten times the memory."""
    held = reading.values
    if missing.any():
        held = pc.replace_with_mask(held, pa.array(missing), pa.scalar(""))
    return held.take(pa.array(places))


def _report(
    reading: Reading, type: str, missing: Array, texts: Texts, table: str, column: str, rows: Origin, quality: Quality
) -> None:
    for reason, places in reading.notes.items():
        held = np.unique(np.asarray(places))
        place_of = np.full(len(texts.distinct), -1, np.int32)
        place_of[held] = np.arange(len(held))
        codes = place_of[texts.codes]
        where = np.flatnonzero(codes >= 0)
        became: Iterable[str] = ()
        if isinstance(reading.values, pa.Array):
            became = _taken(reading, missing, held)
        elif reason.kind != "missing":
            became = spelled(_in_rows(reading, type, missing, held))
        raw = texts.distinct.take(pa.array(held))
        quality.cells_noted(table, column, reason, rows[where], codes[where], raw, became)


def spelled(cells: Cells) -> list[str]:
    """Typed cells as reports show them, both ends of a range; '' for a missing one."""
    held: list[str] = cells.to_pandas().astype("str").where(~cells.gone, "").tolist()
    if cells.high is None:
        return held
    return [
        text if low == high else _between(cells.type, low, high)
        for text, low, high in zip(held, cells.values, cells.high, strict=True)
    ]


def _between(type: str, low: Any, high: Any) -> str:
    """A range as reports show it: an open end goes without saying, one that is no part of it as it was written."""
    least, most = (
        f"{end / 100:.2f}" if type == "money" else str(end) if type == "count" else f"{end:.12g}" for end in (low, high)
    )
    if high >= LIMIT - 1:
        return f"above {least}" if float(least) < low and type == "number" else f"{least} or more"
    if low <= -LIMIT:
        return f"below {most}" if float(most) > high else f"{most} or less"
    return f"{least} - {most}"
