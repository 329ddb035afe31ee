"""Open a file as what it is: by what it holds, and where that says nothing by how its name ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from campaign_analytics.market.declared import NAME
from campaign_analytics.market.found import Found, Knows, Opened, Opener, Unread
from campaign_analytics.market.opening.archives import open_archive
from campaign_analytics.market.opening.delimited import open_delimited
from campaign_analytics.market.opening.frames import open_parquet
from campaign_analytics.market.opening.workbooks import is_workbook, open_workbook
from campaign_analytics.market.opening.zips import Room
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.records import DOCUMENT, LINES, open_records

#: How the name of a file that may hold tables ends, and what opens it where its bytes don't say otherwise.
_FILES: Mapping[str, Opener] = {
    ".csv": open_delimited,
    ".tsv": open_delimited,
    ".txt": open_delimited,
    ".xlsx": open_workbook,
    ".xls": open_delimited,  # what is no workbook is often text that only claims to be one
    ".parquet": open_parquet,
    **dict.fromkeys((*DOCUMENT, *LINES), open_records),
}
_ARCHIVE = ".zip"
ENDINGS = (*_FILES, _ARCHIVE)
#: An archive may hold archives, as exports of several months do; these hold none.
_DEPTH = 2
_UNKNOWN = "not a table: its ending is not known"


def open_path(path: Path, knows: Knows, encodings: Mapping[str, str] | None = None) -> Opened:
    """Open one file: a part for each of its tables. Raises MarketError that says what is wrong and what to do.

    ``encodings`` are those of text files (or of such in archives), by name or place, where their owner states them.
    """
    return _opened(path, path.name, lambda: Raw.of_file(path), knows, encodings or {})


def _opened(
    path: PurePath,
    place: str,
    read: Callable[[], Raw],
    knows: Knows,
    encodings: Mapping[str, str],
    depth: int = 0,
    room: Room | None = None,
) -> Opened:
    ending = path.suffix.lower()
    if path.name == NAME:
        return Opened([], [Unread(place, "not read; put it beside the archive")])
    if ending not in ENDINGS:
        return Opened([], [Unread(place, _UNKNOWN)])
    if ending == _ARCHIVE and depth == _DEPTH:
        return Opened([], [Unread(place, "an archive in archives; unpack it")])
    raw = read()
    if ending == _ARCHIVE and not is_workbook(raw):
        inner = room or Room(raw.size)
        return open_archive(
            place,
            raw.whole(),
            inner,
            lambda name, where, unpack: _opened(name, where, unpack, knows, encodings, depth + 1, inner),
        )
    opener, stated = _by_content(raw) or _FILES[ending], encodings.get(place, encodings.get(path.name, ""))
    for open_text in (open_delimited, open_records):
        if stated and opener is open_text:
            opener = partial(open_text, stated=stated)
    opened = opener(place, raw, knows)
    return Opened([_without_idle_columns(found) for found in opened.found], opened.unread)


def _by_content(raw: Raw) -> Opener | None:
    """What opens these bytes whatever their file is called; None = its ending decides."""
    if raw.at(0, 4) == b"PAR1":
        return open_parquet
    return open_workbook if is_workbook(raw) else None


def _without_idle_columns(found: Found) -> Found:
    """Leave out columns that have neither a header nor a cell (trailing commas, formatted but empty cells)."""
    if found.typed is not None:
        return found
    kept = [place for place, header in enumerate(found.headers) if header or not found.columns[place].blank()]
    return replace(
        found,
        headers=[found.headers[place] for place in kept],
        columns=[found.columns[place] for place in kept],
        heads=[[line[place] for place in kept] for line in found.heads],
    )
