"""How fast a campaign is monitored: 100 snapshots of 100,000 merchants, with an offer each, by the spring rulebook.

    python benchmarks/monitor.py [--merchants 100000] [--snapshots 100] [--seed 0]

All offers are approved, so rules hold for everybody. Every day scores and deposits have moved, one offer in a thousand
is new and one is gone; every title is its own. Snapshots come as they would from files, nothing in common with the day
before. The table goes to benchmarks/results/monitor.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import campaign_analytics as ca
from campaign_analytics.demo.market import demo_market
from campaign_analytics.demo.write import write_market
from campaign_analytics.market.schema import Array, Cells, Market, Table
from campaign_analytics.report.over_time import monitoring_tables
from campaign_analytics.rulebook.book import Rulebook

RESULTS = Path(__file__).with_name("results") / "monitor.md"
GOAL = 30.0  # seconds, for 100 snapshots of 100,000 merchants
FIRST = date(2024, 2, 27)
APPROVED = 1708940000 * 1_000_000  # the day before
FEW, READ = 5, 6  # snapshots: to compare memory with, and read from files
DRIFT = {"growth_score": -0.05, "dispute_score": -0.002, "experience_score": -0.002, "protection_deposit": -500}


@dataclass(frozen=True)
class Time:
    """Seconds by the clock on the wall, and of work of this process in all its threads."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Time:
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, other: Time) -> Time:
        return Time(self.wall - other.wall, self.cpu - other.cpu)

    def __add__(self, other: Time) -> Time:
        return Time(self.wall + other.wall, self.cpu + other.cpu)

    def __truediv__(self, parts: int) -> Time:
        return Time(self.wall / parts, self.cpu / parts)

    def told(self) -> str:
        return f"{self.wall:,.1f} | {self.cpu:,.1f}"


@dataclass(frozen=True)
class Taken:
    monitoring: Time  # without making the snapshots
    tables: Time
    memory: float  # MB at the most, the market that all days are cut from included
    breaches: int
    at_risk: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--merchants", type=int, default=100_000)
    parser.add_argument("--snapshots", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:  # each in a process of its own, for its memory
        few, all_ = (pool.apply(taken, (given.merchants, count, given.seed)) for count in (FEW, given.snapshots))
        reading = pool.apply(read, (given.merchants, given.seed))
    goal = GOAL * given.merchants * given.snapshots / 1e7
    met = "yes" if all_.monitoring.cpu < goal else "**no**"
    lines = [
        "# Monitoring: time and memory",
        "",
        f"{given.snapshots} snapshots of {given.merchants:,} merchants with an offer each (seed {given.seed}), all "
        f"approved: {all_.breaches:,} breaches, {all_.at_risk:,} at risk. One run, beside other work: "
        f"{os.getloadavg()[1]:.1f} processes were running or waiting.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, numpy {version('numpy')}, "
        f"pandas {version('pandas')}, pyarrow {version('pyarrow')}; {date.today():%Y-%m-%d}.",
        "",
        "| | seconds | of work |",
        "|---|--:|--:|",
        f"| {given.snapshots} snapshots, as they stand in memory | {all_.monitoring.told()} |",
        f"| every table of it | {all_.tables.told()} |",
        f"| reading one snapshot from parquet files, besides | {reading.told()} |",
        "",
        "| | MB at the most |",
        "|---|--:|",
        f"| {given.snapshots} snapshots | {all_.memory:,.0f} |",
        f"| {FEW} snapshots | {few.memory:,.0f} |",
        "",
        f"Goal: {goal:,.0f} s of work for the first line; met: {met}. Beside other work caches are shared, and the "
        "same work takes longer. Memory is that of a few snapshots, whatever their number, of everybody who was ever "
        "seen, and here of the market from which all days are cut.",
        "",
    ]
    print("\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines), "utf-8")


def taken(merchants: int, count: int, seed: int) -> Taken:
    """Monitor so many snapshots."""
    book, whole = rulebook(count), market_of(merchants + merchants // 1000 * count, seed)
    times = []

    def each() -> Iterator[tuple[date, Market]]:
        for place in range(count):
            made = snapshot(whole, place, merchants)
            started = Time.now()
            yield FIRST + timedelta(days=place), made
            times.append(Time.now() - started)

    found = ca.monitor(each(), book)
    monitoring = sum(times, Time(0, 0))
    started = Time.now()
    tables = monitoring_tables(found)
    told = Time.now() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(monitoring, told, memory, len(tables["breaches"]), len(tables["at_risk"]))


def read(merchants: int, seed: int) -> Time:
    """What a snapshot takes longer when it is read from parquet files."""
    book, whole = rulebook(READ), market_of(merchants + merchants // 1000 * READ, seed)
    with tempfile.TemporaryDirectory() as folder:
        days = [(FIRST + timedelta(days=place), snapshot(whole, place, merchants)) for place in range(READ)]
        for day, market in days:
            write_market(market, Path(folder) / day.isoformat(), book, format="parquet")
        times = []
        for source in (Path(folder), days):
            started = Time.now()
            ca.monitor(source, book)
            times.append(Time.now() - started)
    return (times[0] - times[1]) / READ


def rulebook(days: int) -> Rulebook:
    """The spring campaign, long enough that nobody is out of it before its end."""
    warnings.simplefilter("ignore")  # the misprint of the notice
    return ca.load_rulebook("spring_2024").set(campaign_until=f"{FIRST + timedelta(days=days + 10)}T00:00:00")


def market_of(offers: int, seed: int) -> Market:
    """A market whose offers have a shop each, a copy of their merchant's, and are all approved before the first day."""
    market = demo_market(offers, seed)
    numbers = pd.Series(np.arange(offers)).astype("str")
    ids = pd.Series(market.merchants.cells["merchant_id"].take(market.merchant_row).values)
    own = {"merchant_id": Cells("text", ids.where(~ids.duplicated(), ids + "-" + numbers).array)}  # one keeps records
    states = market.offers.cells["status"].names
    approved = {
        "status": Cells.make("text", np.full(offers, states.index("approved")), names=states),
        "approved_at": Cells.make("time", np.full(offers, APPROVED)),
        "title": Cells("text", (pd.Series(market.offers.cells["title"].values).fillna("") + " 编号" + numbers).array),
    }
    shops = {name: cells.take(market.merchant_row) for name, cells in market.merchants.cells.items()}
    tables = {
        "merchants": Table("merchants", shops | own, offers),
        "offers": Table("offers", {**market.offers.cells, **own, **approved}, offers),
    }
    return Market({**market.tables, **tables}, market.declared)


def snapshot(whole: Market, place: int, merchants: int) -> Market:
    """One day of it, in arrays of its own; numbers have moved by so many days."""
    tables = {}
    for name, table in whole.tables.items():
        first = place * (merchants // 1000) if name in ("merchants", "offers") else 0
        rows = np.arange(first, first + merchants if name in ("merchants", "offers") else table.rows)
        cells = {column: moved(column, held, rows, place) for column, held in table.cells.items()}
        tables[name] = Table(name, cells, len(rows))
    return Market(tables, replace(whole.declared, as_of=FIRST + timedelta(days=place)))


def moved(column: str, cells: Cells, rows: Array, days: int) -> Cells:
    taken = cells.take(rows)
    if column not in DRIFT:
        return taken
    step: Any = DRIFT[column] * days
    return Cells.make(cells.type, np.maximum(taken.values + step, 0), taken.missing, names=cells.names)


if __name__ == "__main__":
    main()
