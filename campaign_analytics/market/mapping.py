"""What was understood of a market, as a ``market.toml`` that people edit and pass in again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from campaign_analytics.errors import MarketError
from campaign_analytics.market.declared import FLAGS, UNITS
from campaign_analytics.market.rates import AS_PERCENT, AS_SHARE, UNIT_UNSURE
from campaign_analytics.market.schema import KEYS, Declared, Market
from campaign_analytics.market.times import SETTLED, WHICH_COUNT
from campaign_analytics.rulebook.toml import key, quoted
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

_SETTLED: Final = {AS_PERCENT: "percent", AS_SHARE: "share"} | {reason: unit for unit, reason in SETTLED.items()}
_UNSURE: Final = (UNIT_UNSURE, WHICH_COUNT)
_NOT_IN_A_COMMENT = re.compile(r"[\x00-\x1f\x7f]+")


def understood(market: Market) -> Declared:
    """All that reading understood of files, headers and units, on top of what was declared.

    Reading the same source with it gives the same market. What reading told apart by file (a header that is read in one
    and put aside in another, a unit that files differ in) is left to it again.
    """
    declared = market.declared
    places: dict[str, set[str]] = {}
    headers: dict[str, dict[str, str]] = {}
    for name, table in market.tables.items():
        aside = {each.header for part in table.parts for each in part.aside}
        for part in table.parts:
            places.setdefault(part.called, set()).add(name)
            read = {header: column for column, header in part.headers.items() if header not in aside}
            headers.setdefault(name, {}).update(read)
    tables = {place: min(held) for place, held in places.items() if place and len(held) == 1}
    return Declared(
        declared.as_of,
        declared.penalty_feed_complete,
        declared.offers_are_complete,
        {
            name: headers.get(name, {}) | dict(declared.headers.get(name, {}))
            for name in KEYS
            if name in headers or name in declared.headers
        },
        {column: unit for column, unit in settled_units(market).items() if unit} | dict(declared.units),
        tables | dict(declared.tables),
        declared.missing,
        declared.empty,
        declared.encodings,
    )


def mapping(market: Market, book: Rulebook, lang: str = "en") -> str:
    """The text of a ``market.toml`` that says what was understood: write it, edit it, pass it to ``read_market``.

    What was not understood stands in it as comments to choose from: files, headers with the columns that they may mean,
    units that can't be told.
    """
    return "\n".join(_lines(market, book, lang)) + "\n"


def write_mapping(market: Market, book: Rulebook, path: str | Path, lang: str = "en") -> Path:
    """Write ``mapping`` to a new file. Raises MarketError where one is there already: it may have been edited."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(mapping(market, book, lang))
    except FileExistsError as error:
        raise MarketError(f"{path} is there already, and may have been edited; choose another name") from error
    except OSError as error:
        raise MarketError(f"{path} can't be written: {error.strerror or error}") from error
    return path


def declared_toml(declared: Declared) -> Iterator[str]:
    """What is declared, line by line as a ``market.toml`` says it."""
    yield from _top(declared)
    for section, held in _sections(declared).items():
        if held:
            yield from ("", f"[{section}]", *_pairs(held))


def _top(declared: Declared) -> Iterator[str]:
    if declared.as_of is not None:
        yield f"as_of = {declared.as_of.isoformat()}"
    for flag in FLAGS:
        yield f"{flag} = {str(getattr(declared, flag)).lower()}"


def _sections(declared: Declared) -> dict[str, Mapping[str, Any]]:
    headers = {f"headers.{table}": held for table, held in declared.headers.items()}
    files = {"tables": declared.tables, "encodings": declared.encodings}
    cells = {"units": declared.units, "missing": declared.missing, "empty": declared.empty}
    return {**files, **cells, **headers}


def _pairs(held: Mapping[str, Any]) -> Iterator[str]:
    for name, value in held.items():
        line = f"{key(name)} = {_value(value)}"
        yield line if _in_utf8(line) else f"# {name!a}"  # a file's name that is no text


