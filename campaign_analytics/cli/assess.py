"""``campaign-analytics assess``: the answer first, then where the rest was written."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.cli.asked import Asked, assessed, print_written
from campaign_analytics.cli.files import write_tables
from campaign_analytics.cli.terminal import Progress, bold
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.index import is_index

if TYPE_CHECKING:
    from campaign_analytics.market.quality import Quality
from campaign_analytics.words import known, say


def assess(asked: argparse.Namespace) -> None:
    """Read, assess, write, and say what came out."""
    if asked.format == "csv" and (asked.engine or is_index(asked.market)):
        raise CampaignError("the outcomes of a market in parts are written as parquet: leave --format away")
    with Progress() as progress:
        out = asked.out or Path("verdicts")
        asked_for = assessed(asked, progress, out=asked.out if is_index(asked.market) else out)
        result, market = asked_for.result, asked_for.result.market
        if market.rest_of:
            _tell_counts(asked, asked_for, out)
            return
        progress.say(f"writing {out}")
        assert market.quality is not None
        tables = {"offers": result.offers(), "merchants": result.merchants(), "faults": _faults(result, market.quality)}
        written = [str(path) for path in write_tables(out, tables, asked.format or "csv")]
    if asked.json:
        answer = _counts(result) | asked_for.told() | {"written": written}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    source, _, rest = result.headline(asked.lang).partition("\n")
    print(bold(source, sys.stdout), rest, sep="\n")
    asked_for.print_notes(asked.lang)
    if first := _first(result, asked.lang):
        print(first)
    faults = [f"{count:,} {say(kind, asked.lang)}" for kind, count in _told(market.quality).items()]
    print_written(written, asked.lang, f" ({say('list', asked.lang).join(faults)})" if faults else "")


def _tell_counts(asked: argparse.Namespace, asked_for: Asked, out: Path) -> None:
    """Say what came out of a market in parts, whose outcomes are written already."""
    written = [] if is_index(asked.market) else [str(out)]
    if asked.json:
        print(
            json.dumps(
                _counts(asked_for.result) | asked_for.told() | {"written": written}, ensure_ascii=False, indent=2
            )
        )
        return
    source, _, rest = asked_for.result.headline(asked.lang).partition("\n")
    print(bold(source, sys.stdout), rest, sep="\n")
    asked_for.print_notes(asked.lang)
    if written:
        print_written(written, asked.lang)


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
    """One row a cell, row or column that was doubtful or not understood, or is given by hand and does not decide; and
    one for all empty cells of a column that leave verdicts open.

    ``row`` counts as a spreadsheet does. Beside each, the counts of its fault (see ``Assessment.faults``): those to
    repair first come first."""
    cells, summary, touched = quality.cells(), quality.summary(), result.faults()
    whole = summary[summary["kind"].isin(["absent", "unread"])].rename(columns={"example": "raw"})
    by_hand = result.overrides().rename(columns={"standing": "kind", "given": "raw", "in_files": "became"})
    by_hand = by_hand[by_hand["kind"] != "in_force"].assign(reason=say("by_hand_heading"))
    blank = touched[touched["kind"] == "empty"].rename(columns={"example": "raw"})
    listed = pd.concat([whole, cells, by_hand, blank])[cells.columns].fillna({"became": ""}).astype({"row": "Int64"})
    counted = listed.merge(touched[[*_FAULT, *_COUNTS]].drop_duplicates(_FAULT), "left", _FAULT)
    counted[_COUNTS] = counted[_COUNTS].fillna(0).astype("int64")
    return counted.sort_values(["decided", "undetermined", "in_doubt"], ascending=False, kind="stable")


_FAULT = ["table", "column", "kind", "reason"]
_COUNTS = ["undetermined", "decided", "in_doubt"]


def _first(result: Assessment, lang: str) -> str:
    """What to repair first, in a line; "" where nothing decides a verdict."""
    found = result.faults(lang=lang)
    if not len(found) or not found["decided"].iloc[0]:
        return ""
    first = {str(name): value for name, value in found.iloc[0].items()}
    book, column = result.book, str(first["column"])
    named = book.quantity(column).label(lang, column)
    where = " · ".join((say(first["table"], lang) if known(first["table"]) else first["table"], named))
    told = {"kind": say(first["kind"], lang), "reason": first["reason"], "count": first["decided"]}
    return say("repair_first", lang, where=where, **told)
