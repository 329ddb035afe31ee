"""``campaign-analytics index``: a market of any size as codes on disk, from which any values are assessed."""

from __future__ import annotations

import argparse
import json
import sys

from campaign_analytics.cli.asked import Asked, check, noted, print_written, rulebook
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress, bold
from campaign_analytics.large.assessing import assess
from campaign_analytics.large.engine import ENGINES
from campaign_analytics.large.index import build_index


def index(asked: argparse.Namespace) -> None:
    """Code the market part by part, and say who qualifies of it."""
    check(asked.source)
    changes = dict(asked.set or ())
    book, notes = rulebook(asked.rulebook or default_rulebook(), asked.variant, changes)
    with Progress() as progress, noted(notes):
        bar = progress.bar("coding")
        by, engine = asked.by or (), asked.engine or ENGINES[0]
        made = build_index(
            asked.source, book, asked.out, asked.as_of, bar, by=by, engine=engine, memory_limit=asked.memory_limit
        )
        progress.say("counting")
        asked_for = Asked(assess(asked.out, made.book, memory_limit=asked.memory_limit), changes, notes)
    result = asked_for.result
    size = sum(file.stat().st_size for file in asked.out.rglob("*") if file.is_file())
    if asked.json:
        answer = {
            "as_of": result.as_of.isoformat(), "rows": made.told["rows"], "bytes": size,
            **{level: result.summary(level=level).iloc[0].to_dict() for level in ("offers", "merchants")},
            **asked_for.told(), "written": [str(asked.out)],
        }  # fmt: skip
        print(json.dumps(answer, ensure_ascii=False, indent=2, default=int))
        return
    first, _, rest = result.headline(asked.lang).partition("\n")
    print(bold(first, sys.stdout), rest, sep="\n")
    asked_for.print_notes(asked.lang)
    print_written([asked.out], asked.lang, f" ({size / 1e6:,.1f} MB)")