def _value(value: Any) -> str:
    """A declared value as TOML writes it."""
    match value:
        case str():
            return quoted(value)
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case date():
            return value.isoformat()
    return str(value)


def _lines(market: Market, book: Rulebook, lang: str) -> Iterator[str]:
    whole = understood(market)
    yield from (f"# {line}" for line in say("mapping_head", lang).splitlines())
    yield ""
    if whole.as_of is None:
        yield f"# as_of = 2031-05-31  # {say('mapping_as_of', lang)}"
    yield from _top(whole)
    sections = _sections(whole)
    for table in market.tables:
        sections.setdefault(f"headers.{table}", {})
    for section, held in sections.items():
        open_ones = list(_open(section, market, book, lang))
        if held or open_ones:
            yield from ("", f"[{section}]", *_pairs(held), *open_ones)


def _open(section: str, market: Market, book: Rulebook, lang: str) -> Iterator[str]:
    """What a section may say besides, as comments."""
    if section == "tables":
        yield from _open_files(market)
    elif section == "encodings":
        yield from _open_encodings(market, lang)
    elif section in ("missing", "empty"):
        return
    elif section == "units":
        for column, settled in settled_units(market).items():
            if not settled and column not in market.declared.units:
                yield from (
                    _comment(column, unit, say("mapping_unit", lang)) for unit in UNITS[book.columns[column].type]
                )
    else:
        yield from _open_headers(section.removeprefix("headers."), market, book, lang)


def _open_files(market: Market) -> Iterator[str]:
    assert market.quality is not None
    for each in market.quality.findings:
        if not each.table and each.reason.kind == "unread":
            yield _comment(each.column, "?", each.reason.text)


def _open_encodings(market: Market, lang: str) -> Iterator[str]:
    for file, maybe in {part.file: part.maybe for table in market.tables.values() for part in table.parts}.items():
        for encoding, word in maybe.items():
            yield _comment(file, encoding, say("mapping_encoding", lang, word=word))


def _open_headers(name: str, market: Market, book: Rulebook, lang: str) -> Iterator[str]:
    table = market.tables.get(name)
    if table is None:
        return
    seen = set[str]()
    for part in table.parts:
        for aside in part.aside:
            if aside.header in seen:
                continue
            seen.add(aside.header)
            for column in aside.near:
                said = book.columns[column].label(lang, column)
                taken = part.headers.get(column)
                yield _comment(
                    aside.header,
                    column,
                    said + (say("mapping_instead", lang, header=quoted(taken)) if taken is not None else ""),
                )
            if not aside.near:
                yield _comment(aside.header, "?", aside.reason.text)
    absent = [each for each in absent_columns(market, book) if book.columns[each].table == name]
    if absent:
        yield f"# {say('mapping_absent', lang)}"
        yield from (_comment("?", column, book.columns[column].label(lang, column)) for column in absent)


def absent_columns(market: Market, book: Rulebook) -> list[str]:
    """Columns that the rules need, of tables that are there, and that no header was understood as."""
    assert market.quality is not None
    absent = {(each.table, each.column) for each in market.quality.findings if each.reason.kind == "absent"}
    return [
        column
        for column in sorted(book.required)
        if (book.columns[column].table, column) in absent
        and column not in market.tables[book.columns[column].table].headers
    ]


def _comment(name: str, value: str, why: str) -> str:
    line = f"# {key(name)} = {quoted(value)}  # {_NOT_IN_A_COMMENT.sub(' ', why)}"
    return line.encode("utf-8", "backslashreplace").decode("utf-8")


def _in_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def settled_units(market: Market) -> dict[str, str]:
    """Column -> the unit that its bare numbers were settled on; "" where it can't be told of all of them."""
    assert market.quality is not None
    units: dict[str, set[str]] = {}
    for each in market.quality.findings:
        if each.reason in _SETTLED or each.reason in _UNSURE:
            units.setdefault(each.column, set()).add(_SETTLED.get(each.reason, ""))
    return {column: min(held) if len(held) == 1 else "" for column, held in units.items()}
