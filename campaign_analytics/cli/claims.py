"""``campaign-analytics claims``: the words to take out, where they stand."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from campaign_analytics.assess.claims import claims as found_claims
from campaign_analytics.assess.claims import columns_of
from campaign_analytics.cli.asked import check, print_written
from campaign_analytics.cli.rulebook import default_rulebook, quietly_loaded
from campaign_analytics.cli.terminal import Progress, bold, print_table
from campaign_analytics.market.databases import without_secrets
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Cells, Market, Table
from campaign_analytics.market.single import read_some
from campaign_analytics.report.people import claims_told
from campaign_analytics.report.write import TABLES, ending, write_table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.words import say

_ROWS = 20


def claims(asked: argparse.Namespace) -> None:
    """Read texts, and tell which words of the rulebook's list stand in them."""
    if asked.out:
        ending(asked.out, TABLES)
    book = quietly_loaded(asked.rulebook or default_rulebook())
    with Progress() as progress:
        market = _market(asked.market, asked.text, book, progress)
        progress.say("looking for words")
        found = found_claims(market, book)
        if asked.out:
            progress.say(f"writing {asked.out}")
            whole = claims_told(found, book, asked.lang)
            write_table(asked.out, found, {say("claims_heading", asked.lang): whole})
    written = [str(asked.out)] if asked.out else []
    key = found.columns[0]
    counts = {"claims": len(found), "in": int(found[key].nunique()), "of": market.offers.rows}
    if asked.json:
        rows: list[Any] = json.loads(found.to_json(orient="records", force_ascii=False))
        print(json.dumps(counts | {"found": rows, "written": written}, ensure_ascii=False, indent=2))
        return
    kind = "claims_answer" if len(found) else "claims_answer_none"
    print(bold(say(kind, asked.lang, **{f"n_{name}": count for name, count in counts.items()}), sys.stdout))
    print_table(claims_told(found, book, asked.lang, _ROWS))
    if written:
        print_written(written, asked.lang)


def _market(place: Path | str | None, texts: list[str] | None, book: Rulebook, progress: Progress) -> Market:
    """A market of a folder, of one file of offers, or of texts, each taken as the first column that is looked at."""
    if place is not None:
        check(place)
        progress.say(f"reading {without_secrets(place)}")
        if isinstance(place, str) or not place.is_file():
            return read_market(place, book)
    reads = [each for name in columns_of(book) for each in book.reads(name)]
    if isinstance(place, Path):
        offers = read_some(place, "offers", reads, book)
    else:
        held = Cells("text", pd.array(texts or [], dtype="str"))
        offers = Table("offers", {reads[0]: held}, len(held), Origin.of("", np.arange(len(held)) + 1))
    return Market({"merchants": Table("merchants", {}, 0), "offers": offers})
