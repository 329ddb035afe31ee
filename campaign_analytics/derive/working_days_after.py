"""``working_days_after``: the day on which a number of China's working days have passed since a moment."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from campaign_analytics.derive.day_of import days_of
from campaign_analytics.derive.making import Made, Making
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.values import day_number


def make(making: Making) -> Made:
    """The ``days``-th working day after the day of ``time``, counting public holidays and make-up working days.

    With ``count_day`` that day itself counts, if it is a working day. 0 days: the day itself. A day past the years of
    which the calendar is published is not known. Raises ``CampaignError`` where the assessment itself is past them.
    """
    time = making.column("time")
    assert time is not None
    first, last = known_days()
    today = day_number(making.moment.as_of.date())
    if not first <= today <= last:
        raise CampaignError(
            f"{making.name}: working days are known from {_year(first)} to {_year(last)}, the assessment is of "
            f"{making.moment.as_of:%Y-%m-%d}; a newer release of the package chinesecalendar may know it"
        )
    started = days_of(time, making.book.zone)
    due, known = working_day_after(started.values, int(making.argument("days")), bool(making.argument("count_day")))
    missing = ~known if started.missing is None else started.missing | ~known
    unread = missing & ~started.blank
    return Made(Cells.make("day", np.where(missing, 0, due), missing, unread=unread))


def working_day_after(days: Array, count: int, count_day: bool = False) -> tuple[Array, Array]:
    """(n,) the ``count``-th working day after each of ``days`` (numbers since 1970-01-01), and whether it is known."""
    started = days.astype(np.int64)
    if count == 0:
        return started, np.ones(len(started), bool)
    working = working_days()
    place = np.searchsorted(working, started, side="left" if count_day else "right") + count - 1
    known = (started >= known_days()[0]) & (place < len(working))
    return working[np.minimum(place, len(working) - 1)], known


@cache
def working_days() -> Array:
    """Every working day of the years that are published, ascending, as days since 1970-01-01."""
    from chinese_calendar import get_workdays

    first, last = (date.fromordinal(day + date(1970, 1, 1).toordinal()) for day in known_days())
    return np.array([day_number(day) for day in get_workdays(first, last)])


@cache
def holidays() -> Array:
    """Every day of a public holiday of these years, ascending, as days since 1970-01-01."""
    from chinese_calendar.constants import holidays

    return np.array(sorted(map(day_number, holidays)))


@cache
def known_days() -> tuple[int, int]:
    """The first and the last day of the years of which public holidays and make-up days are published."""
    from chinese_calendar.constants import holidays

    return day_number(date(min(holidays).year, 1, 1)), day_number(date(max(holidays).year, 12, 31))


def _year(day: int) -> int:
    return date.fromordinal(day + date(1970, 1, 1).toordinal()).year
