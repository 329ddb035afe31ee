"""``campaign-analytics cube``: how large counts at every value of some parameters are, and these counts as a file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.cli.asked import in_parts, noted, print_written, rulebook
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress, bold
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.assessing import what_if_cube
from campaign_analytics.large.cube_size import cube_size
from campaign_analytics.large.engine import ENGINES
from campaign_analytics.large.kept import save_cube
from campaign_analytics.market.databases import without_secrets
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.coarser import coarser
from campaign_analytics.words import say


def cube(asked: argparse.Namespace) -> None:
    """Say its size, and make it where that is asked for."""
    if asked.out and asked.out.suffix != ".parquet":
        raise CampaignError(f"{asked.out}: expected a name that ends in .parquet")
    changes = dict(asked.set or ())
    book, notes = rulebook(asked.rulebook or default_rulebook(), asked.variant, changes)
    steps = dict(each.partition("=")[::2] for each in asked.explore)
    book, explore, by = coarser(book, {name: step for name, step in steps.items() if step}), list(steps), asked.by or ()
    with Progress() as progress, noted(notes):
        market: Path | Assessment = asked.market
        as_of = asked.as_of
        if not in_parts(asked, book):
            progress.say(f"reading {without_secrets(asked.market)}")
            market, as_of = assess(read_market(asked.market, book), book, as_of, progress.bar("assessing")), None
        progress.say("looking how large it is")
        size = cube_size(market, book, explore, by, as_of)
        if asked.out:
            bar = progress.bar("counting")
            made = what_if_cube(
                market, book, explore, by, as_of, bar,
                engine=asked.engine or ENGINES[0], memory_limit=asked.memory_limit,
            )  # fmt: skip
            save_cube(made, asked.out)
    written = [str(asked.out)] if asked.out else []
    if asked.json:
        answer = {
            "explore": explore, "by": list(size.by), "rows": size.rows, "exact": size.exact, "bytes": size.bytes,
            "fits": size.fits, "smaller": [each._asdict() for each in size.smaller],
            "changed": changes, "notes": notes, "written": written,
        }  # fmt: skip
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    first, *rest = size.lines(asked.lang)
    print(bold(first, sys.stdout), *rest, *(say("cli_note", asked.lang, note=note) for note in notes), sep="\n")
    if written:
        print_written(written, asked.lang, f" ({asked.out.stat().st_size / 1e6:,.1f} MB)")
