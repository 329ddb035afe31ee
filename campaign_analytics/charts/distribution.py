"""A metric against its threshold: how many miss it, how many of them by little, how many are not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.patches import Rectangle

from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width, wrap
from campaign_analytics.charts.labels import foot, share, short
from campaign_analytics.charts.measure import NEAR, Measure, measure
from campaign_analytics.charts.palette import FAIL, FAINT, INK, LINE, PASS, QUIET, UNKNOWN
from campaign_analytics.charts.rounding import levels, round_steps
from campaign_analytics.market.schema import Array
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_LEFT, _RIGHT, _UNKNOWN = 0.75, 8.35, 8.75  # inches: the axis' ends, and where the bar of the unknown begins
_HIGH, _HEAD = 2.2, 0.78  # inches: the tallest bar; what stands above the bars
_UNDER = 0.62  # inches for ticks and the axis' name
_MOST_BARS, _MOST_TICKS = 30, 9
_NEAR_FILL: Final = "#fde3cf"
_DAYS = (1 / 24, 1 / 4, 1 / 2, 1, 2, 7, 14, 30, 91, 182, 365, 3652)


@dataclass(frozen=True, eq=False)
class Bins:
    """Bars of equal width along the axis; no bar holds both sides of the threshold."""

    edges: Array  # (bars + 1,) ascending, in drawn units
    split: int  # the edge that is the threshold
    passes: Array  # (bars,) int
    fails: Array  # (bars,) int
    single: bool  # a bar holds one whole value, at its middle


def distribution(assessment: Assessment, rule: str, column: str | None = None, lang: str = "en") -> Chart:
    """Everybody's value of the amount that ``rule`` compares, the threshold named, near misses shaded.

    The comparison that most fail is drawn; ``column`` picks another. Near misses fail within a quarter of the
    ``scale`` that the rulebook gives the parameter (an assumption). Raises ``CampaignError`` where there is no such
    comparison.
    """
    return draw(measure(assessment, rule, column, lang), foot(assessment, lang), lang)


def draw(held: Measure, notes: Sequence[str], lang: str) -> Chart:
    """One measure as a page."""
    bins = bins_of(held)
    chart = Chart(_title(held, lang), _subtitle(held, lang), notes, _HEAD + _HIGH + _UNDER)
    base = chart.top + _HEAD + _HIGH
    tallest = max(int((bins.passes + bins.fails).max(initial=0)), held.unknown, 1)
    _shares(chart, chart.top + 0.1, held, lang)
    wide = (_RIGHT - _LEFT) / (len(bins.edges) - 1)
    if held.band is not None:
        _band(chart, base, held, bins)
    for level in levels(tallest):
        y = base - _HIGH * level / tallest
        chart.page.plot(
            [_LEFT, WIDTH - MARGIN], [y, y], color=LINE, linewidth=0.8, linestyle="-", marker="", zorder=0.5
        )
        chart.write(_LEFT - 0.08, y, short(level, lang), SMALL, FAINT, "right")
    for i, counts in enumerate(zip(bins.fails.tolist(), bins.passes.tolist(), strict=True)):
        y = base
        for count, look in zip(counts, (FAIL, PASS), strict=True):
            high = _HIGH * count / tallest
            chart.box(_LEFT + (i + 0.06) * wide, y - high, 0.88 * wide, high, look.fill)
            y -= high
    high = _HIGH * held.unknown / tallest
    chart.hatched(_UNKNOWN, base - high, 0.45, high, UNKNOWN)
    chart.write(_UNKNOWN + 0.22, base + 0.13, f"{UNKNOWN.mark} {held.unknown:,}", SMALL, UNKNOWN.text, "center")
    _threshold(chart, base, held, bins, lang)
    _ticks(chart, base, held, bins)
    chart.write((_LEFT + _RIGHT) / 2, base + 0.38, _axis(held), BODY, QUIET, "center")
    return chart


def bins_of(held: Measure) -> Bins:
    """Cut the axis into bars, the ends gathering what lies far out; the threshold is an edge."""
    spread = held.values
    middle = [held.threshold, *([] if held.band is None else [held.band])]
    far = np.quantile(spread, (0.01, 0.99)) if len(spread) else np.array([])
    low, high = float(min([*middle, *far])), float(max([*middle, *far]))
    whole = held.unit.whole and bool((spread == np.round(spread)).all())
    single = whole and high - low < _MOST_BARS
    # a passing value belongs above an "at least", below an "at most": the threshold itself is on the passing side
    closed_below = held.op in (">=", "<")
    if single:
        first, last = np.floor(low), np.ceil(high)
        cut = held.threshold + (-0.5 if closed_below else 0.5)
        below = max(int(cut - first + 0.5), 1)
        edges = cut + np.arange(-below, max(int(last - cut + 0.5), 1) + 1)
        split = below
    elif held.factor and held.threshold > 0:
        least = max(held.threshold / 2**12, np.nextafter(0, 1))
        times = np.log2(np.maximum([low, high], least)) - np.log2(held.threshold)
        below, above = max(int(np.ceil(-times[0])), 1), max(int(np.ceil(times[1])), 1)
        edges, split = held.threshold * 2.0 ** np.arange(-below, min(above, 14) + 1), below
    else:
        step = _bar_width((high - low) / (_MOST_BARS - 4), held, whole)
        below = max(int(np.ceil((held.threshold - low) / step)), 1)
        above = max(int(np.ceil((high - held.threshold) / step)), 1)
        edges, split = held.threshold + step * np.arange(-below, above + 1), below
    place = np.searchsorted(edges, spread, side="right" if closed_below else "left") - 1
    lower = held.fails if held.upward else ~held.fails
    place = np.clip(np.where(lower, np.minimum(place, split - 1), np.maximum(place, split)), 0, len(edges) - 2)
    fails, passes = (np.bincount(place[which], minlength=len(edges) - 1) for which in (held.fails, ~held.fails))
    return Bins(edges, split, passes, fails, single)


def _bar_width(span: float, held: Measure, whole: bool) -> float:
    """A round width of at least ``span``; of two, the one by which the threshold can be divided."""
    if held.unit.type == "time":
        return next((days for days in _DAYS if days >= span), span)
    steps = round_steps(span, whole)
    return next((step for step in steps if (held.threshold / step).is_integer()), min(steps))


# ---- words


def _title(held: Measure, lang: str) -> str:
    fails, words = int(held.fails.sum()), {"what": held.label, "needs": held.needs, "all": held.subjects}
    if not held.subjects:
        return say("distribution_title_empty", lang)
    if not fails:
        return say(f"distribution_title_none_{held.level}", lang, unknown=held.unknown, **words)
    if held.band is None:
        return say(f"distribution_title_{held.level}", lang, fails=fails, **words)
    return say(f"distribution_title_near_{held.level}", lang, fails=fails, near=held.near, band=held.band_text, **words)


def _subtitle(held: Measure, lang: str) -> str:
    told = [say(f"distribution_subtitle_{held.level}", lang, all=held.subjects)]
    if held.not_applicable:
        told.append(say("distribution_exempt", lang, count=held.not_applicable))
    if held.otherwise:
        told.append(say("distribution_otherwise", lang, count=held.otherwise))
    told.append(say("distribution_band" if held.band is not None else "distribution_no_band", lang, part=f"{NEAR:.0%}"))
    return ("" if lang == "zh" else " ").join(told)


def _shares(chart: Chart, y: float, held: Measure, lang: str) -> None:
    fails = int(held.fails.sum())
    counts = [("fail", FAIL, fails), ("pass", PASS, len(held.values) - fails), ("unknown", UNKNOWN, held.unknown)]
    x = _LEFT
    for name, look, count in counts:
        words = f"{look.mark} {count:,} · {share(count, held.subjects, 1)} {say(name, lang)}"
        chart.write(x, y, words, 10, look.text)
        x += width(words, 10) + 0.35


def _axis(held: Measure) -> str:
    unit = "%" if held.unit.type == "rate" else held.unit.unit
    return f"{held.label} ({unit})" if unit and unit not in held.label else held.label


# ---- marks


def _at(bins: Bins, value: float) -> float:
    """Where a value stands on the page."""
    places = np.linspace(_LEFT, _RIGHT, len(bins.edges))
    return float(np.interp(value, bins.edges, places))


def _band(chart: Chart, base: float, held: Measure, bins: Bins) -> None:
    assert held.band is not None
    end = held.band
    if bins.single:  # whole values: as far as the last that is near
        end = np.ceil(end) - 0.5 if held.upward else np.floor(end) + 0.5
    line = float(bins.edges[bins.split])
    left, right = sorted((_at(bins, end), _at(bins, line)))
    chart.page.add_patch(
        Rectangle((left, base - _HIGH), right - left, _HIGH, facecolor=_NEAR_FILL, linewidth=0, zorder=0.4)
    )
    _beside(chart, _at(bins, line), base - _HIGH - 0.1, f"{held.near:,} · {held.band_text}", FAIL.text, not held.upward)


def _threshold(chart: Chart, base: float, held: Measure, bins: Bins, lang: str) -> None:
    x = _at(bins, float(bins.edges[bins.split]))
    chart.page.plot([x, x], [base, base - _HIGH - 0.33], color=INK, linewidth=1.4, linestyle="--", marker="")
    words = wrap(say("distribution_threshold", lang, needs=held.needs), 4.0, SMALL, most=1)[0]
    _beside(chart, x, base - _HIGH - 0.27, words, INK, held.upward)


def _beside(chart: Chart, x: float, y: float, words: str, colour: str, right: bool) -> None:
    """Words at one side of the threshold's line; at the other where this one has no room."""
    room = width(words, SMALL) + 0.08
    right = x + room < WIDTH - MARGIN if right else x - room < MARGIN
    chart.write(x + (0.08 if right else -0.08), y, words, SMALL, colour, "left" if right else "right")


def _ticks(chart: Chart, base: float, held: Measure, bins: Bins) -> None:
    """Values below the axis, the threshold's among them, as many as find room."""
    shown = bins.edges[:-1] + 0.5 if bins.single else bins.edges
    start = bins.split - (1 if bins.single and held.op in ("<=", ">") else 0)
    texts = [held.unit.show(float(value)).removesuffix(f" {held.unit.unit}").removesuffix("%") for value in shown]
    wide = (_RIGHT - _LEFT) / (len(bins.edges) - 1)
    room = max(width(text, SMALL) for text in texts) + 0.12
    every = max(int(np.ceil(room / wide)), int(np.ceil(len(texts) / _MOST_TICKS)) if not bins.single else 1)
    for i in range(start % every, len(texts), every):
        x = _LEFT + wide * (i + (0.5 if bins.single else 0))
        chart.page.plot([x, x], [base, base + 0.04], color=QUIET, linewidth=0.8, linestyle="-", marker="")
        chart.write(x, base + 0.13, texts[i], SMALL, QUIET, "center")
