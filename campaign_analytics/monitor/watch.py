"""What is known of a campaign so far: made anew by every snapshot, of which none is kept but the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.derive.day_of import days_of
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.monitor.clocks import NEVER, Clocks, Day
from campaign_analytics.monitor.lifecycle import NO_STATE, Moves, lifecycle
from campaign_analytics.monitor.phases import every_phase, rules_of
from campaign_analytics.monitor.results import THEIRS, Results
from campaign_analytics.monitor.roll import Grown, texts
from campaign_analytics.monitor.snapshots import Snapshot
from campaign_analytics.monitor.subjects import number_of
from campaign_analytics.monitor.trends import Trends
from campaign_analytics.rulebook.book import Level, Rulebook

LEVELS: tuple[Level, ...] = ("offers", "merchants")
_START = "approval"  # from when on rules hold where the rulebook does not say


class Refused(NamedTuple):
    """Moves of one day that may not be: the offers' numbers, and for each from where, where to, since when seen."""

    day: int
    rows: Array
    before: Array
    to: Array
    seen_before: Array
    breach: Array


class Watch:
    """Takes snapshots in order of their days."""

    def __init__(self, book: Rulebook) -> None:
        self.book, self.every = book, every_phase(book)
        self.life = lifecycle()
        self.start = _start(book, self.life.since)
        until = book.values.get("campaign_until")
        self.end = (until - timedelta(microseconds=1)).astimezone(book.zone) if isinstance(until, datetime) else None
        self.last = NEVER if self.end is None else number_of(self.end.date())
        staying = rules_of(book, "stay")
        self.blocking = {
            level: [r for r in rules_of(book, "stay", "block") if level == "offers" or book.level(r) == level]
            for level in LEVELS
        }
        own = {level: [rule for rule in staying if book.level(rule) == level] for level in LEVELS}
        self.clocks = {level: Clocks(level, own[level], self.last) for level in LEVELS}
        self.trends = {level: Trends(own[level]) for level in LEVELS}
        never, none = np.array(NEVER, np.int32), np.array(NO_STATE, np.int8)
        self.offers = Grown(state=none, seen=none, seen_on=never, approved=np.array(False), merchant=np.array(-1))
        self.results: Results | None = None
        self.days: list[tuple[datetime, dict[Level, Day]]] = []
        self.moves: list[tuple[int, int, int, bool, int]] = []
        self.refused: list[Refused] = []
        self._latest: Assessment | None = None
        self._market: Market | None = None

    @property
    def latest(self) -> Assessment:
        """The last snapshot, assessed by the rules of every phase."""
        assert self._latest is not None
        return self._latest

    @property
    def bound_offers(self) -> Array:
        """(merchants,) int64 offers of each for which rules hold."""
        owners = self.offers["merchant"][self.clocks["offers"].of["active"]]
        return np.bincount(owners[owners >= 0], minlength=len(self.clocks["merchants"].roll))

    @property
    def first_day(self) -> int:
        return self._day_of(0)

    @property
    def last_day(self) -> int:
        return self._day_of(-1)

    def _day_of(self, place: int) -> int:
        return number_of(self.days[place][0].date())

    def take(self, snapshot: Snapshot) -> None:
        """Assess one snapshot, and count what it says."""
        market = self._market = _sharing(snapshot.market, self._market)
        result = self._latest = assess(market, self.every, as_of=snapshot.at)
        rows = {level: self.clocks[level].roll.rows(market.tables[level].cells[f"{level[:-1]}_id"]) for level in LEVELS}
        for level in LEVELS:
            self.clocks[level].grow()
            self.trends[level].sums.grow(len(self.clocks[level].roll))
        if self.results is None:
            self.results = Results(result, rules_of(self.book, "enter"))
        for grown in (self.offers, self.results.of):
            grown.grow(len(self.clocks["offers"].roll))
        self._follow_offers(rows["offers"], market, snapshot.day)
        self._follow_merchants(snapshot.day)
        seen = {
            level: self.clocks[level].observe(rows[level], result, self.blocking[level], snapshot.day)
            for level in LEVELS
        }
        self.days.append((snapshot.at, seen))
        states = self.offers["state"][rows["offers"]]
        decided = [self.life.result(name)[states] & (states != NO_STATE) for name in THEIRS]
        self.results.take(rows["offers"], result, decided)
        for level in LEVELS:
            self.trends[level].take(rows[level], result, snapshot.day - self.first_day)

    def _follow_offers(self, rows: Array, market: Market, day: int) -> None:
        cells, of = market.offers.cells, self.offers
        seen = self.life.seen(cells.get("status"), len(rows))
        since = {start: self._told(market, start) for start in self.life.since}
        of["approved"][rows] |= since["approval"] <= day
        moved = self.life.move(of["state"][rows], seen, of["approved"][rows])
        changed = (seen != NO_STATE) & (seen != of["seen"][rows]) & (moved.before != NO_STATE) & (seen != moved.before)
        self._note(rows, changed, moved, seen, day)
        of["state"][rows] = moved.after
        of["approved"][rows] |= self.life.result("approved")[moved.after] & (moved.after != NO_STATE)
        of["seen"][rows] = np.where(seen == NO_STATE, of["seen"][rows], seen)
        of["seen_on"][rows] = np.where(seen == NO_STATE, of["seen_on"][rows], day)
        owners = np.append(self.clocks["merchants"].roll.rows(market.merchants.cells["merchant_id"]), -1)
        of["merchant"][rows] = owners[market.merchant_row]
        holding = self.life.holding(self.start)[moved.after] & (moved.after != NO_STATE)
        active = holding | ((moved.after == NO_STATE) & (since[self.start] <= day))
        self.clocks["offers"].follow(rows, active, since[self.start], day)

    def _told(self, market: Market, start: str) -> Array:
        """(offers,) int64 the day that the columns of a start tell, the first that is given; ``NEVER`` for none."""
        told = np.full(market.offers.rows, NEVER, np.int64)
        for name in reversed(self.life.since[start]):
            if name in market.offers.cells:
                days = days_of(market.offers.cells[name], self.book.zone)
                told = np.where(days.gone, told, days.values)
        return told

    def _note(self, rows: Array, changed: Array, moved: Moves, seen: Array, day: int) -> None:
        """Write down the moves of those that ``changed`` (n,), and which of them are refused."""
        before, to = moved.before[changed], seen[changed]
        pairs = before.astype(np.int64) * len(self.life.names) + to
        for pair, count in zip(*np.unique(pairs, return_counts=True), strict=True):
            one, other = divmod(int(pair), len(self.life.names))
            self.moves.append((day, one, other, bool(self.life.reach[one, other]), int(count)))
        no = changed & moved.refused
        if no.any():
            seen_before = self.offers["seen_on"][rows[no]]
            self.refused.append(Refused(day, rows[no], moved.before[no], seen[no], seen_before, moved.breach[no]))

    def _follow_merchants(self, day: int) -> None:
        """A merchant's rules hold as long as those of any of its offers do, and since the first of them."""
        offers, merchants = self.clocks["offers"], self.clocks["merchants"]
        bound = offers.of["active"] & (self.offers["merchant"] >= 0)
        owners, since = self.offers["merchant"][bound], offers.of["since"][bound].astype(np.int64)
        size = len(merchants.roll)
        active, first = np.zeros(size, bool), np.full(size, NEVER, np.int64)
        active[owners] = True
        np.minimum.at(first, owners, since)
        merchants.follow(np.arange(size), active, first, day)


