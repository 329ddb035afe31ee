"""Amounts: counts, money, scores and rates, from distinct texts to exact numbers.

What is written plainly (digits, perhaps a point) is read in arrays, as whole digits over a power of ten: exact, and
its one division is the nearest double. The rest goes through Decimal, text by text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.marks import load_marks, narrow
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.ranges import RANGE, span_of
from campaign_analytics.market.reading import Reading, read_one_by_one
from campaign_analytics.market.schema import Array

NOT_A_NUMBER = Reason("missing", "not understood as a number")
NOT_WHOLE = Reason("missing", "not a whole number")
BELOW_ZERO = Reason("missing", "below zero")
TOO_LARGE = Reason("missing", "too large to be true")
PARTS_OF_MINOR = Reason("missing", "finer than the smallest coin")
SCALED = Reason("repaired", "written in 万 or 亿, and taken as exact")
NOISE = Reason("repaired", "rounded away the noise of binary fractions")
ABOVE_ALL = Reason("missing", "above 100%")
UNIT_UNSURE = Reason("missing", "a percentage or a share? say which in market.toml: [units]")
AS_PERCENT = Reason("settled", "bare numbers are percentages")
AS_SHARE = Reason("settled", "bare numbers are shares of 1")

_PLAIN = r"^[0-9]{1,15}$|^[0-9]{1,14}\.[0-9]{1,14}$"
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}|[0-9]{1,3}(?:,[0-9]{3}){1,12})(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,3})?")
_LONGEST = 60
_EXACT = Context(prec=100)  # more digits than the longest text has
_MINOR_PLACES = 2  # a yuan has a hundred fen
_LIMIT = 10**15  # amounts from here on are no amounts of a market
_TENS = np.array([float(10**power) for power in range(20)])
#: At most this share of a column's bare numbers may be above 1 where the others are shares.
_STRAY = 0.01


def plain_decimals(texts: pa.StringArray) -> tuple[Array, Array, Array]:
    """``digits``, ``places`` and ``plain`` of texts such as 12.50 = 1250 over 10**2; zeros where not plain."""
    plain = np.asarray(pc.and_(pc.match_substring_regex(texts, _PLAIN), pc.less_equal(pc.binary_length(texts), 16)))
    held = pc.if_else(pa.array(plain), texts, "0")
    dot = np.asarray(pc.find_substring(held, "."))
    places = np.where(dot < 0, 0, np.asarray(pc.binary_length(held)) - dot - 1)
    digits = np.array(pc.cast(pc.replace_substring(held, ".", ""), pa.int64()))
    return digits, places, plain


def decimal_of(text: str) -> Decimal | None:
    """The number that a narrow text spells, thousands separated or not; None where it is no number."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text.replace(",", ""))


def read_counts(texts: pa.StringArray) -> Reading:
    """Whole numbers from 0."""
    digits, places, plain = plain_decimals(texts)

    def exact(number: Decimal) -> tuple[int | None, Reason | None]:
        return _whole(number, NOT_WHOLE)

    return _read_whole(texts, digits, plain & (places == 0), _without_pieces, exact, 0)


