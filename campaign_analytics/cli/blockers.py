"""``campaign-analytics blockers``: the rule that costs most, then the others."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from campaign_analytics.cli.asked import assessed, print_written
from campaign_analytics.cli.terminal import Progress, bold, print_table
from campaign_analytics.report.people import blockers_told
from campaign_analytics.report.write import TABLES, ending, write_table
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_ROWS = 20


def blockers(asked: argparse.Namespace) -> None:
    """Read, assess, and tell which rules keep whom out."""
    if asked.out:
        ending(asked.out, TABLES)
    with Progress() as progress:
        asked_for = assessed(asked, progress, by=[asked.by] if asked.by else [])
        result = asked_for.result
        table = result.blockers(asked.by, asked.level, asked.weight)
        told = blockers_told(result, table, asked.lang, _ROWS)
        if asked.out:
            progress.say(f"writing {asked.out}")
            whole = blockers_told(result, table, asked.lang)
            write_table(asked.out, table, {say("blockers_heading", asked.lang): whole})
    written = [str(asked.out)] if asked.out else []
    if asked.json:
        rows: list[Any] = json.loads(table.to_json(orient="records", force_ascii=False))
        print(json.dumps({"blockers": rows} | asked_for.told() | {"written": written}, ensure_ascii=False, indent=2))
        return
    print(bold(_answer(result, asked), sys.stdout))
    print_table(told)
    asked_for.print_notes(asked.lang)
    if written:
        print_written(written, asked.lang)


def _answer(result: Assessment, asked: argparse.Namespace) -> str:
    """The group that most subjects are charged to, counted."""
    counts = result.blockers(level=asked.level)
    if not len(counts) or not counts["fails"].iloc[0]:
        return say("blockers_answer_none", asked.lang)
    most = counts.iloc[0]
    names = [result.book.rules[rule].label(asked.lang, rule) for rule in most["rules"].split(";")]
    return say(
        f"blockers_answer_{asked.level}", asked.lang, rule=" / ".join(names), clause=most["clause"],
        fails=most["fails"], sole=most["sole"], all=most[asked.level],
    )  # fmt: skip
