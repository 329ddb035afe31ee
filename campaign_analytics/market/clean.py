"""A clean market: a parquet file of typed columns for each table, which reads back to the same market."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from campaign_analytics.errors import MarketError
from campaign_analytics.market.cells import NOTHING
from campaign_analytics.market.found import Found
from campaign_analytics.market.headers import Matched
from campaign_analytics.market.mapping import declared_toml
from campaign_analytics.market.marks import load_marks
from campaign_analytics.market.origin import Origin
from campaign_analytics.market.quality import Quality, Reason
from campaign_analytics.market.schema import KEYS, Cells, Declared, Market
from campaign_analytics.market.texts import text_of
from campaign_analytics.market.typed import HIGH, MARK, UNREAD, from_arrow, to_arrow

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

UNREAD_BEFORE = Reason("missing", "not understood when it was first read")


def clean_table(market: Market, name: str, book: Rulebook) -> pa.Table:
    """A table with the rows of its earlier snapshots, its keys first; columns that were nowhere are left out."""
    table = market.every_row(name)
    keys = [key for key in KEYS[name] if key in table.cells]
    held = [
        column
        for column, cells in table.cells.items()
        if column in keys or column in table.headers or column not in book.required or not cells.blank.all()
    ]
    order = dict.fromkeys([*keys, *held])
    return to_arrow(replace(table, cells={column: table.cells[column] for column in order}))


def clean_overrides(market: Market) -> pa.Table:
    """The values that are given by hand, as texts: which of them hold depends on the day."""
    entries = dict.fromkeys(entry for given in market.overrides for entry in given.entries)
    rows = [
        [each.subject, each.column, each.raw, each.source, each.by, each.dated, each.valid_until] for each in entries
    ]
    columns = [pa.array(map(text_of, column), pa.string()) for column in zip(*rows, strict=True)]
    return pa.table(columns, names=list(load_marks().overrides)).replace_schema_metadata(MARK)


def clean_declared(market: Market) -> str:
    """The ``market.toml`` beside these files: what the owner knows. Their headers need no words, nor do their units and
    empty cells, but for those of columns that are given by hand, as texts."""
    held, by_hand = market.declared, {given.column for given in market.overrides}
    known = Declared(
        held.as_of,
        held.penalty_feed_complete,
        held.offers_are_complete,
        units={column: unit for column, unit in held.units.items() if column in by_hand},
        missing={column: marks for column, marks in held.missing.items() if column in by_hand},
        empty={column: means for column, means in held.empty.items() if column in by_hand},
    )
    return "\n".join(declared_toml(known)) + "\n"


def typed_columns(
    name: str, found: Found, matched: Matched, book: Rulebook, rows: Origin, quality: Quality
) -> dict[str, Cells]:
    """The columns of a part that is typed already. Raises MarketError where a row has no key."""
    assert found.typed is not None
    places = {column: found.headers[place] for column, place in matched.columns.items()}
    ours = {
        column + more: found.typed[header + more]
        for column, header in places.items()
        for more in ("", HIGH, UNREAD)
        if header + more in found.typed.column_names
    }
    cells = from_arrow(pa.table(ours), name, book, found.place)
    key = KEYS[name][0]
    if cells[key].gone.any():
        raise MarketError(
            f"{found.place}: row {rows.numbers[cells[key].gone.argmax()]} has no {key}; expected one in every row of a "
            "file of typed columns: write it again, from the exports"
        )
    for column, held in cells.items():
        quality.column_read(name, column, len(held))
        empty = int(held.blank.sum())
        if empty:
            quality.remark(name, column, NOTHING, empty)
        unread = np.flatnonzero(held.gone & ~held.blank)
        quality.cells_noted(name, column, UNREAD_BEFORE, rows[unread], np.zeros(len(unread), np.int64), [""])
    return cells
