"""Tables of monitoring with the columns that people want, in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.charts.tables import Table, table
from campaign_analytics.words import known, say

if TYPE_CHECKING:
    from campaign_analytics.monitor.changes import Changes
    from campaign_analytics.monitor.monitoring import Monitoring
    from campaign_analytics.rulebook.book import Level

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
_COLUMNS = {"breaches": _BREACHES, "at_risk": _RISKS, "misread": _MISREAD}
_HEADINGS = {
    "breaches": "breaches_heading",
    "at_risk": "risk_heading",
    "refused_moves": "refused_heading",
    "misread": "misread_heading",
}
_CHANGES = ["change", "was", "now", "cause", "clause", "because_was", "because_now"]
_NAMED = ("from_state", "to_state", "cause", "change", "of_it")


def monitoring_tables(monitoring: Monitoring) -> dict[str, pd.DataFrame]:
    """Every table of it under the name of its file, for machines."""
    return {
        "offers": monitoring.clocks("offers"), "merchants": monitoring.clocks("merchants"),
        "breaches": monitoring.breaches(), "at_risk": monitoring.at_risk(), "refused_moves": monitoring.refused_moves(),
        "misread": monitoring.misread(), "platform": monitoring.platform(), "days": monitoring.days(),
        "timeline": monitoring.timeline(),
    }  # fmt: skip


def monitoring_told(monitoring: Monitoring, lang: str, rows: int) -> dict[str, Table]:
    """By heading, the first rows of what happened, of what is to be done, and of what the platform says; empty tables
    are left out."""
    tables = {say(heading, lang): told(monitoring, name, lang, rows) for name, heading in _HEADINGS.items()}
    return {heading: table for heading, table in tables.items() if len(table.frame)}


def told(monitoring: Monitoring, name: str, lang: str, rows: int = 12) -> Table:
    """The first ``rows`` of one of its tables: breaches, at_risk, refused_moves, platform or misread; without rules
    that only warn, nor rules that nobody whom the platform approved fails."""
    frame: pd.DataFrame = getattr(monitoring, name)()
    if "severity" in frame:
        frame = frame[frame["severity"] == "block"]
    if name == "misread":
        frame = frame[frame["failing_approved"] > 0]
    return table(_in_words(frame[_COLUMNS.get(name, list(frame))], lang), monitoring.book, lang, rows)


def changes_told(changes: Changes, level: Level, lang: str, rows: int = 12) -> Table:
    """The first ``rows`` subjects of a level that changed, and why."""
    frame = changes.table(level, lang=lang).rename(columns={"because": "because_now"})
    who = [name for name in _WHO if name in frame]
    return table(_in_words(frame[[*who, *_CHANGES]], lang), changes.after.book, lang, rows)


def rulebook_told(changes: Changes, lang: str, rows: int = 12) -> Table:
    """What differs between the two rulebooks."""
    frame = changes.rulebook(lang).rename(columns={"what": "of_it"})
    return table(_in_words(frame[["clause", "label", "of_it", "old", "new"]], lang), changes.after.book, lang, rows)


def _in_words(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Days as days; states, causes and changes by name; yes and no."""
    words = frame.copy()
    for name, cells in frame.items():
        if cells.dtype.kind == "M":
            words[name] = cells.dt.strftime("%Y-%m-%d").fillna("")
        elif cells.dtype.kind == "b":
            words[name] = cells.map({True: say("yes", lang), False: ""}).astype("str")
        elif name in _NAMED:
            names = {text: say(f"word_{text}", lang) if known(f"word_{text}") else text for text in cells.unique()}
            words[name] = cells.map(names).astype("str").fillna("")
        elif name in ("was", "now"):
            words[name] = [say(str(cell), lang) if cell in VERDICTS else "" for cell in cells]
    return words.reset_index(drop=True)
