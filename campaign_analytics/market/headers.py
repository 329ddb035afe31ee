"""Which header of a file is which column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign_analytics.market.found import Found, Knows
from campaign_analytics.market.marks import alike, load_marks, simplified
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.schema import ANYWHERE, KEYS, OVERRIDES

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.rulebook.model import Column

#: The part of a header in brackets, or behind a slash, at its end.
_ENDING = re.compile(
    r"(?P<name>.*)(?:[(\[{【〔<](?P<inside>[^()\[\]{}【】〔〕<>]*)[)\]}】〕>]|/(?P<behind>[^/]+))\s*", re.DOTALL
)
UNKNOWN = Reason("unread", "no known column")
#: No header is longer.
_LONGEST = 60
_NO_LETTERS = re.compile(r"[\W_]+")
#: What stands around headers on forms: spaces, colons, the star of what must be filled in.
_AROUND = " \t\r\n:*"
_NUMBERS = re.compile(r"[0-9]+")
#: A number and the letters of its unit: 48h.
_WINDOW = re.compile(r"[0-9]+[a-z]*")
#: Of a header of so many characters one may be another.
_SHORT = 3


@dataclass(frozen=True)
class Matched:
    """What a table's headers mean."""

    columns: Mapping[str, int]  # column -> place of its header
    units: Mapping[str, str]  # column -> unit written in its header, where there is one
    unread: Sequence[tuple[int, Reason]]  # places of headers that are put aside, and why

    def why_without(self, column: str, headers: Sequence[str]) -> str:
        """Why none of the ``headers`` that may mean a column is it; "" where none may."""
        held = [(repr(headers[place]), reason.text) for place, reason in self.unread if column in reason.text]
        return "; ".join(dict.fromkeys(why if header in why else f"{header} {why}" for header, why in held))


def bare(header: str) -> tuple[str, str]:
    """A header as it is compared (no case, width, script, space, underscore, bracket, unit), and its unit.

    The unit is one of ``marks.toml``'s ("percent"), or what a number under the header is multiplied by ("万"), or "".
    """
    text, unit = simplified(header).strip(_AROUND), ""
    while (found := _ENDING.fullmatch(text)) and (
        ending := _unit(found["inside"] or found["behind"] or "")
    ) is not None:
        text, unit = found["name"].rstrip(_AROUND), ending or unit
    if text.endswith("%"):
        text, unit = text.rstrip("%"), "percent"
    return _NO_LETTERS.sub("", text), unit


def _unit(ending: str) -> str | None:
    """What the ending of a header says: a unit, how to fill it in (""), or, as a part of its name, neither (None)."""
    marks, word = load_marks(), alike(ending)
    if word in marks.notes:
        return ""
    scale = next((scale for scale in marks.scales if word.startswith(scale)), "")
    if scale and word.removeprefix(scale) in ("", *marks.units):
        return scale
    return marks.units.get(word)


def match_headers(headers: Sequence[str], table: str, book: Rulebook, declared: Mapping[str, str]) -> Matched:
    """Find each header's column among those of ``table``: by the owner's mapping, by id or alias, else by label.

    A header that fits two columns and a column that has two headers are put aside; only a declared mapping decides.
    """
    names, labels = _spellings(book, table)
    elsewhere = {bare(id_)[0]: column.table for id_, column in book.columns.items() if table != OVERRIDES}
    declared_for = {declared[header] for header in headers if header in declared}
    places: dict[str, list[int]] = {}
    units: dict[str, str] = {}
    unread: list[tuple[int, Reason]] = []
    for place, header in enumerate(headers):
        name, unit = bare(header)
        fits = names.get(name) or labels.get(name) or set()
        fits = {declared[header]} if header in declared else fits if fits - declared_for else set()
        if len(fits) != 1:
            unread.append((place, _unmatched(header, fits, elsewhere.get(name))))
            continue
        if table != OVERRIDES and not _measures(unit, book.columns[min(fits)]):
            said = f"means {min(fits)}, but no {book.columns[min(fits)].type} is in {unit}"
            unread.append((place, Reason("unread", said)))
            continue
        places.setdefault(min(fits), []).append(place)
        if unit:
            units[min(fits)] = unit
    for column, held in places.items():
        if len(held) > 1:
            called = list(dict.fromkeys(repr(headers[place]) for place in held))
            said = f"{' and '.join(called)} both mean {column}; say which in market.toml: [headers.{table}]"
            if len(called) == 1:  # no mapping could tell them apart
                said = f"{len(held)} columns called {called[0]} mean {column}; keep one of them"
            reason = Reason("unread", said)
            unread += [(place, reason) for place in held]
    return Matched({column: held[0] for column, held in places.items() if len(held) == 1}, units, unread)


