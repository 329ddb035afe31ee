"""Typed values on their scales: where they stand, and what they come to when they are moved."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from campaign_analytics.rulebook.tree import Kind
from campaign_analytics.rulebook.values import instant


def moved(day: date, days: Any, op: str) -> date:
    """A day some days later, or earlier."""
    return day + timedelta(days=int(days)) * (1 if op == "+" else -1)


def position(value: Any, kind: Kind) -> Fraction:
    """Where a typed value stands on its scale, so that two can be subtracted."""
    if kind.type == "level":
        return Fraction(kind.names.index(value))
    if isinstance(value, datetime):
        return Fraction(instant(value))
    if isinstance(value, date):
        return Fraction(value.toordinal())
    if isinstance(value, timedelta):
        return Fraction(value.days)
    return Fraction(value)


def decimal(number: Fraction) -> Decimal:
    """A fraction as people write numbers."""
    return Decimal(number.numerator) / Decimal(number.denominator)
