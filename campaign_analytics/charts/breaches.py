"""When rules were breached while they had to hold, and which: day by day, days without data among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.days import DayRow, draw_days, through
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.grid import Text
from campaign_analytics.charts.labels import listed
from campaign_analytics.monitor.headline import source
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.monitor.monitoring import Monitoring

MOST = 14


def breaches(monitoring: Monitoring, lang: str = "en") -> Chart:
    """How many offers are in breach of a blocking rule on each day, then how many subjects breach each rule.

    At most 14 rules are drawn, those through which most offers are in breach (an offer answers for its merchant);
    the others are named below. Rules that only warn are left out.
    """
    days, rows = monitoring.days(), monitoring.breaches()
    rows = rows[rows["severity"] == "block"]
    clocks = monitoring.clocks("offers")
    by_rule = rows.groupby("rule", sort=False).size()
    reach = _offers(rows, clocks).sort_values(ascending=False, kind="stable")
    shown, fewer = list(reach.index[:MOST]), list(reach.index[MOST:])
    observed = dict(zip(days["day"], days["observed"], strict=True))
    counts = monitoring.timeline().set_index(["rule", "day"])["breached"]
    book, drawn = monitoring.book, []
    all_ = [None if pd.isna(n) else int(n) for n in days["offers_breached"]]
    ever = int((clocks["days_breached"] > 0).sum())
    drawn.append(DayRow("", say("breaches_any", lang), all_, f"{ever:,}"))
    for rule in shown:
        held = book.rules[rule]
        level = "" if book.level(rule) == "offers" else say("breaches_merchants", lang)
        each = [int(counts[rule, day]) if observed[day] else None for day in days["day"]]
        drawn.append(DayRow(held.clause[0], held.label(lang, rule) + level, each, f"{by_rule[rule]:,}"))
    notes = _notes(monitoring, days, [book.rules[rule].label(lang, rule) for rule in fewer], lang)
    text = Text(_title(monitoring, days, reach, ever, len(clocks), lang), say("breaches_subtitle", lang), notes)
    return draw_days(text, [day.date() for day in days["day"]], drawn, say("breaches_total", lang), lang)


def _offers(rows: pd.DataFrame, clocks: pd.DataFrame) -> pd.Series[int]:
    """By rule, for how many of the offers that are held it matters that it was breached."""
    own = clocks.groupby("merchant_id").size()
    offers = rows["merchant_id"].map(own).fillna(0).astype(int).where(rows["level"] == "merchants", 1)
    return offers.groupby(rows["rule"], sort=False).sum()


def _title(monitoring: Monitoring, days: pd.DataFrame, reach: pd.Series[int], ever: int, held: int, lang: str) -> str:
    if not held:
        return say("monitor_answer_none", lang)
    if not ever or not len(reach):
        return say("breaches_title_none", lang, held=held)
    most = int(days["offers_breached"].fillna(-1).astype(int).argmax())
    told = say(
        "breaches_title", lang, ever=ever, held=held, most=int(days["offers_breached"].iloc[most]),
        day=f"{days['day'].iloc[most]:%m-%d}",
    )  # fmt: skip
    return told + through(monitoring.book, reach, lang)


def _notes(monitoring: Monitoring, days: pd.DataFrame, fewer: Sequence[str], lang: str) -> list[str]:
    notes = [say("breaches_more", lang, count=len(fewer), rules=listed(fewer, lang))] if fewer else []
    if not days["observed"].all():
        notes.append(say("breaches_hatched", lang, count=int((~days["observed"]).sum())))
    return [*notes, source(monitoring, lang)]
