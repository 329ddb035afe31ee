"""How fast curves and a cube are made of a market that is held: against DuckDB, Polars and pandas; ratios in one run.

    python benchmarks/curves.py [--offers 10000 100000 1000000] [--seed 0] [--repeats 5]

A curve says how many offers qualify at every value of a parameter; a cube, at every pair of values of two. Everybody
starts from what is known of the values in force (ours an assessment, peers a word of failing and of unknown rules an
offer, beside the columns) and must count the same at every value, which is checked before anything is timed. Peers
make curves the quick way: offers that nothing else keeps out are counted by the value that they hold, then summed up.
The table goes to benchmarks/results/curves.md, a picture beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import by_numpy
import counts_by_duckdb
import counts_by_pandas
import counts_by_polars
import numpy as np
import pandas as pd
from columns import Array, as_listed, only_compared, used_columns
from explain import CATEGORIES, with_categories
from files_by_hand import pandas_of, verdicts_at
from turns import Taken, best

import campaign_analytics as ca
from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.demo import demo_market
from campaign_analytics.simulate.what_if import WhatIf

RESULTS = Path(__file__).with_name("results") / "curves.md"
BY = "category"
PEERS = {"DuckDB": counts_by_duckdb.Counts, "Polars": counts_by_polars.Counts, "pandas": counts_by_pandas.Counts}
COLOURS = {"ours": "#0072B2", "DuckDB": "#E69F00", "Polars": "#009E73", "pandas": "#D55E00"}


class Compared(NamedTuple):
    """The one comparison of a rule that reads a parameter."""

    rule: str
    column: str
    how: str


#: All parameters whose rule is one comparison of a column with them.
CURVES = {
    "min_pickup_rate_48h": Compared("select_pickup", "pickup_rate_48h", ">="),
    "min_growth_score": Compared("select_growth", "growth_score", ">="),
    "min_experience_score": Compared("experience", "product_experience", ">="),
    "max_moq": Compared("minimum_order", "moq_counted", "<="),
    "min_dispute_score": Compared("disputes", "dispute_score", ">="),
    "min_trade_medal": Compared("medal", "trade_medal", ">="),
    "penalty_points_limit": Compared("violation_points", "points_this_year", "<"),
    "prohibited_points_limit": Compared("prohibited_information", "prohibited_points_this_year", "<"),
    "max_severe_ip_count": Compared("severe_ip", "severe_ip_count", "<="),
    "max_compliance_violations": Compared("compliance", "compliance_violations", "<="),
    "max_ip_points": Compared("infringing_goods", "ip_points", "<="),
}
EXPLORE = {"min_pickup_rate_48h": "select_pickup", "max_moq": "minimum_order"}
PLACES = (("90%", 2), ("85%", 5), ("99.5%", 1), ("0%", 100))  # of the cube, at which counts are compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the misprint of the notice
    book = only_compared(ca.load_rulebook("spring_2024"))
    places = sum(len(book.places(name)) for name in CURVES)
    lines, every = [], dict[int, dict[str, dict[str, Taken]]]()
    for offers in given.offers:
        market = as_listed(with_categories(demo_market(offers, given.seed), given.seed))
        runs = contestants(assess(market, book))
        every[offers] = {title: best(each, given.repeats) for title, each in runs.items()}
        lines += [f"| **{offers:,} offers** | | | | |", *rows(every[offers])]
        print(*lines[-len(rows(every[offers])) - 1 :], sep="\n", flush=True)
    told = [
        "# Curves and a cube: time",
        "",
        f"Demo market, seed {given.seed}, {CATEGORIES} categories, the 26 rules that peers share. {len(CURVES)} curves "
        f"of {places} values in all, each value's verdicts counted by category; a cube of {' and '.join(EXPLORE)} by "
        f"category, and its counts at one place. Everyone takes a turn in each of {given.repeats} rounds, and is told "
        f"by its best; {os.getloadavg()[1]:.1f} processes were running or waiting. Ratios are to the first line of "
        "each part; cpu = processor time of all threads.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "duckdb", "polars", "pandas"))
        + f"; {date.today():%Y-%m-%d}.",
        "",
        "| | ms | cpu ms | ratio | cpu ratio |",
        "|---|--:|--:|--:|--:|",
        *lines,
        "",
        "Peers start from stored words of what fails and is unknown, and are told which column a parameter is compared "
        "with, and how; ours reads that off the rulebook, gives a labelled table, and takes every parameter, "
        "those that several comparisons read, too ([all of them](what_if.md)). Our cube keeps what the rules that stay "
        "fail by category, too. pandera checks rows and counts none. Memory, and cubes of files: "
        "[large markets](scale.md).",
        "",
        "![work by size](curves.png)",
        "",
    ]
    RESULTS.write_text("\n".join(told), "utf-8")
    draw(every)


def contestants(assessment: Assessment) -> dict[str, dict[str, Callable[[], Any]]]:
    """By what is made, everyone who makes it, first checked to count the same."""
    what_if, book = WhatIf(assessment), assessment.book
    what_if.coded(book).code_all()
    category = assessment.market.offers.cells[BY]
    totals = np.bincount(category.values, minlength=len(category.names))
    columns = used_columns(assessment)
    masks = by_numpy.run(columns)
    assert not {each.rule for each in CURVES.values()} & {*assessment.not_computed}
    peers = {
        name: made(columns, category.values.astype(np.uint8), masks, totals, assessment.not_computed)
        for name, made in PEERS.items()
    }
    grids = {name: grid(book.places(name)) for name in CURVES}

    def theirs(peer: Any) -> dict[str, Array]:
        return {
            name: curve(peer.values(of.rule, of.column), grids[name], of.how, totals) for name, of in CURVES.items()
        }

    expected = {
        name: counts_of(held, category.names)
        for name, held in what_if.curves(BY, parameters=[*CURVES]).groupby("parameter")
    }
    for name, peer in peers.items():
        found = theirs(peer)
        if wrong := [each for each in CURVES if not np.array_equal(found[each], expected[each])]:
            sys.exit(f"{name} has other curves of {', '.join(wrong)}; nothing was timed")
    cubes = {name: pandas_of(peer.cube([*EXPLORE.values()])) for name, peer in peers.items()}
    cubes = {name: made.assign(category=np.take(category.names, made[BY])) for name, made in cubes.items()}
    ours = ca.what_if_cube(assessment, book, [*EXPLORE], by=BY)

    def at(pickup: str, moq: int) -> pd.DataFrame:
        return WhatIf(ours).set(min_pickup_rate_48h=pickup, max_moq=moq).summary(by=BY)

    for pickup, moq in PLACES:
        held = at(pickup, moq).sort_values(BY, ignore_index=True)[[BY, *VERDICTS, "offers"]]
        for name, made in cubes.items():
            if not np.array_equal(verdicts_at(made, halves(pickup), moq), held):
                sys.exit(f"{name} has another cube at {pickup}, {moq}; nothing was timed")
    return {
        "curves": {
            "**ours**, from codes": lambda: what_if.reset().curves(BY, parameters=[*CURVES]),
            "**ours**, codes to be made": lambda: WhatIf(assessment).curves(BY, parameters=[*CURVES]),
        }
        | {name: partial(theirs, peer) for name, peer in peers.items()},
        "cube": {"**ours**": lambda: ca.what_if_cube(assessment, book, [*EXPLORE], by=BY)}
        | {name: partial(peer.cube, [*EXPLORE.values()]) for name, peer in peers.items()},
        "cube, counts at one place": {
            "**ours**": partial(at, *PLACES[1]),
            "pandas": lambda: verdicts_at(cubes["pandas"], halves(PLACES[1][0]), PLACES[1][1]),
        },
    }


def curve(values: Any, places: Array, how: str, totals: Array) -> Array:
    """(categories, places, 3) by verdict, of what ``Counts.values`` counts."""
    held = pandas_of(values)
    value = held["value"].to_numpy(np.float64, na_value=np.nan)
    category, offers = held["category"].to_numpy(np.intp), held["offers"].to_numpy(np.float64)
    open_, missing = held["unsure"].to_numpy(bool), np.isnan(value)
    shape = len(totals), len(places) + 1
    place = np.searchsorted(places, value, "left" if how == "<=" else "right")  # the first that does, or that does not

    def passing(which: Array) -> Array:
        each = np.bincount(category[which] * shape[1] + place[which], offers[which], shape[0] * shape[1])
        sums = each.reshape(shape).astype(np.int64).cumsum(axis=1)
        return sums[:, -1:] - sums[:, :-1] if how == ">=" else sums[:, :-1]

    found = np.empty((shape[0], len(places), 3), np.int64)
    found[..., 0] = passing(~missing & ~open_)
    always = np.bincount(category[missing], offers[missing], shape[0]).astype(np.int64)
    found[..., 2] = passing(~missing & open_) + always[:, np.newaxis]
    found[..., 1] = totals[:, np.newaxis] - found[..., 0] - found[..., 2]
    return found


def grid(places: Sequence[Any]) -> Array:
    """A slider's values as columns hold them: levels by their place in their list."""
    return np.array([i if isinstance(place, str) else float(place) for i, place in enumerate(places)])


