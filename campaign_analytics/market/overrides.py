"""The table of values that are given by hand: who says what of which merchant or offer, from where, and until when.

A value is read as any cell of its column is. What cannot be used is put aside with its reason: a column or subject that
there is not, nothing in place of a value, an end of validity that is no date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from campaign_analytics.market.by_hand import Entry, Given, rows_of
from campaign_analytics.market.cells import ReadColumn, read_column
from campaign_analytics.market.found import Found
from campaign_analytics.market.headers import Matched, bare, match_headers, near
from campaign_analytics.market.marks import alike, load_marks, stripped
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.prices import prices_from_discounts
from campaign_analytics.market.quality import Quality
from campaign_analytics.market.rows import reject
from campaign_analytics.market.schema import ANYWHERE, OVERRIDES, Array, Cells, Market, joined
from campaign_analytics.market.texts import Texts
from campaign_analytics.market.times import NOT_A_DATE, read_times, since_1900
from campaign_analytics.market.units import units_from_quantities
from campaign_analytics.market.words import read_keys
from campaign_analytics.rulebook.model import Column

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

_T = TypeVar("_T")

#: The tables whose cells may be given by hand: those with one row a subject.
TABLES = ("merchants", "offers")
#: Columns of the table itself that hold days.
DAYS = ("date", "valid_until")
NO_COLUMN, NO_VALUE = "no column is named", "no value is given"
_EPOCH = date(1970, 1, 1)


def read_overrides(
    found: Found, matched: Matched, kept: Array, market: Market, book: Rulebook, quality: Quality
) -> tuple[list[Given], int]:
    """The values in the rows ``kept`` of one file, by column; and how many of these rows were put aside."""
    lines = _Lines(found, matched, kept, book, quality)
    lines.check_subjects(market)
    wider = replace(book, columns={**book.columns, **_derived(book)})
    given = []
    for (table, column), places in lines.by_column().items():
        entries = tuple(lines.entry(place, column) for place in places)
        if found.since_1904 and wider.columns[column].type in ("day", "time"):
            counted = since_1900(Texts.of_values(entry.raw for entry in entries)).at(np.arange(len(entries)))
            entries = tuple(entry._replace(raw=raw) for entry, raw in zip(entries, counted, strict=True))
        texts = Texts.of_values(entry.raw for entry in entries)
        rows = Origin.of(found.place, found.source_rows[kept[places]])
        read = read_column(texts, column, wider, table=table, rows=rows, quality=quality, declared=market.declared)
        own = rows_of(market, table, [entry.subject for entry in entries])
        for name, cells in _beside(read, market, wider, table, column, own, rows, quality).items():
            told = np.flatnonzero(~cells.blank)
            given.append(Given(table, name, tuple(entries[place] for place in told.tolist()), cells.take(told)))
    return given, lines.put_aside()


def _beside(
    read: ReadColumn,
    market: Market,
    book: Rulebook,
    table: str,
    column: str,
    own: Array,
    rows: Origin,
    quality: Quality,
) -> dict[str, Cells]:
    """The cells of a column, and those of others of which its texts tell.

    A discount is taken off the full price in the subject's ``own`` row; a unit beside a quantity is the unit's.
    """
    columns = {column: read}
    full = market.tables[table].cells.get(book.columns[column].discount_of)
    if full is not None:
        columns[book.columns[column].discount_of] = ReadColumn(full.take(own), None)
    cells = {column: read.cells}
    cells |= dict(prices_from_discounts(table, book, columns, rows, quality))
    return cells | dict(units_from_quantities(table, book, {column: read}, rows, quality))


def together(given: Iterable[Given]) -> tuple[Given, ...]:
    """The values of several files, one for each column."""
    held: dict[str, list[Given]] = defaultdict(list)
    for each in given:
        held[each.column].append(each)
    return tuple(
        Given(first.table, column, tuple(e for each in alike for e in each.entries), joined([a.cells for a in alike]))
        for column, alike in held.items()
        for first in alike[:1]
    )


class _Lines:
    """The rows of one file, and why some of them cannot be used."""

    def __init__(self, found: Found, matched: Matched, kept: Array, book: Rulebook, quality: Quality) -> None:
        self.found, self.kept, self.book, self.quality = found, kept, book, quality
        self._columns = {field: found.texts(place).take(kept) for field, place in matched.columns.items()}
        keys = self._columns["subject"]
        self.subjects = [str(key) for key in _in_rows(read_keys(keys.distinct).values.to_pylist(), keys)]
        self.why: dict[int, str] = {}
        self._dates = {field: self._days(field) for field in DAYS}
        named = {text: _named(text, book) for text in dict.fromkeys(self.texts("column"))}
        self.meant = [named[text] for text in self.texts("column")]
        for place, (meant, value) in enumerate(zip(self.meant, self.texts("value"), strict=True)):
            if isinstance(meant, str):
                self.why[place] = meant
            elif alike(value) in load_marks().missing:
                self.why[place] = NO_VALUE

    def texts(self, field: str) -> list[str]:
        """The texts of one of the table's columns; empty ones where the file lacks it."""
        if field not in self._columns:
            return [""] * len(self.kept)
        return [stripped(text) for text in self._columns[field].at(np.arange(len(self.kept)))]

    def _days(self, field: str) -> list[date | None]:
        if field not in self._columns:
            return [None] * len(self.kept)
        texts = self._columns[field]
        reading = read_times(texts.distinct, "day", self.book.zone)
        unread = np.flatnonzero(reading.unread()[texts.codes])
        if field == "valid_until":  # nobody knows whether it still holds
            self.why |= dict.fromkeys(unread.tolist(), f"{field}: {NOT_A_DATE.text}")
        else:
            raw = texts.at(unread)
            origin = Origin.of(self.found.place, self.found.source_rows[self.kept[unread]])
            self.quality.cells_noted(OVERRIDES, field, NOT_A_DATE, origin, np.arange(len(raw)), raw)
        days = [_EPOCH + timedelta(days=int(day)) for day in reading.values]
        gone = reading.missing()
        return _in_rows([None if none else day for day, none in zip(days, gone, strict=True)], texts)

    def check_subjects(self, market: Market) -> None:
        """Put rows aside whose subject is in no row of its column's table."""
        for table in TABLES:
            own = [place for place, meant in enumerate(self.meant) if place not in self.why and meant[0] == table]
            unknown = rows_of(market, table, [self.subjects[place] for place in own]) < 0
            for place in np.array(own, np.int64)[unknown].tolist():
                self.why[place] = (
                    f"no such {table[:-1]} in the table {table}, of which {self.meant[place][1]} is a column"
                )

    def by_column(self) -> dict[tuple[str, str], Array]:
        """The rows that can be used, by table and column."""
        held: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, meant in enumerate(self.meant):
            if place not in self.why and not isinstance(meant, str):
                held[meant].append(place)
        return {key: np.array(places) for key, places in held.items()}

    def entry(self, place: int, column: str) -> Entry:
        """One row as it is kept."""
        raw, source, by = (self.texts(field)[place] for field in ("value", "source", "by"))
        when, until = (self._dates[field][place] for field in DAYS)
        row = int(self.found.source_rows[self.kept[place]])
        return Entry(self.subjects[place], column, raw, source, by, when, until, self.found.place, row)

    def put_aside(self) -> int:
        """Report the rows that cannot be used; say how many they are."""
        by_reason: dict[str, list[int]] = defaultdict(list)
        for place, why in self.why.items():
            by_reason[why].append(place)
        for why, places in by_reason.items():
            rows = self.kept[places]
            cells = [self.found.texts(header).at(rows) for header in range(len(self.found.headers))]
            raw = [self.texts("column")[place] for place in places]
            reject(OVERRIDES, "column", why, self.found, self.found.source_rows[rows], raw, cells, self.quality)
        return len(self.why)


