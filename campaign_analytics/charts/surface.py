"""Two parameters at once: how many qualify at every pair of values, with lines of equal number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patheffects import withStroke

from campaign_analytics.charts.curve import label_of, notes_of, subtitle, unit_of
from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width, wrap
from campaign_analytics.charts.palette import INK, PAPER, QUIET
from campaign_analytics.charts.rounding import round_steps
from campaign_analytics.market.schema import Array
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.simulate.what_if import WhatIf

_LEFT, _RIGHT, _HIGH, _UNDER, _HEAD = 1.5, 7.9, 3.8, 0.62, 0.3  # inches
_FEW = 12  # so many values a side have their number in each cell
_SHADES = LinearSegmentedColormap.from_list("surface", [PAPER, "#cfe3f1", "#7db6dc"])  # dark text is readable on all
_MOST_TICKS = 8


@dataclass(frozen=True, eq=False)
class Side:
    """The values of one parameter along a side."""

    label: str
    unit: str
    texts: Sequence[str]
    here: float  # the value in force, by its place; between two places a half
    first: float  # the baseline's

    @property
    def ticks(self) -> list[str]:
        return [text.removesuffix(f" {self.unit}") for text in self.texts]

    @property
    def named(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit and self.unit not in self.label else self.label


def surface(what_if: WhatIf, p: str, q: str, lang: str = "en") -> Chart:
    """How many offers qualify at every pair of values of two parameters, ``p`` along the bottom, ``q`` at the left.

    Raises ``CampaignError`` where one of them has no values to look at.
    """
    table = what_if.surface(p, q, lang=lang)
    sides = tuple(_side(what_if, name, table[own], lang) for name, own in ((p, "first"), (q, "second")))
    counts = table["pre_qualified"].to_numpy().reshape(len(sides[0].texts), len(sides[1].texts))
    now = int(what_if.assessment.summary()["pre_qualified"].iloc[0])
    notes = notes_of(what_if, [p, q], lang)
    return draw(
        sides[0], sides[1], counts, now, int(table["total"].iloc[0]), notes, lang, bool(what_if.book.document.quotas)
    )


def _side(what_if: WhatIf, name: str, shown: pd.Series, lang: str) -> Side:
    texts = list(dict.fromkeys(shown.tolist()))
    curve = what_if.curve(name, lang=lang)
    at = [_at(curve, mark) for mark in ("present", "default")]
    return Side(label_of(what_if.book, name, lang), unit_of(what_if.book, name, lang), texts, *at)


def _at(curve: pd.DataFrame, mark: str) -> float:
    """The marked value's place, half way to the next where it lies between two."""
    row = int(curve[mark].to_numpy().argmax())
    place = int(curve["place"].iloc[row])
    return float(place) if place >= 0 else float((curve["place"].iloc[:row] >= 0).sum()) - 0.5


def draw(
    one: Side, other: Side, counts: Array, now: int, offers: int, notes: Sequence[str], lang: str, quotas: bool = False
) -> Chart:
    """``counts`` (values of the one, values of the other): the offers that qualify."""
    title = _title(one, other, counts, now, lang)
    chart = Chart(title, subtitle("surface_subtitle", quotas, lang, offers=offers), notes, _HEAD + _HIGH + _UNDER)
    top = chart.top + _HEAD
    base = top + _HIGH
    xs, ys = np.linspace(_LEFT, _RIGHT, len(one.texts) + 1), np.linspace(base, top, len(other.texts) + 1)
    across, up = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
    low, high = int(counts.min()), int(counts.max())
    chart.page.pcolormesh(
        xs, ys, counts.T, cmap=_SHADES, vmin=low, vmax=max(high, low + 1), zorder=0.3, rasterized=True
    )
    if max(counts.shape) <= _FEW:
        for i, x in enumerate(across):
            for j, y in enumerate(up):
                chart.write(x, y, f"{counts[i, j]:,}", SMALL, INK, "center")
    elif min(counts.shape) > 1 and low < high:
        _isolines(chart, across, up, counts, high - low)
    _legend(chart, low, high, top, lang)
    _ticks(chart, one, other, across, up, base, top)
    _points(chart, one, other, (xs, ys), now, lang)
    return chart


