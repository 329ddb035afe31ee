"""A sheet before it is read: how far it may reach; and of an xlsx file, what in it no reader would tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import chain
from string import ascii_letters
from xml.parsers import expat

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.schema import Array

#: So many cells may be made room for, or so many times those that are written.
_PLAIN_CELLS, _TIMES = 10_000_000, 4
#: Bytes of text in all cells: a text that is held once and stands in a million cells is there a million times.
MOST_TEXT = 1 << 30
_AROUND = 24  # no reference with what stands around it is longer: r="XFD1048576"
_NONE = b" " * _AROUND
#: The same for each of eight signs: the bit that letters have and digits lack, the bits of a letter in capitals, those
#: of a digit's value, a quote, the lowest and the highest bit.
_LETTER, _CAPITAL, _DIGIT, _QUOTE, _LOW, _HIGH = (
    np.uint64(byte * 0x0101010101010101) for byte in (0x40, 0xDF, 0x0F, 0x22, 0x01, 0x80)
)
_ONE, _WHOLE = np.uint64(1), np.uint64(64)
_LAST_ROW = 1 << 32  # of references with more digits than any row has
_MOST_DIGITS = 12  # of a reference
#: So many bytes of a sheet are walked through at most, an element at a time.
_MOST_WALKED = 512 << 20
#: A cell with a formula and no value, or zero: written by a program that can't compute it.
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)"
    rb"\s*(<(?:\w+:)?v(?:\s*/>|>\s*(0?)\s*</(?:\w+:)?v>))?\s*</(?:\w+:)?c>"
)
#: A cell that holds an error.
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\bt=[\"']e[\"'][^>]*)>\s*(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?<(?:\w+:)?v>([^<]*)</"
)
_FLAG, _TEXT = re.compile(rb"\bt\s*=\s*[\"']b"), re.compile(rb"\bt\s*=\s*[\"']str[\"']")
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")


@dataclass
class Sheet:
    """What is to be known of a sheet before it is read."""

    rows: int = 0  # the last that it may have
    columns: int = 0
    cells: int = 0  # that are written
    formulas: bool = False  # whether there may be some
    errors: bool = False

    def reaches(self, place: str) -> str:
        """What to do about a sheet that is too large for what it holds."""
        return (
            f"{place} reaches to row {self.rows:,} and column {self.columns:,}, but only {self.cells:,} of these cells "
            "hold something; delete the rows and columns beyond the table, or save it as csv"
        )


@dataclass(frozen=True)
class Checked:
    """A workbook that a reader may be given, and what it would not tell of it."""

    data: bytes
    unsaid: Mapping[str, Mapping[tuple[int, int], str]]  # sheet -> row and column, from 0 -> a formula or error
    since_1904: bool  # whether its days are counted from 1904


def is_far(room: int, cells: int) -> bool:
    """Whether there would be room for far more cells than hold something."""
    return room > max(_PLAIN_CELLS, _TIMES * cells)


def measured(place: str, pieces: Callable[[], Iterable[bytes]]) -> Sheet | None:
    """Measure a sheet that is made of ``pieces``; None where it is no sheet. No cell of it stands further than is said
    here, however it is written. Raises MarketError where that can't be told."""
    seen = _seen(pieces())
    if seen.is_sheet and (not seen.is_plain or is_far(seen.rows * seen.columns, seen.cells)):
        walk = _Walk(place)
        walk.over(pieces())
        seen.rows, seen.columns, seen.cells = walk.rows, walk.columns, walk.cells
    return seen if seen.is_sheet else None


def unsaid(xml: bytes, sheet: Sheet, on_load: bool) -> dict[tuple[int, int], str]:
    """Row and column, from 0, of cells of which readers say nothing, and what stands in them: the formula, where no
    program has computed it (it is never run), or the error that it gave. A zero is no result where formulas are to be
    computed ``on_load``."""
    found: dict[tuple[int, int], str] = {}
    for pattern, there, before in ((_FORMULA, sheet.formulas, "="), (_ERROR, sheet.errors, "")):
        for cell in pattern.finditer(xml) if there else ():
            if pattern is _FORMULA and _is_computed(cell, on_load):
                continue
            if place := _REFERENCE.search(cell[1]):
                text = (cell[2] or b"").decode("utf-8", "replace")
                found[int(place[2]) - 1, _column(place[1].upper()) - 1] = before + unescape(text)
    return found


def _is_computed(cell: re.Match[bytes], on_load: bool) -> bool:
    """Whether a ``_FORMULA`` has a result after all: a text, which may be empty, or a zero that is meant."""
    value, zero = cell[3], cell[4]
    return bool(value and _TEXT.search(cell[1])) or bool(zero and (not on_load or _FLAG.search(cell[1])))


@dataclass
class _Seen(Sheet):
    """A sheet by its references."""

    is_sheet: bool = False
    is_plain: bool = True  # each cell begins <c r="…", and no reference is written in any other way


