"""Supply against quality: every pair of values of two parameters as a dot, those that none beats as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.charts.curve import label_of, notes_of, subtitle
from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width
from campaign_analytics.charts.labels import short
from campaign_analytics.charts.measure import Unit
from campaign_analytics.charts.palette import BLUE, FAINT, INK, LINE, PAPER, QUIET
from campaign_analytics.charts.rounding import round_steps
from campaign_analytics.market.schema import Array
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.simulate.what_if import WhatIf
    from campaign_analytics.simulate.where import Where

_LEFT, _RIGHT = 0.95, WIDTH - MARGIN - 0.15  # inches
_HEAD, _HIGH, _UNDER = 0.62, 3.3, 0.62
_LEAST = 0.1  # settings that let in a smaller part of what the loosest does are not drawn: their means are noise
_GRAIN = 0.03  # inches: dots nearer than that are one


@dataclass(frozen=True)
class Names:
    """What the two parameters and the measure are called, and how the measure is written."""

    first: str
    second: str
    measure: str
    unit: Unit

    def show(self, value: float) -> str:
        """A mean as people write it; a share comes as a share."""
        return self.unit.show(100 * value if self.unit.type == "rate" else value)


def frontier(
    what_if: WhatIf, p: str, q: str, measure: str | None = None, where: Where | None = None, lang: str = "en"
) -> Chart:
    """How many offers qualify against their mean ``measure`` (the rulebook's first measure of quality, if none is
    named), at every pair of values of two parameters.

    Raises ``CampaignError`` for a parameter without a slider, and where there is no measure.
    """
    table = what_if.frontier(p, q, measure, where, lang)
    table = table[table["measure"] == table["measure"].iloc[0]].reset_index(drop=True)
    book, column = what_if.book, str(table["measure"].iloc[0])
    held = book.quantity(column)
    unit = Unit(held.type, book.header.currency if held.type == "money" else book.unit_label(held.unit, lang))
    names = Names(label_of(book, p, lang), label_of(book, q, lang), held.label(lang, column), unit)
    return draw(table, names, notes_of(what_if, [p, q], lang), lang, bool(book.document.quotas))


def draw(table: pd.DataFrame, names: Names, notes: Sequence[str], lang: str, quotas: bool = False) -> Chart:
    """``table``: the rows of one measure of ``WhatIf.frontier``."""
    told = table[table["allowed"] & table["mean"].notna()]
    least = _LEAST * told["pre_qualified"].max() if len(told) else 0
    marked = told["present"] | told["default"]
    shown = told[(told["pre_qualified"] >= least) | marked]
    small = len(told) - len(shown)
    more = [say("frontier_small", lang, count=small, least=round(least))] if small else []
    higher = bool((table["better"] == "higher").all())
    key = "frontier_subtitle_higher" if higher else "frontier_subtitle_lower"
    head = subtitle(key, quotas, lang, settings=len(told))
    now = table[table["present"]].iloc[0]
    known = say("frontier_known", lang, known=int(now["known"]), good=int(now["pre_qualified"]), measure=names.measure)
    chart = Chart(_title(told, names, higher, lang), head, [known, *more, *notes], _HEAD + _HIGH + _UNDER)
    if len(shown):
        _plot(chart, shown, names, lang)
    return chart


def _plot(chart: Chart, shown: pd.DataFrame, names: Names, lang: str) -> None:
    top = chart.top + _HEAD
    base = top + _HIGH
    counts, means = shown["pre_qualified"].to_numpy(np.float64), shown["mean"].to_numpy(np.float64)
    across, up = _span(counts), _span(means)
    xs = _LEFT + (_RIGHT - _LEFT) * (counts - across[0]) / (across[1] - across[0])
    ys = base - _HIGH * (means - up[0]) / (up[1] - up[0])
    for value in _round(across, whole=True):
        x = float(np.interp(value, across, (_LEFT, _RIGHT)))
        chart.page.plot([x, x], [base, top], color=LINE, linewidth=0.6, marker="", linestyle="-", zorder=0.3)
        chart.write(x, base + 0.13, short(round(value), lang), SMALL, QUIET, "center")
    for value in _round(up, whole=False):
        y = float(np.interp(value, up, (base, top)))
        chart.page.plot([_LEFT, _RIGHT], [y, y], color=LINE, linewidth=0.6, marker="", linestyle="-", zorder=0.3)
        chart.write(_LEFT - 0.08, y, names.show(value), SMALL, FAINT, "right")
    chart.write((_LEFT + _RIGHT) / 2, base + 0.38, say("frontier_across", lang), BODY, QUIET, "center")
    chart.write(MARGIN, top - 0.16, say("frontier_up", lang, measure=names.measure), BODY, QUIET)
    dots = np.unique(np.round(np.stack([xs, ys], axis=1) / _GRAIN), axis=0) * _GRAIN
    chart.page.plot(
        dots[:, 0], dots[:, 1], linestyle="", marker="o", markersize=2.2, color="#b8b8b8", zorder=1, rasterized=True
    )
    best = np.flatnonzero(shown["efficient"])
    best = best[np.argsort(xs[best])]
    chart.page.plot(xs[best], ys[best], color=BLUE, linewidth=1.2, linestyle="-", marker="o", markersize=3.4, zorder=2)
    apart = bool((shown["default"] & ~shown["present"]).any())
    _legend(chart, chart.top + 0.14, apart, lang)
    for mark, marker, fill in (("default", "D", PAPER), ("present", "o", INK))[not apart :]:
        for at in np.flatnonzero(shown[mark]):
            chart.page.plot(
                [xs[at]], [ys[at]], marker=marker, markersize=8, color=fill, markeredgecolor=INK, linestyle="", zorder=4
            )


def _legend(chart: Chart, y: float, apart: bool, lang: str) -> None:
    """What the marks are; ``apart``: the baseline's pair is another than the one in force."""
    x = _LEFT
    marks: list[tuple[str, dict[str, Any]]] = [
        ("frontier_dot", {"marker": "o", "markersize": 3, "color": "#b8b8b8"}),
        ("frontier_best", {"marker": "o", "markersize": 4, "color": BLUE}),
        ("frontier_now", {"marker": "o", "markersize": 8, "color": INK}),
        ("frontier_first", {"marker": "D", "markersize": 7, "color": PAPER, "markeredgecolor": INK}),
    ]
    for key, look in marks if apart else marks[:-1]:
        words = say(key, lang)
        chart.page.plot([x], [y], linestyle="", **look)
        chart.write(x + 0.12, y, words, SMALL, QUIET)
        x += width(words, SMALL) + 0.45