def _isolines(chart: Chart, across: Array, up: Array, counts: Array, span: int) -> None:
    """Lines of equal number at round numbers, each named where it has room."""
    step = min(round_steps(span / 5, whole=True))
    levels = np.arange(np.floor(counts.min() / step) + 1, counts.max() / step) * step
    if not len(levels):
        return
    lines = chart.page.contour(
        across, up, counts.T, levels=levels, colors=INK, linewidths=0.8, linestyles="-", zorder=1
    )
    taken: list[tuple[float, float]] = []
    for level, paths in zip(lines.levels, lines.allsegs, strict=True):
        points = np.concatenate([path for path in paths if len(path)] or [np.zeros((0, 2))])
        words = f"{level:,.0f}"
        room = width(words, SMALL) / 2 + 0.1
        inside = points[(points[:, 0] > _LEFT + room) & (points[:, 0] < _RIGHT - room)]
        inside = inside[(inside[:, 1] < up[0] - 0.15) & (inside[:, 1] > up[-1] + 0.15)]
        free = [point for point in inside if all(abs(point[0] - x) > 0.75 or abs(point[1] - y) > 0.3 for x, y in taken)]
        if free:
            x, y = free[len(free) // 2]
            taken.append((x, y))
            chart.write(x, y, words, SMALL, INK, "center")
            chart.page.texts[-1].set_path_effects([withStroke(linewidth=3, foreground=PAPER)])


def _legend(chart: Chart, low: int, high: int, top: float, lang: str) -> None:
    x, high_inches = _RIGHT + 0.35, 1.6
    shades = np.linspace(low, high, 64)
    chart.page.pcolormesh(
        [x, x + 0.18], np.linspace(top + high_inches + 0.2, top + 0.2, 65), shades[:, None], cmap=_SHADES
    )
    for y, count in ((top + 0.26, high), (top + high_inches + 0.14, low)):
        chart.write(x + 0.26, y, f"{count:,}", SMALL, QUIET)
    for i, words in enumerate(wrap(say("pre_qualified", lang), WIDTH - MARGIN - x, SMALL, most=2)):
        chart.write(x, top + 0.02 + i * 0.15, words, SMALL, QUIET)


def _ticks(chart: Chart, one: Side, other: Side, across: Array, up: Array, base: float, top: float) -> None:
    room = max(width(text, SMALL) for text in one.ticks) + 0.15
    for at in _shown(len(across), room / (_RIGHT - _LEFT)):
        chart.write(across[at], base + 0.13, one.ticks[at], SMALL, QUIET, "center")
    for at in _shown(len(up), 0.28 / _HIGH):
        text = wrap(other.ticks[at], _LEFT - MARGIN - 0.1, SMALL, most=1)[0]
        chart.write(_LEFT - 0.08, up[at], text, SMALL, QUIET, "right")
    chart.write((_LEFT + _RIGHT) / 2, base + 0.38, one.named, BODY, QUIET, "center")
    chart.write(MARGIN, top - 0.16, other.named, BODY, QUIET)


def _shown(values: int, least: float) -> list[int]:
    """Which values are named, each taking at least that part of the side."""
    every = next(
        (
            n
            for n in (1, 2, 5, 10, 20, 25, 50, 100)
            if n / values >= max(least, 1 / _MOST_TICKS if values > _FEW else 0)
        ),
        values,
    )
    return list(range(0, values, every))


def _points(chart: Chart, one: Side, other: Side, edges: tuple[Array, Array], now: int, lang: str) -> None:
    """The pair in force and the baseline's, drawn and named."""
    cells = len(one.texts) <= _FEW and len(other.texts) <= _FEW
    points = [((one.here, other.here), "o", INK, "curve_now_point")]
    if (one.here, other.here) != (one.first, other.first):
        points.append(((one.first, other.first), "D", PAPER, "curve_first_point"))
    for (i, j), marker, fill, key in points:
        x, y = (np.interp(at + 0.5, np.arange(len(held)), held) for at, held in zip((i, j), edges, strict=True))
        shift = -0.2 if cells else 0.0  # beside the number
        chart.page.plot([x], [y + shift], marker=marker, markersize=7, color=fill, markeredgecolor=INK, zorder=4)
        words = say(key, lang, now=now)
        chart.page.plot(
            [_RIGHT + 0.43], [_legend_y(edges[1], key)], marker=marker, markersize=6, color=fill, markeredgecolor=INK
        )
        for n, line in enumerate(wrap(words, WIDTH - MARGIN - _RIGHT - 0.6, SMALL, most=3)):
            chart.write(_RIGHT + 0.6, _legend_y(edges[1], key) + n * 0.15, line, SMALL, INK)


def _legend_y(ys: Array, key: str) -> float:
    return float(ys[-1]) + (2.3 if key == "curve_now_point" else 2.95)


def _title(one: Side, other: Side, counts: Array, now: int, lang: str) -> str:
    words = {"one": one.label, "other": other.label, "now": now}
    most = int(counts.max())
    if not one.here.is_integer() or not other.here.is_integer() or one.here < 0 or other.here < 0:
        return say("surface_title_off", lang, most=most, least=int(counts.min()), **words)
    i, j = int(one.here), int(other.here)
    alone, second = int(counts[:, j].max()) - now, int(counts[i].max()) - now
    if most == now:
        return say("surface_title_none", lang, **words)
    return say("surface_title", lang, a=alone, b=second, both=most - now, **words)
