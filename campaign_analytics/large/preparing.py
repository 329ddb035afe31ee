"""What is made once for a whole market, before its parts are assessed: merchants with everything derived of them, and
what an offer cannot tell without all others, such as its rank.

Recipes read what they need of all offers from one pass over these columns alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from campaign_analytics.assess.assessment import columns_read
from campaign_analytics.derive import Derivation, closure, derive
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.ahead import ahead
from campaign_analytics.large.of_merchants import ByMerchant
from campaign_analytics.large.owners import Owners
from campaign_analytics.large.source import Part, Source
from campaign_analytics.market.schema import KEYS, Array, Cells, Market, Table, joined
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.recipes import OF_OFFERS

#: Recipes of offers that look at all of them.
ACROSS = ("rank",)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A source, all its tables but those of offers read, and what was derived for all parts."""

    source: Source
    book: Rulebook
    moment: Moment
    by: tuple[str, ...]
    sides: Mapping[str, Table]  # merchants, with derived columns, and the tables that belong to merchants
    unmade: frozenset[str]
    partly: frozenset[str]
    across: Mapping[str, Cells]  # by derived column of offers: its cells, for all offers

    def part(self, part: Part) -> Derivation:
        """The market of one part's offers and all merchants, with every derived column."""
        return self.derived(part, self.columns)

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that rules of offers read, and those to group by."""
        rules = [rule for rule in self.book.active if self.book.level(rule) == "offers"]
        return frozenset({name for rule in rules for name in self.book.columns_of(rule)} | {*self.by})

    def lean(self) -> Prepared:
        """The same without what is of no use to parts, once merchants have been judged."""
        return self.changed(sides=needed(self, self.columns))

    def changed(self, **fields: Any) -> Prepared:
        """The same merchants and offers, with other ``fields``."""
        changed = replace(self, **fields)
        changed.__dict__["owners"] = self.owners
        return changed

    def nobody(self) -> Derivation:
        """The market of no offer and all merchants."""
        return Derivation(self.without_offers(), self.unmade, self.partly)

    def without_offers(self) -> Market:
        """The same as it was read."""
        offers = nothing(self.source)
        return self.market(offers, self.owners.looked_up(offers.cells["merchant_id"]))

    def derived(self, part: Part, wanted: Collection[str]) -> Derivation:
        """The same with the ``wanted`` columns alone."""
        given = {*self.across, *(name for name in self.book.derived if self.book.table_of(name) == "merchants")}
        asked = [name for name in wanted if name in self.book.derived]
        made = derive(self.read(part, wanted), self.book, self.moment, asked, given)
        return Derivation(made.market, made.unmade | self.unmade, made.partly | self.partly)

    def read(self, part: Part, wanted: Collection[str], named: bool = True) -> Market:
        """One part's offers with what ``wanted`` columns are made of; without ``named`` perhaps not their ids."""
        merchant_row = self.owners.kept(part)
        read = {source for name in wanted for source in self.book.sources(name)}
        if named or self.of_offers(wanted):
            read.add("offer_id")
        if merchant_row is None:
            read.add("merchant_id")
        keys = [key for key in KEYS["offers"] if key in read]
        offers = self.source.offers(part, [*keys, *of_table(self.book, "offers", wanted)])
        if merchant_row is None:
            merchant_row = self.owners.looked_up(offers.cells["merchant_id"])
        market = self.market(offers, merchant_row, wanted)
        return market.with_table(market.offers.with_cells(self.across_of(part))) if self.across else market

    def across_of(self, part: Part) -> dict[str, Cells]:
        """The cells of a part's offers that all offers were needed for."""
        start = self.starts[part.file] + part.start
        rows = np.arange(start, start + part.rows)
        return {name: cells.take(rows) for name, cells in self.across.items()}

    def market(self, offers: Table, merchant_row: Array, wanted: Collection[str] = ()) -> Market:
        """Some offers, the rows of other tables that belong to them and are wanted, and all merchants."""
        tables = dict(self.sides) | {"offers": offers}
        if belonging := self.of_offers(wanted):
            tables |= self.source.of_offers(offers.cells["offer_id"], belonging)
        return Market(tables, self.source.declared).joined_by(merchant_row)

    def of_offers(self, wanted: Collection[str]) -> dict[str, list[str]]:
        """By table that belongs to offers: its columns, if any of them are ``wanted``."""
        read = {table: of_table(self.book, table, wanted) for table in OF_OFFERS if self.source.files.get(table)}
        return {table: [*KEYS[table], *columns] for table, columns in read.items() if columns}

    @cached_property
    def starts(self) -> Mapping[Path, int]:
        """The first row of each file among all offers."""
        starts, before = dict[Path, int](), 0
        for part in self.source.parts:
            starts.setdefault(part.file, before)
            before += part.rows
        return starts

    @cached_property
    def owners(self) -> Owners:
        """The merchants of offers, which are told by their rows."""
        return Owners(self.sides["merchants"].cells["merchant_id"])


