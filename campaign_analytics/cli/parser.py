"""What may be typed: commands, their options, and examples of each."""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

EXIT_CODES = "exit codes: 0 results were written, 1 refused, 2 wrong usage"

TOP = """
examples:
  campaign-analytics demo market
  campaign-analytics assess market
  campaign-analytics rulebook show
"""

ASSESS = """
MARKET is a folder with a file of merchants and a file of offers (csv, xlsx or parquet) and, where given,
penalties, links, transactions, skus, price_tiers and price_history. Its market.toml may declare as_of.

Into --out go offers and merchants, each with its verdict and the rules behind it, and faults: the cells and rows of
the market that were doubtful or not understood.

examples:
  campaign-analytics assess exports
  campaign-analytics assess exports --as-of 2031-05-31 --lang zh
  campaign-analytics assess exports --set PARAMETER=85% --set OTHER=none --out what_if
  campaign-analytics assess exports --rulebook my_campaign.toml --variant VARIANT --format parquet --json
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
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; what it gives has ``run``, the function of the chosen command."""
    top = argparse.ArgumentParser(
        "campaign-analytics", **_words("who qualifies for a sales campaign, and why not", TOP)
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {version('campaign-analytics')}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    assess = _command(commands, "assess", "say who qualifies, and write the verdicts", ASSESS)
    assess.add_argument("market", metavar="MARKET", type=Path, help="a folder of tables")
    assess.add_argument("--rulebook", metavar="NAME|FILE", help="one that is shipped, or a file")
    assess.add_argument("--variant", metavar="NAME", help="a variant of the rulebook, such as a corrected misprint")
    assess.add_argument("--as-of", metavar="DATE", help="the moment of the assessment; a day means its first moment")
    assess.add_argument("--set", metavar="NAME=VALUE", type=_setting, action="append", help="change a parameter")
    assess.add_argument("--out", metavar="DIR", type=Path, default=Path("verdicts"), help="default: %(default)s")
    assess.add_argument("--format", choices=("csv", "parquet"), default="csv", help="default: %(default)s")
    assess.add_argument("--lang", choices=("en", "zh"), default="en", help="default: %(default)s")
    assess.add_argument("--json", action="store_true", help="print the counts for machines")
    _runs(assess, "assess")

    rulebook = commands.add_parser("rulebook", help="show or check a rulebook", **_words("rulebooks", ""))
    verbs = rulebook.add_subparsers(metavar="COMMAND", required=True)
    check = _command(verbs, "check", "find every fault of a rulebook file", CHECK)
    check.add_argument("file", metavar="FILE", type=Path)
    _runs(check, "check")
    show = _command(verbs, "show", "print clauses, rules and parameters", SHOW)
    show.add_argument("rulebook", metavar="NAME|FILE", nargs="?", help="one that is shipped, or a file")
    show.add_argument("--lang", choices=("en", "zh"), default="en", help="default: %(default)s")
    show.add_argument("--json", action="store_true", help="print it for machines")
    _runs(show, "show")

    demo = _command(commands, "demo", "write an invented market", DEMO)
    demo.add_argument("folder", metavar="DIR", type=Path, help="a new or empty folder")
    demo.add_argument("--offers", metavar="N", type=_count, default=2_000, help="default: %(default)s")
    demo.add_argument("--seed", metavar="S", type=int, default=0, help="default: %(default)s")
    demo.add_argument("--format", choices=("csv", "parquet"), default="csv", help="default: %(default)s")
    _runs(demo, "demo")
    return top


def _command(commands: Any, name: str, does: str, more: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(name, help=does, **_words(does, more))
    return added


def _words(does: str, more: str) -> dict[str, Any]:
    epilog = f"{more.strip()}\n\n{EXIT_CODES}".strip()
    return {
        "description": f"{does[0].upper()}{does[1:]}.",
        "epilog": epilog,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def _runs(command: argparse.ArgumentParser, name: str) -> None:
    def run(asked: argparse.Namespace) -> None:
        # loaded only now, and pandas with it: help and wrong usage answer at once
        module = import_module(f"campaign_analytics.cli.{'rulebook' if name in ('check', 'show') else name}")
        getattr(module, name)(asked)

    command.set_defaults(run=run)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE, such as max_price=12.50")
    return name.strip(), value.strip()


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)
