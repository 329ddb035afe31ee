"""The tables of a market as Spark reads them: files, the tables of a catalog, or what lies at an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.errors import MarketError
from campaign_analytics.large.cluster import prints
from campaign_analytics.large.prints import files_of
from campaign_analytics.large.repeats import tell_repeats
from campaign_analytics.large.said import said
from campaign_analytics.large.source import Part, Source, told_of
from campaign_analytics.market.behind import Behind, Print
from campaign_analytics.market.declared import NAME, declared_as, declared_in
from campaign_analytics.market.finding import NEEDED
from campaign_analytics.market.schema import KEYS, Cells, Declared, Table
from campaign_analytics.rulebook.book import Rulebook

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Frame, Session

#: The column of the file that an offer comes from; no name of a column, which is plain SQL.
FILE = "#file"
#: In a catalog, the table of one row that tells what ``market.toml`` does.
DECLARED = "market"


@dataclass(frozen=True)
class Frames(Source):
    """The tables of a market as Spark reads them."""

    frames: Mapping[str, Frame]

    @classmethod
    def read(cls, session: Session, place: str, book: Rulebook) -> Frames:
        """Raises ``MarketError`` where merchants or offers are not found. Warns of offers of files that stand in more
        than one row."""
        from campaign_analytics.engines import spark

        if spark.is_remote(place):
            found = {table: spark.table_at(session, spark.inside(place, table)) for table in KEYS}
            frames = {table: frame for table, frame in found.items() if frame is not None}
            for table, frame in frames.items():
                _refuse_left_out(session, frame, place, table)
            if "offers" in frames:
                frames["offers"] = spark.with_file(frames["offers"], FILE, place.startswith(spark.CATALOG))
            declared, files = _declared(session, place, book), {table: [Path(table)] for table in frames}
            seen: Mapping[Path, Print] = {}
        else:
            local = Source.open(place, book)
            local.schemas  # noqa: B018  (refuses a column of another type, with its file)
            tell_repeats(local)
            frames = {table: _of_files(session, table, held) for table, held in local.files.items()}
            declared, files, seen = local.declared, local.files, local.seen
        for table in NEEDED:
            if table not in frames:
                raise MarketError(f"{place}: no table of {table}; found {', '.join(frames) or 'nothing'}")
        return cls(place, files, declared, book, frames, seen=seen)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All offers, in the order of the files."""
        return tuple(sorted(self._names, key=lambda part: part.file.name))

    @property
    def nobody(self) -> Part:
        """No offers: what is made before workers look at them needs their columns alone."""
        return Part(self.files["offers"][0], (), 0, 0)

    def of(self, parts: Iterable[Part]) -> Frames:
        """The same with the offers of some of its parts alone."""
        from campaign_analytics.engines import spark

        offers = spark.only(self.frames["offers"], FILE, [self.name_of(part) for part in parts])
        return replace(self, frames={**self.frames, "offers": offers})

    def name_of(self, part: Part) -> str:
        """What Spark calls the file of a part."""
        return self._names[part]

    def print_of(self, file: Path) -> str:
        """A hash of what a file holds, or at an address of its size and time; where neither is known, one that is never
        the same."""
        return self._prints.get(file) or uuid4().hex

    @cached_property
    def _names(self) -> Mapping[Part, str]:
        """The parts, each all offers of one file, at an address of files of one name, or of a catalog; and what Spark
        calls it."""
        from campaign_analytics.engines import spark

        local = {} if spark.is_remote(self.place) else {file.stem: file for file in self.files["offers"]}
        return {
            Part(local.get(unquote(name), Path(f"{unquote(name)}{spark.PARQUET}")), (), 0, rows): name
            for name, rows in spark.counted(self.frames["offers"], FILE).items()
        }

    @cached_property
    def _prints(self) -> Mapping[Path, str]:
        """By file; at an address tables but that of offers count as one. A catalog's rows may change beside its files,
        so that nothing is known of it."""
        from campaign_analytics.engines import spark

        session = self.frames["offers"].sparkSession
        if self.place.startswith(spark.CATALOG):
            return {}
        if not spark.is_remote(self.place):
            every = [file for files in self.files.values() for file in files]
            return {Path(file): held for file, held in prints.of_paths(session, every).items()}
        found = {table: prints.of_address(session, spark.inside(self.place, table)) for table in self.files}
        named = dict[Path, dict[str, str]]()
        for file, held in found.pop("offers").items():
            named.setdefault(Path(f"{Path(file).name.removesuffix(spark.PARQUET)}{spark.PARQUET}"), {})[file] = held
        named |= {Path(table): files for table, files in found.items()}
        return {file: prints.together(files) for file, files in named.items()}

    def behind(self, kind: str) -> Behind:
        """What counts or codes of it are left of; only files can be asked again."""
        from campaign_analytics.engines import spark

        return Behind(kind, self.place, None if spark.is_remote(self.place) else files_of(self))

    def offers(self, part: Part, columns: Sequence[str]) -> Table:
        """Some columns of no offer."""
        return self._typed("offers", self.select("offers", columns).limit(0))

    def whole(self, table: str, columns: Sequence[str]) -> Table:
        """Some columns of a table that the driver holds at once."""
        return self._typed(table, self.select(table, columns))

    def of_offers(self, offers: Cells, columns: Mapping[str, Sequence[str]]) -> dict[str, Table]:
        """No row: workers are given those of their offers."""
        return {table: self._typed(table, self.select(table, names).limit(0)) for table, names in columns.items()}

    def select(self, table: str, columns: Iterable[str]) -> Frame:
        """Some columns of a table, with what else is told of them; one that it lacks is left out."""
        frame = self.frames[table]
        return frame.select(*(f"`{name}`" for name in told_of(frame.columns, list(columns))))

    def _typed(self, table: str, frame: Frame) -> Table:
        held = frame.toArrow().sort_by(KEYS[table][0])  # in one order whatever the partitions
        return self._table(table, held, f"{self.place}: {table}")


