"""Cells that cannot both be right are told where they stand, and left as they are."""

from __future__ import annotations

import pytest

from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import ReadOffers, Write, reasons, shown


@pytest.mark.parametrize(
    ("plus", "campaign", "torn"),
    [
        *(("9.5", "9", True), ("9", "9", False), ("9.5", "", False), ("?", "9", False)),
        *(("8-10", "9", False), ("10-12", "9", True), ("9.5", "9-10", False), ("11", "9-10", True)),
    ],
)
def test_a_price_above_one_that_is_never_less(read_offers: ReadOffers, plus: str, campaign: str, torn: bool) -> None:
    market = read_offers({"plus_price": [plus], "campaign_price": [campaign]})
    said = [why for why in reasons(market, "plus_price", "doubted").values() if why.startswith("above")]
    assert said == ["above campaign_price: one of the two is wrong"] * torn
    if plus == "9.5":
        assert shown(market, "plus_price") == [9.5]


def test_each_price_is_compared(read_offers: ReadOffers) -> None:
    market = read_offers({"plus_price": ["9.5", "9.5"], "campaign_price_pc": [9, 10], "campaign_price_mobile": [9, 9]})
    assert market.quality is not None
    counted = market.quality.summary("zh").query("column == 'plus_price' and kind == 'doubted'")
    assert dict(zip(counted["reason"], counted["count"], strict=True)) == {
        "大于 campaign_price_pc：两者必有一误": 1,
        "大于 campaign_price_mobile：两者必有一误": 2,
    }


def test_points_of_a_part_above_the_total(book: Rulebook, folder: Write) -> None:
    merchants = "商家ID,违禁信息扣分,本年度违规扣分\nm,9,3\nn,3,9\n"
    market = read_market(folder({"merchants.csv": merchants}), book)
    assert market.quality is not None
    (cell,) = market.quality.cells("doubted").to_dict("records")
    assert (cell["table"], cell["row"], cell["column"], cell["raw"]) == (
        "merchants",
        2,
        "prohibited_info_points",
        "9 > 3",
    )
