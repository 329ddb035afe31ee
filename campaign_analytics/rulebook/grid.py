"""The places of a parameter's slider: ascending typed values, made from decimals, never by adding floats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from campaign_analytics.errors import ValueFault
from campaign_analytics.rulebook.model import Parameter
from campaign_analytics.rulebook.values import Value, read_value

MOST_PLACES = 255
_LISTED = {
    "flag": "its places are no and yes",
    "level": "its places are its list",
    "text": "its choices are its list",
    "set": "its choices are its list",
}


def places(parameter: Parameter, names: Sequence[str], zone: ZoneInfo) -> tuple[Value, ...]:
    """Every place of ``parameter``'s slider, ascending; empty where it has none (text, set, a value without bounds).

    Raises ``ValueFault`` for bounds that make no grid, or more than 255 places.
    """
    bounds = tuple(None if each == "none" else each for each in (parameter.min, parameter.max, parameter.step))
    if parameter.type in _LISTED and (bounds != (None, None, None) or parameter.stops is not None):
        raise ValueFault(f"a {parameter.type} has no bounds; {_LISTED[parameter.type]}")
    if parameter.type == "flag":
        return (False, True)
    if parameter.type == "level":
        return tuple(names)
    if parameter.stops is not None:
        if bounds != (None, None, None):
            raise ValueFault("give either stops, or min, max and step")
        return _ascending([read_value(stop, parameter.type, names=names, zone=zone) for stop in parameter.stops])
    if bounds == (None, None, None):
        return ()
    if None in bounds:
        absent = ", ".join(name for name, bound in zip(("min", "max", "step"), bounds, strict=True) if bound is None)
        raise ValueFault(f"min, max and step go together; {absent} is missing")
    if parameter.type == "time":
        raise ValueFault("a time has no even steps; give stops")
    return _even(parameter, zone)


def _even(parameter: Parameter, zone: ZoneInfo) -> tuple[Value, ...]:
    low: Any = read_value(parameter.min, parameter.type, zone=zone)
    high: Any = read_value(parameter.max, parameter.type, zone=zone)
    days = parameter.type == "day"
    step: Any = read_value(parameter.step, "count" if days else parameter.type, zone=zone)
    if isinstance(low, date):
        high, step = (high - low).days, int(step)
    else:
        high -= low
    if step <= 0 or high <= 0:
        raise ValueFault("min must be below max, and step above 0")
    count = Decimal(high) / Decimal(step)
    if count != count.to_integral_value():
        raise ValueFault("max is not a whole number of steps above min")
    if count >= MOST_PLACES:
        raise ValueFault(
            f"has {int(count) + 1} places; at most {MOST_PLACES} are allowed: take a larger step, or stops"
        )
    if isinstance(low, date):
        return tuple(low + timedelta(days=i * step) for i in range(int(count) + 1))
    return tuple(low + i * step for i in range(int(count) + 1))


def _ascending(stops: list[Any]) -> tuple[Value, ...]:
    if len(stops) < 2 or any(stop is None for stop in stops) or any(a >= b for a, b in pairwise(stops)):
        raise ValueFault("stops must be at least two values, ascending, each once")
    if len(stops) > MOST_PLACES:
        raise ValueFault(f"has {len(stops)} stops; at most {MOST_PLACES} are allowed")
    return tuple(stops)