def _refuse_left_out(session: Session, frame: Frame, place: str, table: str) -> None:
    """Raise ``MarketError`` where files of a table lie where Spark does not look."""
    from campaign_analytics.engines import spark

    if place.startswith(spark.CATALOG):
        return
    if deep := spark.left_out(session, frame, spark.inside(place, table)):
        raise MarketError(
            f"{deep}: files of {table} are read from {table} itself, or from folders in it whose names tell values "
            "(day=2024-03-01); put them there, each under a name of its own"
        )


def _declared(session: Session, place: str, book: Rulebook) -> Declared:
    """What the owner of tables in a catalog or at an address declares: a table of one row, or ``market.toml``."""
    from campaign_analytics.engines import spark

    if not place.startswith(spark.CATALOG):
        text = spark.text_at(session, spark.inside(place, NAME))
        return Declared() if text is None else declared_in(f"{place}: {NAME}", text.encode(), book)
    frame = spark.table_at(session, spark.inside(place, DECLARED))
    if frame is None:
        return Declared()
    rows = frame.limit(2).toArrow().to_pylist()
    if len(rows) != 1:
        raise MarketError(f"{place}: table {DECLARED}: {'no row' if not rows else 'several rows'}; expected one")
    told = {name: value for name, value in rows[0].items() if value is not None}
    return declared_as(f"{place}: table {DECLARED}", told, book)


def _of_files(session: Session, table: str, files: Sequence[Path]) -> Frame:
    """Files of one table, which need not have the same columns, nor whole numbers of one width: those that are alike
    are read together."""
    from campaign_analytics.engines import spark

    alike: dict[str, list[str]] = {}
    for file in files:
        with said(file):
            schema = pyarrow.parquet.read_schema(file).remove_metadata()
        if fine := [each.name for each in schema if pa.types.is_timestamp(each.type) and each.type.unit == "ns"]:
            raise MarketError(f"{file}: {', '.join(fine)}: Spark reads no nanoseconds; write microseconds")
        alike.setdefault(str(schema), []).append(spark.literally(str(file.resolve())))
    frames = (session.read.parquet(*paths) for paths in alike.values())
    first, *others = (spark.with_file(frame, FILE) for frame in frames) if table == "offers" else frames
    for other in others:
        first = first.unionByName(other, allowMissingColumns=True)
    return first
