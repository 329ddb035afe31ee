"""Where offers are lost, clause by clause in the notice's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width, wrap
from campaign_analytics.charts.labels import foot, listed, rule_names, share
from campaign_analytics.charts.palette import FAIL, FAINT, INK, LINE, PASS, QUIET, UNKNOWN
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_BAR, _BAR_END = 3.75, 6.0  # where bars begin and end, in inches
_COLUMNS = {"lost_fail": (6.95, FAIL), "lost_unknown": (7.9, UNKNOWN), "left": (WIDTH - MARGIN, PASS)}  # right edges
_LINE, _GAP, _THICK = 0.165, 0.125, 0.16  # inches: a line of a label, space between rows, a bar


@dataclass(frozen=True)
class _Step:
    clause: str
    label: str
    lost_fail: int
    lost_unknown: int
    left: int

    @property
    def lost(self) -> int:
        return self.lost_fail + self.lost_unknown


def funnel(assessment: Assessment, lang: str = "en") -> Chart:
    """How many offers are left after each clause, lost to a certain failure and to what cannot be decided."""
    return draw(assessment.funnel(), rule_names(assessment, lang), foot(assessment, lang), lang)


def draw(clauses: pd.DataFrame, names: Mapping[str, str], notes: Sequence[str], lang: str) -> Chart:
    """One row a clause, in order: clause, rules (ids joined by ";"), entering, lost_fail, lost_unknown, left."""
    offers = int(clauses["entering"].iloc[0]) if len(clauses) else 0
    columns = (clauses[name].tolist() for name in ("clause", "rules", "lost_fail", "lost_unknown", "left"))
    steps = [
        _Step(clause, listed((names[rule] for rule in rules.split(";")), lang), *counts)
        for clause, rules, *counts in zip(*columns, strict=True)
    ]
    left = MARGIN + max((width(step.clause, BODY) for step in steps), default=0) + 0.15
    labels = [wrap(step.label, _BAR - left - 0.15, BODY) for step in steps]
    heights = [_GAP + _LINE * len(lines) for lines in labels]
    subtitle = say("funnel_subtitle", lang, offers=offers)
    chart = Chart(_title(steps, offers, lang), subtitle, notes, 2 * (_GAP + _LINE) + sum(heights))
    y = _head(chart, left, offers, lang)
    for step, lines, height in zip(steps, labels, heights, strict=True):
        chart.line(y, LINE)
        _row(chart, y + height / 2, step, lines, left, offers)
        y += height
    return chart


def _title(steps: Sequence[_Step], offers: int, lang: str) -> str:
    worst = max(steps, key=lambda step: step.lost, default=None)
    if not offers or worst is None:
        return say("funnel_title_empty", lang)
    if not worst.lost:
        return say("funnel_title_none_lost", lang, offers=offers)
    return say(
        "funnel_title", lang, left=steps[-1].left, offers=offers, clause=worst.clause, rule=worst.label, lost=worst.lost
    )


def _head(chart: Chart, left: float, offers: int, lang: str) -> float:
    """Column headings and the row of all offers; returns where the rows of clauses begin."""
    row = _GAP + _LINE
    for name, (x, look) in _COLUMNS.items():
        chart.write(x, chart.top + row / 2, f"{look.mark} {say(name, lang)}", SMALL, look.text, "right")
    y = chart.top + 1.5 * row
    chart.write(left, y, say("all_offers", lang))
    chart.bar(_BAR, y, _BAR_END - _BAR, _THICK, [(offers, PASS)])
    chart.write(_COLUMNS["left"][0], y, f"{offers:,} · {share(offers, offers)}", BODY, PASS.text, "right")
    return chart.top + 2 * row


def _row(chart: Chart, y: float, step: _Step, lines: Sequence[str], left: float, offers: int) -> None:
    chart.write(MARGIN, y, step.clause, BODY, QUIET)
    for i, line in enumerate(lines):
        chart.write(left, y + (i - (len(lines) - 1) / 2) * _LINE, line, BODY, INK if step.lost else FAINT)
    parts = [(step.left, PASS), (step.lost_fail, FAIL), (step.lost_unknown, UNKNOWN)]
    chart.bar(_BAR, y, (_BAR_END - _BAR) * (step.left + step.lost) / max(offers, 1), _THICK, parts)
    for name, (x, look) in _COLUMNS.items():
        count = getattr(step, name)
        words = f"{count:,} · {share(count, offers)}" if name == "left" else f"−{count:,}" if count else "·"
        chart.write(x, y, words, BODY, look.text if count else FAINT, "right")
