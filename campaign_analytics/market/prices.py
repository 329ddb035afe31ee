"""Prices that are written as a discount: taken off another price of the same row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.market.cells import ReadColumn, spelled
from campaign_analytics.market.discounts import WHOLE
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.schema import LIMIT, Array, Cells

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook


def prices_from_discounts(
    table: str, book: Rulebook, read: Mapping[str, ReadColumn], rows: Origin, quality: Quality
) -> Iterator[tuple[str, Cells]]:
    """Name and cells of the money columns of ``table`` in which discounts stand, each made a price.

    Exact: one that falls between two coins may be either, and is the range of both. Where the full price is not known,
    the discounted one is missing.
    """
    for name, column in read.items():
        if column.beside is None or column.beside[1].shares is None:
            continue
        full = book.columns[name].discount_of
        texts, shares = column.beside[0], column.beside[1].shares[column.beside[0].codes]
        where = np.flatnonzero(shares)
        whole = read[full].cells.take(where) if full in read else None
        known = np.zeros(len(where), bool) if whole is None else ~whole.gone
        given = column.cells
        values = given.values.astype(np.int64)
        high = values.copy() if given.high is None else given.high.astype(np.int64)
        gone = given.gone.copy()
        if whole is not None:
            values[where[known]], high[where[known]] = _taken_off(shares[where], whole, known)
            if book.columns[name].positive:
                np.maximum(values, 1, out=values, where=shares > 0)
        gone[where], unread = ~known, gone & ~given.blank
        unread[where] = ~known
        cells = Cells.make("money", values, gone, high, (), unread & gone)
        yield name, cells
        made, left = where[known], where[~known]
        ends = np.stack([texts.codes[made], values[made], high[made]])
        _, first, codes = np.unique(ends, axis=1, return_index=True, return_inverse=True)
        some = made[first]
        quality.cells_noted(
            table, name, Reason("repaired", f"a discount, taken off {full}"), rows[made], codes.ravel(),
            texts.at(some), spelled(cells.take(some)),
        )  # fmt: skip
        place, codes = np.unique(texts.codes[left], return_inverse=True)
        why = Reason("missing", f"a discount, but no {full} in its row to take it off")
        quality.cells_noted(table, name, why, rows[left], codes, [texts.distinct[int(code)].as_py() for code in place])


def _taken_off(shares: Array, whole: Cells, known: Array) -> tuple[Array, Array]:
    """The lowest and highest price that ``shares`` (in millionths) of the ``known`` whole prices may be."""
    ends = whole.values, whole.values if whole.high is None else whole.high
    low, high = (end[known].astype(object) * shares[known].astype(object) for end in ends)
    open_above = ends[1][known] >= LIMIT - 1
    return (low // WHOLE).astype(np.int64), np.where(open_above, LIMIT - 1, -(-high // WHOLE)).astype(np.int64)
