"""Read a market: find its tables, match their headers, type their cells, and keep the books of every row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from campaign_analytics.errors import MarketError
from campaign_analytics.market.cells import ReadColumn, all_missing, read_column
from campaign_analytics.market.declared import NAME, read_declared
from campaign_analytics.market.files import OPENERS, find_tables, open_file, open_frame, table_named
from campaign_analytics.market.found import Found
from campaign_analytics.market.headers import Matched, match_headers
from campaign_analytics.market.keys import merge_repeats, report_orphans
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.schema import KEYS, Array, Cells, Declared, Market, Table
from campaign_analytics.market.shares import rates_from_counts
from campaign_analytics.market.times import AHEAD, ahead_of
from campaign_analytics.market.words import DIGITS_LOST, read_keys
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

#: Without these there is no market.
NEEDED = ("merchants", "offers")
ABSENT = Reason("absent", "in no file; every cell is missing, rules that need it are unknown")


def read_market(
    source: str | Path | Mapping[str, pd.DataFrame], book: Rulebook, declared: Declared | None = None
) -> Market:
    """Read a folder of files, or DataFrames by table name, into typed columns; ``market.quality`` tells what was done.

    A folder may hold ``market.toml``; ``declared`` says the same of DataFrames (and wins over the file). No cell is
    guessed: what is not understood is missing, counted and reported. Raises MarketError where nothing can be read:
    no folder, no merchants or offers, no header, no key column, an encoding that can't be told.
    """
    if isinstance(source, Mapping):
        place, others = "the tables given", list[str]()
        found = {table: open_frame(table, frame) for table, frame in _named(source).items()}
    else:
        folder = Path(source)
        place = str(folder)
        files, others = find_tables(folder)
        declared = declared or read_declared(folder, book)
        _require(files, place, [path.name for path in files.values()] + others)
        found = {table: open_file(path) for table, path in files.items()}
    _require(found, place, [each.place for each in found.values()])
    return _Reader(book, declared or Declared()).market(found, others)


def _named(source: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    tables: dict[str, pd.DataFrame] = {}
    for name, frame in source.items():
        table = table_named(name)
        if table is None:
            raise MarketError(f"no table is called {name!r}{did_you_mean(name, KEYS)}; expected {', '.join(KEYS)}")
        if table in tables:
            raise MarketError(f"two DataFrames hold the table {table}; put them together or leave one out")
        tables[table] = frame
    return tables


def _require(found: Mapping[str, object], place: str, names: list[str]) -> None:
    for table in NEEDED:
        if table not in found:
            wanted = " or ".join(table + suffix for suffix in OPENERS)
            there = ", ".join(names) or "nothing"
            raise MarketError(
                f"no table {table} in {place}: looked for {wanted}, found {there}; rename the file to its table"
            )


class _Reader:
    """Reads the tables of one market, reporting to one quality."""

    def __init__(self, book: Rulebook, declared: Declared) -> None:
        self.book = book
        self.declared = declared
        self.quality = Quality()
        self.zone = ZoneInfo(book.header.timezone)
        self.earlier: dict[str, Table] = {}

    def market(self, found: Mapping[str, Found], others: list[str]) -> Market:
        tables = {name: self.table(name, found[name]) for name in KEYS if name in found}
        for file in others:
            self.quality.remark("", file, Reason("unread", "not a table: its name or its ending is not known"))
        for table in NEEDED:
            if not tables[table].rows:
                read = self.quality.accounts[table]["read"]
                rejected = self.quality.rejected(table)["reason"].value_counts()
                why = "; ".join(f"{count} rejected: {reason}" for reason, count in rejected.items())
                raise MarketError(
                    f"{found[table].place}: the table {table} is empty: {read} rows under its headers"
                    f"{f' ({why})' if why else ''}; expected a row for each of its {table}"
                )
        offers = tables["offers"]
        assert offers.source_rows is not None
        report_orphans(offers.cells, tables["merchants"].cells, offers.source_rows, self.quality)
        self.report_ahead(tables)
        return Market(tables, self.declared, self.quality, self.earlier)

    def table(self, name: str, found: Found) -> Table:
        mapping = self.declared.headers.get(name, {})
        for header in mapping:
            if header not in found.headers:
                near = did_you_mean(header, found.headers)
                raise MarketError(f"{NAME}: headers.{name}: no header {header!r} in {found.place}{near}")
        matched = match_headers(found.headers, name, self.book, mapping)
        self.check_keys(name, found, matched)
        for header, reason in matched.unread:
            self.quality.remark(name, header, reason, found.rows)
        for sheet in found.unread:
            self.quality.remark(name, sheet, Reason("unread", f"another sheet of {found.place}"))

        kept, blank = self.usable(name, found, matched)
        rows = found.source_rows[kept]
        cells: Mapping[str, Cells] = self.columns(name, found, matched, kept, rows)
        headers = {column: found.headers[place] for column, place in matched.columns.items()}
        merged, read = 0, found.rows + len(found.misfits)
        if name in NEEDED:
            single = merge_repeats(name, cells, KEYS[name][0], rows, self.quality)
            cells, merged = single.cells, single.merged
            if len(single.earlier):
                self.earlier[name] = _taken(name, cells, single.earlier, rows, headers)
            now = single.now
        else:
            now = np.arange(len(rows))
        aside = len(self.earlier[name].cells[KEYS[name][0]]) if name in self.earlier else 0
        rejected = len(self.quality.rejected(name))
        self.quality.account(name, read, kept=len(now), merged=merged, earlier=aside, rejected=rejected, blank=blank)
        return _taken(name, cells, now, rows, headers)

    def check_keys(self, name: str, found: Found, matched: Matched) -> None:
        """Refuse a table without its keys: it has no header, or not the right one."""
        absent = [key for key in KEYS[name] if key not in matched.columns]
        if not absent:
            return
        seen = ", ".join(map(repr, found.headers[:12])) + (" …" if len(found.headers) > 12 else "")
        if not matched.columns:
            raise MarketError(
                f"{found.place}: no header of the table {name} is known in its first row ({seen}); "
                f"expected a row of headers above the data, such as {self.spellings(absent[0])}"
            )
        why = "; ".join(f"{header!r} {reason.text}" for header, reason in matched.unread if absent[0] in reason.text)
        raise MarketError(
            f"{found.place}: no column {absent[0]}, without which a row of {name} means nothing; "
            f"looked for {self.spellings(absent[0])}, found {seen}; "
            f"{why or f'rename its header, or name it in {NAME}: [headers.{name}]'}"
        )

    def spellings(self, column: str) -> str:
        held = self.book.columns[column]
        return ", ".join(dict.fromkeys(filter(None, (column, held.zh, *held.aliases[:3]))))

    def usable(self, name: str, found: Found, matched: Matched) -> tuple[Array, int]:
        """The rows whose first key can be read, and how many are merely blank; the others are put aside as rejected.

        An offer whose merchant is not known is still an offer: it stays, with that cell missing.
        """
        key = KEYS[name][0]
        texts = found.columns[matched.columns[key]]
        reading = read_keys(texts.distinct)
        gone = reading.missing()[texts.codes]
        unusable = np.flatnonzero(gone)
        filled = np.zeros(len(unusable), bool)
        for column in found.columns if len(unusable) else ():
            filled |= column.filled(unusable)
        rejected = unusable[filled]
        nothing = reading.empty[texts.codes[rejected]]
        for why, which in ((f"no {key}", nothing), (f"{key}: {DIGITS_LOST.text}", ~nothing)):
            rows = rejected[which]
            self.reject(
                name, key, why, found.source_rows[rows], texts.at(rows), [c.at(rows) for c in found.columns], found
            )
        for number, cells in found.misfits:
            why = f"{len(cells)} cells under {len(found.headers)} headers"
            self.reject(name, "", why, np.array([number]), [",".join(cells)], [[cell] for cell in cells], found)
        return np.flatnonzero(~gone), len(unusable) - len(rejected)

    def reject(
        self, name: str, key: str, why: str, rows: Array, raw: list[str], columns: list[list[str]], found: Found
    ) -> None:
        """Put rows aside, and note them with the raw text of their key."""
        if not len(rows):
            return
        extra = [f"({place + 1})" for place in range(len(found.headers), len(columns))]
        frame = pd.DataFrame(
            {place: pd.Series(cells, dtype="str") for place, cells in enumerate([rows, rows, *columns])}
        )
        frame = frame.astype({0: np.int64})
        frame[1] = why
        frame.columns = pd.Index(["row", "reason", *[*found.headers, *extra][: len(columns)]])
        self.quality.reject(name, frame)
        self.quality.cells_noted(name, key, Reason("rejected", why), rows, np.arange(len(rows)), raw)

    def columns(self, name: str, found: Found, matched: Matched, kept: Array, rows: Array) -> dict[str, Cells]:
        whole = len(kept) == found.rows
        read: dict[str, ReadColumn] = {}
        for column, place in matched.columns.items():
            texts = found.columns[place] if whole else found.columns[place].take(kept)
            read[column] = read_column(
                texts,
                column,
                self.book,
                table=name,
                rows=rows,
                quality=self.quality,
                declared_unit=self.declared.units.get(column, ""),
                header_unit=matched.units.get(column, ""),
            )
        cells = {column: held.cells for column, held in read.items()}
        cells |= dict(rates_from_counts(name, self.book, cells, read, rows, self.quality))
        for column in sorted(self.book.required):
            if self.book.columns[column].table == name and column not in cells:
                cells[column] = all_missing(column, self.book, len(rows))
                self.quality.remark(name, column, ABSENT, len(rows))
        return cells

    def report_ahead(self, tables: Mapping[str, Table]) -> None:
        """Doubt days and times after the day of the data; the end of a validity (``…_to``) may lie ahead."""
        moment = self.moment(tables)
        if moment is None:
            return
        for table in tables.values():
            assert table.source_rows is not None
            for column, held in table.cells.items():
                if held.type in ("day", "time") and not column.endswith("_to"):
                    late = ahead_of(held.values, held.type, moment, self.zone)
                    where = np.flatnonzero(late if held.missing is None else late & ~held.missing)
                    if len(where):
                        codes, times = pd.factorize(_local(held.take(where), self.zone))
                        texts = [str(each) for each in times]
                        self.quality.cells_noted(
                            table.name, column, AHEAD, table.source_rows[where], codes, texts, texts
                        )

    def moment(self, tables: Mapping[str, Table]) -> datetime | None:
        """The day of the data: declared, else its latest snapshot; None where nothing says it."""
        as_of = self.declared.as_of
        if isinstance(as_of, datetime):
            return as_of if as_of.tzinfo else as_of.replace(tzinfo=self.zone)
        if isinstance(as_of, date):
            return datetime.combine(as_of, time.max, self.zone)
        held = [table.cells["snapshot_at"] for table in tables.values() if "snapshot_at" in table.cells]
        latest = max((int(cells.values.max(initial=0)) for cells in held), default=0)
        return datetime.fromtimestamp(latest / 1e6, UTC) if latest else None


def _taken(name: str, cells: Mapping[str, Cells], which: Array, rows: Array, headers: Mapping[str, str]) -> Table:
    if len(which) != len(rows):
        cells = {column: held.take(which) for column, held in cells.items()}
        rows = rows[which]
    return Table(name, dict(cells), len(which), rows, headers)


def _local(cells: Cells, zone: ZoneInfo) -> pd.Series[Any]:
    """Days, and times as the rulebook's zone tells them."""
    held = cells.to_pandas()
    return held.dt.tz_convert(zone).dt.tz_localize(None) if cells.type == "time" else held
