"""How fast an assessment explains itself: blockers, pairs, checks, missing data, one offer, what to fix.

    python benchmarks/explain.py [--offers 1000000] [--seed 0] [--repeats 7]

Everything is asked of an assessment that has answered nothing before; assessing and asking take turns, so that the
ratios hold on a busy machine too. What DuckDB, Polars and pandas can tell of the rules that peers share, they are asked
for as well, and must say the same. The tables go to benchmarks/results/explain.md. A question more is a line in
``questions``.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import blocked_by_hand
import by_numpy
import counts_by_duckdb
import counts_by_pandas
import counts_by_polars
import fixes
import numpy as np
import pandas as pd
from blocked_by_hand import GROUPS
from columns import BITS, Array, as_listed, only_compared, used_columns
from files_by_hand import pandas_of
from turns import best

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.demo import demo_market
from campaign_analytics.market.schema import Cells, Market
from campaign_analytics.rulebook.load import load_rulebook

RESULTS = Path(__file__).with_name("results") / "explain.md"
CATEGORIES = 50
OURS = "**ours**"
T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """Something asked of an assessment, with what it may take: seconds, or a multiple of the time of assessing."""

    name: str
    ask: Callable[[Assessment], object]
    seconds: float | None = None
    ratio: float | None = None

    def target(self) -> str:
        if self.ratio is not None:
            return f"< {self.ratio:g} x assess"
        return "" if self.seconds is None else f"< {self.seconds * 1000:,.0f} ms"

    def met(self, taken: float, assessing: float) -> str:
        most = self.seconds if self.ratio is None else self.ratio * assessing
        return "" if most is None else "yes" if taken < most else "**no**"


def questions(market: Market) -> list[Question]:
    offer = str(market.offers.cells["offer_id"].values[market.offers.rows // 2])
    return [
        Question(
            f"sole blockers and attribution, {CATEGORIES} categories", lambda a: a.blockers(by="category"), ratio=2
        ),
        Question("the same, weighed by orders", lambda a: a.blockers(by="category", weight="orders_30d")),
        Question("the same, by size of the merchant", lambda a: a.blockers(by="size")),
        Question("the same, all offers", lambda a: a.blockers()),
        Question("the same, by merchant", lambda a: a.blockers(by="merchant_id")),
        Question("pairs that block together", lambda a: a.co_failures()),
        Question("failing combinations", lambda a: a.combinations()),
        Question("rule checks", lambda a: a.rule_checks()),
        Question("hinges on missing data", lambda a: a.hinges()),
        Question("summary, by category", lambda a: a.summary(by="category")),
        Question("explain one offer", lambda a: a.explain(offer_id=offer), seconds=0.005),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the misprint of the notice
    book = load_rulebook("spring_2024")
    market = with_categories(demo_market(given.offers, given.seed), given.seed)
    assess(market, book).blockers()  # once, for what is found or loaded only once

    asked = questions(market)
    assessing: list[float] = []
    taken: dict[str, list[float]] = {question.name: [] for question in asked}
    for _ in range(given.repeats):
        for question in asked:
            fresh, seconds = timed(lambda: assess(market, book))
            assessing.append(seconds)
            taken[question.name].append(timed(lambda: question.ask(fresh))[1])  # noqa: B023  (asked at once)

    base = statistics.median(assessing)
    medians = {name: statistics.median(each) for name, each in taken.items()}
    lines = [
        "# Explaining an assessment: time",
        "",
        f"{given.offers:,} offers of {market.merchants.rows:,} merchants in {CATEGORIES} categories (demo market, seed "
        f"{given.seed}), {len(fresh.blocking)} blocking rules, {len(fresh.patterns()):,} combinations of failing and "
        f"unknown rules. Medians of {given.repeats} rounds; every answer is asked of a new assessment; "
        f"{os.getloadavg()[1]:.1f} processes were running or waiting.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "duckdb", "polars"))
        + f"; {date.today():%Y-%m-%d}.",
        "",
        "| | ms | / assess | target | met |",
        "|---|--:|--:|---|---|",
        row("assess", base, base),
        *(row(q.name, medians[q.name], base, q.target(), q.met(medians[q.name], base)) for q in asked),
        *(row(f"fixes: {name}", seconds, base, *aims(name, seconds)) for name, seconds in fixed(fresh, given.repeats)),
        "",
        *contest(assess(as_listed(market), only_compared(book)), given.repeats),
        "",
    ]
    print("\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines), "utf-8")


PEERS = {"DuckDB": counts_by_duckdb.Counts, "Polars": counts_by_polars.Counts, "pandas": counts_by_pandas.Counts}


def contest(assessment: Assessment, repeats: int) -> list[str]:
    """What peers can tell, too, by everyone: checked to be the same before anything is timed."""
    runs = contestants(assessment, repeats)
    taken = best({f"{ask} {name}": run for ask, each in runs.items() for name, run in each.items()}, repeats)
    lines = ["| | | ms | cpu ms | ratio | cpu ratio |", "|---|---|--:|--:|--:|--:|"]
    for ask, each in runs.items():
        for name in each:
            ratio = taken[f"{ask} {name}"] / taken[f"{ask} {OURS}"]
            figures = f"{taken[f'{ask} {name}'].wall:,.1f} | {taken[f'{ask} {name}'].cpu:,.1f}"
            lines.append(f"| {ask * (name == OURS)} | {name} | {figures} | {ratio.wall:.2f} | {ratio.cpu:.2f} |")
    return [
        "## Beside peers",
        "",
        f"The {len(BITS)} rules that peers share. Ours is asked of a new assessment; peers start from as much, a word "
        "of failing and one of unknown rules an offer. They count each combination by category, of which NumPy makes "
        "the table; they were told which rules overlap, and which follow from others. All answers are the same. "
        "Everyone takes a turn in each round, and is told by its best; cpu = processor time of all threads. None of "
        "them can say why, by how much and what to do of one offer, nor fixes and causes: they know neither clauses "
        "nor gaps. pandera lists what fails, and counts nothing.",
        "",
        *lines,
    ]


def contestants(assessment: Assessment, repeats: int) -> dict[str, dict[str, Callable[[], Any]]]:
    """By question, everyone who answers it so many times and once more."""
    held = assessment.market.offers.cells["category"]
    many, totals = len(held.names), np.bincount(held.values, minlength=len(held.names))
    columns = used_columns(assessment)
    given = columns, held.values.astype(np.uint8), by_numpy.run(columns), totals, assessment.not_computed
    fresh = [assess(assessment.market, assessment.book) for _ in range(4 * (repeats + 1))]
    answers: dict[str, tuple[Callable[[Assessment], Any], Callable[[Any], Any], Callable[[Any, Any], bool]]] = {
        "sole blockers and attribution, by category": (
            lambda a: a.blockers(by="category"),
            lambda kinds: blocked_by_hand.blockers(kinds, many),
            lambda ours, theirs: np.allclose(_blocked(ours, held.names), theirs),
        ),
        "pairs that block together": (
            lambda a: a.co_failures(),
            blocked_by_hand.pairs,
            lambda ours, theirs: np.array_equal(ours.loc[[*GROUPS], [*GROUPS]], theirs),
        ),
        "failing combinations": (
            lambda a: a.combinations(),
            blocked_by_hand.combinations,
            lambda ours, theirs: ours["offers"].head(12).tolist() == theirs.head(12).tolist(),
        ),
        "summary, by category": (
            lambda a: a.summary(by="category"),
            lambda kinds: blocked_by_hand.summary(kinds, many),
            lambda ours, theirs: np.array_equal(ours.set_index("category").loc[[*held.names], [*VERDICTS]], theirs),
        ),
    }
    peers = {name: made(*given) for name, made in PEERS.items()}
    runs: dict[str, dict[str, Callable[[], Any]]] = {}
    for ask, (ours, by_hand, same) in answers.items():
        runs[ask] = {OURS: lambda ours=ours: ours(fresh.pop())}  # type: ignore[misc]
        told = runs[ask][OURS]()
        for name, peer in peers.items():
            runs[ask][name] = lambda peer=peer, by_hand=by_hand: by_hand(pandas_of(peer.kinds()))  # type: ignore[misc]
            if not same(told, runs[ask][name]()):
                sys.exit(f"{name} says something else of {ask}; nothing was timed")
    return runs


def _blocked(ours: pd.DataFrame, names: Sequence[str]) -> Array:
    """(categories, groups, 3) of our table, as ``blocked_by_hand.blockers``."""
    each = ours.set_index(["category", "group"])[["fails", "sole", "charged"]]
    order = pd.MultiIndex.from_product([names, GROUPS])
    return each.loc[order].to_numpy(np.float64).reshape(len(names), len(GROUPS), 3)


def fixed(assessment: Assessment, repeats: int) -> list[tuple[str, float]]:
    return list(fixes.timings(assessment, min(repeats, 3)).items())


def aims(name: str, seconds: float) -> tuple[str, str]:
    if name != "near misses and their fixes":
        return "", ""
    return "< 2,000 ms", "yes" if seconds < 2 else "**no**"


def row(name: str, seconds: float, assessing: float, target: str = "", met: str = "") -> str:
    return f"| {name} | {seconds * 1000:,.1f} | {seconds / assessing:,.2f} | {target} | {met} |"


def timed(run: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    result = run()
    return result, time.perf_counter() - started


def with_categories(market: Market, seed: int) -> Market:
    """The market with its offers spread over so many categories, a few of them large."""
    weights = 1 / np.arange(1, CATEGORIES + 1)
    codes = np.random.default_rng(seed).choice(CATEGORIES, market.offers.rows, p=weights / weights.sum())
    names = market.offers.cells["category"].names[:CATEGORIES]
    assert len(names) == CATEGORIES
    category = Cells.make("text", codes, names=names)
    offers = replace(market.offers, cells={**market.offers.cells, "category": category})
    return market.with_table(offers)


if __name__ == "__main__":
    main()
