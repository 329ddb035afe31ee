"""Whole calendar months: counted back with month ends clamped; and since a merchant's latest event."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.derive.months_since_event import NEVER, months_between
from campaign_analytics.market.schema import Declared
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.values import day_number
from tests.derive.rows import book_of, derived, market_of

# ---- months between two days


def months(earlier: date, later: date) -> int:
    return int(months_between(np.array([day_number(earlier)]), np.array([day_number(later)]))[0])


def back(day: date, months: int) -> date:
    """The day so many months before (after, where negative); the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


KNOWN = [
    ("2024-02-26", "2024-02-26", 0),
    ("2024-02-25", "2024-02-26", 0),
    ("2024-01-27", "2024-02-26", 0),
    ("2024-01-26", "2024-02-26", 1),
    ("2023-11-27", "2024-02-26", 2),
    ("2023-11-26", "2024-02-26", 3),  # exactly three months
    ("2023-11-25", "2024-02-26", 3),
    ("2022-02-26", "2024-02-26", 24),
    # month ends clamp: three months before the 31st of May is the last of February
    ("2024-02-29", "2024-05-31", 3),
    ("2024-03-01", "2024-05-31", 2),
    ("2023-02-28", "2023-05-29", 3),
    ("2024-01-31", "2024-02-29", 0),  # one month before the 29th is the 29th of January
    ("2024-01-30", "2024-02-29", 0),
    ("2024-01-29", "2024-02-29", 1),
    ("2023-12-31", "2024-02-29", 1),
    ("2023-11-30", "2024-02-29", 2),
    # later than the day itself: it lies ahead
    ("2024-02-27", "2024-02-26", -1),
    ("2024-03-26", "2024-02-26", -1),
    ("2024-03-27", "2024-02-26", -2),
    # before 1970
    ("1969-11-30", "1970-02-28", 2),
    ("1969-11-28", "1970-02-28", 3),
]


@pytest.mark.parametrize(("earlier", "later", "expected"), KNOWN)
def test_months_between(earlier: str, later: str, expected: int) -> None:
    assert months(date.fromisoformat(earlier), date.fromisoformat(later)) == expected


days = st.dates(date(1960, 1, 1), date(2060, 12, 31))


@given(earlier=days, later=days)
def test_the_most_months_that_one_can_go_back_without_passing_the_event(earlier: date, later: date) -> None:
    found = months(earlier, later)
    assert back(later, found) >= earlier
    assert back(later, found + 1) < earlier


# ---- months since an event

OWN = """
[derived.since]
table = "merchants"
type = "count"
unit = "months"
make = "months_since_event"
[derived.since.with]
table = "penalties"
date = "penalty_date"
at = "day"
where = "penalty_severity >= :least AND penalty_status <> '已撤销' AND (:appealed OR penalty_status <> '申诉中')"
[derived.day]
table = "merchants"
type = "day"
make = "day_of"
with = { time = "as_of" }
[parameters]
least = { type = "level", of = "penalty_severities", clause = "1", default = "严重" }
appealed = { type = "flag", clause = "1", default = true }
months = { type = "count", unit = "months", clause = "1", default = 3 }
"""
SEVERE = {"penalty_severity": "严重", "penalty_status": "生效"}
CLEAN = Declared(penalty_feed_complete=True)


@pytest.fixture(scope="module")
def own() -> Rulebook:
    return book_of(OWN, "since >= :months")


def since(book: Rulebook, *records: dict[str, Any], declared: Declared = CLEAN) -> Any:
    penalties = [{"merchant_id": "m", **record} for record in records]
    market = market_of(book, declared, merchants=[{"merchant_id": "m"}], penalties=penalties)
    (value,) = derived(book, market, "since")
    return value


RECORDS: list[tuple[str, list[dict[str, Any]], Any]] = [
    ("none at all", [], NEVER),
    ("on the day itself", [{"penalty_date": "2024-02-26"}], 0),
    ("within three months", [{"penalty_date": "2023-11-27"}], 2),
    ("exactly three months before", [{"penalty_date": "2023-11-26"}], 3),
    ("the latest of several", [{"penalty_date": f"{year}-01-01"} for year in (2022, 2024, 2023)], 1),
    ("after the day", [{"penalty_date": "2024-02-27"}], NEVER),
    ("after the day, and before", [{"penalty_date": "2024-02-27"}, {"penalty_date": "2023-01-01"}], 13),
    ("not severe enough", [{"penalty_date": "2024-02-01", "penalty_severity": "一般"}], NEVER),
    ("more than severe", [{"penalty_date": "2024-02-01", "penalty_severity": "特别严重"}], 0),
    ("revoked", [{"penalty_date": "2024-02-01", "penalty_status": "已撤销"}], NEVER),
    ("served", [{"penalty_date": "2024-02-01", "penalty_status": "已结束"}], 0),
    ("under appeal", [{"penalty_date": "2024-02-01", "penalty_status": "申诉中"}], 0),
    ("without a date", [{"penalty_date": None}], (0, NEVER)),
    ("without a date, and one with", [{"penalty_date": None}, {"penalty_date": "2023-12-01"}], (0, 2)),
    ("of unknown severity", [{"penalty_date": "2023-12-01", "penalty_severity": None}], (2, NEVER)),
    ("of unknown severity, long ago", [{"penalty_date": "2020-02-26", "penalty_severity": None}], (48, NEVER)),
    ("of unknown status", [{"penalty_date": "2023-12-01", "penalty_status": None}], (2, NEVER)),
    ("revoked, of no severity", [{"penalty_severity": None, "penalty_status": "已撤销"}], NEVER),
]  # fmt: skip


