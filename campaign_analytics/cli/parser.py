"""What may be typed: commands, their options, and examples of each."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

from campaign_analytics.cli.options import (
    answer_options,
    command,
    count,
    market_options,
    part_options,
    place,
    rulebook_options,
    runs,
    seed,
    words,
)
from campaign_analytics.cli.why_not import TABLE, add_why_not

TOP = """
examples:
  campaign-analytics intake exports --out mine
  campaign-analytics demo market
  campaign-analytics assess market
  campaign-analytics fixes market
  campaign-analytics rulebook show
  campaign-analytics dashboard
"""

ASSESS = """
MARKET is a folder with a file of merchants and a file of offers (csv, xlsx, parquet or JSON) and, where given,
penalties, links, transactions, skus, price_tiers and price_history; or a database with such tables
(duckdb:///market.duckdb, sqlite:///market.db). A market.toml in the folder may declare as_of.

Into --out go offers and merchants, each with its verdict and the rules behind it, and faults: the cells and rows of
the market that were doubtful or not understood.

A market too large to be held is given as a folder of typed parquet files (what intake writes into clean/) with
--engine, or as an index. It is assessed part by part and counted; files then have the outcomes of every offer in
--out, where a run that was stopped goes on. Files of more than 4 million offers are always taken so.

examples:
  campaign-analytics assess exports
  campaign-analytics assess exports --as-of 2031-05-31 --lang zh
  campaign-analytics assess exports --set PARAMETER=85% --set OTHER=none --out what_if
  campaign-analytics assess mine/clean --engine duckdb --out outcomes
  campaign-analytics assess coded --set PARAMETER=85%
  campaign-analytics assess exports --rulebook my_campaign.toml --variant VARIANT --format parquet --json
"""

INTAKE = """
EXPORTS is what you have, as it is: a folder of files, workbooks and archives, one of these, or a database
(duckdb:///market.duckdb, sqlite:///market.db, any URL of SQLAlchemy). Which file or table is which is told by [tables]
of --mapping, else by names, else by headers. Nothing is guessed: headers that only look like a known one are proposed,
and kept aside.

Into --out go clean/ (parquet files of typed columns: a market for every other command), mapping.toml (what was
understood; edit it and pass it in with --mapping) and, where rows were put aside, TABLE_rejected.csv (repair them and
put the file beside your exports). What people edit is never written over.

examples:
  campaign-analytics intake exports
  campaign-analytics intake exports --out mine --lang zh
  campaign-analytics intake exports --mapping mine/mapping.toml --out mine
  campaign-analytics intake duckdb:///market.duckdb --mapping tables.toml --out mine
"""

INDEX = """
SOURCE is a folder of parquet files of typed columns, as intake writes them, of any size: offers.parquet, or a folder
offers of files. DIR then holds a byte or two for each condition of each offer; assess, blockers, whatif, explain and
cube take it in place of a market, at any values on the sliders, as do WhatIf and dashboard in Python. With --engine
spark SOURCE may also be an address, or catalog:DATABASE.

examples:
  campaign-analytics index mine/clean --out coded
  campaign-analytics index mine/clean --out coded --as-of 2031-05-31 --by trade_medal --json
"""

CUBE = """
Counts at every value of a few parameters: a small file, whatever the market's size, on which what-ifs and dashboards
run in Python (open_cube). Without --out only its size is said, by some of the offers where there are many, and what
would be small enough where it is too large.

examples:
  campaign-analytics cube coded --explore PARAMETER --explore OTHER=5%
  campaign-analytics cube mine/clean --engine duckdb --explore PARAMETER --by trade_medal --out cube.parquet
  campaign-analytics cube exports --explore PARAMETER --out cube.parquet --json
"""

WHAT_IF = """
The rulebook as it is (with --variant, if given) is the baseline. On top of it come a scenario file, then every --set
and --off. Counts are exact, and before quotas. One value of a parameter that varies: --set "PARAMETER[VALUE]=5%".

examples:
  campaign-analytics whatif exports --set PARAMETER=85% --curve PARAMETER
  campaign-analytics whatif exports --off RULE --by trade_medal --out flips.xlsx
  campaign-analytics whatif exports --set PARAMETER=85% --save lower.toml
  campaign-analytics whatif exports --scenario lower.toml --lang zh --json
  campaign-analytics whatif coded --set PARAMETER=85% --off RULE
  campaign-analytics whatif mine/clean --engine numpy --set PARAMETER=85%
"""

MONITOR = """
SNAPSHOTS is a folder with a folder for each day, named by its date (2031-05-31), each a market as for assess; or one
market whose rows have a day in snapshot_at. They are read one at a time. A day without one is unknown, not clean.

Into --out go offers and merchants (how each stands), breaches, at_risk, refused_moves, misread, platform, days and
timeline.

examples:
  campaign-analytics monitor snapshots
  campaign-analytics monitor snapshots --lang zh --out over_time
  campaign-analytics monitor snapshots --set hold_from=submission --json
"""

CHECK = """
Names every fault with its file, line and place; exit code 1 if there is any.

example:
  campaign-analytics rulebook check my_campaign.toml
"""

SHOW = """
examples:
  campaign-analytics rulebook show
  campaign-analytics rulebook show my_campaign.toml --json
"""

DEMO = """
The same offers and seed give the same market.

examples:
  campaign-analytics demo market
  campaign-analytics demo market --offers 1000000 --seed 7 --format parquet
  campaign-analytics demo snapshots --snapshots 9
"""

LAB = """
JupyterLab, on this machine only. It prints the address, and opens it where there is a browser with a window.

examples:
  campaign-analytics lab
  campaign-analytics lab notebooks/02_why_not.ipynb --port 8899 --no-browser
"""

DASHBOARD = """
The notebook as a page without its code, by Voila, on this machine only. It prints the address, and opens it where there
is a browser with a window. Every page that is opened runs the notebook anew, unseen by the others.

examples:
  campaign-analytics dashboard
  campaign-analytics dashboard notebooks/01_who_qualifies.ipynb --port 8899 --no-browser
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; what it gives has ``run``, the function of the chosen command."""
    top = argparse.ArgumentParser("campaign-analytics", **words("who qualifies for a sales campaign, and why not", TOP))
    top.add_argument("--version", action="version", version=f"%(prog)s {version('campaign-analytics')}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    intake = command(
        commands, "intake", "say what was understood of your files, and make a clean market of them", INTAKE
    )
    intake.add_argument(
        "exports", metavar="EXPORTS", type=place, help="a folder, a workbook, an archive, or a database's URL"
    )
    intake.add_argument("--mapping", metavar="FILE.toml", type=Path, help="what headers, units and files mean")
    intake.add_argument("--out", metavar="DIR", type=Path, help="write the clean market, the mapping and rejected rows")
    rulebook_options(intake, parameters=False)
    answer_options(intake, "all that was understood")
    runs(intake, "intake", "intake")

    assess = command(commands, "assess", "say who qualifies, and write the verdicts", ASSESS)
    market_options(assess)
    part_options(assess)
    assess.add_argument("--out", metavar="DIR", type=Path, help="default: verdicts")
    assess.add_argument("--format", choices=("csv", "parquet"), help="default: csv; in parts always parquet")
    answer_options(assess, "the counts")
    runs(assess, "assess", "assess")

    add_why_not(commands)

    what_if = command(commands, "whatif", "say who comes in and who drops out if thresholds moved", WHAT_IF)
    market_options(what_if)
    part_options(what_if)
    what_if.add_argument("--off", metavar="RULE", action="append", help="leave a rule out")
    what_if.add_argument("--scenario", metavar="FILE.toml", type=Path, help="a scenario saved earlier")
    what_if.add_argument("--by", metavar="COLUMN", help="default: the category")
    what_if.add_argument("--curve", metavar="PARAMETER", help="count at every value of a parameter")
    what_if.add_argument("--save", metavar="FILE.toml", type=Path, help="save what is set as a scenario")
    what_if.add_argument("--out", metavar=TABLE, type=Path, help="write every offer that changes")
    answer_options(what_if, "the counts")
    runs(what_if, "whatif", "whatif")

    over_time = command(
        commands, "monitor", "say who kept the rules over time, and who is about to break them", MONITOR
    )
    over_time.add_argument("snapshots", metavar="SNAPSHOTS", type=Path, help="a folder of dated folders")
    rulebook_options(over_time)
    over_time.add_argument("--out", metavar="DIR", type=Path, help="write every table")
    over_time.add_argument("--format", choices=("csv", "parquet"), default="csv", help="default: %(default)s")
    answer_options(over_time, "the tables")
    runs(over_time, "monitor", "monitor")

    index = command(commands, "index", "keep a market of any size as codes, for other thresholds", INDEX)
    index.add_argument("source", metavar="SOURCE", type=place, help="a folder of typed parquet files")
    index.add_argument("--out", metavar="DIR", type=Path, required=True, help="a new folder, or an older index")
    index.add_argument("--as-of", metavar="DATE", help="the moment of the assessment; a day means its first moment")
    index.add_argument("--by", metavar="COLUMN", action="append", help="a column to group by besides the category")
    part_options(index)
    rulebook_options(index)
    answer_options(index, "the counts")
    runs(index, "index", "index")

    cube = command(commands, "cube", "say how large a what-if cube would be, and make it", CUBE)
    market_options(cube)
    part_options(cube)
    cube.add_argument(
        "--explore", metavar="PARAMETER[=STEP]", action="append", required=True, help="a slider, with a coarser step"
    )
    cube.add_argument("--by", metavar="COLUMN", action="append", help="a column to group by besides the category")
    cube.add_argument("--out", metavar="FILE.parquet", type=Path, help="make it")
    answer_options(cube, "its size")
    runs(cube, "cube", "cube")

    rulebook = commands.add_parser("rulebook", help="show or check a rulebook", **words("rulebooks", ""))
    verbs = rulebook.add_subparsers(metavar="COMMAND", required=True)
    check = command(verbs, "check", "find every fault of a rulebook file", CHECK)
    check.add_argument("file", metavar="FILE", type=Path)
    runs(check, "rulebook", "check")
    show = command(verbs, "show", "print clauses, rules and parameters", SHOW)
    show.add_argument("rulebook", metavar="NAME|FILE", nargs="?", help="one that is shipped, or a file")
    answer_options(show, "it")
    runs(show, "rulebook", "show")

    demo = command(commands, "demo", "write an invented market", DEMO)
    demo.add_argument("folder", metavar="DIR", type=Path, help="a new or empty folder")
    demo.add_argument("--offers", metavar="N", type=count, default=2_000, help="default: %(default)s")
    demo.add_argument("--seed", metavar="S", type=seed, default=0, help="default: %(default)s")
    demo.add_argument("--snapshots", metavar="N", type=count, help="on so many days, a folder each")
    demo.add_argument("--format", choices=("csv", "parquet"), default="csv", help="default: %(default)s")
    runs(demo, "demo", "demo")

    _serves(command(commands, "lab", "open a notebook to work in", LAB), "lab", "01_who_qualifies")
    _serves(command(commands, "dashboard", "serve a notebook as a page to use", DASHBOARD), "dashboard", "03_what_if")
    return top


def _serves(verb: argparse.ArgumentParser, name: str, notebook: str) -> None:
    held = Path("notebooks", f"{notebook}.ipynb")
    verb.add_argument("notebook", metavar="NOTEBOOK", nargs="?", type=Path, default=held, help="default: %(default)s")
    verb.add_argument("--port", metavar="N", type=count, help="in place of the first that is free")
    verb.add_argument("--no-browser", action="store_true", help="only print the address")
    runs(verb, "serve", name)
