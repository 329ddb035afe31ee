"""What the notice defines and no rule asks for: the lowest price paid, the largest category."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from typing import Any

import pytest

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Declared
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import market_of


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_rulebook("spring_2024")


def assessed(book: Rulebook) -> Assessment:
    offers: list[dict[str, Any]] = [
        {"offer_id": "early", "merchant_id": "m", "enrolled_at": "2024-02-20T09:00", "category": "女装"},
        {"offer_id": "today", "merchant_id": "m", "category": "女装", "status": "draft"},
        {"offer_id": "unsold", "merchant_id": "m", "category": "玩具", "status": "draft"},
    ]
    sales = [
        ("2024-02-21", 5),
        ("2024-02-20", 8),
        ("2024-01-22", 7),
        ("2024-01-21", 6),
        ("2023-08-25", 4),
        ("2023-08-24", 3),
    ]
    rows = [
        {"offer_id": of, "transaction_time": f"{day}T12:00", "transaction_price": price}
        for of in ("early", "today")
        for day, price in sales
    ]
    shops = [{"merchant_id": "m", "main_category": "玩具"}]
    declared = Declared(offers_are_complete=True)
    market = market_of(book, declared, merchants=shops, offers=offers, transactions=rows)
    return assess(market, book, datetime(2024, 2, 26, 9))


def test_the_lowest_price_is_counted_back_from_each_offers_own_enrolment(book: Rulebook) -> None:
    table = assessed(book).metrics().set_index("offer_id")
    assert table["lowest_price"].fillna(0).to_dict() == {"early": 7.0, "today": 5.0, "unsold": 0.0}
    assert table["lowest_price_long"].fillna(0).to_dict() == {"early": 4.0, "today": 5.0, "unsold": 0.0}
    assert table["reviewed_by"].dt.date.tolist() == [date(2024, 2, 23), date(2024, 2, 29), date(2024, 2, 29)]


def test_its_parameters_move_the_window(book: Rulebook) -> None:
    days = assessed(book.set(lowest_price_days=15, include_enrolment_day=False)).metrics().set_index("offer_id")
    assert days["lowest_price"].fillna(0).to_dict() == {"early": 0.0, "today": 5.0, "unsold": 0.0}
    longer = assessed(book.set(lowest_price_days_long=365)).metrics().set_index("offer_id")
    assert longer["lowest_price_long"].fillna(0).to_dict() == {"early": 3.0, "today": 3.0, "unsold": 0.0}


def test_the_template_of_a_rule_on_it_can_be_switched_on(book: Rulebook) -> None:
    priced = {"campaign_price": 7, "list_price": 10}
    market = assessed(book).market
    prices = market_of(book, offers=[{"offer_id": str(i), "merchant_id": "m", **priced} for i in range(3)]).offers.cells
    market = market.with_table(market.offers.with_cells({name: prices[name] for name in priced}))
    on = assess(market, book.switch({"below_lowest_price": "block"}), datetime(2024, 2, 26, 9))
    assert on.outcomes()["below_lowest_price"].tolist() == ["pass", "fail", "unknown"]


def test_merchants_have_the_category_of_most_of_their_offers(book: Rulebook) -> None:
    row = assessed(book).metrics("merchants").iloc[0]
    assert (row["largest_category"], row["main_category_is_largest"], row["offers_enrolled"]) == ("女装", False, 1)
    with pytest.raises(CampaignError, match="unknown level"):
        assessed(book).metrics("shops")  # type: ignore[arg-type]