def _seen(pieces: Iterable[bytes]) -> _Seen:
    """References are all attributes r="…", be they in cells or look so in a text: it is at least as large as it seems.
    The arithmetic is on bytes, for parsing would take as long as reading."""
    seen, end = _Seen(), _NONE  # of each piece the end is seen with the next one
    for piece in chain(pieces, [_NONE]):
        xml = end + piece
        end = xml[-2 * _AROUND :]
        if len(end) == len(xml):
            continue  # too short for any sign with what stands around it
        seen.is_sheet = seen.is_sheet or b"sheetData" in xml
        held = np.frombuffer(xml, np.uint8)
        opening, name, before, last, sign, after = (
            held[_AROUND + place : len(held) - _AROUND + place] for place in range(-4, 2)
        )
        alone = (last == ord("r")) & (before <= ord("'"))  # behind a space, or another attribute's value
        named = alone & (sign == ord("="))
        quoted = named & (after == ord('"'))
        opened = (opening == ord("<")) | (opening == ord(":"))
        cells = opened & (name == ord("c")) & (before <= ord(">"))
        count, references = int(np.count_nonzero(cells)), np.flatnonzero(quoted)
        odd = count > np.count_nonzero(cells & quoted) or np.count_nonzero(named) > len(references)
        seen.is_plain &= not odd and not (alone & (sign <= ord(" "))).any()
        row, column = _furthest(held, references + _AROUND + 2)
        seen.rows, seen.columns, seen.cells = max(seen.rows, row), max(seen.columns, column), seen.cells + count
        seen.formulas |= bool((opened & (name == ord("f"))).any())
        seen.errors |= bool(((last == after) & (sign == ord("e")) & (last <= ord("'"))).any())
    return seen


def _furthest(held: Array, at: Array) -> tuple[int, int]:
    """The last row and the last column, 0 = none, of the references that stand in ``held`` from ``at`` on. Eight signs
    are one number, and those of a later place are a larger one."""
    eight = np.ndarray(len(held) - 7, "<u8", held, strides=1)
    start = eight[at]
    letters = _bits_before(~start & _LETTER)
    column = _largest(start & _CAPITAL, letters)
    rest = eight[at + (letters >> 3)]
    quotes = rest ^ _QUOTE  # all zero where one stands: the first of these has the highest bit below, those behind may
    digits = _bits_before((quotes - _LOW) & ~quotes & _HIGH)
    row = _LAST_ROW if digits.max(initial=0) == _WHOLE else int("".join(map(str, _largest(rest & _DIGIT, digits))))
    return row, _column(column)


def _bits_before(marks: Array) -> Array:
    """(n,) bits of those of eight signs that stand before the first that has a bit in ``marks``."""
    count: Array = np.bitwise_count(~marks & (marks - _ONE)) & 0x78
    return count


def _largest(eight: Array, bits: Array) -> bytes:
    """The largest number that the first signs of eight, so many ``bits`` of them, make, by its eight places."""
    first = np.left_shift(eight, _WHOLE - bits).byteswap()
    return int(first.max(initial=0)).to_bytes(8, "big")


def _column(letters: bytes) -> int:
    """The number of a column, from 1, by its letters in capitals; what stands before them is zero."""
    number = 0
    for letter in letters.lstrip(b"\0"):
        number = number * 26 + letter - ord("A") + 1
    return number


@lru_cache
def _column_of(letters: str) -> int:
    return _column(letters.upper().encode())


class _Walk:
    """A sheet as a parser sees it: its cells stand where they say, or else behind the one before."""

    def __init__(self, place: str) -> None:
        self.rows = self.columns = self.cells = 0
        self._place, self._row, self._column = place, 0, 0  # of the last cell

    def over(self, pieces: Iterable[bytes]) -> None:
        """Walk through the whole sheet. Raises MarketError where a parser can't, or it is too large for it."""
        parser = expat.ParserCreate("utf-8")
        parser.specified_attributes = True
        parser.StartElementHandler = self._element
        parser.StartDoctypeDeclHandler = self._declared
        size = 0
        try:
            for piece in pieces:
                size += len(piece)
                if size > _MOST_WALKED:
                    raise ValueError("it is too large to be looked through cell by cell")
                parser.Parse(piece)
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError) as error:
            raise MarketError(
                f"{self._place} can't be read as a workbook: {error}; save it as xlsx again, or as csv"
            ) from error

    def _declared(self, *_: object) -> None:
        raise ValueError("it declares a type of document, which no sheet does")

    def _element(self, name: str, attributes: Mapping[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._row, self._column = self._said(attributes)[0] or self._row + 1, 0
        elif kind == "c":
            row, column = self._said(attributes)
            self._column = column or self._column + 1
            self.cells += 1
            self.rows = max(self.rows, row or self._row or 1)
            self.columns = max(self.columns, self._column)

    def _said(self, attributes: Mapping[str, str]) -> tuple[int, int]:
        """The row and the column that an element says it stands in, 0 = it does not."""
        if (place := attributes.get("r")) is None:
            return 0, 0
        letters = place.rstrip("0123456789")
        row = place[len(letters) :]
        if not 0 < len(row) <= _MOST_DIGITS or letters.strip(ascii_letters):
            raise ValueError(f"{place!r} is no place in a sheet")
        return int(row), _column_of(letters)
