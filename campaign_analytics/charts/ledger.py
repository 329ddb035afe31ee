"""How much hinges on each assumption of ours: verdicts that turn with it the other way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from campaign_analytics.charts.curve import notes_of, subtitle
from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import wrap
from campaign_analytics.charts.labels import listed
from campaign_analytics.charts.palette import FAIL, FAINT, INK, LINE, PASS, QUIET, UNKNOWN
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.simulate.what_if import WhatIf

MOST = 14
_FLIP, _BAR, _BAR_END = 3.35, 5.35, 6.75  # inches
_NUMBERS = {"gained": 7.3, "lost": 7.95, "other": 8.6, "merchants": WIDTH - MARGIN}  # right edges
_ROW, _HEAD, _LINE, _THICK = 0.4, 0.42, 0.155, 0.16


def ledger(what_if: WhatIf, lang: str = "en", progress: Progress | None = None) -> Chart:
    """How many verdicts turn with each default of ours the other way, one at a time: of each the weightiest flip.

    At most 14 are drawn; those on which no verdict hinges are named below.
    """
    table = what_if.ledger(lang, progress)
    offers = what_if.baseline.market.offers.rows
    return draw(table, offers, notes_of(what_if, [], lang), lang, bool(what_if.book.document.quotas))


def draw(table: pd.DataFrame, offers: int, notes: Sequence[str], lang: str, quotas: bool = False) -> Chart:
    """``table`` as of ``WhatIf.ledger``."""
    rows: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    first = {(row["kind"], row["name"]): row for row in reversed(rows)}  # the weightiest of each stands first
    each = [row for row in rows if first[row["kind"], row["name"]] is row]
    turning = [row for row in each if row["changed"] or row["merchants_changed"]]
    drawn, rest = turning[:MOST], turning[MOST:]
    none = [row["label"] for row in each if not (row["changed"] or row["merchants_changed"])]
    fewer = [f"{row['label']} {row['changed'] or ''}".rstrip() for row in rest]
    told = [say("ledger_more", lang, names=listed(fewer, lang))] if fewer else []
    told += [say("ledger_none", lang, names=listed(none, lang))] if none else []
    body = _HEAD + _ROW * len(drawn) + 0.05
    title = _title(drawn, offers, lang)
    chart = Chart(title, subtitle("ledger_subtitle", quotas, lang, offers=offers), [*told, *notes], body)
    for column, x in _NUMBERS.items():
        for i, line in enumerate(reversed(say(f"ledger_{column}", lang).split("\n"))):
            chart.write(x, chart.top + _HEAD - 0.1 - i * _LINE, line, SMALL, QUIET, "right")
    longest = max((row["changed"] for row in drawn), default=0) or 1
    for i, row in enumerate(drawn):
        _row(chart, chart.top + _HEAD + i * _ROW, row, longest, lang)
    return chart


def _row(chart: Chart, top: float, row: Mapping[str, Any], longest: int, lang: str) -> None:
    y = top + _ROW / 2
    chart.line(top, LINE)
    _lines(chart, MARGIN, _FLIP, y, row["label"], INK)
    flip = (
        row["then"] if row["kind"] == "variant" else say("ledger_flip", lang, now=_brief(row["now"]), then=row["then"])
    )
    _lines(chart, _FLIP, _BAR, y, flip, QUIET)
    other = row["changed"] - row["gained"] - row["lost"]
    parts = [(row["gained"], PASS), (row["lost"], FAIL), (other, UNKNOWN)]
    if row["changed"]:
        chart.bar(_BAR, y, (_BAR_END - _BAR) * row["changed"] / longest, _THICK, parts)
    shown = {
        "gained": (f"+{row['gained']:,}" if row["gained"] else "", PASS.text),
        "lost": (f"−{row['lost']:,}" if row["lost"] else "", FAIL.text),
        "other": (f"{UNKNOWN.mark} {other:,}" if other else "", UNKNOWN.text),
        "merchants": (f"{row['merchants_changed']:,}" if row["merchants_changed"] else "", INK),
    }
    for column, (text, colour) in shown.items():
        chart.write(_NUMBERS[column], y, text or "·", BODY, colour if text else FAINT, "right")


def _brief(text: str) -> str:
    """A long set by its beginning."""
    return text if len(text) <= 14 else text[:12] + "…"


def _lines(chart: Chart, x: float, end: float, y: float, text: str, colour: str) -> None:
    lines = wrap(text, end - x - 0.12, SMALL, most=2)
    for i, line in enumerate(lines):
        chart.write(x, y + (i - (len(lines) - 1) / 2) * _LINE, line, SMALL, colour)


def _title(drawn: Sequence[Mapping[str, Any]], offers: int, lang: str) -> str:
    ours = [row for row in drawn if row["kind"] != "variant" and row["changed"]]
    if not ours:
        return say("ledger_title_none", lang)
    row = ours[0]
    counts = {name: row[name] for name in ("changed", "gained", "lost")}
    return say("ledger_title", lang, what=row["label"], then=row["then"], offers=offers, **counts)
