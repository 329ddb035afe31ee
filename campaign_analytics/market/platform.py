"""Answers of a sales platform as tables, by the mapping of its fields (``rulebooks/platform.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np

from campaign_analytics.market.answers import Answers, Fields, Record, as_text
from campaign_analytics.market.found import Broken, Found, Meanings
from campaign_analytics.market.grown import Grown, flat, said
from campaign_analytics.market.marks import stripped
from campaign_analytics.market.schema import ANYWHERE, KEYS
from campaign_analytics.market.texts import BETWEEN

_BETWEEN_CODES = re.compile(r"[\s,，、;；|]+")
_LAST = re.compile(r"[.=]")  # a field's own name, or its code, stands behind the last of these
NO_COLUMN = "no column for this field of the platform"
NO_TABLE = "no offer and no merchant is in it"
NO_ROW = "no row: expected an object of fields and values"


@dataclass(frozen=True)
class Unless:
    """Where one of ``fields`` says one of ``values``, a nested list holds no rows."""

    fields: Sequence[str]
    values: Sequence[str]
    why: str


@dataclass(frozen=True)
class Mapped:
    """Where the rows of a table stand, and which fields are its columns."""

    columns: Mapping[str, Sequence[str]]  # column -> fields: the first that says something is read
    rows: Sequence[str] = ()  # nested lists with a row an element; empty = a record is a row
    unless: Unless | None = None


@dataclass(frozen=True)
class Code:
    """What a code says."""

    table: str
    column: str
    value: str


@dataclass(frozen=True)
class Platform:
    """The mapping of a platform's fields."""

    envelopes: frozenset[str]
    told_by: frozenset[str]  # fields by which a record is the platform's
    pairs: Mapping[str, tuple[str, str]]
    tables: Mapping[str, Mapped]
    units: Mapping[str, str]
    codes: Mapping[str, Mapping[str, Code]]  # field -> code -> what it says
    unread: Mapping[str, str]  # name of a field, tag or code -> why it is no column

    def answers(self, fields: Collection[str]) -> bool:
        """Whether a record of these fields is the platform's, and not a plain one."""
        return not self.told_by.isdisjoint(fields)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields of a record that are columns."""
        tables = (mapped for mapped in self.tables.values() if not mapped.rows)
        return frozenset(path for mapped in tables for paths in mapped.columns.values() for path in paths)

    @cached_property
    def lists(self) -> frozenset[str]:
        """The nested lists that hold rows."""
        return frozenset(path for mapped in self.tables.values() for path in mapped.rows)


@cache
def load_platform() -> Platform:
    """Read the mapping once."""
    text = resources.files("campaign_analytics.rulebooks").joinpath("platform.toml").read_text("utf-8")
    held = tomllib.loads(text)
    return Platform(
        frozenset(held["envelopes"]),
        frozenset(held["told_by"]),
        {path: (name, value) for path, (name, value) in held["pairs"].items()},
        {
            table: Mapped(each["columns"], each.get("rows", ()), Unless(**each["unless"]) if "unless" in each else None)
            for table, each in held["tables"].items()
        },
        held["units"],
        {
            path: {code: Code(**meant) for code, meant in each["codes"].items()}
            for each in held["coded"]
            for path in each["fields"]
        },
        held["unread"],
    )


def platform_tables(place: str, answers: Answers) -> list[Found]:
    """The tables in the records of a file, of which some are the platform's."""
    platform = load_platform()
    tables = {table: _Table(table, platform) for table in platform.tables}
    refused: list[Broken] = []
    for record in answers.records():
        refused += _take(record, tables, platform)
    found = [table.found(place, answers) for table in tables.values() if table.grown.rows]
    if not found:
        return []
    numbers = answers.numbers(np.array([each.number for each in refused], np.int64)).tolist()
    broken = [each._replace(number=number) for each, number in zip(refused, numbers, strict=True)] + answers.broken
    return [replace(found[0], broken=sorted(broken), blank=answers.blank), *found[1:]]


