"""By when to submit: counted back over China's working days, in the campaign's own zone."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics import load_rulebook
from campaign_analytics.assess.deadlines import days_left, deadlines, submission_deadlines
from campaign_analytics.rulebook.book import Rulebook
from tests.assess.good import assessed
from tests.derive.holidays import working

CHINA = ZoneInfo("Asia/Shanghai")


def the_book() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_rulebook("spring_2024")


BOOK = the_book()


def test_the_three_readings_of_the_notice() -> None:
    table = deadlines(BOOK, datetime(2024, 2, 26, 10, tzinfo=CHINA))
    assert table["submit_by"].dt.strftime("%m-%d").tolist() == ["02-27", "02-28", "02-29"]
    assert table["needed_by"].dt.strftime("%m-%d").tolist() == ["03-03", "03-04", "03-05"]
    assert table["days_left"].tolist() == [1, 2, 3]
    assert table["in_force"].tolist() == [True, False, False]
    assert table["reading"].tolist() == [
        "for a review before the campaign starts",
        "for sure days on the venue: 1",
        "for a review before the campaign ends",
    ]
    assert set(table["clause"]) == {"二.4"}


def test_without_a_moment_no_days_are_left_to_count() -> None:
    assert deadlines(BOOK)["days_left"].isna().all()


@pytest.mark.parametrize(
    ("as_of", "left"),
    [
        ("2024-02-26T00:00:00+08:00", 2),
        ("2024-02-26T00:00:01+08:00", 1),
        ("2024-02-27T00:00:00+08:00", 1),
        ("2024-02-27T23:59:59+08:00", 0),
        ("2024-02-28T00:00:00+08:00", 0),  # the very end of the last day
        ("2024-02-28T00:00:01+08:00", -1),
        ("2024-02-27T15:59:59+00:00", 0),
        ("2024-02-27T16:00:01+00:00", -1),
    ],
)
def test_days_left_on_both_sides_of_midnight(as_of: str, left: int) -> None:
    moment = datetime.fromisoformat(as_of)
    assert days_left(BOOK, moment) == left
    assert deadlines(BOOK, moment)["days_left"].iloc[0] == left


def test_parameters_move_the_deadlines() -> None:
    def submit(**values: object) -> list[str]:
        held = submission_deadlines(BOOK.set(values))
        return [f"{each.submit_by:%m-%d}" for each in held if each.in_force]

    assert submit(review_needed_by="2024-03-04") == ["02-28"]
    assert submit(review_working_days=1) == ["02-29"]  # a Thursday: a day later it would be over on Monday
    assert submit(review_working_days=0) == ["03-03"]
    assert submit(count_submission_day=True) == ["02-28"]
    assert submit(review_needed_by="2024-02-19") == ["02-08"]  # over Spring Festival, with the Sunday of 02-18
    assert submit(review_needed_by="2024-02-20") == ["02-17"]


def test_a_rule_that_is_off_has_no_deadline() -> None:
    off = BOOK.switch({"review_in_time": "off"})
    assert submission_deadlines(off) == ()
    assert len(deadlines(off)) == 0
    assert deadlines(off).dtypes.to_dict() == deadlines(BOOK).dtypes.to_dict()
    assert days_left(off, datetime(2024, 2, 26, tzinfo=CHINA)) == 7  # the start of the campaign


def test_past_the_years_that_are_published_nothing_is_said() -> None:
    later = BOOK.set(review_needed_by="2099-03-03")
    assert pd.isna(deadlines(later)["submit_by"].iloc[-1])
    assert days_left(later, datetime(2024, 2, 26, tzinfo=UTC)) == 6


@given(st.dates(date(2023, 3, 1), date(2025, 12, 1)), st.integers(0, 12), st.booleans())
def test_the_last_day_whose_working_days_are_over_in_time(needed: date, days: int, count_day: bool) -> None:
    book = BOOK.set(review_needed_by=needed, review_working_days=days, count_submission_day=count_day)
    (held,) = [each for each in submission_deadlines(book) if each.in_force]
    assert held.submit_by is not None

    def over(submitted: date) -> date:
        left, day = days, submitted - timedelta(days=1 if count_day and days else 0)
        while left:
            day += timedelta(days=1)
            left -= working(day)
        return day

    assert over(held.submit_by) <= needed < over(held.submit_by + timedelta(days=1))


def test_the_headline_says_by_when() -> None:
    told = assessed(BOOK, [{}], as_of=datetime(2024, 2, 26)).headline()
    assert "Submit by 2024-02-27 (full days left: 2) for a review before the campaign starts (二.4)" in told
    over = assessed(BOOK, [{}], as_of=datetime(2024, 2, 29)).headline("zh")
    assert "最晚提交日 2024-02-27 已过" in over
