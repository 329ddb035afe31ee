"""Invented markets of any size: believable, correlated, reproducible by seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from campaign_analytics.demo.draft import Draft, Rows, World, joined
from campaign_analytics.demo.families import place
from campaign_analytics.demo.profile import Profile, load_profile
from campaign_analytics.demo.profile import Rows as History
from campaign_analytics.errors import ValueFault
from campaign_analytics.market.schema import Array, Cells, Declared, Market, Table
from campaign_analytics.rulebook.load import load_rulebook, load_vocabulary


def demo_market(offers: int = 10_000, seed: int = 0, profile: str = "wholesale") -> Market:
    """Invent a market of ``offers`` offers, the same for the same seed (1M offers take some seconds).

    Merchants have a hidden quality and size: a good one is good in most columns, a few big ones hold many of the
    offers, prices and pickup differ by category, cells are missing, and some values lie on or just beside the usual
    thresholds. ``profile`` names a file of the folder ``profiles``: "wholesale" has the columns of the vocabulary,
    "daily_deals" those of that rulebook. Raises ValueError where there is no such profile, ``offers`` is below 1 or
    ``seed`` below 0.
    """
    if not (isinstance(offers, int) and offers >= 1 and isinstance(seed, int) and seed >= 0):
        raise ValueFault(
            f"a demo market takes offers from 1 and a seed from 0, whole numbers, not {offers!r}, {seed!r}"
        )
    return _Maker(load_profile(profile), seed).market(offers)


class _Maker:
    def __init__(self, profile: Profile, seed: int) -> None:
        self.profile, self.seed = profile, seed
        midnight = datetime.combine(profile.market.as_of, datetime.min.time(), ZoneInfo(profile.market.timezone))
        offset = midnight.utcoffset() or timedelta()
        now, offset_us = (round(seconds) * 1_000_000 for seconds in (midnight.timestamp(), offset.total_seconds()))
        known = load_rulebook(profile.market.rulebook) if profile.market.rulebook else load_vocabulary()
        self.world = World(known.columns, known.lists, tuple(profile.categories), now, offset_us)
        self.drafts: dict[str, Draft] = {}

    def market(self, offers: int) -> Market:
        """All tables, those that others hang on first."""
        setting = self.profile.market
        many = max(1, round(offers / setting.offers_per_merchant))
        merchants = self.draft("merchants", self.categories("merchants", many))

        owner = self.owners(offers, merchants)
        elsewhere = self.rng("offers", "elsewhere").random(offers) >= setting.in_main_category
        category = np.where(elsewhere, self.categories("offers", offers), merchants.category[owner])
        self.draft("offers", category, merchants, owner)

        for name, rows in self.profile.rows.items():
            parent = self.drafts[rows.per]
            of = np.repeat(np.arange(len(parent)), self.counts(name, rows, parent))
            self.draft(name, parent.category[of], parent, of)
        declared = Declared(setting.as_of, setting.penalty_feed_complete, setting.offers_are_complete)
        return Market(dict(self.tables()), declared)

    def counts(self, name: str, rows: History, parent: Draft) -> Array:
        """(n,) how many rows hang on each of the parent's."""
        if rows.of_each:
            return np.asarray(-(-parent.column(rows.of_each) // rows.at_most))
        lean = self.rows(parent, "", name).lean(rows.on)
        return self.rng(name, "rows").poisson(rows.mean * np.exp(rows.spread * lean - rows.spread**2 / 2))

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Every table, those of several kinds of rows in one."""
        kinds: dict[str, list[Draft]] = {}
        for name, draft in self.drafts.items():
            rows = self.profile.rows.get(name)
            kinds.setdefault((rows and rows.table) or name, []).append(draft)
        for name, (first, *others) in kinds.items():
            cells = dict(first.cells)
            for other in others:
                cells = {column: joined(held, other.cells[column]) for column, held in cells.items()}
            yield name, Table(name, cells, sum(map(len, (first, *others))))

    def draft(self, name: str, category: Array, parent: Draft | None = None, of: Array | None = None) -> Draft:
        """Make a table: its hidden factors, then its columns in the profile's order."""
        inherited = {} if parent is None else {factor: values[of] for factor, values in parent.factors.items()}
        draft = self.drafts[name] = Draft(name, self.world, category, inherited, parent, of)
        for factor, said in self.profile.factors.items():
            if said.table == name:
                draft.factors[factor] = self.rows(draft, "", "factor", factor).lean(said.on)
        for column, family in self.profile.columns[name].items():
            values, gone = family.fill(self.rows(draft, column, name, column))
            draft.values[column], draft.gone[column] = values, gone
            type, names = self.world.columns[column].type, self.world.names(column)
            if type == "text" and not names and gone.any():
                values = values.copy()
                values[gone] = ""
            draft.cells[column] = Cells.make(type, values, gone, names=names)
        return draft

    def rng(self, *names: str) -> np.random.Generator:
        """A stream of its own for each purpose, so that a new column leaves the others as they were."""
        return np.random.default_rng([self.seed, *(crc32(name.encode()) for name in names)])

    def rows(self, draft: Draft, column: str, *stream: str) -> Rows:
        shift = np.asarray([category.shift.get(column, 0.0) for category in self.profile.categories.values()])
        return Rows(draft, column, self.rng(*stream), shift)

    def categories(self, table: str, rows: int) -> Array:
        """(rows,) places among the profile's categories, by their weights."""
        weights = [category.weight for category in self.profile.categories.values()]
        return place(self.rng(table, "categories").standard_normal(rows), weights)

    def owners(self, offers: int, merchants: Draft) -> Array:
        """(offers,) row of each offer's merchant: every merchant has one, big ones have many."""
        pull = np.zeros(len(merchants))
        for factor, power in self.profile.market.offers_on.items():
            pull += power * merchants.factors[factor]
        weight = np.exp(pull)
        each = 1 + self.rng("offers", "owners").multinomial(offers - len(merchants), weight / weight.sum())
        return np.repeat(np.arange(len(merchants)), each)
