"""The tables of a market as Spark reads them: files, the tables of a catalog, or what lies at an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet

from campaign_analytics.errors import MarketError
from campaign_analytics.large.prints import files_of
from campaign_analytics.large.said import said
from campaign_analytics.large.source import Part, Source, told_of
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.declared import NAME, declared_as, declared_in
from campaign_analytics.market.finding import NEEDED
from campaign_analytics.market.schema import KEYS, Cells, Declared, Table
from campaign_analytics.market.typed import from_arrow
from campaign_analytics.rulebook.book import Rulebook

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Frame, Session

#: In a catalog, the table of one row that tells what ``market.toml`` does.
DECLARED = "market"


@dataclass(frozen=True)
class Frames(Source):
    """The tables of a market as Spark reads them."""

    frames: Mapping[str, Frame]

    @classmethod
    def read(cls, session: Session, place: str, book: Rulebook) -> Frames:
        """Raises ``MarketError`` where merchants or offers are not found."""
        from campaign_analytics.engines import spark

        if spark.is_remote(place):
            found = {table: spark.table_at(session, spark.inside(place, table)) for table in KEYS}
            frames = {table: frame for table, frame in found.items() if frame is not None}
            declared, files = _declared(session, place, book), {table: [Path(table)] for table in frames}
        else:
            local = Source.open(place, book)
            frames = {table: _of_files(session, held) for table, held in local.files.items()}
            declared, files = local.declared, local.files
        for table in NEEDED:
            if table not in frames:
                raise MarketError(f"{place}: no table of {table}; found {', '.join(frames) or 'nothing'}")
        return cls(place, files, declared, book, frames)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """No offers: what is made before workers look at them needs their columns alone."""
        return (Part(self.files["offers"][0], (), 0, 0),)

    @cached_property
    def rows(self) -> int:
        """How many offers there are."""
        return int(self.frames["offers"].count())

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
        held = frame.toArrow()
        return Table(table, from_arrow(held, table, self.book, f"{self.place}: {table}"), held.num_rows)


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


def _of_files(session: Session, files: Sequence[Path]) -> Frame:
    """Files of one table, which need not have the same columns, nor whole numbers of one width: those that are alike
    are read together."""
    alike: dict[str, list[str]] = {}
    for file in files:
        with said(file):
            schema = pyarrow.parquet.read_schema(file).remove_metadata()
        alike.setdefault(str(schema), []).append(str(file.resolve()))
    first, *others = (session.read.parquet(*paths) for paths in alike.values())
    for other in others:
        first = first.unionByName(other, allowMissingColumns=True)
    return first
