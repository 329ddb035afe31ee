"""A market assessed by Spark: counts as ``large.condensing`` gives them, whatever the number of offers.

Merchants are prepared once on the driver and sent to every worker, so that no offer is moved to its merchant and one
with a third of all offers is as quick as any. Workers make the columns of offers batch by batch; Spark evaluates the
conditions on these and counts offers that are alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.assess.assessment import Assessment, columns_read
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.assess.views import added, combinations
from campaign_analytics.derive.making import columns_for
from campaign_analytics.engines.arrays import RULES_PER_WORD, Progress
from campaign_analytics.engines.relation import relation
from campaign_analytics.large.cluster.frames import FILE, Frames
from campaign_analytics.large.cluster.groups import group_names, group_of
from campaign_analytics.large.cluster.preparing import begin, ledger_of
from campaign_analytics.large.cluster.workers import Received, Workers, in_sql
from campaign_analytics.large.cluster.writing import BY_FILE, Written
from campaign_analytics.large.preparing import Prepared
from campaign_analytics.large.prints import still
from campaign_analytics.large.results import FORMS
from campaign_analytics.large.source import Part
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import Exact, bind, opened
from campaign_analytics.simulate.at_rest import AtRest, Codes

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Frame, Plan, Session

_CLASS, _COUNT = "#merchant", "#count"  # no names of columns: those are plain SQL names
_ORPHAN = -1
_TOLD = "offer_id", "verdict", FILE, BY_FILE  # of one offer


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
        workers, prepared, nobody = begin(session, place, book, as_of, by)
        merchants = _Merchants.of(nobody)
        if out is None:
            (offers,) = _outcomes(workers, prepared, nobody, merchants, [workers.source])
            held = workers.wait(_alike(offers).toArrow, progress)
            still(workers.source)
        else:
            ledger = ledger_of(workers, prepared, merchants.print)
            still(workers.source)
            written = Written.open(session, out, workers.source, nobody.bits, ledger)
            kept = sum(part.rows for part in written.kept)
            workers.wait(lambda: written.fill(partial(_told, workers, prepared, nobody, merchants)), progress, kept)
            still(workers.source)
            written.close()
            offers = written.read()
            if offers is None:  # there is no offer
                (offers,) = _outcomes(workers, prepared, nobody, merchants, [workers.source])
            held = workers.wait(_alike(offers).toArrow)
    held = held.rename_columns([*held.column_names[:-1], _COUNT])
    return _counted(held, nobody, merchants, by, workers.source.behind("counts_of"))


def _alike(offers: Frame) -> Frame:
    """How many offers there are of each kind."""
    return offers.groupBy(*(f"`{name}`" for name in offers.columns if name not in _TOLD)).count()


# ---- offers


@dataclass(frozen=True)
class _Columns:
    """The columns of offers that conditions read."""

    conditions: list[Exact]
    plan: Plan  # of all conditions: the columns that Spark reads
    classes: Array  # (merchants + 1,) int32 the class of each, last that of an orphan
    by: tuple[str, ...]
    keys: bool  # whether to tell offers by their ids, and their files

    def made(self, prepared: Prepared, part: Part) -> pa.Table:
        """See ``Making``."""
        market, book = prepared.part(part).market, prepared.book
        cells = columns_for(market, book, self.conditions, "offers")
        columns = {_CLASS: pa.array(self.classes[market.merchant_row], pa.int32())}
        if self.keys:
            assert isinstance(prepared.source, Received)
            columns["offer_id"] = pa.array(market.offers.cells["offer_id"].values, pa.string())
            columns[FILE] = prepared.source.told(FILE)
        columns |= group_names(market, book, self.by)
        return pa.table(columns | self.plan.columns(relation(cells, part.rows)))

    @property
    def schema(self) -> str:
        """See ``Making``."""
        types = {_CLASS: "INT", **({"offer_id": "STRING", FILE: "STRING"} if self.keys else {})}
        types |= {f"#{name}": "STRING" for name in self.by} | dict(self.plan.types)
        return in_sql(types)


def _outcomes(
    workers: Workers,
    prepared: Prepared,
    nobody: Assessment,
    merchants: _Merchants,
    sources: Sequence[Frames],
    keys: bool = False,
) -> Iterator[Frame]:
    """Of the offers of each source a row: its class of merchant, what to group by, and the words of its own rules."""
    from campaign_analytics.engines import spark

    book = prepared.book
    rules, guards = _own_rules(nobody, nobody.trees), _own_rules(nobody, nobody.guards)
    conditions = [exact for _, exact in (*rules, *guards)]
    held = {
        name: spark.widest(cells.type, cells.names)
        for name, cells in columns_for(nobody.market, book, conditions, "offers").items()
    }
    plans = {form: spark.Plan.of(own, held) for form, own in zip(FORMS, (rules, guards), strict=True)}
    types = {name: type for plan in plans.values() for name, type in plan.types.items()}
    making = _Columns(conditions, spark.Plan({}, types), merchants.of_rows, prepared.by, keys)
    words = list[str]()
    for form, plan in plans.items():
        expressions = {n: plan.words.get(n, "CAST(0 AS BIGINT)") for n in range(len(nobody.words["offers"]))}
        words += spark.named(expressions, form)
    wanted = {*columns_read(book), *prepared.by}
    for made in workers.each(making, prepared, wanted, sources, told=[FILE] if keys else []):
        yield made.selectExpr(*(f"`{name}`" for name in made.columns if name not in types), *words)


def _own_rules(nobody: Assessment, trees: Mapping[str, Any]) -> list[tuple[int, Exact]]:
    """The rules of offers alone, each at its bit."""
    book = nobody.book
    values = {**book.values, **nobody.moment.clock}
    return [
        (nobody.bits[rule], opened(bind(tree, values), nobody.unmade))
        for rule, tree in trees.items()
        if book.level(rule) == "offers"
    ]


# ---- merchants, and what becomes of both


@dataclass(frozen=True)
class _Merchants:
    """Merchants in classes of the same outcomes."""

    of_rows: Array  # (merchants + 1,) int32 the class of each; the last is an orphan's
    words: Mapping[str, Array]  # by form: (words, classes + 1) uint64; the last is an orphan's
    counts: Array  # (classes,) int64 merchants

    @property
    def print(self) -> str:
        """A hash of what classes there are, by their numbers."""
        held = np.vstack([self.words[form] for form in FORMS])
        return hashlib.blake2b(held.tobytes(), digest_size=16).hexdigest()

    @classmethod
    def of(cls, nobody: Assessment) -> _Merchants:
        words, outside = nobody.words["merchants"], nobody.not_applicable["merchants"]
        both = np.vstack([words, outside])
        of, example = combinations(both, np.full(len(both), ~np.uint64(0)))
        rows, counts = both[:, example], added(of, len(example))
        orphan = np.zeros((len(words), 1), np.uint64)
        for rule in nobody.rules_at("merchants"):
            word, bit = divmod(nobody.bits[rule], RULES_PER_WORD)
            orphan[word] |= np.uint64(1 << (bit + RULES_PER_WORD))
        held = np.split(rows, 2)
        with_orphan = np.hstack([held[0], orphan]), np.hstack([held[1], np.zeros_like(orphan)])
        return cls(np.append(of, _ORPHAN).astype(np.int32), dict(zip(FORMS, with_orphan, strict=True)), counts)


def _counted(held: pa.Table, nobody: Assessment, merchants: _Merchants, by: Sequence[str], behind: Behind) -> AtRest:
    """The counts of Spark as an assessment."""
    joined, counts = (np.asarray(held[name], np.int64) for name in (_CLASS, _COUNT))
    words = {
        form: np.array(
            [np.asarray(held[form.format(n)], np.int64).view(np.uint64) for n in range(len(nobody.words["offers"]))]
        )
        | theirs[:, joined]
        for form, theirs in merchants.words.items()
    }
    cells = {name: group_of(nobody, name, held[f"#{name}"]) for name in by}
    each = {"offers": counts, "merchants": merchants.counts}
    many = {level: len(stands_for) for level, stands_for in each.items()}
    market = Market.rest(behind, cells, many, joined, each, nobody.market.declared)
    levels: tuple[Level, ...] = ("offers", "merchants")
    kept: list[dict[Level, Array]] = [
        {"offers": words[form], "merchants": merchants.words[form][:, :-1]} for form in FORMS
    ]
    return AtRest(
        book=nobody.book, market=market, moment=nobody.moment, rules=nobody.rules,
        not_computed=nobody.not_computed, unmade=nobody.unmade, bits=nobody.bits, words=kept[0], outside=kept[1],
        codes=dict.fromkeys(levels, Codes({}, {}, {})),
    )  # fmt: skip


def _told(
    workers: Workers, prepared: Prepared, nobody: Assessment, merchants: _Merchants, sources: Sequence[Frames]
) -> Iterator[Frame]:
    """What is written of every offer of each source: see ``writing``."""
    from campaign_analytics.engines import spark

    count = len(nobody.words["offers"])
    held = {_CLASS: pa.array([*range(len(merchants.counts)), _ORPHAN], pa.int32())}
    for form, words in merchants.words.items():
        held |= {form.format(n): pa.array(word.view(np.int64)) for n, word in enumerate(words)}
    classes = workers.session.createDataFrame(pa.table(held))
    verdict = spark.verdict(FORMS[0], nobody.mask(nobody.blocking), nobody.mask(nobody.decided, unknown=True), VERDICTS)
    columns = [form.format(n) for n in range(count) for form in FORMS]
    for offers in _outcomes(workers, prepared, nobody, merchants, sources, keys=True):
        alike = [f"`{name}`" for name in offers.columns if name not in (*_TOLD, *columns)]
        both = spark.with_merchants(offers, classes, _CLASS, FORMS, count)
        told = both.select("offer_id", verdict, *columns, *alike, f"`{FILE}`")
        yield told.withColumnRenamed(FILE, BY_FILE)
