"""How a market in typed parquet files is assessed by Spark on this machine, beside NumPy in the same run.

    make .venv/spark
    python benchmarks/spark.py [--sizes 1000000] [--seed 0]

Files are those of scale.py. Work is processor time of all that runs: the driver, the JVM and its Python workers. Each
step is taken twice in one session, of which the first starts the workers; the table has both.
The table goes to benchmarks/results/spark.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

from pyspark.sql import SparkSession
from scale import EXPLORE, counted, make, rulebook

import campaign_analytics as ca

RESULTS = Path(__file__).with_name("results") / "spark.md"
CORES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    spark = session()
    lines = []
    for offers in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            make(folder, offers, given.seed)
            with tempfile.TemporaryDirectory() as out:
                lines += [f"| **{offers:,} offers** | | | |", *rows(folder, offers, spark, out)]
    told = [
        "# Spark beside NumPy",
        "",
        f"Seed {given.seed}, spring_2024 (corrected), every rule; local[{CORES}], 2 GB for the JVM. One run, beside "
        f"other work ({os.getloadavg()[1]:.1f} processes were running or waiting), so that only work and ratios mean "
        "much. Work is "
        "processor time of the driver, the JVM and its Python workers together.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, pyspark {version('pyspark')}, numpy "
        f"{version('numpy')}, pyarrow {version('pyarrow')}; {date.today():%Y-%m-%d}.",
        "",
        "| | seconds | of work | offers a core-second |",
        "|---|--:|--:|--:|",
        *lines,
        "",
    ]
    RESULTS.write_text("\n".join(told), "utf-8")
    spark.stop()


def rows(folder: str, offers: int, spark: SparkSession, out: str) -> list[str]:
    """The lines of one market; NumPy and Spark must count the same, also where outcomes are written to ``out``."""
    steps: dict[str, Callable[[], str]] = {
        "assess, NumPy": lambda: counted(ca.assess(folder, rulebook())),
        "assess, Spark, first": lambda: counted(ca.assess(folder, rulebook(), engine=spark)),
        "assess, Spark, again": lambda: counted(ca.assess(folder, rulebook(), engine=spark)),
        "assess, Spark, `out=`": lambda: counted(ca.assess(folder, rulebook(), engine=spark, out=out)),
        "the same, nothing changed": lambda: counted(ca.assess(folder, rulebook(), engine=spark, out=out)),
        "cube, NumPy": lambda: counted(ca.what_if_cube(folder, rulebook(), EXPLORE)),
        "cube, Spark": lambda: counted(ca.what_if_cube(folder, rulebook(), EXPLORE, engine=spark)),
    }
    lines, told = [], set[str]()
    for name, step in steps.items():
        wall, work = time.perf_counter(), worked()
        told.add(step())
        wall, work = time.perf_counter() - wall, worked() - work
        lines.append(f"| {name} | {wall:,.1f} | {work:,.1f} | {offers / work:,.0f} |")
        print(lines[-1], flush=True)
    assert len(told) == 1, told
    return lines


def session() -> SparkSession:
    """Spark in this machine alone, quiet."""
    return (
        SparkSession.builder.master(f"local[{CORES}]")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "localhost")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.shuffle.partitions", str(2 * CORES))
        .getOrCreate()
    )


def worked() -> float:
    """Processor seconds of this process and all that it started, those that have ended included."""
    tick = os.sysconf("SC_CLK_TCK")
    held: dict[int, tuple[int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        held[int(stat.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    ours, waiting = 0, [os.getpid()]
    while waiting:
        parent = waiting.pop()
        ours += held[parent][1] if parent in held else 0
        waiting += [each for each, (of, _) in held.items() if of == parent]
    return ours / tick


if __name__ == "__main__":
    main()
