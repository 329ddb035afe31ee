"""The coded market at rest: a folder of NumPy arrays, a byte or two for each comparison of each subject.

Any values on the sliders' grids are assessed from it, without the market. The folder holds ``manifest.json``,
``baseline.toml`` (the values it was made with), and for offers and merchants a ``.npy`` file a column, which is mapped
into memory, not read.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.masks import bits_of
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.errors import CampaignError, MarketWarning
from campaign_analytics.large.cluster.coding import coded_by_spark
from campaign_analytics.large.condensing import GONE, classes, group_cells
from campaign_analytics.large.engine import by_spark, program_of
from campaign_analytics.large.kept import LEVELS, read_codes, told_codes
from campaign_analytics.large.parts import parts_of
from campaign_analytics.large.prints import files_of, hashed, same
from campaign_analytics.large.said import room, whole
from campaign_analytics.large.source import Source
from campaign_analytics.market.behind import Behind, Files, Print
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.market.typed import HIGH
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.coarser import all_places
from campaign_analytics.rulebook.scenario import load_scenario
from campaign_analytics.simulate.at_rest import AtRest, Coded, Codes, Resting

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Session

MANIFEST, BASELINE = "index.json", "baseline.toml"
_ROW = "merchant_row"
_PARTS = "parts"  # what Spark's workers write, until it is brought together
#: Offers assessed at once.
ROWS = 1 << 20


def build_index(
    source: str | Path | Source,
    book: Rulebook,
    out: str | Path,
    as_of: str | date | datetime | None = None,
    progress: Progress | None = None,
    *,
    by: Sequence[str] = (),
    engine: str | Session = "numpy",
) -> Index:
    """Code a market in files (see ``assess``) into the folder ``out``, which must be new, empty or an older index.
    Spark reads what it does for ``assess``; its workers write into ``out``, too.

    Raises ``CampaignError`` where it cannot be coded, ``MarketError`` where nothing can be written.
    """
    program, out = program_of(engine), Path(out)
    if not by_spark(engine):
        source = source if isinstance(source, Source) else Source.open(source, book)
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).exists():
        raise CampaignError(f"{out} is not empty and holds no index; give a new folder")
    groups, book = classes(book, by), all_places(book)
    with room(out):
        for level in LEVELS:
            (out / level).mkdir(parents=True, exist_ok=True)
        (out / MANIFEST).write_text("{}", "utf-8")  # ours, and not whole yet
        if isinstance(source, Source):
            rows, files = source.rows, files_of(source)
            parts: Iterator[Assessment] = parts_of(source, book, as_of, groups, program, progress)
        else:
            rows, files, parts = coded_by_spark(str(source), book, as_of, groups, engine, out / _PARTS, progress)
        writing = _Writing(out, rows, groups, files)
        for part in parts:
            writing.add(part)
        book.scenario("baseline").save(out / BASELINE)
        shutil.rmtree(out / _PARTS, ignore_errors=True)
        writing.close()
    return Index.open(out, book)


def is_index(place: str | Path) -> bool:
    """Whether a folder holds an index."""
    return (Path(place) / MANIFEST).exists()


@dataclass(frozen=True, eq=False)
class Index:
    """A folder that was opened: see ``parts`` and ``assessment``."""

    folder: Path
    book: Rulebook  # with the values that it was made with
    told: Mapping[str, Any]
    files: Files  # those that it was made of

    @classmethod
    def open(cls, folder: str | Path, book: Rulebook, as_of: str | date | datetime | None = None) -> Index:
        """Open an index of a rulebook. Warns where the files that it was made of have changed since.

        Raises ``CampaignError`` for one that is not whole, was made of another rulebook, or is of another moment than
        ``as_of``, where given.
        """
        folder = Path(folder)
        try:
            told = json.loads((folder / MANIFEST).read_text("utf-8"))
            of = told["rulebook"]
        except (OSError, ValueError, KeyError) as error:
            raise CampaignError(f"{folder} holds no whole index; make it with build_index") from error
        if of["hash"] != book.hash:
            raise CampaignError(
                f"{folder} is out of date: it was made of {of['id']} {of['version']} ({of['hash'][:12]}), this is "
                f"{book.id} {book.version} ({book.hash[:12]}); make it again"
            )
        try:
            files = Files(told["place"], {file: Print(*held) for file, held in told["files"].items()})
        except (KeyError, TypeError) as error:
            raise CampaignError(f"{folder} was made by another version; make it again with build_index") from error
        changed = [file for file, held in files.prints.items() if Path(file).exists() and not same(Path(file), held)]
        if changed:
            warnings.warn(
                f"{folder} is out of date: {', '.join(Path(file).name for file in changed)} changed since it was made",
                MarketWarning,
                stacklevel=2,
            )
        index = cls(folder, load_scenario(folder / BASELINE, all_places(book.as_written)).book, told, files)
        if as_of is not None and moment_of(Market({}), book, as_of) != index.as_of:
            raise CampaignError(
                f"{folder} is the index as of {index.as_of:%Y-%m-%d %H:%M}; make another for as_of={as_of!r}"
            )
        return index

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

    def parts(self) -> Iterator[Coded]:
        """The same, some offers at a time, each with all merchants."""
        for start in range(0, max(self.rows, 1), ROWS):
            yield self.between(start, min(start + ROWS, self.rows))

    def between(self, start: int, stop: int) -> Coded:
        """The same of the offers from one place to another."""
        book, told = self.book, self.told
        cells = {
            level: self._cells(level, slice(start, stop) if level == "offers" else slice(None)) for level in LEVELS
        }
        groups = {name: self._group(name, names, slice(start, stop)) for name, names in told["by"].items()}
        rows = {"offers": stop - start, "merchants": int(told["rows"]["merchants"])}
        market = Market.rest(self.behind("index_of"), groups, rows, self._array("offers", _ROW)[start:stop])
        codes = {level: read_codes(cells[level], told["codes"][level]) for level in LEVELS}
        bare = Coded(
            book=book, market=market,
            moment=Moment(self.as_of), rules=book.active,
            not_computed=tuple(told["not_computed"]), unmade=frozenset(told["unmade"]), bits=bits_of(book, book.active),
            words={}, outside={}, codes=codes,
        )  # fmt: skip
        return Coded.of(bare)

    def _cells(self, level: Level, rows: slice) -> dict[str, Cells]:
        found: dict[str, Cells] = {}
        for name, type in self.told["codes"][level]["cells"].items():
            low = self._array(level, name)[rows]
            if type == "flag":
                found[name] = Cells.make("flag", low == 1, low == GONE)
            else:
                ranged = self._file(level, name + HIGH).exists()
                found[name] = Cells("count", low, None, self._array(level, name + HIGH)[rows] if ranged else None)
        return found

    def _group(self, name: str, names: Sequence[str], rows: slice) -> Cells:
        codes = self._array("offers", name)[rows]
        return Cells.make(self.book.quantity(name).type, np.maximum(codes, 0), codes < 0, None, tuple(names))

    def _array(self, level: Level, name: str) -> Array:
        held: Array = np.load(self._file(level, name), mmap_mode="r")
        return held

    def _file(self, level: Level, name: str) -> Path:
        return self.folder / level / f"{name}.npy"


class _Writing:
    """Arrays of all offers, filled part by part."""

    def __init__(self, folder: Path, rows: int, by: Sequence[str], files: Files) -> None:
        self.files = files
        self.folder, self.rows, self.by, self.done = folder, rows, by, 0
        self.names: dict[str, dict[str, int]] = {column: {} for column in by}
        self.arrays: dict[tuple[Level, str], Array] = {}
        self.first: Assessment | None = None
        self.codes: Mapping[Level, Codes] = {}

    def add(self, part: Assessment) -> None:
        codes = part.codes if isinstance(part, AtRest) else Resting(part).codes(part.rules)
        stop = self.done + part.market.offers.rows
        if self.first is None:
            self.first, self.codes = part, codes
            self.put("merchants", codes["merchants"], 0, part.market.merchants.rows)
        self.put("offers", codes["offers"], self.done, stop)
        self.array("offers", _ROW, np.int32)[self.done : stop] = part.market.merchant_row
        for column in self.by:
            cells = group_cells(part, column)
            known = self.names[column]
            for name in cells.names:
                known.setdefault(name, len(known))
            place = np.array([known[name] for name in cells.names] or [0], np.int16)
            self.array("offers", column, np.int16)[self.done : stop] = np.where(cells.gone, -1, place[cells.values])
        self.done = stop

    def put(self, level: Level, codes: Codes, start: int, stop: int) -> None:
        for name, cells in codes.cells.items():
            low = np.where(cells.gone, GONE, cells.values) if cells.type == "flag" else cells.values
            held = self.array(level, name, np.uint8)
            held[start:stop] = low
            if cells.high is not None and (level, name + HIGH) not in self.arrays:
                self.array(level, name + HIGH, np.uint8)[:start] = held[:start]
            if (level, name + HIGH) in self.arrays:
                self.array(level, name + HIGH, np.uint8)[start:stop] = low if cells.high is None else cells.high

    def array(self, level: Level, name: str, dtype: Any) -> Array:
        if (level, name) not in self.arrays:
            assert self.first is not None
            rows = self.rows if level == "offers" else self.first.market.merchants.rows
            path = self.folder / level / f"{name}.npy"
            self.arrays[level, name] = np.lib.format.open_memmap(path, "w+", dtype, (rows,))
            _reserve(path)
        return self.arrays[level, name]

    def close(self) -> None:
        """Say that it is whole; arrays of an older index go."""
        assert self.first is not None
        first = self.first
        for level in LEVELS:
            for file in (self.folder / level).iterdir():
                if (level, file.stem) not in self.arrays:
                    file.unlink()
        told = {
            "rulebook": {"id": first.book.id, "version": first.book.version, "hash": first.book.hash},
            "as_of": first.as_of.isoformat(),
            "rows": {"offers": self.rows, "merchants": first.market.merchants.rows},
            "by": {column: list(names) for column, names in self.names.items()},
            "not_computed": first.not_computed,
            "unmade": sorted(first.unmade),
            "place": self.files.place,
            "files": hashed(self.files).prints,
            "codes": {level: told_codes(codes) for level, codes in self.codes.items()},
        }
        for array in self.arrays.values():
            array.flush()  # type: ignore[attr-defined]  # of a memory map
        with whole(self.folder / MANIFEST) as beside:
            beside.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")


def _reserve(path: Path) -> None:
    """Take the room of a file now: a map of it that runs out of room ends the process without a word."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, path.stat().st_size)
