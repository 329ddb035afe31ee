"""What the driver prepares of a market on Spark before its workers begin: see ``large.preparing``.

It holds merchants. What is made of all offers is made by workers: of a merchant's offers where they are brought
together; a rank among all offers of those that are alike in what it reads, each kept once with how many there are.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from campaign_analytics.assess.assessment import Assessment, assessed, columns_read
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.assess.views import added, combinations
from campaign_analytics.derive import Derivation, closure, derive
from campaign_analytics.derive.making import Moment, on_rows
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.cluster.frames import Frames
from campaign_analytics.large.cluster.workers import Workers
from campaign_analytics.large.condensing import group_cells
from campaign_analytics.large.ledger import Ledger, cells_print
from campaign_analytics.large.preparing import ACROSS, Prepared, known_before, made_of_offers, of_offers, read
from campaign_analytics.large.source import Part
from campaign_analytics.market.schema import Array, Cells, Market, Table, joined
from campaign_analytics.rulebook.book import Rulebook

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Session

#: Arrays on their way from workers to the driver.
_HELD = "held"


def begin(
    session: Session, place: str | Path, book: Rulebook, as_of: str | date | datetime | None, by: Sequence[str]
) -> tuple[Workers, Prepared, Assessment]:
    """A market on workers, what is prepared of it, and the assessment of all merchants and no offer."""
    source = Frames.read(session, str(place), book)
    moment = Moment(moment_of(Market({}, source.declared), book, as_of))
    workers = Workers(session, source)
    prepared = _ranked(workers, _with_merchants(workers, read(source, book, moment, tuple(by))))
    nobody = assessed(prepared.part(source.nobody), book, moment)
    for column in by:
        group_cells(nobody, column)  # refuses one that has too many values
    return workers, prepared, nobody


def ledger_of(workers: Workers, prepared: Prepared, *besides: str) -> Ledger:
    """What outcomes hang on: ``besides`` are hashes of what else all of them do. So they do on ranks."""
    if isinstance(prepared, _Ranked):
        ranks = {name: {**cells, name: prepared.across[name]} for name, cells in prepared.alike.items()}
        besides += tuple(cells_print(cells) for cells in ranks.values())
        prepared = prepared.bare
    return Ledger.of_market(prepared, workers.source.print_of, besides)


def _ranks(book: Rulebook, wanted: set[str]) -> list[str]:
    """The columns of offers behind those ``wanted`` that all offers are needed for."""
    return sorted(n for n in closure(book, wanted) if book.derived[n].make in ACROSS and book.table_of(n) == "offers")


# ---- of the offers of each merchant


def _with_merchants(workers: Workers, bare: Prepared) -> Prepared:
    """With everything that is derived of merchants."""
    book, moment = bare.book, bare.moment
    needed = {name for name in closure(book, columns_read(book)) if book.table_of(name) == "merchants"}
    made = derive(bare.without_offers(), book, moment, needed)  # as of merchants without offers
    reads = of_offers(book, sorted(needed))
    names = sorted(name for name in needed if _of_offers(book, name))
    if names:
        known = {name for name in needed if known_before(book, name, names)}
        of_all = replace(bare, sides={**bare.sides, "merchants": made.market.merchants})
        making = _OfMerchants(tuple(names), tuple(reads), frozenset(known))
        held = workers.wait(workers.make(making, of_all, {*names}, by_merchant=True).toArrow)
        cells = _together(made.market.merchants, names, _received(held))
        given = made.market.with_table(made.market.merchants.with_cells(cells))
        made = Derivation(derive(given, book, moment, needed, known.union(names)).market, made.unmade, made.partly)
    return replace(
        bare, sides={**bare.sides, "merchants": made.market.merchants}, unmade=made.unmade, partly=made.partly
    )


def _together(merchants: Table, names: Sequence[str], found: Sequence[Any]) -> dict[str, Cells]:
    """The columns of all ``merchants``: those of workers, who had some offers, in place of what is there."""
    rows = np.concatenate([np.zeros(0, np.int64), *(each for each, _ in found)])
    place = np.arange(merchants.rows)
    place[rows] = merchants.rows + np.arange(len(rows))
    return {name: joined([merchants.cells[name], *(cells[name] for _, cells in found)]).take(place) for name in names}


def _of_offers(book: Rulebook, name: str) -> bool:
    """Whether a column of merchants is made of their offers. Raises ``CampaignError`` for one that needs more."""
    if not made_of_offers(book, name):
        return False
    ranks = _ranks(book, {name})
    if ranks or book.ties(name):
        why = f"is made of {ranks[0]}, a rank" if ranks else "is made of the offers of other merchants, too"
        raise CampaignError(
            f"{name} {why}, which engine='spark' cannot make; use 'duckdb' or 'numpy', or switch off the rules that "
            "read it"
        )
    return True


@dataclass(frozen=True)
class _OfMerchants:
    """What is made of the offers of merchants, for those that have some."""

    names: tuple[str, ...]
    reads: tuple[str, ...]  # of offers
    known: frozenset[str]  # what is derived of merchants without them

    schema = f"`{_HELD}` BINARY"

    def made(self, prepared: Prepared, part: Part) -> pa.Table:
        """See ``Making``."""
        market = prepared.derived(part, self.reads).market
        rows = np.unique(market.merchant_row[market.merchant_row >= 0])
        merchants = derive(market, prepared.book, prepared.moment, self.names, self.known).market.merchants
        return _sent((rows, {name: merchants.cells[name].take(rows) for name in self.names}))


# ---- among all offers


@dataclass(frozen=True, eq=False)
class _Ranked(Prepared):
    """With ranks; ``across`` is of rows of ``alike``."""

    alike: Mapping[str, Mapping[str, Cells]]  # by rank: what it reads, each combination once

    def across_of(self, part: Part) -> dict[str, Cells]:
        """See ``Prepared``."""
        mine = _read_by(self.bare, part, {*self.across})
        return {name: cells.take(_place(self.alike[name], mine[name])) for name, cells in self.across.items()}

    @property
    def bare(self) -> Prepared:
        """The same without ranks."""
        held = {each.name: getattr(self, each.name) for each in fields(Prepared)}
        return Prepared(**{**held, "across": {}})


def _ranked(workers: Workers, prepared: Prepared) -> Prepared:
    """With the ranks that rules read."""
    book = prepared.book
    names = _ranks(book, columns_read(book))
    if not names:
        return prepared
    for name in names:
        if behind := _ranks(book, {*book.reads(name)}):
            raise CampaignError(f"{name} is a rank made of {behind[0]}, another one; engine='spark' cannot make it")
    reads = {read for name in names for read in book.reads(name)}
    held = workers.wait(workers.make(_Alike(tuple(names)), prepared, reads).toArrow)
    found = _received(held)
    across, alike, partly = dict[str, Cells](), dict[str, Mapping[str, Cells]](), prepared.partly
    nobody = _read_by(prepared, workers.source.nobody, {*names})
    for name in names:
        each = [(nobody[name], np.zeros(0, np.int64)), *(worker[name] for worker in found)]
        all_of = {read: joined([cells[read] for cells, _ in each]) for read in nobody[name]}
        alike[name], counts = _once(all_of, np.concatenate([many for _, many in each]))
        offers = Table("offers", alike[name], len(counts), stands_for=counts)
        market = Market({**prepared.sides, "offers": offers}, prepared.source.declared)
        given = {*book.derived} - {name}
        made = derive(market.joined_by(np.full(len(counts), -1)), book, prepared.moment, [name], given)
        across[name], partly = made.market.offers.cells[name], partly | made.partly
    held_now = {each.name: getattr(prepared, each.name) for each in fields(Prepared)}
    return _Ranked(**{**held_now, "across": across, "partly": partly}, alike=alike)


@dataclass(frozen=True)
class _Alike:
    """What ranks read of offers, each combination once with how many have it."""

    names: tuple[str, ...]

    schema = f"`{_HELD}` BINARY"

    def made(self, prepared: Prepared, part: Part) -> pa.Table:
        """See ``Making``."""
        read = _read_by(prepared, part, {*self.names})
        return _sent({name: _once(cells, np.ones(part.rows, np.int64)) for name, cells in read.items()})


def _read_by(prepared: Prepared, part: Part, names: set[str]) -> dict[str, dict[str, Cells]]:
    """What each of some ranks reads, on the rows of a part's offers."""
    book = prepared.book
    reads = {name: sorted({*book.reads(name)} - {*prepared.moment.clock}) for name in names}
    market = prepared.derived(part, {read for each in reads.values() for read in each}).market
    return {name: {read: on_rows(market, book, read, "offers") for read in each} for name, each in reads.items()}


