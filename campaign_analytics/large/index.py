"""The coded market at rest: a folder of NumPy arrays, a byte or two for each condition of each subject.

Any values on the sliders' grids are assessed from it, without the market. The folder holds ``index.json``,
``baseline.toml`` (the values it was made with), and for offers and merchants a ``.npy`` file a column, which is mapped
into memory, not read.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.masks import Bits, bits_of
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.errors import CampaignError, MarketError, MarketWarning, RulebookError
from campaign_analytics.large.ahead import ahead
from campaign_analytics.large.cluster.coding import coded_by_spark
from campaign_analytics.large.column import Column
from campaign_analytics.large.condensing import GONE, classes
from campaign_analytics.large.engine import by_spark, limit_of, program_of
from campaign_analytics.large.filling import MANIFEST, MERCHANT_ROW, Filling, type_of
from campaign_analytics.large.given import check_market, check_names, check_path, check_progress, check_rulebook
from campaign_analytics.large.kept import LEVELS, read_codes
from campaign_analytics.large.limit import NONE, Limit
from campaign_analytics.large.parts import parts_of
from campaign_analytics.large.prints import files_of, turned
from campaign_analytics.large.said import room
from campaign_analytics.large.source import Source
from campaign_analytics.market.behind import Behind, Files, Print
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.market.texts import let_go_of_all
from campaign_analytics.market.typed import HIGH
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.coarser import all_places
from campaign_analytics.rulebook.scenario import load_scenario
from campaign_analytics.simulate.at_rest import Assessable, AtRest, Coded, Codes
from campaign_analytics.simulate.what_if import WhatIf

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Session

BASELINE = "baseline.toml"
_PARTS = "parts"  # what Spark's workers write, until it is brought together
#: Offers assessed at once.
ROWS = 1 << 18


def build_index(
    source: str | Path | Source,
    book: Rulebook,
    out: str | Path,
    as_of: str | date | datetime | None = None,
    progress: Progress | None = None,
    *,
    by: Sequence[str] = (),
    engine: str | Session = "numpy",
    memory_limit: str | None = None,
) -> Index:
    """Code a market in files (see ``assess``) into the folder ``out``, which must be new, empty or an older index.
    Spark reads what it does for ``assess``; its workers write into ``out``, too. ``memory_limit`` is as there.

    Where an earlier run was stopped, or something has changed since, only the parts that are not there or hang on what
    changed are made (by Spark, of a whole index: all).

    Raises ``CampaignError`` where it cannot be coded, ``MarketError`` where nothing can be written.
    """
    if not isinstance(source, Source):
        check_market(source)
    check_rulebook(book)
    check_names("by", by, one=True)
    check_path("out", out)
    check_progress(progress)
    limit, program, out = limit_of(memory_limit, engine), program_of(engine), Path(out)
    if not by_spark(engine):
        source = replace(source, limit=limit) if isinstance(source, Source) else Source.open(source, book, limit)
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).exists():
        raise CampaignError(f"{out} is not empty and holds no index; give a new folder")
    groups, book = classes(book, by), all_places(book)
    with room(out):
        for level in LEVELS:
            (out / level).mkdir(parents=True, exist_ok=True)
        filling = Filling(out, groups)  # from now on it is not whole
        if isinstance(source, Source):
            rows, files = source.rows, files_of(source)
            parts: Iterator[Assessment] = parts_of(source, book, as_of, groups, program, progress, begin=filling.go_on)
        else:
            rows, files, parts = coded_by_spark(str(source), book, as_of, groups, engine, out / _PARTS, progress)
        filling.rows = rows
        for part in parts:
            filling.add(part)
        book.scenario("baseline").save(out / BASELINE)
        shutil.rmtree(out / _PARTS, ignore_errors=True)
        filling.close(files)
    return Index.open(out, book)


def _changed(files: Files, book: Rulebook) -> str:
    """What has changed of the market in files that an index was made of; "" where nothing has, or all of it is gone: an
    index may be elsewhere than its market."""
    if not any(Path(file).exists() for file in files.prints):
        return ""
    try:
        return turned(files, Source.open(files.place, book))
    except MarketError as error:
        return f"its market can't be read ({error})"


def is_index(place: str | Path) -> bool:
    """Whether a folder holds an index."""
    return (Path(place) / MANIFEST).exists()


@dataclass(frozen=True, eq=False, repr=False)
class Index(Assessable):
    """A folder that was opened: see ``parts`` and ``assessment``. ``assess``, ``WhatIf``, ``dashboard``, ``fetch`` and
    ``what_if_cube`` take it as it is."""

    folder: Path
    book: Rulebook  # with the values that it was made with
    told: Mapping[str, Any]
    files: Files  # those that it was made of

    @classmethod
    def open(cls, folder: str | Path, book: Rulebook, as_of: str | date | datetime | None = None) -> Index:
        """Open an index of a rulebook. Warns where the files that it was made of have changed since, are gone, or more.

        Raises ``CampaignError`` for one that is not whole, was made of another rulebook, or is of another moment than
        ``as_of``, where given.
        """
        check_path("folder", folder)
        check_rulebook(book)
        folder = Path(folder)
        try:
            told = json.loads((folder / MANIFEST).read_text("utf-8"))
            of = told["rulebook"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CampaignError(f"{folder} holds no whole index; make one of its market") from error
        if of["hash"] != book.hash:
            raise CampaignError(
                f"{folder} is out of date: it was made of {of['id']} {of['version']} ({of['hash'][:12]}), this is "
                f"{book.id} {book.version} ({book.hash[:12]}); make it again"
            )
        try:
            files = Files(told["place"], {file: Print(*held) for file, held in told["files"].items()})
        except (KeyError, TypeError) as error:
            raise CampaignError(f"{folder} was made by another version; make it again") from error
        if wrong := _changed(files, book):
            warnings.warn(
                f"{folder} is out of date: {wrong} since it was made; make it again", MarketWarning, stacklevel=2
            )
        try:
            baseline = load_scenario(folder / BASELINE, all_places(book.as_written)).book
        except RulebookError as error:
            other = [fault.message for fault in error.faults if fault.place == "scenario.variant"]
            wrong = other[0] if other else f"is damaged ({error}); make it again"
            raise CampaignError(f"{folder} {wrong}") from error
        index = cls(folder, baseline, told, files)
        if as_of is not None and moment_of(Market({}), book, as_of) != index.as_of:
            raise CampaignError(
                f"{folder} is the index as of {index.as_of:%Y-%m-%d %H:%M}; make another for as_of={as_of!r}"
            )
        return index

    def __repr__(self) -> str:
        rows, header = self.told["rows"], self.book.header
        return (
            f"Index({self.folder}: {rows['offers']:,} offers of {rows['merchants']:,} merchants by {header.id} "
            f"{header.version} as of {self.as_of:%Y-%m-%d %H:%M})"
        )

    @property
    def rows(self) -> int:
        """How many offers there are."""
        return int(self.told["rows"]["offers"])

    @property
    def as_of(self) -> datetime:
        """The moment that it is of, in the rulebook's time zone."""
        return datetime.fromisoformat(self.told["as_of"]).astimezone(self.book.zone)

    def behind(self, kind: str) -> Behind:
        """What counts of it are called, and the market behind them."""
        return Behind(kind, str(self.folder), self.files)

    def assessment(self) -> Coded:
        """All offers and merchants at the values that it was made with: 8 bytes an offer and 32 rules are held."""
        return self.between(0, self.rows)

    def parts(self, book: Rulebook, some: Sequence[range] | None = None, limit: Limit = NONE) -> Iterator[AtRest]:
        """The same at the values of ``book``: all merchants, and then some offers at a time: those at the places of
        ``some``, or else all. Raises ``CampaignError`` for values that cannot be told here."""
        merchants = self.between(0, 0)
        everybody = WhatIf(merchants).assessed(book)
        before, now = merchants.words["merchants"], everybody.judged
        conditions = merchants.bound(merchants.trees)
        guards = everybody.bound(everybody.guards)
        assert isinstance(everybody, AtRest)
        yield everybody
        del merchants, everybody
        let_go_of_all()

        def made(rows: range) -> AtRest:
            part = WhatIf(self.between(rows.start, rows.stop, conditions, before)).assessed(book, now.words)
            assert isinstance(part, AtRest)
            return replace(part, outside=part.evaluated(guards, merchants=now.outside))

        stretches = [range(start, min(start + ROWS, self.rows)) for start in range(0, self.rows, ROWS)]
        for rows, part in ahead(made, stretches if some is None else some, threads=1):  # counting takes as long
            yield part
            limit.check(rows.stop, self.rows)

    def between(self, start: int, stop: int, conditions: Bits | None = None, merchants: Array | None = None) -> Coded:
        """The same of the offers from one place to another, and all merchants, of which nothing is read where their
        words are known already."""
        book, told = self.book, self.told
        groups = {name: self._group(name, names, slice(start, stop)) for name, names in told["by"].items()}
        rows = {"offers": stop - start, "merchants": int(told["rows"]["merchants"])}
        market = Market.rest(
            self.behind("index_of"), groups, rows, self._array("offers", MERCHANT_ROW, slice(start, stop))
        )
        codes: dict[Level, Codes] = {"offers": self._codes("offers", slice(start, stop))}
        codes["merchants"] = (
            self._codes("merchants") if merchants is None else read_codes({}, told["codes"]["merchants"])
        )
        bare = Coded(
            book=book, market=market,
            moment=Moment(self.as_of), rules=book.active,
            not_computed=tuple(told["not_computed"]), unmade=frozenset(told["unmade"]), bits=bits_of(book, book.active),
            words={}, outside={}, codes=codes,
        )  # fmt: skip
        return Coded.of(bare, conditions, merchants)

    def _codes(self, level: Level, rows: slice = slice(None)) -> Codes:
        found: dict[str, Cells] = {}
        for name, type in self.told["codes"][level]["cells"].items():
            low = self._array(level, name, rows)
            if type == "flag":
                gone = low == GONE
                found[name] = Cells("flag", low == 1, gone) if gone.any() else Cells("flag", low.view(bool), None)
            else:
                ranged = self._file(level, name + HIGH).exists()
                found[name] = Cells("count", low, None, self._array(level, name + HIGH, rows) if ranged else None)
        return read_codes(found, self.told["codes"][level])

    def _group(self, name: str, names: Sequence[str], rows: slice) -> Cells:
        codes = self._array("offers", name, rows)
        return Cells.make(self.book.quantity(name).type, np.maximum(codes, 0), codes < 0, None, tuple(names))

    def _array(self, level: Level, name: str, rows: slice) -> Array:
        """Some rows, read; or all, mapped."""
        if (level, name) not in self._columns:
            self._columns[level, name] = self._opened(level, name)
        column = self._columns[level, name]
        if rows in (slice(None), slice(0, column.rows)):
            return column.mapped()
        return column.read(rows.start, rows.stop)

    def _opened(self, level: Level, name: str) -> Column:
        file, rows = self._file(level, name), self.told["rows"][level]
        type = type_of(name, self.told["by"])
        try:
            column = Column(file)
            if (column.rows, column.dtype) != (rows, type):
                raise ValueError(f"{column.rows} rows of {column.dtype}, not {rows} of {np.dtype(type)}")
        except (OSError, ValueError) as error:
            raise MarketError(f"{file} is damaged ({error}); make the index again, which makes this anew") from error
        return column

    @cached_property
    def _columns(self) -> dict[tuple[Level, str], Column]:
        """The columns that were opened."""
        return {}

    def _file(self, level: Level, name: str) -> Path:
        return self.folder / level / f"{name}.npy"
