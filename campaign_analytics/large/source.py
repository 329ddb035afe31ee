"""A market in files of typed columns (``market.typed``), read part by part: some row groups of a file at once.

A folder holds each table as ``offers.parquet``, as ``offers_1.parquet`` …, or as a folder ``offers`` of such files; a
glob names the files themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.errors import MarketError
from campaign_analytics.large.limit import NONE, Limit
from campaign_analytics.large.row_groups import RowGroups, without
from campaign_analytics.large.said import said
from campaign_analytics.large.seen import copies, seen
from campaign_analytics.market.behind import Print
from campaign_analytics.market.declared import NAME, read_declared
from campaign_analytics.market.finding import NEEDED, table_named
from campaign_analytics.market.schema import KEYS, OVERRIDES, Cells, Declared, Table
from campaign_analytics.market.typed import HIGH, UNREAD, from_arrow
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.recipes import OF_OFFERS
from campaign_analytics.rulebook.values import did_you_mean

_STARS = {*"*?["}
#: A part has at most so many rows, unless one row group has more.
ROWS = 1 << 18


@dataclass(frozen=True)
class Part:
    """Some row groups of one file of offers."""

    file: Path
    groups: tuple[int, ...]
    start: int  # the first row's number in the file
    rows: int

    def __str__(self) -> str:
        return f"{self.file.name} rows {self.start + 1:,} to {self.start + self.rows:,}"


@dataclass(frozen=True)
class Source:
    """The files of every table, the rulebook whose columns they hold, what may be held while they are read, and what
    each file was like when they were found, ``market.toml`` among them."""

    place: str
    files: dict[str, list[Path]]
    declared: Declared
    book: Rulebook
    limit: Limit = field(default=NONE, kw_only=True)
    seen: Mapping[Path, Print] = field(default_factory=dict, kw_only=True)

    @classmethod
    def open(cls, place: str | Path, book: Rulebook, limit: Limit = NONE) -> Source:
        """Find the files. Raises MarketError where there is none of merchants or offers, or one can't be read."""
        root = Path(place)
        if not root.is_dir() and ("**" in root.name or (_STARS & {*str(root.parent)} and not root.parent.is_dir())):
            raise MarketError(
                f"{place}: stars are understood in the last name alone, and within one folder; expected a folder, or "
                "the files and folders in it that are tables, such as market/*"
            )
        paths = sorted(root.iterdir()) if root.is_dir() else sorted(root.parent.glob(root.name))
        files: dict[str, list[Path]] = {}
        for path in paths:
            table = table_named(path.stem)
            if table is None or path.name.startswith((".", "_")):
                continue
            files.setdefault(table, []).extend(_files(path, table))
        if OVERRIDES in files:
            raise MarketError(
                f"{place}: values given by hand ({OVERRIDES}) can't be applied to a market that is read part by part; "
                "read it whole, or take them away"
            )
        for table in NEEDED:
            if not files.get(table):
                there = [path.name for path in paths]
                none = "nothing" if root.is_dir() or set(root.name) & _STARS else "no such folder"
                raise MarketError(
                    f"{place}: no parquet file of {table}{did_you_mean(table, there)}; expected {table}.parquet or a "
                    f"folder {table}, as campaign-analytics intake writes them; found {', '.join(there) or none}"
                )
        stems = [file.stem for file in files["offers"]]
        if again := next((stem for stem in stems if stems.count(stem) > 1), None):
            raise MarketError(f"{place}: two files of offers are named {again}.parquet; give each a name of its own")
        for same in (same for each in files.values() for same in copies(each)):
            with said(same[0]):
                held = pyarrow.parquet.read_metadata(same[0])
            if held.num_rows:
                raise MarketError(
                    f"{place}: {same[0].name} and {same[1].name} hold the same, byte for byte, and would be counted "
                    "twice; take one of them away"
                )
        owner = next((path for path in (root / NAME, root.parent / NAME) if path.is_file()), None)
        every = [*chain(*files.values()), *([owner] if owner else [])]
        now = {file: seen(file) for file in every}
        return cls(str(place), files, read_declared(owner, book) if owner else Declared(), book, limit=limit, seen=now)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All offers, in the order of the files."""
        return tuple(part for file in self.files["offers"] for part in _parts(file))

    @property
    def rows(self) -> int:
        """How many offers there are."""
        return sum(part.rows for part in self.parts)

    @cached_property
    def schemas(self) -> Mapping[str, pa.Schema]:
        """By table: the columns that its files have between them. Raises MarketError, naming the file, for a type that
        a column cannot have, and for a row without its key."""
        return {table: self._schema(table) for table in self.files}

    def offers(self, part: Part, columns: Sequence[str]) -> Table:
        """Some columns of a part. One that other files have and this one lacks is missing; one of no file is left
        out."""
        with said(part.file):
            # mapped it would end the process without a word where it is cut off meanwhile
            file = pyarrow.parquet.ParquetFile(part.file, page_checksum_verification=True)
            held = file.read_row_groups(
                list(part.groups), columns=told_of(file.schema_arrow.names, columns), use_threads=True
            )
        for name in columns:
            if name in self.schemas["offers"].names and name not in held.column_names:
                held = held.append_column(name, pa.nulls(held.num_rows, self.schemas["offers"].field(name).type))
        return self._table("offers", held, part.file.name)

    def whole(self, table: str, columns: Sequence[str]) -> Table:
        """Some columns of a table that is held at once."""
        held, place = [], self._place(table)
        there = told_of(self.schemas[table].names, columns)
        for file in self.files[table]:
            with said(file):
                opened = pyarrow.parquet.ParquetFile(file, page_checksum_verification=True)
                held.append(opened.read(columns=told_of(opened.schema_arrow.names, columns)))
        with said(self.files[table][0].parent):
            whole = pa.concat_tables(_alike(held), promote_options="permissive").select(there)
        return self._table(table, whole, place)

    def of_offers(self, offers: Cells, columns: Mapping[str, Sequence[str]]) -> dict[str, Table]:
        """Of each table that ``columns`` names the rows that belong to some offers, and perhaps others between them.
        Quick where its files are in the order of their offers."""
        ids = pa.array(offers.values, pa.string())
        found = {}
        for table, names in columns.items():
            rows = self._row_groups[table].of(ids, told_of(self.schemas[table].names, names))
            found[table] = self._table(table, rows, self._place(table))
        return found

    @cached_property
    def _row_groups(self) -> Mapping[str, RowGroups]:
        """Those of tables that belong to offers; what the files' ends tell of them is read once."""
        return {
            table: RowGroups(self.files[table], self.schemas[table]) for table in OF_OFFERS if self.files.get(table)
        }

    def _schema(self, table: str) -> pa.Schema:
        fields: dict[str, pa.Field] = {}
        for file in self.files[table]:
            with said(file):
                opened = pyarrow.parquet.ParquetFile(file)
            schema = opened.schema_arrow
            from_arrow(schema.empty_table(), table, self.book, file.name)
            for name in schema.names:
                fields.setdefault(name, schema.field(name))
                if name.lower() in self.book.columns and name.lower() not in schema.names:
                    raise MarketError(f"{file}: column {name}: expected {name.lower()}; write it again with that name")
                of = name.removesuffix(HIGH).removesuffix(UNREAD)
                if of in self.book.columns and of not in schema.names:
                    raise MarketError(
                        f"{file}: column {name} stands without {of}; write it again with both, or neither"
                    )
            for key in KEYS[table]:
                if key not in schema.names:
                    raise MarketError(
                        f"{file}: no column {key}{did_you_mean(key, schema.names)}; write it again with it"
                    )
            with said(file):
                row = without(opened, KEYS[table][0])
            if row is not None:
                raise MarketError(no_key(file, KEYS[table][0], f"row {row + 1}"))
        return pa.schema(list(fields.values()))

    def _place(self, table: str) -> str:
        files = self.files[table]
        return files[0].name if len(files) == 1 else f"{table} ({len(files)} files)"

    def _table(self, table: str, held: pa.Table, place: str) -> Table:
        """Columns as a table. Raises MarketError for a row without its key, which files were looked through for."""
        cells = from_arrow(held, table, self.book, place)
        key = KEYS[table][0]
        if key in cells and cells[key].gone.any():
            raise MarketError(no_key(place, key))
        return Table(table, cells, held.num_rows)


