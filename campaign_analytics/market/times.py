"""Days and times, from distinct texts to days since 1970-01-01 or microseconds of UTC."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.market.decimals import TENS, plain_decimals
from campaign_analytics.market.marks import load_marks, narrowed, plainly
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.reading import Reading, read_one_by_one
from campaign_analytics.market.schema import Array
from campaign_analytics.market.texts import Texts

NOT_A_DATE = Reason("missing", "not understood as a date")
WHICH_PART = Reason("missing", "which part is the day? write the year first, in four digits: 2024-03-05")
WHICH_HALF = Reason("missing", "noon or midnight? write hours from 0 to 23")
WHICH_COUNT = Reason("missing", "days or seconds since when? say which in market.toml: [units]")
AHEAD = Reason("doubted", "after the day of the data")

#: What bare numbers may count, and how many of it are in a day: days of a spreadsheet, seconds, milliseconds.
_COUNTED = {"serial": 1, "seconds": 86_400, "milliseconds": 86_400_000}
NUMBERED = tuple(_COUNTED)
#: How a column's bare numbers were settled, for each of these.
SETTLED = {
    "serial": Reason("settled", "bare numbers are days of a spreadsheet, counted from 1900"),
    "seconds": Reason("settled", "bare numbers are seconds since 1970"),
    "milliseconds": Reason("settled", "bare numbers are milliseconds since 1970"),
}
_SPREADSHEET_EPOCH = (datetime(1970, 1, 1) - datetime(1899, 12, 30)).days
_FROM_1900_TO_1904 = (datetime(1904, 1, 1) - datetime(1899, 12, 30)).days
_SERIAL = r"^[0-9]{5}(?:\.[0-9]+)?$"
#: Days of 1990 to 2099, since 1970: those that bare numbers may mean. The three kinds of them are far apart.
_POSSIBLE = range(7_305, 47_482)

_PLAIN = r"^(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)?$"
_FINE = r"^([0-9]{5}\.[0-9]{10})[0-9]{1,20}$"
_ZONE = r"(?P<zone>z|[+-]\d{2}:?\d{2})?"
#: As texts stand when ``marks.toml`` has put signs for words: 2024年3月5日 下午3时 is 2024-3-5 pm3:
_WRITTEN = re.compile(
    r"(?P<y>(?:19|20|21)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"(?:[ t,]\s*"
    r"(?P<half>early|morning|am|noon|pm|night)?\s*(?P<H>\d{1,2}):"
    r"(?:(?P<M>\d{1,2})(?::(?:(?P<S>\d{1,2})(?:\.(?P<f>\d{1,9}))?)?)?)?"
    rf"\s*(?P<behind>am|pm)?)?\s*{_ZONE}",
    re.ASCII,
)
_DIGITS = re.compile(
    rf"(?P<y>(?:19|20|21)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)(?P<f>\d{{3}})?)?{_ZONE}",
    re.ASCII,
)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})[-/.](?P<y>(?:19|20|21)\d\d)(?P<time>\D.*)?", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{2}[-/.]\d{1,2}[-/.]\d{1,2}(?:\D.*)?", re.ASCII)
_LONGEST = 60


def read_times(
    texts: pa.StringArray, type: Literal["day", "time"], zone: ZoneInfo, counts: Array | None = None, declared: str = ""
) -> Reading:
    """Days, or instants; what names no zone is a time of ``zone``, and so is the day.

    What bare numbers count is settled once for the column: ``declared`` (one of ``NUMBERED``), or else by their size;
    where a column has several kinds, none of them is sure.
    """
    plain = np.asarray(pc.match_substring_regex(texts, _PLAIN))
    values = np.zeros(len(texts), np.int64)
    local = pd.to_datetime(
        pd.Series(texts.filter(pa.array(plain)).to_pylist(), dtype=object), format="ISO8601", errors="coerce"
    ).astype("datetime64[us]")
    numbers = _held(local, type, zone)
    real = ~np.isnat(numbers)
    places = np.flatnonzero(plain)
    values[places[real]] = numbers[real].astype(np.int64)
    plain[places[~real]] = False  # no such day: said below
    _slashed(texts, values, plain, type, zone)
    kinds, amounts = _numbered(texts)
    found = [kind for kind in range(len(NUMBERED)) if (kinds == kind).any()]
    settled = NUMBERED.index(declared) if declared else found[0] if len(found) == 1 else -1
    sure = (kinds == settled) & (kinds >= 0)
    if settled >= 0:
        plain |= _of_numbers(values, amounts, sure, NUMBERED[settled], type, zone)

    def one(text: str) -> tuple[int | None, Reason | None]:
        time, reason = _time_of(text, zone)
        if time is None:
            return None, reason
        if type == "day":
            return time.astimezone(zone).toordinal() - _EPOCH_DAY, None
        return _micros(time), None

    unsure = (kinds >= 0) & ~sure
    reading = read_one_by_one(texts, values, plain | unsure, one)
    reading.note(WHICH_COUNT, np.flatnonzero(unsure))
    if sure.any():
        weights = np.ones(len(texts), np.int64) if counts is None else counts
        cells = int(weights[sure].sum())
        reading.remark = SETTLED[NUMBERED[settled]], cells, ""
    return reading


def _held(local: pd.Series[Any], type: str, zone: ZoneInfo) -> Array:
    """Times of ``zone`` as instants, or as their days; NaT where the clock has no such time."""
    if type == "day":
        days: Array = local.to_numpy().astype("datetime64[D]")
        return days
    first = np.ones(len(local), bool)  # of an hour that a clock shows twice, the first
    there = local.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT").dt.tz_convert("UTC").dt.tz_localize(None)
    instants: Array = there.to_numpy().astype("datetime64[us]")
    return instants


def _slashed(texts: pa.StringArray, values: Array, plain: Array, type: str, zone: ZoneInfo) -> None:
    """Fill in ``values`` of dates such as 2024/3/5 9:05 and 2024年3月5日, in arrays, and make them ``plain``."""
    rest = np.flatnonzero(~plain)
    if not len(rest):
        return
    found = pc.extract_regex(narrowed(texts.take(pa.array(rest))), _dated())
    there = np.flatnonzero(found.is_valid())
    parts = found.take(pa.array(there))
    year, month, day, hour, minute, second = (
        np.asarray(pc.cast(pc.replace_substring_regex(parts.field(name), "^$", "0"), pa.int64())) for name in "ymdHMS"
    )
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    real &= (hour < 24) & (minute < 60) & (second < 60)
    seconds = days.astype("datetime64[s]") + (hour * 3600 + minute * 60 + second)
    held = _held(pd.Series(seconds.astype("datetime64[us]")), type, zone)
    real &= ~np.isnat(held)
    values[rest[there[real]]] = held[real].astype(np.int64)
    plain[rest[there[real]]] = True


@cache
def _dated() -> str:
    signs: dict[str, str] = {}
    for word, sign in load_marks().dates.items():
        signs[sign] = signs.get(sign, "") + (word if len(word) == 1 else "")
    between = f"[-/.{signs['-']}]"
    return (
        rf"^(?P<y>(?:19|20|21)[0-9]{{2}}){between}(?P<m>[0-9]{{1,2}}){between}(?P<d>[0-9]{{1,2}})[{signs[' ']}]?"
        r"(?:[ T]+(?P<H>[0-9]{1,2}):(?P<M>[0-9]{1,2})(?::(?P<S>[0-9]{1,2}))?)?$"
    )


def _numbered(texts: pa.StringArray) -> tuple[Array, Array]:
    """(n,) which of ``NUMBERED`` each text may be (-1 = none), and the number that it is."""
    short = pc.replace_substring_regex(texts, _FINE, r"\1")  # a serial with more digits than milliseconds have
    digits, places, plain = plain_decimals(short)
    amounts = digits / TENS[places]
    kinds = np.full(len(texts), -1)
    for kind, (name, a_day) in enumerate(_COUNTED.items()):
        days = amounts / a_day - (_SPREADSHEET_EPOCH if name == "serial" else 0)
        kinds[plain & (days >= _POSSIBLE.start) & (days < _POSSIBLE.stop)] = kind
    return kinds, amounts


def _of_numbers(values: Array, amounts: Array, which: Array, kind: str, type: str, zone: ZoneInfo) -> Array:
    """Fill in ``values`` of the numbers ``which`` are of one kind; (n,) bool, those that a clock shows."""
    milliseconds = amounts[which] if kind == "milliseconds" else amounts[which] * (86_400_000 / _COUNTED[kind])
    if kind == "serial":
        milliseconds -= _SPREADSHEET_EPOCH * 86_400_000
    times = pd.Series(np.round(milliseconds).astype(np.int64).astype("datetime64[ms]").astype("datetime64[us]"))
    if kind == "serial":
        held = _held(times, type, zone)
    elif type == "time":
        held = times.to_numpy()
    else:
        held = _held(times.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None), type, zone)
    shown = np.zeros(len(values), bool)
    shown[which] = ~np.isnat(held)
    values[shown] = held[~np.isnat(held)].astype(np.int64)
    return shown


def since_1900(texts: Texts) -> Texts:
    """Bare numbers of days that a spreadsheet counts from 1904, as all others count them."""
    held = texts.distinct.to_pylist()
    for place in np.flatnonzero(np.asarray(pc.match_substring_regex(texts.distinct, _SERIAL))).tolist():
        whole, dot, rest = held[place].partition(".")
        held[place] = f"{int(whole) + _FROM_1900_TO_1904}{dot}{rest}"
    return Texts(texts.codes, pa.array(held, pa.string()))


def ahead_of(values: Array, type: str, moment: datetime, zone: ZoneInfo) -> Any:
    """(n,) bool: which days or instants lie after ``moment``."""
    if type == "day":
        return values > moment.astimezone(zone).toordinal() - _EPOCH_DAY
    return values > _micros(moment)


_EPOCH_DAY = datetime(1970, 1, 1).toordinal()


def _micros(time: datetime) -> int:
    from campaign_analytics.rulebook.values import instant

    return instant(time)


def _time_of(text: str, zone: ZoneInfo) -> tuple[datetime | None, Reason]:
    """The time that a text spells, in its own zone or else in ``zone``; None where there is none, and why."""
    if len(text) > _LONGEST:
        return None, NOT_A_DATE
    text = plainly(text)
    for word, sign in load_marks().dates.items():
        text = text.replace(word, sign)
    last = _YEAR_LAST.fullmatch(text.strip())
    if last:
        one, two = int(last["one"]), int(last["two"])
        day, month = (one, two) if one > 12 else (two, one)
        if day <= 12 and one != two:
            return None, WHICH_PART
        text = f"{last['y']}-{month}-{day}{last['time'] or ''}"
    found = _WRITTEN.fullmatch(text.strip()) or _DIGITS.fullmatch(text)
    if not found:
        return None, WHICH_PART if _SHORT_YEAR.fullmatch(text) else NOT_A_DATE
    parts = found.groupdict()
    hour = _hour(int(parts["H"] or 0), parts.get("half") or parts.get("behind") or "")
    if hour is None:
        return None, WHICH_HALF
    fraction = (parts["f"] or "").ljust(6, "0")[:6]
    year, month, day, minute, second = (int(parts[name] or 0) for name in "ymdMS")
    offset = (parts["zone"] or "").replace("z", "+00:00")
    try:
        time = datetime(year, month, day, hour, minute, second, int(fraction))
        return datetime.fromisoformat(time.isoformat() + offset) if offset else time.replace(tzinfo=zone), NOT_A_DATE
    except ValueError:
        return None, NOT_A_DATE


def _hour(hour: int, half: str) -> int | None:
    """The hour from 0 to 23 of an hour in a part of the day; None where that may be two, or none.

    12 in the morning and at night are written for noon and for midnight alike.
    """
    if not half:
        return hour
    if half in ("am", "early"):
        return hour % 12 if hour <= 12 else None
    if half == "noon":
        return hour + 12 if hour in (1, 2) else hour if 11 <= hour <= 14 else None
    if half == "morning":
        return hour if hour < 12 else None
    if half == "night":
        return hour + 12 if 6 <= hour < 12 else hour if hour >= 18 else None
    return hour + 12 if 0 < hour < 12 else hour or None