def _span(values: Array) -> tuple[float, float]:
    """The ends of an axis: a little more than what there is."""
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _round(span: tuple[float, float], whole: bool) -> Array:
    step = min(round_steps((span[1] - span[0]) / 6, whole))
    return np.arange(np.ceil(span[0] / step), np.floor(span[1] / step) + 1) * step


def _title(told: pd.DataFrame, names: Names, higher: bool, lang: str) -> str:
    words: dict[str, Any] = {"first": names.first, "second": names.second, "measure": names.measure}
    here = told[told["present"]]
    if not len(here):
        return say("frontier_title_nobody", lang, **words)
    now, sign = here.iloc[0], 1 if higher else -1
    words |= {"now": int(now["pre_qualified"]), "mean_now": names.show(float(now["mean"]))}
    better = told[told["efficient"] & (sign * (told["mean"] - now["mean"]) >= 0)]
    better = better[better["pre_qualified"] >= now["pre_qualified"]]
    if now["efficient"] or not len(better):
        return say("frontier_title_best", lang, **words)
    best = better.loc[better["pre_qualified"].idxmax()]
    words |= {"a": best["first"], "b": best["second"], "then": int(best["pre_qualified"])}
    return say("frontier_title", lang, mean=names.show(float(best["mean"])), **words)
