"""A sheet before it is read: how far it may reach; and of an xlsx file, what in it no reader would tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import unescape

import numpy as np

from campaign_analytics.market.schema import Array

#: So many cells may be made room for, or so many times those that are written.
_PLAIN_CELLS, _TIMES = 10_000_000, 4
#: Bytes of text in all cells: a text that is held once and stands in a million cells is there a million times.
MOST_TEXT = 1 << 30
_STEP = 1 << 18  # a piece that stays in a processor's cache
_AROUND = 12  # no reference is longer: XFD1048576
_UPPER = 0xDF
#: References as no program writes them, but readers take.
_ODD = re.compile(rb"\sr\s*=\s*[\"']")
_ROW, _CELL = re.compile(rb"<(?:\w+:)?row\b"), re.compile(rb"<(?:\w+:)?c\b")
#: A cell with a formula and no value: written by a program that can't compute it.
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
#: A cell that holds an error.
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\bt=\"e\"[^>]*)>\s*(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?<(?:\w+:)?v>([^<]*)</"
)
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


def measured(xml: bytes) -> Sheet:
    """Measure a sheet. No cell of it stands further than is said here, however it is written."""
    sheet, placed, odd = _seen(xml)
    if odd:
        sheet, placed, _ = _seen(_ODD.sub(b' r="', xml))
    if sheet.cells > placed:  # cells that don't say where they stand follow one another
        lines = _ROW.split(xml)
        sheet.rows += len(lines)
        sheet.columns += max(len(_CELL.findall(line)) for line in lines)
    return sheet


def unsaid(xml: bytes, sheet: Sheet) -> dict[tuple[int, int], str]:
    """Row and column, from 0, of cells of which readers say nothing, and what stands in them: the formula, where no
    program has computed it (it is never run), or the error that it gave."""
    found: dict[tuple[int, int], str] = {}
    for pattern, there, before in ((_FORMULA, sheet.formulas, "="), (_ERROR, sheet.errors, "")):
        for cell in pattern.finditer(xml) if there else ():
            if place := _REFERENCE.search(cell[1]):
                column = 0
                for letter in place[1].upper():
                    column = column * 26 + letter - ord("A") + 1
                text = (cell[2] or b"").decode("utf-8", "replace")
                found[int(place[2]) - 1, column - 1] = before + unescape(text)
    return found


def _seen(xml: bytes) -> tuple[Sheet, int, bool]:
    """A sheet by its references, how many cells have one, and whether some attribute is written in an odd way.

    References are all attributes r="…"; the arithmetic is on bytes, for parsing would take as long as reading.
    """
    sheet, placed, odd = Sheet(), 0, False
    for start in range(_AROUND, len(xml), _STEP):
        piece = xml[start - _AROUND : start + _STEP + _AROUND]
        size = min(len(piece) - _AROUND, _STEP)
        held = np.frombuffer(piece + b" " * _AROUND, np.uint8)
        before, last, sign, after = (held[_AROUND + place : _AROUND + place + size] for place in (-2, -1, 0, 1))
        equal, quoted = sign == ord("="), after == ord('"')
        named = equal & (last == ord("r")) & (before <= ord(" "))
        odd |= bool(((named & ~quoted) | (equal & (last <= ord(" ")))).any())
        row, column = _places(held, np.flatnonzero(named & quoted) + _AROUND + 2)
        sheet.rows, sheet.columns = (
            max(sheet.rows, int(row.max(initial=0))),
            max(sheet.columns, int(column.max(initial=0))),
        )
        placed += int(np.count_nonzero(column))
        opened = (last == ord("<")) | (last == ord(":"))
        sheet.cells += int(np.count_nonzero(opened & (sign == ord("c")) & ((after <= ord(" ")) | (after == ord(">")))))
        sheet.formulas |= bool((opened & (sign == ord("f"))).any())
        sheet.errors |= bool(((last == ord('"')) & (sign == ord("e")) & quoted).any())
    return sheet, placed, odd


def _places(held: Array, at: Array) -> tuple[Array, Array]:
    """The rows and columns, 0 = not said, that are written in ``held`` from ``at`` on."""
    row, column = np.zeros(len(at), np.int32), np.zeros(len(at), np.int32)
    inside = np.ones(len(at), bool)
    for step in range(_AROUND):
        sign = held[at + step]
        digit, letter = sign - np.uint8(ord("0")), (sign & _UPPER) - np.uint8(ord("A"))  # others wrap to large ones
        is_digit, is_letter = inside & (digit <= 9), inside & (letter <= 25)
        np.multiply(row, 10, out=row, where=is_digit)
        np.add(row, digit, out=row, where=is_digit)
        if is_letter.any():
            column = np.where(is_letter, column * 26 + letter + 1, column)
        inside = is_digit | is_letter
        if not inside.any():
            break
    return row, column
