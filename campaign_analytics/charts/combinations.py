"""Which rules are failed together: every ineligible subject stands in one column, that of exactly what it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.patches import Ellipse

from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width, wrap
from campaign_analytics.charts.groups import Name, group_names, overlap_notes
from campaign_analytics.charts.labels import foot, listed, share, short
from campaign_analytics.charts.palette import FAIL, FAINT, INK, LINE, QUIET
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level

MOST = 12
_COLUMNS, _WIDEST = 3.3, 0.52  # inches: where combinations begin, and the width of one
_BARS, _ROW, _LINE = 1.5, 0.36, 0.15  # inches high: the longest bar, a rule, a line of its name
_DOT, _STRIPE = 0.15, "#f4f4f4"


@dataclass(frozen=True)
class Combination:
    """The groups that are failed, all others being passed or unknown, and by how many."""

    groups: Sequence[str]
    count: int


def combinations(assessment: Assessment, level: Level = "offers", lang: str = "en") -> Chart:
    """The 12 most frequent combinations of failing rules; single ones, the sole blockers, stand out."""
    table = assessment.combinations(level=level, at_most=MOST).rename(columns={level: "count"})
    everybody = int(assessment.summary(level=level)[level].sum())
    notes = [*overlap_notes(assessment, lang, level), *foot(assessment, lang)]
    return draw(table, everybody, group_names(assessment, lang, level), notes, level, lang)


def draw(
    table: pd.DataFrame, everybody: int, names: Mapping[str, Name], notes: Sequence[str], level: Level, lang: str
) -> Chart:
    """``table``: a row a combination, most frequent first: groups (ids joined by ";"), combinations, count; the rarer
    ones summed in a last row without groups. ``everybody``: the subjects in all, who qualify and who do not."""
    columns = (table[name].tolist() for name in ("groups", "count"))
    held = [Combination(groups.split(";"), count) for groups, count in zip(*columns, strict=True) if groups]
    bad = int(table["count"].sum())
    rarer = table[table["groups"] == ""]
    subtitle = say(f"combinations_subtitle_{level}", lang, bad=bad, all=everybody)
    if len(rarer):
        kinds, count = int(rarer["combinations"].sum()), int(rarer["count"].sum())
        subtitle += say("combinations_rarer", lang, kinds=kinds, count=count)
    rows = [group for group in names if any(group in each.groups for each in held)]
    rows.sort(key=lambda group: -sum(each.count for each in held if group in each.groups))
    chart = Chart(_title(held, names, bad, level, lang), subtitle, notes, _BARS + 0.4 + _ROW * len(rows) if held else 0)
    top = chart.top + _BARS + 0.4
    _rules(chart, top, rows, names)
    wide = min(_WIDEST, (WIDTH - MARGIN - _COLUMNS) / max(len(held), 1))
    for i, each in enumerate(held):
        _column(chart, _COLUMNS + (i + 0.5) * wide, wide, top, each, rows, held[0].count, bad, lang)
    return chart


def _title(held: Sequence[Combination], names: Mapping[str, Name], bad: int, level: Level, lang: str) -> str:
    if not held:
        return say("combinations_title_none", lang)
    first = held[0]
    key = "combinations_title_sole" if len(first.groups) == 1 else "combinations_title"
    rules = listed((f"“{names[group].text}”" for group in first.groups), lang)
    return say(f"{key}_{level}", lang, rules=rules, count=first.count, bad=bad, share=share(first.count, bad))


def _rules(chart: Chart, top: float, rows: Sequence[str], names: Mapping[str, Name]) -> None:
    left = MARGIN + max((width(names[group].clause, BODY) for group in rows), default=0.0) + 0.15
    for i, group in enumerate(rows):
        y = top + (i + 0.5) * _ROW
        if i % 2 == 0:
            chart.box(MARGIN, y - _ROW / 2, WIDTH - 2 * MARGIN, _ROW, _STRIPE)
        chart.write(MARGIN, y, names[group].clause, BODY, QUIET)
        lines = wrap(names[group].text, _COLUMNS - left - 0.1, BODY, most=2)
        for j, line in enumerate(lines):
            chart.write(left, y + (j - (len(lines) - 1) / 2) * _LINE, line)


def _column(
    chart: Chart,
    x: float,
    wide: float,
    top: float,
    held: Combination,
    rows: Sequence[str],
    most: int,
    bad: int,
    lang: str,
) -> None:
    sole = len(held.groups) == 1
    fill, ink = (FAIL.fill, FAIL.text) if sole else (QUIET, INK)
    high = _BARS * held.count / most
    base = top - 0.1
    chart.box(x - wide * 0.32, base - high, wide * 0.64, high, fill)
    chart.write(x, base - high - 0.1, short(held.count, lang), BODY, ink, "center")
    chart.write(x, base - high - 0.25, share(held.count, bad), SMALL, FAINT, "center")
    places = [top + (rows.index(group) + 0.5) * _ROW for group in held.groups]
    for i in range(len(rows)):
        _dot(chart, x, top + (i + 0.5) * _ROW, LINE)
    chart.box(x - 0.015, min(places), 0.03, max(places) - min(places), fill)
    for y in places:
        _dot(chart, x, y, fill)


def _dot(chart: Chart, x: float, y: float, fill: str) -> None:
    chart.page.add_patch(Ellipse((x, y), _DOT, _DOT, facecolor=fill, linewidth=0))
