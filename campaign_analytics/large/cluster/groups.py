"""Columns to group by, on their way from workers to the driver: as names, since lists may be open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.derive.making import on_rows
from campaign_analytics.market.schema import Cells, Market
from campaign_analytics.rulebook.book import Rulebook


def named_as(column: str) -> str:
    """What Spark knows it as: no name of a column, which is plain SQL."""
    return f"#{column}"


def group_names(market: Market, book: Rulebook, by: Sequence[str]) -> dict[str, pa.Array]:
    """The columns of ``by`` on the rows of offers, as names."""
    cells = {column: on_rows(market, book, column, "offers") for column in by}
    return {
        named_as(column): pa.array(held.names, pa.string()).take(pa.array(held.values, mask=held.missing))
        for column, held in cells.items()
    }


def group_of(nobody: Assessment, column: str, held: pa.ChunkedArray) -> Cells:
    """A column out of its names."""
    book = nobody.book
    quantity = book.quantity(column)
    texts = pa.compute.unique(held.drop_null()).to_pylist()
    names = tuple(dict.fromkeys([*book.names_of(quantity), *sorted(texts)]))
    places = pa.compute.index_in(held, pa.array(names, pa.string()))
    gone = np.asarray(places.is_null())
    return Cells.make(quantity.type, np.asarray(places.fill_null(0), np.int64), gone, None, names)
