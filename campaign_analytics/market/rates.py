"""Rates, from distinct texts to shares of 1: the unit of bare numbers is settled once for a column."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.amounts import BELOW_ZERO, NOT_A_NUMBER, TOO_LARGE
from campaign_analytics.market.decimals import TENS, decimal_of, decimals
from campaign_analytics.market.marks import plainly
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.ranges import RANGE, Span, span_of
from campaign_analytics.market.reading import Reading, read_one_by_one
from campaign_analytics.market.schema import LIMIT, Array

ABOVE_ALL = Reason("missing", "above 100%")
UNIT_UNSURE = Reason("missing", "a percentage or a share? say which in market.toml: [units]")
AS_PERCENT = Reason("settled", "bare numbers are percentages")
AS_SHARE = Reason("settled", "bare numbers are shares of 1")

#: At most this share of a column's bare numbers may be above 1 where the others are shares.
_STRAY = 0.01


def read_rates(texts: pa.StringArray, counts: Array, declared: str, in_header: str) -> Reading:
    """Rates as shares of 1, each the nearest double: 95.3% and 0.953 are the same; ranges within 0 and 1.

    A bare number takes the unit of its column, settled once: ``declared`` ("percent", "share") or else ``in_header`` or
    else by the range of the column's bare numbers, weighed by ``counts`` of cells. One that may be either is missing.
    """
    digits, places, plain = decimals(texts, after=("%",))
    signed = np.array(pc.match_substring_regex(texts, "[%％﹪]"))
    slow: dict[int, Span] = {}
    at = iter(np.flatnonzero(~plain).tolist())

    def one(text: str) -> tuple[float | None, Reason | None]:
        place, spelled = next(at), plainly(text)
        signed[place] = "%" in spelled
        number = _bare(spelled)
        span = span_of(spelled, _bare) if number is None else Span(number, number)
        if span is None or (span.strict and span.high == 0):
            return None, NOT_A_NUMBER
        if min(span.ends) < 0:
            return None, BELOW_ZERO
        if max(span.ends) >= LIMIT:
            return None, TOO_LARGE
        if spelled.count("%") == 1 and len(span.ends) == 2 and number is None and min(span.ends) <= 1:
            return None, UNIT_UNSURE  # 0.9-95%; but 90-95% can only be meant in one way
        slow[place] = span
        return float(max(span.ends)), None

    reading = read_one_by_one(texts, digits / TENS[places], plain, one)
    known = ~reading.missing()
    unit, unsure, reading.remark = _settle(reading.values, known & ~signed, counts, declared, in_header)
    percent = known & (signed | (unit == "percent"))
    power = np.where(percent & plain, places + 2, places)
    low, grain = digits / TENS[power], 1 / TENS[power]
    high = low.copy()
    for place, span in slow.items():
        power_of = -2 if percent[place] else 0
        low[place], high[place] = span.doubles(0, 1, power_of)
        grain[place] = 10.0 ** max(int(end.as_tuple().exponent) + power_of for end in span.ends)
    reading.values, reading.grain = low, grain
    reading.high = high if (low != high).any() else None
    reading.note(UNIT_UNSURE, np.flatnonzero(unsure))
    reading.note(ABOVE_ALL, np.flatnonzero(known & ~unsure & ~((low <= high) & (high <= 1))))
    reading.note(RANGE, np.flatnonzero((low != high) & ~reading.missing()))
    return reading


def _bare(text: str) -> Decimal | None:
    return decimal_of(text.removesuffix("%").rstrip())


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
