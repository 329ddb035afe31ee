"""How fast rules are assessed, against reading, NumPy by hand, Polars, DuckDB, pandas and pandera: ratios in one run.

    python benchmarks/assess.py [--offers 1000000] [--seed 0] [--repeats 11]

All contestants start from the same typed columns in memory and must give the same fail and unknown masks, which is
checked before anything is timed; then they take turns. The table goes to benchmarks/results/assess.md too.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import by_duckdb
import by_evaluator
import by_numpy
import by_pandas
import by_pandera
import by_polars
import numpy as np
from columns import BITS, Columns, as_listed, only_compared, single, tiled, used_columns

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.demo import demo_market
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook

RESULTS = Path(__file__).with_name("results") / "assess.md"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
LIBRARIES = ("numpy", "pandas", "polars", "duckdb", "pandera")
SLOW = "pandera"  # takes part in three rounds only

Times = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=11)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the misprint of the notice
    book = only_compared(load_rulebook("spring_2024"))
    market = as_listed(demo_market(given.offers, given.seed))
    assessment = assess(market, book)
    columns = single(used_columns(assessment))

    lines = [
        "# Assessing rules: time and memory",
        "",
        f"{given.offers:,} offers of {market.merchants.rows:,} merchants (demo market, seed {given.seed}), "
        f"{len(BITS)} rules, {columns.bytes_per_offer:.0f} bytes of input an offer. Medians of {given.repeats} rounds; "
        "in each everyone takes a turn, in changing order. cpu = processor time of all threads.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        + f"; {date.today():%Y-%m-%d}.",
        "",
        *contest(contestants(assessment, columns), given.repeats),
        "",
        *growth(book, given.seed),
        "",
        *around(market, book),
        "",
        *memory(assessment, columns),
        "",
        *imports(),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, "utf-8")


# ------------------------------------------------------------------------------------------------------------- contest


def contestants(assessment: Assessment, columns: Columns) -> dict[str, Callable[[], Any]]:
    """Everyone who takes part, by name; first checked to give the same masks."""
    compiled = by_evaluator.compile(assessment, columns)
    polars, duckdb, pandas = by_polars.prepare(columns), by_duckdb.prepare(columns), by_pandas.prepare(columns)
    merged = by_pandas.merged(pandas, columns)
    expected = by_numpy.run(columns)
    words: dict[str, Callable[[], Any]] = {
        "evaluate": lambda: by_evaluator.run(compiled, columns),
        "NumPy by hand": lambda: by_numpy.run(columns),
        "Polars, words": lambda: by_polars.run(polars, columns),
        "DuckDB": lambda: by_duckdb.run(duckdb, columns),
        "pandas": lambda: by_pandas.run(pandas, columns),
        "pandas, merged": lambda: by_pandas.run_merged(merged, columns),
        "pandera": lambda: by_pandera.run_merged(merged, columns),
    }
    for name, run in words.items():
        check(name, run(), expected)
    check("Polars, native", by_polars.words_of(by_polars.run_native(polars, columns)), expected)
    return {
        "read, max": lambda: read_max(columns),
        "read, sum": lambda: read_sum(columns),
        "compile and evaluate": lambda: by_evaluator.run(by_evaluator.compile(assessment, columns), columns),
        **words,
        "Polars, native": lambda: by_polars.run_native(polars, columns),
    }


def check(name: str, words: Any, expected: Any) -> None:
    """Stop where a contestant's masks are other ones."""
    differ = int(np.bitwise_or.reduce(np.asarray(words) ^ expected))
    if differ:
        wrong = [rule for rule, bit in BITS.items() if differ >> bit & 1 or differ >> bit + 32 & 1]
        sys.exit(f"{name} gives other masks for {', '.join(wrong)}; nothing was timed")


def read_max(columns: Columns) -> None:
    """Look at every cell once, as fast as NumPy can."""
    for array in columns.arrays:
        (array.view(np.uint8) if array.dtype == bool else array).max()


def read_sum(columns: Columns) -> None:
    """Look at every cell once."""
    for array in columns.arrays:
        array.sum()