@pytest.mark.parametrize(("name", "records", "expected"), RECORDS, ids=[row[0] for row in RECORDS])
def test_since_the_latest_event(own: Rulebook, name: str, records: list[dict[str, Any]], expected: Any) -> None:
    assert since(own, *({**SEVERE, **record} for record in records)) == expected


@pytest.mark.parametrize(("appealed", "expected"), [("true", 0), ("false", NEVER)])
def test_records_under_appeal_count_by_parameter(own: Rulebook, appealed: str, expected: int) -> None:
    record = {**SEVERE, "penalty_date": "2024-02-01", "penalty_status": "申诉中"}
    assert since(own.set(appealed=appealed), record) == expected


def test_no_record_is_clean_only_where_the_feed_is_declared_complete(own: Rulebook) -> None:
    assert since(own, declared=CLEAN) == NEVER
    assert since(own, declared=Declared()) == (0, NEVER)


def test_an_incomplete_feed_may_hide_a_later_event_but_none_that_undoes_one(own: Rulebook) -> None:
    assert since(own, {**SEVERE, "penalty_date": "2023-06-01"}, declared=Declared()) == (0, 8)
    assert since(own, {**SEVERE, "penalty_date": "2024-02-01"}, declared=Declared()) == 0


def test_a_market_without_penalties_is_clean_where_the_feed_is_declared_complete(own: Rulebook) -> None:
    for declared, expected in ((CLEAN, [NEVER]), (Declared(), [(0, NEVER)])):
        assert derived(own, market_of(own, declared, merchants=[{"merchant_id": "m"}]), "since") == expected


def test_a_merchants_own_records_alone_and_those_of_strangers_not(own: Rulebook) -> None:
    penalties = [{**SEVERE, "merchant_id": who, "penalty_date": "2024-01-01"} for who in ("b", "nobody", "b")]
    merchants = [{"merchant_id": who} for who in ("a", "b", "c")]
    assert derived(own, market_of(own, CLEAN, merchants=merchants, penalties=penalties), "since") == [NEVER, 1, NEVER]


def test_without_merchants_nothing_is_made_of_their_records(own: Rulebook) -> None:
    penalties = [{**SEVERE, "merchant_id": "gone", "penalty_date": "2024-01-01"}]
    assert derived(own, market_of(own, CLEAN, penalties=penalties), "since") == []


def test_a_feed_without_its_columns_decides_nothing(own: Rulebook) -> None:
    """Neither date nor severity nor status: every record may be an event of today."""
    assert since(own, {}, {}) == (0, NEVER)


def test_counted_from_each_subjects_own_day() -> None:
    book = book_of(OWN.replace('with = { time = "as_of" }', 'with = { time = "began" }') + """
[derived.began]
table = "merchants"
type = "time"
make = "earliest"
with = { table = "offers", time = "enrolled_at" }
""", "since >= :months")  # fmt: skip
    market = market_of(
        book, CLEAN,
        merchants=[{"merchant_id": who} for who in "abc"],
        offers=[
            {"offer_id": who, "merchant_id": who, "enrolled_at": at}
            for who, at in (("a", "2024-02-26"), ("b", "2024-05-01"))
        ],
        penalties=[{**SEVERE, "merchant_id": who, "penalty_date": "2024-01-26"} for who in "abc"],
    )  # fmt: skip
    assert derived(book, market, "since") == [1, 3, None]  # c has no day to count from


def test_the_day_is_one_of_the_rulebooks_zone(own: Rulebook) -> None:
    record = {**SEVERE, "penalty_date": "2024-02-27"}
    market = market_of(own, CLEAN, merchants=[{"merchant_id": "m"}], penalties=[{"merchant_id": "m", **record}])
    assert derived(own, market, "since", datetime(2024, 2, 26, 23, 59, 59)) == [NEVER]
    assert derived(own, market, "since", datetime(2024, 2, 27)) == [0]