def prepare(
    source: Source, book: Rulebook, moment: Moment, by: tuple[str, ...], progress: Progress | None = None
) -> Prepared:
    """Read all tables but those of offers, and derive what needs more than a part."""
    wanted = closure(book, columns_read(book))
    bare = read(source, book, moment, by)
    across = sorted(name for name in wanted if book.derived[name].make in ACROSS and book.table_of(name) == "offers")
    needed = {name for name in wanted if book.table_of(name) == "merchants"}
    if at_once(book, needed):
        made = derive(_reduced(bare, of_offers(book, [*needed, *across]), progress), book, moment, needed)
    else:
        made = _with_merchants(bare, needed, progress)
    whole = bare.changed(sides={**bare.sides, "merchants": made.market.merchants}, unmade=made.unmade)
    if not across:
        return whole.changed(partly=made.partly)
    ranked = derive(_reduced(whole, of_offers(book, across), progress), book, moment, across, needed)
    return whole.changed(
        unmade=made.unmade | ranked.unmade,
        partly=made.partly | ranked.partly,
        across={name: ranked.market.offers.cells[name] for name in across if name in ranked.market.offers.cells},
    )


def at_once(book: Rulebook, needed: set[str]) -> bool:
    """Whether columns of merchants are made of more than the offers of each."""
    made = [name for name in needed if made_of_offers(book, name)]
    return any(
        book.derived[name].make in ACROSS or (book.ties(name) and not known_before(book, name, made))
        for name in closure(book, made)
    )


def made_of_offers(book: Rulebook, name: str) -> bool:
    """Whether a derived column of merchants is made of their offers."""
    return book.table_of(name) == "merchants" and book.derived[name].with_.get("table") == "offers"


def known_before(book: Rulebook, name: str, made: Collection[str]) -> bool:
    """Whether a derived column is made of nothing that is ``made`` of offers."""
    return not closure(book, [name]).intersection(made)


def _with_merchants(bare: Prepared, needed: set[str], progress: Progress | None) -> Derivation:
    """All that is derived of merchants: what is made of their offers, for some merchants at a time."""
    book, moment, source = bare.book, bare.moment, bare.source
    made = sorted(name for name in needed if made_of_offers(book, name)) if source.rows else []
    columns, offers = of_offers(book, made), ByMerchant(source.rows)
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(derive, bare.without_offers(), book, moment, needed)  # as of merchants without offers
        for rows, cells in _read_of_all(bare, columns, progress) if made else ():
            offers.add(rows, cells)
        none = coming.result()
    if not made:
        return none
    known, merchants = {name for name in needed if known_before(book, name, made)}, none.market.merchants
    places, found = list[Array](), list[Mapping[str, Cells]]()
    for number, rows, cells in offers.each():
        some = {**none.market.tables, "offers": Table("offers", cells, len(rows))}
        each = derive(Market(some, source.declared).joined_by(rows), book, moment, made, known).market.merchants
        places.append(np.arange(number, merchants.rows, offers.every))
        found.append({name: each.cells[name].take(places[-1]) for name in made})
    order = np.argsort(np.concatenate(places))
    cells = {name: joined([each[name] for each in found]).take(order) for name in made}
    given = none.market.with_table(merchants.with_cells(cells))
    return Derivation(derive(given, book, moment, needed, known.union(made)).market, none.unmade, none.partly)


