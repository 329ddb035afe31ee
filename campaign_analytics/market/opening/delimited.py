"""Text files of rows whose cells stand between commas."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Knows, Opened
from campaign_analytics.market.marks import stripped
from campaign_analytics.market.opening.encodings import decoded
from campaign_analytics.market.texts import Texts


def open_delimited(place: str, data: bytes, knows: Knows) -> Opened:
    """Open a text file of rows."""
    read = decoded(place, data)
    text, head = read.text.to_pybytes(), read.head()
    try:
        first = next(
            (
                (number, cells)
                for number, cells in enumerate(csv.reader(io.StringIO(head, newline="")))
                if any(map(stripped, cells))
            ),
            None,
        )
    except csv.Error as error:
        raise MarketError(f"{place}: no header can be read ({error}); is it a csv file?") from error
    if first is None:
        raise MarketError(f"{place} is empty; expected a row of headers and rows of data")
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
            raise MarketError(f"{place} can't be read as csv: {error}") from error
    numbers = np.asarray([each.number for each in misfits], np.int64)
    present = np.ones(table.num_rows + len(misfits), bool)
    present[numbers - above - 2] = False
    rows = np.flatnonzero(present) + above + 2
    columns = [Texts.of_arrow(column) for column in table.columns]
    apart = [(int(each.number), _cells_of(each.text)) for each in misfits]
    return Opened([Found(place, headers, columns, rows, apart)])


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
