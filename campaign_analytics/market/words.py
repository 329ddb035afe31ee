"""Words: flags, levels and texts of a list, identifiers, and free text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.marks import alike, load_marks, narrow, narrowed, trimmed
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.reading import Reading, read_one_by_one

NOT_YES_OR_NO = Reason("missing", "neither yes nor no")
NOT_LISTED = Reason("missing", "not in the list")
NEW_NAME = Reason("doubted", "not in the list; kept under its own name")
DIGITS_LOST = Reason("missing", "a spreadsheet lost its digits; export it as text")
SEPARATED = Reason("missing", "one identifier or several? write it without separators")
MENDED = Reason("repaired", "what a spreadsheet put around an identifier was taken off")

#: Without a plus only where there is a point: 123e4567 is the beginning of a hash.
_EXPONENT = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]+|[0-9]\.[0-9]+[eE][0-9]{1,3}")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:[, ][0-9]{3})+(?:\.0+)?")
#: What keeps a spreadsheet from making a number of it.
_WRAPPED = re.compile(r"=\"([^\"]*)\"|=([0-9]+)")
_POINT_ZERO = re.compile(r"([0-9]+)\.0+")
#: Free text that needs no care: no spaces at its ends, no formula, nor so short that it may say "nothing".
_PLAIN_TEXT = r"(?s)^[^\s\p{Z}\p{Cf}'=].{10,}[^\s\p{Z}\p{Cf}0-9]$"
_PLAIN_KEY = r"^[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*$"


def read_flags(texts: pa.StringArray) -> Reading:
    """Yes and no."""
    marks = load_marks()

    def one(text: str) -> tuple[bool | None, Reason | None]:
        word = alike(text)
        return (True, None) if word in marks.true else (False, None) if word in marks.false else (None, NOT_YES_OR_NO)

    return read_one_by_one(texts, np.zeros(len(texts), bool), np.zeros(len(texts), bool), one)


def read_listed(texts: pa.StringArray, names: Sequence[str], aliases: Mapping[str, str], extend: bool) -> Reading:
    """Places in a list; with ``extend`` a text outside it gets a place behind, under its own name."""
    places = spellings(names, aliases)
    missing = load_marks().missing
    new: dict[str, str] = {}
    if extend:
        for text in sorted(texts.to_pylist()):
            if alike(text) not in places and alike(text) not in missing:
                new.setdefault(alike(text), narrow(text))
    more = {word: len(names) + place for place, word in enumerate(new)}

    def one(text: str) -> tuple[int | None, Reason | None]:
        word = alike(text)
        if word in more:
            return more[word], NEW_NAME
        return (places[word], None) if word in places else (None, NOT_LISTED)

    reading = read_one_by_one(texts, np.zeros(len(texts), np.int64), np.zeros(len(texts), bool), one)
    reading.names = (*names, *new.values())
    return reading


def read_keys(texts: pa.StringArray) -> Reading:
    """Identifiers: narrow, without what spreadsheets put around them; one whose digits are lost is missing."""

    def one(key: str) -> tuple[str | None, Reason | None]:
        if wrapped := _WRAPPED.fullmatch(key):
            key = wrapped[1] or wrapped[2] or ""
        if alike(key) in load_marks().missing:
            return None, None
        if _EXPONENT.fullmatch(key):
            return None, DIGITS_LOST
        if _THOUSANDS.fullmatch(key):
            return None, SEPARATED
        point_zero = _POINT_ZERO.fullmatch(key)
        return point_zero[1] if point_zero else key, None

    reading = _read_text(narrowed(texts), _PLAIN_KEY, one)
    mended = np.asarray(pc.not_equal(reading.values, texts)) & ~reading.missing()
    reading.note(MENDED, np.flatnonzero(mended))
    return reading


def read_texts(texts: pa.StringArray) -> Reading:
    """Free text, as it stands."""

    def one(held: str) -> tuple[str | None, Reason | None]:
        if len(held) < 40 and alike(held) in load_marks().missing:
            return None, None
        return (None, DIGITS_LOST) if len(held) < 40 and _EXPONENT.fullmatch(held) else (held, None)

    plain = np.asarray(pc.match_substring_regex(texts, _PLAIN_TEXT))
    return _read_text(texts if plain.all() else trimmed(texts), _PLAIN_TEXT, one)


def _read_text(texts: pa.StringArray, plain_form: str, one: Any) -> Reading:
    plain = np.asarray(pc.match_substring_regex(texts, plain_form))
    if plain.all():
        return Reading(texts, np.zeros(len(texts), bool))
    values: Any = dict[int, str]()
    reading = read_one_by_one(texts, values, plain, one)
    slow = [values.get(place, "") for place in np.flatnonzero(~plain).tolist()]
    reading.values = pc.replace_with_mask(texts, pa.array(~plain), pa.array(slow, pa.string()))
    return reading


def spellings(names: Sequence[str], aliases: Mapping[str, str]) -> dict[str, int]:
    """Every way to write a name of a list, as ``alike`` gives it -> its place."""
    places = {name: place for place, name in enumerate(names)}
    held = {alike(other): places[name] for other, name in aliases.items()}
    return held | {alike(name): place for name, place in places.items()}
