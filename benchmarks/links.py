"""How fast the accounts of one user are found: a million merchants, three million identifiers, links and records.

    python benchmarks/links.py [--merchants 1000000] [--seed 0] [--repeats 3]

Every merchant has a login, an Alipay account and a phone; one in five has one of another merchant's, some have a
placeholder or an agency's. The table goes to benchmarks/results/links.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import campaign_analytics as ca
from campaign_analytics.derive import derive
from campaign_analytics.derive.linked import accounts_of
from campaign_analytics.derive.making import Making, Moment
from campaign_analytics.market.schema import Array, Cells, Declared, Market, Table
from campaign_analytics.rulebook.book import Rulebook

RESULTS = Path(__file__).with_name("results") / "links.md"
GOAL = 10.0  # seconds, for a million merchants with three million identifiers
COLUMN = "months_since_fake_trading"
AS_OF = datetime(2024, 2, 26)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--merchants", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the misprint of the notice

    book = ca.load_rulebook("spring_2024")
    market = market_of(given.merchants, np.random.default_rng(given.seed), book)
    moment = Moment(AS_OF.replace(tzinfo=book.zone))
    suspended = book.set(count_appealed=False)
    plain = replace(book, values={**book.values, "max_shared": None})
    derived(market, book, moment)
    cases: list[tuple[str, Callable[[], object]]] = [
        ("accounts tied, users found, months since the latest record", lambda: made(market, book, moment)),
        ("the same, at most 2 steps away", lambda: made(market, book.set(max_link_depth=2), moment)),
        ("the same, placeholders the only limit: hubs tie their thousands", lambda: made(market, plain, moment)),
        ("records under appeal don't count, the accounts as they were", lambda: derived(market, suspended, moment)),
    ]
    rows = [f"| {name} | {timed(run, given.repeats):,.2f} |" for name, run in cases]
    making = Making(derive(market, book, moment, [COLUMN]).market, book, COLUMN, moment)
    accounts = accounts_of(making)
    size = np.bincount(accounts.user)
    goal = GOAL * given.merchants / 1e6
    met = "yes" if float(rows[0].split("|")[2].replace(",", "")) < goal else "**no**"
    lines = [
        "# One user, many accounts: time",
        "",
        f"{given.merchants:,} merchants with {3 * given.merchants:,} identifiers, "
        f"{market.tables['links'].rows:,} links, {market.tables['penalties'].rows:,} records (seed {given.seed}): "
        f"{int((size > 1).sum()):,} users of several accounts, the largest of {int(size.max()):,}; "
        f"{len(accounts.ignored):,} identifiers ignored. Medians of {given.repeats} runs, beside other work: "
        f"{os.getloadavg()[1]:.1f} processes were running or waiting.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, pyarrow {version('pyarrow')}, "
        f"scipy {version('scipy')}, numpy {version('numpy')}; {date.today():%Y-%m-%d}.",
        "",
        "| | seconds |",
        "|---|--:|",
        *rows,
        "",
        f"Goal: {goal:,.0f} s for the first line; met: {met}.",
        "",
    ]
    print("\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines), "utf-8")


def made(market: Market, book: Rulebook, moment: Moment) -> object:
    """The column made from nothing: fresh keys, of which no accounts are known."""
    keys = market.merchants.cells["merchant_id"]
    fresh = market.merchants.with_cells({"merchant_id": Cells(keys.type, keys.values)})
    return derived(market.with_table(fresh), book, moment)


def derived(market: Market, book: Rulebook, moment: Moment) -> object:
    return derive(market, book, moment, [COLUMN])


def market_of(count: int, random: np.random.Generator, book: Rulebook) -> Market:
    ids = np.arange(count)
    merchants = {"merchant_id": texts("m", ids)} | {
        name: texts(name[:2], identifiers(ids, random)) for name in ("login_id", "alipay_hash", "phone_hash")
    }
    linked = random.integers(0, count, (2, count // 10))
    records = random.integers(0, count, count // 3)
    penalties = {
        "merchant_id": texts("m", records),
        "penalty_kind": coded(book, "penalty_kind", random, len(records)),
        "penalty_severity": coded(book, "penalty_severity", random, len(records)),
        "penalty_status": coded(book, "penalty_status", random, len(records)),
        "penalty_date": Cells.make("day", 19779 - random.integers(0, 420, len(records))),
    }
    offers = {
        "offer_id": texts("o", ids),
        "merchant_id": merchants["merchant_id"],
        "enrolled_at": Cells("time", (19779 - random.integers(0, 300, count)) * 86_400_000_000),
    }
    links = {"merchant_id": texts("m", linked[0]), "linked_id": texts("m", linked[1])}
    held = {"merchants": merchants, "offers": offers, "penalties": penalties, "links": links}
    tables = {name: Table(name, cells, len(next(iter(cells.values())))) for name, cells in held.items()}
    return Market(tables, Declared(penalty_feed_complete=True))


def identifiers(ids: Array, random: np.random.Generator) -> Array:
    """Numbers of the merchants' own, but for copies of others', a placeholder (0) and some of agencies."""
    held, draw = ids + 10_000, random.random(len(ids))
    held = np.where(draw < 0.07, held[random.integers(0, len(ids), len(ids))], held)
    held = np.where(draw > 0.99, random.integers(1, 50, len(ids)), held)
    return np.where(draw > 0.995, 0, held)


def texts(prefix: str, numbers: Array) -> Cells:
    held = pd.Series(numbers).astype("str")
    return Cells("text", (prefix + held).where(numbers != 0, "0").array)


def coded(book: Rulebook, column: str, random: np.random.Generator, count: int) -> Cells:
    quantity = book.columns[column]
    names = book.names_of(quantity)
    return Cells.make(quantity.type, random.integers(0, len(names), count), names=names)


def timed(run: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
