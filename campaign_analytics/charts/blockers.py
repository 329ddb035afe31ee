"""Which rule keeps which group of offers out: shares that fail, and how many fail there and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.figure import BODY, Chart
from campaign_analytics.charts.grid import HIGH, Column, Row, Text, draw_grid
from campaign_analytics.charts.groups import (
    SOLE,
    Costs,
    Name,
    costliest,
    costs_of,
    group_names,
    overlap_notes,
    together,
)
from campaign_analytics.charts.labels import foot, listed, share
from campaign_analytics.charts.palette import FAINT, INK, PAPER, UNKNOWN, shade
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

MOST_CLASSES, MOST_GROUPS = 12, 12
_OPEN = "undetermined"  # the row that belongs to no rule


@dataclass(frozen=True)
class Class:
    """A class of offers, its size, and what every group of rules costs it."""

    name: str
    offers: int
    costs: Costs

    @property
    def charged(self) -> float:
        """How many of them are ineligible."""
        return sum(cost.charged for cost in self.costs.values())

    @property
    def undetermined(self) -> int:
        """How many of them cannot be decided."""
        return round(sum(cost.charged_unknown for cost in self.costs.values()))


def blocker_heatmap(assessment: Assessment, by: str = "category", lang: str = "en") -> Chart:
    """The share of each class's offers that fail in each group of rules, and how many fail there alone.

    At most 12 groups of rules and 12 classes are drawn, those that cost and those that lose most; the other classes
    are summed in one column, the other rules named below.
    """
    table = assessment.blockers(by=by).rename(columns={by: "class"})
    notes = [*overlap_notes(assessment, lang), *foot(assessment, lang)]
    return draw(table, group_names(assessment, lang), notes, lang)


def draw(table: pd.DataFrame, names: Mapping[str, Name], notes: Sequence[str], lang: str) -> Chart:
    """``table``: a row a class and group: class ("" = missing), group, the numbers of ``Cost``, offers in the class."""
    classes = _classes(table, lang)
    everyone = _gathered(say("all_offers", lang), classes)
    alone = classes if len(classes) <= MOST_CLASSES else classes[: MOST_CLASSES - 1]
    rest = classes[len(alone) :]
    others = [_gathered(say("heatmap_other_groups", lang, count=len(rest)), rest)] if rest else []
    drawn = [everyone, *alone, *others]
    failing = [group for group in costliest(everyone.costs) if everyone.costs[group].fails]
    shown, fewer = failing[:MOST_GROUPS], failing[MOST_GROUPS:]
    full = max((each.costs[group].fails / each.offers for each in drawn for group in shown if each.offers), default=0.0)

    def cell(chart: Chart, x: float, y: float, wide: float, group: str, place: int) -> None:
        _cell(chart, x, y, wide, drawn[place], group, full)

    more = listed((names[group].text for group in fewer), lang)
    left_out = [say("blockers_more", lang, count=len(fewer), rules=more)] if fewer else []
    text = Text(
        _title(classes, names, lang), say("blockers_subtitle", lang, offers=everyone.offers), [*left_out, *notes]
    )
    rows = [Row(group, names[group].clause, names[group].text) for group in shown]
    rows.append(Row(_OPEN, UNKNOWN.mark, say(_OPEN, lang)))
    return draw_grid(text, [Column(each.name, each.offers) for each in drawn], [("", rows)], cell, lang)


def _classes(table: pd.DataFrame, lang: str) -> list[Class]:
    """Every class, the one that loses most first."""
    classes: dict[str, Class] = {}
    keys = (table[name].tolist() for name in ("class", "group", "offers"))
    for name, group, offers, cost in zip(*keys, costs_of(table), strict=True):
        named = str(name) or say("no_name", lang)
        classes.setdefault(named, Class(named, offers, {})).costs[group] = cost
    return sorted(classes.values(), key=lambda each: (-each.charged, -each.offers, each.name))


def _gathered(name: str, classes: Sequence[Class]) -> Class:
    groups = dict.fromkeys(group for each in classes for group in each.costs)
    costs = {group: together(each.costs[group] for each in classes) for group in groups}
    return Class(name, sum(each.offers for each in classes), costs)


def _title(classes: Sequence[Class], names: Mapping[str, Name], lang: str) -> str:
    every = [(each, group) for each in classes for group in names if group in each.costs]
    worst = max(every, key=lambda at: at[0].costs[at[1]].sole, default=None)
    if worst is None or not worst[0].costs[worst[1]].sole:
        return say("blockers_title_none", lang)
    each, group = worst
    sole = each.costs[group].sole
    return say("blockers_title", lang, group=each.name, rule=names[group].text, sole=sole, offers=each.offers)


def _cell(chart: Chart, x: float, y: float, wide: float, held: Class, group: str, full: float) -> None:
    sole = 0
    if group == _OPEN:
        count, colour = held.undetermined, UNKNOWN.text
        fill = UNKNOWN.fill if count else PAPER
    else:
        count, sole, colour = held.costs[group].fails, held.costs[group].sole, INK
        fill = shade(count / max(held.offers, 1), full)
    chart.box(x + 0.015, y + 0.015, wide - 0.03, HIGH - 0.03, fill)
    words = share(count, held.offers) if count else "·"
    chart.write(x + wide / 2, y + HIGH * (0.34 if sole else 0.5), words, BODY, colour if count else FAINT, "center")
    if sole:
        chart.write(x + wide / 2, y + HIGH * 0.76, f"{SOLE} {sole:,}", 7, INK, "center")
