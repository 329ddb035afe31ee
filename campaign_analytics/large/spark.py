"""A market assessed by Spark: counts as ``large.condensing`` gives them, whatever the number of offers.

Merchants are prepared once on the driver and sent to every worker, so that no offer is moved to its merchant and one
with a third of all offers is as quick as any. Workers make the columns of offers batch by batch; Spark evaluates the
conditions on these and counts offers that are alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment, assessed, columns_read
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.derive import closure
from campaign_analytics.derive.making import Moment, columns_for, on_rows
from campaign_analytics.engines.arrays import RULES_PER_WORD, Progress
from campaign_analytics.engines.relation import relation
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.condensing import Alike, group_cells
from campaign_analytics.large.frames import Frames
from campaign_analytics.large.preparing import ACROSS, Prepared, of_table, prepare
from campaign_analytics.large.results import FORMS, MANIFEST
from campaign_analytics.large.said import room
from campaign_analytics.large.source import Part, Source, told_of
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import KEYS, Array, Cells, Market, Table
from campaign_analytics.market.typed import from_arrow
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import Exact, bind, opened
from campaign_analytics.rulebook.recipes import OF_OFFERS
from campaign_analytics.simulate.at_rest import AtRest, Codes

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Frame, Plan, Session

#: Offers of which a worker makes the columns at once.
ROWS = 1 << 17
_CLASS, _COUNT = "#merchant", "#count"  # no names of columns: those are plain SQL names
_ORPHAN = -1


def assess_by_spark(
    place: str | Path,
    book: Rulebook,
    as_of: str | date | datetime | None,
    by: Sequence[str],
    engine: str | Session,
    progress: Progress | None = None,
    out: str | Path | None = None,
) -> AtRest:
    """See ``large.assess``; ``place`` may also be ``catalog:`` and the name of a database, or an address that Spark
    reads, such as ``s3a://bucket/market``."""
    from campaign_analytics.engines import spark

    session = spark.session(engine)
    with spark.said(str(place)):
        source = Frames.read(session, str(place), book)
        moment = Moment(moment_of(Market({}, source.declared), book, as_of))
        _refuse_what_needs_all(book)
        prepared = prepare(source, book, moment, tuple(by))
        nobody = assessed(prepared.part(source.parts[0]), book, moment)
        for column in by:
            group_cells(nobody, column)  # refuses one that has too many values
        merchants = _Merchants.of(nobody)
        offers = _outcomes(session, source, prepared, nobody, merchants, keys=out is not None)
        if out is not None:
            offers = offers.persist()  # written and counted
            _write(session, offers, Path(out), nobody, merchants)
        columns = [name for name in offers.columns if name != "offer_id"]
        held = offers.groupBy(*(f"`{name}`" for name in columns)).count().toArrow()
        if out is not None:
            offers.unpersist()
    counted = _counted(held.rename_columns([*held.column_names[:-1], _COUNT]), nobody, merchants, by, source.place)
    if progress:
        progress(counted.market.offers.count(np.ones(counted.market.offers.rows, bool)), source.rows)
    return counted


def _refuse_what_needs_all(book: Rulebook) -> None:
    for name in closure(book, columns_read(book)):
        if book.derived[name].make in ACROSS and book.table_of(name) == "offers":
            raise CampaignError(
                f"{name} is a {book.derived[name].make} among all offers, which engine='spark' does not make; "
                "use 'duckdb' or 'numpy', or switch off the rules that read it"
            )


# ---- offers


class _Received(Source):
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

    def of_offers(self, table: str, offers: Cells, columns: Sequence[str]) -> Table:
        return self._some(table, columns)

    def _some(self, table: str, columns: Sequence[str]) -> Table:
        held = self.tables[table].select(told_of(self.tables[table].column_names, columns))
        return Table(table, from_arrow(held, table, self.book, f"{self.place}: {table}"), held.num_rows)


def _flat(held: pa.Table, name: str) -> pa.Table:
    """The rows in the lists of a column, each with the id of its offer."""
    lists = held[name].combine_chunks()
    if isinstance(lists, pa.ChunkedArray):  # of no chunk
        lists = pa.array([], held.schema.field(name).type)
    rows = pa.Table.from_struct_array(lists.flatten())
    of = pa.compute.list_parent_indices(lists)
    return rows.append_column("offer_id", held["offer_id"].take(of))


