"""Cells that cannot both be right: one is above another of its row that is never less, as a part above its total."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from campaign_analytics.market.cells import spelled
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.schema import Array, Cells, Table

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook


class Contradiction(NamedTuple):
    """Two columns of a table, and the rows in which the first is above the second."""

    column: str
    other: str
    rows: Array  # (k,) rows of the table


def contradictions(table: Table, book: Rulebook) -> Iterator[Contradiction]:
    """All of a table; a range is above another value only where all of it is."""
    for column, cells in table.cells.items():
        for other in book.columns[column].at_most if column in book.columns else ():
            if other in table.cells:
                rows = np.flatnonzero(_above(cells, table.cells[other]))
                if len(rows):
                    yield Contradiction(column, other, rows)


def above(other: str) -> Reason:
    """Why the cells of a column are doubted that are above those of ``other``."""
    return Reason("doubted", f"above {other}: one of the two is wrong")


def report_contradictions(table: Table, book: Rulebook, quality: Quality) -> None:
    """Note the cells that are above others; they stay as they are, for nobody knows which is wrong."""
    assert table.origin is not None
    for column, other, rows in contradictions(table, book):
        texts = [spelled(table.cells[name].take(rows)) for name in (column, other)]
        raw = [f"{high} > {low}" for high, low in zip(*texts, strict=True)]
        quality.cells_noted(table.name, column, above(other), table.origin[rows], np.arange(len(rows)), raw, texts[0])


def _above(cells: Cells, other: Cells) -> Array:
    most = other.values if other.high is None else other.high
    return np.asarray((cells.values > most) & ~cells.gone & ~other.gone)
