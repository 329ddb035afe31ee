"""What a market's owner declares in ``market.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from campaign_analytics.errors import MarketError, ValueFault
from campaign_analytics.market.headers import known_columns
from campaign_analytics.market.opening.encodings import ENCODINGS
from campaign_analytics.market.opening.zips import members, unpacked
from campaign_analytics.market.schema import KEYS, Declared
from campaign_analytics.market.times import NUMBERED
from campaign_analytics.rulebook.values import did_you_mean, read_value

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

NAME = "market.toml"
#: What bare numbers may be, of each type of column that has a choice.
UNITS = {"rate": ("percent", "share"), "day": NUMBERED, "time": NUMBERED}
FLAGS = ("penalty_feed_complete", "offers_are_complete")


def read_declared(path: Path, book: Rulebook) -> Declared:
    """Read a ``market.toml``, or a file of that form. Raises MarketError that names every fault in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MarketError(f"{path} can't be opened: {error.strerror or error}") from error
    return declared_in(str(path), data, book)


def declared_within(source: Path, book: Rulebook) -> tuple[str, Declared] | None:
    """The ``market.toml`` in an archive, or in the one archive of a folder that has one, and its place there."""
    paths = sorted(source.glob("*.zip")) if source.is_dir() else [source] if source.suffix.lower() == ".zip" else []
    found = []
    for path in paths:
        with suppress(MarketError, OSError):  # said when its tables are opened
            for name, info, held in members(path.name, path.read_bytes()):
                if PurePosixPath(name).name == NAME:
                    found.append((f"{path.name}: {name}", unpacked(path.name, info, held)))
    if len(found) != 1:
        return None
    ((place, data),) = found
    return place, declared_in(place, data, book)


def declared_in(place: str, data: bytes, book: Rulebook) -> Declared:
    """What such a file declares. Raises MarketError that names every fault in it, and ``place``."""
    try:
        held = tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MarketError(f"{place}: {error}") from error
    return declared_as(place, held, book)


def declared_as(place: str, held: Mapping[str, Any], book: Rulebook) -> Declared:
    """The same of its keys and values."""
    faults = [
        *_top(held),
        *_tables(held.get("tables", {})),
        *_headers(held.get("headers", {}), book),
        *_units(held.get("units", {}), book),
        *_missing(held.get("missing", {}), book),
        *_empty(held.get("empty", {}), book),
        *_encodings(held.get("encodings", {})),
    ]
    if faults:
        raise MarketError("\n".join(f"{place}: {fault}" for fault in faults))
    return Declared(**held)


def _top(held: Mapping[str, Any]) -> list[str]:
    known = ("as_of", *FLAGS, "tables", "headers", "units", "missing", "empty", "encodings")
    faults = [
        f"unknown key {key!r}{did_you_mean(key, known)}; expected {', '.join(known)}"
        for key in held
        if key not in known
    ]
    if not isinstance(held.get("as_of", date.min), date | datetime):
        faults.append(f"as_of = {held['as_of']!r}: expected a day or time without quotes, such as as_of = 2031-05-31")
    return faults + [
        f"{key} = {held[key]!r}: expected true or false" for key in FLAGS if not isinstance(held.get(key, True), bool)
    ]


def _tables(held: Any) -> list[str]:
    if not isinstance(held, dict):
        return ['tables: expected lines such as "my file.csv" = "offers"']
    return [
        f"tables: {file!r}: no table {table!r}{did_you_mean(str(table), KEYS)}"
        for file, table in held.items()
        if table not in KEYS
    ]


def _encodings(held: Any) -> list[str]:
    if not isinstance(held, dict):
        return ['encodings: expected lines such as "my file.csv" = "GB18030"']
    return [
        f"encodings: {file!r} = {stated!r}: expected {' or '.join(map(repr, ENCODINGS))}"
        for file, stated in held.items()
        if stated not in ENCODINGS
    ]


def _headers(held: Any, book: Rulebook) -> list[str]:
    if not isinstance(held, dict) or not all(isinstance(mapping, dict) for mapping in held.values()):
        return ['headers: expected tables such as [headers.offers] with lines such as "My header" = "column"']
    faults = [f"headers.{table}: no such table{did_you_mean(table, KEYS)}" for table in held if table not in KEYS]
    for table, mapping in held.items():
        if table in KEYS:
            known = known_columns(book, table)
            faults += [
                f"headers.{table}: {header!r}: no column {column!r} in {table}{did_you_mean(str(column), known)}"
                for header, column in mapping.items()
                if column not in known
            ]
    return faults


def _units(held: Any, book: Rulebook) -> list[str]:
    if not isinstance(held, dict):
        return ['units: expected lines such as a_rate = "percent"']
    known = {name: UNITS[column.type] for name, column in book.columns.items() if column.type in UNITS}
    faults = [f"units: no rate, day or time {name!r}{did_you_mean(name, known)}" for name in held if name not in known]
    return faults + [
        f"units.{name} = {unit!r}: expected {' or '.join(map(repr, known[name]))}"
        for name, unit in held.items()
        if name in known and unit not in known[name]
    ]


def _missing(held: Any, book: Rulebook) -> list[str]:
    if not isinstance(held, dict):
        return ['missing: expected lines such as a_rate = ["0", "未评"]']
    return _no_columns("missing", held, book) + [
        f'missing.{name} = {marks!r}: expected a list of what says that nothing is there, such as ["0"]'
        for name, marks in held.items()
        if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks)
    ]


def _empty(held: Any, book: Rulebook) -> list[str]:
    if not isinstance(held, dict):
        return ['empty: expected lines such as a_rate = "0%"']
    faults = _no_columns("empty", held, book)
    for name, means in held.items():
        if name in book.columns:
            column = book.columns[name]
            try:
                read_value(means, column.type, names=book.names_of(column), zone=book.zone)
            except ValueFault as fault:
                faults.append(f"empty.{name}: {fault}")
    return faults


def _no_columns(key: str, held: Mapping[str, Any], book: Rulebook) -> list[str]:
    return [f"{key}: no column {name!r}{did_you_mean(name, book.columns)}" for name in held if name not in book.columns]
