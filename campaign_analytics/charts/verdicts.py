"""Who qualifies: offers and merchants, each split in three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from campaign_analytics.charts.figure import MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.labels import foot, share
from campaign_analytics.charts.palette import INK, PAPER, QUIET, VERDICTS
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_LEFT = 1.25  # inches kept for the name of what is counted
_LEVEL, _THICK = 0.95, 0.32  # inches high: all of a level, its bar


def verdicts(assessment: Assessment, lang: str = "en") -> Chart:
    """How many offers and merchants are pre-qualified, ineligible, cannot be decided: two bars and their numbers."""
    counts = {
        level: {verdict: int(assessment.summary(level=level)[verdict].sum()) for verdict in VERDICTS}
        for level in ("offers", "merchants")
    }
    return draw(counts, foot(assessment, lang), lang)


def draw(counts: Mapping[str, Mapping[str, int]], notes: Sequence[str], lang: str) -> Chart:
    """``counts``: for "offers" and "merchants" the number of subjects by verdict."""
    totals = {level: sum(by_verdict.values()) for level, by_verdict in counts.items()}
    good = counts["offers"]["pre_qualified"]
    title = say(
        "verdicts_title", lang, good=good, offers=totals["offers"], share=share(good, totals["offers"], 1),
        good_merchants=counts["merchants"]["pre_qualified"], merchants=totals["merchants"],
    )  # fmt: skip
    chart = Chart(title, say("verdicts_subtitle", lang), notes, body=_LEVEL * len(counts))
    for i, (level, by_verdict) in enumerate(counts.items()):
        _bar(chart, chart.top + i * _LEVEL, level, by_verdict, lang)
    return chart


def _bar(chart: Chart, y: float, level: str, by_verdict: Mapping[str, int], lang: str) -> None:
    total = sum(by_verdict.values())
    room = WIDTH - MARGIN - _LEFT
    chart.write(MARGIN, y + 0.2, say(level, lang), 12, INK)
    chart.write(MARGIN, y + 0.45, f"n = {total:,}", SMALL, QUIET)
    middle, x = y + 0.4 + _THICK / 2, _LEFT
    chart.bar(_LEFT, middle, room, _THICK, [(by_verdict[verdict], look) for verdict, look in VERDICTS.items()])
    places = zip((_LEFT, _LEFT + room / 2, WIDTH - MARGIN), ("left", "center", "right"), strict=True)
    for (verdict, look), (at, align) in zip(VERDICTS.items(), places, strict=True):
        count = by_verdict[verdict]
        words = f"{look.mark} {count:,} · {share(count, total, 1)} {say(verdict, lang)}"
        chart.write(at, y + 0.2, words, 10, look.text, align)
        wide = room * count / total if total else 0.0
        if wide > 0.3 and not look.hatch:
            chart.write(x + wide / 2, middle, look.mark, 11, PAPER, "center")
        x += wide
