"""How time and memory grow with a market in typed parquet files, and what an index and a cube of it save.

    python benchmarks/scale.py [--sizes 10000 100000 1000000] [--seed 0] [--kept FOLDER]

Files are made a million offers at a time, each with a seed and ids of its own; a hundred million take ten minutes, and
``--kept`` keeps them for another run. Every step runs in a process of its own,
for its memory: peak resident memory, with the pages of mapped files that happen to be held.
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
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet

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
    lines, every = [], dict[int, dict[str, Taken]]()
    for offers in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            if given.kept is None:
                apart(make, folder, offers, given.seed)
            else:
                link(given.kept / f"{offers}_{given.seed}", folder, offers, given.seed)
            tables = [table.resolve() for table in Path(folder).iterdir()]
            size = sum(file.stat().st_size for table in tables for file in table.glob("*.parquet")) / 1e6
            taken = {name: apart(step, folder) for name, step in STEPS.items()}
        whole, every[offers] = taken["assess, NumPy"], taken
        counts = {each.told for name, each in taken.items() if name != "cube: another threshold"}
        assert len(counts - {""}) == 1, counts
        lines += [f"| **{offers:,} offers** | {size:,.0f} MB of files | | | |"]
        lines += [
            f"| {name} | {each.wall:,.2f} | {each.cpu:,.2f} | {each.cpu / whole.cpu:,.2f} | {each.memory:,.0f} |"
            for name, each in taken.items()
        ]
        print(*lines[-len(STEPS) - 1 :], sep="\n", flush=True)
    told = [
        "# Large markets: time and memory",
        "",
        f"Seed {given.seed}, spring_2024 (corrected), every rule but where the table says otherwise. One run, "
        "each step in a process of its own that had loaded all but DuckDB before; beside other work, "
        f"{os.getloadavg()[1]:.1f} processes were running or waiting, so that only work and ratios mean much.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, numpy {version('numpy')}, pyarrow "
        f"{version('pyarrow')}, duckdb {version('duckdb')}; {date.today():%Y-%m-%d}.",
        "",
        "| | seconds | of work | work / NumPy | MB at the most |",
        "|---|--:|--:|--:|--:|",
        *lines,
        "",
        "![work and memory by size](scale.png)",
        "",
    ]
    RESULTS.write_text("\n".join(told), "utf-8")
    draw(every)


def draw(every: Mapping[int, Mapping[str, Taken]]) -> None:
    """A line a step: seconds of work, and memory, by the number of offers."""
    from matplotlib.figure import Figure  # which no step needs, and all would hold

    figure = Figure((11, 4.5), layout="constrained")
    for axes, what in zip(figure.subplots(1, 2), ("cpu", "memory"), strict=True):
        for name in STEPS:
            axes.plot([*every], [getattr(taken[name], what) for taken in every.values()], "o-", label=name, ms=4)
        axes.set(xscale="log", xlabel="offers", ylabel={"cpu": "seconds of work", "memory": "MB at the most"}[what])
        axes.grid(alpha=0.3)
    figure.axes[0].set_yscale("log")
    figure.axes[1].set_ylim(bottom=0)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=8)
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


def by_duckdb(folder: str) -> str:
    return assess(folder, "duckdb")


def without_warnings(folder: str) -> str:
    warn = [name for name, rule in rulebook().rules.items() if rule.severity == "warn"]
    return counted(ca.assess(folder, rulebook().switch(dict.fromkeys(warn, "off"))))


def by_hand(folder: str) -> str:
    from files_by_duckdb import verdicts  # DuckDB takes memory, and the other steps start without it

    return verdicts(folder).to_csv(index=False)


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
    what_if = ca.WhatIf(ca.open_cube(Path(folder, "cube.parquet"), rulebook()))
    return str(what_if.set(min_pickup_rate_48h="85%").summary().iloc[0].to_dict())


def counted(result: ca.Assessment) -> str:
    return result.summary(by="category").sort_values("category").to_csv(index=False)


STEPS: dict[str, Callable[[str], str]] = {
    "assess, NumPy": assess,
    "assess, DuckDB": by_duckdb,
    "assess, NumPy, blocking rules alone": without_warnings,
    "DuckDB by hand, blocking rules alone": by_hand,
    "index: made": coded,
    "index: assessed": from_index,
    "cube of the index, written": cube,
    "cube: another threshold": from_cube,
}

if __name__ == "__main__":
    main()