def match_found(found: Found, table: str, book: Rulebook, declared: Mapping[str, str]) -> Matched:
    """Find each header's column by the owner's mapping, and by what its source says or else by its name."""
    if found.meanings is None:
        return match_headers(found.headers, table, book, declared)
    headers, meanings = found.headers, found.meanings
    said = {header: column for header, column in meanings.columns.items() if column not in declared.values()}
    said = {
        header: column for header, column in (said | dict(declared)).items() if column in known_columns(book, table)
    }
    columns = {said[header]: place for place, header in enumerate(headers) if header in said}
    unread = [
        (place, Reason("unread", meanings.unread.get(header, "another field is read as its column")))
        for place, header in enumerate(headers)
        if header not in said
    ]
    return Matched(columns, {}, unread)


def known_columns(book: Rulebook, table: str) -> list[str]:
    """The columns that may stand in ``table``: its own, and the structural ones that may stand anywhere."""
    if table == OVERRIDES:
        return list(load_marks().overrides)
    return [id_ for id_, column in book.columns.items() if column.table == table or id_ in ANYWHERE]


def spellings_of(column: str, table: str, book: Rulebook) -> list[str]:
    """How a column may be headed, its label first."""
    if table == OVERRIDES:
        return [column, *load_marks().overrides[column][1:]]
    held = book.columns[column]
    return list(dict.fromkeys(filter(None, (held.zh, column, *held.aliases))))


def knows(book: Rulebook, declared: Mapping[str, Mapping[str, str]]) -> Knows:
    """How many cells of a row are headers of one table: of that which knows most of them."""
    tables = [
        set[str]().union(*_spellings(book, table), (bare(header)[0] for header in declared.get(table, ())))
        for table in KEYS
    ]

    def known(cells: Sequence[str]) -> int:
        names = {bare(cell)[0] for cell in cells if len(cell) <= _LONGEST} - {""}
        return max(len(names & spellings) for spellings in tables)

    return known


def fitting(headers: Sequence[str], book: Rulebook, declared: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """The tables whose keys are all among ``headers``, and how many of these are its own."""
    fits: dict[str, int] = {}
    for table in KEYS:
        columns = match_headers(headers, table, book, declared.get(table, {})).columns
        own = [column for column in columns if column in KEYS[table] or column not in ANYWHERE]
        if all(key in columns for key in KEYS[table]) and len(own) > len(KEYS[table]):
            fits[table] = len(own)
    return fits


def _measures(unit: str, column: Column) -> bool:
    """Whether cells of ``column`` may be counted in ``unit``: money is no percentage of anything."""
    held = {
        "rate": {"percent"},
        "money": {"currency", *load_marks().scales} | ({"tenths"} if column.discount_of else set()),
        "count": {"counted", *load_marks().scales},
        "number": {"counted"},
    }
    return not unit or unit in held.get(column.type, {"counted"})


def near(header: str, table: str, book: Rulebook) -> list[str]:
    """Columns of ``table`` that are spelled nearly so, the nearest first: proposed to people, never applied.

    Other numbers are another measure: 24h is not proposed for 48h; for no number at all it may be meant.
    """
    name = bare(header)[0]
    numbers = _NUMBERS.findall(name)
    spellings: dict[str, set[str]] = {}
    for held in _spellings(book, table):
        for spelling, ids in held.items():
            like = spelling if numbers else _WINDOW.sub("", spelling)
            if _NUMBERS.findall(like) == numbers:
                spellings.setdefault(like, set()).update(ids)
    found = difflib.get_close_matches(name, spellings, n=3, cutoff=0.7 if len(name) > _SHORT else 2 / 3)
    return list(dict.fromkeys(id_ for spelling in found for id_ in sorted(spellings[spelling])))


def _spellings(book: Rulebook, table: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Compared form -> columns, of ids and aliases, and of labels."""
    names: dict[str, set[str]] = {}
    labels: dict[str, set[str]] = {}
    if table == OVERRIDES:
        for field, spellings in load_marks().overrides.items():
            names |= {bare(spelling)[0]: {field} for spelling in spellings}
        return names, labels
    for id_ in known_columns(book, table):
        column = book.columns[id_]
        for spelling in (id_, *column.aliases):
            names.setdefault(bare(spelling)[0], set()).add(id_)
        for label in filter(None, (column.zh, column.en)):
            labels.setdefault(bare(label)[0], set()).add(id_)
    return names, labels


def _unmatched(header: str, fits: set[str], elsewhere: str | None) -> Reason:
    if fits:
        return Reason("unread", f"may mean {' or '.join(sorted(fits))}; say which in market.toml")
    if elsewhere:
        return Reason("unread", f"a column of the table {elsewhere}, not of this one")
    return UNKNOWN if header else Reason("unread", "cells without a header")
