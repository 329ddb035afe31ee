"""What a market's owner declares in ``market.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaign_analytics.errors import MarketError
from campaign_analytics.market.headers import known_columns
from campaign_analytics.market.schema import KEYS, Declared
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

NAME = "market.toml"
UNITS = ("percent", "share")
FLAGS = ("penalty_feed_complete", "offers_are_complete")


def read_declared(path: Path, book: Rulebook) -> Declared:
    """Read a ``market.toml``, or a file of that form. Raises MarketError that names every fault in it."""
    try:
        held = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise MarketError(f"{path} can't be opened: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MarketError(f"{path}: {error}") from error
    faults = [
        *_top(held),
        *_tables(held.get("tables", {})),
        *_headers(held.get("headers", {}), book),
        *_units(held.get("units", {}), book),
    ]
    if faults:
        raise MarketError("\n".join(f"{path}: {fault}" for fault in faults))
    return Declared(**held)


def _top(held: Mapping[str, Any]) -> list[str]:
    known = ("as_of", *FLAGS, "tables", "headers", "units")
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
    rates = [name for name, column in book.columns.items() if column.type == "rate"]
    faults = [f"units: no rate column {name!r}{did_you_mean(name, rates)}" for name in held if name not in rates]
    return faults + [
        f"units.{name} = {unit!r}: expected {' or '.join(map(repr, UNITS))}"
        for name, unit in held.items()
        if unit not in UNITS
    ]
