"""A cube as one parquet file: a row for each of its rows of offers, then of merchants; all else in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from campaign_analytics.assess.masks import bits_of
from campaign_analytics.derive.making import Moment
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.large.condensing import GONE
from campaign_analytics.large.given import check_path, check_rulebook
from campaign_analytics.large.prints import hashed
from campaign_analytics.large.said import room, said, whole
from campaign_analytics.market.behind import Behind, Files, Print
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.market.typed import HIGH
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import Bound, PerValue
from campaign_analytics.simulate.at_rest import Codes, Cube
from campaign_analytics.simulate.coded import Code

_KEY = b"campaign_analytics cube"
_COUNT, _MERCHANT, _CELL, _WORD = "count", "merchant_row", "cell", "outcomes_{}"
LEVELS: tuple[Level, ...] = ("offers", "merchants")


def save_cube(cube: Cube, path: str | Path) -> None:
    """Write a cube. Raises ``CampaignError`` for what is none, ``MarketError`` where nothing can be written."""
    if not isinstance(cube, Cube):
        raise CampaignError(f"{type(cube).__name__} is no cube; what_if_cube makes one")
    check_path("path", path)
    path = Path(path)
    parts = [_columns(cube, level) for level in LEVELS]
    table = pa.concat_tables(parts, promote_options="default")
    told = {_KEY: json.dumps(_told(cube), ensure_ascii=False).encode()}
    with room(path.parent), whole(path) as beside:
        pyarrow.parquet.write_table(table.replace_schema_metadata(told), beside)


def open_cube(path: str | Path, book: Rulebook) -> Cube:
    """Read a cube that ``save_cube`` wrote.

    Raises ``MarketError`` for a file that is none, ``CampaignError`` for one that was made of another rulebook than
    ``book``, or with other values.
    """
    check_path("path", path)
    check_rulebook(book)
    path = Path(path)
    with said(path):
        table = pyarrow.parquet.read_table(path)
    if _KEY not in (table.schema.metadata or {}):
        raise MarketError(f"{path} is no cube; what_if_cube makes one")
    try:
        told = json.loads(table.schema.metadata[_KEY])
        _check(path, told, book)
        return _cube(table, told, book)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise MarketError(
            f"{path} is damaged, or a cube of another version; make it again with what_if_cube"
        ) from error


def is_cube(place: str | Path) -> bool:
    """Whether a file holds a cube."""
    try:
        return Path(place).suffix == ".parquet" and _KEY in (pyarrow.parquet.read_schema(place).metadata or {})
    except (pa.lib.ArrowException, OSError):
        return False


def _cube(table: pa.Table, told: Mapping[str, Any], book: Rulebook) -> Cube:
    book = replace(book, picked={name: tuple(kept) for name, kept in told["places"].items()})
    rows = [told["rows"][level] for level in LEVELS]
    tables = {level: table.slice(sum(rows[:i]), rows[i]) for i, level in enumerate(LEVELS)}
    codes = {level: _codes(tables[level], told["codes"][level]) for level in LEVELS}
    groups = {name: _group(tables["offers"], name, told["by"][name], book) for name in told["by"]}
    each: dict[str, Array] = {level: _whole(held, _COUNT) for level, held in tables.items()}
    many: dict[str, int] = {level: len(held) for level, held in tables.items()}
    market = Market.rest(
        Behind(**told["of"], source=_files(told["files"])), groups, many, _whole(tables["offers"], _MERCHANT), each
    )
    words = {level: _words(held, told["words"]) for level, held in tables.items()}
    settled = {rule: (np.array(fails), np.array(unknown)) for rule, (fails, unknown) in told["settled"].items()}
    return Cube(
        book=book, market=market, rules=book.active,
        moment=Moment(datetime.fromisoformat(told["as_of"]).astimezone(book.zone)),
        not_computed=tuple(told["not_computed"]), unmade=frozenset(told["unmade"]), bits=bits_of(book, book.active),
        words=words, outside={level: np.zeros_like(held) for level, held in words.items()}, codes=codes,
        moving=tuple(told["moving"]), cell=_whole(tables["offers"], _CELL), settled=settled,
    )  # fmt: skip


def _files(told: Mapping[str, Any] | None) -> Files | None:
    if told is None:
        return None
    return Files(told["place"], {file: Print(*held) for file, held in told["prints"].items()})


# ---- writing


def _columns(cube: Cube, level: Level) -> pa.Table:
    table = cube.market.tables[level]
    assert table.stands_for is not None
    columns: dict[str, Any] = {_COUNT: table.stands_for.astype(np.int64)}
    if level == "offers":
        columns |= {_MERCHANT: cube.market.merchant_row.astype(np.int64), _CELL: cube.cell.astype(np.int64)}
        columns |= {
            name: pa.array(cells.values.astype(np.int64), mask=cells.gone) for name, cells in table.cells.items()
        }
    columns |= {_WORD.format(i): word.view(np.int64) for i, word in enumerate(cube.words[level])}
    for name, cells in cube.codes[level].cells.items():
        columns[name] = np.where(cells.gone, GONE, cells.values).astype(np.uint8)
        if cells.high is not None:
            columns[name + HIGH] = cells.high
    return pa.table(columns)


def _told(cube: Cube) -> dict[str, Any]:
    book, of = cube.book, cube.market.rest_of
    assert of is not None
    return {
        "rulebook": {"id": book.id, "version": book.version, "hash": book.hash},
        "values": in_force(book),
        "places": book.picked,
        "as_of": cube.as_of.isoformat(),
        "of": {"kind": of.kind, "place": of.place},
        "files": None if not isinstance(of.source, Files) else asdict(hashed(of.source)),
        "rows": {level: cube.market.tables[level].rows for level in LEVELS},
        "words": len(cube.words["offers"]),
        "by": {name: cells.names for name, cells in cube.market.offers.cells.items()},
        "not_computed": cube.not_computed,
        "unmade": sorted(cube.unmade),
        "moving": cube.moving,
        "settled": {rule: [counts.tolist() for counts in both] for rule, both in cube.settled.items()},
        "codes": {level: told_codes(cube.codes[level]) for level in LEVELS},
    }


def told_codes(codes: Codes) -> dict[str, Any]:
    """What code columns stand for, to be written as JSON."""
    return {
        "cells": {name: cells.type for name, cells in codes.cells.items()},
        "leaves": [[*key, code.column, code.rises] for key, code in codes.leaves.items()],
        "flags": codes.flags,
    }


def read_codes(cells: Mapping[str, Cells], told: Mapping[str, Any]) -> Codes:
    """What ``told_codes`` told, over the columns."""
    leaves = {(text, parameter): Code(column, rises) for text, parameter, column, rises in told["leaves"]}
    return Codes(cells, leaves, told["flags"])


def in_force(book: Rulebook) -> dict[str, str]:
    """The values of parameters and the severities of rules, as texts that are the same in every process."""
    return {name: _text(value) for name, value in book.values.items()} | {
        name: rule.severity for name, rule in book.rules.items()
    }


def _text(value: Bound) -> str:
    if isinstance(value, PerValue):
        each = ", ".join(f"{name} {_text(held)}" for name, held in value.values)
        return f"{value.by}: {each}, {_text(value.default)}"
    return repr(sorted(value) if isinstance(value, frozenset) else value)  # a set has no order of its own


# ---- reading


def _check(path: Path, told: Mapping[str, Any], book: Rulebook) -> None:
    of = told["rulebook"]
    if of["hash"] != book.hash:
        raise CampaignError(
            f"{path} was made of {of['id']} {of['version']} ({of['hash'][:12]}), this is {book.id} {book.version} "
            f"({book.hash[:12]}); make it again"
        )
    now = in_force(book)
    other = sorted(name for name in now if now[name] != told["values"].get(name))
    if other:
        raise CampaignError(
            f"{path} was made with other values of {', '.join(other)}; open it with those, and move from there"
        )


def _codes(held: pa.Table, told: Mapping[str, Any]) -> Codes:
    cells: dict[str, Cells] = {}
    for name, type in told["cells"].items():
        low = np.asarray(held[name]).astype(np.uint8)
        if type == "flag":
            cells[name] = Cells.make("flag", low == 1, low == GONE)
        else:
            ranged = name + HIGH in held.column_names and not held[name + HIGH].null_count  # else the other level is
            cells[name] = Cells("count", low, None, np.asarray(held[name + HIGH]).astype(np.uint8) if ranged else None)
    return read_codes(cells, told)


def _group(held: pa.Table, name: str, names: list[str], book: Rulebook) -> Cells:
    column = held[name].combine_chunks()
    values = np.asarray(column.fill_null(0))
    return Cells.make(book.quantity(name).type, values, np.asarray(column.is_null()), None, tuple(names))


def _words(held: pa.Table, count: int) -> Array:
    return np.array([_whole(held, _WORD.format(i)) for i in range(count)]).view(np.uint64)


def _whole(held: pa.Table, name: str) -> Array:
    return np.asarray(held[name], np.int64)
