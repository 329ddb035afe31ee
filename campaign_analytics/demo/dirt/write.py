"""Write a market with the dirt asked for, and tell what reading it must give."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zlib import crc32

import numpy as np

from campaign_analytics.demo.dirt.kinds import KINDS
from campaign_analytics.demo.dirt.sheet import Column, Draft, Layout, Lost, Sheet
from campaign_analytics.demo.dirt.words import load_words
from campaign_analytics.demo.write import table_texts, write_declared
from campaign_analytics.errors import ValueFault
from campaign_analytics.market.schema import Array, Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.values import did_you_mean

_LONGEST_NUMBER = 15  # digits that a spreadsheet's number keeps


class Place(NamedTuple):
    """A cell that can't be read back, and where it stands."""

    table: str
    file: str  # with its sheet or its archive, where it has one
    row: int  # as a spreadsheet counts
    column: str
    raw: str


@dataclass(frozen=True, eq=False)
class Dirty:
    """What was written: ``market`` is what reading gives, of which ``lost`` are missing; ``made`` counts by kind."""

    folder: Path
    market: Market
    lost: tuple[Place, ...]
    made: dict[str, int]


def write_dirty(market: Market, folder: str | Path, book: Rulebook, kinds: Collection[str], seed: int = 0) -> Dirty:
    """Write a market into ``folder`` with these ``kinds`` of dirt (of ``KINDS``), the same for the same seed.

    Kinds work in their own order, whatever the order given. Raises ValueError that names the kinds there are.
    """
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        raise ValueFault(
            f"no kind of dirt {unknown[0]!r}{did_you_mean(unknown[0], KINDS)}; there are {', '.join(KINDS)}"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    draft = Draft(market, book, load_words(), [_sheet(table, book) for table in market.tables.values()])
    for name, kind in KINDS.items():
        if name in kinds:
            draft.made[name] = kind(draft, np.random.default_rng([seed, crc32(name.encode())]))
    lost = tuple(_write(draft, folder, np.random.default_rng(seed)))
    write_declared(market.declared, folder, {})
    tables = {sheet.table.name: _expected(sheet, book) for sheet in draft.sheets}
    return Dirty(folder, Market(tables, market.declared), lost, draft.made)


def _sheet(table: Table, book: Rulebook) -> Sheet:
    columns = [
        Column(id, book.columns[id].label("zh", id), np.array(texts.to_pylist(), object), np.ones(table.rows, bool))
        for id, texts in table_texts(table, book, "zh").items()
    ]
    return Sheet(table, columns, np.arange(table.rows))


def _expected(sheet: Sheet, book: Rulebook) -> Table:
    """The clean table without the rows whose key is lost, and with the other lost cells missing.

    A lost rate is known all the same where its counts are.
    """
    rows, first = np.unique(sheet.rows, return_index=True)
    first = first[rows >= 0]
    lost = {
        column.id: np.fromiter((isinstance(cell, Lost) for cell in column.cells[first]), bool, len(first))
        for column in sheet.columns
        if column.id
    }
    for id in lost:
        counts = [sheet.table.cells[count] for count in book.columns[id].counts or () if count in sheet.table.cells]
        if len(counts) == 2:
            lost[id] &= counts[0].gone | counts[1].gone | (counts[1].values == 0)
    kept = np.flatnonzero(~lost[sheet.key.id])
    cells = {id: _without(held.take(kept), lost[id][kept]) for id, held in sheet.table.cells.items()}
    return Table(sheet.table.name, cells, len(kept))


def _without(held: Cells, lost: Array) -> Cells:
    if not lost.any():
        return held
    values = held.values
    if held.type == "text" and not held.names:
        values = values.copy()
        values[lost] = ""
    return Cells.make(held.type, values, held.gone | lost, held.high, held.names)


def _write(draft: Draft, folder: Path, rng: np.random.Generator) -> Iterator[Place]:
    """Write the files; give the place of every lost cell."""
    layout = draft.layout
    files: dict[str, bytes] = {}
    pages: dict[str, list[list[Any]]] = {}  # of the one workbook
    number = 0
    for sheet in draft.sheets:
        cuts = np.linspace(0, len(sheet.rows), layout.parts + 1).astype(int)
        table = str(rng.choice([sheet.table.name, draft.words.files.tables[sheet.table.name]]))
        for part, (start, end) in enumerate(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True), start=1):
            number += 1
            stem = layout.stem.format(table=table, number=f"{number:02d}") + (f"_{part}" if layout.parts > 1 else "")
            name = f"{stem}.{layout.ending}"
            rows = _rows(sheet, start, end, draft)
            if layout.together == "workbook":
                pages[stem] = rows
                place = f"market.xlsx: {stem}"
            else:
                if layout.ending != "jsonl" or end > start:  # without a record there is no file of records
                    files[name] = _bytes(rows, layout)
                place = f"market.zip: {name}" if layout.together == "archive" else name
            above = 0 if layout.ending == "jsonl" else len(rows) - (end - start)
            yield from _lost(sheet, start, end, place, above)
    if pages:
        files["market.xlsx"] = _workbook({**pages, draft.words.files.sheet: []})
    if layout.together == "archive":
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        files = {"market.zip": held.getvalue()}
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _lost(sheet: Sheet, start: int, end: int, place: str, above: int) -> Iterator[Place]:
    for column in sheet.columns:
        for row, cell in enumerate(column.cells[start:end].tolist()):
            if isinstance(cell, Lost):
                yield Place(sheet.table.name, place, above + row + 1, column.id, str(cell))


