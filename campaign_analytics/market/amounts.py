"""Amounts: counts, money and scores, from distinct texts to exact numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from decimal import Decimal
from functools import cache

import numpy as np
import pyarrow as pa

from campaign_analytics.market.decimals import TENS, decimal_of, decimals
from campaign_analytics.market.discounts import DISCOUNT, OR_A_PRICE, UNSURE, says_discount, share_of
from campaign_analytics.market.marks import load_marks, plainly
from campaign_analytics.market.measures import SIZE_UNSURE, Measures
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.ranges import EXACT, RANGE, span_of
from campaign_analytics.market.reading import Reading, read_one_by_one
from campaign_analytics.market.schema import LIMIT, Array

NOT_A_NUMBER = Reason("missing", "not understood as a number")
UNKNOWN_UNIT = Reason("missing", "a number in a unit that is not known here")
NOT_WHOLE = Reason("missing", "not a whole number")
BELOW_ZERO = Reason("missing", "below zero")
TOO_LARGE = Reason("missing", "too large to be true")
PARTS_OF_MINOR = Reason("missing", "finer than the smallest coin")
SCALED = Reason("repaired", "written in thousands, 万 or 亿, and taken as exact")
NOISE = Reason("repaired", "rounded away the noise of binary fractions")

_IN_UNIT = re.compile(r"[0-9][0-9.,]*\s*[^\W\d_]{1,8}")
_LONGEST = 60
_MINOR_PLACES = 2  # a yuan has a hundred fen
_SMALL = 100_00  # a price below this may be read as a discount: 9.5, 95


def read_counts(
    texts: pa.StringArray, words: Collection[str] = (), scale: str = "", measures: Measures | None = None
) -> Reading:
    """Whole numbers from 0, with or without one of ``words`` or of what counts single pieces behind them.

    ``scale`` is the 万 of a header. With ``measures`` a cell may name its unit, and how many pieces are in it.
    """
    counted = (*load_marks().pieces, *words)
    without = _without(load_marks().minimum, counted)
    wholes = _Wholes(0, lambda number: _whole(number, NOT_WHOLE), load_marks().scales.get(scale, 1))
    digits, places, plain = decimals(texts, after=counted if wholes.times == 1 and not measures else ())
    units, sizes = np.full(len(texts), -1), np.zeros(len(texts), np.int64)

    def one(place: int, text: str) -> tuple[int | None, Reason | None]:
        said = measures.of(text) if measures else None
        if measures is None or said is None:
            return wholes.read(place, text, without)
        value, reason = wholes.read(place, said.quantity, lambda end: end.removesuffix(said.word).rstrip())
        if value is not None:
            units[place], sizes[place] = said.unit, said.size
            reason = SIZE_UNSURE if said.size < 0 else reason
        return value, reason

    reading = _read_wholes(texts, digits, plain & (places == 0), wholes, one)
    if measures:
        reading.units, reading.sizes = units, sizes
    return reading


def read_money(texts: pa.StringArray, counts: Array | None = None, unit: str = "", discounts: bool = False) -> Reading:
    """Amounts from 0, in minor units (fen); with ``discounts`` also shares of another price.

    ``unit`` is that of the header: 万 for 万元, "tenths" for 折. Where they are many (``counts`` cells
    of each text), a small bare number may be one too: it is missing.
    """
    wholes = _Wholes(_MINOR_PLACES, _in_minor, load_marks().scales.get(unit, 1))
    words = _currency() if wholes.times == 1 else ()
    digits, places, plain = decimals(texts, words, words)
    plain &= (places <= _MINOR_PLACES) & (unit != "tenths")
    digits *= np.where(plain, 10 ** np.maximum(_MINOR_PLACES - places, 0), 1)
    shares = np.zeros(len(texts), np.int64)

    def one(place: int, text: str) -> tuple[int | None, Reason | None]:
        if not says_discount(text) and not (unit == "tenths" and decimal_of(text) is not None):
            return wholes.read(place, text, _without_currency)
        share = share_of(text)
        if not discounts or share is None:
            return None, UNSURE if discounts else DISCOUNT
        shares[place] = share
        return 0, None

    reading = _read_wholes(texts, digits, plain, wholes, one)
    if shares.any():
        reading.shares = shares
        small = np.flatnonzero(~reading.missing() & (reading.values < _SMALL))
        bare = small[[decimal_of(plainly(text)) is not None for text in texts.take(pa.array(small)).to_pylist()]]
        weights = np.ones(len(texts), np.int64) if counts is None else counts
        if weights[shares > 0].sum() >= weights[bare].sum():
            reading.note(OR_A_PRICE, bare)
    return reading


def read_numbers(texts: pa.StringArray, words: Collection[str] = ()) -> Reading:
    """Scores: the nearest double of each decimal, with or without one of ``words`` behind it; or a range of them."""
    digits, places, plain = decimals(texts, after=words)
    without = _without(words)
    values, highs = digits / TENS[places], dict[int, float]()
    at = iter(np.flatnonzero(~plain).tolist())

    def one(text: str) -> tuple[float | None, Reason | None]:
        place, spelled = next(at), plainly(text)
        number = decimal_of(without(spelled))
        if number is not None:
            return (None, TOO_LARGE) if abs(number) >= LIMIT else (float(number), None)
        span = span_of(spelled, lambda end: decimal_of(without(end)))
        if span is None:
            return None, UNKNOWN_UNIT if _IN_UNIT.fullmatch(spelled) else NOT_A_NUMBER
        if max(span.ends) >= LIMIT:
            return None, TOO_LARGE
        low, highs[place] = span.doubles(-LIMIT, LIMIT)
        return low, RANGE

    return _with_highs(read_one_by_one(texts, values, plain, one), highs)


class _Wholes:
    """Single amounts as whole numbers times 10**``power``: numbers by ``exact``, ranges with their high ends kept."""

    def __init__(
        self, power: int, exact: Callable[[Decimal], tuple[int | None, Reason | None]], times: int = 1
    ) -> None:
        self.power = power
        self.exact = exact
        self.times = times  # what a number without a unit of its own is multiplied by
        self.highs: dict[int, int] = {}

    def read(self, place: int, text: str, bare: Callable[[str], str]) -> tuple[int | None, Reason | None]:
        """The amount that a plain text spells; ``bare`` takes its unit off."""
        free = bare(text)
        times = self.times if free == text else 1
        number = _scaled(free, times)
        if number is not None:
            value, reason = self.exact(number)
            return value, reason or (None if decimal_of(free) is not None else SCALED)
        span = span_of(free, lambda end: _scaled(bare(end), times))
        ends = span.whole(LIMIT, self.power) if span else None
        if ends is None:
            return None, UNKNOWN_UNIT if _IN_UNIT.fullmatch(text) else NOT_A_NUMBER
        self.highs[place] = ends[1]
        return ends[0], RANGE


def _read_wholes(
    texts: pa.StringArray,
    values: Array,
    plain: Array,
    wholes: _Wholes,
    one: Callable[[int, str], tuple[int | None, Reason | None]],
) -> Reading:
    """The ``plain`` texts, whose ``values`` are known but for the scale, and all others by ``one``."""
    plain = plain & (values < LIMIT // wholes.times)
    if wholes.times > 1:
        values *= np.where(plain, wholes.times, 0)
    at = iter(np.flatnonzero(~plain).tolist())
    reading = read_one_by_one(texts, values, plain, lambda text: one(next(at), plainly(text)))
    if wholes.times > 1:
        reading.remark = Reason("settled", f"bare numbers stand for {wholes.times:,} each"), int(plain.sum()), ""
    return _with_highs(reading, wholes.highs)


def _with_highs(reading: Reading, highs: dict[int, int] | dict[int, float]) -> Reading:
    if highs:
        reading.high = reading.values.copy()
        reading.high[list(highs)] = list(highs.values())
    return reading


def _scaled(text: str, times: int = 1) -> Decimal | None:
    """The number that a plain text spells, with 万 or 亿 behind it, or else ``times`` what stands there."""
    for word, scale in load_marks().scales.items():
        if text.endswith(word):
            number, times = decimal_of(text[: -len(word)].rstrip()), scale
            break
    else:
        number = decimal_of(text)
    return None if number is None else EXACT.multiply(number, Decimal(times))


def _without(*words: Collection[str]) -> Callable[[str], str]:
    """What takes a word of each of the groups ``words`` off the end of a text, the last group innermost."""
    groups = [tuple(sorted(map(str.casefold, group), key=len, reverse=True)) for group in words]

    def bare(text: str) -> str:
        for group in groups:
            if text.endswith(group):
                text = text.removesuffix(next(word for word in group if text.endswith(word))).rstrip()
        return text

    return bare


def _in_minor(number: Decimal) -> tuple[int | None, Reason | None]:
    """An amount of the currency in its smallest coins."""
    value, reason = _whole(number.scaleb(_MINOR_PLACES, EXACT), PARTS_OF_MINOR)
    if reason is PARTS_OF_MINOR and len(number.as_tuple().digits) > 15:  # 3.3000000000000003 was 1.1 + 2.2
        value, reason = _whole(Decimal(f"{number:.14e}").scaleb(_MINOR_PLACES, EXACT), PARTS_OF_MINOR)
        reason = reason or NOISE
    return value, reason


def _whole(number: Decimal, otherwise: Reason) -> tuple[int | None, Reason | None]:
    if number < 0:
        return None, BELOW_ZERO
    if number >= LIMIT:
        return None, TOO_LARGE
    if number != number.to_integral_value():
        return None, otherwise
    return int(number), None


@cache
def _currency() -> tuple[str, ...]:
    return tuple(word for word, unit in load_marks().units.items() if unit == "currency")


@cache
def _priced() -> re.Pattern[str]:
    words = "|".join(map(re.escape, _currency()))
    return re.compile(rf"(?:{words})?\s*(?P<amount>.*?)\s*(?:{words})?")


def _without_currency(text: str) -> str:
    found = _priced().fullmatch(text) if len(text) <= _LONGEST else None
    return found["amount"] if found else text
