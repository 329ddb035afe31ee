"""``campaign-analytics links``: which accounts are one user, and whom the record of one costs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import pandas as pd

from campaign_analytics.assess.links import Links
from campaign_analytics.cli.asked import assessed, print_written
from campaign_analytics.cli.terminal import Progress, bold, print_table
from campaign_analytics.report.links import accounts_told, clusters_told, ignored_told, review_told, sheets
from campaign_analytics.report.write import TABLES, ending, write_table
from campaign_analytics.words import say

_ROWS = 20


def links(asked: argparse.Namespace) -> None:
    """Read, assess, and tell of linked accounts."""
    if asked.out:
        ending(asked.out, TABLES)
    with Progress() as progress:
        asked_for = assessed(asked, progress)
        progress.say("following links")
        found = asked_for.result.links(asked.lang)
        table = found.review() if asked.review else found.accounts(asked.merchant)
        if asked.out:
            progress.say(f"writing {asked.out}")
            write_table(asked.out, table, sheets(found))
    written = [str(asked.out)] if asked.out else []
    if asked.json:
        answer = _told(found, asked, table) | asked_for.told() | {"written": written}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    if asked.review:
        print(bold(say("links_review_answer", asked.lang, groups=int(table["group"].nunique())), sys.stdout))
        print_table(review_told(found, _ROWS))
    elif asked.merchant:
        print(bold(say("links_of_one", asked.lang, id=asked.merchant, accounts=len(table)), sys.stdout))
        print_table(accounts_told(found, table))
        for way in table["way"]:
            if way:
                print(f"  {way}")
    else:
        print(bold(str(found), sys.stdout))
        print_table(clusters_told(found, _ROWS))
        for heading, told in (
            ("links_accounts", accounts_told(found, table, _ROWS)),
            ("links_ignored", ignored_told(found, _ROWS)),
        ):
            if len(told.frame):
                print(f"\n{say(heading, asked.lang)}")
                print_table(told)
    asked_for.print_notes(asked.lang)
    if written:
        print_written(written, asked.lang)


def _told(found: Links, asked: argparse.Namespace, table: pd.DataFrame) -> dict[str, Any]:
    if asked.review:
        return {"review": _records(table)}
    if asked.merchant:
        return {"accounts": _records(table)}
    return {
        "clusters": _records(found.clusters()),
        "accounts": _records(table),
        "ignored": _records(found.ignored()),
    }


def _records(frame: pd.DataFrame) -> Any:
    return json.loads(frame.to_json(orient="records", force_ascii=False, date_format="iso"))