def _once(cells: Mapping[str, Cells], many: Array) -> tuple[dict[str, Cells], Array]:
    """Each combination of cells once, and how many have it."""
    of, example = _combinations(cells)
    return {name: held.take(example) for name, held in cells.items()}, added(of, len(example), many)


def _place(alike: Mapping[str, Cells], mine: Mapping[str, Cells]) -> Array:
    """(rows of mine,) the row of ``alike`` that each is like."""
    rows = len(next(iter(alike.values())))
    of, example = _combinations({name: joined([cells, mine[name]]) for name, cells in alike.items()})
    place = np.full(len(example), -1)
    place[of[:rows]] = np.arange(rows)
    return place[of[rows:]]


def _combinations(cells: Mapping[str, Cells]) -> tuple[Array, Array]:
    """See ``assess.views.combinations``, of the columns."""
    words: list[Any] = []
    for held in cells.values():
        ends = [held.values] if held.high is None else [held.values, held.high]
        words += [pd.factorize(end)[0] for end in ends]
        words.append(held.gone + 2 * (held.gone & ~held.blank))
    rows = np.vstack([np.asarray(word).astype(np.uint64) for word in words])
    return combinations(rows, np.full(len(rows), ~np.uint64(0)))


def _received(held: pa.Table) -> list[Any]:
    return [pickle.loads(each) for each in held[_HELD].to_pylist()]  # what ``_sent`` made on a worker


def _sent(held: Any) -> pa.Table:
    return pa.table({_HELD: pa.array([pickle.dumps(held)], pa.binary())})
