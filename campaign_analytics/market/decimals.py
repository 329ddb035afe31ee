"""Decimal numbers in texts: those that are written plainly in arrays, others one by one.

A number is held as whole digits over a power of ten: exact, and its one division is the nearest double.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.marks import narrowed
from campaign_analytics.market.schema import Array

_PLAIN = r"^[0-9]{1,15}$|^[0-9]{1,14}\.[0-9]{1,14}$"
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}|[0-9]{1,3}(?:,[0-9]{3}){1,12})(?:\.[0-9]{0,40})?(?:e[+-]?[0-9]{1,3})?", re.I)
_LONGEST = 60
TENS = np.array([float(10**power) for power in range(20)])


def plain_decimals(texts: pa.StringArray) -> tuple[Array, Array, Array]:
    """``digits``, ``places`` and ``plain`` of texts such as 12.50 = 1250 over 10**2; zeros where not plain."""
    plain = np.asarray(pc.and_(pc.match_substring_regex(texts, _PLAIN), pc.less_equal(pc.binary_length(texts), 16)))
    held = pc.if_else(pa.array(plain), texts, "0")
    dot = np.asarray(pc.find_substring(held, "."))
    places = np.where(dot < 0, 0, np.asarray(pc.binary_length(held)) - dot - 1)
    digits = np.array(pc.cast(pc.replace_substring(held, ".", ""), pa.int64()))
    return digits, places, plain


def decimals(
    texts: pa.StringArray, before: Iterable[str] = (), after: Iterable[str] = ()
) -> tuple[Array, Array, Array]:
    """As ``plain_decimals``, but wide digits, separated thousands, spaces around a number and a word of ``before`` or
    ``after`` beside it are plain too."""
    digits, places, plain = plain_decimals(texts)
    rest = np.flatnonzero(~plain)
    if len(rest):
        held = narrowed(texts.take(pa.array(rest)))
        form = rf"(?i)^(?:{_any(before)})?\s*([0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]+)(\.[0-9]+)?\s*(?:{_any(after)})?$"
        bare = pc.replace_substring(pc.replace_substring_regex(held, form, r"\1\2"), ",", "")
        eased = pc.if_else(pc.match_substring_regex(held, form), bare, "")
        digits[rest], places[rest], plain[rest] = plain_decimals(eased)
    return digits, places, plain


def decimal_of(text: str) -> Decimal | None:
    """The number that a plain text spells, thousands separated or not; None where it is no number."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text.replace(",", ""))


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
