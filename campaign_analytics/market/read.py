"""Read a market: find its tables, match their headers, type their cells, and keep the books of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from campaign_analytics.errors import MarketError
from campaign_analytics.market.by_hand import Given
from campaign_analytics.market.cells import ReadColumn, all_missing, read_column
from campaign_analytics.market.clean import typed_columns
from campaign_analytics.market.contradictions import report_contradictions
from campaign_analytics.market.databases import file_of, is_url
from campaign_analytics.market.declared import NAME, declared_within, read_declared
from campaign_analytics.market.finding import NEEDED, Gathered, Progress, gather
from campaign_analytics.market.found import Found
from campaign_analytics.market.headers import UNKNOWN, Matched, match_found, match_headers, near, spellings_of
from campaign_analytics.market.keys import keep, merge_repeats, report_orphans
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.overrides import DAYS, read_overrides, together
from campaign_analytics.market.parts import Aside, Part
from campaign_analytics.market.prices import prices_from_discounts
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.rejected import as_they_were
from campaign_analytics.market.rows import Rows, data_rows
from campaign_analytics.market.schema import KEYS, OVERRIDES, Array, Cells, Declared, Market, Table, joined
from campaign_analytics.market.shares import rates_from_counts
from campaign_analytics.market.texts import let_go, let_go_of_all
from campaign_analytics.market.times import AHEAD, ahead_of, since_1900
from campaign_analytics.market.units import units_from_quantities
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

UNTOLD_ENCODING = "its {} may be {} in {}; if it is, say so in market.toml: [encodings]"
ABSENT = Reason("absent", "nowhere in the data; every cell is missing, rules that need it are unknown")


def read_market(
    source: str | Path | Mapping[str, pd.DataFrame],
    book: Rulebook,
    declared: Declared | str | Path | None = None,
    progress: Progress | None = None,
) -> Market:
    """Read files or DataFrames into typed columns; ``market.quality`` tells what was done.

    ``source`` is a folder, a workbook or archive, the URL of a database (``duckdb:///file.duckdb``, or one that
    SQLAlchemy knows), or DataFrames by table name. A folder, an archive, or the folder of a database file may hold
    ``market.toml``; ``declared`` is another file of that form, or says the same (and wins). No cell is guessed: what is
    not understood is missing, counted and reported. Raises MarketError where nothing can be read: no merchants or
    offers, no header, no key column, an encoding that can't be told, a database that is not reached.
    ``progress`` is called with how much is done, and how much there is to do.
    """
    said: Progress = progress or (lambda done, total: None)
    place = ""
    if not isinstance(declared, Declared):
        if path := declared or _beside(source):
            declared = read_declared(Path(path), book)
        else:
            place, declared = _within(source, book)
    gathered = gather(source, book, declared, lambda done, total: said(done, 2 * total))
    gathered.remarks = [each for each in gathered.remarks if each[0] != place]
    return _Reader(book, declared, said).market(gathered)


def _beside(source: object) -> Path | None:
    """The ``market.toml`` of a folder that has one, or beside a database file."""
    if isinstance(source, str) and is_url(source):
        database = file_of(source)
        path = database.parent / NAME if database else None
    else:
        path = Path(source) / NAME if isinstance(source, str | Path) else None
    return path if path and path.exists() else None


def _within(source: object, book: Rulebook) -> tuple[str, Declared]:
    """What an archive declares, and where in it; nothing of other sources."""
    is_path = isinstance(source, Path) or (isinstance(source, str) and not is_url(source))
    return (declared_within(Path(str(source)), book) if is_path else None) or ("", Declared())


@dataclass(frozen=True, eq=False)
class _Opened:
    """One part of a table, its headers matched and its rows of data told from the others."""

    found: Found
    matched: Matched
    part: Part
    kept: Array  # places of the rows of data
    read: int  # rows of the file, headers and all
    fates: Counter[str]
    mends: frozenset[tuple[str, int]]  # places (file, row) of rows that were put aside and stand here, repaired


@dataclass(frozen=True, eq=False)
class _Read:
    """One part of a table, read."""

    part: Part
    cells: dict[str, Cells]
    origin: Origin
    read: int  # rows of the file, headers and all
    fates: Counter[str]
    mends: frozenset[tuple[str, int]]
    sparse: bool  # an empty cell says nothing


class _Reader:
    """Reads the tables of one market, reporting to one quality."""

    def __init__(self, book: Rulebook, declared: Declared, progress: Progress) -> None:
        self.book = book
        self.declared = declared
        self.quality = Quality()
        self.zone = ZoneInfo(book.header.timezone)
        self.earlier: dict[str, Table] = {}
        self.progress = progress
        self.cells = self.done = 0  # opening is the first half of the work, reading cells the second

    def market(self, gathered: Gathered) -> Market:
        for place, reason in gathered.remarks:
            self.quality.remark("", place, reason)
        self.cells = sum(found.rows * len(found.headers) for parts in gathered.parts.values() for found in parts)
        by_hand = gathered.parts.pop(OVERRIDES, [])
        tables = {name: self.table(name, gathered.parts.pop(name)) for name in KEYS if name in gathered.parts}
        market = Market(tables, self.declared, self.quality, self.earlier)
        report_orphans(market, self.quality)
        self.report_ahead(tables)
        for table in tables.values():
            report_contradictions(table, self.book, self.quality)
        return replace(market, overrides=self.overrides(by_hand, market)).joined_by(market.merchant_row)

    def overrides(self, found: list[Found], market: Market) -> tuple[Given, ...]:
        """The values that are given by hand, read last."""
        if not found:
            return ()
        self.check_mapping(OVERRIDES, found)
        opened = [self.opened(OVERRIDES, each) for each in found]
        given, kept = list[Given](), 0
        for each in opened:
            some, rejected = read_overrides(each.found, each.matched, each.kept, market, self.book, self.quality)
            given += some
            each.fates["rejected"] += rejected
            kept += len(each.kept) - rejected
        self.quality.account(OVERRIDES, sum(each.read for each in opened), kept=kept, **self.fates(OVERRIDES, opened))
        return together(given)

    def table(self, name: str, found: list[Found]) -> Table:
        self.check_mapping(name, found)
        place = found[0].place
        parts = [self.part(name, found.pop(0)) for _ in range(len(found))]
        origin = Origin.joined([part.origin for part in parts])
        silent = {column: _silent(column, parts) for part in parts for column in part.cells}
        cells = self.joined(name, parts)
        fates = self.fates(name, parts)
        now = np.arange(len(origin))
        if name in NEEDED:
            unsaid = np.ones(len(origin), bool)
            single = merge_repeats(
                name, cells, KEYS[name][0], origin, lambda column: silent.get(column, unsaid), self.quality
            )
            now = single.now
            fates["merged"] = single.merged
            fates["earlier"] = len(single.earlier)
            if len(single.earlier):
                earlier = {column: held.take(single.earlier) for column, held in cells.items()}
                self.earlier[name] = _table(name, earlier, origin[single.earlier], parts)
        if name in NEEDED and not len(now):
            rejected = self.quality.rejected(name)["reason"].value_counts()
            why = "; ".join(f"{count} rejected: {reason}" for reason, count in rejected.items())
            raise MarketError(
                f"{place}: the table {name} is empty: {fates['rejected'] + fates['blank']} rows under its headers"
                f"{f' ({why})' if why else ''}; expected a row for each of its {name}"
            )
        self.quality.account(name, sum(part.read for part in parts), kept=len(now), **fates)
        if len(now) < len(origin):
            keep(cells, now)
            origin = origin[now]
        let_go_of_all()
        return _table(name, cells, origin, parts)

    def fates(self, name: str, parts: Sequence[_Opened | _Read]) -> Counter[str]:
        """How many rows of a table had which fate; rejected ones that stand repaired in another part were mended."""
        fates = sum((part.fates for part in parts), Counter[str]())
        mended = self.quality.mended(name, frozenset().union(*(part.mends for part in parts)))
        if mended:
            fates["mended"] = mended
            fates["rejected"] -= mended
        return fates

    def check_mapping(self, name: str, found: list[Found]) -> None:
        """Refuse a mapping of headers that are in no part of the table, unless it says of them what is known anyway;
        and one that names a column twice in a part."""
        mapping = self.declared.headers.get(name, {})
        there = [header for part in found for header in part.headers]
        for header, column in mapping.items():
            if header not in there and column not in match_headers([header], name, self.book, {}).columns:
                places = " or ".join(part.place for part in found)
                raise MarketError(
                    f"{NAME}: headers.{name}: no header {header!r} in {places}{did_you_mean(header, there)}"
                )
        for part in found:
            held: dict[str, str] = {}
            for header, column in mapping.items():
                other = held.setdefault(column, header) if header in part.headers else header
                if other != header:
                    raise MarketError(
                        f"{NAME}: headers.{name}: two headers for {column!r} in {part.place}, {other!r} and "
                        f"{header!r}; keep one"
                    )

    def opened(self, name: str, found: Found) -> _Opened:
        """Match one file's headers, and tell its rows of data from all others."""
        found, mends = as_they_were(found)
        matched = match_found(found, name, self.book, self.declared.headers.get(name, {}))
        self.check_keys(name, found, matched)
        if found.since_1904:
            found = _since_1900(found, matched, self.book)
        taken, *others = found.maybe.items() or [("", "")]
        for encoding, word in others:
            told = UNTOLD_ENCODING.format(taken[1], word, encoding)
            self.quality.remark(name, found.place, Reason("doubted", told), found.rows)
        for said in found.told:
            self.quality.remark(name, found.place, Reason("settled", said))
        aside = [self.put_aside(name, found, place, reason) for place, reason in matched.unread]
        if found.typed is None:
            rows = data_rows(name, KEYS[name][0], matched.columns[KEYS[name][0]], found, self.quality)
        else:
            rows = Rows(np.arange(found.rows), Counter())
        headers = {column: found.headers[place] for column, place in matched.columns.items()}
        read = found.rows + len(found.misfits) + len(found.broken) + len(found.heads) + len(found.notes) + found.blank
        called = found.place if found.called is None else found.called
        part = Part(found.place, found.file, called, found.source_rows, headers, aside, found.maybe)
        return _Opened(found, matched, part, rows.kept, read, rows.fates, mends)

    def part(self, name: str, found: Found) -> _Read:
        """Read one file of a table."""
        each = self.opened(name, found)
        found = each.found
        origin = Origin.of(found.place, found.source_rows[each.kept])
        if found.typed is None:
            cells = self.columns(name, found, each.matched, each.kept, origin)
        else:
            cells = typed_columns(name, found, each.matched, self.book, origin, self.quality)
        self.done += found.rows * len(found.headers)
        self.progress(self.cells + self.done, 2 * self.cells)
        return _Read(each.part, cells, origin, each.read, each.fates, each.mends, found.sparse)

    def put_aside(self, table: str, found: Found, place: int, reason: Reason) -> Aside:
        """Keep a column that is not read, with the columns that its header may mean: proposed, never applied."""
        header = found.headers[place]
        columns = near(header, table, self.book) if reason == UNKNOWN else []
        if columns:
            labels = " or ".join(f"{column} ({spellings_of(column, table, self.book)[0]})" for column in columns)
            reason = Reason("unread", f"{reason.text}; near {labels}: if it is, say so in {NAME}: [headers.{table}]")
        self.quality.remark(table, header, reason, found.rows)
        return Aside(header, reason, columns, found.texts(place))

    def joined(self, name: str, parts: list[_Read]) -> dict[str, Cells]:
        """The columns of all parts, which let go of them; one that a part lacks is missing there, one that all lack
        everywhere."""
        there = [column for column in self.book.columns if any(column in part.cells for part in parts)]
        held: dict[str, Cells] = {}
        for column in there:
            pieces = []
            for part in parts:
                if column not in part.cells:
                    self.quality.remark(
                        name, column, Reason("absent", f"not in {part.origin.files[0]}"), len(part.origin)
                    )
                held_here = part.cells.pop(column, None)
                pieces.append(all_missing(column, self.book, len(part.origin)) if held_here is None else held_here)
            held[column] = joined(pieces)
        rows = sum(len(part.origin) for part in parts)
        for column in sorted(self.book.required):
            if self.book.columns[column].table == name and column not in held:
                held[column] = all_missing(column, self.book, rows)
                self.quality.remark(name, column, ABSENT, rows)
        return held

    def check_keys(self, name: str, found: Found, matched: Matched) -> None:
        """Refuse a table without its keys: it has no header, or not the right one."""
        absent = [key for key in KEYS[name] if key not in matched.columns]
        if not absent:
            return
        seen = ", ".join(map(repr, found.headers[:12])) + (" …" if len(found.headers) > 12 else "")
        why = matched.why_without(absent[0], found.headers)
        if not matched.columns and not why:
            raise MarketError(
                f"{found.place}: no header of the table {name} is known in its first row ({seen}); "
                f"expected a row of headers above the data, such as {self.spellings(absent[0], name)}"
            )
        raise MarketError(
            f"{found.place}: no column {absent[0]}, without which a row of {name} means nothing; "
            f"looked for {self.spellings(absent[0], name)}, found {seen}; "
            f"{why or f'rename its header, or name it in {NAME}: [headers.{name}]'}"
        )

    def spellings(self, column: str, table: str) -> str:
        return ", ".join(dict.fromkeys((column, *spellings_of(column, table, self.book)[:5])))

    def columns(self, name: str, found: Found, matched: Matched, kept: Array, origin: Origin) -> dict[str, Cells]:
        whole = len(kept) == found.rows
        units = found.meanings.units if found.meanings else {}
        declared = replace(self.declared, units={**units, **self.declared.units})
        read: dict[str, ReadColumn] = {}
        for number, (column, place) in enumerate(matched.columns.items()):
            self.progress(self.cells + self.done + number * found.rows, 2 * self.cells)
            texts = found.let_go(place)
            texts = texts if whole else texts.take(kept)
            self.quality.column_read(name, column, len(texts))
            read[column] = read_column(
                texts,
                column,
                self.book,
                table=name,
                rows=origin,
                quality=self.quality,
                declared=declared,
                header_unit=matched.units.get(column, ""),
            )
            del texts
            let_go()
        cells = {column: held.cells for column, held in read.items()}
        cells |= dict(prices_from_discounts(name, self.book, read, origin, self.quality))
        cells |= dict(units_from_quantities(name, self.book, read, origin, self.quality))
        return cells | dict(rates_from_counts(name, self.book, cells, read, origin, self.quality))

    def report_ahead(self, tables: Mapping[str, Table]) -> None:
        """Doubt days and times after the day of the data; the end of a validity (``…_to``) may lie ahead."""
        moment = self.moment(tables)
        if moment is None:
            return
        for table in tables.values():
            assert table.origin is not None
            for column, held in table.cells.items():
                if held.type in ("day", "time") and not column.endswith("_to"):
                    late = ahead_of(held.values, held.type, moment, self.zone)
                    where = np.flatnonzero(late if held.missing is None else late & ~held.missing)
                    if len(where):
                        codes, times = pd.factorize(_local(held.take(where), self.zone))
                        texts = [str(each) for each in times]
                        self.quality.cells_noted(table.name, column, AHEAD, table.origin[where], codes, texts, texts)

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


