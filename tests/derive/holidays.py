"""China's public holidays and make-up working days of 2023-2025, as the State Council published them."""

from __future__ import annotations

from datetime import date, timedelta

#: First and last day off.
OFF = """
2023-01-01 2023-01-02  2023-01-21 2023-01-27  2023-04-05 2023-04-05  2023-04-29 2023-05-03  2023-06-22 2023-06-24
2023-09-29 2023-10-06
2024-01-01 2024-01-01  2024-02-10 2024-02-17  2024-04-04 2024-04-06  2024-05-01 2024-05-05  2024-06-10 2024-06-10
2024-09-15 2024-09-17  2024-10-01 2024-10-07
2025-01-01 2025-01-01  2025-01-28 2025-02-04  2025-04-04 2025-04-06  2025-05-01 2025-05-05  2025-05-31 2025-06-02
2025-10-01 2025-10-08
"""
#: Days of weekends that are worked.
MAKE_UP = """
2023-01-28 2023-01-29 2023-04-23 2023-05-06 2023-06-25 2023-10-07 2023-10-08
2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12
2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11
"""

FIRST, LAST = date(2023, 1, 1), date(2025, 12, 31)
_ENDS = [date.fromisoformat(day) for day in OFF.split()]
_SPANS = list(zip(_ENDS[::2], _ENDS[1::2], strict=True))
_WORKED = {date.fromisoformat(day) for day in MAKE_UP.split()}


def working(day: date) -> bool:
    """Whether a day of these three years is a working day."""
    assert FIRST <= day <= LAST
    return day in _WORKED or (day.weekday() < 5 and not any(first <= day <= last for first, last in _SPANS))


def every_day() -> list[date]:
    return [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
