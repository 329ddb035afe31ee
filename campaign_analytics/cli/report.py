"""``campaign-analytics report``: a market's report for its operators, or one merchant's to send."""

from __future__ import annotations

import argparse
import json
import sys

from campaign_analytics.cli.asked import assessed, print_written
from campaign_analytics.cli.terminal import Progress, bold
from campaign_analytics.errors import CampaignError
from campaign_analytics.report.merchant import merchant_report
from campaign_analytics.report.write import SHEETS, ending, write_market, write_merchant


def report(asked: argparse.Namespace) -> None:
    """Read, assess, write, and say what came out."""
    if asked.merchant is not None:
        ending(asked.out, SHEETS)
    elif asked.out.is_file():
        raise CampaignError(f"{asked.out} is a file; a market's report goes into a folder, or name a --merchant")
    with Progress() as progress:
        asked_for = assessed(asked, progress)
        result = asked_for.result
        progress.say(f"writing {asked.out}")
        if asked.merchant is None:
            written = write_market(result, asked.out, asked.lang)
            answer = " ".join(result.headline(asked.lang).splitlines()[1].split())
        else:
            told = merchant_report(result, asked.merchant, asked.lang)
            written, answer = [write_merchant(told, asked.out)], f"{told.title}: {told.answer}"
    if asked.json:
        print(json.dumps(asked_for.told() | {"written": [str(path) for path in written]}, ensure_ascii=False, indent=2))
        return
    print(bold(answer, sys.stdout))
    asked_for.print_notes(asked.lang)
    print_written(written, asked.lang)
