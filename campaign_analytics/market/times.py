"""Days and times, from distinct texts to days since 1970-01-01 or microseconds of UTC."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.marks import load_marks, narrow
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.reading import Reading, read_one_by_one
from campaign_analytics.market.schema import Array

NOT_A_DATE = Reason("missing", "not understood as a date")
AHEAD = Reason("doubted", "after the day of the data")

_PLAIN = r"^(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)?$"
_WRITTEN = re.compile(
    r"(?P<y>(?:19|20|21)\d{2})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"(?:[ T]+(?P<H>\d{1,2}):(?P<M>\d{1,2})(?::(?P<S>\d{1,2})(?:\.(?P<f>\d{1,9}))?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_DIGITS = re.compile(
    r"(?P<y>(?:19|20|21)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2}))?(?P<f>)(?P<zone>)",
    re.ASCII,
)
_LONGEST = 60


def read_times(texts: pa.StringArray, type: Literal["day", "time"], zone: ZoneInfo) -> Reading:
    """Days, or instants; what names no zone is a time of ``zone``, and so is the day."""
    plain = np.asarray(pc.match_substring_regex(texts, _PLAIN))
    values = np.zeros(len(texts), np.int64)
    local = pd.to_datetime(
        pd.Series(texts.filter(pa.array(plain)).to_pylist(), dtype=object), format="ISO8601", errors="coerce"
    ).astype("datetime64[us]")
    if type == "time":
        first = np.ones(len(local), bool)  # of an hour that a clock shows twice, the first
        held = local.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT").dt.tz_convert("UTC").dt.tz_localize(None)
        numbers = held.to_numpy().astype("datetime64[us]")
    else:
        numbers = local.to_numpy().astype("datetime64[D]")
    real = ~np.isnat(numbers)
    places = np.flatnonzero(plain)
    values[places[real]] = numbers[real].astype(np.int64)
    plain[places[~real]] = False  # no such day: said below

    def one(text: str) -> tuple[int | None, Reason | None]:
        time = _time_of(narrow(text), zone)
        if time is None:
            return None, NOT_A_DATE
        if type == "day":
            return time.astimezone(zone).toordinal() - _EPOCH_DAY, None
        return _micros(time), None

    return read_one_by_one(texts, values, plain, one)


def ahead_of(values: Array, type: str, moment: datetime, zone: ZoneInfo) -> Any:
    """(n,) bool: which days or instants lie after ``moment``."""
    if type == "day":
        return values > moment.astimezone(zone).toordinal() - _EPOCH_DAY
    return values > _micros(moment)


_EPOCH_DAY = datetime(1970, 1, 1).toordinal()


def _micros(time: datetime) -> int:
    from campaign_analytics.rulebook.values import instant

    return instant(time)


def _time_of(text: str, zone: ZoneInfo) -> datetime | None:
    """The time that a narrow text spells, in its own zone or else in ``zone``; None where there is none."""
    if len(text) > _LONGEST:
        return None
    for word, between in load_marks().dates.items():
        text = text.replace(word, between)
    found = _WRITTEN.fullmatch(text.strip()) or _DIGITS.fullmatch(text)
    if not found:
        return None
    fraction = (found["f"] or "").ljust(6, "0")[:6]
    year, month, day, hour, minute, second = (int(found[name] or 0) for name in "ymdHMS")
    offset = (found["zone"] or "").replace("Z", "+00:00")
    try:
        time = datetime(year, month, day, hour, minute, second, int(fraction))
        return datetime.fromisoformat(time.isoformat() + offset) if offset else time.replace(tzinfo=zone)
    except ValueError:
        return None
