"""Who passes now and will fail before the end, as things go: by rule, and by the day on which it fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.days import DayRow, draw_days, through
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.grid import Text
from campaign_analytics.charts.labels import listed
from campaign_analytics.monitor.headline import source
from campaign_analytics.monitor.subjects import day_of
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.monitor.monitoring import Monitoring

MOST = 14


def at_risk(monitoring: Monitoring, lang: str = "en") -> Chart:
    """How many offers and merchants will first fail a blocking rule on each day to come, an assumption; then by rule.

    At most 14 rules are drawn, those that matter for most offers; the others are named below.
    """
    watch, risks = monitoring.watch, monitoring.at_risk()
    risks = risks[risks["severity"] == "block"]
    last = watch.last if watch.end is not None else watch.last_day
    days = [day_of(day) for day in range(watch.last_day + 1, last + 1)]
    reach = risks.groupby("rule", sort=False)["offers"].sum().sort_values(ascending=False, kind="stable")
    shown, fewer = list(reach.index[:MOST]), list(reach.index[MOST:])
    first = risks.sort_values("fails_on", kind="stable").drop_duplicates(["level", "offer_id", "merchant_id"])
    rows = [_row("", say("risk_any", lang), first, days)]
    for rule in shown:
        held, book = monitoring.book.rules[rule], monitoring.book
        level = "" if book.level(rule) == "offers" else say("breaches_merchants", lang)
        mine = risks[risks["rule"] == rule]
        rows.append(_row(held.clause[0], held.label(lang, rule) + level, mine, days))
    names = [monitoring.book.rules[rule].label(lang, rule) for rule in fewer]
    notes = [say("breaches_more", lang, count=len(fewer), rules=listed(names, lang))] if fewer else []
    late = int((~risks["in_time"]).sum())
    notes += [say("risk_late", lang, count=late)] if late else []
    notes += [say("risk_assumption", lang), source(monitoring, lang)]
    text = Text(_title(monitoring, risks, reach, bool(days), lang), say("risk_subtitle", lang), notes)
    return draw_days(text, days, rows, say("risk_total", lang), lang)


def _row(clause: str, name: str, risks: pd.DataFrame, days: Sequence[date]) -> DayRow:
    counts = risks["fails_on"].dt.date.value_counts()
    each = [int(counts.get(day, 0)) for day in days]
    return DayRow(clause, name, each, f"{len(risks):,}")


def _title(monitoring: Monitoring, risks: pd.DataFrame, reach: pd.Series[int], ahead: bool, lang: str) -> str:
    if not ahead:
        return say("risk_title_over", lang)
    if not len(risks):
        return say("monitor_risk_none", lang)
    offers = int(risks.loc[risks["level"] == "offers", "offer_id"].nunique())
    merchants = int(risks.loc[risks["level"] == "merchants", "merchant_id"].nunique())
    return say("risk_title", lang, offers=offers, merchants=merchants) + through(monitoring.book, reach, lang)
