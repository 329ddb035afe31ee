"""Amounts written as a range: 12-15, 100以内, 10000+, <10. The words stand in ``marks.toml``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache

from campaign_analytics.market.marks import load_marks
from campaign_analytics.market.quality import Reason

RANGE = Reason("repaired", "a range: it decides only where all of it lies on one side")

EXACT = Context(prec=200)  # more digits than the longest text has, with 亿 behind it
_LONGEST = 60
_DIGIT = re.compile(r"[0-9]")
_LEADING_ZERO = re.compile(r"0[0-9]")  # 0571-8888 is a telephone number


@dataclass(frozen=True)
class Span:
    """Both ends of a range; None = open. A strict end is not part of it."""

    low: Decimal | None
    high: Decimal | None
    strict: bool = False

    def whole(self, limit: int, power: int = 0) -> tuple[int, int] | None:
        """The lowest and highest whole number times 10**``power`` in it, from 0 to below ``limit``; None if none is."""
        low, high = 0, limit - 1
        if self.low is not None:
            scaled = self.low.scaleb(power, EXACT)
            low = int(scaled // 1) + (self.strict or scaled % 1 != 0)
        if self.high is not None:
            scaled = self.high.scaleb(power, EXACT)
            high = int(scaled // 1) - (self.strict and scaled % 1 == 0)
        return (low, high) if 0 <= low <= high < limit else None

    def doubles(self, lowest: float, highest: float, power: int = 0) -> tuple[float, float]:
        """The least and greatest double times 10**``power`` in it, from ``lowest`` and up to ``highest`` where open."""
        low = lowest if self.low is None else float(self.low.scaleb(power, EXACT))
        high = highest if self.high is None else float(self.high.scaleb(power, EXACT))
        if self.strict and self.low is not None:
            low = math.nextafter(low, math.inf)
        if self.strict and self.high is not None:
            high = math.nextafter(high, -math.inf)
        return low, high

    @property
    def ends(self) -> tuple[Decimal, ...]:
        """The ends that it has."""
        return tuple(end for end in (self.low, self.high) if end is not None)


def span_of(text: str, number: Callable[[str], Decimal | None]) -> Span | None:
    """The range that a plain text spells, its ends read by ``number``; None where it is none, or may be two.

    1-2万 may begin at 1 or at 10000: both ends name their scale, or neither.
    """
    if len(text) > _LONGEST or not _DIGIT.search(text):
        return None
    scales = tuple(load_marks().scales)
    found = _open_form().fullmatch(text)
    if found:
        below, strict = _open_words()[found["before"] or found["after"]]
        end = number(found["end"] or found["begin"])
        if end is None or end < 0:
            return None
        return Span(None, end, strict) if below else Span(end, None, strict)
    parts = _between().split(text)
    if len(parts) != 2 or any(_LEADING_ZERO.match(part.strip()) for part in parts):
        return None
    low, high = (number(part.strip()) for part in parts)
    scaled = {part.strip().endswith(scales) for part in parts}
    if low is None or high is None or len(scaled) == 2 or not 0 <= low <= high:
        return None
    return Span(low, high)


@cache
def _open_words() -> dict[str, tuple[bool, bool]]:
    """Word of an open range -> whether it is open below, whether its end is no part of it."""
    ways = {"at_most": (True, False), "at_least": (False, False), "below": (True, True), "above": (False, True)}
    return {
        word: way
        for name, way in ways.items()
        for place in ("before", "after")
        for word in load_marks().ranges[name][place]
    }


@cache
def _open_form() -> re.Pattern[str]:
    before, after = (
        _any(word for held in load_marks().ranges.values() for word in held.get(place, ()))
        for place in ("before", "after")
    )
    return re.compile(rf"(?P<before>{before})\s*(?P<end>.+)|(?P<begin>.+?)\s*(?P<after>{after})")


@cache
def _between() -> re.Pattern[str]:
    return re.compile(_any(load_marks().ranges["between"]["words"]))


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
