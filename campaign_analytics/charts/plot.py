"""A plot on a page: values of a parameter along the bottom, evenly, as on its slider; counts upwards from 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width
from campaign_analytics.charts.labels import short
from campaign_analytics.charts.palette import FAINT, INK, LINE, PAPER, PASS, QUIET, UNKNOWN
from campaign_analytics.charts.rounding import levels

_MOST_TICKS = 9
_EVERY = (1, 2, 5, 10, 20, 25, 50, 100)  # places between ticks
#: So few values are drawn as bars: between them there is nothing.
FEW = 8


@dataclass(frozen=True)
class Plot:
    """Where the values and the counts of one plot stand on its page, in inches."""

    chart: Chart
    left: float
    right: float
    top: float
    base: float
    values: int
    most: float  # the largest count that finds room

    def x(self, at: float) -> float:
        """Of a value, by its index."""
        if self.values <= FEW:
            return self.left + (self.right - self.left) * (at + 0.5) / max(self.values, 1)
        return self.left + (self.right - self.left) * at / (self.values - 1)

    def y(self, count: float) -> float:
        return self.base - (self.base - self.top) * count / self.most

    def across(self, lang: str, named: bool = True) -> None:
        """Lines at round counts."""
        for level in levels(max(round(self.most), 1)):
            y = self.y(level)
            self._line([self.left, self.right], [y, y], LINE, 0.8, zorder=0.5)
            if named:
                self.chart.write(self.left - 0.08, y, short(level, lang), SMALL, FAINT, "right")

    def ticks(self, texts: Sequence[str], places: Sequence[int], named: str) -> None:
        """As many values as find room, and what they are values of. ``places``: of each value on its slider, -1 for
        one between two."""
        every = self._every(texts)
        for at, place in enumerate(places):
            if place >= 0 and place % every == 0:
                x = self.x(at)
                self._line([x, x], [self.base, self.base + 0.04], QUIET, 0.8)
                self.chart.write(x, self.base + 0.13, texts[at], SMALL, QUIET, "center")
        self.chart.write((self.left + self.right) / 2, self.base + 0.38, named, BODY, QUIET, "center")

    def ends(self, texts: Sequence[str]) -> None:
        """The first and the last value alone, inside the plot's sides."""
        for at, side in ((0, "left"), (self.values - 1, "right")):
            edge = self.left if side == "left" else self.right
            self.chart.write(edge, self.base + 0.13, texts[at], 7.5, QUIET, side)

    def _every(self, texts: Sequence[str]) -> int:
        room = max((width(text, SMALL) for text in texts), default=0.0) + 0.12
        wide = (self.right - self.left) / max(self.values if self.values <= FEW else self.values - 1, 1)
        least = max(room / wide, 1 if self.values <= FEW else self.values / _MOST_TICKS)
        return next((every for every in _EVERY if every >= least), max(self.values, 1))

    def counts(self, good: Sequence[float], may: Sequence[float], weight: float = 1.8) -> None:
        """How many qualify at every value, and above them, hatched, how many may."""
        if self.values > FEW:
            xs = [self.x(at) for at in range(self.values)]
            lower, upper = ([self.y(count) for count in counts] for counts in (good, may))
            if list(good) != list(may):
                self.chart.page.fill_between(
                    xs, lower, upper, facecolor=UNKNOWN.fill, hatch=UNKNOWN.hatch, edgecolor=UNKNOWN.text, linewidth=0
                )
            self._line(xs, lower, PASS.fill, weight, zorder=3)
            return
        wide = 0.62 * (self.right - self.left) / max(self.values, 1)
        for at, (sure, open_) in enumerate(zip(good, may, strict=True)):
            x, y = self.x(at) - wide / 2, self.y(sure)
            self.chart.box(x, y, wide, self.base - y, PASS.fill)
            if open_ > sure:
                self.chart.hatched(x, self.y(open_), wide, y - self.y(open_), UNKNOWN)

    def line(self, counts: Sequence[float], colour: str, style: str) -> None:
        """One of several lines."""
        xs = [self.x(at) for at in range(self.values)]
        self._line(xs, [self.y(count) for count in counts], colour, 1.6, style, zorder=3)

    def upright(self, at: int, end: float, colour: str, style: str) -> None:
        """A line from the bottom to ``end`` at one value."""
        x = self.x(at)
        self._line([x, x], [self.base, end], colour, 1.3, style, zorder=2)

    def dot(self, at: int, count: float, size: float = 6.0) -> None:
        self.chart.page.plot(
            [self.x(at)], [self.y(count)], marker="o", markersize=size, color=INK, markeredgecolor=PAPER, zorder=4
        )

    def beside(self, at: float, y: float, words: str, colour: str, right: bool) -> None:
        """Words at one side of a value; at the other where this one has no room."""
        x, room = self.x(at), width(words, SMALL) + 0.08
        right = x + room < WIDTH - MARGIN if right else x - room < MARGIN
        self.chart.write(x + (0.08 if right else -0.08), y, words, SMALL, colour, "left" if right else "right")

    def _line(
        self, xs: Sequence[float], ys: Sequence[float], colour: str, weight: float, style: str = "-", zorder: float = 1
    ) -> None:
        self.chart.page.plot(xs, ys, color=colour, linewidth=weight, linestyle=style, marker="", zorder=zorder)


def apart(wanted: Sequence[float], gap: float, last: float) -> list[float]:
    """Heights as near to those wanted as can be, ``gap`` apart and none below ``last`` (inches grow downwards)."""
    order = np.argsort(wanted, kind="stable")
    placed, free = [0.0] * len(wanted), -np.inf
    for i in order.tolist():
        placed[i] = free = max(wanted[i], free + gap)
    for i in reversed(order.tolist()):
        placed[i] = last = min(placed[i], last)
        last -= gap
    return placed