def _rows(sheet: Sheet, start: int, end: int, draft: Draft) -> list[list[Any]]:
    columns = [
        _typed(column, draft)[start:end] if draft.layout.typed else column.cells[start:end].tolist()
        for column in sheet.columns
    ]
    above = sheet.above if draft.layout.ending != "jsonl" else []
    return [*above, [column.header for column in sheet.columns], *map(list, zip(*columns, strict=True))]


def _bytes(rows: list[list[Any]], layout: Layout) -> bytes:
    if layout.ending == "xlsx":
        return _workbook({"Sheet1": rows})
    held = io.StringIO(newline="")
    if layout.ending == "jsonl":
        head = rows[0]
        for row in rows[1:]:
            json.dump(dict(zip(head, row, strict=True)), held, ensure_ascii=False)
            held.write("\n")
        return held.getvalue().encode()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if layout.quoted else csv.QUOTE_MINIMAL
    csv.writer(held, delimiter=layout.delimiter, lineterminator=layout.newline, quoting=quoting).writerows(rows)
    return held.getvalue().encode(layout.encoding)


def _workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False}) as book:
        moment = book.add_format({"num_format": "yyyy/m/d h:mm:ss"})
        percent = book.add_format({"num_format": "0.00%"})
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        page.write_datetime(y, x, cell, moment)
                    elif isinstance(cell, int):
                        page.write_number(y, x, cell)
                    elif isinstance(cell, float):
                        page.write_number(y, x, cell, percent if cell <= 1 else None)
                    elif cell != "":
                        page.write_string(y, x, str(cell))
    return held.getvalue()


def _typed(column: Column, draft: Draft) -> list[Any]:
    """The cells of a column that is spelled the tidy way, as numbers and dates."""
    cells: list[Any] = column.cells.tolist()
    if not column.id:
        return cells
    type = draft.book.columns[column.id].type
    there = [place for place in np.flatnonzero(column.fresh).tolist() if cells[place] != ""]
    if column.id.endswith("_id"):
        type = "count"
        there = [place for place in there if cells[place].isdigit() and len(cells[place]) <= _LONGEST_NUMBER]
    if type == "rate" and not any(0 < float(cells[place].rstrip("%")) < 100 for place in there):
        return cells  # ones alone may be either
    for place in there if type in _TYPED else ():
        cells[place] = _TYPED[type](cells[place])
    return cells


_TYPED: dict[str, Any] = {
    "count": int,
    "money": float,
    "number": float,
    "rate": lambda text: float(Decimal(text.rstrip("%")).scaleb(-2)),
    "day": datetime.fromisoformat,
    "time": datetime.fromisoformat,
}
