"""Quantities that name their unit: 2件, 1手/12件; units that are not known are never taken for pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.amounts import read_counts, read_money
from campaign_analytics.market.measures import Measures
from tests.market.conftest import ReadOffers, pa_texts, reasons, shown

MEASURES = Measures({"件": 0, "手": 1, "箱": 2, "双": 3, "pcs": 0})


@given(
    quantity=st.integers(0, 10**9),
    form=st.sampled_from(["{}{}", "{} {}", "{}{}起批", "{}.0{}", "{:,}{}", "'{}{}"]),
    unit=st.sampled_from(["件", "手", "箱", "双"]),
)
def test_a_quantity_and_its_unit_are_read_back(quantity: int, form: str, unit: str) -> None:
    reading = read_counts(pa_texts(form.format(quantity, unit)), measures=MEASURES)
    assert reading.units is not None
    assert (reading.values[0], reading.units[0], reading.notes) == (quantity, MEASURES.places[unit], {})


@given(
    size=st.integers(1, 10**6),
    form=st.sampled_from(
        ["1手/{}件", "1手({}件)", "1手（{}件）", "1 手 = {} pcs", "1手{}件", "1手，每手{}件", "1手(共{}件)"]
    ),
)
def test_the_pieces_of_one_batch(size: int, form: str) -> None:
    reading = read_counts(pa_texts(form.format(size)), measures=MEASURES)
    assert reading.units is not None
    assert reading.sizes is not None
    assert (reading.values[0], reading.units[0], reading.sizes[0]) == (1, 1, size)


def test_the_pieces_of_several_batches_may_be_those_of_one(read_offers: ReadOffers) -> None:
    market = read_offers({"moq": ["2手/24件", "2手(每手12件)", "2手(12件/手)"]})
    assert shown(market, "moq") == [2, 2, 2]
    assert shown(market, "batch_size") == [None, 12, 12]
    assert "of one batch or of all" in reasons(market, "moq", "doubted")["2手/24件"]


@given(text=st.text() | st.text("0123456789手件箱/=(),每共一起批以上+-~ ", max_size=16))
def test_no_text_breaks_a_quantity(text: str) -> None:
    reading = read_counts(pa_texts(text), measures=MEASURES)
    assert reading.missing()[0] or reading.values[0] >= 0


def test_the_unit_goes_to_its_column_and_fills_it(read_offers: ReadOffers) -> None:
    market = read_offers({"moq": ["2件", "1手/12件", "3", "1打"], "moq_unit": ["", "", "双", "打"]})
    assert shown(market, "moq") == [2, 1, 3, 1]
    assert shown(market, "moq_unit") == ["件", "手", "双", "打"]
    assert shown(market, "batch_size") == [None, 12, None, None]
    assert market.quality is not None
    settled = market.quality.summary().query("kind == 'settled'")
    assert "stands beside the quantity in moq" in settled["reason"].tolist()


def test_where_both_say_something_else_the_unit_is_missing(read_offers: ReadOffers) -> None:
    market = read_offers({"moq": ["1手/12件", "1箱/9件"], "moq_unit": ["件", ""], "batch_size": ["10", "9"]})
    assert shown(market, "moq_unit") == [None, "箱"]
    assert shown(market, "batch_size") == [None, 9]
    assert reasons(market, "moq_unit") == {"件": "not what moq says beside its quantity"}
    assert reasons(market, "batch_size") == {"10": "not what moq says beside its quantity"}


def test_pieces_stand_behind_any_quantity_and_leave_the_unit_to_its_column(read_offers: ReadOffers) -> None:
    market = read_offers({"moq": ["2件", "2件", "2个"], "moq_unit": ["套", "件", "手"]})
    assert shown(market, "moq_unit") == ["套", "件", "手"]
    assert set(reasons(market, "moq_unit", "doubted")) == {"套", "手"}


@pytest.mark.parametrize("text", ["2坨", "12件/手", "2件3手", "1件 1件", "1件/12件", "手", "1手/12斤"])
def test_a_unit_that_is_not_known_is_missing_with_a_reason(read_offers: ReadOffers, text: str) -> None:
    market = read_offers({"moq": [text], "moq_unit": ["件"]})
    assert shown(market, "moq") == [None]
    assert shown(market, "moq_unit") == ["件"]
    assert "not" in reasons(market, "moq")[text]


def test_pieces_are_counted_in_pieces_alone(read_offers: ReadOffers) -> None:
    market = read_offers(
        {"stock": ["100件", "100手", "2双", "1.2w件", "3单"], "orders_30d": ["9单", "5", "5", "5", "7件"]}
    )
    assert shown(market, "stock") == [100, None, None, 12000, None]
    assert set(reasons(market, "stock").values()) == {"a number in a unit that is not known here"}
    assert shown(market, "orders_30d") == [9, 5, 5, 5, 7]


@given(count=st.integers(0, 10**8))
def test_the_ten_thousands_of_a_header(count: int) -> None:
    texts = pa_texts(str(count), f"{count / 10**4:.4f}", f"{count}件", f"{count}万")
    assert read_counts(texts, scale="万").values.tolist() == [count * 10**4, count, count, count * 10**4]
    money = pa_texts(str(count), f"{count / 10**4:.4f}", f"{count}元", f"{count}万元")
    assert (read_money(money, unit="万").values // 100).tolist() == [count * 10**4, count, count, count * 10**4]


def test_a_header_in_ten_thousands_is_reported(read_offers: ReadOffers) -> None:
    market = read_offers({"大市场发布价(万元)": ["0.3", "30000元"]})
    assert shown(market, "list_price") == [3000, 30000]
    assert market.quality is not None
    assert "bare numbers stand for 10,000 each" in market.quality.summary()["reason"].tolist()
