"""How long the list of what to fix takes: all near misses of a market, and one offer.

    python benchmarks/fixes.py [--offers 1000000] [--seed 0] [--repeats 5]

``timings`` gives the rows to benchmarks/explain.py too.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.applied import writable
from campaign_analytics.demo import demo_market
from campaign_analytics.rulebook.load import load_rulebook


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the misprint of the notice
    assessment = assess(demo_market(given.offers, given.seed), load_rulebook("spring_2024"))
    near = assessment.near_misses()
    print(f"{given.offers:,} offers, {len(near):,} near misses, {len(near.fixes()):,} repairs, medians in ms")
    for name, seconds in timings(assessment, given.repeats).items():
        print(f"{name:45} {seconds * 1000:10,.1f}")


def timings(assessment: Assessment, repeats: int) -> dict[str, float]:
    """Median seconds of each question, asked anew every time."""
    offer = str(assessment.market.offers.cells["offer_id"].values[assessment.market.offers.rows // 2])
    near, every = assessment.near_misses(), assessment.near_misses(3).fixes()
    writes = writable(assessment.book, every["column"].unique())
    chosen = every[~every["action"].isin(["supply", "none"]) & every["column"].isin([*writes])]
    asked: dict[str, Callable[[], Any]] = {
        "near misses and their fixes": lambda: assessment.near_misses().fixes(),
        "the same, three groups away": lambda: assessment.near_misses(3).fixes(),
        "table of near misses": near.table,
        "causes": lambda: assessment.near_misses().causes(),
        "fixes of one offer": lambda: assessment.fixes(offer),
        "all of them made on the data": lambda: assessment.apply(chosen),
    }
    return {name: statistics.median(_seconds(run) for _ in range(repeats)) for name, run in asked.items()}


def _seconds(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
