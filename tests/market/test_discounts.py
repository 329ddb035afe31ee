"""9.5折, 95折 and 九五折 become prices through the full price of their row, exactly, or stay missing with a reason."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.amounts import read_money
from campaign_analytics.market.cells import spelled
from campaign_analytics.market.discounts import WHOLE, share_of
from tests.market.conftest import ReadOffers, pa_texts, reasons, shown

NUMERALS = "〇一二三四五六七八九"


@given(hundredths=st.integers(11, 99))
def test_tenths_hundredths_and_numerals_are_one_discount(hundredths: int) -> None:
    tens, ones = divmod(hundredths, 10)
    spellings = [f"{tens}.{ones}折", f"{hundredths}折", f"打{tens}.{ones} 折", f"{NUMERALS[tens]}{NUMERALS[ones]}折"]
    spellings += [f"{NUMERALS[tens]}点{NUMERALS[ones]}折"] + [f"{tens}折", f"{NUMERALS[tens]}折"] * (ones == 0)
    assert {share_of(text) for text in spellings} == {hundredths * WHOLE // 100}


@pytest.mark.parametrize(
    "text", ["10折", "0.95折", "100折", "-5折", "折", "五折起", "低至5折", "10.5折", "9.123456折", "9.5-9.8折", "十折"]
)
def test_a_discount_that_may_be_two_things_is_none(text: str) -> None:
    reading = read_money(pa_texts(text), discounts=True)
    assert reading.missing().tolist() == [True]
    assert [reason.kind for reason in reading.notes] == ["missing"]


@given(text=st.text("0123456789.折打一二三四五六七八九十点两百 元¥%", max_size=10))
def test_no_text_breaks_a_discount_and_none_is_above_the_full_price(text: str) -> None:
    share = share_of(text)
    assert share is None or 0 < share < WHOLE


@pytest.mark.parametrize("cell", ["9.5折", "95折", "九五折", "９．５折"])
def test_a_discount_is_taken_off_the_list_price_exactly(read_offers: ReadOffers, cell: str) -> None:
    market = read_offers({"campaign_price": [cell] * 3, "list_price": ["1.40", "2.60", "3.00"]})
    assert market.offers.cells["campaign_price"].values.tolist() == [133, 247, 285]
    assert market.quality is not None
    repaired = market.quality.cells("repaired")
    assert repaired["reason"].unique().tolist() == ["a discount, taken off list_price"]
    assert repaired["became"].tolist() == ["1.33", "2.47", "2.85"]


@given(fen=st.integers(1, 10**12), hundredths=st.integers(11, 99))
def test_a_price_between_two_coins_is_the_range_of_both(read_offers: ReadOffers, fen: int, hundredths: int) -> None:
    market = read_offers({"campaign_price": [f"{hundredths}折"], "list_price": [f"{Decimal(fen) / 100:.2f}"]})
    cells = market.offers.cells["campaign_price"]
    exact = Fraction(fen * hundredths, 100)
    high = int(cells.values[0] if cells.high is None else cells.high[0])
    assert max(exact // 1, 1) == cells.values[0]
    assert high == max(-(-exact // 1), 1)


def test_a_range_of_list_prices_gives_a_range(read_offers: ReadOffers) -> None:
    market = read_offers({"campaign_price": ["9折", "9折"], "list_price": ["10-20", "10+"]})
    assert spelled(market.offers.cells["campaign_price"]) == ["9.00 - 18.00", "9.00 or more"]


def test_without_a_list_price_it_is_missing_with_the_reason(read_offers: ReadOffers) -> None:
    market = read_offers({"campaign_price": ["9.5折", "8元"], "list_price": ["", "9"]})
    assert shown(market, "campaign_price") == [None, 8]
    assert reasons(market, "campaign_price") == {"9.5折": "a discount, but no list_price in its row to take it off"}
    market = read_offers({"campaign_price": ["9.5折"]})
    assert shown(market, "campaign_price") == [None]
    assert len(reasons(market, "campaign_price")) == 1


def test_a_price_that_has_no_full_price_cannot_be_a_discount(read_offers: ReadOffers) -> None:
    market = read_offers({"list_price": ["9.5折"]})
    assert shown(market, "list_price") == [None]
    assert "a discount, in a column" in reasons(market, "list_price")["9.5折"]


def test_a_small_bare_number_among_discounts_is_a_price_or_a_discount(read_offers: ReadOffers) -> None:
    cells = ["9.5折", "9折", "85折", "9.5", "9.5元", "120"]
    market = read_offers({"campaign_price": cells, "list_price": ["10"] * 6})
    assert shown(market, "campaign_price") == [9.5, 9, 8.5, None, 9.5, 120]
    assert reasons(market, "campaign_price") == {"9.5": "a price or a discount? write 元 or 折 behind it"}
    market = read_offers({"campaign_price": ["9.5折", "9.5", "8"], "list_price": ["10"] * 3})
    assert shown(market, "campaign_price") == [9.5, 9.5, 8]


def test_the_header_may_say_that_bare_numbers_are_discounts(read_offers: ReadOffers) -> None:
    market = read_offers({"活动价(折)": ["9.5", "95", "9.5元", "0.95"], "list_price": ["10"] * 4})
    assert shown(market, "campaign_price") == [9.5, 9.5, 9.5, None]
