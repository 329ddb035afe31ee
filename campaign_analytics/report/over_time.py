"""Tables of monitoring with the columns that people want, in their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.tables import Table, table
from campaign_analytics.words import known, say

if TYPE_CHECKING:
    from campaign_analytics.monitor.monitoring import Monitoring

_WHO = ["merchant_id", "offer_id"]
_BREACHES = [
    *_WHO,
    "clause",
    "rule",
    "first_day",
    "last_day",
    "days_breached",
    "days_observed",
    "days_missing",
    "still",
]
_RISKS = [*_WHO, "clause", "rule", "cause", "headroom", "per_day", "fails_on", "act_by", "offers"]
_MISREAD = [
    "clause",
    "rule",
    "failing_approved",
    "alone",
    "share_approved",
    "failing_rejected",
    "share_rejected",
    "lift",
]


def monitoring_tables(monitoring: Monitoring) -> dict[str, pd.DataFrame]:
    """Every table of it under the name of its file, for machines."""
    return {
        "offers": monitoring.clocks("offers"), "merchants": monitoring.clocks("merchants"),
        "breaches": monitoring.breaches(), "at_risk": monitoring.at_risk(), "refused_moves": monitoring.refused_moves(),
        "misread": monitoring.misread(), "platform": monitoring.platform(), "days": monitoring.days(),
        "timeline": monitoring.timeline(),
    }  # fmt: skip


def monitoring_told(monitoring: Monitoring, lang: str, rows: int) -> dict[str, Table]:
    """By heading, the first rows of what happened, of what is to be done, and of what the platform says; those of
    rules that only warn are left out, as are empty tables."""
    breaches, risks, misread = monitoring.breaches(), monitoring.at_risk(), monitoring.misread()
    frames: Mapping[str, pd.DataFrame] = {
        "breaches_heading": breaches[breaches["severity"] == "block"][_BREACHES],
        "risk_heading": risks[risks["severity"] == "block"][_RISKS],
        "refused_heading": monitoring.refused_moves(),
        "misread_heading": misread[misread["failing_approved"] > 0][_MISREAD],
    }
    return {
        say(heading, lang): table(_in_words(frame, lang), monitoring.book, lang, rows)
        for heading, frame in frames.items()
        if len(frame)
    }


def _in_words(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Days as days, states and causes by name, yes and no."""
    told = frame.copy()
    for name, cells in frame.items():
        if cells.dtype.kind == "M":
            told[name] = cells.dt.strftime("%Y-%m-%d").fillna("")
        elif cells.dtype.kind == "b":
            told[name] = cells.map({True: say("yes", lang), False: ""}).astype("str")
        elif name in ("from_state", "to_state", "cause"):
            names = {text: say(f"word_{text}", lang) if known(f"word_{text}") else text for text in cells.unique()}
            told[name] = cells.map(names).astype("str")
    return told.reset_index(drop=True)
