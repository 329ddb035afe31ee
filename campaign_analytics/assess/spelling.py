"""Held values spelled as plain text that reads back exactly: 8.55, 90%, L2, 2024-03-04, true, names joined by ";"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from campaign_analytics.assess.subject import typed
from campaign_analytics.errors import ValueFault
from campaign_analytics.market.schema import LIMIT, Array, Cells
from campaign_analytics.rulebook.scalar import Range
from campaign_analytics.rulebook.values import MINOR_UNITS, day_number, instant, read_value
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

_MICROSECONDS_A_DAY = 86_400e6
_DIGITS = 10  # a difference of two doubles is shown without their noise
DIGITS = 8  # of a rate or score in a sentence: finer than any threshold; one made of counts has as many as a double


def spell(value: Any, like: Cells, zone: ZoneInfo) -> str:
    """One held value of a column like ``like``, without its unit."""
    if like.type == "set":
        return ";".join(name for i, name in enumerate(like.names) if int(value) >> i & 1)
    if like.type == "money":
        return f"{Decimal(int(value)) / MINOR_UNITS:.2f}"
    known = typed(like, value, zone)
    if isinstance(known, bool):
        return "true" if known else "false"
    if like.type == "rate":
        return f"{(known * 100).normalize():f}%"
    if isinstance(known, Decimal):
        return f"{known.normalize():f}"
    return known.isoformat() if isinstance(known, datetime) else str(known)


def spell_all(values: Array, like: Cells, zone: ZoneInfo) -> Any:
    """(n,) texts (a pandas ``str`` array), each value that occurs spelled once."""
    codes, distinct = pd.factorize(np.asarray(values))
    return pd.array([spell(value, like, zone) for value in distinct], dtype="str").take(codes)


def spell_cells(cells: Cells, zone: ZoneInfo) -> Any:
    """(n,) texts (a pandas ``str`` array): "low–high" for ranges, empty where missing."""
    texts = spell_all(cells.values, cells, zone)
    if cells.high is not None:
        wide = cells.high != cells.values
        texts[wide] = pd.array(
            [f"{a}–{b}" for a, b in zip(texts[wide], spell_all(cells.high[wide], cells, zone), strict=True)],
            dtype="str",
        )
    if cells.missing is not None:
        texts[cells.missing] = ""
    return texts


def range_words(value: Range, type: str) -> str:
    """The words for a range: "range" with both its ends, or with one where the other is open.

    A double that is just outside a written end (<10) is told by that end.
    """
    if type not in ("count", "money", "number", "rate"):
        return "range"
    least, most = (0, 1) if type == "rate" else (-LIMIT, LIMIT - 1)
    if value.high >= most:
        return "range_above" if value.low != round(value.low, DIGITS) else "range_from"
    if value.low <= least:
        return "range_below" if value.high != round(value.high, DIGITS) else "range_up_to"
    return "range"


def read_back(text: str, type: str, names: Sequence[str], zone: ZoneInfo) -> Any:
    """What ``spell`` spelled, in the held form. Raises ``ValueFault`` for a text that is no such value."""
    if type == "set":
        members = [name for name in text.split(";") if name]
        unknown = [name for name in members if name not in names]
        if unknown:
            raise ValueFault(f"{unknown[0]!r} is not in the list")
        return sum(1 << names.index(name) for name in members)
    if type in ("level", "text"):
        if text not in names:
            raise ValueFault(f"{text!r} is not in the list")
        return names.index(text)
    value: Any = read_value(text, type, names=names, zone=zone)
    if value is None:
        raise ValueFault("a value is expected, there is none")
    if type in ("rate", "number"):
        return float(value)
    if isinstance(value, datetime):
        return instant(value)
    return day_number(value) if isinstance(value, date) else value


def distance(now: Array, to: Array, type: str) -> Array:
    """(n,) how far apart two held values are, as people count: yuan, percentage points, days, steps."""
    apart = np.abs(np.asarray(to, np.float64) - np.asarray(now, np.float64))
    if type == "money":
        return apart / MINOR_UNITS
    if type == "time":
        return apart / _MICROSECONDS_A_DAY
    away: Array = np.round(apart * 100 if type == "rate" else apart, _DIGITS)
    return away


#: Units of a distance that are not the column's own.
_UNITS = {"rate": "percent_points", "level": "level_steps", "day": "days_unit", "time": "days_unit"}


def unit_of_distance(book: Rulebook, column: str, lang: str) -> str:
    """The unit in which ``distance`` counts between two values of a column, as people write it."""
    quantity = book.quantity(column)
    if quantity.type in _UNITS:
        return say(_UNITS[quantity.type], lang)
    return book.header.currency if quantity.type == "money" else book.unit_label(quantity.unit, lang)
