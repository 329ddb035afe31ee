"""How fast a what-if answers: against full assessments, and against DuckDB, Polars and pandas; ratios in one run.

    python benchmarks/what_if.py [--offers 100000 1000000] [--seed 0] [--repeats 9]

The first table is of the whole rulebook, in full assessments. The second is of the rules that peers share: verdicts
counted by category, which is checked to be the same before anything is timed. Everyone takes turns. The tables go to
benchmarks/results/what_if.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import by_numpy
import counts_by_duckdb
import counts_by_pandas
import counts_by_polars
import limits
import numpy as np
from columns import BITS, as_listed, only_compared, used_columns
from explain import CATEGORIES, with_categories
from turns import Taken, best

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.demo import demo_market
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.simulate.coded import CodedMarket
from campaign_analytics.simulate.hand import Hand
from campaign_analytics.simulate.standing import Groups
from campaign_analytics.simulate.what_if import WhatIf

RESULTS = Path(__file__).with_name("results") / "what_if.md"
FLIPS = 8  # rows that the dashboard shows of them
SEVERAL = (3, 8)
LIBRARIES = ("DuckDB", "Polars", "pandas")
STEPS = 100  # of a drag, timed together
BY = "category"


class Move(NamedTuple):
    """A slider moved: its value as the rulebook spells it, and the same by hand."""

    value: Any
    limit: str
    held: Any
    rule: str


MOVES = {
    "min_pickup_rate_48h": Move("85%", "PICKUP", 0.85, "select_pickup"),
    "min_dispute_score": Move(3.5, "DISPUTE", 3.5, "disputes"),
    "max_price_ratio": Move("90%", "PRICE", (10, 9), "campaign_price"),
    "min_growth_score": Move(50, "GROWTH", 50.0, "select_growth"),
    "min_experience_score": Move(1.5, "EXPERIENCE", 1.5, "experience"),
    "max_moq": Move(5, "MOQ", 5, "minimum_order"),
    "min_deposit": Move(1000, "DEPOSIT", 100_000, "deposit"),
    "penalty_points_limit": Move(24, "POINTS", 24, "violation_points"),
    "min_trustpass_level": Move("L1", "LEVEL", 1, "select_level"),
    "min_trade_medal": Move("AA", "MEDAL", 2, "medal"),
    "prohibited_points_limit": Move(12, "PROHIBITED", 12, "prohibited_information"),
    "fake_trading_months": Move(6, "FAKE_TRADING_MONTHS", 6, "fake_trading"),
    "max_severe_ip_count": Move(1, "SEVERE_IP", 1, "severe_ip"),
    "max_compliance_violations": Move(1, "COMPLIANCE", 1, "compliance"),
    "max_ip_points": Move(4, "IP_POINTS", 4, "infringing_goods"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=9)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the misprint of the notice
    book = load_rulebook("spring_2024")
    lines = [
        "# What if a threshold moved: time",
        "",
        f"Demo market, seed {given.seed}, {CATEGORIES} categories. Everyone takes a turn in each of {given.repeats} "
        "rounds, and is told by its best: a step of a few milliseconds says little on a busy machine otherwise. "
        f"{os.getloadavg()[1]:.1f} processes were running or waiting.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "duckdb", "polars", "pandas"))
        + f"; {date.today():%Y-%m-%d}.",
    ]
    for offers in given.offers:
        market = with_categories(demo_market(offers, given.seed), given.seed)
        lines += ["", f"## {offers:,} offers of {market.merchants.rows:,} merchants", ""]
        lines += alone(market, book, given.repeats)
        lines += ["", *contest(assess(as_listed(market), only_compared(book)), given.repeats)]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, "utf-8")


# --------------------------------------------------------------------------------------------------- the whole rulebook


def alone(market: Market, book: Rulebook, repeats: int) -> list[str]:
    """Everything that a dashboard asks, in full assessments."""
    assessment = assess(market, book)
    what_if = WhatIf(assessment)
    what_if.coded(book).code_all()
    sliders = [name for name in book.parameters if book.values[name] is not None and what_if.hand(name, BY)]
    asleep = [name for name in book.parameters if book.values[name] is None and what_if.hand(name, BY)]
    what_if = WhatIf(assessment)
    what_if.coded(book).code_all()
    what_if.standing(BY)
    moved = {name: next(v for v in book.places(name) if v != book.values[name]) for name in sliders}

    def coded() -> None:
        CodedMarket(assessment).code_all()

    def taken(name: str, what_if: WhatIf) -> Hand:
        """Another slider was moved before; now this one is."""
        other = next(each for each in MOVES if each != name)
        what_if.reset().set({other: MOVES[other].value})
        return dragged(name, what_if)

    def dragged(name: str, what_if: WhatIf) -> Hand:
        hand = what_if.hand(name, BY)
        assert hand is not None
        hand.standing(len(hand.places) // 2).flips(FLIPS)
        return hand

    def together(names: Sequence[str]) -> WhatIf:
        what_if.book = replace(book, values={**book.values, **{name: moved[name] for name in names}})
        what_if.assessment  # noqa: B018
        return what_if

    trees = {rule: book.whole(rule) for rule in assessment.rules}
    runs: dict[str, Callable[[], Any]] = {
        "assess": lambda: assess(market, book),
        "rules": lambda: assessment.run(trees, orphans_unknown=True),
        "coded": coded,
    }
    runs |= {f"take {name}": partial(taken, name, what_if) for name in sliders}
    runs |= {f"first {name}": lambda name=name: dragged(name, WhatIf(assessment)) for name in sliders}  # type: ignore[misc]
    counts = {str(k): sliders[:k] for k in SEVERAL} | {"all": sliders}
    runs |= {f"set {k}": partial(together, names) for k, names in counts.items()}
    runs |= {f"show {k}": lambda names=names: together(names).standing(BY) for k, names in counts.items()}  # type: ignore[misc]
    taken_by = best(runs, repeats)
    taken_by |= best({f"asleep {name}": partial(dragged, name, what_if.reset()) for name in asleep}, 1)
    taken_by |= best({"curves": lambda: what_if.reset().curves(BY)}, min(repeats, 3))
    ms = {name: each.wall for name, each in taken_by.items()}
    steps, flips = a_drag(what_if, sliders)

    whole = ms["assess"]
    rows = [("assess", whole, ""), ("&nbsp; of it the rules, on columns derived before", ms["rules"], "")]
    rows += [("coding the market: every comparison of every rule", ms["coded"], 8)]
    rows += [("all curves of all parameters, by category", ms["curves"], 8)]
    for kind, label, most in (
        ("take", "another slider taken in hand: one place, all that is shown, 8 flips", 1),
        ("first", "the same, with its codes to be made", ""),
        ("asleep", "the same, a rule without a value till then", ""),
    ):
        each = {name: held for name, held in ms.items() if name.startswith(kind + " ")}
        if each:
            worst = max(each, key=lambda name: each[name])
            rows += [(f"{label}; the middle of {len(each)} sliders", statistics.median(each.values()), most)]
            rows += [(f"&nbsp; the slowest, `{worst.removeprefix(kind + ' ')}`", each[worst], most)]
    for k in counts:
        many = "all" if k == "all" else k
        rows += [(f"{many} sliders at once: the assessment", ms[f"set {k}"], 0.7)]
        rows += [("&nbsp; and all that is shown of it, by category", ms[f"show {k}"], "")]
    return [
        f"{len(assessment.rules)} rules, {len(sliders)} sliders with positions; all codes take "
        f"{what_if.coded(book).bytes_a_subject['offers']} bytes an offer.",
        "",
        "| | ms | / assess | target | met |",
        "|---|--:|--:|---|---|",
        *(row(label, taken, taken / whole, most) for label, taken, most in rows),
        row("a place of the slider in hand: all that is shown, by category", steps, steps / whole, "", "< 0.1 ms", 0.1),
        row("&nbsp; and 8 flips of it", flips, flips / whole, ""),
    ]


def a_drag(what_if: WhatIf, sliders: Sequence[str]) -> tuple[float, float]:
    """Median milliseconds of a place of a slider in hand, and of its flips."""
    steps, flips = [], []
    for name in sliders:
        hand = what_if.reset().hand(name, BY)
        assert hand is not None
        hand.standing(0).flips(FLIPS)
        for place in range(len(hand.places)):
            start = time.perf_counter()
            standing = hand.standing(place)
            middle = time.perf_counter()
            standing.flips(FLIPS)
            steps.append(1000 * (middle - start))
            flips.append(1000 * (time.perf_counter() - middle))
    return statistics.median(steps), statistics.median(flips)


def row(label: str, ms: float, ratio: float, most: float | str, target: str = "", below: float | None = None) -> str:
    met = ""
    if isinstance(most, int | float):
        target, met = f"< {most:g} x assess", "yes" if ratio < most else "**no**"
    if below is not None:
        met = "yes" if ms < below else "**no**"
    return f"| {label} | {ms:,.{3 if ms < 1 else 1}f} | {ratio:.{2 if ratio > 0.005 else 4}f} | {target} | {met} |"


# ------------------------------------------------------------------------------------------------------------- contest


def contest(assessment: Assessment, repeats: int) -> list[str]:
    """The rules that peers share, by everyone: verdicts by category after some sliders have moved."""
    what_if = WhatIf(assessment)
    what_if.coded(what_if.book).code_all()
    groups = Groups.of(assessment, BY)
    category = assessment.market.offers.cells[BY]
    totals = np.bincount(category.values, minlength=len(category.names))
    order = [category.names.index(name) for name in groups.names]
    columns = used_columns(assessment)
    masks = by_numpy.run(columns)
    peers = [
        made(columns, category.values.astype(np.uint8), masks, totals, assessment.not_computed)
        for made in (counts_by_duckdb.Counts, counts_by_polars.Counts, counts_by_pandas.Counts)
    ]
    first = next(iter(MOVES))
    what_if.standing(BY)
    hand = what_if.hand(first, BY)
    assert hand is not None
    place = hand.places.index(what_if.book.set({first: MOVES[first].value}).values[first])

    def set_(moves: dict[str, Move]) -> Any:
        what_if.reset().set({name: move.value for name, move in moves.items()})
        return groups.verdicts(what_if.assessment)

    def taken() -> Any:
        held = what_if.reset().hand(first, BY)
        assert held is not None
        return held.standing(place).now

    runs: dict[str, Callable[[], Any]] = {}
    ours = {
        "1, in hand": lambda: deque((hand.standing(place).now for _ in range(STEPS)), 1).pop(),
        "1, taken in hand": taken,
    }
    several = [str(k) for k in (*SEVERAL, len(MOVES))]
    for k in (1, *SEVERAL, len(MOVES)):
        moves = dict(islice(MOVES.items(), k))
        at = SimpleNamespace(**vars(limits) | {move.limit: move.held for move in moves.values()})
        rules = [move.rule for move in moves.values()]
        expected = groups.verdicts(
            assess(assessment.market, what_if.reset().set({n: m.value for n, m in moves.items()}).book)
        )
        asked = ours if k == 1 else {str(k): partial(set_, moves)}
        theirs = {f"{k} {i}": partial(peer.recomputed, at) for i, peer in enumerate(peers)}
        theirs |= {f"{k} {i} masks": partial(peer.from_masks, at, rules) for i, peer in enumerate(peers)}
        for name, run in (asked | theirs).items():
            found = run() if name in asked else run()[order]
            if not np.array_equal(found, expected):
                sys.exit(f"{name} gives other counts; nothing was timed")
        runs |= asked | theirs
    found = best(runs, repeats)
    found["1, in hand"] = Taken(*(each / STEPS for each in found["1, in hand"]))
    lines = ["| sliders moved | | ms | cpu ms | ratio | cpu ratio | goal | met |", "|---|---|--:|--:|--:|--:|---|---|"]
    for name, least in {"1, in hand": 20, "1, taken in hand": 0, **dict.fromkeys(several, 3)}.items():
        own, moved = found[name], name.split(",")[0]
        lines.append(f"| {name} | **ours** | {told(own)} | | | | |")
        for kind, most in (("", least), (" masks", min(least, 1))):
            for i, library in enumerate(LIBRARIES):
                theirs = found[f"{moved} {i}{kind}"]
                ratio = theirs / own
                goal = f">= {most} | {'yes' if ratio.wall >= most else '**no**'}" if most else " | "
                cells = f"{library}{kind and ', masks'} | {told(theirs)} | {ratio.wall:,.1f} | {ratio.cpu:,.1f}"
                lines.append(f"| | {cells} | {goal} |")
    return [
        *lines,
        "",
        f"Verdicts by category: {len(columns.offers) + len(columns.merchants)} columns, {len(BITS)} rules, the same "
        "counts by everyone. DuckDB and Polars work on all cores; all three do once from the columns, once from stored "
        "masks with the moved rules alone made again. A slider in hand answers from what was counted when it was "
        "taken; several are all evaluated again. pandera checks rows and counts none. cpu = processor time of all "
        "threads.",
    ]


def told(taken: Taken) -> str:
    return " | ".join(f"{each:,.{3 if each < 1 else 1}f}" for each in taken)


if __name__ == "__main__":
    main()
