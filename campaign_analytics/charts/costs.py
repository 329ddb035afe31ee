"""What each rule costs: every offer that is kept out is put down to the rules that keep it out, so the parts add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width, wrap
from campaign_analytics.charts.groups import SOLE, Cost, Name, costliest, costs_of, group_names, overlap_notes, together
from campaign_analytics.charts.labels import foot, listed
from campaign_analytics.charts.palette import FAIL, FAINT, INK, LINE, PASS, QUIET, UNKNOWN
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

MOST_GROUPS = 14
# inches: where bars begin and end, right edges of the columns of numbers, a line of a label, between rows, a bar
_BAR, _BAR_END = 3.5, 5.3
_COLUMNS = {"fails": 5.85, "sole": 6.5, "charged": 7.4, "charged_unknown": 8.25, "admitted": WIDTH - MARGIN}
_CHARGED = {"charged": FAIL, "charged_unknown": UNKNOWN}
_LINE, _GAP, _THICK = 0.165, 0.125, 0.16


def costs(assessment: Assessment, lang: str = "en") -> Chart:
    """How many offers each group of rules keeps out, overlapping failures shared, so that the parts add up."""
    notes = [*overlap_notes(assessment, lang), *foot(assessment, lang)]
    return draw(assessment.blockers(), group_names(assessment, lang), notes, lang)


def draw(table: pd.DataFrame, names: Mapping[str, Name], notes: Sequence[str], lang: str) -> Chart:
    """``table``: a row a group with the numbers of ``Cost``, and offers, how many there are."""
    held = dict(zip(table["group"].tolist(), costs_of(table), strict=True))
    order, everything = costliest(held), together(held.values())
    kept = order if len(order) <= MOST_GROUPS else order[: MOST_GROUPS - 1]
    rest = order[len(kept) :]
    rows = [(names[group], held[group]) for group in kept]
    if rest:
        rows.append((Name("", say("blockers_others", lang, count=len(rest))), together(held[group] for group in rest)))
    clear = listed((names[group].text for group in names if group not in order), lang)
    unmissed = [say("blockers_no_cost", lang, rules=clear)] if clear else []

    left = MARGIN + max((width(name.clause, BODY) for name, _ in rows), default=0.0) + 0.15
    labels = [wrap(name.text, _BAR - left - 0.15, BODY, most=2) for name, _ in rows]
    heights = [_GAP + _LINE * len(lines) for lines in labels]
    head = 2 * _LINE + _GAP
    subtitle = say("costs_subtitle", lang, offers=int(table["offers"].max()) if len(table) else 0)
    body = head + sum(heights) + _GAP + _LINE
    chart = Chart(_title(held, names, everything, lang), subtitle, [*unmissed, *notes], body)
    for column, x in _COLUMNS.items():
        for i, line in enumerate(reversed(say(f"costs_{column}", lang).split("\n"))):
            chart.write(x, chart.top + head - 0.06 - (i + 0.5) * _LINE, line, SMALL, QUIET, "right")
    longest = max((cost.charged + cost.charged_unknown for _, cost in rows), default=1.0)
    y = chart.top + head
    for i, (lines, height, (name, cost)) in enumerate(zip(labels, heights, rows, strict=True)):
        chart.line(y, LINE)
        chart.write(MARGIN, y + height / 2, name.clause, BODY, QUIET)
        for j, line in enumerate(lines):
            chart.write(left, y + height / 2 + (j - (len(lines) - 1) / 2) * _LINE, line)
        _row(chart, y + height / 2, cost, longest, alone=i < len(kept))
        y += height
    chart.line(y, INK)
    _total(chart, y + (_GAP + _LINE) / 2, left, everything, lang)
    return chart


def _title(held: Mapping[str, Cost], names: Mapping[str, Name], everything: Cost, lang: str) -> str:
    worst = max(held, key=lambda group: held[group].charged, default=None)
    if worst is None or not held[worst].charged:
        return say("costs_title_none", lang)
    cost = held[worst]
    return say(
        "costs_title", lang,
        rule=names[worst].text, charged=cost.charged, bad=round(everything.charged), sole=cost.sole,
    )  # fmt: skip


def _row(chart: Chart, y: float, cost: Cost, longest: float, alone: bool) -> None:
    """The bars and numbers of a group; of several together (not ``alone``) only those that may be added."""
    x = _BAR
    for name, look in _CHARGED.items():
        charged: float = getattr(cost, name)
        chart.write(
            _COLUMNS[name], y, f"{charged:,.1f}" if charged else "·", BODY, look.text if charged else FAINT, "right"
        )
        wide = (_BAR_END - _BAR) * charged / longest
        if charged:
            chart.bar(x, y, wide, _THICK, [(1, look)])
        x += wide
    counts = {"sole": (cost.sole, f"{SOLE} ", INK)}
    if alone:
        counts |= {"fails": (cost.fails, "", QUIET), "admitted": (cost.admitted_certain, "+", PASS.text)}
    for name, (count, sign, colour) in counts.items():
        chart.write(_COLUMNS[name], y, f"{sign}{count:,}" if count else "·", BODY, colour if count else FAINT, "right")


def _total(chart: Chart, y: float, left: float, everything: Cost, lang: str) -> None:
    chart.write(left, y, say("costs_total", lang))
    for name, look in _CHARGED.items():
        chart.write(_COLUMNS[name], y, f"{look.mark} {round(getattr(everything, name)):,}", BODY, look.text, "right")
    chart.write(_COLUMNS["sole"], y, f"{SOLE} {everything.sole:,}", BODY, INK, "right")
