"""The moment of an assessment: the argument, else the declaration, else the latest snapshot, else a question."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from campaign_analytics import assess
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Declared, Market
from tests.derive.rows import book_of, market_of

BOOK = book_of(
    """
[derived.enrolment]
table = "offers"
type = "time"
make = "first_known"
with = { columns = ["enrolled_at", "as_of"] }
[parameters]
closes = { type = "time", clause = "1", default = 2024-03-06T00:00:00 }
last_day = { type = "day", clause = "1", default = 2024-03-05 }
""",
    "enrolment < :closes AND (today <= :last_day OR enrolled_at IS NOT NULL)",
)


def market(declared: Any = None, *snapshots: Any, **offer: Any) -> Market:
    rows = [{"offer_id": "o", "merchant_id": "m", **offer}]
    shops = [{"merchant_id": f"m{i}", "snapshot_at": at} for i, at in enumerate(snapshots)] or [{"merchant_id": "m"}]
    return market_of(BOOK, Declared(as_of=declared), merchants=shops, offers=rows)


def shown(at: datetime) -> str:
    """A moment with its zone."""
    return f"{at:%Y-%m-%d %H:%M:%S} {at.tzinfo}"


ARGUMENTS: list[tuple[Any, str]] = [
    ("2024-02-26", "2024-02-26 00:00:00"),
    ("2024-02-26T10:30", "2024-02-26 10:30:00"),
    ("2024-02-26 10:30:15", "2024-02-26 10:30:15"),
    ("2024-02-26T10:30:00Z", "2024-02-26 18:30:00"),
    ("2024-02-26T10:30:00-05:00", "2024-02-26 23:30:00"),
    (date(2024, 2, 26), "2024-02-26 00:00:00"),
    (datetime(2024, 2, 26, 10, 30), "2024-02-26 10:30:00"),
    (datetime(2024, 2, 26, 10, 30, tzinfo=UTC), "2024-02-26 18:30:00"),
    (pd.Timestamp("2024-02-26 10:30"), "2024-02-26 10:30:00"),
]


@pytest.mark.parametrize(("as_of", "expected"), ARGUMENTS)
def test_the_argument_in_the_rulebooks_zone(as_of: Any, expected: str) -> None:
    assert shown(assess(market(), BOOK, as_of=as_of).as_of) == f"{expected} Asia/Shanghai"


def test_the_order_is_argument_declaration_latest_snapshot() -> None:
    held = market(date(2024, 2, 2), "2024-01-01", "2024-01-31T18:00", None)
    assert shown(assess(held, BOOK, as_of="2024-03-03").as_of) == "2024-03-03 00:00:00 Asia/Shanghai"
    assert shown(assess(held, BOOK).as_of) == "2024-02-02 00:00:00 Asia/Shanghai"
    assert (
        shown(assess(market(None, "2024-01-01", "2024-01-31T18:00", None), BOOK).as_of)
        == "2024-01-31 18:00:00 Asia/Shanghai"
    )


def test_the_latest_snapshot_of_any_table_counts() -> None:
    held = market(None, "2024-01-01", snapshot_at="2024-02-01")
    assert shown(assess(held, BOOK).as_of) == "2024-02-01 00:00:00 Asia/Shanghai"


def test_a_declared_moment_may_have_an_hour() -> None:
    assert shown(assess(market(datetime(2024, 2, 2, 9)), BOOK).as_of) == "2024-02-02 09:00:00 Asia/Shanghai"


@pytest.mark.parametrize("held", [market(), market(None, None, None), market_of(BOOK)])
def test_without_any_the_moment_is_asked_for(held: Market) -> None:
    with pytest.raises(
        CampaignError, match=r"give as_of \(a date\), declare it in .* market\.toml, or give .* snapshot_at"
    ):
        assess(held, BOOK)


@pytest.mark.parametrize("as_of", ["yesterday", "2024-02-30", "26.2.2024", "", 20240226, 5.5, ["2024-02-26"]])
def test_what_is_no_date_says_how_to_write_one(as_of: Any) -> None:
    with pytest.raises(CampaignError, match="is no date; write it like 2031-05-31 or 2031-05-31T12:00"):
        assess(market(), BOOK, as_of=as_of)


# ---- if I enrol now

OUTCOMES = [
    # enrolled at · as of · outcome of "before the 6th of March, and today no later than the 5th unless enrolled"
    (None, "2024-03-05T23:59:59", "pass"),
    (None, "2024-03-05T23:59:59.500000", "pass"),
    (None, "2024-03-06", "fail"),
    (None, "2024-03-05T15:59:59Z", "pass"),
    (None, "2024-03-05T16:00:00Z", "fail"),
    ("2024-03-05T23:59:59.5", "2024-04-01", "pass"),
    ("2024-03-06", "2024-03-01", "fail"),
]


@pytest.mark.parametrize(("enrolled", "as_of", "expected"), OUTCOMES)
def test_a_blank_enrolment_is_now(enrolled: Any, as_of: str, expected: str) -> None:
    result = assess(market(enrolled_at=enrolled), BOOK, as_of=as_of)
    assert result.outcomes()["all"].tolist() == [expected]
