"""What an owner declares in market.toml."""

from __future__ import annotations

from datetime import date

import pytest

from campaign_analytics.errors import MarketError
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, shown

OFFERS = "offer_id,merchant_id,My rate\n1,m,0.9\n"


def test_everything_that_can_be_declared(book: Rulebook, folder: Write) -> None:
    toml = """
        as_of = 2024-02-26
        penalty_feed_complete = true
        [headers.offers]
        "My rate" = "pickup_rate_48h"
        [units]
        pickup_rate_48h = "percent"
    """
    market = read_market(folder({"offers.csv": OFFERS, "market.toml": toml}), book)
    assert market.declared.as_of == date(2024, 2, 26)
    assert market.declared.penalty_feed_complete
    assert not market.declared.offers_are_complete
    assert shown(market, "pickup_rate_48h") == [0.009]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("as_off = 2024-02-26", "unknown key 'as_off'; did you mean 'as_of'?"),
        ('as_of = "2024-02-26"', "expected a day or time without quotes, such as as_of = 2031-05-31"),
        ("penalty_feed_complete = 1", "penalty_feed_complete = 1: expected true or false"),
        ('[headers.ofers]\na = "moq"', "headers.ofers: no such table; did you mean 'offers'?"),
        ('[headers.offers]\na = "moqq"', "'a': no column 'moqq' in offers; did you mean 'moq'?"),
        ('[headers.offers]\na = "trade_medal"', "no column 'trade_medal' in offers"),
        ('[headers.offers]\n"my rate" = "moq"', "no header 'my rate' in offers.csv; did you mean 'My rate'?"),
        ('[headers.offers]\na = "moq"\nb = "moq"', "headers.offers: two headers for 'moq'"),
        ('headers = "x"', "headers: expected tables"),
        ("units = 1", "units: expected lines"),
        ('[units]\nmoq = "percent"', "units: no rate column 'moq'"),
        ('[units]\npickup_rate_48h = "%"', "units.pickup_rate_48h = '%': expected 'percent' or 'share'"),
        ("as_of =", "market.toml: Invalid value"),
        (b"\xff", "market.toml"),
    ],
)
def test_faults_are_said(book: Rulebook, folder: Write, toml: str | bytes, said: str) -> None:
    with pytest.raises(MarketError) as caught:
        read_market(folder({"offers.csv": OFFERS, "market.toml": toml}), book)
    assert said in str(caught.value)


def test_all_faults_together(book: Rulebook, folder: Write) -> None:
    with pytest.raises(MarketError) as caught:
        read_market(folder({"market.toml": 'as_off = 1\noffers_are_complete = 2\n[units]\nx = "percent"'}), book)
    assert len(str(caught.value).splitlines()) == 3
