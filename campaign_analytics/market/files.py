"""Open a market's files: csv, xlsx, parquet and JSON files and DataFrames all become columns of raw texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Knows
from campaign_analytics.market.marks import stripped
from campaign_analytics.market.records import DOCUMENT, LINES, open_records
from campaign_analytics.market.texts import Texts, text_of

#: How much of a csv file is searched for its header.
_HEAD = 1 << 20


def open_path(path: Path, knows: Knows) -> list[Found]:
    """Open one file: a part for each of its tables. Raises MarketError that says what is wrong and what to do."""
    try:
        return [_without_idle_columns(found) for found in OPENERS[path.suffix.lower()](path)]
    except OSError as error:
        raise MarketError(f"{path.name} can't be opened: {error.strerror or error}") from error


def open_frame(name: str, frame: pd.DataFrame) -> Found:
    """Take a DataFrame as it is; a named index counts as columns."""
    if not isinstance(frame, pd.DataFrame):
        raise MarketError(f"{name}: expected a pandas DataFrame, not {type(frame).__name__}")
    if any(each is not None for each in frame.index.names):
        frame = frame.reset_index()
    columns = [Texts.of_series(frame.iloc[:, place]) for place in range(frame.shape[1])]
    headers = [stripped(str(header)) for header in frame.columns]
    return Found(f"the DataFrame {name}", headers, columns, np.arange(len(frame), dtype=np.int64) + 2, heads=0)


def _without_idle_columns(found: Found) -> Found:
    """Leave out columns that have neither a header nor a cell (trailing commas, formatted but empty cells)."""
    kept = [place for place, header in enumerate(found.headers) if header or not found.columns[place].blank()]
    return replace(
        found, headers=[found.headers[place] for place in kept], columns=[found.columns[place] for place in kept]
    )


def _open_csv(path: Path) -> list[Found]:
    text = _as_utf8(path.name, path.read_bytes())
    head = text[:_HEAD].decode("utf-8", "ignore")
    try:
        first = next(
            (
                (place, cells)
                for place, cells in enumerate(csv.reader(io.StringIO(head, newline="")))
                if any(map(stripped, cells))
            ),
            None,
        )
    except csv.Error as error:
        raise MarketError(f"{path.name}: no header can be read ({error}); is it a csv file?") from error
    if first is None:
        raise MarketError(f"{path.name} is empty; expected a row of headers and rows of data")
    above, headers = first[0], first[1]
    width = max(len(headers), _width_of_next(head, above + 1))
    headers = [stripped(header) for header in headers] + [""] * (width - len(headers))
    misfits: list[Any] = []
    try:
        table = _parsed(text, width, above + 1, None)
    except pa.ArrowInvalid:  # rows of other widths, or a huge cell: the slower way tells which
        try:
            table = _parsed(text, width, above + 1, misfits)
        except pa.ArrowInvalid as error:
            raise MarketError(f"{path.name} can't be read as csv: {error}") from error
    numbers = np.asarray([each.number for each in misfits], np.int64)
    present = np.ones(table.num_rows + len(misfits), bool)
    present[numbers - above - 2] = False
    rows = np.flatnonzero(present) + above + 2
    columns = [Texts.of_arrow(column) for column in table.columns]
    return [Found(path.name, headers, columns, rows, [(int(each.number), _cells_of(each.text)) for each in misfits])]


def _as_utf8(name: str, data: bytes) -> bytes:
    """The file's text in UTF-8, from UTF-8 with or without a byte order mark, or GB18030."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    zero = data.find(b"\0", 0, _HEAD)
    if zero >= 0:
        raise MarketError(f"{name}: not text, byte {zero} is zero; save it as csv in UTF-8 or GB18030")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as utf8:
        try:
            return data.decode("gb18030").encode()
        except UnicodeDecodeError as gb:
            raise MarketError(
                f"{name}: unknown encoding; it is neither UTF-8 (broken at byte {utf8.start}) nor GB18030 "
                f"(broken at byte {gb.start}); save it as csv in UTF-8"
            ) from gb
    return data


def _width_of_next(head: str, row: int) -> int:
    """How many cells the first data row has: rows that all end in a comma are no misfits."""
    try:
        return next(
            (len(cells) for place, cells in enumerate(csv.reader(io.StringIO(head, newline=""))) if place == row), 0
        )
    except csv.Error:
        return 0


def _parsed(text: bytes, width: int, skip: int, misfits: list[Any] | None) -> pa.Table:
    names = [str(place) for place in range(width)]

    def keep_apart(row: Any) -> str:
        assert misfits is not None
        misfits.append(row)
        return "skip"

    return pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(
            column_names=names,
            skip_rows_after_names=skip,
            use_threads=misfits is None,  # only one thread alone knows the row numbers
            block_size=1 << 23 if misfits is None else min(len(text) + 1, 2**31 - 1),
        ),
        parse_options=pyarrow.csv.ParseOptions(
            newlines_in_values=b'"' in text,
            ignore_empty_lines=False,
            invalid_row_handler=None if misfits is None else keep_apart,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )


def _cells_of(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _open_xlsx(path: Path) -> list[Found]:
    import python_calamine

    try:
        book = python_calamine.load_workbook(path)
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (python_calamine.CalamineError, OSError) as error:
        raise MarketError(
            f"{path.name} can't be read as a workbook: {error}; save it as xlsx again, or as csv"
        ) from error
    filled = {name: rows for name, rows in sheets.items() if any(cell != "" for row in rows for cell in row)}
    if not filled:
        raise MarketError(f"{path.name} is empty; expected a row of headers and rows of data")
    name, rows = next(iter(filled.items()))
    above = next(place for place, row in enumerate(rows) if any(cell != "" for cell in row))
    headers = [stripped(text_of(cell)) for cell in rows[above]]
    body = rows[above + 1 :]
    columns = [Texts.of_values([row[place] for row in body]) for place in range(len(headers))]
    source = np.arange(len(body), dtype=np.int64) + above + 2
    return [Found(path.name, headers, columns, source, unread=[other for other in filled if other != name])]


def _open_parquet(path: Path) -> list[Found]:
    try:
        table = pyarrow.parquet.read_table(path)
    except pa.ArrowInvalid as error:
        raise MarketError(f"{path.name} can't be read as parquet: {error}; write it again") from error
    columns = [Texts.of_arrow(column) for column in table.columns]
    headers = [stripped(header) for header in table.column_names]
    return [Found(path.name, headers, columns, np.arange(table.num_rows, dtype=np.int64) + 2, heads=0)]


def _open_json(path: Path) -> list[Found]:
    return open_records(path, _as_utf8(path.name, path.read_bytes()).decode())


OPENERS: Mapping[str, Callable[[Path], list[Found]]] = {
    ".csv": _open_csv,
    ".xlsx": _open_xlsx,
    ".parquet": _open_parquet,
    **dict.fromkeys((*DOCUMENT, *LINES), _open_json),
}
