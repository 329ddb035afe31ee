"""What an xls file would become in memory, measured before any of it is read: a reader holds all of its sheets at once,
each with room for every cell between the first and the last.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.opening.compound import compound, workbook_in
from campaign_analytics.market.opening.sheets import MOST_TEXT, Checked, Sheet, is_far

#: Kinds of records: a substream's begin and end, a sheet's name and place, texts that cells share, and what goes on.
_BEGIN, _END, _SHEET, _STRINGS, _MORE = 0x809, 0x0A, 0x85, 0xFC, 0x3C
_SINCE_1904, _LOCKED, _SIZE = 0x22, 0x2F, 0x200
#: A record that readers pass over.
_NOTHING = b"\xff\xff"
_FORMULA, _SHARED_TEXT, _ERROR = 0x06, 0xFD, 0x205
_CELL = frozenset((_FORMULA, 0x201, 0x203, 0x204, _ERROR, 0xD6, 0x27E, _SHARED_TEXT))
_CELLS_OF_A_ROW = frozenset((0xBD, 0xBE))  # which say their last column at their end
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
#: What kind a formula's result is: an error, or nothing.
_FAILED, _NO_RESULT = 2, 3
#: The flag of a formula that is to be computed when its file is opened: a zero is no result of it.
_ON_LOAD = 2
#: Stands for a formula in a record that only programs can read.
_UNKNOWN = "=?"
_HEAD, _PLACE, _LONG, _DOUBLE = struct.Struct("<HH"), struct.Struct("<HH"), struct.Struct("<I"), struct.Struct("<d")

_Record: TypeAlias = tuple[int, int, int]  # its kind, and where its data begin and end


@dataclass
class _Measured(Sheet):
    """A sheet, with the texts that stand in it, and the cells of which readers say nothing."""

    texts: list[int] = field(default_factory=list)  # places among the shared ones
    told: dict[tuple[int, int], str] = field(default_factory=dict)  # errors
    bare: list[tuple[int, int]] = field(default_factory=list)  # formulas without a result
    computed: bool = False  # whether others have one


def checked(place: str, data: bytes) -> Checked:
    """Measure a workbook. Raises MarketError where it is damaged or locked, or would not stay within bounds."""
    name, stream = workbook_in(place, data)
    try:
        records = list(_records(stream, 0))
        if any(kind == _LOCKED for kind, _, _ in records):
            raise MarketError(f"{place} is locked by a password; save it without one")
        sheets = _sheets(stream, records)
        sizes = np.array(_text_sizes(stream, records), np.int64)
    except (struct.error, IndexError) as error:
        raise MarketError(
            f"{place} can't be read as a workbook: it is cut off or damaged; save it as xlsx, or as csv"
        ) from error
    room = sum(sheet.rows * sheet.columns for sheet in sheets.values())
    if is_far(room, sum(sheet.cells for sheet in sheets.values())):
        far, sheet = max(sheets.items(), key=lambda each: each[1].rows * each[1].columns)
        raise MarketError(sheet.reaches(f"{place}: {far}"))
    texts = np.array([text for sheet in sheets.values() for text in sheet.texts], np.int64)
    size = int(sizes[texts[texts < len(sizes)]].sum())
    if size > MOST_TEXT:
        raise MarketError(f"{place}: the texts in its cells are {size:,} bytes; expected at most {MOST_TEXT:,}")
    if not any(sheet.computed for sheet in sheets.values()):  # no program has; else those without one give nothing
        for sheet in sheets.values():
            sheet.told |= dict.fromkeys(sheet.bare, _UNKNOWN)
    since = [stream[start:end] for kind, start, end in records if kind == _SINCE_1904]
    return Checked(
        compound(name, stream),
        {name: sheet.told for name, sheet in sheets.items() if sheet.told},
        bool(since) and any(since[-1]),
    )


def _records(stream: bytearray, place: int) -> Iterator[_Record]:
    """The records of a substream, with those of what is embedded in it."""
    depth = 0
    while True:
        kind, size = _HEAD.unpack_from(stream, place)
        place += _HEAD.size + size
        if place > len(stream):
            raise IndexError(place)
        depth += (kind == _BEGIN) - (kind == _END)
        yield kind, place - size, place
        if kind == _END and depth <= 0:
            return


def _sheets(stream: bytearray, records: Sequence[_Record]) -> dict[str, _Measured]:
    """The sheets that are listed, by name; what they say of their own size is taken out: readers would believe it."""
    sheets: dict[str, _Measured] = {}
    seen = 0
    for kind, start, end in records:
        if kind != _SHEET:
            continue
        name = stream[start + 8 : end].decode("utf-16-le" if stream[start + 7] & 1 else "latin-1", "replace")
        sheet = sheets[name or str(start)] = _Measured()
        for record in _records(stream, _LONG.unpack_from(stream, start)[0]):
            seen += record[2] - record[1] + _HEAD.size
            if seen > len(stream):
                raise IndexError(seen)  # sheets that lie in each other
            _see(sheet, stream, *record)
    return sheets


def _see(sheet: _Measured, stream: bytearray, kind: int, start: int, end: int) -> None:
    if kind in _CELL:
        row, last = _PLACE.unpack_from(stream, start)
        sheet.cells += 1
        if kind == _SHARED_TEXT:
            sheet.texts.append(_LONG.unpack_from(stream, start + 6)[0])
        elif (error := _error(stream, kind, start)) is not None:
            sheet.told[row, last] = _ERRORS.get(error, f"#{error}")
        if kind == _FORMULA and _result(stream, start) == _NO_RESULT:
            sheet.bare.append((row, last))
        elif kind == _FORMULA and _DOUBLE.unpack_from(stream, start + 6)[0] == 0 and stream[start + 14] & _ON_LOAD:
            sheet.told[row, last] = _UNKNOWN
        elif kind == _FORMULA:
            sheet.computed = True
    elif kind in _CELLS_OF_A_ROW:
        row, first = _PLACE.unpack_from(stream, start)
        (last,) = struct.unpack_from("<H", stream, end - 2)
        sheet.cells += max(last - first + 1, 0)
    else:
        if kind == _SIZE:
            stream[start - _HEAD.size : start - _HEAD.size + 2] = _NOTHING
        return
    sheet.rows = max(sheet.rows, row + 1)
    sheet.columns = max(sheet.columns, last + 1)


def _error(stream: bytearray, kind: int, start: int) -> int | None:
    """The code of the error that a cell holds, or that its formula gave."""
    if kind == _ERROR and stream[start + 7]:
        return stream[start + 6]
    if kind == _FORMULA and _result(stream, start) == _FAILED:
        return stream[start + 8]
    return None


def _result(stream: bytearray, start: int) -> int | None:
    """Of which kind the result of a formula is; None = a number."""
    return stream[start + 6] if stream[start + 12 : start + 14] == _NOTHING else None


def _text_sizes(stream: bytearray, records: Sequence[_Record]) -> list[int]:
    """Bytes of each text that cells share. They run on over records; where one is cut, its width is said again."""
    first = next((place for place, (kind, _, _) in enumerate(records) if kind == _STRINGS), len(records))
    parts = []
    for place, (kind, start, end) in enumerate(records[first:]):
        if place and kind != _MORE:
            break
        parts.append(memoryview(stream)[start:end])
    if not parts:
        return []
    sizes: list[int] = []
    number, place = 0, 8
    for _ in range(_LONG.unpack_from(parts[0], 4)[0]):
        if place >= len(parts[number]):
            number, place = number + 1, 0
        length, wide = struct.unpack_from("<HB", parts[number], place)
        runs = struct.unpack_from("<H", parts[number], place + 3)[0] if wide & 8 else 0
        more = _LONG.unpack_from(parts[number], place + 3 + 2 * bool(wide & 8))[0] if wide & 4 else 0
        place += 3 + 2 * bool(wide & 8) + 4 * bool(wide & 4)
        sizes.append(length * 2)
        while length > (fits := max(len(parts[number]) - place, 0) // (1 + (wide & 1))):
            length -= fits
            number, place = number + 1, 1
            wide = parts[number][0]
        place += length * (1 + (wide & 1)) + 4 * runs + more
        while place > len(parts[number]):
            number, place = number + 1, place - len(parts[number])
    return sizes
