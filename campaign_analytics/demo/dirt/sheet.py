"""A market on its way into untidy files: sheets of cells, on which kinds of dirt work one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from campaign_analytics.demo.dirt.words import Words
from campaign_analytics.market.schema import KEYS, Array, Market, Table
from campaign_analytics.rulebook.book import Rulebook


class Lost(str):
    """What stands in a cell whose value can't be read back: it must be reported where it stands."""

    __slots__ = ()


@dataclass(eq=False)
class Column:
    """One column of a sheet."""

    id: str  # "" = a column that no table has
    header: str
    cells: Array  # (n,) object: mostly texts
    fresh: Array  # (n,) bool: still spelled as a tidy export spells it

    def put(self, rows: Array, cells: Sequence[Any]) -> None:
        """Write ``cells`` at ``rows``; no other kind of dirt is to spell them again."""
        for row, cell in zip(rows.tolist(), cells, strict=True):  # one by one: NumPy would make plain texts of Lost
            self.cells[row] = cell
        self.fresh[rows] = False


@dataclass(eq=False)
class Sheet:
    """One table, before it is cut into files."""

    table: Table
    columns: list[Column]
    rows: Array  # (n,) for each row the row of the clean table, -1 where it holds no data
    above: list[list[str]] = field(default_factory=list)  # rows above the row of headers

    @property
    def key(self) -> Column:
        """The column without which a row means nothing."""
        return self.of(KEYS[self.table.name][0])

    def of(self, id: str) -> Column:
        return next(column for column in self.columns if column.id == id)

    def whole(self) -> Array:
        """Places of the rows of data that stand once and have lost nothing."""
        _, first, counts = np.unique(self.rows, return_index=True, return_counts=True)
        lost = np.zeros(len(self.rows), bool)
        for column in self.columns:
            lost |= np.fromiter((isinstance(cell, Lost) for cell in column.cells), bool, len(self.rows))
        once = first[(counts == 1) & (self.rows[first] >= 0)]
        return np.sort(once[~lost[once]])

    def insert(self, places: Array, rows: Array, cells: Sequence[Sequence[Any]]) -> None:
        """Put rows in before ``places``; ``rows`` are theirs of the clean table, ``cells`` one sequence a column."""
        self.rows = np.insert(self.rows, places, rows)
        for column, held in zip(self.columns, cells, strict=True):
            new = np.empty(len(places), object)
            new[:] = held
            column.cells = np.insert(column.cells, places, new)
            column.fresh = np.insert(column.fresh, places, False)

    def add_column(self, place: int, header: str, cells: Sequence[str]) -> None:
        """Put in a column that no table has."""
        held = np.empty(len(self.rows), object)
        held[:] = cells
        self.columns.insert(place, Column("", header, held, np.zeros(len(self.rows), bool)))


@dataclass(eq=False)
class Layout:
    """How sheets become files."""

    ending: str = "csv"
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    newline: str = "\n"
    quoted: bool = False  # every cell, not only those that need it
    typed: bool = False  # numbers and dates as such, where the file can hold them
    parts: int = 1  # files of one table
    together: str = ""  # "workbook", "archive": all tables in one file
    stem: str = "{table}"


@dataclass(eq=False)
class Draft:
    """All that kinds of dirt may work on."""

    market: Market
    book: Rulebook
    words: Words
    sheets: list[Sheet]
    layout: Layout = field(default_factory=Layout)
    made: dict[str, int] = field(default_factory=dict)  # kind -> cells, rows or files that it dirtied

    def columns(self, *types: str) -> Iterator[tuple[Sheet, Column]]:
        """Columns of these types (of any, where none is given) and their sheets."""
        for sheet in self.sheets:
            for column in sheet.columns:
                if column.id and (not types or self.book.columns[column.id].type in types):
                    yield sheet, column

    def counted(self, column: str) -> bool:
        """Whether a rate is made of this column: an inexact count would change the rate too."""
        return any(held.counts and column in held.counts for held in self.book.columns.values())