def _in_rows(values: Sequence[_T], texts: Texts) -> list[_T]:
    return [values[code] for code in texts.codes.tolist()]


def _derived(book: Rulebook) -> dict[str, Column]:
    """Columns that are made by a recipe, as such that are read: what nobody exports may be given by hand."""
    return {
        name: Column(type=held.type, unit=held.unit, of=held.of, options=held.options, table=held.table)
        for name, held in book.derived.items()
        if held.table in TABLES
    }


def _named(text: str, book: Rulebook) -> tuple[str, str] | str:
    """The table and column that a text names, by id, header or label; else why not."""
    if not text:
        return NO_COLUMN
    fits = {column: table for table in TABLES for column in match_headers([text], table, book, {}).columns}
    for name, held in book.derived.items():
        if held.table in TABLES and bare(text)[0] in {bare(name)[0], bare(held.zh)[0], bare(held.en)[0]}:
            fits[name] = held.table
    if set(fits) & set(ANYWHERE):
        return f"{text!r} tells rows apart; it can't be given by hand"
    if len(fits) > 1:
        return f"{text!r} may mean {' or '.join(sorted(fits))}; write one of these"
    if not fits:
        alike_ = dict.fromkeys(column for table in TABLES for column in near(text, table, book))
        labels = " or ".join(f"{name} ({book.columns[name].label('zh', name)})" for name in alike_)
        return f"no column of merchants or offers is called {text!r}" + (f"; near {labels}" if labels else "")
    ((column, table),) = fits.items()
    return table, column
