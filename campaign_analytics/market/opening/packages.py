"""What an xlsx file would become in memory, measured before any of it is read: a reader makes room for every cell
between the first and the last, so that two cells and a few kilobytes may ask for gigabytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.opening.zips import members, unpacked
from campaign_analytics.market.schema import Array

_BOOK, _LINKS, _STRINGS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_SHEETS = "xl/worksheets/"
#: So many cells may be made room for, or so many times those that are written.
_PLAIN_CELLS, _TIMES = 10_000_000, 4
#: Characters in all cells: a text that is held once and stands in a million cells is there a million times.
_MOST_TEXT = 1 << 30
_STEP = 1 << 22
_LONGEST_REFERENCE = 12  # XFD1048576, and more
_UPPER = 0xDF
_ODD = re.compile(rb"\sr(?:\s+=\s*|=\s+|=(?='))[\"']")  # references as no program writes them, but readers take
_ROW, _CELL = re.compile(rb"<(?:\w+:)?row\b"), re.compile(rb"<(?:\w+:)?c\b")
_SHARED = re.compile(rb"t\s*=\s*[\"']s[\"'][^>]*>\s*<(?:\w+:)?v[^>]*>\s*(\d+)")
#: A cell with a formula and no value: written by a program that can't compute it.
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\bt\s*=\s*[\"']e[\"'][^>]*)>\s*(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?"
    rb"<(?:\w+:)?v>([^<]*)</"
)
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")


@dataclass(frozen=True)
class Package:
    """An xlsx file that is safe to read."""

    file: io.BytesIO
    unsaid: Mapping[str, Mapping[tuple[int, int], str]]  # sheet -> row and column, from 0 -> what readers leave out


def is_package(data: bytes) -> bool:
    """Whether a zip file is a workbook."""
    try:
        return any(name == _BOOK for name, _, _ in members("", data))
    except MarketError:
        return False


def measured(place: str, data: bytes) -> Package:
    """Unpack a workbook within bounds, once: what is measured is what is read. Raises MarketError beyond them."""
    parts = {
        name: unpacked(f"{place}: {name}", info, archive)
        for name, info, archive in members(place, data)
        if name.endswith((".xml", ".rels"))  # no pictures, no settings of printers
    }
    sheets = {name: xml for name, xml in parts.items() if b"sheetData" in xml[:_STEP] or name.startswith(_SHEETS)}
    for name, xml in sheets.items():
        _check_room(place, name, xml)
    _check_strings(place, parts.get(_STRINGS, b""), list(sheets.values()))
    unsaid = {name: found for name, xml in sheets.items() if (found := _unsaid(xml))}
    names = _sheet_names(place, parts) if unsaid else {}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as copy:
        for name, xml in parts.items():
            copy.writestr(name, xml)
    held.seek(0)
    return Package(held, {names.get(name, name): found for name, found in unsaid.items()})


def _check_room(place: str, name: str, xml: bytes) -> None:
    rows, columns, cells = _reach(xml)
    if rows * columns > max(_PLAIN_CELLS, _TIMES * cells):
        raise MarketError(
            f"{place}: {name} reaches to row {rows:,} and column {columns:,}, but only {cells:,} of these cells hold "
            "something; delete the rows and columns beyond the table, or save it as csv"
        )


def _reach(xml: bytes) -> tuple[int, int, int]:
    """The last row and column that a sheet may have, and how many cells are written in it."""
    if _ODD.search(xml):
        xml = _ODD.sub(b' r="', xml)
    rows = columns = cells = 0
    for start in range(2, len(xml), _STEP):
        row, column = _references(xml[start - 2 : start + _STEP + _LONGEST_REFERENCE])
        rows, columns = max(rows, int(row.max(initial=0))), max(columns, int(column.max(initial=0)))
        cells += int(np.count_nonzero(column))
    written = sum(map(xml.count, (b"<c ", b"<c>", b":c ", b":c>")))
    if written > cells:  # cells that don't say where they stand follow one another
        lines = _ROW.split(xml)
        rows += len(lines)
        columns += max(len(_CELL.findall(line)) for line in lines)
    return rows, columns, max(cells, written)


def _references(xml: bytes) -> tuple[Array, Array]:
    """The rows and columns, 0 = not said, of all attributes r="…" with their sign of equality in the piece's middle."""
    held = np.frombuffer(xml + b" " * (_LONGEST_REFERENCE + 2), np.uint8)
    equals = np.flatnonzero(held[2 : _STEP + 2] == ord("=")) + 2
    at = equals[(held[equals - 1] == ord("r")) & (held[equals - 2] <= ord(" "))] + 2
    row, column = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    inside = np.ones(len(at), bool)
    for step in range(_LONGEST_REFERENCE):
        sign = held[at + step].astype(np.int64)
        place = (sign & _UPPER) - ord("A") + 1
        letter, digit = (place >= 1) & (place <= 26), (sign >= ord("0")) & (sign <= ord("9"))
        inside &= letter | digit
        column = np.where(inside & letter, column * 26 + place, column)
        row = np.where(inside & digit, row * 10 + sign - ord("0"), row)
    return row, column


def _check_strings(place: str, strings: bytes, sheets: list[bytes]) -> None:
    """Refuse texts that are held once and would stand in so many cells that no memory holds them."""
    sizes = np.fromiter(map(len, strings.split(b"</si>")), np.int64)
    cells = sum(xml.count(b"<") for xml in sheets) // 4  # <c><v></v></c> at least
    if cells * int(sizes.max()) <= _MOST_TEXT:
        return
    size = 0
    for xml in sheets:
        which = np.fromiter(map(int, _SHARED.findall(xml)), np.int64)
        size += int(sizes[which[which < len(sizes)]].sum())
    if size > _MOST_TEXT:
        raise MarketError(f"{place}: the texts in its cells are {size:,} characters; expected at most {_MOST_TEXT:,}")


def _unsaid(xml: bytes) -> dict[tuple[int, int], str]:
    """Row and column, from 0, of cells of which readers say nothing, and what stands in them: the formula, where no
    program has computed it (it is never run), or the error that it gave."""
    found: dict[tuple[int, int], str] = {}
    for pattern, mark, before in ((_FORMULA, b"f", "="), (_ERROR, b"#", "")):
        for cell in pattern.finditer(xml) if mark in xml else ():
            if place := _REFERENCE.search(cell[1]):
                column = 0
                for letter in place[1].upper():
                    column = column * 26 + letter - ord("A") + 1
                text = (cell[2] or b"").decode("utf-8", "replace")
                found[int(place[2]) - 1, column - 1] = before + unescape(text)
    return found


def _sheet_names(place: str, parts: Mapping[str, bytes]) -> dict[str, str]:
    """The file of each sheet in the package -> the sheet's name."""
    try:
        book, links = (ElementTree.fromstring(parts[name]) for name in (_BOOK, _LINKS))
    except (KeyError, ElementTree.ParseError) as error:
        raise MarketError(f"{place} can't be read as a workbook: {error}; save it as xlsx again, or as csv") from error
    files = {each.get("Id"): each.get("Target", "").removeprefix("/xl/") for each in links}
    return {
        f"xl/{files.get(value)}": each.get("name", "")
        for each in book.iter()
        if each.tag.endswith("}sheet")
        for key, value in each.items()
        if key.endswith("}id")
    }