@dataclass(frozen=True)
class _Making:
    """What workers need to make the columns of offers that conditions read."""

    prepared: Prepared  # over a ``_Received``
    conditions: list[Exact]
    plan: Plan  # of all conditions: the columns that Spark reads
    classes: Array  # (merchants + 1,) int32 the class of each, last that of an orphan
    by: tuple[str, ...]
    keys: bool  # whether to tell offers by their ids

    def made(self, held: pa.Table) -> pa.Table:
        """The columns of some offers: ``schema``."""
        source = self.prepared.source
        assert isinstance(source, _Received)
        part = source.take(held)
        market, book = self.prepared.part(part).market, self.prepared.book
        cells = columns_for(market, book, self.conditions, "offers")
        columns = {_CLASS: pa.array(self.classes[market.merchant_row], pa.int32())}
        if self.keys:
            columns["offer_id"] = pa.array(market.offers.cells["offer_id"].values, pa.string())
        for name in self.by:
            group = on_rows(market, book, name, "offers")
            columns[f"#{name}"] = pa.array(group.names, pa.string()).take(pa.array(group.values, mask=group.missing))
        return pa.table(columns | self.plan.columns(relation(cells, part.rows)))

    @property
    def schema(self) -> str:
        """The names and types of ``made``, in SQL."""
        types = {_CLASS: "INT", **({"offer_id": "STRING"} if self.keys else {})}
        types |= {f"#{name}": "STRING" for name in self.by} | dict(self.plan.types)
        return ", ".join(f"`{name}` {type}" for name, type in types.items())


def _outcomes(
    session: Session, source: Frames, prepared: Prepared, nobody: Assessment, merchants: _Merchants, keys: bool
) -> Frame:
    """A row an offer: its class of merchant, what to group by, and the words of its own rules."""
    from campaign_analytics.engines import spark

    book = prepared.book
    rules = _own_rules(nobody, {rule: book.whole(rule) for rule in nobody.rules})
    guards = _own_rules(nobody, {rule: book.guards[rule] for rule in nobody.rules if rule in book.guards})
    conditions = [exact for _, exact in (*rules, *guards)]
    held = {
        name: spark.widest(cells.type, cells.names)
        for name, cells in columns_for(nobody.market, book, conditions, "offers").items()
    }
    plans = {form: spark.Plan.of(own, held) for form, own in zip(FORMS, (rules, guards), strict=True)}
    types = {name: type for plan in plans.values() for name, type in plan.types.items()}
    wanted = {*columns_read(book), *prepared.by}
    received = _Received(source.place, source.files, source.declared, book)
    making = session.sparkContext.broadcast(
        _Making(
            replace(prepared, source=received, sides=_needed(prepared, wanted)),
            conditions, spark.Plan({}, types), merchants.of_rows, prepared.by, keys,
        )
    )  # fmt: skip
    offers = source.select("offers", [*KEYS["offers"], *of_table(book, "offers", wanted)])
    for table in OF_OFFERS:
        columns = of_table(book, table, wanted)
        if columns and table in source.frames:
            offers = spark.beside(offers, table, source.select(table, [*KEYS[table], *columns]), "offer_id")
    made = spark.mapped(offers, lambda batches: _batches(making, batches), making.value.schema)
    own = [f"`{name}`" for name in made.columns if name not in types]
    for form, plan in plans.items():
        expressions = {n: plan.words.get(n, "CAST(0 AS BIGINT)") for n in range(len(nobody.words["offers"]))}
        own += spark.named(expressions, form)
    return made.selectExpr(*own)


def _own_rules(nobody: Assessment, trees: Mapping[str, Any]) -> list[tuple[int, Exact]]:
    """The rules of offers alone, each at its bit."""
    book = nobody.book
    values = {**book.values, **nobody.moment.clock}
    return [
        (nobody.bits[rule], opened(bind(tree, values), nobody.unmade))
        for rule, tree in trees.items()
        if book.level(rule) == "offers"
    ]


def _needed(prepared: Prepared, wanted: set[str]) -> dict[str, Table]:
    """What workers need of the tables that are not of offers: of merchants the columns wanted or behind them."""
    book, merchants = prepared.book, prepared.sides["merchants"]
    named = {book.derived[name].with_.get("table") for name in closure(book, wanted) if book.table_of(name) == "offers"}
    read = closure(book, wanted) | {source for name in wanted for source in book.sources(name)} | {*KEYS["merchants"]}
    cells = {name: held for name, held in merchants.cells.items() if name in read}
    others = {name: table for name, table in prepared.sides.items() if name in named}
    return {**others, "merchants": replace(merchants, cells=cells)}


