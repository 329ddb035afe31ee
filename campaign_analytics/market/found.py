"""A table as it was found in a file, sheet, response or DataFrame, before its headers are matched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from campaign_analytics.market.raw import Raw
from campaign_analytics.market.schema import Array
from campaign_analytics.market.texts import Texts

#: How many of a row's cells are headers of some table: what tells a row of headers from notes and from data.
Knows: TypeAlias = Callable[[Sequence[str]], int]


class Broken(NamedTuple):
    """A row that can't be read at all."""

    number: int
    text: str
    why: str


@dataclass(frozen=True)
class Meanings:
    """What headers mean, where their source says so: no other column is looked for then."""

    columns: Mapping[str, str]  # header -> column
    units: Mapping[str, str] = field(default_factory=dict)  # column -> "percent" or "share"
    unread: Mapping[str, str] = field(default_factory=dict)  # header -> why it means none


_NONE = Texts.of_values([])


@dataclass(frozen=True, eq=False)
class Found:
    """Headers, and under each the texts of its cells."""

    place: str  # the file's name, and the sheet's or archive member's, for messages
    headers: Sequence[str]
    columns: list[Texts]
    source_rows: Array  # (n,) row numbers as a spreadsheet counts them
    misfits: Sequence[tuple[int, Sequence[str]]] = ()  # rows with more or fewer cells than headers
    called: str | None = None  # how [tables] calls it: None = by its place, "" = not at all
    table: str = ""  # which table it is, where its source says so
    sheet: str = ""  # the sheet's name, where the file has several
    member: str = ""  # its path, where the file is an archive
    told: Sequence[str] = ()  # what was settled once for the file: encoding, delimiter, where its headers stand
    maybe: Mapping[str, str] = field(default_factory=dict)  # encodings that nothing tells apart -> a word in each
    notes: Sequence[tuple[int, str]] = ()  # rows above the headers: number and text
    heads: Sequence[Sequence[str]] = ()  # the rows that hold the headers, cell by cell
    blank: int = 0  # empty rows above the data
    broken: Sequence[Broken] = ()  # rows that can't be read at all
    meanings: Meanings | None = None  # None = headers are matched by their names
    typed: pa.Table | None = None  # typed columns, as ``to_arrow`` makes them, in place of texts
    since_1904: bool = False  # whether its bare numbers of days count from then, as some workbooks do
    sparse: bool = False  # an empty cell says nothing: another row of the same key may fill it

    @property
    def file(self) -> str:
        """The place of the file, or of the archive's member, that it stands in."""
        return self.place.removesuffix(f": {self.sheet}") if self.sheet else self.place

    @property
    def rows(self) -> int:
        return len(self.source_rows)

    def let_go(self, place: int) -> Texts:
        """The texts under one header, which are held here no longer: typed, a column needs no texts."""
        texts, self.columns[place] = self.columns[place], _NONE
        return texts

    def texts(self, place: int) -> Texts:
        """The texts under one header."""
        return self.columns[place] if self.typed is None else Texts.of_arrow(self.typed[self.headers[place]])


class Unread(NamedTuple):
    """What in a file is not read."""

    place: str
    why: str
    broken: str = ""  # the path of an archive's member that can't be opened


@dataclass(frozen=True, eq=False)
class Opened:
    """What one file holds: its tables, and what in it is not read."""

    found: Sequence[Found]
    unread: Sequence[Unread] = ()


#: Opens the bytes of a file or of an archive's member, called by its place; raises MarketError.
Opener: TypeAlias = Callable[[str, Raw, Knows], Opened]
