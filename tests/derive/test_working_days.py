"""Working days counted against the published calendars of 2023-2025, make-up days included."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from campaign_analytics.derive.working_days_after import holidays, known_days, working_day_after, working_days
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.scalar import UNREAD
from campaign_analytics.rulebook.values import day_number
from tests.derive.holidays import FIRST, LAST, every_day, working
from tests.derive.rows import AS_OF, book_of, derived, market_of

BOOK = book_of(
    """
[parameters]
days = { type = "count", clause = "1", default = 3 }
counted = { type = "flag", clause = "1", default = false }
[derived.x]
table = "offers"
type = "day"
make = "working_days_after"
with = { time = "submitted_at", days = ":days", count_day = ":counted" }
""",
    "x IS NOT NULL",
)


def made(submitted: Any, as_of: datetime = AS_OF, **values: Any) -> Any:
    offers = [{"offer_id": "o", "merchant_id": "m", "submitted_at": submitted}]
    return derived(BOOK.set(values), market_of(BOOK, offers=offers), "x", as_of)[0]


def test_every_day_of_three_years_is_the_working_day_that_was_published() -> None:
    held = set(working_days().tolist())
    assert [day for day in every_day() if (day_number(day) in held) != working(day)] == []


def test_every_day_off_of_three_years_is_a_public_holiday_or_the_weekend_beside_one() -> None:
    held = set(holidays().tolist())
    assert [day for day in every_day() if day.weekday() < 5 and (day_number(day) in held) == working(day)] == []
    assert held.isdisjoint(working_days().tolist())


@pytest.mark.parametrize("count_day", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 10])
def test_the_nth_working_day_after_every_day_of_three_years(count: int, count_day: bool) -> None:
    start = [day for day in every_day() if day < date(2025, 12, 1)]
    due, known = working_day_after(np.array([day_number(day) for day in start]), count, count_day)
    assert known.all()
    for day, found in zip(start, due, strict=True):
        left, at = count, day - timedelta(days=1) if count and count_day else day
        while left:
            at += timedelta(days=1)
            left -= working(at)
        assert found == day_number(at), day


@pytest.mark.parametrize(
    ("submitted", "due"),
    [
        ("2024-02-08T10:00", date(2024, 2, 19)),  # Spring Festival: 9, 18 (a Sunday) and 19
        ("2024-02-09T10:00", date(2024, 2, 20)),
        ("2024-02-17T10:00", date(2024, 2, 20)),
        ("2024-02-02T10:00", date(2024, 2, 6)),  # the Sunday of 02-04 is worked
        ("2023-12-29T10:00", date(2024, 1, 4)),  # the turn of a year
        ("2024-02-28T23:59:59.999999", date(2024, 3, 4)),  # a leap day
        ("2024-02-29T00:00", date(2024, 3, 5)),
        ("2024-02-28T15:59:59.999999Z", date(2024, 3, 4)),  # midnight in Shanghai
        ("2024-02-28T16:00Z", date(2024, 3, 5)),
    ],
)
def test_three_working_days(submitted: str, due: date) -> None:
    assert made(submitted) == due


def test_the_day_itself_may_count_if_it_is_a_working_day() -> None:
    assert made("2024-02-28T10:00", counted=True) == date(2024, 3, 1)
    assert made("2024-02-25T10:00", counted=True) == date(2024, 2, 28)  # a Sunday
    assert made("2024-02-25T10:00", days=0) == date(2024, 2, 25)


def test_what_is_missing_or_not_understood() -> None:
    assert made(None) is None
    assert made(UNREAD) is UNREAD


def test_days_past_the_years_that_are_published_are_not_known() -> None:
    first, last = (date.fromordinal(day + date(1970, 1, 1).toordinal()) for day in known_days())
    assert first <= FIRST
    assert last >= LAST
    assert made(f"{last}T10:00") is UNREAD
    assert made(f"{first - timedelta(days=1)}T10:00") is UNREAD
    assert made(f"{first}T10:00") is not UNREAD


def test_an_assessment_past_these_years_is_refused_in_words() -> None:
    with pytest.raises(CampaignError, match=r"x: working days are known from \d+ to \d+, the assessment is of 2099-01"):
        made("2024-02-08T10:00", datetime(2099, 1, 1))