def read_money(texts: pa.StringArray) -> Reading:
    """Amounts from 0, in minor units (fen)."""
    digits, places, plain = plain_decimals(texts)
    plain &= (places <= _MINOR_PLACES) & (digits < _LIMIT // 100)
    digits *= np.where(plain, 10 ** np.maximum(_MINOR_PLACES - places, 0), 1)

    def exact(number: Decimal) -> tuple[int | None, Reason | None]:
        value, reason = _whole(number.scaleb(_MINOR_PLACES, _EXACT), PARTS_OF_MINOR)
        if reason is PARTS_OF_MINOR and len(number.as_tuple().digits) > 15:  # 3.3000000000000003 was 1.1 + 2.2
            value, reason = _whole(Decimal(f"{number:.14e}").scaleb(_MINOR_PLACES, _EXACT), PARTS_OF_MINOR)
            reason = reason or NOISE
        return value, reason

    return _read_whole(texts, digits, plain, _without_currency, exact, _MINOR_PLACES)


def _read_whole(
    texts: pa.StringArray,
    values: Array,
    plain: Array,
    bare: Callable[[str], str],
    exact: Callable[[Decimal], tuple[int | None, Reason | None]],
    power: int,
) -> Reading:
    """Whole numbers times 10**``power``, single ones by ``exact`` or ranges, after ``bare`` took their unit off."""
    highs: dict[int, int] = {}
    at = iter(np.flatnonzero(~plain).tolist())

    def one(text: str) -> tuple[int | None, Reason | None]:
        place, spelled = next(at), bare(narrow(text))
        number = _scaled(spelled)
        if number is not None:
            value, reason = exact(number)
            return value, reason or (None if decimal_of(spelled) is not None else SCALED)
        span = span_of(spelled, lambda end: _scaled(bare(end)))
        ends = span.whole(_LIMIT, power) if span else None
        if ends is None:
            return None, NOT_A_NUMBER
        highs[place] = ends[1]
        return ends[0], RANGE

    reading = read_one_by_one(texts, values, plain, one)
    if highs:
        reading.high = reading.values.copy()
        reading.high[list(highs)] = list(highs.values())
    return reading


def _scaled(text: str) -> Decimal | None:
    """The number that a narrow text spells, with 万 or 亿 behind it or not."""
    for word, times in load_marks().scales.items():
        if text.endswith(word):
            number = decimal_of(text.removesuffix(word).rstrip())
            return None if number is None else _EXACT.multiply(number, Decimal(times))
    return decimal_of(text)


def _without_pieces(text: str) -> str:
    word = next((word for word in load_marks().pieces if text.casefold().endswith(word)), "")
    return text[: len(text) - len(word)].rstrip()


def read_numbers(texts: pa.StringArray) -> Reading:
    """Scores: the nearest double of each decimal."""
    digits, places, plain = plain_decimals(texts)

    def one(text: str) -> tuple[float | None, Reason | None]:
        number = decimal_of(narrow(text))
        if number is None:
            return None, NOT_A_NUMBER
        return (None, TOO_LARGE) if abs(number) >= _LIMIT else (float(number), None)

    return read_one_by_one(texts, digits / _TENS[places], plain, one)


def read_rates(texts: pa.StringArray, counts: Array, declared: str, in_header: str) -> Reading:
    """Rates as shares of 1, each the nearest double: 95.3% and 0.953 are the same.

    A bare number takes the unit of its column, settled once: ``declared`` ("percent", "share") or else ``in_header`` or
    else by the range of the column's bare numbers, weighed by ``counts`` of cells. One that may be either is missing.
    """
    numbers = pc.replace_substring_regex(texts, "%$", "")
    signed = np.asarray(pc.ends_with(texts, "%")).copy()
    digits, places, plain = plain_decimals(numbers)
    slow: dict[int, Decimal] = {}
    at = iter(np.flatnonzero(~plain).tolist())

    def one(text: str) -> tuple[float | None, Reason | None]:
        place, spelled = next(at), narrow(text)
        signed[place] = spelled.endswith("%")
        number = decimal_of(spelled.removesuffix("%").rstrip())
        if number is None:
            return None, NOT_A_NUMBER
        if number < 0:
            return None, BELOW_ZERO
        if number >= _LIMIT:
            return None, TOO_LARGE
        slow[place] = number
        return float(number), None

    reading = read_one_by_one(texts, digits / _TENS[places], plain, one)
    known = ~reading.missing()
    shares = reading.values
    unit, unsure, remark = _settle(shares, known & ~signed, counts, declared, in_header)
    reading.remark = remark
    percent = known & (signed | (unit == "percent"))
    grain = 1 / _TENS[places]
    values = np.where(percent & plain, digits / _TENS[places + 2], shares)
    grain[percent & plain] /= 100
    for place, number in slow.items():
        held = number.scaleb(-2, _EXACT) if percent[place] else number
        values[place], grain[place] = float(held), 10.0 ** int(held.as_tuple().exponent)
    reading.values, reading.grain = values, grain
    reading.note(UNIT_UNSURE, np.flatnonzero(unsure))
    reading.note(ABOVE_ALL, np.flatnonzero(known & ~unsure & (values > 1)))
    return reading


def _settle(
    numbers: Array, bare: Array, counts: Array, declared: str, in_header: str
) -> tuple[str, Array, tuple[Reason, int, str] | None]:
    """The unit of a rate column's bare numbers, which of them it can't decide, and the remark for the report."""
    bare = bare & (numbers > 0) & (counts > 0)  # zero is zero in both units
    cells = int(counts[bare].sum())
    unsure = np.zeros(len(numbers), bool)
    if not cells:
        return "share", unsure, None
    above = bare & (numbers > 1)
    below = bare & (numbers < 1)
    many = int(counts[above].sum())
    if declared:
        unit = declared
    elif many == 0 and (in_header == "percent" or not below.any()):
        # a spreadsheet's percent format exports 0.953 under a header that says %; a column of ones says nothing
        unit, unsure = "share", bare
    elif in_header == "percent":
        unit = "percent"
    elif many <= _STRAY * cells:
        unit = "share"
    elif many < cells / 2:
        unit, unsure = "share", bare
    else:
        unit, unsure = "percent", bare & ~above
    sure = cells - int(counts[unsure].sum())
    remark = (AS_PERCENT if unit == "percent" else AS_SHARE, sure, "") if sure else None
    return unit, unsure, remark


def _whole(number: Decimal, otherwise: Reason) -> tuple[int | None, Reason | None]:
    if number < 0:
        return None, BELOW_ZERO
    if number >= _LIMIT:
        return None, TOO_LARGE
    if number != number.to_integral_value():
        return None, otherwise
    return int(number), None


@cache
def _priced() -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word, unit in load_marks().units.items() if unit == "currency")
    return re.compile(rf"(?:{words})?\s*(?P<amount>.*?)\s*(?:{words})?", re.IGNORECASE)


def _without_currency(text: str) -> str:
    found = _priced().fullmatch(text) if len(text) <= _LONGEST else None
    return found["amount"] if found else text