def _batches(making: Any, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """``_Making.made`` of what a worker is given, many batches at once: making columns has its price a call."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= ROWS:
            yield from making.value.made(pa.Table.from_batches(waiting)).to_batches()
            waiting = []
    if any(each.num_rows for each in waiting):
        yield from making.value.made(pa.Table.from_batches(waiting)).to_batches()


# ---- merchants, and what becomes of both


@dataclass(frozen=True)
class _Merchants:
    """Merchants in classes of the same outcomes."""

    of_rows: Array  # (merchants + 1,) int32 the class of each; the last is an orphan's
    words: Mapping[str, Array]  # by form: (words, classes + 1) uint64; the last is an orphan's
    counts: Array  # (classes,) int64 merchants

    @classmethod
    def of(cls, nobody: Assessment) -> _Merchants:
        words, outside = nobody.words["merchants"], nobody.not_applicable["merchants"]
        alike = Alike()
        of = alike.add(np.vstack([words, outside]))
        rows, counts = alike.settled()
        orphan = np.zeros((len(words), 1), np.uint64)
        for rule in nobody.rules_at("merchants"):
            word, bit = divmod(nobody.bits[rule], RULES_PER_WORD)
            orphan[word] |= np.uint64(1 << (bit + RULES_PER_WORD))
        held = np.split(rows, 2)
        with_orphan = np.hstack([held[0], orphan]), np.hstack([held[1], np.zeros_like(orphan)])
        return cls(np.append(of, _ORPHAN).astype(np.int32), dict(zip(FORMS, with_orphan, strict=True)), counts)


def _counted(held: pa.Table, nobody: Assessment, merchants: _Merchants, by: Sequence[str], place: str) -> AtRest:
    """The counts of Spark as an assessment."""
    joined, counts = (np.asarray(held[name], np.int64) for name in (_CLASS, _COUNT))
    words = {
        form: np.array(
            [np.asarray(held[form.format(n)], np.int64).view(np.uint64) for n in range(len(nobody.words["offers"]))]
        )
        | theirs[:, joined]
        for form, theirs in merchants.words.items()
    }
    cells = {name: _group(nobody, name, held[f"#{name}"]) for name in by}
    each = {"offers": counts, "merchants": merchants.counts}
    many = {level: len(stands_for) for level, stands_for in each.items()}
    market = Market.rest(Behind("counts_of", place), cells, many, joined, each, nobody.market.declared)
    levels: tuple[Level, ...] = ("offers", "merchants")
    kept: list[dict[Level, Array]] = [
        {"offers": words[form], "merchants": merchants.words[form][:, :-1]} for form in FORMS
    ]
    return AtRest(
        book=nobody.book, market=market, moment=nobody.moment, rules=nobody.rules,
        not_computed=nobody.not_computed, unmade=nobody.unmade, bits=nobody.bits, words=kept[0], outside=kept[1],
        codes=dict.fromkeys(levels, Codes({}, {}, {})),
    )  # fmt: skip


def _group(nobody: Assessment, column: str, held: pa.ChunkedArray) -> Cells:
    book = nobody.book
    quantity = book.quantity(column)
    texts = pa.compute.unique(held.drop_null()).to_pylist()
    names = tuple(dict.fromkeys([*book.names_of(quantity), *sorted(texts)]))
    places = pa.compute.index_in(held, pa.array(names, pa.string()))
    gone = np.asarray(places.is_null())
    return Cells.make(quantity.type, np.asarray(places.fill_null(0), np.int64), gone, None, names)


def _write(session: Session, offers: Frame, out: Path, nobody: Assessment, merchants: _Merchants) -> None:
    """The outcomes of every offer into a folder, with a manifest that says when they are complete."""
    from campaign_analytics.engines import spark

    count = len(nobody.words["offers"])
    classes = {_CLASS: pa.array([*range(len(merchants.counts)), _ORPHAN], pa.int32())}
    for form, words in merchants.words.items():
        classes |= {form.format(n): pa.array(word.view(np.int64)) for n, word in enumerate(words)}
    both = spark.with_merchants(offers, session.createDataFrame(pa.table(classes)), _CLASS, FORMS, count)
    fails, unknown = nobody.mask(nobody.blocking), nobody.mask(nobody.decided, unknown=True)
    told = [form.format(n) for n in range(count) for form in FORMS]
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).exists():
        raise CampaignError(f"{out} is not empty and holds no outcomes; give a new folder: out=")
    with room(out):
        out.mkdir(parents=True, exist_ok=True)
        _tell(out, nobody, complete=False)
        frame = both.select("offer_id", spark.verdict(FORMS[0], fails, unknown, VERDICTS), *told)
        frame.write.mode("overwrite").parquet(str(out.resolve() / "offers"))
        _tell(out, nobody, complete=True)


def _tell(out: Path, nobody: Assessment, complete: bool) -> None:
    """A manifest as that of ``Results``, but of no parts: Spark makes all of them, or again."""
    book = nobody.book
    told = {
        "complete": complete, "rulebook": {"id": book.id, "version": book.version, "hash": book.hash},
        "as_of": nobody.as_of.isoformat(), "bits": nobody.bits,
    }  # fmt: skip
    (out / MANIFEST).write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
