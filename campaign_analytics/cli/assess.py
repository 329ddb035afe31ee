"""``campaign-analytics assess``: the answer first, then where the rest was written."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.assessment import assess as run
from campaign_analytics.cli.files import write_tables
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress, bold
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.load import load_rulebook

if TYPE_CHECKING:
    from campaign_analytics.market.quality import Quality
    from campaign_analytics.rulebook.book import Rulebook


def assess(asked: argparse.Namespace) -> None:
    """Read, assess, write, and say what came out."""
    changes = dict(asked.set or ())
    book, notes = _rulebook(asked.rulebook or default_rulebook(), asked.variant, changes)
    with Progress() as progress:
        progress.say(f"reading {asked.market}")
        market = read_market(asked.market, book)
        result = run(market, book, as_of=asked.as_of, progress=progress.bar("assessing"))
        progress.say(f"writing {asked.out}")
        assert market.quality is not None
        tables = {"offers": result.offers(), "merchants": result.merchants(), "faults": _faults(market.quality)}
        written = [str(path) for path in write_tables(asked.out, tables, asked.format)]
    if asked.json:
        answer = _counts(result) | {"changed": changes, "notes": notes, "written": written}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    first, _, rest = result.headline(asked.lang).partition("\n")
    print(bold(first, sys.stdout), rest, sep="\n")
    if changes:
        print("Changed:", ", ".join(f"{name} = {value}" for name, value in changes.items()))
    for note in notes:
        print("Note:", note)
    faults = ", ".join(f"{count:,} {kind}" for kind, count in _told(market.quality).items())
    print(f"Written: {', '.join(written)}", f"({faults})" if faults else "")


def _rulebook(name: str, variant: str | None, changes: dict[str, str]) -> tuple[Rulebook, list[str]]:
    """The rulebook with what was asked for put on top, and what its reader should know."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RulebookWarning)
        loaded = load_rulebook(name, variant)
    book = loaded.set(changes)
    said = [str(warning.message) for warning in caught if issubclass(warning.category, RulebookWarning)]
    return book, said + [str(fault) for fault in book.warnings[len(loaded.warnings) :]]


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


def _faults(quality: Quality) -> pd.DataFrame:
    """One row a cell, row or column that was doubtful or not understood; ``row`` counts as a spreadsheet does."""
    cells = quality.cells()
    summary = quality.summary()
    whole = summary[summary["kind"].isin(["absent", "unread"])].rename(columns={"example": "raw"})
    return pd.concat([whole, cells])[cells.columns].fillna({"became": ""}).astype({"row": "Int64"})
