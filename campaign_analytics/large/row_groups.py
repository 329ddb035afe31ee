"""The rows of a table that belong to some offers, read by row groups of its files.

The offers of one part after another mostly lie in the same row groups; so those read last are held.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset

from campaign_analytics.large.said import said

_KEY = "offer_id"
_HELD = 1 << 19  # rows of row groups that are held, unless the last one read has more
_MANY = 4  # rows for each offer, from which on those of other offers are sorted out


class RowGroups:
    """See the module. ``schema`` is that of all ``files``: a column that one lacks is missing there."""

    def __init__(self, files: Sequence[Path], schema: pa.Schema) -> None:
        self._schema, self._groups = schema, list[_Group]()
        for fragment in pyarrow.dataset.dataset(
            [str(file) for file in files], schema, format="parquet"
        ).get_fragments():
            with said(Path(fragment.path)):
                self._groups += [_Group(group) for group in fragment.split_by_row_group()]
        self._held: OrderedDict[tuple[_Group, tuple[str, ...]], pa.Table] = OrderedDict()
        self._reading = Lock()  # of threads that make parts the second finds what the first has read

    def of(self, offers: pa.Array, columns: Sequence[str]) -> pa.Table:
        """Some columns, offer_id among them, of the rows of some offers, and perhaps of others between them. Raises
        ``MarketError`` for a file that can't be read."""
        ends = pc.min_max(offers)
        low, high = ends["min"], ends["max"]
        groups = [group for group in self._groups if group.may_hold(low.as_py(), high.as_py())]
        many = sum(group.rows for group in groups) > _MANY * len(offers)
        some = [self._schema.empty_table().select(columns)]
        for group in groups:
            held = self._read(group, tuple(columns))
            held = held.filter(
                pc.and_(pc.greater_equal(held[_KEY], ends["min"]), pc.less_equal(held[_KEY], ends["max"]))
            )
            some.append(held.filter(pc.is_in(held[_KEY], offers)) if many else held)
        return pa.concat_tables(some)

    def _read(self, group: _Group, columns: tuple[str, ...]) -> pa.Table:
        with self._reading:
            if (group, columns) not in self._held:
                with said(Path(group.fragment.path)):
                    held = group.fragment.to_table(self._schema, columns=[*columns])
                self._held[group, columns] = held
            self._held.move_to_end((group, columns))
            while len(self._held) > 1 and sum(table.num_rows for table in self._held.values()) > _HELD:
                self._held.popitem(last=False)
            return self._held[group, columns]


class _Group:
    """One row group of a file."""

    def __init__(self, fragment: Any) -> None:
        self.fragment, (told,) = fragment, fragment.row_groups
        self.rows = told.num_rows
        self._ends = (told.statistics or {}).get(_KEY)

    def may_hold(self, low: str | None, high: str | None) -> bool:
        """Whether a row may lie between ``low`` and ``high``; None, of no offers."""
        if low is None or high is None:
            return False
        return self._ends is None or (self._ends["min"] <= high and self._ends["max"] >= low)


def without(file: Any, column: str) -> int | None:
    """The first row of a file of parquet that lacks a cell of a column; None of none. Row groups whose statistics tell
    of no such row are not read."""
    held, start = file.metadata, 0
    place = [held.schema.column(number).path for number in range(held.num_columns)].index(column)
    for group in range(held.num_row_groups):
        told = held.row_group(group).column(place).statistics
        if told is None or not told.has_null_count or told.null_count:
            row = pc.index(pc.is_null(file.read_row_group(group, [column])[column]), True).as_py()
            if row >= 0:
                return start + int(row)
        start += held.row_group(group).num_rows
    return None