def _start(book: Rulebook, known: object) -> str:
    """From when on rules hold. Raises ``CampaignError`` where nobody knows what the rulebook says."""
    start = book.values.get("hold_from") or _START
    options = list(lifecycle().since)
    if start not in options:
        raise CampaignError(f"hold_from = {start!r}: nobody knows when that is; expected {' or '.join(options)}")
    return str(start)


def _sharing(market: Market, before: Market | None) -> Market:
    """The market, with columns of texts that are as they were the day before held once.

    What is made of such a column, a search of all titles or a join, then need not be made again.
    """
    for name, table in market.tables.items():
        old = before.tables[name].cells if before is not None and name in before.tables else {}
        free = [column for column, cells in table.cells.items() if cells.type == "text" and not cells.names]
        same = {
            column: old[column]
            for column in free
            if column in old and texts(table.cells[column]).equals(texts(old[column]))
        }
        market = market.with_table(table.with_cells(same)) if same else market
    return market


def watched(book: Rulebook, each: Iterator[Snapshot], step: Callable[[int], None]) -> Watch:
    """Watch all of them; ``step`` is told how many were taken. Raises ``CampaignError`` where there is none."""
    watch = Watch(book)
    for done, snapshot in enumerate(each, start=1):
        watch.take(snapshot)
        step(done)
    if not watch.days:
        raise CampaignError("no snapshot: there is nothing to monitor; give one a day")
    return watch
