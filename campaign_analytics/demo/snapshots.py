"""An invented market as it goes on from day to day: numbers drift, applications move, exports miss rows and days."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from campaign_analytics.demo.market import demo_market
from campaign_analytics.demo.profile import load_profile
from campaign_analytics.errors import ValueFault
from campaign_analytics.market.schema import Array, Cells, Market, Table

DAYS = Path(__file__).with_name("days")
_HOUR = 3_600_000_000


def demo_snapshots(
    count: int, offers: int = 2_000, seed: int = 0, profile: str = "wholesale"
) -> Iterator[tuple[date, Market]]:
    """Pairs of a day and the market on it, ``count`` of them, made one at a time; the same for the same seed.

    The first is ``demo_market``. The days are consecutive but for some without an export. Raises ``CampaignError``
    where ``count`` is below 1, nothing is known of how the profile goes on, or ``demo_market`` cannot be made.
    """
    if not isinstance(count, int) or count < 1:
        raise ValueFault(f"snapshots are made from 1 on, a whole number, not {count!r}")
    said, setting = _said(profile), load_profile(profile).market
    market = demo_market(offers, seed, profile)
    return _Days(said, market, seed, ZoneInfo(setting.timezone), setting.as_of).each(count)


@cache
def _said(profile: str) -> Mapping[str, Any]:
    path = DAYS / f"{profile}.toml"
    if not path.exists():
        known = ", ".join(sorted(each.stem for each in DAYS.glob("*.toml")))
        raise ValueFault(f"nothing is known of how a market {profile!r} goes on; there are: {known}")
    return tomllib.loads(path.read_text("utf-8"))


class _Days:
    def __init__(self, said: Mapping[str, Any], market: Market, seed: int, zone: ZoneInfo, first: date) -> None:
        self.said, self.market, self.seed, self.zone, self.first = said, market, seed, zone, first
        self.states = market.offers.cells["status"]
        self.times = {state: market.offers.cells[column] for state, column in said["entered"].items()}
        self.numbers = {
            (table, column): market.tables[table].cells[column].values.astype(float)
            for table, columns in said["drift"].items()
            for column in columns
        }
        self.liked = self._liked(said["taste"])
        self.slopes = {at: self._slope(*at) for at in self.numbers}

    def each(self, count: int) -> Iterator[tuple[date, Market]]:
        given, place = 0, 0
        while given < count:
            day = self.first + timedelta(days=place)
            if place:
                self._go_on(place, day)
            lost = place and self._rng("export", str(place)).random() < self.said["no_export"]
            if not lost:
                yield day, self._export(place, day)
                given += 1
            place += 1

    def _rng(self, *names: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *(crc32(name.encode()) for name in names)])

    def _slope(self, table: str, column: str) -> Array:
        how, rng = self.said["drift"][table][column], self._rng("slope", column)
        size = len(self.numbers[table, column])
        moves = rng.random(size) < how["share"]
        slope: Array = moves * (how["mean"] + how["spread"] * rng.standard_normal(size))
        return slope

    def _liked(self, taste: Mapping[str, Any]) -> Array:
        """(offers,) bool: whom the platform likes, as things are on the first day."""
        market = self.market
        liked: Array = np.ones(market.offers.rows, bool)
        for table in ("offers", "merchants"):
            for column, least in taste[table].items():
                cells = market.tables[table].cells[column]
                good = (cells.values >= least) & ~cells.gone
                liked = liked & (good if table == "offers" else good[market.merchant_row])
        return liked

    def _go_on(self, place: int, day: date) -> None:
        for (table, column), values in self.numbers.items():
            how = self.said["drift"][table][column]
            noise = how["noise"] * self._rng("noise", column, str(place)).standard_normal(len(values))
            self.numbers[table, column] = (
                values + self.slopes[table, column] + noise * (self.slopes[table, column] != 0)
            )
        names, codes = self.states.names, self.states.values.copy()
        before, rng = codes.copy(), self._rng("moves", str(place))
        for move in self.said["moves"]:
            if place < move.get("after", 0):
                continue
            luck = rng.random(len(codes))
            here = (before == names.index(move["from"])) & (codes == before)
            for state, usual in move["to"].items():
                chance = np.where(self.liked, usual, usual * self.said["taste"]["otherwise"].get(state, 1.0))
                goes = here & (luck < chance)
                codes[goes], here = names.index(state), here & ~goes
                luck -= chance
        self.states = replace(self.states, values=codes)
        for state, cells in self.times.items():
            entered = (codes == names.index(state)) & (before != codes)
            midnight = int(datetime.combine(day, datetime.min.time(), self.zone).timestamp()) * 1_000_000
            at = midnight + rng.integers(8 * _HOUR, 20 * _HOUR, len(codes))
            values = np.where(entered, at, cells.values)
            self.times[state] = Cells.make("time", values, cells.gone & ~entered)

    def _export(self, place: int, day: date) -> Market:
        changed: dict[str, dict[str, Cells]] = {"offers": {"status": self.states}}
        changed["offers"] |= {column: self.times[state] for state, column in self.said["entered"].items()}
        for (table, column), values in self.numbers.items():
            how, held = self.said["drift"][table][column], self.market.tables[table].cells[column]
            shown = np.clip(values, how["low"], how.get("high", np.inf))
            shown = np.where(self.slopes[table, column] == 0, held.values, _stepped(shown, how["step"]))
            changed.setdefault(table, {})[column] = Cells.make(held.type, shown.astype(held.values.dtype), held.missing)
        market = replace(self.market, declared=replace(self.market.declared, as_of=day))
        tables = {name: table.with_cells(changed.get(name, {})) for name, table in market.tables.items()}
        left_out = {"merchants", "offers"} if place else set()
        return replace(market, tables={n: self._some(t, place) if n in left_out else t for n, t in tables.items()})

    def _some(self, table: Table, place: int) -> Table:
        rows = np.flatnonzero(self._rng("absent", table.name, str(place)).random(table.rows) >= self.said["absent"])
        return Table(table.name, {column: cells.take(rows) for column, cells in table.cells.items()}, len(rows))


def _stepped(values: Array, step: float) -> Array:
    """Values to whole steps, each the nearest double of its decimal."""
    digits = max(0, len(f"{step}".partition(".")[2].rstrip("0")))
    stepped: Array = np.round(np.rint(values / step) * step, digits)
    return stepped
