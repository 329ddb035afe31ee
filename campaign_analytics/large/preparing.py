"""What is made once for a whole market, before its parts are assessed: merchants with everything derived of them, and
what an offer cannot tell without all others, such as its rank.

Recipes read what they need of all offers from one pass over these columns alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from campaign_analytics.assess.assessment import columns_read
from campaign_analytics.derive import Derivation, closure, derive
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Progress
from campaign_analytics.errors import CampaignError, MarketError
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
        return self.derived(part, columns_read(self.book) | {*self.by})

    def nobody(self) -> Derivation:
        """The market of no offer and all merchants."""
        return Derivation(self.market(nothing(self.source)), self.unmade, self.partly)

    def derived(self, part: Part, wanted: Collection[str]) -> Derivation:
        """The same with the ``wanted`` columns alone."""
        market = self.market(
            self.source.offers(part, [*KEYS["offers"], *of_table(self.book, "offers", wanted)]), wanted
        )
        if self.across:
            market = market.with_table(market.offers.with_cells(self.across_of(part)))
        given = {*self.across, *(name for name in self.book.derived if self.book.table_of(name) == "merchants")}
        made = derive(market, self.book, self.moment, [name for name in wanted if name in self.book.derived], given)
        return Derivation(made.market, made.unmade | self.unmade, made.partly | self.partly)

    def across_of(self, part: Part) -> dict[str, Cells]:
        """The cells of a part's offers that all offers were needed for."""
        rows = np.arange(self.starts[part], self.starts[part] + part.rows)
        return {name: cells.take(rows) for name, cells in self.across.items()}

    def market(self, offers: Table, wanted: Collection[str] = ()) -> Market:
        """Some offers, the rows of other tables that belong to them and are wanted, and all merchants."""
        tables = dict(self.sides) | {"offers": offers}
        for table in OF_OFFERS:
            columns = of_table(self.book, table, wanted)
            if self.source.files.get(table) and columns:
                tables[table] = self.source.of_offers(table, offers.cells["offer_id"], [*KEYS[table], *columns])
        return Market(tables, self.source.declared).joined_by(self._merchants.rows(offers.cells["merchant_id"]))

    @cached_property
    def starts(self) -> Mapping[Part, int]:
        """The first row of each part among all offers."""
        ends = np.cumsum([part.rows for part in self.source.parts]).tolist()
        return dict(zip(self.source.parts, [0, *ends], strict=False))

    @cached_property
    def _merchants(self) -> _Lookup:
        return _Lookup(self.sides["merchants"].cells["merchant_id"])


class _Lookup:
    """Rows of merchants by id; the index over all of them is made once."""

    def __init__(self, ids: Cells) -> None:
        self._index = pd.Index(np.asarray(ids.values, object))
        if not self._index.is_unique:
            again = self._index[self._index.duplicated()][0]
            raise MarketError(f"merchants: merchant_id {again!r} stands in two rows; read the files as exports first")

    def rows(self, ids: Cells) -> Array:
        """(offers,) int32 the row of each id, -1 where there is none."""
        codes, distinct = pd.factorize(ids.values)
        found = self._index.get_indexer(pd.Index(np.asarray(distinct, object))).astype(np.int32)
        return np.where(ids.gone, np.int32(-1), np.append(found, np.int32(-1))[codes])


def prepare(
    source: Source, book: Rulebook, moment: Moment, by: tuple[str, ...], progress: Progress | None = None
) -> Prepared:
    """Read all tables but those of offers, and derive what needs more than a part."""
    wanted = closure(book, columns_read(book))
    bare = read(source, book, moment, by)
    across = [name for name in wanted if book.derived[name].make in ACROSS and book.table_of(name) == "offers"]
    needed = sorted({name for name in wanted if book.table_of(name) == "merchants"} | {*across})
    market = bare.market(nothing(source))
    columns = of_offers(book, needed)
    if columns:
        market = _reduced(bare, columns, progress)
    made = derive(market, book, moment, needed)
    return replace(
        bare,
        sides={**bare.sides, "merchants": made.market.merchants},
        unmade=made.unmade,
        partly=made.partly,
        across={name: made.market.offers.cells[name] for name in across if name in made.market.offers.cells},
    )


def read(source: Source, book: Rulebook, moment: Moment, by: tuple[str, ...]) -> Prepared:
    """All tables but those of offers, and nothing derived yet."""
    sides = {
        table: source.whole(table, [*KEYS[table], *of_table(book, table, {*columns_read(book), *by})])
        for table in KEYS
        if table not in ("offers", *OF_OFFERS) and source.files.get(table)
    }
    return Prepared(source, book, moment, by, sides, frozenset(), frozenset(), {})


def nothing(source: Source) -> Table:
    """No offer, with the columns that name one."""
    part = source.parts[0]
    offers = source.offers(part, KEYS["offers"])
    none = np.zeros(0, np.int64)
    return Table("offers", {name: cells.take(none) for name, cells in offers.cells.items()}, 0)


def of_offers(book: Rulebook, derived: list[str]) -> list[str]:
    """The columns of offers, read or derived from one row, that recipes of other rows read."""
    found: list[str] = []
    for name in closure(book, derived):
        spec = book.derived[name]
        table = spec.with_.get("table")
        if spec.table == "merchants" and table in OF_OFFERS:
            raise CampaignError(f"{name}: a merchant's column made of {table} can't be made of a market in parts")
        if spec.make in ACROSS or (spec.table == "merchants" and table == "offers"):
            found += [read for read in book.reads(name) if book.table_of(read) == "offers"]
    for name in closure(book, found):
        if book.table_of(name) == "merchants":
            raise CampaignError(f"{name}: what is made of all offers can't read it where a market is in parts")
    return list(dict.fromkeys(found))


def _reduced(bare: Prepared, read: list[str], progress: Progress | None) -> Market:
    """All offers with the columns ``read`` alone, each of one row's making."""
    held: list[dict[str, Cells]] = []
    rows: list[Array] = []
    book, done = bare.book, 0
    columns = sorted({source for name in read for source in book.sources(name) if book.table_of(source) == "offers"})
    for part in bare.source.parts:
        offers = bare.source.offers(part, [*KEYS["offers"], *columns])
        market = derive(
            bare.market(offers, read), book, bare.moment, [name for name in read if name in book.derived]
        ).market
        held.append({name: cells for name, cells in market.offers.cells.items() if name in read})
        rows.append(market.merchant_row)
        done += part.rows
        if progress:
            progress(done, bare.source.rows)
    there = [name for name in read if all(name in cells for cells in held)]
    cells = {name: joined([each[name] for each in held]) for name in there}
    offers = Table("offers", cells, done)
    return Market({**bare.sides, "offers": offers}, bare.source.declared).joined_by(np.concatenate(rows))


def of_table(book: Rulebook, table: str, wanted: Collection[str]) -> list[str]:
    """The columns of a table among those wanted, and those behind them."""
    sources = {source for name in wanted for source in book.sources(name)}
    return sorted(name for name in sources if book.table_of(name) == table and name not in KEYS[table])
