"""A table of cells under one heading: rules in rows, groups of offers in columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import balance, width, wrap
from campaign_analytics.charts.labels import short
from campaign_analytics.charts.palette import FAINT, INK, QUIET

HIGH: Final = 0.38  # inches: a cell
_CELLS, _GAP = 3.0, 0.1  # inches: where cells begin, and the gap after the column of all offers
_WIDEST, _LINE, _BLOCK = 0.8, 0.15, 0.28  # inches: a cell, a line of text, the name of a block of rows


@dataclass(frozen=True)
class Row:
    """A line of cells: a rule, say, under its clause."""

    key: str
    clause: str
    name: str


@dataclass(frozen=True)
class Column:
    """A group of offers; the first column is all of them."""

    name: str
    offers: int


#: Draws one cell: the chart, its top left corner, its width, the row's key and the column's place.
Cell: TypeAlias = Callable[[Chart, float, float, float, str, int], None]


@dataclass(frozen=True)
class Text:
    """What stands around the cells."""

    title: str
    subtitle: str
    notes: Sequence[str]


def draw_grid(
    text: Text, columns: Sequence[Column], blocks: Sequence[tuple[str, Sequence[Row]]], cell: Cell, lang: str
) -> Chart:
    """Blocks of rows, each under its name ("" for none), and a ``cell`` for every row and column."""
    rows = [row for _, block in blocks for row in block]
    wide = min(_WIDEST, (WIDTH - MARGIN - _GAP - _CELLS) / len(columns))
    lefts = [_CELLS + i * wide + (_GAP if i else 0) for i in range(len(columns))]
    heads = [balance(column.name, wide - 0.06, SMALL, most=4) for column in columns]
    head = _LINE * (1 + max(map(len, heads))) + 0.06
    body = head + sum(_BLOCK * bool(name) + HIGH * len(block) for name, block in blocks if block)
    chart = Chart(text.title, text.subtitle, text.notes, body)
    for left, column, lines in zip(lefts, columns, heads, strict=True):
        bottom = chart.top + head - 0.04
        for i, line in enumerate(reversed([*lines, short(column.offers, lang)])):
            chart.write(left + wide / 2, bottom - (i + 0.5) * _LINE, line, SMALL, INK if i else FAINT, "center")
    label = MARGIN + max((width(row.clause, BODY) + 0.15 for row in rows if row.clause), default=0.0)
    y = chart.top + head
    for name, block in blocks:
        if block and name:
            chart.write(MARGIN, y + _BLOCK / 2, name, SMALL, QUIET)
            y += _BLOCK
        for row in block:
            _label(chart, label, y, row)
            for place, left in enumerate(lefts):
                cell(chart, left, y, wide, row.key, place)
            y += HIGH
    return chart


def _label(chart: Chart, x: float, y: float, row: Row) -> None:
    chart.write(MARGIN, y + HIGH / 2, row.clause, BODY, QUIET)
    lines = wrap(row.name, _CELLS - x - 0.1, BODY, most=2)
    for i, line in enumerate(lines):
        chart.write(x, y + HIGH / 2 + (i - (len(lines) - 1) / 2) * _LINE, line, BODY)
