"""What Spark's workers do: make something of the offers that they are given, many at a time.

Merchants are prepared once on the driver and sent to every worker, so that no offer is moved to its merchant and one
with a third of all offers is as quick as any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pyarrow as pa

from campaign_analytics.engines.arrays import Progress
from campaign_analytics.large.cluster.frames import Frames
from campaign_analytics.large.preparing import Prepared, needed, of_table
from campaign_analytics.large.source import Part, Source, no_key, told_of
from campaign_analytics.market.schema import KEYS, Cells, Table
from campaign_analytics.rulebook.recipes import OF_OFFERS

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Frame, Session

T = TypeVar("T")

#: Offers of which a worker makes something at once.
ROWS = 1 << 17


class Making(Protocol):
    """What is made of offers."""

    @property
    def schema(self) -> str:
        """The names and types of the columns of ``made``, in SQL."""

    def made(self, prepared: Prepared, part: Part) -> pa.Table:
        """What is made of one part of ``prepared``, which is all that a worker has."""


@dataclass(frozen=True)
class Workers:
    """A market on the workers of a session."""

    session: Session
    source: Frames

    def __post_init__(self) -> None:
        self.__dict__["_done"] = self.session.sparkContext.accumulator(0)

    def make(self, making: Making, prepared: Prepared, wanted: set[str], by_merchant: bool = False) -> Frame:
        """What ``making`` makes of all offers with their ``wanted`` columns, to be asked for with ``wait``. With
        ``by_merchant`` each is given all offers of its merchants at once."""
        (made,) = self.each(making, prepared, wanted, [self.source], by_merchant)
        return made

    def each(
        self,
        making: Making,
        prepared: Prepared,
        wanted: set[str],
        sources: Sequence[Frames],
        by_merchant: bool = False,
        told: Sequence[str] = (),
    ) -> Iterator[Frame]:
        """The same of the offers of each of some sources that share all other tables, one after the other; ``told`` are
        columns besides that ``making`` asks for by their names."""
        from campaign_analytics.engines import spark

        source, book = self.source, prepared.book
        received = Received(source.place, source.files, source.declared, book)
        sent = self.session.sparkContext.broadcast(
            (making, replace(prepared, source=received, sides=needed(prepared, wanted)))
        )
        lists: dict[str, Frame] = {}
        for table in OF_OFFERS:
            columns = of_table(book, table, wanted)
            if columns and table in source.frames:
                key = KEYS[table][0]
                without = no_key(f"{source.place}: {table}", key)
                lists[table] = spark.lists(table, source.select(table, [key, *columns]), key, without)
        if len(sources) > 1:
            lists = {table: rows.persist() for table, rows in lists.items()}
        try:
            for some in sources:
                offers = some.select("offers", [*KEYS["offers"], *of_table(book, "offers", wanted), *told])
                for rows in lists.values():
                    offers = offers.join(rows, "offer_id", "left")
                if by_merchant:
                    yield spark.mapped(offers.repartition("merchant_id"), partial(_made, sent, None), making.schema)
                else:
                    yield spark.mapped(offers, partial(_made, sent, self.__dict__["_done"]), making.schema)
        finally:
            if len(sources) > 1:
                for rows in lists.values():
                    rows.unpersist()

    def wait(self, ask: Callable[[], T], progress: Progress | None = None, kept: int = 0) -> T:
        """What is asked of Spark, with the offers done so far told meanwhile, besides those that were ``kept``."""
        from campaign_analytics.engines import spark

        if progress is None:
            return spark.awaited(self.session, ask)
        done, before, rows = self.__dict__["_done"], self.__dict__["_done"].value, self.source.rows

        def tell() -> None:
            progress(min(int(done.value - before) + kept, rows), rows)

        asked = spark.awaited(self.session, ask, tell)
        progress(rows, rows)
        return asked


class Received(Source):
    """The offers that a worker was given, with the rows that belong to them, as a source of one part."""

    tables: Mapping[str, pa.Table]

    def take(self, held: pa.Table) -> Part:
        """From now on be these offers; columns of lists are the rows of other tables."""
        nested = [name for name in held.column_names if name in OF_OFFERS]
        tables = {name: _flat(held, name) for name in nested}
        self.__dict__["tables"] = {**tables, "offers": held.drop_columns(nested)}
        return Part(Path("offers"), (), 0, held.num_rows)

    def offers(self, part: Part, columns: Sequence[str]) -> Table:
        return self._some("offers", columns)

    def told(self, name: str) -> pa.ChunkedArray:
        """(offers,) what is told besides their columns."""
        return self.tables["offers"][name]

    def of_offers(self, offers: Cells, columns: Mapping[str, Sequence[str]]) -> dict[str, Table]:
        return {table: self._some(table, names) for table, names in columns.items()}

    def _some(self, table: str, columns: Sequence[str]) -> Table:
        held = self.tables[table].select(told_of(self.tables[table].column_names, columns))
        return self._table(table, held, f"{self.place}: {table}")


def in_sql(types: Mapping[str, str]) -> str:
    """Columns and their types as a schema."""
    return ", ".join(f"`{name}` {type}" for name, type in types.items())


def _flat(held: pa.Table, name: str) -> pa.Table:
    """The rows in the lists of a column, each with the id of its offer."""
    lists = held[name].combine_chunks()
    if isinstance(lists, pa.ChunkedArray):  # of no chunk
        lists = pa.array([], held.schema.field(name).type)
    rows = pa.Table.from_struct_array(lists.flatten())
    of = pa.compute.list_parent_indices(lists)
    return rows.append_column("offer_id", held["offer_id"].take(of))


def _made(sent: Any, done: Any, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What is made of the offers that a worker is given, many batches at once: making has its price a call."""
    making, prepared = sent.value
    for held in _together(batches, None if done is None else ROWS):
        yield from making.made(prepared, prepared.source.take(held)).to_batches()
        if done is not None:
            done.add(held.num_rows)


def _together(batches: Iterable[pa.RecordBatch], rows: int | None) -> Iterator[pa.Table]:
    """Batches of at least so many rows each; with None all in one."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if rows is not None and sum(each.num_rows for each in waiting) >= rows:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if any(each.num_rows for each in waiting):
        yield pa.Table.from_batches(waiting)