def _files(path: Path, table: str) -> list[Path]:
    """The file of parquet that a path is, or those in it. Raises MarketError for one in a folder in it: the names of
    such folders, as others write them, may tell what files do not."""
    if not path.is_dir():
        return [path] if path.suffix == ".parquet" else []
    found = [file for file in sorted(path.rglob("*.parquet")) if file.is_file() and not _is_hidden(file, path)]
    if deep := next((file for file in found if file.parent != path), None):
        raise MarketError(
            f"{deep}: files of {table} are read from the folder {path.name} itself, not from folders in it: put them "
            "there, each under a name of its own, and what the names of folders tell into columns"
        )
    return found


def _is_hidden(file: Path, within: Path) -> bool:
    return any(name.startswith((".", "_")) for name in file.relative_to(within).parts)


def _alike(files: Sequence[pa.Table]) -> list[pa.Table]:
    """The same, with a column that some hold as a dictionary and some otherwise held as its values by all."""
    types: dict[str, set[pa.DataType]] = {}
    for held in files:
        for column in held.schema:
            types.setdefault(column.name, set()).add(column.type)
    mixed = {name for name, of in types.items() if len(of) > 1}
    return [
        held.cast(pa.schema([_plain(column) if column.name in mixed else column for column in held.schema]))
        for held in files
    ]


def _plain(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _parts(file: Path) -> Iterator[Part]:
    with said(file):
        held = pyarrow.parquet.ParquetFile(file).metadata
    sizes = [held.row_group(group).num_rows for group in range(held.num_row_groups)]
    start, groups, rows = 0, list[int](), 0
    for group, size in enumerate(sizes):
        if not size:
            continue
        if groups and rows + size > ROWS:
            yield Part(file, tuple(groups), start, rows)
            start, groups, rows = start + rows, [], 0
        groups.append(group)
        rows += size
    if rows:
        yield Part(file, tuple(groups), start, rows)


def no_key(place: str | Path, key: str, row: str = "a row") -> str:
    """What is said of a row without the key of its table."""
    return (
        f"{place}: {row} has no {key}; expected one in every row of a file of typed columns: write it again, from the "
        "exports"
    )


def told_of(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Of the ``names`` of a file's columns those that hold some columns, ends of their ranges, or what was not
    understood."""
    wanted = [each for name in columns for each in (name, name + HIGH, name + UNREAD)]
    return [name for name in wanted if name in names]
