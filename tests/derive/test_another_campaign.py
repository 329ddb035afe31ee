"""Another campaign says what it wants with the same recipes, and its own parameters."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.assess.deadlines import deadlines
from campaign_analytics.market.schema import Declared
from tests.derive.rows import market_of

BOOK = load_rulebook(Path(__file__).with_name("fair.toml"))
AS_OF = datetime(2025, 2, 6, 9)

SHOPS = [{"merchant_id": "ann", "baker_of": "bread"}, {"merchant_id": "bob", "baker_of": "tart"}]
OFFERS: list[dict[str, Any]] = [
    # Spring Festival lasts to 02-04, the Sunday of 01-26 is worked: two working days from 01-27 are 01-27 and 02-05
    {"offer_id": "1", "merchant_id": "ann", "kind": "bread", "stars": 5, "price": 3, "asked_at": "2025-01-27T12:00"},
    {"offer_id": "2", "merchant_id": "ann", "kind": "bread", "stars": 4, "price": 4, "asked_at": "2025-01-28T12:00"},
    {"offer_id": "3", "merchant_id": "ann", "kind": "cake", "stars": 4, "price": 4, "asked_at": "2025-01-26T12:00"},
    {"offer_id": "4", "merchant_id": "bob", "kind": "tart", "stars": 1, "price": 4, "asked_at": "2025-02-05T12:00"},
    {"offer_id": "5", "merchant_id": "bob", "kind": "tart", "stars": None, "price": 4},
]
SALES = [
    {"offer_id": of, "transaction_time": at, "transaction_price": price}
    for of, at, price in [
        ("1", "2025-01-26T23:59", 3.01),  # the day before
        ("2", "2025-01-28T00:00", 9),  # the day itself does not count
        ("2", "2025-01-21T12:00", 4),
        ("3", "2025-01-18T12:00", 4),  # the eighth day back
        ("5", "2025-02-01T12:00", 1),
    ]
]
SKUS = [
    {"offer_id": of, "sku_campaign_price": part, "sku_list_price": whole}
    for of, part, whole in [("1", 8, 10), ("1", 79, 100), ("2", 8, 10), ("2", 81, 100), ("3", 8, None), ("4", 1, 10)]
]
COMPLAINTS = [{"merchant_id": "bob", "penalty_date": day} for day in ("2025-01-28", "2025-02-06", "2025-01-27")]


def assessed(**changes: Any) -> Assessment:
    tables = {"merchants": SHOPS, "offers": OFFERS, "transactions": SALES, "skus": SKUS, "penalties": COMPLAINTS}
    market = market_of(BOOK, Declared(penalty_feed_complete=True, offers_are_complete=True), **tables)
    return assess(market, BOOK.set(changes), AS_OF)


def outcomes(**changes: Any) -> dict[str, list[str]]:
    result = assessed(**changes)
    assert result.not_computed == ()
    return {rule: result.outcomes()[rule].astype(str).tolist() for rule in BOOK.rules}


def test_every_rule_as_written() -> None:
    assert outcomes() == {
        "in_time": ["pass", "fail", "pass", "fail", "unknown"],
        "cheaper": ["pass", "fail", "pass", "pass", "pass"],  # the last has not asked: no window
        "cut": ["pass", "fail", "unknown", "pass", "fail"],
        "top": ["pass", "fail", "pass", "unknown", "unknown"],
        "upper": ["pass", "unknown", "unknown", "unknown", "unknown"],
        "quiet": ["pass", "pass", "pass", "fail", "fail"],
        "honest": ["pass", "pass", "pass", "fail", "fail"],
    }


@pytest.mark.parametrize(
    ("changes", "rule", "expected"),
    [
        ({"answer_days": 3}, "in_time", ["fail", "fail", "pass", "fail", "unknown"]),
        ({"answer_by": "2025-02-10"}, "in_time", ["pass", "pass", "pass", "pass", "unknown"]),
        ({"look_back": 8}, "cheaper", ["pass", "fail", "fail", "pass", "pass"]),
        ({"look_back": 6}, "cheaper", ["pass", "pass", "pass", "pass", "pass"]),
        ({"most_of_price": "81%"}, "cut", ["pass", "pass", "unknown", "pass", "fail"]),
        ({"best": 2}, "top", ["pass", "pass", "pass", "pass", "unknown"]),
        ({"best_share": "100%"}, "upper", ["pass", "pass", "pass", "unknown", "unknown"]),
        ({"complaint_days": 9}, "quiet", ["pass", "pass", "pass", "pass", "pass"]),
        ({"most_complaints": 2}, "quiet", ["pass", "pass", "pass", "pass", "pass"]),
    ],
)
def test_its_parameters_move_its_measures(changes: dict[str, Any], rule: str, expected: list[str]) -> None:
    assert outcomes(**changes)[rule] == expected


def test_its_deadlines_are_counted_back_by_the_same_days() -> None:
    table = deadlines(BOOK, AS_OF.replace(tzinfo=BOOK.zone))
    assert table["submit_by"].dt.strftime("%m-%d").tolist() == ["01-27", "02-08"]  # the Saturday of 02-08 is worked
    assert table["days_left"].tolist() == [-10, 2]
    assert table["reading"].tolist() == ["for a review by 2025-02-05", "for a review by 2025-02-10"]


def test_no_cell_of_its_own_settles_a_place_among_others() -> None:
    """Nobody knows what the stars of the last offer are, which moves all others down, or not."""
    hinges = assessed().hinges().set_index("column")
    assert hinges.loc["standing", "missing"] > 0
    assert hinges.loc["standing", "decided"] == 0
    assert "stars" not in hinges.index
