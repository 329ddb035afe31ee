"""Linked accounts as tables for operators, in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.tables import Table, table
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.links import Links


def clusters_told(links: Links, rows: int | None = None) -> Table:
    """Rows of ``Links.clusters``."""
    return _table(links, links.clusters(), rows)


def accounts_told(links: Links, frame: pd.DataFrame, rows: int | None = None) -> Table:
    """Rows of ``Links.accounts``: days as such, and whether the market has a row of it."""
    told = frame.assign(
        in_market=[say("in_market_yes" if each else "in_market_no", links.lang) for each in frame["in_market"]],
        recorded=frame["recorded"].dt.strftime("%Y-%m-%d"),
    )
    return _table(links, told, rows)


def ignored_told(links: Links, rows: int | None = None) -> Table:
    """Rows of ``Links.ignored``."""
    told = links.ignored().rename(columns={"kind": "ignored_as", "value": "shared_text"})
    told["ignored_as"] = [say(f"ignored_{kind}", links.lang) for kind in told["ignored_as"]]
    return _table(links, told, rows)


def review_told(links: Links, rows: int | None = None) -> Table:
    """Rows of ``Links.review``."""
    return _table(links, links.review(), rows)


def sheets(links: Links) -> dict[str, Table]:
    """A workbook's sheets by their names, those on which something stands."""
    tables = {
        "links_clusters": clusters_told(links),
        "links_accounts": accounts_told(links, links.accounts()),
        "links_ignored": ignored_told(links),
        "links_review": review_told(links),
    }
    return {say(name, links.lang): held for name, held in tables.items() if len(held.frame)}


def _table(links: Links, frame: pd.DataFrame, rows: int | None) -> Table:
    return table(frame, links.making.book, links.lang, len(frame) if rows is None else rows)
