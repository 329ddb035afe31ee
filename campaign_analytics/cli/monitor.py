"""``campaign-analytics monitor``: who kept the rules over time, who did not, and what to act on first."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import pandas as pd

from campaign_analytics.cli.asked import print_written, rulebook
from campaign_analytics.cli.files import write_tables
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress, bold, print_table
from campaign_analytics.monitor.monitoring import Monitoring
from campaign_analytics.monitor.monitoring import monitor as monitored
from campaign_analytics.report.over_time import monitoring_tables, monitoring_told
from campaign_analytics.words import say

_ROWS = 10


def monitor(asked: argparse.Namespace) -> None:
    """Read the snapshots one at a time, and tell what they say."""
    changes = dict(asked.set or ())
    book, notes = rulebook(asked.rulebook or default_rulebook(), asked.variant, changes)
    with Progress() as progress:
        progress.say(f"reading {asked.snapshots}")
        found = monitored(asked.snapshots, book, progress.bar("monitoring"))
        progress.say("looking ahead")
        tables = monitoring_tables(found)
        if asked.out:
            progress.say(f"writing {asked.out}")
        written = [str(path) for path in write_tables(asked.out, tables, asked.format)] if asked.out else []
    if asked.json:
        told = _plain(found, tables) | {"changed": changes, "notes": notes, "written": written}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    answer, *more = found.headline(asked.lang).splitlines()
    print(bold(answer, sys.stdout))
    print(*more, sep="\n")
    for heading, table in monitoring_told(found, asked.lang, _ROWS).items():
        print("", bold(heading, sys.stdout), sep="\n")
        print_table(table)
    if len(tables["at_risk"]):
        print(say("risk_assumption", asked.lang))
    for note in notes:
        print(say("cli_note", asked.lang, note=note))
    if written:
        print_written(written, asked.lang)


def _plain(found: Monitoring, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Counts of how subjects stand, then the tables that people are shown."""
    counts = {
        level: {str(name): int(count) for name, count in tables[level]["standing"].value_counts().items()}
        for level in ("offers", "merchants")
    }
    shown = ("breaches", "at_risk", "refused_moves", "platform", "misread", "days")
    return {"rulebook": found.book.id, "hold_from": found.watch.start, "standing": counts} | {
        name: json.loads(tables[name].to_json(orient="records", date_format="iso", force_ascii=False)) for name in shown
    }
