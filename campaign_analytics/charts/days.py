"""Rules in rows, days in columns: what happens to whom on which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import pandas as pd

from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width, wrap
from campaign_analytics.charts.grid import Text
from campaign_analytics.charts.labels import short
from campaign_analytics.charts.palette import FAINT, INK, LINE, QUIET, UNKNOWN, shade
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

_CELLS: Final = 3.2  # inches: where days begin
_WIDEST, _ROW, _HEAD, _LINE, _TOTAL = 0.62, 0.36, 0.36, 0.15, 0.75  # inches
_NARROW = 0.3  # inches: a day in less room has no number in it


@dataclass(frozen=True)
class DayRow:
    """A rule, or what all of them come to: a count for each day (None = not observed), and in all."""

    clause: str
    name: str
    counts: Sequence[int | None]
    total: str


def through(book: Rulebook, offers: pd.Series[int], lang: str) -> str:
    """The end of a title: the rule that matters for most ``offers`` (by rule); nothing where no rule leads alone."""
    leading = offers[offers == offers.max()].index
    return say("through", lang, rule=book.rules[leading[0]].label(lang, leading[0])) if len(leading) == 1 else ""


def draw_days(text: Text, days: Sequence[date], rows: Sequence[DayRow], total: str, lang: str) -> Chart:
    """A cell for every row and day, the darker the more; a day that was not observed is hatched. ``total`` stands over
    the last column. The first row is set apart from the others, with shades of its own."""
    room = WIDTH - MARGIN - _TOTAL - _CELLS
    wide = min(_WIDEST, room / max(len(days), 1))
    chart = Chart(text.title, text.subtitle, text.notes, _HEAD + _ROW * len(rows) + 0.08)
    top = chart.top + _HEAD
    every = max(1, -(-int(1000 * (width("00-00", SMALL) + 0.08)) // int(1000 * wide)))  # not every day has room
    for i, day in enumerate(days):
        if i % every == 0:
            chart.write(_CELLS + (i + 0.5) * wide, top - 0.11, f"{day:%m-%d}", SMALL, QUIET, "center")
    right = min(_CELLS + len(days) * wide + _TOTAL, WIDTH - MARGIN)
    chart.write(right, top - 0.11, total, SMALL, QUIET, "right")
    full = [max((n or 0 for row in some for n in row.counts), default=0) for some in (rows[:1], rows[1:])]
    label = MARGIN + max((width(row.clause, BODY) + 0.15 for row in rows if row.clause), default=0.0)
    for number, row in enumerate(rows):
        y = top + number * _ROW + (0.08 if number else 0)
        if number == 1:
            chart.line(y - 0.04, LINE)
        _row(chart, y, label if row.clause else MARGIN, wide, row, full[number > 0], lang)
        chart.write(right, y + _ROW / 2, row.total, BODY, INK, "right")
    return chart


def _row(chart: Chart, y: float, label: float, wide: float, row: DayRow, full: int, lang: str) -> None:
    chart.write(MARGIN, y + _ROW / 2, row.clause, BODY, QUIET)
    lines = wrap(row.name, _CELLS - label - 0.1, BODY, most=2)
    for i, line in enumerate(lines):
        chart.write(label, y + _ROW / 2 + (i - (len(lines) - 1) / 2) * _LINE, line, BODY)
    gap = min(0.02, wide * 0.15)
    for i, count in enumerate(row.counts):
        x = _CELLS + i * wide
        if count is None:
            chart.hatched(x + gap / 2, y + 0.015, wide - gap, _ROW - 0.03, UNKNOWN)
            continue
        if count:
            chart.box(x + gap / 2, y + 0.015, wide - gap, _ROW - 0.03, shade(count, full))
        if wide >= _NARROW:
            shown = short(count, lang) if count else "·"
            chart.write(x + wide / 2, y + _ROW / 2, shown, SMALL, INK if count else FAINT, "center")
