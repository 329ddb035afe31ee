"""``campaign-analytics intake``: what was understood of an export first, then what was made of it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from campaign_analytics.cli.asked import check, print_written, rulebook
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress, bold, print_table
from campaign_analytics.market.databases import without_secrets
from campaign_analytics.market.read import read_market
from campaign_analytics.report.intake import CLEAN, Intake, write_intake
from campaign_analytics.words import say


def intake(asked: argparse.Namespace) -> None:
    """Read a folder or database, tell what was understood, and write it where ``--out`` says."""
    book, _ = rulebook(asked.rulebook or default_rulebook(), asked.variant, {})
    check(asked.exports)
    with Progress() as progress:
        market = read_market(
            asked.exports, book, asked.mapping, progress.bar(f"reading {without_secrets(asked.exports)}")
        )
        told = Intake(market, book, asked.lang)
        written = []
        if asked.out:
            progress.say(f"writing {asked.out}")
            written = [str(path) for path in write_intake(market, book, asked.out, asked.lang, asked.mapping)]
    if asked.json:
        print(json.dumps(_told(told) | {"written": written}, ensure_ascii=False, indent=2))
        return
    print(bold(told.answer(), sys.stdout))
    print(*told.fates(), sep="\n")
    for heading, table in told.sections():
        print("", bold(heading, sys.stdout), sep="\n")
        print_table(table)
    if written:
        print()
        print_written(written, asked.lang)
        print(say("intake_next", asked.lang, folder=asked.out / CLEAN))


def _told(told: Intake) -> dict[str, Any]:
    """The same for machines: every row of every table."""
    tables = {
        "rows": told.quality.rows(),
        "files": told.files().frame,
        "unread": told.unread().frame,
        "matched": told.matched().frame,
        "units": told.units().frame,
        "unmatched": told.unmatched().frame,
        "absent": told.absent().frame,
        "columns": told.quality.columns(told.lang),
    }
    return {name: json.loads(held.to_json(orient="records", force_ascii=False)) for name, held in tables.items()}
