"""How fast absolute claims are found in a million titles, on one core.

    python benchmarks/claims.py [--titles 1000000] [--seed 0] [--repeats 3]

Titles are all different, of some 30 characters; one in five holds a word of the list, in plain writing or disguised.
The table goes to benchmarks/results/claims.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import time
import warnings
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from random import Random

import pandas as pd

import campaign_analytics as ca
from campaign_analytics.derive.claims_found import phrases_of_lists
from campaign_analytics.market.schema import Cells, Market, Table

RESULTS = Path(__file__).with_name("results") / "claims.md"
GOAL = 20.0  # seconds, for a million titles
WORDS = (
    "春季新款", "碎花", "连衣裙", "女", "男", "童装", "纯棉", "加厚", "现货", "一件代发", "厂家直销",
    "源头工厂", "批发", "跨境", "爆款", "收纳盒", "置物架", "不锈钢", "硅胶", "防滑", "透气", "大码", "显瘦",
    "宽松", "复古", "法式", "简约", "北欧", "ins风", "便携", "折叠", "户外", "露营", "定制", "logo", "礼品",
    "最近上新", "第一次", "最大码", "万能胶", "保温杯", "四件套",
)  # fmt: skip
CLAIMS = (
    "全网最低价", "质量最好", "销量第一", "顶级面料", "最 大 工厂", "TOP1", "Ｎｏ．①", "獨一無二", "国·家·级",
    "全球第一品牌",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--titles", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")  # the misprint of the notice

    book = ca.load_rulebook("spring_2024")
    lists = book.lists["absolute_claims"], book.lists["harmless_phrases"]
    phrases = phrases_of_lists(*lists)
    random = Random(given.seed)
    titles = [title(random) for _ in range(given.titles)]
    loud = [random.choice(CLAIMS) * 6 for _ in range(given.titles)]
    market, demo = market_of(titles), ca.demo_market(given.titles, given.seed)
    plain = re.compile("|".join(map(re.escape, sorted(lists[0].values, key=len, reverse=True))))

    cases: list[tuple[str, Callable[[], object]]] = [
        ("places found in titles that are all different", lambda: phrases.find(titles)),
        ("the same, told as a table with context", lambda: ca.claims(market, book)),
        ("titles that are nothing but claims, six in each", lambda: phrases.find(loud)),
        ("four texts an offer of the demo market, few of them different", lambda: ca.claims(demo, book)),
        (
            "for comparison: `re`, the listed words as they are, nothing folded",
            lambda: list(map(plain.findall, titles)),
        ),
    ]
    hits = phrases.find(titles)
    rows = [f"| {name} | {timed(run, given.repeats):,.2f} |" for name, run in cases]
    goal = GOAL * given.titles / 1e6
    met = "yes" if float(rows[0].split("|")[2].replace(",", "")) < goal else "**no**"
    lines = [
        "# Absolute claims: time",
        "",
        f"{given.titles:,} titles of {statistics.fmean(map(len, titles)):.0f} characters on average (seed "
        f"{given.seed}), "
        f"{len(lists[0].values) + len(lists[0].aliases)} words and spellings, {len(lists[1].values)} harmless phrases, "
        f"{len(hits.text):,} places found. Medians of {given.repeats} runs, on one core, beside other "
        f"work: {os.getloadavg()[1]:.1f} processes were running or waiting.",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, ahocorasick-rs {version('ahocorasick-rs')}, "
        f"opencc {version('opencc')}, numpy {version('numpy')}; {date.today():%Y-%m-%d}.",
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


def title(random: Random) -> str:
    parts = [*random.sample(WORDS, 8), str(random.randrange(10**6))]
    if random.random() < 0.2:
        parts[random.randrange(len(parts))] = random.choice(CLAIMS)
    return " ".join(parts)


def market_of(titles: list[str]) -> Market:
    ids = pd.array([str(i) for i in range(len(titles))], dtype="str")
    cells = {"offer_id": Cells("text", ids), "title": Cells("text", pd.array(titles, dtype="str"))}
    return Market({"merchants": Table("merchants", {}, 0), "offers": Table("offers", cells, len(titles))})


def timed(run: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
