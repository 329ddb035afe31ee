"""Whom a change hits: the effect on every segment beside that on everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.charts.curve import subtitle
from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import wrap
from campaign_analytics.charts.labels import foot, listed
from campaign_analytics.charts.palette import FAIL, FAINT, INK, LINE, PASS, QUIET
from campaign_analytics.charts.rounding import round_steps
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Level
    from campaign_analytics.simulate.what_if import WhatIf
    from campaign_analytics.simulate.where import Where

MOST = 10  # segments of a column
_FROM, _TO = 2.6, 6.6  # inches: the axis
_NUMBERS = {"ratio": 7.35, "change": 8.1, "gained_lost": 8.85, "n": WIDTH - MARGIN}  # right edges
_ROW, _BLOCK, _HEAD, _UNDER, _LINE = 0.3, 0.3, 0.5, 0.55, 0.155


def segments(
    what_if: WhatIf,
    by: str | Sequence[str] | None = None,
    level: Level = "offers",
    where: Where | None = None,
    lang: str = "en",
) -> Chart:
    """What the change that is set now does to every segment of the columns in ``by``, against what it does to all.

    Of each column the 10 largest segments are drawn, the others are counted below.
    """
    table = what_if.segments(by, level, where, lang)
    changes = [say("segments_changed", lang, names=listed(_changes(what_if, lang), lang))] if what_if.changed else []
    return draw(table, level, [*changes, *foot(what_if.assessment, lang)], lang, bool(what_if.book.document.quotas))


def _changes(what_if: WhatIf, lang: str) -> list[str]:
    diff = what_if.scenario("now").diff(lang=lang)
    return [f"{label} {new}" for label, new in zip(diff["label"], diff["new"], strict=True)]


def draw(table: pd.DataFrame, level: Level, notes: Sequence[str], lang: str, quotas: bool = False) -> Chart:
    """``table`` as of ``WhatIf.segments``."""
    blocks: list[tuple[str, list[dict[str, Any]]]] = []
    rest = []
    for _, held in table.groupby("by", sort=False):
        rows = [{str(k): v for k, v in row.items()} for row in held.to_dict("records")]
        rows.sort(key=lambda row: -row[level])
        left_out = rows[MOST:]
        if left_out:
            moved = sum(row["change"] for row in left_out)
            rest.append(say("segments_more", lang, what=left_out[0]["label"], count=len(left_out), change=moved))
        blocks.append((rows[0]["label"], sorted(rows[:MOST], key=lambda row: row["effect"])))
    drawn = [row for _, rows in blocks for row in rows]
    whole = table[table["by"] == table["by"].iloc[0]] if len(table) else table
    all_, change = int(whole[level].sum()), int(whole["change"].sum())
    overall = 100 * change / max(all_, 1)
    body = _HEAD + len(blocks) * _BLOCK + len(drawn) * _ROW + _UNDER
    head = subtitle(f"segments_subtitle_{level}", quotas, lang, all=all_, change=change)
    chart = Chart(str(table.attrs["headline"]), head, [*rest, *notes], body)
    top = chart.top + _HEAD
    for column, x in _NUMBERS.items():
        for i, line in enumerate(reversed(say(f"segments_{column}", lang).split("\n"))):
            chart.write(x, top - 0.1 - i * _LINE, line, SMALL, QUIET, "right")
    ends = [0.0, overall, *(100 * float(row["effect"]) for row in drawn)]
    low, high = min(ends), max(ends)
    room = 0.06 * (high - low) or 1.0
    span = (low - room, high + room)
    base = top + len(blocks) * _BLOCK + len(drawn) * _ROW
    _axis(chart, span, overall, top, base, lang)
    y = top
    for label, rows in blocks:
        chart.write(MARGIN, y + _BLOCK / 2, label, SMALL, QUIET)
        y += _BLOCK
        for row in rows:
            _row(chart, y + _ROW / 2, row, span, overall, level, lang)
            y += _ROW
    return chart


def _x(value: float, span: tuple[float, float]) -> float:
    return float(np.interp(value, span, (_FROM, _TO)))


def _axis(chart: Chart, span: tuple[float, float], overall: float, top: float, base: float, lang: str) -> None:
    step = min(round_steps((span[1] - span[0]) / 5, whole=False))
    for value in np.arange(np.ceil(span[0] / step), np.floor(span[1] / step) + 1) * step:
        x = _x(float(value), span)
        chart.page.plot([x, x], [top, base], color=LINE, linewidth=0.6, linestyle="-", marker="", zorder=0.3)
        chart.write(x, base + 0.13, f"{value:+.10g}" if abs(value) > step / 2 else "0", SMALL, QUIET, "center")
    chart.write((_FROM + _TO) / 2, base + 0.36, say("segments_axis", lang), BODY, QUIET, "center")
    x = _x(overall, span)
    chart.page.plot([x, x], [top - 0.06, base], color=INK, linewidth=1.2, linestyle="--", marker="", zorder=0.6)
    chart.write(x, top - 0.16, say("segments_all", lang, effect=f"{overall:+.1f}"), SMALL, INK, "center")


def _row(
    chart: Chart, y: float, row: dict[str, Any], span: tuple[float, float], overall: float, level: Level, lang: str
) -> None:
    effect = 100 * float(row["effect"])
    look = PASS if effect >= overall else FAIL
    name = wrap(row["segment"] or say("no_name", lang), _FROM - MARGIN - 0.25, BODY, most=1)[0]
    chart.write(MARGIN + 0.12, y, name, BODY)
    x, at = _x(effect, span), _x(overall, span)
    chart.page.plot([at, x], [y, y], color=look.fill, linewidth=1.6, linestyle="-", marker="", zorder=1)
    marker = "o" if effect >= overall else "s"  # never colour alone
    chart.page.plot([x], [y], marker=marker, markersize=6.5, color=look.fill, linestyle="", zorder=2)
    turned = f"+{row['gained']:,} −{row['lost']:,}" if row["gained"] or row["lost"] else ""
    shown = {
        "ratio": "" if np.isnan(row["ratio"]) else f"{row['ratio']:.1f} ×",
        "change": f"{row['change']:+,}" if row["change"] else "",
        "gained_lost": turned,
        "n": f"{row[level]:,}",
    }
    for column, text in shown.items():
        chart.write(_NUMBERS[column], y, text or "·", BODY, INK if text else FAINT, "right")
