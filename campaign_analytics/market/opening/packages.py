"""What an xlsx file would become in memory, measured before any of it is read: a reader makes room for every cell
between the first and the last, so that two cells and a few kilobytes may ask for gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from xml.etree import ElementTree

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.opening.sheets import MOST_TEXT, Checked, Sheet, is_far, measured, unsaid
from campaign_analytics.market.opening.zips import members, pieces_ahead, unpacked

_BOOK, _LINKS, _STRINGS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedstrings.xml"
_SINCE_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904\s*=\s*[\"'](?:1|true|on)[\"']")
_ON_LOAD = re.compile(rb"<(?:\w+:)?calcPr\b[^>]*\bfullCalcOnLoad\s*=\s*[\"'](?:1|true|on)[\"']")
_SHARED = re.compile(rb"t\s*=\s*[\"']s[\"'][^>]*>\s*<(?:\w+:)?v[^>]*>\s*(\d+)")


def is_package(data: bytes) -> bool:
    """Whether a zip file is a workbook."""
    try:
        return any(name.casefold() == _BOOK for name, _, _ in members("", data))
    except MarketError:
        return False


def checked(place: str, data: bytes) -> Checked:
    """Measure a workbook; raises MarketError where it would not stay within bounds."""
    parts: dict[str, Callable[[], bytes]] = {}
    sheets: dict[str, Sheet] = {}
    for name, info, archive in members(place, data):
        key, where = name.casefold(), f"{place}: {name}"
        if key in parts:
            raise MarketError(f"{place} can't be read as a workbook: it holds {name} twice; save it as xlsx again")
        parts[key] = partial(unpacked, where, info, archive)
        if sheet := measured(where, partial(pieces_ahead, where, info, archive)):
            sheets[key] = sheet
            if is_far(sheet.rows * sheet.columns, sheet.cells):
                raise MarketError(sheet.reaches(where))
    _check_texts(place, parts, sheets)
    workbook = parts[_BOOK]() if _BOOK in parts else b""
    on_load = bool(_ON_LOAD.search(workbook))
    told = {key for key, sheet in sheets.items() if sheet.formulas or sheet.errors}
    left_out = {key: found for key in told if (found := unsaid(parts[key](), sheets[key], on_load))}
    names = _sheet_names(place, parts) if left_out else {}
    return Checked(
        data, {names.get(name, name): found for name, found in left_out.items()}, bool(_SINCE_1904.search(workbook))
    )


def _check_texts(place: str, parts: Mapping[str, Callable[[], bytes]], sheets: Mapping[str, Sheet]) -> None:
    """Refuse texts that are held once and would stand in so many cells that no memory holds them."""
    strings = parts[_STRINGS]() if _STRINGS in parts else b""
    sizes = np.fromiter(map(len, strings.split(b"</si>")), np.int64)
    if sum(sheet.cells for sheet in sheets.values()) * int(sizes.max()) <= MOST_TEXT:
        return
    size = 0
    for name in sheets:
        which = np.fromiter(map(int, _SHARED.findall(parts[name]())), np.int64)
        size += int(sizes[which[which < len(sizes)]].sum())
    if size > MOST_TEXT:
        raise MarketError(f"{place}: the texts in its cells are {size:,} bytes; expected at most {MOST_TEXT:,}")


def _sheet_names(place: str, parts: Mapping[str, Callable[[], bytes]]) -> dict[str, str]:
    """The file of each sheet in the package -> the sheet's name."""
    try:
        book, links = (ElementTree.fromstring(parts[name]()) for name in (_BOOK, _LINKS))
    except (KeyError, ElementTree.ParseError) as error:
        raise MarketError(f"{place} can't be read as a workbook: {error}; save it as xlsx again, or as csv") from error
    files = {each.get("Id"): each.get("Target", "").removeprefix("/xl/").casefold() for each in links}
    return {
        f"xl/{files.get(value)}": each.get("name", "")
        for each in book.iter()
        if each.tag.endswith("}sheet")
        for key, value in each.items()
        if key.endswith("}id")
    }
