"""How fast a market is read, its quality report included, against what reads the same files to the same types.

    python benchmarks/intake.py [--offers 400000] [--seed 0] [--rounds 5]

A clean csv of over 100 MB against pandas with pyarrow; the same market with dirt in it against pandas on the clean
file, which is the least that its reader would need; a workbook against python-calamine alone. Everyone takes a turn in
each round, so that the ratios hold on a busy machine too. Peak memory is that of a process that does nothing else.
The table goes to benchmarks/results/intake.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import python_calamine

from campaign_analytics.demo import demo_market
from campaign_analytics.demo.dirt import write_dirty
from campaign_analytics.demo.write import write_market
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook

RESULTS = Path(__file__).with_name("results") / "intake.md"
PEAK = Path(__file__).with_name("intake_peak.py")
WORKBOOK_ROWS = 100_000
MEMORY = 4  # times the csv
#: What a market by hand looks like after a week: nothing is lost, and everything has to be understood.
DIRT = (
    "cells: marks of missing ones",
    "cells: other words for yes and no",
    "cells: other names of a list",
    "cells: units behind numbers",
    "cells: wide yen and yuan",
    "cells: thousands",
    "cells: wide percent",
    "cells: slashes",
    "cells: trailing tab",
    "cells: spaces around",
    "damage: no numbers",
    "damage: digits lost",
    "damage: conflicting rows",
    "rows: identical rows",
    "rows: headers again",
    "rows: totals",
    "files: gb18030",
)


@dataclass
class Runner:
    """Somebody who reads, and the seconds that it took: by the clock, and of all processors."""

    name: str
    read: Callable[[], object]
    wall: list[float]
    cpu: list[float]

    @classmethod
    def of(cls, name: str, read: Callable[[], object]) -> Runner:
        return cls(name, read, [], [])

    def run(self) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.read()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offers", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the misprint of the notice
    book = load_rulebook("spring_2024")
    with TemporaryDirectory() as folder:
        report(Path(folder), book, given.offers, given.seed, given.rounds)


def report(folder: Path, book: Rulebook, offers: int, seed: int, rounds: int) -> None:
    market = demo_market(offers, seed)
    market = Market({name: market.tables[name] for name in ("merchants", "offers")}, market.declared)
    clean = write_market(market, folder / "clean", book)
    dirty = write_dirty(market, folder / "dirty", book, DIRT, seed)
    few = market.tables["offers"]
    rows = np.arange(min(WORKBOOK_ROWS, few.rows))
    few = Table("offers", {name: held.take(rows) for name, held in few.cells.items()}, len(rows))
    sheets = write_dirty(
        Market({"merchants": market.merchants, "offers": few}, market.declared),
        folder / "sheets",
        book,
        ["files: typed workbooks"],
        seed,
    ).folder
    for path in sheets.glob("*.xlsx"):  # of the workbooks only that of offers counts
        if path.stem not in ("offers", "商品明细"):
            path.unlink()
    (sheets / "merchants.csv").write_text("merchant_id\nb2b\n", "utf-8")
    workbook = next(sheets.glob("*.xlsx"))

    peer = Runner.of("pandas, pyarrow, the same types", lambda: by_pandas(clean, book))
    ours = Runner.of("**read_market**, clean csv", lambda: read_market(clean, book))
    theirs = Runner.of("**read_market**, dirty csv", lambda: read_market(dirty.folder, book))
    texts = Runner.of(
        "pandas, pyarrow, texts alone", lambda: pd.read_csv(clean / "offers.csv", engine="pyarrow", dtype="str")
    )
    calamine = Runner.of("python-calamine alone", lambda: by_calamine(workbook))
    sheet = Runner.of("**read_market**, xlsx", lambda: read_market(sheets, book))
    runners = [texts, peer, ours, theirs, calamine, sheet]
    for _ in range(rounds):
        for runner in runners:
            runner.run()

    size = (clean / "offers.csv").stat().st_size / 1e6
    quality = read_market(dirty.folder, book).quality
    assert quality is not None
    noted = sum(quality.counts().get(kind, 0) for kind in ("rejected", "missing", "doubted", "merged", "repaired"))
    peaks = {name: peak_of(place) for name, place in (("clean", clean), ("dirty", dirty.folder))}
    lines = [
        "# Reading a market: time and memory",
        "",
        f"{market.offers.rows:,} offers of {market.merchants.rows:,} merchants (demo market, seed {seed}), offers.csv "
        f"of {size:.0f} MB, {len(market.offers.cells)} columns. The dirty one, in GB18030: {len(DIRT)} kinds of dirt, "
        f"{sum(dirty.made.values()):,} cells and rows, {noted:,} of them in the quality report. The workbook: "
        f"{few.rows:,} rows of the same columns. Medians of {rounds} rounds; everyone takes a turn in each; ratios are "
        "medians of the rounds' own. cpu = processor time of all threads.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, pandas {version('pandas')}, pyarrow "
        f"{version('pyarrow')}, python-calamine {version('python-calamine')}, numpy {version('numpy')}; "
        f"{date.today():%Y-%m-%d}.",
        "",
        "| | s | cpu s | ratio | cpu ratio | goal | met |",
        "|---|--:|--:|--:|--:|---|---|",
        line(texts),
        line(peer),
        line(ours, peer, 3),
        line(theirs, peer, 6),
        line(calamine),
        line(sheet, calamine, 1.5),
        "",
        "| peak memory of a process of its own | MB | / csv | goal | met |",
        "|---|--:|--:|---|---|",
        *(
            f"| reading the {name} one | {held:,.0f} | {held / size:.2f} | < {MEMORY} | {met(held < MEMORY * size)} |"
            for name, held in peaks.items()
        ),
        "",
        "The same types: rates as shares, money in fen, lists as codes, sets as bits, yes and no as booleans, days, "
        "and instants of UTC. pandas checks nothing, repairs nothing and reports nothing. "
        "Memory is the whole process's, Python and its libraries included.",
        "",
    ]
    print("\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines), "utf-8")


def line(runner: Runner, peer: Runner | None = None, goal: float = 0.0) -> str:
    wall, cpu = statistics.median(runner.wall), statistics.median(runner.cpu)
    if peer is None:
        return f"| {runner.name} | {wall:.2f} | {cpu:.2f} | | | | |"
    ratio, of_cpu = (
        statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
        for ours, theirs in ((runner.wall, peer.wall), (runner.cpu, peer.cpu))
    )
    figures = f"{wall:.2f} | {cpu:.2f} | {ratio:.2f} | {of_cpu:.2f}"
    return f"| {runner.name} | {figures} | <= {goal:g} | {met(ratio <= goal)} |"


def met(is_met: bool) -> str:
    return "yes" if is_met else "**no**"


def by_pandas(folder: Path, book: Rulebook) -> dict[str, pd.DataFrame]:
    """Both tables, with the types that the reader gives."""
    return {table: _typed(folder / f"{table}.csv", table, book) for table in ("merchants", "offers")}


def _typed(path: Path, table: str, book: Rulebook) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline().rstrip("\n").split(",")
    of = {
        column.label("zh", id): id
        for id, column in book.columns.items()
        if column.table == table or id in ("offer_id", "merchant_id")
    }
    types = {name: book.columns[of[name]].type for name in header}
    listed = {name: book.names_of(book.columns[of[name]]) for name in header}
    frame = pd.read_csv(
        path,
        engine="pyarrow",
        dtype={name: _DTYPES[type] for name, type in types.items()}
        | {name: "category" for name in header if types[name] in ("level", "text") and listed[name]},
        true_values=["是"],
        false_values=["否"],
    )
    for name, type in types.items():
        held = frame[name]
        if type == "rate":
            frame[name] = held.str.rstrip("%").astype("float64") / 100
        elif type == "money":
            frame[name] = (held * 100).round().astype("Int64")
        elif type == "day":
            frame[name] = pd.to_datetime(held, format="%Y-%m-%d")
        elif type == "time":
            local = pd.to_datetime(held, format="%Y-%m-%d %H:%M:%S")
            frame[name] = local.dt.tz_localize(book.header.timezone).dt.tz_convert("UTC")
        elif type == "set":
            bits = {member: 1 << place for place, member in enumerate(listed[name])}
            frame[name] = held.cat.codes.map(
                dict(enumerate(sum(bits.get(part, 0) for part in each.split("、")) for each in held.cat.categories))
            )
    return frame


_DTYPES = {
    "flag": "boolean",
    "count": "Int64",
    "money": "float64",
    "number": "float64",
    "rate": "str",
    "day": "str",
    "time": "str",
    "set": "category",
    "level": "str",
    "text": "str",
}


def by_calamine(path: Path) -> list[list[object]]:
    """Every cell of the first sheet, as Python values."""
    book = python_calamine.load_workbook(path)
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)


def peak_of(folder: Path) -> float:
    """The most memory, in MB, that a process ever holds that reads a market and does nothing else."""
    run = subprocess.run([sys.executable, PEAK, folder], check=True, capture_output=True, text=True)
    return float(run.stdout)


if __name__ == "__main__":
    main()