def contest(runs: dict[str, Callable[[], Any]], repeats: int) -> list[str]:
    """Take turns, and lay out medians and ratios."""
    wall: Times = {name: [] for name in runs}
    cpu: Times = {name: [] for name in runs}
    order = list(runs)
    shuffle = random.Random(0).shuffle
    for turn in range(repeats):
        shuffle(order)
        for name in order:
            if name == SLOW and turn >= 3:
                continue
            run = runs[name]
            gc.collect()
            start, start_cpu = time.perf_counter(), time.process_time()
            run()
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - start_cpu)
    ms = {name: 1000 * statistics.median(times) for name, times in wall.items()}
    cpu_ms = {name: 1000 * statistics.median(times) for name, times in cpu.items()}
    evaluate, in_all = ms["evaluate"], ms["compile and evaluate"]
    rows = [
        ("read every input column once, `max`", "read, max", evaluate, "evaluate / read <= 4", 4, False),
        ("the same, `sum`", "read, sum", evaluate, "evaluate / read <= 4", 4, False),
        ("NumPy by hand, words", "NumPy by hand", evaluate, "evaluate / hand <= 1.3", 1.3, False),
        ("**evaluate** (compiled before)", "evaluate", evaluate, "", 0, False),
        ("**compile and evaluate**", "compile and evaluate", in_all, "", 0, False),
        ("Polars, words, all threads", "Polars, words", in_all, "Polars / ours > 1", 1, True),
        ("Polars, nullable booleans, all threads", "Polars, native", in_all, "Polars / ours > 1", 1, True),
        ("DuckDB, words, all threads", "DuckDB", in_all, "DuckDB / ours > 1", 1, True),
        ("pandas, three-valued, rows merged", "pandas, merged", in_all, "pandas / ours >= 5", 5, True),
        ("the same, merchants apart", "pandas", in_all, "pandas / ours >= 5", 5, True),
        ("pandera, lazy, rows merged", "pandera", in_all, "pandera / ours >= 100", 100, True),
    ]
    lines = ["| | ms | cpu ms | ratio | target | met |", "|---|--:|--:|--:|---|---|"]
    for label, name, ours, target, bound, slower in rows:
        ratio = ms[name] / ours if slower else ours / ms[name]
        met = ratio >= bound if slower else ratio <= bound
        said = (f"{ratio:.2f}", target, "yes" if met else "**no**") if target else ("", "", "")
        lines.append(f"| {label} | {ms[name]:.1f} | {cpu_ms[name]:.1f} | {' | '.join(said)} |")
    return [
        *lines,
        "",
        "A word holds the fail and unknown bits of all rules of an offer. Polars' nullable booleans are its own form "
        "of the two masks, one column a rule of offers, beside one word for the merchant's rules. All but the merged "
        "rows of pandas and pandera assess a merchant once and gather the result to its offers.",
    ]


# -------------------------------------------------------------------------------------------------------------- growth


def growth(book: Rulebook, seed: int) -> list[str]:
    """Evaluation at several sizes; the largest market is that of a million, ten times over."""
    lines = ["| offers | evaluate, ms | ns an offer |", "|--:|--:|--:|"]
    for size in SIZES:
        made = min(size, 1_000_000)
        assessment = assess(as_listed(demo_market(made, seed)), book)
        columns = single(used_columns(assessment))
        if size > made:
            columns = tiled(columns, size // made)
        compiled = by_evaluator.compile(assessment, columns)
        by_evaluator.run(compiled, columns)
        times = []
        for _ in range(7):
            start = time.perf_counter()
            by_evaluator.run(compiled, columns)
            times.append(time.perf_counter() - start)
        seconds = statistics.median(times)
        lines.append(f"| {size:,} | {1e3 * seconds:.2f} | {1e9 * seconds / size:.1f} |")
    return lines


def around(market: Market, book: Rulebook) -> list[str]:
    """What stands around the evaluation: compiling, joining, deriving, and a whole assessment."""

    def median(run: Callable[[], Any]) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return 1000 * statistics.median(times)

    small = as_listed(demo_market(1000))
    assessment = assess(small, book)
    columns = single(used_columns(assessment))
    whole = load_rulebook("spring_2024")
    return [
        f"Compiling: {median(lambda: by_evaluator.compile(assessment, columns)):.1f} ms at any size. "
        f"Finding each offer's merchant: {median(lambda: replace(market).merchant_row):.0f} ms, once a market. "
        f"`assess` with derived columns, the compared rules: {median(lambda: assess(market, book)):.0f} ms, "
        f"all rules of the rulebook: {median(lambda: assess(market, whole)):.0f} ms.",
    ]


def memory(assessment: Assessment, columns: Columns) -> list[str]:
    """The peak of what NumPy allocates during an evaluation, less the answer itself."""
    compiled = by_evaluator.compile(assessment, columns)
    gc.collect()
    tracemalloc.start()
    words = by_evaluator.run(compiled, columns)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = (peak - words.nbytes) / len(columns)
    return [
        f"Temporary memory: {each:.1f} bytes an offer (target < 40: {'yes' if each < 40 else '**no**'}), beside the "
        f"answer's {words.nbytes / len(columns):.0f}.",
    ]


# ------------------------------------------------------------------------------------------------------------- imports


def imports() -> list[str]:
    """What importing the package adds to pandas, each time in a fresh interpreter."""
    first_use = "ca.load_rulebook, ca.read_market, ca.assess, ca.demo_market"
    code = (
        "from time import perf_counter as now; a = now(); import pandas; b = now(); "
        f"import campaign_analytics as ca; c = now(); {first_use}; d = now(); print(b - a, c - b, d - c)"
    )
    runs = [
        [
            float(part)
            for part in subprocess.check_output([sys.executable, "-W", "ignore", "-c", code], text=True).split()
        ]
        for _ in range(7)
    ]
    pandas, package, names = (statistics.median(times) for times in zip(*runs, strict=True))
    met = "yes" if package < 0.35 else "**no**"
    return [
        f"`import pandas` {pandas:.2f} s; `import campaign_analytics` adds {package:.3f} s (target < 0.35: {met}); "
        f"touching `load_rulebook`, `read_market`, `assess` and `demo_market` for the first time {names:.2f} s more."
    ]


if __name__ == "__main__":
    main()
