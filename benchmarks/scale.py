"""How time and memory grow with a market in typed parquet files, what an index and a cube of it save, and what DuckDB,
Polars and pandas take for the same counts, by hand.

    python benchmarks/scale.py [--sizes 10000 100000 1000000] [--seed 0] [--kept FOLDER]

Files are made a million offers at a time, each with a seed and ids of its own; a hundred million take ten minutes, and
``--kept`` keeps them for another run. Every step runs in a process of its own,
for its memory: peak resident memory, with the pages of mapped files that happen to be held. All who count verdicts must
count the same.
The table goes to benchmarks/results/scale.md, a picture of the growth beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from importlib import import_module
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet
from files_by_hand import verdicts_at

import campaign_analytics as ca
from campaign_analytics.demo.write import write_declared
from campaign_analytics.market.typed import to_arrow
from campaign_analytics.rulebook.book import Rulebook

RESULTS = Path(__file__).with_name("results") / "scale.md"
MOST = 1_000_000  # offers made at once, with a hundred thousand merchants
SHOPS = 10  # as many times at most; all offers after them belong to merchants who are there already
KEYS = ("offer_id", "merchant_id", "linked_id")
TIES = ("login_id", "credit_code", "phone_hash", "alipay_hash")  # what accounts of one user share
EXPLORE = ("min_pickup_rate_48h", "max_moq")
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#767676")
TICKS = (250, 500, 1000, 2000, 4000, 8000)  # MB
DEFAULTS = 180, 2  # of these: half percents, and pieces


class Taken(NamedTuple):
    wall: float
    cpu: float
    memory: float  # MB at the most
    told: str  # counts of verdicts by category


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", type=Path, help="a folder for the files of each size")
    given = parser.parse_args()
    lines, every = [], dict[int, dict[str, dict[str, Taken]]]()
    for offers in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            if given.kept is None:
                apart(make, folder, offers, given.seed)
            else:
                link(given.kept / f"{offers}_{given.seed}", folder, offers, given.seed)
            tables = [table.resolve() for table in Path(folder).iterdir()]
            size = sum(file.stat().st_size for table in tables for file in table.glob("*.parquet")) / 1e6
            every[offers] = {
                title: {name: apart(step, folder) for name, step in steps.items() if offers <= UP_TO.get(name, offers)}
                for title, steps in STEPS.items()
            }
        counts = {each.told for taken in every[offers].values() for each in taken.values()}
        assert len(counts - {""}) == 1, counts
        said = [f"| **{offers:,} offers**, {size:,.0f} MB of files | | | | | |", *rows(every[offers])]
        print(*said, sep="\n", flush=True)
        lines += said
    told = [
        "# Large markets: time and memory",
        "",
        f"Seed {given.seed}, spring_2024 (corrected). One run, each step in a process of its own that had loaded all "
        "but DuckDB, Polars and SciPy before; "
        f"{os.getloadavg()[1]:.1f} processes were running or waiting, a step's own among them. Ratios "
        "are to the first line of each part; work is processor time of all threads. By hand: all rules that block, "
        "with links between accounts and histories, to the same counts by category, which is checked; nothing is known "
        "of ranges, and no rule's outcome is kept. pandera checks rows and counts none: it is in "
        "[another table](assess.md).",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow", "duckdb", "polars", "pandas"))
        + f"; {date.today():%Y-%m-%d}.",
        "",
        "| | seconds | of work | ratio | ratio of work | MB at the most |",
        "|---|--:|--:|--:|--:|--:|",
        *lines,
        "",
        "![work and memory by size](scale.png)",
        "",
    ]
    RESULTS.write_text("\n".join(told), "utf-8")
    draw(every)


def rows(every: Mapping[str, Mapping[str, Taken]]) -> list[str]:
    """The lines of one market; where somebody cannot do the work, that."""
    lines = []
    for title, taken in every.items():
        first = next(iter(taken.values()))
        lines += [f"| *{title}* | | | | | |"]
        for name in STEPS[title]:
            if each := taken.get(name):
                ratios = f"{each.wall / first.wall:,.2f} | {each.cpu / first.cpu:,.2f}"
                lines += [f"| {name} | {each.wall:,.2f} | {each.cpu:,.2f} | {ratios} | {each.memory:,.0f} |"]
            else:
                lines += [f"| {name} | does not fit | | | | |"]
    return lines


def draw(every: Mapping[int, Mapping[str, Mapping[str, Taken]]]) -> None:
    """A line a step: seconds of work, and memory, by the number of offers; what is ours is drawn through."""
    from matplotlib.figure import Figure  # which no step needs, and all would hold

    figure = Figure((13, 8), layout="constrained")
    panels = figure.subplots(2, len(STEPS), sharex=True, sharey="row")
    for (title, steps), (work, memory) in zip(STEPS.items(), panels.T, strict=True):
        for name, colour in zip(steps, COLOURS, strict=False):
            taken = {offers: held[title][name] for offers, held in every.items() if name in held[title]}
            style = "s--" if "by hand" in name else "o-"
            for axes, what in ((work, "cpu"), (memory, "memory")):
                axes.plot([*taken], [getattr(each, what) for each in taken.values()], style, label=name, color=colour)
        work.set(xscale="log", yscale="log", title=title)
        memory.set(xlabel="offers", yscale="log")
        for axes in (work, memory):
            axes.grid(alpha=0.3)
        work.legend(loc="upper left", frameon=False, fontsize=9)
    panels[0, 0].set_ylabel("seconds of work")
    panels[1, 0].set_ylabel("MB at the most")
    panels[1, 0].set_yticks(TICKS, [f"{tick:,}" for tick in TICKS])
    panels[1, 0].minorticks_off()
    figure.savefig(RESULTS.with_suffix(".png"), dpi=120)


def apart(step: Callable[..., str], *given: object) -> Taken:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(taken, (step, *given))


def taken(step: Callable[..., str], *given: object) -> Taken:
    ca.WhatIf(ca.assess(ca.demo_market(100), rulebook())).coded(rulebook()).code_all()  # loads what a step needs
    wall, cpu = time.perf_counter(), time.process_time()
    told = step(*given)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(time.perf_counter() - wall, time.process_time() - cpu, memory, told)


def rulebook() -> Rulebook:
    warnings.simplefilter("ignore")
    return ca.load_rulebook("spring_2024", "corrected")


def make(folder: str, offers: int, seed: int) -> str:
    """Typed files of so many offers, a million in each."""
    for number, start in enumerate(range(0, offers, MOST)):
        market = ca.demo_market(min(MOST, offers - start), seed + number)
        for name, table in market.tables.items():
            held = to_arrow(table)
            if number >= SHOPS and "offer_id" not in held.column_names:
                continue
            for key in (each for each in (*KEYS, *TIES) if each in held.column_names):
                of = number if key == "offer_id" else number % SHOPS
                held = held.set_column(
                    held.column_names.index(key), key, numbered(held[key], of, 100 if key in TIES else MOST)
                )
            place = Path(folder, name)
            place.mkdir(exist_ok=True)
            pyarrow.parquet.write_table(held, place / f"{name}_{number:03}.parquet", row_group_size=1 << 18)
        write_declared(market.declared, Path(folder), {})
    return ""


def link(kept: Path, folder: str, offers: int, seed: int) -> None:
    """Let ``folder`` have the files that are kept, which are made where they are not there."""
    if not kept.exists():
        kept.mkdir(parents=True)
        apart(make, str(kept), offers, seed)
    for table in kept.iterdir():
        Path(folder, table.name).symlink_to(table.resolve())


def numbered(ids: pa.ChunkedArray, number: int, among: int) -> pa.ChunkedArray:
    """Identifiers with a number before them; what more than ``among`` have, as a placeholder, stays as it is."""
    counts = ids.value_counts()
    common = counts.field("values").filter(pa.compute.greater(counts.field("counts"), among))
    told = pa.compute.binary_join_element_wise(f"{number:03}-", ids.cast(pa.string()), "")
    return pa.compute.if_else(pa.compute.is_in(ids, common), ids.cast(pa.string()), told)


def assess(folder: str, engine: str = "numpy") -> str:
    return counted(ca.assess(folder, rulebook(), engine=engine))


def blocking() -> Rulebook:
    """The rules that decide verdicts."""
    book = rulebook()
    return book.switch({name: "off" for name, rule in book.rules.items() if rule.severity == "warn"})


def without_warnings(folder: str, engine: str = "numpy") -> str:
    return counted(ca.assess(folder, blocking(), engine=engine))


def cube_without_warnings(folder: str, engine: str = "numpy") -> str:
    return counted(ca.what_if_cube(folder, blocking(), EXPLORE, engine=engine))


def by_hand(library: str, folder: str) -> str:
    made = import_module(f"files_by_{library}")  # libraries take memory, and the other steps start without them
    return str(made.verdicts(folder).to_csv(index=False))


def cube_by_hand(library: str, folder: str) -> str:
    made = import_module(f"files_by_{library}").cube(folder)
    return verdicts_at(made, *DEFAULTS).to_csv(index=False)


def costs_by_hand(folder: str) -> str:
    made = import_module("files_by_duckdb").costs(folder)
    return verdicts_at(made, *DEFAULTS).to_csv(index=False)


def coded(folder: str) -> str:
    ca.build_index(folder, rulebook(), Path(folder, "coded"))
    return ""


def from_index(folder: str) -> str:
    return counted(ca.assess(Path(folder, "coded"), rulebook()))


def cube(folder: str) -> str:
    made = ca.what_if_cube(Path(folder, "coded"), rulebook(), EXPLORE)
    ca.save_cube(made, Path(folder, "cube.parquet"))
    return counted(made)


def from_cube(folder: str) -> str:
    ca.WhatIf(ca.open_cube(Path(folder, "cube.parquet"), rulebook())).set(min_pickup_rate_48h="85%").summary()
    return ""


def counted(result: ca.Assessment) -> str:
    return result.summary(by="category").sort_values("category").to_csv(index=False)


#: By part of the table; the first of each is what the others are measured by.
STEPS: dict[str, dict[str, Callable[[str], str]]] = {
    "every rule": {
        "assess, NumPy": assess,
        "assess, DuckDB": partial(assess, engine="duckdb"),
        "index: made": coded,
        "index: assessed": from_index,
        "cube of the index, written": cube,
        "cube: another threshold": from_cube,
    },
    "blocking rules, counted": {
        "assess, NumPy": without_warnings,
        "assess, DuckDB": partial(without_warnings, engine="duckdb"),
        "DuckDB by hand": partial(by_hand, "duckdb"),
        "Polars by hand": partial(by_hand, "polars"),
        "pandas by hand": partial(by_hand, "pandas"),
    },
    "blocking rules, cube of the files": {
        "what_if_cube, NumPy": cube_without_warnings,
        "what_if_cube, DuckDB": partial(cube_without_warnings, engine="duckdb"),
        "DuckDB by hand": partial(cube_by_hand, "duckdb"),
        "DuckDB by hand, with what each rule costs": costs_by_hand,
        "Polars by hand": partial(cube_by_hand, "polars"),
        "pandas by hand": partial(cube_by_hand, "pandas"),
    },
}
UP_TO = dict.fromkeys(("Polars by hand", "pandas by hand"), 10_000_000)  # more does not fit in 24 GB

if __name__ == "__main__":
    main()
