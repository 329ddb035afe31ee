"""Every parameter's curve in small, all on one scale, those that move most first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from campaign_analytics.charts.curve import Line, line_of, notes_of, subtitle
from campaign_analytics.charts.figure import MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import wrap
from campaign_analytics.charts.labels import listed
from campaign_analytics.charts.palette import INK, QUIET
from campaign_analytics.charts.plot import Plot
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.simulate.what_if import WhatIf

MOST = 16
_ACROSS = 4
_GAP, _AXIS = 0.3, 0.45  # inches between panels, and left for counts
_HEAD, _HIGH, _UNDER = 0.62, 0.95, 0.38  # inches: a panel's name, its plot, its ends


def curves(what_if: WhatIf, lang: str = "en") -> Chart:
    """How many offers qualify at every value of every parameter, all else as it stands: a small curve for each.

    At most 16, those that move the number most; the others are named below.
    """
    table = what_if.curves(lang=lang)
    lines = [line_of(what_if, str(name), held, lang) for name, held in table.groupby("parameter", sort=False)]
    return draw(lines, notes_of(what_if, [], lang), lang, bool(what_if.book.document.quotas))


def draw(lines: Sequence[Line], notes: Sequence[str], lang: str, quotas: bool = False) -> Chart:
    """Small curves as a page."""
    moving = sorted((line for line in lines if line.swing), key=lambda line: -line.swing)
    drawn, fewer = moving[:MOST], moving[MOST:]
    still = [line.label for line in lines if not line.swing]
    told = (
        [say("curves_fewer", lang, names=listed((f"{line.label} {line.swing:,}" for line in fewer), lang))]
        if fewer
        else []
    )
    told += [say("curves_still", lang, names=listed(still, lang))] if still else []
    rows = -(-len(drawn) // _ACROSS)
    offers = lines[0].offers if lines else 0
    chart = Chart(
        _title(drawn, lang), subtitle("curves_subtitle", quotas, lang, offers=offers), [*told, *notes],
        rows * (_HEAD + _HIGH + _UNDER),
    )  # fmt: skip
    most = max((max(line.may) for line in drawn), default=1)
    wide = (WIDTH - 2 * MARGIN - _AXIS - _GAP * (_ACROSS - 1)) / _ACROSS
    for i, line in enumerate(drawn):
        left = MARGIN + _AXIS + (i % _ACROSS) * (wide + _GAP)
        top = chart.top + (i // _ACROSS) * (_HEAD + _HIGH + _UNDER)
        plot = Plot(chart, left, left + wide, top + _HEAD, top + _HEAD + _HIGH, len(line.texts), max(most, 1))
        _panel(plot, line, first=i % _ACROSS == 0, lang=lang)
    return chart


def _panel(plot: Plot, line: Line, first: bool, lang: str) -> None:
    for i, words in enumerate(reversed(wrap(line.label, plot.right - plot.left + 0.1, SMALL, most=2))):
        plot.chart.write(plot.left, plot.top - 0.34 - i * 0.15, words, SMALL, INK)
    now = wrap(f"{line.texts[line.here]} · {line.good[line.here]:,}", plot.right - plot.left, SMALL, most=1)[0]
    plot.chart.write(plot.left, plot.top - 0.17, now, SMALL, QUIET)
    plot.across(lang, named=first)
    plot.counts(line.good, line.may, 1.4)
    plot.upright(line.here, plot.top, INK, "--")
    plot.dot(line.here, line.good[line.here], 4.5)
    plot.ends(line.ticks)


def _title(drawn: Sequence[Line], lang: str) -> str:
    if not drawn:
        return say("curves_title_none", lang)
    line = drawn[0]
    low, high = line.good.index(min(line.good)), line.good.index(max(line.good))
    return say(
        "curves_title", lang,
        what=line.label, few=line.good[low], tight=line.texts[low], many=line.good[high], loose=line.texts[high],
    )  # fmt: skip
