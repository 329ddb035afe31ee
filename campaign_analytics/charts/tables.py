"""The first rows of a DataFrame as people read them: titles in their language, names for ids, numbers aligned."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from campaign_analytics.charts.labels import listed
from campaign_analytics.words import known, say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

_RULES = frozenset({"rule", "rules", "failed", "unknown", "not_applicable", "warned", "not_computed", "lacks", "open"})
_QUOTAS = frozenset({"quota", "over_quota", "quota_unknown"})
_WORDS = frozenset({"verdict", "outcome", "kind", "table", "turned", "direction", "standing"})
_SHORT = 28  # characters; a column without longer texts, such as one of ids, is never broken into lines
_ONE_LINE = ";white-space:nowrap"
# Inline styles alone, and no colour: the notebook's theme, light or dark, gives it.
_CELL = "padding:3px 14px 3px 0;vertical-align:baseline;text-align:"
_TITLE = ";vertical-align:bottom;word-break:keep-all;border-bottom:1px solid"


@dataclass(frozen=True, eq=False)
class Table:
    """The first ``rows`` of ``frame``, told in ``lang``; shows itself in a notebook."""

    frame: pd.DataFrame
    book: Rulebook
    lang: str
    rows: int

    def titles(self) -> list[str]:
        """The columns' names: the rulebook's or ours."""
        return [self._title(str(name)) for name in self.frame.columns]

    def cells(self) -> list[list[str]]:
        """The shown rows, as texts."""
        columns = [[self._cell(str(name), v) for v in cells.head(self.rows)] for name, cells in self.frame.items()]
        return [list(row) for row in zip(*columns, strict=True)]

    def _title(self, name: str) -> str:
        if name in self.book.rules:
            return self.book.rules[name].label(self.lang, name)
        if name in self.book.document.ladders:
            return self.book.document.ladders[name].label(self.lang, name)
        if known(name):
            words = say(name, self.lang)
            return words[:1].upper() + words[1:]
        held = self.book.columns.get(name) or self.book.derived.get(name)
        return held.label(self.lang, name) if held else name

    def _cell(self, name: str, value: Any) -> str:
        if pd.isna(value):
            return ""
        if isinstance(value, str):
            if name in _RULES:
                ids = [rule for rule in value.split(";") if rule]
                return listed((self._title(rule) for rule in ids), self.lang)
            if name in _QUOTAS:
                held = self.book.document.quotas
                return listed((held[each].label(self.lang, each) for each in value.split(";") if each), self.lang)
            if name == "column":
                return self._title(value)
            if name == "name":
                named = self.book.parameters.get(value) or self.book.rules.get(value)
                return named.label(self.lang, value) if named else value
            if name == self.book.header.category:
                return value or say("no_name", self.lang)
            return say(value, self.lang) if name in _WORDS and known(value) else value
        if name.startswith("share"):
            return f"{value:.1%}"
        if isinstance(value, pd.Timestamp) and value == value.normalize():
            return f"{value:%Y-%m-%d}"
        if name == "difference":
            return f"{value:+,}" if value else "0"
        return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if isinstance(value, float) else str(value)

    def _repr_html_(self) -> str:
        rows = self.cells()
        aligned = [
            _CELL + ("right" if pd.api.types.is_numeric_dtype(column.dtype) else "left")
            for _, column in self.frame.items()
        ]
        for i, column in enumerate(zip(*rows, strict=True)):
            if max(map(len, column)) <= _SHORT:
                aligned[i] += _ONE_LINE
        head = _row("th", self.titles(), [style.removesuffix(_ONE_LINE) + _TITLE for style in aligned])
        body = "".join(_row("td", row, aligned) for row in rows)
        count = say("table_rows", self.lang, shown=len(rows), rows=len(self.frame))
        return (
            f'<table style="border-collapse:collapse;font-variant-numeric:tabular-nums"><thead>{head}</thead>'
            f"<tbody>{body}</tbody></table><div>{escape(count)}</div>"
        )

    def __repr__(self) -> str:
        shown = pd.DataFrame(self.cells(), columns=self.titles())
        count = say("table_rows", self.lang, shown=len(shown), rows=len(self.frame))
        return f"{shown.to_string(index=False)}\n{count}"


def table(frame: pd.DataFrame, book: Rulebook, lang: str = "en", rows: int = 12) -> Table:
    """The first ``rows`` of any frame of an assessment, readable: ``book`` gives the names of rules and columns.

    Columns called ``share...`` are shown in percent. The frame itself is kept whole in ``.frame``.
    """
    return Table(frame, book, lang, rows)


def _row(tag: str, texts: list[str], styles: list[str]) -> str:
    cells = (f'<{tag} style="{style}">{escape(text)}</{tag}>' for text, style in zip(texts, styles, strict=True))
    return f"<tr>{''.join(cells)}</tr>"
