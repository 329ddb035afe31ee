"""What a rule's outcome is told as."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaign_analytics import assess, load_rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.assess.trial import GOOD, assessed, trial
from tests.derive.rows import market_of


def test_a_threshold_that_varies_is_told_as_it_is_for_the_subject(tmp_path: Path) -> None:
    """Six must be sold, of fruit twenty; of what is in no aisle nobody knows."""
    rows = [GOOD | {"sold": 7, "aisle": aisle} for aisle in ("toys", "fruit", None)]
    result = assessed(trial(tmp_path), rows)
    told = [next(line.sentence for line in result.explain(f"o{i}").lines if line.rule == "sold") for i in range(3)]
    assert told[:2] == ["Sold is 7, needs at least 6: 1 to spare", "Sold is 7, needs at least 20: 13 short"]
    assert told[2] == "Aisle is missing"


@pytest.mark.parametrize(
    ("bad", "reviews", "told"),
    [
        (0, 14, "Bad reviews in 30 days is 0 reviews, needs at most 0 reviews"),  # below 1.5% of 14, which is 0.21
        (1, 14, "Bad reviews in 30 days is 1 reviews, needs at most 0 reviews: 1 reviews too much"),
        (2, 200, "Bad reviews in 30 days is 2 reviews, needs at most 2 reviews"),  # below 3
        (3, 200, "Bad reviews in 30 days is 3 reviews, needs at most 2 reviews: 1 reviews too much"),
    ],
)
def test_below_a_share_of_another_count_is_told_as_the_most_that_passes(bad: int, reviews: int, told: str) -> None:
    assert deal("bad_reviews", {"bad_reviews_30d": bad, "reviews_30d": reviews}) == told


def test_a_threshold_that_the_subject_s_category_does_not_have_is_named() -> None:
    """Of gardens the notice names no discount."""
    prices = {"deal_price": 5, "usual_price": 10}
    assert "needs at most 8 SGD" in deal("discount", {"department": "Kitchen"} | prices)
    assert deal("discount", {"department": "Garden"} | prices) == "Lowest discount has no value for Garden"
    assert deal("discount", {"department": None} | prices) == "Department is missing"
    assert deal("discount", {"department": UNREAD} | prices).startswith("Department could not be read")


def deal(rule: str, offer: Mapping[str, Any]) -> str:
    """What an offer of the daily deals is told of one rule."""
    book = load_rulebook("daily_deals")
    market = market_of(
        book, offers=[{"offer_id": "o", "merchant_id": "m"} | dict(offer)], merchants=[{"merchant_id": "m"}]
    )
    card = assess(market, book, datetime(2031, 5, 3)).explain("o")
    return next(line.sentence for line in card.lines if line.rule == rule)
