"""Text files of rows: cells between commas, tabs, semicolons or bars."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Broken, Found, Knows, Opened
from campaign_analytics.market.marks import stripped
from campaign_analytics.market.opening.encodings import BROKEN, HEAD, Decoded, decoded
from campaign_analytics.market.opening.heads import MOST_ROWS, Heads, find_heads
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.texts import Texts, let_go

_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
#: So many known headers are no accident: no other delimiter is tried.
_SURE = 2
#: Texts held once each while they are read: most columns repeat a few.
_ONCE = pa.dictionary(pa.int32(), pa.string())
#: A spreadsheet has no more columns.
MOST_COLUMNS = 16_384
#: So many cells more than headers a row may have that is still shown cell by cell.
_SPARE = 100
#: Bytes that are parsed at a time; and where some cell is larger, as many as can be.
_BLOCK, _MOST_BLOCK = 1 << 22, 2**31 - 1


@dataclass(frozen=True)
class _Settled:
    """What is settled once for a text."""

    delimiter: str
    heads: Heads
    start: int  # bytes above the data
    width: int  # cells of a row of data


def open_delimited(place: str, raw: Raw, knows: Knows, stated: str = "") -> Opened:
    """Open a text file of rows, in the encoding that its owner has ``stated`` or else in the one that it is in.

    Raises MarketError where it has no headers, or is no text of rows.
    """
    if _is_page(raw.at(0, 1024)):
        raise MarketError(f"{place} is a web page, no table; open it in a spreadsheet program and save it as xlsx")
    held = decoded(place, raw, lambda head: _known(head, knows), stated)
    settled = _settled(place, held, knows)
    misfits: list[Any] = []
    try:
        table = _parsed(held, settled, misfits, _BLOCK)
    except pa.ArrowInvalid:  # a cell that is larger than a block
        misfits.clear()
        try:
            table = _parsed(held, settled, misfits, _MOST_BLOCK)
        except pa.ArrowInvalid as error:
            raise MarketError(f"{place} can't be read as rows of cells: {error}") from error
    columns, encoding, broken = table.columns, held.encoding, held.broken
    del table  # a column at a time is made texts and let go: a csv may be as large as what is left of the memory
    numbers = np.asarray([each.number for each in misfits], np.int64)
    rows, endless = _apart(misfits, settled)
    present = np.ones(len(columns[0]) + len(misfits), bool)
    present[numbers - 1] = False
    found = Found(
        place,
        settled.heads.headers,
        [_texts(columns.pop(0)) for _ in range(settled.width)],
        (np.flatnonzero(present) + settled.heads.data + 1).astype(np.int32),
        rows,
        told=(f"{encoding}, cells between {_DELIMITERS[settled.delimiter]}", *settled.heads.told()),
        maybe=held.maybe,
        notes=settled.heads.notes,
        heads=settled.heads.lines,
        blank=settled.heads.blank,
        broken=endless,
    )
    let_go()
    return Opened([_without_broken(found, encoding, settled.delimiter) if broken else found])


def _texts(column: pa.ChunkedArray) -> Texts:
    let_go()
    return Texts.of_arrow(column)


def _settled(place: str, held: Decoded, knows: Knows) -> _Settled:
    """Find delimiter and headers: those of which most are known; without any, what the first row is made of."""
    head = held.head()
    if not head.strip("\ufeff\0 \t\r\n,;|"):
        raise MarketError(f"{place} is empty; expected a row of headers and rows of data")
    best: tuple[int, str, Heads, list[_Row]] | None = None
    for delimiter in _DELIMITERS:
        rows = list(_rows(head, delimiter, held.is_short))
        heads = find_heads([row.cells for row in rows], knows)
        if heads is None:
            continue
        likely = heads.known * MOST_COLUMNS + len(heads.headers)
        if best is None or likely > best[0]:
            best = likely, delimiter, heads, rows
        if heads.known >= _SURE:
            break
    if best is None:
        raise MarketError(f"{place}: no row of headers in its first {HEAD:,} bytes; is it a table at all?")
    _, delimiter, heads, rows = best
    widths = Counter(len(row.cells) for row in rows[heads.data :])
    width = max([len(heads.headers), *(width for width, _ in widths.most_common(1))])  # rows may all end in a delimiter
    if width > MOST_COLUMNS:
        raise MarketError(
            f"{place}: a row of {width:,} cells; expected at most {MOST_COLUMNS:,} columns, as a sheet has"
        )
    return _Settled(delimiter, heads.of_width(width), rows[heads.data - 1].end, width)


def _known(head: str, knows: Knows) -> int:
    """How many headers are known in the head of a text, whatever stands between them."""
    found = (find_heads([row.cells for row in _rows(head, delimiter, True)], knows) for delimiter in _DELIMITERS)
    return max((heads.known for heads in found if heads), default=0)


@dataclass(frozen=True)
class _Row:
    """One row in the head of a text."""

    cells: Sequence[str]
    end: int  # bytes up to its end


def _rows(head: str, delimiter: str, whole: bool) -> Iterator[_Row]:
    """The first rows of a text; unless the head is the ``whole`` of it, without the row in which the head ends."""
    seen, bytes_read, size = 0, 0, len(head.encode())

    def lines() -> Iterator[str]:
        nonlocal bytes_read
        for line in io.StringIO(head, newline=""):
            bytes_read += len(line.encode())
            yield line

    try:
        for cells in csv.reader(lines(), delimiter=delimiter):
            seen += bool(seen or any(map(stripped, cells)))
            if seen > MOST_ROWS or not (whole or bytes_read < size):
                return
            yield _Row(cells, bytes_read)
    except csv.Error:  # a cell that never ends: what stands above it may do
        return


def _parsed(held: Decoded, settled: _Settled, misfits: list[Any], block: int) -> pa.Table:
    """The rows below the headers, read in blocks of so many bytes; ``misfits`` takes those of other widths."""
    names = [str(place) for place in range(settled.width)]
    text = held.stream(settled.start)

    def keep_apart(row: Any) -> str:
        misfits.append(row)
        return "skip"

    if not text.peek(1):
        return pa.table({name: pa.array([], _ONCE) for name in names})
    return pyarrow.csv.read_csv(
        pa.PythonFile(text, mode="r"),
        read_options=pyarrow.csv.ReadOptions(
            column_names=names,
            use_threads=False,  # several hold twice the memory; only one alone knows the row numbers
            block_size=block,
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=settled.delimiter,
            newlines_in_values=held.raw.holds(b'"'),
            ignore_empty_lines=False,
            invalid_row_handler=keep_apart,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, _ONCE), strings_can_be_null=False, check_utf8=False
        ),
    )


def _apart(misfits: Sequence[Any], settled: _Settled) -> tuple[list[tuple[int, list[str]]], list[Broken]]:
    """The rows that are wider or narrower than the headers, cell by cell; far wider ones as they stand."""
    rows: list[tuple[int, list[str]]] = []
    endless: list[Broken] = []
    for each in misfits:
        number = int(each.number) + settled.heads.data
        try:
            cells = next(csv.reader([each.text], delimiter=settled.delimiter), [])
        except csv.Error:  # one of its cells never ends
            cells = [each.text]
        if len(cells) <= settled.width + _SPARE:
            rows.append((number, cells))
        else:
            why = f"{len(cells)} cells under {len(settled.heads.headers)} headers"
            endless.append(Broken(number, each.text, why))
    return rows, endless


def _without_broken(found: Found, encoding: str, delimiter: str) -> Found:
    """Put aside the rows in which bytes are no character: what stood there is not known."""
    broken = np.zeros(found.rows, bool)
    for column in found.columns:
        broken |= np.asarray(pc.match_substring(column.distinct, BROKEN))[column.codes]
    rows, kept = np.flatnonzero(broken), np.flatnonzero(~broken)
    texts = zip(*(column.at(rows) for column in found.columns), strict=True)
    return replace(
        found,
        columns=[column.take(kept) for column in found.columns],
        source_rows=found.source_rows[kept],
        broken=[
            *found.broken,
            *(
                Broken(number, delimiter.join(cells), f"bytes in it are no {encoding}: cut off, or damaged")
                for number, cells in zip(found.source_rows[rows].tolist(), texts, strict=True)
            ),
        ],
    )


def _is_page(data: bytes) -> bool:
    """Whether it is HTML: what some back offices call xls."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta"))
