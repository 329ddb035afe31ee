"""One spelling of a value each: what stands in a rulebook, after ``--set`` or in a scenario becomes a typed value,
and back.

Typed values: flag ``bool``; count ``int``; number and rate ``Decimal`` (0.9 for "90%"); money ``int`` in minor units
(fen); level and text ``str``; set ``frozenset[str]``; day ``date``; time ``datetime`` in the rulebook's zone. ``None``
is "not set".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from campaign_analytics.errors import ValueFault

Value: TypeAlias = "bool | int | Decimal | str | frozenset[str] | date | datetime"

#: ``max_return_rate[kitchen]``: one value of a parameter that varies by column.
ONE_VALUE = re.compile(r"(?P<name>[^\[\]]+)\[(?P<of>[^\[\]]+)\]")
#: Minor units in one unit of a currency (fen in a yuan).
MINOR_UNITS = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_DIGITS = 28  # so many are exact in decimal arithmetic
_YES_NO = {"true": True, "false": False}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` where one of ``known`` is near ``word``, else the empty string."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def read_value(raw: Any, type: str, *, names: Sequence[str] = (), zone: ZoneInfo) -> Value | None:
    """Read one value of ``type`` as TOML, a command line or a caller gives it; ``None`` and ``"none"`` mean not set.

    ``names`` are the values of the type's list (level, text, set). Raises ``ValueFault`` that says what is expected.
    """
    if raw is None or raw == "none":
        return None
    if type == "flag":
        return _flag(raw)
    if type in ("count", "number", "rate", "money"):
        return _amount(raw, type)
    if type in ("level", "text"):
        return _name(str(raw), names)
    if type == "set":
        parts = re.split(r"[,，、]", raw) if isinstance(raw, str) else raw
        if not isinstance(parts, Iterable) or isinstance(parts, Mapping):
            raise ValueFault(f"{raw!r} is no list of names")
        return frozenset(_name(str(part).strip(), names) for part in parts if str(part).strip())
    return _day(raw) if type == "day" else _time(raw, zone)


def _flag(raw: Any) -> bool:
    value = _YES_NO.get(raw.strip().lower(), raw) if isinstance(raw, str) else raw
    if not isinstance(value, bool):
        raise ValueFault(f"{raw!r} is no flag; write true or false")
    return value


def _amount(raw: Any, type: str) -> int | Decimal:
    text = str(raw).strip()
    percent = type == "rate" and text.endswith("%")
    try:
        if isinstance(raw, bool):
            raise InvalidOperation
        number = Decimal(text.removesuffix("%") if percent else text)
    except InvalidOperation:
        spelling = {"rate": '"90%" or 0.9', "money": "3000 or 12.50", "count": "60", "number": "4.5"}[type]
        raise ValueFault(f"{raw!r} is no {type}; write it like {spelling}") from None
    if not number.is_finite():
        raise ValueFault(f"{raw!r} is no {type}: it must be finite")
    _, digits, exponent = number.as_tuple()
    if number.adjusted() >= 15:
        raise ValueFault(f"{raw!r} is no {type}: it is too large")
    if len(digits) > _MOST_DIGITS or int(exponent) < -_MOST_DIGITS:
        raise ValueFault(f"{raw!r} is no {type}: it has too many digits")
    if type == "rate":
        return number / 100 if percent else number
    if type == "number":
        return number
    whole = number * MINOR_UNITS if type == "money" else number
    if whole != whole.to_integral_value():
        raise ValueFault(f"{raw!r} is no {type}: it has parts of a {'fen' if type == 'money' else 'whole'}")
    return int(whole)


def _name(text: str, names: Sequence[str]) -> str:
    if names and text not in names:
        some = "、".join(names[:12]) + (" …" if len(names) > 12 else "")
        raise ValueFault(f"{text!r} is not in the list ({some}){did_you_mean(text, names)}")
    return text


def _day(raw: Any) -> date:
    if isinstance(raw, datetime):
        raise ValueFault(f"{raw} is a time; a day is expected, such as 2031-05-31")
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw).strip())
    except ValueError:
        raise ValueFault(f"{raw!r} is no day; write it like 2031-05-31") from None


def _time(raw: Any, zone: ZoneInfo) -> datetime:
    try:
        if isinstance(raw, datetime):
            time = raw
        elif isinstance(raw, date):
            time = datetime(raw.year, raw.month, raw.day)
        else:
            time = datetime.fromisoformat(str(raw).strip())
        return time.astimezone(zone) if time.tzinfo else time.replace(tzinfo=zone)
    except (ValueError, OverflowError):  # Overflow: in the zone it is before the year 1 or after 9999
        raise ValueFault(f"{raw!r} is no time; write it like 2031-05-31T00:00:00") from None


def day_number(day: date) -> int:
    """Days since 1970-01-01, the held form of a day."""
    return (day - EPOCH.date()).days


def instant(time: datetime) -> int:
    """UTC microseconds since 1970-01-01, the held form of a time."""
    return (time - EPOCH) // _MICROSECOND


def show_value(value: Value | None, type: str, *, unit: str = "", lang: str = "en", names: Sequence[str] = ()) -> str:
    """A typed value as people write it: 90%, 3,000 CNY, 12.50 CNY, L2, 2024-03-06 00:00.

    Sets come in the order of ``names``. ``unit`` is the quantity's unit, for money the currency.
    """
    if value is None:
        return "未设定" if lang == "zh" else "not set"
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if type == "rate" and isinstance(value, Decimal):
        return f"{_plain(value * 100)}%"
    if type == "money" and isinstance(value, int):
        text = f"{Decimal(value) / MINOR_UNITS:,.{2 if value % MINOR_UNITS else 0}f}"
    elif isinstance(value, frozenset):
        ordered = [name for name in names if name in value] or sorted(value)
        return ("、" if lang == "zh" else ", ").join(ordered)
    elif isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M" + (":%S" if value.second or value.microsecond else ""))
    elif isinstance(value, Decimal):
        text = _plain(value)
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        return str(value)
    return f"{text} {unit}".rstrip()


def _plain(number: Decimal) -> str:
    return f"{number.normalize():,f}"
