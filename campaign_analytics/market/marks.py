"""How people write what every market has: table names, nothing, yes and no, units (``marks.toml``)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import opencc
import pyarrow as pa
import pyarrow.compute as pc

#: Spaces, and what is not seen: joiners, direction marks, the marks that choose between a sign and its picture.
_SPACES = re.compile(r"[\s\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]+")
_INVISIBLE = " \t\r\n\f\v\u00a0\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


@dataclass(frozen=True)
class Marks:
    """The words of ``marks.toml``, each in the form that ``alike`` gives."""

    tables: dict[str, str]
    total: frozenset[str]
    missing: frozenset[str]
    empty_set: frozenset[str]
    true: frozenset[str]
    false: frozenset[str]
    units: dict[str, str]  # word -> "currency", "percent", "tenths" or "counted"
    notes: frozenset[str]  # beside a header: what tells how to fill in a form
    joining: tuple[str, ...]  # between the names of a set
    dates: dict[str, str]
    scales: dict[str, int]
    minimum: tuple[str, ...]
    pieces: tuple[str, ...]
    discounts: dict[str, list[str]]  # what stands before the number of a discount, and for its point
    overrides: dict[str, list[str]]  # field of the table of overrides -> headers
    ranges: dict[str, dict[str, list[str]]]  # way of a range -> place of the word -> words


def stripped(text: str) -> str:
    """``text`` without spaces and invisible characters at its ends, and without a spreadsheet's leading apostrophe."""
    return text.strip(_INVISIBLE).removeprefix("'").strip(_INVISIBLE)


def narrow(text: str) -> str:
    """``text`` stripped, full-width characters made half-width."""
    return stripped(unicodedata.normalize("NFKC", text))


def narrowed(texts: pa.StringArray) -> pa.StringArray:
    """``narrow`` of each text, in arrays."""
    return trimmed(pc.utf8_normalize(texts, form="NFKC"))


def trimmed(texts: pa.StringArray) -> pa.StringArray:
    """``stripped`` of each text, in arrays."""
    held = pc.replace_substring_regex(pc.utf8_trim(texts, characters=_INVISIBLE), "^'", "")
    return pc.utf8_trim(held, characters=_INVISIBLE)


def says_anything(texts: pa.StringArray) -> pa.BooleanArray:
    """Which texts hold more than spaces, invisible characters and a spreadsheet's apostrophe."""
    return pc.not_equal(pc.utf8_trim(texts, characters=f"{_INVISIBLE}'"), "")


def simplified(text: str) -> str:
    """``text`` without case and width, traditional characters as simplified ones."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return text if text.isascii() else _simplifier()(text)


@cache
def _simplifier() -> Callable[[str], str]:
    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def plainly(text: str) -> str:
    """``text`` as amounts and times are read: stripped, without case, width and script."""
    return simplified(stripped(text))


def alike(text: str) -> str:
    """The form in which words are compared: without case, width, script, spaces."""
    return _SPACES.sub("", simplified(text)).removeprefix("'")


@cache
def load_marks() -> Marks:
    """Read the words once."""
    held = tomllib.loads(resources.files("campaign_analytics.market").joinpath("marks.toml").read_text("utf-8"))
    cells = {name: frozenset(map(alike, words)) for name, words in held["cells"].items()}
    cells["total"] |= {word.replace(" ", "") for word in held["cells"]["total"]}  # compared in arrays, in either script
    return Marks(
        tables={alike(name): table for name, table in held["tables"].items()},
        units={alike(word): unit for unit, words in held["units"].items() for word in words},
        notes=frozenset(map(alike, held["notes"]["words"])),
        joining=tuple(held["joining"]["words"]),
        dates=held["dates"],
        scales=held["scales"],
        minimum=tuple(held["minimum"]["words"]),
        pieces=tuple(held["pieces"]["words"]),
        discounts=held["discounts"],
        ranges=held["ranges"],
        overrides=held["overrides"],
        **cells,
    )