def _since_1900(found: Found, matched: Matched, book: Rulebook) -> Found:
    """The same, bare numbers of its days counted as in all other files."""
    columns = list(found.columns)
    for column, place in matched.columns.items():
        if column in DAYS if column not in book.columns else book.columns[column].type in ("day", "time"):
            columns[place] = since_1900(columns[place])
    return replace(found, columns=columns, told=[*found.told, "days are counted from 1904 in this workbook"])


def _silent(column: str, parts: list[_Read]) -> Array | None:
    """(rows,) bool: in which rows of all parts nothing is said of ``column``; None = in none."""
    masks = []
    for part in parts:
        held = part.cells.get(column)
        if held is None:
            masks.append(np.ones(len(part.origin), bool))
        else:
            masks.append(held.blank if part.sparse else np.zeros(len(part.origin), bool))
    said = all(column in part.cells and not part.sparse for part in parts)
    return None if said else np.concatenate(masks)


def _table(name: str, cells: Mapping[str, Cells], origin: Origin, parts: list[_Read]) -> Table:
    return Table(name, cells, len(origin), origin, [each.part for each in parts])


def _local(cells: Cells, zone: ZoneInfo) -> pd.Series[Any]:
    """Days, and times as the rulebook's zone tells them."""
    held = cells.to_pandas()
    return held.dt.tz_convert(zone).dt.tz_localize(None) if cells.type == "time" else held
