"""A sheet before it is read: how far it may reach; and of an xlsx file, what in it no reader would tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import chain

import numpy as np

from campaign_analytics.market.opening.zips import STEP
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
_ONE, _EIGHT = np.uint64(1), np.uint64(8)
_LAST_ROW = 1 << 32  # of references with more digits than any row has
#: References as no program writes them, but readers take.
_ODD = re.compile(rb"\sr\s*=\s*([\"'])([^<\"']*)\1")
_ROW, _CELL = re.compile(rb"<(?:[^\s<>/:]+:)?row\b"), re.compile(rb"<(?:[^\s<>/:]+:)?c\b")
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


def measured(pieces: Iterable[bytes], whole: Callable[[], bytes]) -> Sheet | None:
    """Measure a sheet, ``pieces`` of which together are the ``whole``; None where it is no sheet. No cell of it stands
    further than is said here, however it is written."""
    seen = _seen(pieces)
    if seen.odd and seen.is_sheet:
        plain = _ODD.sub(rb' r="\2"', whole())
        seen = _seen(plain[start : start + STEP] for start in range(0, len(plain), STEP))
    if seen.is_sheet and seen.cells > seen.placed:
        lines = _ROW.split(whole())
        counts = [len(_CELL.findall(line)) for line in lines]
        seen.cells = sum(counts)  # without the ends of cells, which look like one in a namespace: </x:c>
        if seen.cells > seen.placed:  # cells that don't say where they stand follow one another
            seen.rows += len(lines)
            seen.columns += max(counts)
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

    placed: int = 0  # cells that have one
    odd: bool = False  # whether some attribute is written in an odd way
    is_sheet: bool = False


def _seen(pieces: Iterable[bytes]) -> _Seen:
    """References are all attributes r="…"; the arithmetic is on bytes, for parsing would take as long as reading."""
    seen, end = _Seen(), _NONE  # of each piece the end is seen with the next one
    for piece in chain(pieces, [_NONE]):
        xml = end + piece
        end = xml[-2 * _AROUND :]
        if len(end) == len(xml):
            continue  # too short for any sign with what stands around it
        seen.is_sheet = seen.is_sheet or b"sheetData" in xml
        held = np.frombuffer(xml, np.uint8)
        before, last, sign, after = (held[_AROUND + place : len(held) - _AROUND + place] for place in (-2, -1, 0, 1))
        equal, quoted = sign == ord("="), after == ord('"')
        named = equal & (last == ord("r")) & (before <= ord(" "))
        seen.odd |= bool(((named & ~quoted) | (equal & (last <= ord(" ")))).any())
        row, column, placed = _places(held, np.flatnonzero(named & quoted) + _AROUND + 2)
        seen.rows, seen.columns, seen.placed = max(seen.rows, row), max(seen.columns, column), seen.placed + placed
        opened = (last == ord("<")) | (last == ord(":"))
        seen.cells += int(np.count_nonzero(opened & (sign == ord("c")) & ((after <= ord(" ")) | (after == ord(">")))))
        seen.formulas |= bool((opened & (sign == ord("f"))).any())
        seen.errors |= bool(((last == after) & (sign == ord("e")) & (last <= ord("'"))).any())
    return seen


def _places(held: Array, at: Array) -> tuple[int, int, int]:
    """The last row and the last column, 0 = none, of the references that stand in ``held`` from ``at`` on, and how many
    have a column. Eight signs are one number, and those of a later place are a larger one."""
    eight = np.ndarray(len(held) - 7, "<u8", held, strides=1)
    start = eight[at]
    letters = _signs_before(~start & _LETTER)
    there = letters > 0
    column = _largest(start[there] & _CAPITAL, letters[there])
    rest = eight[at + letters]
    quotes = rest ^ _QUOTE  # all zero where one stands: the first of these has the highest bit below, those behind may
    digits = _signs_before((quotes - _LOW) & ~quotes & _HIGH)
    row = _LAST_ROW if digits.max(initial=0) == 8 else int("".join(map(str, _largest(rest & _DIGIT, digits))))
    return row, _column(column), int(np.count_nonzero(there))


def _signs_before(marks: Array) -> Array:
    """(n,) how many of eight signs stand before the first that has a bit in ``marks``."""
    count: Array = np.bitwise_count((marks & (~marks + _ONE)) - _ONE) >> 3
    return count


def _largest(eight: Array, count: Array) -> bytes:
    """The largest number that the first ``count`` of eight signs make, by its eight places."""
    first = np.left_shift(eight, (_EIGHT - count) * _EIGHT).byteswap()
    return int(first.max(initial=0)).to_bytes(8, "big")


def _column(letters: bytes) -> int:
    """The number of a column, from 1, by its letters in capitals; what stands before them is zero."""
    number = 0
    for letter in letters.lstrip(b"\0"):
        number = number * 26 + letter - ord("A") + 1
    return number
