"""Rates that come with the two counts behind them: where the counts are known, they decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.market.cells import ReadColumn, spelled
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.schema import Array, Cells

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

PART_ABOVE_WHOLE = Reason("missing", "the part counted is more than the whole: no rate")
OF_NOTHING = Reason("doubted", "a rate, but its counts say that there was nothing to count")
DISAGREES = Reason("doubted", "differs from its counts, which decide")


def rates_from_counts(
    table: str,
    book: Rulebook,
    cells: Mapping[str, Cells],
    read: Mapping[str, ReadColumn],
    rows: Origin,
    quality: Quality,
) -> Iterator[tuple[str, Cells]]:
    """Name and cells of the rate columns of ``table`` whose two counts are known; a rate that differs is doubted."""
    for name, column in book.columns.items():
        if column.table != table or column.counts is None or not all(count in cells for count in column.counts):
            continue
        part, whole = (cells[count] for count in column.counts)
        exact = np.ones(len(rows), bool)
        for count in (part, whole):
            exact &= count.values == (count.values if count.high is None else count.high)  # a range gives no rate
        known = ~part.gone & ~whole.gone & (whole.values > 0) & exact
        above = known & (part.values > whole.values)
        _doubt(table, name, PART_ABOVE_WHOLE, part, above, rows, quality)
        known &= ~above
        values = np.divide(part.values, whole.values, out=np.zeros(len(rows)), where=known, dtype=np.float64)
        high = None
        missing, unread = ~known, (part.gone & ~part.blank) | (whole.gone & ~whole.blank) | ~exact
        if name in read:
            given = read[name].cells
            _doubt(table, name, DISAGREES, given, known & ~given.gone & _apart(values, read[name]), rows, quality)
            high = None if given.high is None else np.where(known, values, given.high)
            values = np.where(known, values, given.values)
            none = ~part.gone & ~whole.gone & (whole.values == 0) & exact & ~given.gone
            _doubt(table, name, OF_NOTHING, given, none, rows, quality)
            missing &= given.gone
            unread = (given.gone & ~given.blank) | (given.blank & unread)
        yield name, Cells.make("rate", values, missing | above, high, (), (unread & missing) | above)


def _apart(values: Array, read: ReadColumn) -> Array:
    """(n,) bool: which ``values`` differ from what is given by more than its last decimal may hide."""
    given, grain = read.cells, read.grain
    slack = 1e-9 if grain is None else grain + 1e-12
    apart: Array = values < given.values - slack
    apart |= values > (given.values if given.high is None else given.high) + slack
    return apart


def _doubt(table: str, column: str, reason: Reason, cells: Cells, which: Array, rows: Origin, quality: Quality) -> None:
    where = np.flatnonzero(which)
    quality.cells_noted(table, column, reason, rows[where], np.arange(len(where)), spelled(cells.take(where)))