def read(source: Source, book: Rulebook, moment: Moment, by: tuple[str, ...]) -> Prepared:
    """All tables but those of offers, and nothing derived yet."""
    sides = {
        table: source.whole(table, [*KEYS[table], *of_table(book, table, {*columns_read(book), *by})])
        for table in KEYS
        if table not in ("offers", *OF_OFFERS) and source.files.get(table)
    }
    return Prepared(source, book, moment, by, sides, frozenset(), frozenset(), {})


def needed(prepared: Prepared, wanted: Collection[str]) -> dict[str, Table]:
    """What the ``wanted`` columns need of the tables that are not of offers: of merchants those of them, or behind."""
    book, merchants = prepared.book, prepared.sides["merchants"]
    named = {book.derived[name].with_.get("table") for name in closure(book, wanted) if book.table_of(name) == "offers"}
    read = closure(book, wanted) | {source for name in wanted for source in book.sources(name)} | {*KEYS["merchants"]}
    cells = {name: held for name, held in merchants.cells.items() if name in read}
    others = {name: table for name, table in prepared.sides.items() if name in named}
    return {**others, "merchants": replace(merchants, cells=cells)}


def nothing(source: Source) -> Table:
    """No offer, with the columns that name one."""
    return source.offers(Part(source.files["offers"][0], (), 0, 0), KEYS["offers"])


def of_offers(book: Rulebook, derived: list[str]) -> list[str]:
    """The columns of offers, read or derived from one row, that recipes of other rows read."""
    found: list[str] = []
    for name in closure(book, derived):
        spec = book.derived[name]
        table = spec.with_.get("table")
        if spec.table == "merchants" and table in OF_OFFERS:
            raise CampaignError(f"{name}: a merchant's column made of {table} can't be made of a market in parts")
        if spec.make in ACROSS or (spec.table == "merchants" and table == "offers"):
            found += [read for read in book.reads(name) if book.table_of(read) == "offers" or read in KEYS["offers"]]
    for name in closure(book, found):
        if book.table_of(name) == "merchants":
            raise CampaignError(f"{name}: what is made of all offers can't read it where a market is in parts")
    return list(dict.fromkeys(found))


def _reduced(bare: Prepared, read: list[str], progress: Progress | None) -> Market:
    """All offers with the columns ``read`` alone, each of one row's making."""
    each = list(_read_of_all(bare, read, progress)) if read else []
    if not each:
        return bare.without_offers()
    rows = np.concatenate([rows for rows, _ in each])
    there = [name for name in read if all(name in cells for _, cells in each)]
    offers = Table("offers", {name: joined([cells[name] for _, cells in each]) for name in there}, len(rows))
    return Market({**bare.sides, "offers": offers}, bare.source.declared).joined_by(rows)


def _read_of_all(
    bare: Prepared, read: list[str], progress: Progress | None
) -> Iterator[tuple[Array, Mapping[str, Cells]]]:
    """Of each part the row of every offer's merchant, and the columns ``read``."""
    derived, owners, done = [name for name in read if name in bare.book.derived], bare.owners, 0

    def made(part: Part) -> tuple[Array, Mapping[str, Cells]]:
        market = derive(bare.read(part, read, named=False), bare.book, bare.moment, derived).market
        return market.merchant_row, {name: cells for name, cells in market.offers.cells.items() if name in read}

    for part, found in ahead(made, bare.source.parts):
        owners.keep(part, found[0])
        yield found
        done += part.rows
        bare.source.limit.check(done, bare.source.rows)
        if progress:
            progress(done, bare.source.rows)
    owners.let_go()


def of_table(book: Rulebook, table: str, wanted: Collection[str]) -> list[str]:
    """The columns of a table among those wanted, and those behind them."""
    sources = {source for name in wanted for source in book.sources(name)}
    return sorted(name for name in sources if book.table_of(name) == table and name not in KEYS[table])
