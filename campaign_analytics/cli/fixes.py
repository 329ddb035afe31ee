"""``campaign-analytics fixes``: who is closest, and what to change first."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from campaign_analytics.assess.subject import find
from campaign_analytics.cli.asked import assessed, print_written
from campaign_analytics.cli.terminal import Progress, bold, print_table
from campaign_analytics.report.people import causes_told
from campaign_analytics.report.write import TABLES, ending, of_merchant, write_fixes
from campaign_analytics.words import say

_ROWS = 20
_SHOWN = ["merchant_id", "clause", "what", "lead_days", "offers", "unlocks"]


def fixes(asked: argparse.Namespace) -> None:
    """Read, assess, and tell what lets most offers in."""
    if asked.out:
        ending(asked.out, TABLES)
    with Progress() as progress:
        asked_for = assessed(asked, progress)
        result = asked_for.result
        if asked.merchant is not None:
            find(result, "merchants", "merchant_id", asked.merchant)
        near = result.near_misses(asked.at_most)
        causes, close = of_merchant(near.causes(asked.lang), asked.merchant), of_merchant(near.table(), asked.merchant)
        if asked.out:
            progress.say(f"writing {asked.out}")
            write_fixes(near, asked.out, asked.lang, asked.merchant)
    written = [str(asked.out)] if asked.out else []
    warnings = near.warnings(asked.lang)
    if asked.json:
        rows: list[Any] = json.loads(causes.to_json(orient="records", force_ascii=False))
        found = {"at_most": near.at_most, "offers": len(close), "causes": rows, "warnings": list(warnings)}
        print(json.dumps(found | asked_for.told() | {"written": written}, ensure_ascii=False, indent=2))
        return
    count, first = len(close), int(causes["unlocks"].iloc[0]) if len(causes) else 0
    key = "fixes_answer" if count else "fixes_answer_none"
    answer = say(key, asked.lang, count=count, most=near.at_most, causes=len(causes), first=first)
    print(bold(answer, sys.stdout))
    print_table(causes_told(result, causes[_SHOWN], asked.lang, _ROWS))
    for warning in warnings if count else ():
        print("!", warning)
    asked_for.print_notes(asked.lang)
    if written:
        print_written(written, asked.lang)
