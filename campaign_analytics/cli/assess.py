"""``campaign-analytics assess``: the answer first, then where the rest was written."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import pandas as pd

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.cli.asked import assessed, print_written
from campaign_analytics.cli.files import write_tables
from campaign_analytics.cli.terminal import Progress, bold

if TYPE_CHECKING:
    from campaign_analytics.market.quality import Quality
from campaign_analytics.words import say


def assess(asked: argparse.Namespace) -> None:
    """Read, assess, write, and say what came out."""
    with Progress() as progress:
        asked_for = assessed(asked, progress)
        result, market = asked_for.result, asked_for.result.market
        progress.say(f"writing {asked.out}")
        assert market.quality is not None
        tables = {"offers": result.offers(), "merchants": result.merchants(), "faults": _faults(result, market.quality)}
        written = [str(path) for path in write_tables(asked.out, tables, asked.format)]
    if asked.json:
        answer = _counts(result) | asked_for.told() | {"written": written}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    first, _, rest = result.headline(asked.lang).partition("\n")
    print(bold(first, sys.stdout), rest, sep="\n")
    asked_for.print_notes(asked.lang)
    faults = [f"{count:,} {say(kind, asked.lang)}" for kind, count in _told(market.quality).items()]
    print_written(written, asked.lang, f" ({say('list', asked.lang).join(faults)})" if faults else "")


def _counts(result: Assessment) -> dict[str, Any]:
    book = result.book
    return {
        "rulebook": {"id": book.id, "version": book.version, "variant": book.variant, "hash": book.hash},
        "as_of": result.as_of.isoformat(),
        **{level: result.summary(level=level).iloc[0].to_dict() for level in ("offers", "merchants")},
        "not_computed": list(result.not_computed),
    }


def _told(quality: Quality) -> dict[str, int]:
    """How many faults of each kind; cells that are merely empty are no fault."""
    return {kind: count for kind, count in quality.counts().items() if kind not in ("empty", "settled")}


def _faults(result: Assessment, quality: Quality) -> pd.DataFrame:
    """One row a cell, row or column that was doubtful or not understood, or is given by hand and does not decide.

    ``row`` counts as a spreadsheet does."""
    cells = quality.cells()
    summary = quality.summary()
    whole = summary[summary["kind"].isin(["absent", "unread"])].rename(columns={"example": "raw"})
    by_hand = result.overrides().rename(columns={"standing": "kind", "given": "raw", "in_files": "became"})
    by_hand = by_hand[by_hand["kind"] != "in_force"].assign(reason=say("by_hand_heading"))
    return pd.concat([whole, cells, by_hand])[cells.columns].fillna({"became": ""}).astype({"row": "Int64"})
