"""Prices written as a discount: 9.5折, 95折 and 九五折 are 0.95 of another price of the same row."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from functools import cache

from campaign_analytics.market.marks import load_marks
from campaign_analytics.market.quality import Reason

DISCOUNT = Reason("missing", "a discount, in a column that has no other price to take it off")
UNSURE = Reason("missing", "how much off? write 9.5折 or the price itself")
OR_A_PRICE = Reason("missing", "a price or a discount? write 元 or 折 behind it")

#: Shares are held in millionths: a discount of more digits is none.
WHOLE = 10**6
_TENTHS = re.compile(r"[1-9](?:\.[0-9]{1,5})?")
_HUNDREDTHS = re.compile(r"(?!10)[1-9][0-9](?:\.[0-9]{1,4})?")


def says_discount(text: str) -> bool:
    """Whether a plain text speaks of a discount."""
    return any(sign in text for sign in _signs())


def share_of(text: str) -> int | None:
    """The share of the full price, in millionths, that a plain text such as 9.5折 leaves; None where that is unsure.

    One digit before the point counts tenths (9.5折), two count hundredths (95折). 10折 and 0.95折 may be two things.
    """
    for word in load_marks().discounts["before"]:
        text = text.removeprefix(word).lstrip()
    for word in _signs():
        text = text.removesuffix(word).rstrip()
    if len(text) > len("99.9999"):
        return None
    number = "".join(map(_digit, text))
    for form, parts in ((_TENTHS, 10), (_HUNDREDTHS, 100)):
        if form.fullmatch(number):
            return int(Fraction(number) * WHOLE / parts)
    return None


@cache
def _signs() -> list[str]:
    return [word for word, unit in load_marks().units.items() if unit == "tenths"]


def _digit(character: str) -> str:
    """The digit or point that a Chinese numeral is, else the character itself."""
    if character in load_marks().discounts["point"]:
        return "."
    value = unicodedata.numeric(character, -1)
    return str(int(value)) if value in range(10) else character
