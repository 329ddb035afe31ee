"""What the next step of every parameter would give: offers gained and lost, the best for its size first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.charts.curve import label_of, notes_of, subtitle
from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import wrap
from campaign_analytics.charts.labels import listed
from campaign_analytics.charts.palette import FAINT, INK, LINE, PASS, QUIET, UNKNOWN
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.simulate.what_if import WhatIf

MOST = 14
_LABEL, _STEP, _BAR, _BAR_END = MARGIN, 3.2, 5.3, 7.0  # inches: columns, and where the longest bar ends
_NUMBERS = {"gained": 7.65, "undetermined": 8.4, "by_scale": WIDTH - MARGIN}  # right edges
_ROW, _HEAD, _LINE, _THICK = 0.4, 0.42, 0.155, 0.16


def marginal_gains(what_if: WhatIf, lang: str = "en") -> Chart:
    """What the next looser value of each parameter would give, by itself, the best for the size of the step first.

    At most 14 parameters; where the next value gains nothing, the first that does is named. Those that gain nothing at
    any value are named below.
    """
    table = what_if.marginal_gains(lang=lang)
    names = {str(name): label_of(what_if.book, str(name), lang) for name in table["parameter"]}
    return draw(table, names, notes_of(what_if, [], lang), lang, bool(what_if.book.document.quotas))


def draw(table: pd.DataFrame, names: Mapping[str, str], notes: Sequence[str], lang: str, quotas: bool = False) -> Chart:
    """``table`` as of ``WhatIf.marginal_gains``; ``names``: of the parameters."""
    rows: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    gaining = [row for row in rows if row["gained"] > 0 or row["first_gained"] > 0]
    drawn, rest = gaining[:MOST], gaining[MOST:]
    some = {row["parameter"] for row in gaining}
    none = dict.fromkeys(names[row["parameter"]] for row in rows if row["parameter"] not in some)
    fewer = [f"{names[row['parameter']]} +{row['first_gained']:,}" for row in rest]
    told = [say("gains_more", lang, names=listed(fewer, lang))] if fewer else []
    told += [say("gains_none", lang, names=listed(none, lang))] if none else []
    body = _HEAD + _ROW * len(drawn) + 0.05
    chart = Chart(_title(drawn, names, lang), subtitle("gains_subtitle", quotas, lang), [*told, *notes], body)
    for column, x in _NUMBERS.items():
        for i, line in enumerate(reversed(say(f"gains_{column}", lang).split("\n"))):
            chart.write(x, chart.top + _HEAD - 0.1 - i * _LINE, line, SMALL, QUIET, "right")
    longest = max((row["gained"] for row in drawn), default=0) or 1
    for i, row in enumerate(drawn):
        _row(chart, chart.top + _HEAD + i * _ROW, row, names[row["parameter"]], longest, lang)
    return chart


def _row(chart: Chart, top: float, row: Mapping[str, Any], name: str, longest: int, lang: str) -> None:
    y, gained = top + _ROW / 2, row["gained"]
    chart.line(top, LINE)
    _lines(chart, _LABEL, _STEP, y, [name], INK)
    step = [say("gains_step", lang, old=row["from_value"], new=row["to_value"])]
    way = [] if row["direction"] in ("loosen", "tighten") else [say(f"gains_{row['direction']}", lang)]
    _lines(chart, _STEP, _BAR, y, step + way, QUIET)
    if gained > 0:
        chart.bar(_BAR, y, (_BAR_END - _BAR) * gained / longest, _THICK, [(1, PASS)])
    else:
        later = say("gains_later", lang, value=row["first_value"], gained=row["first_gained"])
        _lines(chart, _BAR, _BAR_END + 0.3, y, [later], PASS.text)
    by_scale = row["gained_by_scale"] if gained > 0 else 0.0
    known = 0.0 if np.isnan(by_scale) else by_scale
    shown = {
        "gained": (f"+{gained:,}" if gained > 0 else "", PASS.text),
        "undetermined": (f"{row['undetermined']:+,}" if row["undetermined"] else "", UNKNOWN.text),
        "by_scale": (f"{known:,.0f}" if known else "", INK),
    }
    for column, (text, colour) in shown.items():
        chart.write(_NUMBERS[column], y, text or "·", BODY, colour if text else FAINT, "right")


def _lines(chart: Chart, x: float, end: float, y: float, texts: Sequence[str], colour: str) -> None:
    """At most two lines about ``y``."""
    lines = [line for text in texts for line in wrap(text, end - x - 0.12, SMALL, most=2 // len(texts))]
    for i, line in enumerate(lines):
        chart.write(x, y + (i - (len(lines) - 1) / 2) * _LINE, line, SMALL, colour)


def _title(drawn: Sequence[Mapping[str, Any]], names: Mapping[str, str], lang: str) -> str:
    if not drawn:
        return say("gains_title_none", lang)
    first, best = drawn[0], max(drawn, key=lambda row: row["gained"])
    if best["gained"] <= 0:
        return say("gains_title_later", lang)
    scaled = not np.isnan(first["gained_by_scale"])
    key = ("gains_title" if best is first else "gains_title_two") if scaled else "gains_title_step"
    first = first if scaled else best
    return say(
        key, lang,
        what=names[first["parameter"]], old=first["from_value"], new=first["to_value"], gained=first["gained"],
        other=names[best["parameter"]], more=best["gained"],
    )  # fmt: skip
