"""``campaign-analytics explain``: one card, the verdict and what to do first."""

from __future__ import annotations

import argparse
import json
import sys

from campaign_analytics.cli.asked import Asked, assessed, in_parts, noted, print_written, rulebook
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress, bold
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.fetching import fetch_uncounted
from campaign_analytics.report.people import repairs_told
from campaign_analytics.report.write import PAGE, ending, write_card


def explain(asked: argparse.Namespace) -> None:
    """Read, assess, and tell of one subject."""
    if asked.html:
        ending(asked.html, PAGE)
    with Progress() as progress:
        asked_for = _asked(asked, progress)
    card = asked_for.result.explain(asked.offer, merchant_id=asked.merchant, lang=asked.lang)
    fixes = asked_for.result.fixes(asked.offer, merchant_id=asked.merchant, lang=asked.lang)
    if asked.html:
        write_card(card, asked.html)
    if asked.json:
        repairs = json.loads(fixes.to_json(orient="records", force_ascii=False))
        written = [str(asked.html)] if asked.html else []
        answer = card.to_send().to_dict() | {"fixes": repairs} | asked_for.told() | {"written": written}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    first, _, rest = str(card).partition("\n")
    print(bold(first, sys.stdout))
    for line in repairs_told(fixes, asked.lang):
        print(f"  → {line}")
    print(rest)
    asked_for.print_notes(asked.lang)
    if asked.html:
        print_written([asked.html], asked.lang)


def _asked(asked: argparse.Namespace, progress: Progress) -> Asked:
    """The market; of one in parts the offer, or the offers of the merchant."""
    changes = dict(asked.set or ())
    book, notes = rulebook(asked.rulebook or default_rulebook(), asked.variant, changes)
    if not in_parts(asked, book):
        return assessed(asked, progress)
    bar = progress.bar("looking")
    where = {"offer_id": asked.offer} if asked.offer else {"merchant_id": asked.merchant}
    with noted(notes):
        try:
            found = fetch_uncounted(asked.market, book, asked.as_of, where=where, n=sys.maxsize, progress=bar)
        except CampaignError:
            if asked.offer:
                raise
            found = fetch_uncounted(asked.market, book, asked.as_of, n=0)  # a merchant without offers has a card, too
    return Asked(found, changes, notes)
