"""Units, and the pieces in one, that are written beside a quantity: put into the columns that are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.market.cells import ReadColumn, all_missing, spelled
from campaign_analytics.market.marks import load_marks
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.schema import Array, Cells

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook


def units_from_quantities(
    table: str, book: Rulebook, read: Mapping[str, ReadColumn], rows: Origin, quality: Quality
) -> Iterator[tuple[str, Cells]]:
    """Name and cells of the columns of ``table`` whose values stand in another column's cells, beside its quantities.

    They fill blank cells. Where both say something and differ, the cell is missing.
    """
    for name, column in read.items():
        if column.beside is None:
            continue
        held, (texts, reading) = book.columns[name], column.beside
        if reading.units is None or reading.sizes is None:
            continue
        for target, told, none in ((held.unit_in, reading.units, -1), (held.size_in, reading.sizes, 0)):
            values = told[texts.codes]
            said = (values > none) & ~column.cells.gone
            if target and said.any():
                given = read[target].cells if target in read else all_missing(target, book, len(rows))
                yield target, _filled(table, target, name, given, values, said, rows, quality)


def _filled(
    table: str, target: str, source: str, given: Cells, values: Array, said: Array, rows: Origin, quality: Quality
) -> Cells:
    """``given`` cells of ``target``, the blank ones filled with the ``values`` that ``source`` has where ``said``."""
    fills = said & given.blank
    high = given.values if given.high is None else given.high
    both = said & ~given.gone
    loose = both & _of_pieces(given, values)
    differ = both & ~loose & ((values < given.values) | (values > high))
    if fills.any():
        quality.remark(table, target, Reason("settled", f"stands beside the quantity in {source}"), int(fills.sum()))
    for reason, which in (
        (Reason("doubted", f"{source} counts pieces beside its quantity"), loose & (values != given.values)),
        (Reason("missing", f"not what {source} says beside its quantity"), differ),
    ):
        where = np.flatnonzero(which)
        texts = spelled(given.take(where))
        became = texts if reason.kind == "doubted" else ()
        quality.cells_noted(table, target, reason, rows[where], np.arange(len(where)), texts, became)
    gone = (given.gone & ~fills) | differ
    unread = (given.gone & ~given.blank) | differ
    return Cells.make(
        given.type, np.where(fills, values, given.values), gone, np.where(fills, values, high), given.names, unread
    )


def _of_pieces(given: Cells, values: Array) -> Array:
    """(n,) bool: which values are words for single pieces, which people write behind any quantity."""
    pieces = np.array([name in load_marks().pieces for name in given.names] or [False])
    return pieces[np.clip(values, 0, len(pieces) - 1)] if given.names else np.zeros(len(values), bool)
