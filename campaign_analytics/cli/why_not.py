"""What may be typed to learn why not, and what to do: ``explain``, ``blockers``, ``fixes``, ``claims``, ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from campaign_analytics.cli.options import answer_options, command, count, market_options, part_options, place, runs

EXPLAIN = """
The verdict, what to do about it, and every rule in the notice's order: the value, what is needed, how far apart, the
assumption behind it, and the cell where it was read.

examples:
  campaign-analytics explain exports --offer 610000000042
  campaign-analytics explain exports --merchant b2b-22001 --lang zh --html card.html
  campaign-analytics explain exports --offer 610000000042 --set PARAMETER=85% --json
"""

BLOCKERS = """
Rules that overlap count as one. Shared out: a subject that fails in three counts a third for each of them.
The first rows are printed, all are written to --out.

examples:
  campaign-analytics blockers exports
  campaign-analytics blockers exports --by category --out blockers.xlsx
  campaign-analytics blockers exports --level merchants --weight offers --json
"""

FIXES = """
Offers that fail in at most so many rules, all of them curable in the days left. What one change does for many offers
comes first. --out writes every single repair, and as .xlsx also the list by cause.

examples:
  campaign-analytics fixes exports
  campaign-analytics fixes exports --at-most 2 --merchant b2b-22001 --lang zh
  campaign-analytics fixes exports --out fixes.xlsx
"""

CLAIMS = """
Looks into the texts of offers for the words that the rulebook lists, in either script and however they are spaced out,
but for its harmless phrases. FILE is one csv, xlsx or parquet file of offers. The first hits are printed, all are
written to --out.

examples:
  campaign-analytics claims exports
  campaign-analytics claims titles.xlsx --out claims.xlsx --lang zh
  campaign-analytics claims --text "a title" --text "another one" --json
"""

LINKS = """
Accounts are one user where they share an identifier or a declared link names them, directly or over others. Shown are
the users of several accounts of which one's record keeps merchants out, the way from its account to each other, and the
identifiers that were ignored, as too many share them or they are placeholders. --review lists similar identities that
are not equal: a proposal to look at, which costs nobody anything. Names merchants side by side: not for one of them.

examples:
  campaign-analytics links exports
  campaign-analytics links exports --merchant b2b-22001 --lang zh
  campaign-analytics links exports --review --out review.csv
"""

REPORT = """
Of a market: report.html, failures.xlsx and fixes.xlsx in a folder. Of one merchant: a page or a workbook to send to
it, which holds nothing of any other merchant. A page needs nothing beside it and no network.

examples:
  campaign-analytics report exports --out report --lang zh
  campaign-analytics report exports --merchant b2b-22001 --out b2b-22001.html
  campaign-analytics report exports --merchant b2b-22001 --out b2b-22001.xlsx
"""

TABLE = "FILE.csv|.parquet|.xlsx"


def add_why_not(commands: Any) -> None:
    """Add the five commands."""
    explain = command(commands, "explain", "say why one offer or merchant qualifies or not", EXPLAIN)
    market_options(explain)
    part_options(explain, counted=False)
    one = explain.add_mutually_exclusive_group(required=True)
    one.add_argument("--offer", metavar="ID")
    one.add_argument("--merchant", metavar="ID")
    explain.add_argument("--html", metavar="FILE.html", type=Path, help="write the card as a page, too")
    answer_options(explain, "the card")
    runs(explain, "explain", "explain")

    blockers = command(commands, "blockers", "say which rules keep most out", BLOCKERS)
    market_options(blockers)
    part_options(blockers)
    blockers.add_argument(
        "--by", metavar="COLUMN", help="for each value of a column, or for each size of a merchant: size"
    )
    blockers.add_argument("--weight", metavar="COLUMN", help="sum a column of numbers in place of counting")
    blockers.add_argument("--level", choices=("offers", "merchants"), default="offers", help="default: %(default)s")
    blockers.add_argument("--out", metavar=TABLE, type=Path, help="write the whole table")
    answer_options(blockers, "the table")
    runs(blockers, "blockers", "blockers")

    fixes = command(commands, "fixes", "say what to change first, and how many offers that lets in", FIXES)
    market_options(fixes)
    fixes.add_argument("--at-most", metavar="K", type=count, help="how many rules may fail; default: the rulebook's")
    fixes.add_argument("--merchant", metavar="ID", help="of one merchant alone")
    fixes.add_argument("--out", metavar=TABLE, type=Path, help="write every repair")
    answer_options(fixes, "the list")
    runs(fixes, "fixes", "fixes")

    claims = command(commands, "claims", "find words that may not stand in a title, and where they stand", CLAIMS)
    texts = claims.add_mutually_exclusive_group(required=True)
    texts.add_argument("market", metavar="MARKET|FILE", nargs="?", type=place, help="a market, or one of its files")
    texts.add_argument("--text", metavar="TEXT", action="append", help="look into this; may be given several times")
    claims.add_argument("--rulebook", metavar="NAME|FILE", help="one that is shipped, or a file")
    claims.add_argument("--out", metavar=TABLE, type=Path, help="write every hit")
    answer_options(claims, "the hits")
    runs(claims, "claims", "claims")

    links = command(commands, "links", "say which accounts are one user, and whom another's record costs", LINKS)
    market_options(links)
    which = links.add_mutually_exclusive_group()
    which.add_argument("--merchant", metavar="ID", help="the accounts of one merchant's user alone")
    which.add_argument("--review", action="store_true", help="similar identities, to be looked at")
    links.add_argument("--out", metavar=TABLE, type=Path, help="write every account (similar identities)")
    answer_options(links, "the accounts")
    runs(links, "links", "links")

    report = command(commands, "report", "write a report of a market, or one for a merchant", REPORT)
    market_options(report)
    report.add_argument("--merchant", metavar="ID", help="for one merchant, to be sent")
    report.add_argument(
        "--out", metavar="DIR|FILE", type=Path, required=True, help="a folder; .html or .xlsx for --merchant"
    )
    answer_options(report, "what was written")
    runs(report, "report", "report")