class _Table:
    """One table as it grows."""

    def __init__(self, name: str, platform: Platform) -> None:
        self.name = name
        self.platform = platform
        self.mapped = platform.tables[name]
        self.grown = Grown()
        self.read_from: dict[str, dict[str, None]] = {}  # column -> the fields that it was read from
        self.unread: dict[str, str] = {}  # field -> why it is not read

    def row(self, fields: Fields, coded: Mapping[str, tuple[str, str]], under: str = "") -> dict[str, tuple[str, str]]:
        """Column -> its field and text, of those columns that the fields or codes say something of; ``under`` is the
        path of the nested list that the fields stand in."""
        cells = dict(coded)
        for column, paths in self.mapped.columns.items():
            texts = ((path, said(fields[path])) for path in paths if path in fields)
            if column not in cells and (told := next((each for each in texts if stripped(each[1])), None)):
                cells[column] = under + told[0], told[1]
        return cells

    def holds(self, fields: Fields, path: str, first: _Table) -> bool:
        """Whether the nested list at ``path`` holds rows; where not, ``first`` says why it is unread."""
        unless = self.mapped.unless
        if unless and any(said(fields.get(each)) in unless.values for each in unless.fields):
            first.unread[path] = unless.why
            return False
        return True

    def add(self, number: int, row: Mapping[str, tuple[str, str]], rest: Mapping[str, str]) -> None:
        """Put a row at the end: its columns, and the fields that are none."""
        cells = dict.fromkeys(KEYS[self.name], "")
        for column, (path, text) in row.items():
            self.read_from.setdefault(column, {})[path] = None
            cells[column] = text
        self.grown.add(number, cells | {f"{_APART}{path}": text for path, text in rest.items()})

    def found(self, place: str, answers: Answers) -> Found:
        """The table, under the platform's own names; its rows are numbered as their answers are, those of nested lists
        as they come."""
        names = [self._header(name) for name in self.grown.headers]
        rows = self.grown.source_rows()
        columns = {
            header: name for name, header in zip(self.grown.headers, names, strict=True) if not name.startswith(_APART)
        }
        unread = {
            header: self.unread.get(header) or self.platform.unread.get(_LAST.split(header)[-1], NO_COLUMN)
            for header in names
            if header not in columns
        }
        return Found(
            f"{place}: {self.name}" if self.mapped.rows else place,
            names,
            self.grown.columns(),
            rows if self.mapped.rows else answers.numbers(rows),
            table=self.name,
            told=self.grown.told(),
            meanings=Meanings(columns, self.platform.units, unread),
            sparse=True,
        )

    def _header(self, name: str) -> str:
        if name.startswith(_APART):
            return name.removeprefix(_APART)
        return " / ".join(self.read_from.get(name) or self.mapped.columns.get(name, [name])[:1])


#: Before the names of fields that are no column, so that none is taken for one.
_APART = "."


def _take(record: Record, tables: Mapping[str, _Table], platform: Platform) -> Iterator[Broken]:
    """Put a record into the tables that it has a row of; give back what can't be read."""
    fields = dict(flat(record.fields, platform.lists, platform.pairs))
    coded, rest = _coded(fields, platform)
    rows = {name: table.row(fields, coded.get(name, {})) for name, table in tables.items() if not table.mapped.rows}
    rows = {
        name: row
        for name, row in rows.items()
        if any(column == KEYS[name][0] or column not in ANYWHERE for column in row)
    }
    if not rows or not platform.answers(record.fields):
        yield Broken(record.place, as_text(record.fields), NO_TABLE)
        return
    first = tables[next(iter(rows))]
    offer = {column: cell for column, cell in rows.get("offers", {}).items() if column == KEYS["offers"][0]}
    read = {path for row in rows.values() for path, _ in row.values()} | platform.codes.keys()
    for table in tables.values():
        for path in table.mapped.rows:
            elements = [fields[path]] if isinstance(fields.get(path), dict) else fields.get(path)
            if isinstance(elements, list) and table.holds(fields, path, first):
                read.add(path)
                yield from _nested(record.place, table, path, elements, offer)
    texts = {path: said(value) for path, value in fields.items() if path not in read}
    rest |= {path: text for path, text in texts.items() if text or path not in platform.fields}
    for name, row in rows.items():
        tables[name].add(record.place, row, rest if tables[name] is first else {})


def _nested(
    number: int, table: _Table, path: str, elements: Sequence[Any], offer: Mapping[str, tuple[str, str]]
) -> Iterator[Broken]:
    """Put the elements of a nested list into its table, counted there, each with the key of its ``offer``."""
    for element in elements:
        if not isinstance(element, dict):
            yield Broken(number, as_text(element), f"{path}: {NO_ROW}")
            continue
        fields = dict(flat(element))
        row = table.row(fields, offer, f"{path}.")
        read = {each for each, _ in row.values()}
        rest = {f"{path}.{name}": said(value) for name, value in fields.items()}
        table.add(table.grown.rows + 1, row, {name: text for name, text in rest.items() if name not in read})


def _coded(fields: Fields, platform: Platform) -> tuple[dict[str, dict[str, tuple[str, str]]], dict[str, str]]:
    """What codes say: table -> column -> field and text; and as fields the codes that say nothing."""
    coded: dict[str, dict[str, tuple[str, str]]] = {}
    rest: dict[str, str] = {}
    for path, codes in platform.codes.items():
        for code in _codes(fields.get(path)):
            meant = codes.get(code)
            if meant is None:
                rest[f"{path}={code}" if isinstance(fields[path], list) else path] = code
                continue
            row = coded.setdefault(meant.table, {})
            where, text = row.get(meant.column, (path, meant.value))
            row[meant.column] = where, text if meant.value in text.split(BETWEEN) else f"{text}{BETWEEN}{meant.value}"
    return coded, rest


def _codes(value: Any) -> list[str]:
    """The codes in a field: in a list or in one text, each with or without its name behind it (``yx-…``)."""
    texts = value if isinstance(value, list) else [value]
    parts = [part for text in texts for part in _BETWEEN_CODES.split(said(text)) if part]
    return [part.split("-", 1)[0] for part in parts]