def counts_of(ours: pd.DataFrame, names: tuple[str, ...]) -> Array:
    """(categories, places, 3) by verdict, of our table of one parameter."""
    on = ours[ours["place"] >= 0].set_index([BY, "place"])[list(VERDICTS)].sort_index(level="place")
    return np.stack([on.loc[name].to_numpy() for name in names])


def halves(rate: str) -> int:
    """Half percents."""
    return round(2 * float(rate.rstrip("%")))


def rows(every: Mapping[str, Mapping[str, Taken]]) -> list[str]:
    lines = []
    for title, taken in every.items():
        first = next(iter(taken.values()))
        lines += [f"| *{title}* | | | | |"]
        for name, each in taken.items():
            ratio = each / first
            lines += [f"| {name} | {each.wall:,.1f} | {each.cpu:,.1f} | {ratio.wall:.2f} | {ratio.cpu:.2f} |"]
    return lines


def draw(every: Mapping[int, Mapping[str, Mapping[str, Taken]]]) -> None:
    """A panel for what is made, a line for who makes it: work by the number of offers."""
    from matplotlib.figure import Figure

    titles = list(next(iter(every.values())))
    figure = Figure((13, 4.5), layout="constrained")
    for title, axes in zip(titles, figure.subplots(1, len(titles), sharey=True), strict=True):
        for name in next(iter(every.values()))[title]:
            who = name.replace("*", "")
            style = "s--" if who in PEERS else "o:" if "to be made" in who else "o-"
            held = [each[title][name].cpu for each in every.values()]
            axes.plot([*every], held, style, label=who, ms=4, color=COLOURS[who.split(",")[0]])
        axes.set(xscale="log", yscale="log", xlabel="offers", title=title)
        axes.grid(alpha=0.3)
        axes.legend(loc="upper left", frameon=False, fontsize=9)
    figure.axes[0].set_ylabel("milliseconds of work")
    figure.savefig(RESULTS.with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
