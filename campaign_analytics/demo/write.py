"""Write a market as exports look, so that reading it again gives the same cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from campaign_analytics.market.declared import NAME
from campaign_analytics.market.mapping import declared_toml
from campaign_analytics.market.schema import Array, Cells, Declared, Market, Table
from campaign_analytics.rulebook.book import Rulebook

Headers = Literal["zh", "en", "id"]

_ROWS_AT_ONCE = 100_000
_YES_NO = {"zh": ("否", "是"), "en": ("no", "yes"), "id": ("false", "true")}
_NO_MEMBER = {"zh": "无", "en": "{}", "id": "{}"}  # an empty cell would be a missing set


def write_market(
    market: Market,
    folder: str | Path,
    book: Rulebook,
    *,
    format: Literal["csv", "parquet"] = "csv",
    headers: Headers = "zh",
    encoding: str = "utf-8-sig",
) -> Path:
    """Write a market into ``folder``: a file a table, and ``market.toml``; ``read_market`` gives the same cells again.

    Labels, lists and time zone are those of ``book``; ``headers`` "zh" and "en" are labels, "id" column names. In csv
    stands what people see (28.50 yuan, 95.3%, 是, L2), in ``encoding``; in parquet numbers, shares of 1 and local
    times. A table's old file is written over. Returns the folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rates: dict[str, str] = {}
    for table in market.tables.values():
        named = _headers(table, book, headers)
        for stale in {"csv", "parquet", "xlsx"} - {format}:
            (folder / f"{table.name}.{stale}").unlink(missing_ok=True)
        path = folder / f"{table.name}.{format}"
        if format == "csv":
            texts = table_texts(table, book, headers)
            _write_csv(path, {named[column]: held for column, held in texts.items()}, encoding)
        else:
            typed = {named[column]: _typed(cells, book.zone) for column, cells in table.cells.items()}
            pyarrow.parquet.write_table(pa.table(typed), path)
            rates |= {column: "share" for column, cells in table.cells.items() if cells.type == "rate"}
    write_declared(market.declared, folder, rates)
    return folder


def write_declared(declared: Declared, folder: Path, units: Mapping[str, str]) -> None:
    """Write ``market.toml``: what the owner knows, and the units of rates that are written without one."""
    known = replace(declared, headers={}, tables={}, units=units)  # the files written have headers of their own
    (folder / NAME).write_text("\n".join(declared_toml(known)) + "\n", "utf-8", newline="\n")


def table_texts(table: Table, book: Rulebook, headers: Headers) -> dict[str, pa.Array]:
    """The cells of every column as an export spells them, '' for a missing one."""
    texts = {column: _spelled(cells, book.zone, headers) for column, cells in table.cells.items()}
    for column, cells in table.cells.items():
        counts = book.columns[column].counts
        if counts and all(count in table.cells for count in counts):
            part, whole = (table.cells[count] for count in counts)
            texts[column] = _rounded_beside_counts(cells, part, whole, texts[column])
    return texts


def _headers(table: Table, book: Rulebook, headers: Headers) -> dict[str, str]:
    if headers == "id":
        return {column: column for column in table.cells}
    return {column: book.columns[column].label(headers, column) for column in table.cells}


def _spelled(cells: Cells, zone: ZoneInfo, headers: Headers) -> pa.Array:
    if cells.type == "text" and not cells.names:
        return _blanked(pa.array(cells.values, pa.string()), cells.missing)
    low = _each(cells.values, lambda values: _spell(values, cells, zone, headers))
    if cells.high is not None:
        high = _each(cells.high, lambda values: _spell(values, cells, zone, headers))
        low = pc.if_else(pa.array(cells.high != cells.values), pc.binary_join_element_wise(low, high, "-"), low)
    return _blanked(low, cells.missing)


def _each(values: Array, spell: Callable[[Array], list[str]]) -> pa.Array:
    """Spell each distinct value once."""
    distinct, codes = np.unique(values, return_inverse=True)
    return pa.array(spell(distinct), pa.string()).take(pa.array(codes))


def _spell(values: Array, cells: Cells, zone: ZoneInfo, headers: Headers) -> list[str]:
    names = cells.names
    match cells.type:
        case "time":
            return [time.isoformat(" ") for time in _local(values, zone)]
        case "day":
            return [str(day) for day in values.astype("datetime64[D]")]
        case "flag":
            return [_YES_NO[headers][yes] for yes in values.tolist()]
        case "set":
            members = ([name for place, name in enumerate(names) if bits >> place & 1] for bits in values.tolist())
            return ["、".join(each) or _NO_MEMBER[headers] for each in members]
        case "level" | "text":
            return [names[code] for code in values.tolist()]
        case "money":
            return [f"{minor // 100}.{minor % 100:02d}" for minor in values.tolist()]
        case "rate":
            return _percents(values)
        case _:
            return [repr(number).removesuffix(".0") for number in values.tolist()]


def _percents(rates: Array) -> list[str]:
    return [f"{Decimal(repr(rate)).scaleb(2).normalize():f}%" for rate in rates.tolist()]


def _local(values: Array, zone: ZoneInfo) -> pd.Series:
    """Instants as clocks of ``zone`` show them."""
    return pd.Series(values.astype("datetime64[us]")).dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)


def _rounded_beside_counts(rate: Cells, part: Cells, whole: Cells, texts: pa.Array) -> pa.Array:
    """A rate that its counts give again is written to 0.01%, as exports do."""
    held = np.divide(part.values, whole.values, out=np.zeros(len(rate)), where=whole.values > 0)
    counted = held == rate.values
    for cells in (rate, part, whole):
        if cells.missing is not None:
            counted &= ~cells.missing
    return pc.if_else(pa.array(counted), _each(np.rint(rate.values * 10_000) / 10_000, _percents), texts)


def _blanked(texts: pa.Array, missing: Array | None) -> pa.Array:
    return texts if missing is None else pc.if_else(pa.array(missing), "", texts)


def _typed(cells: Cells, zone: ZoneInfo) -> pa.Array:
    """A column for parquet; a set stays a text, and an instant becomes a local time."""
    if cells.type == "set":
        return pc.if_else(
            pa.array(np.zeros(len(cells), bool) if cells.missing is None else cells.missing),
            None,
            _spelled(cells, zone, "id"),
        )
    if cells.type == "time":
        return pa.array(_local(cells.values, zone), mask=cells.missing)
    return pa.array(cells.to_pandas(), from_pandas=True)


def _write_csv(path: Path, columns: Mapping[str, pa.Array], encoding: str) -> None:
    quoted = [_quoted(texts) for texts in columns.values()]
    rows = len(quoted[0]) if quoted else 0
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(",".join(_quoted(pa.array(list(columns))).to_pylist()) + "\n")
        for start in range(0, rows, _ROWS_AT_ONCE):
            lines = pc.binary_join_element_wise(*(texts.slice(start, _ROWS_AT_ONCE) for texts in quoted), ",")
            file.write("\n".join(lines.to_pylist()) + "\n")


def _quoted(texts: pa.Array) -> pa.Array:
    """Texts with quotes where csv needs them."""
    needed = pc.match_substring_regex(texts, '[,"\r\n]')
    if not pc.any(needed).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise('"', doubled, '"', ""), texts)
