"""Pages of HTML that stand alone: style, font and pictures inside, no script, no address of anything outside.

Everything that comes from data goes through ``escape``; no text of it becomes an attribute's name, a style or a link.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.assess.explain import MARKS
from campaign_analytics.charts.palette import VERDICTS
from campaign_analytics.charts.tables import Table
from campaign_analytics.report.files import MADE_BY
from campaign_analytics.report.typeface import STACK, font_faces
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.charts.figure import Chart

_SHORT = 22  # characters; a column without longer texts is never broken into lines
_CLASSES = {"pre_qualified": "good", "ineligible": "bad", "undetermined": "unsure", "fail": "bad", "unknown": "unsure"}
_MARKS = {**MARKS, **{name: look.mark for name, look in VERDICTS.items()}}
_LANGUAGES = {"zh": "zh-Hans", "en": "en"}
# Even markup that slipped through could load and run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


@dataclass(frozen=True)
class Html:
    """Markup that is safe to put into a page as it stands."""

    markup: str


def page(title: str, lang: str, parts: Iterable[Html]) -> str:
    """A whole document."""
    body = "".join(part.markup for part in parts)
    style = font_faces(title + body) + f"body{{font-family:{STACK}}}" + _style()
    return (
        f'<!doctype html><html lang="{_LANGUAGES[lang]}"><head><meta charset="utf-8">'
        f'<meta name="generator" content="{MADE_BY}">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


@cache
def _style() -> str:
    return resources.files("campaign_analytics.report").joinpath("page.css").read_text("utf-8")


def text(tag: str, words: str, kind: str = "") -> Html:
    """One element with words in it; ``kind`` is its class."""
    return Html(f"<{tag}{_kind(kind)}>{escape(words)}</{tag}>")


def listing(items: Iterable[str]) -> Html:
    """A list of sentences."""
    return Html("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>")


def tiles(counts: Iterable[tuple[str, str, str]]) -> Html:
    """Large numbers side by side: (number, what it counts, class)."""
    cells = (f"<li><b{_kind(kind)}>{escape(number)}</b>{escape(what)}</li>" for number, what, kind in counts)
    return Html(f'<ul class="tiles">{"".join(cells)}</ul>')


def verdict(name: str, lang: str) -> Html:
    """A verdict with its mark, in its colour."""
    return Html(f'<b class="{_CLASSES[name]}">{_MARKS[name]} {escape(say(name, lang))}</b>')


def figure(chart: Chart) -> Html:
    """A chart as a picture; its title is its description."""
    picture, how = chart._repr_png_()
    data = base64.b64encode(picture).decode("ascii")
    return Html(
        f'<figure><img width="{how["width"]}" height="{how["height"]}" alt="{escape(how["alt"])}" '
        f'src="data:image/png;base64,{data}"></figure>'
    )


def grid(table: Table, marked: str = "", note: str = "") -> Html:
    """A table; ``marked`` is a column of ``table.frame`` whose words ("fail", "ineligible" ...) colour its cells.

    How many rows there are is said below where not all are shown.
    """
    rows, frame = table.cells(), table.frame
    if not rows:
        return text("p", say("nothing_here", table.lang), "quiet")
    kinds = [
        "number" if pd.api.types.is_numeric_dtype(frame[name].dtype) else "short" if _is_short(column) else "long"
        for name, column in zip(frame.columns, zip(*rows, strict=True), strict=True)
    ]
    head = "".join(
        f'<th scope="col"{_kind(kind)}>{escape(name)}</th>' for name, kind in zip(table.titles(), kinds, strict=True)
    )
    words = [str(word) for word in frame[marked].head(table.rows)] if marked else [""] * len(rows)
    place = list(frame.columns).index(marked) if marked else -1
    body = "".join(_row(row, kinds, place, word) for row, word in zip(rows, words, strict=True))
    more = say("table_rows", table.lang, shown=len(rows), rows=len(frame)) if len(rows) < len(frame) else ""
    caption = " ".join(part for part in (note, more) if part)
    below = f"<caption>{escape(caption)}</caption>" if caption else ""
    return Html(f'<div class="wide"><table>{below}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def footer(assessment: Assessment, lang: str) -> Html:
    """Rulebook, moment and the standing of a pre-check."""
    return Html(f"<footer>{escape(source_line(assessment, lang))}</footer>")


def source_line(assessment: Assessment, lang: str) -> str:
    """Rulebook, version, moment; and that it is a pre-check."""
    return assessment.headline(lang).splitlines()[0]


def _row(cells: Sequence[str], kinds: Sequence[str], place: int, word: str) -> str:
    """One row; the cell at ``place`` says ``word``, with its mark and in its colour."""
    shown = []
    for i, (cell, kind) in enumerate(zip(cells, kinds, strict=True)):
        marked = i == place and word in _CLASSES
        mark, colour = (f"{_MARKS[word]} ", f" {_CLASSES[word]}") if marked else ("", "")
        shown.append(f'<td class="{kind}{colour}">{mark}{escape(cell)}</td>')
    return f"<tr>{''.join(shown)}</tr>"


def _is_short(column: Sequence[str]) -> bool:
    return max(map(len, column)) <= _SHORT


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
