"""Ranges, scales and pieces: both ends are kept, and what may be two numbers is none."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.amounts import read_counts, read_money
from tests.market.conftest import ReadOffers, reasons, shown

_MOST = 10**15 - 1


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("<10", 0, 9), ("100以内", 0, 100), ("10以下", 0, 10), ("10000+", 10_000, _MOST), ("1万以上", 10_000, _MOST),
        ("≥5", 5, _MOST), (">5", 6, _MOST), ("3~5", 3, 5), ("３－５件", 3, 5), ("1,000-2,000", 1000, 2000),
        ("1万-2万", 10_000, 20_000), ("<2.5", 0, 2),
    ],
)  # fmt: skip
def test_a_range_of_counts_keeps_both_ends_and_is_reported(text: str, low: int, high: int) -> None:
    reading = read_counts(pa.array([text]))
    assert reading.high is not None
    assert (reading.values[0], reading.high[0]) == (low, high)
    assert [reason.kind for reason in reading.notes] == ["repaired"]


@given(a=st.integers(0, 10**12), b=st.integers(0, 10**12), form=st.sampled_from(["{}-{}", "¥{}~{}元", "{}元 至 {}元"]))
def test_a_range_of_prices_is_read_as_written(a: int, b: int, form: str) -> None:
    low, high = sorted((a, b))
    reading = read_money(pa.array([form.format(f"{low / 100:.2f}", f"{high / 100:.2f}")]))
    assert reading.high is not None
    assert (reading.values[0], reading.high[0]) == (low, high)


@given(fen=st.integers(1, 10**8), scale=st.sampled_from([("万", 10**4), ("億", 10**8)]))
def test_a_scale_multiplies_exactly(fen: int, scale: tuple[str, int]) -> None:
    word, times = scale
    reading = read_money(pa.array([f"¥{fen}.5{word}"]))
    value = (fen * 10 + 5) * times * 10
    assert reading.missing()[0] == (value > _MOST)
    assert reading.values[0] == (value if value <= _MOST else 0)


@given(text=st.text() | st.text("0123456789.,-~<>≥+万亿以上内¥元件手/ ", max_size=20))
def test_no_text_breaks_a_reader_and_no_range_is_upside_down(text: str) -> None:
    for reading in (read_counts(pa.array([text])), read_money(pa.array([text]))):
        assert 0 <= reading.values[0] <= (reading.values if reading.high is None else reading.high)[0] <= _MOST


def test_pieces_do_not_change_a_count_and_batches_of_unknown_size_are_missing() -> None:
    reading = read_counts(pa.array(["2件", "1手", "2箱", "1手/12件"]))
    assert reading.values[0] == 2
    assert reading.missing().tolist() == [False, True, True, True]


def test_a_range_is_shown_with_both_ends_and_cannot_begin_at_an_impossible_zero(read_offers: ReadOffers) -> None:
    market = read_offers({"list_price": ["12.00-15.00", "<1", "0"]})
    cells = market.offers.cells["list_price"]
    assert cells.high is not None
    assert (cells.values.tolist(), cells.high.tolist()) == ([1200, 1, 0], [1500, 99, 0])
    assert shown(market, "list_price")[2] is None
    assert set(reasons(market, "list_price", "repaired")) == {"12.00-15.00", "<1"}
    assert market.quality is not None
    assert "12.0 - 15.0" in market.quality.cells("repaired")["became"].tolist()


def test_a_count_that_is_a_range_gives_no_rate(read_offers: ReadOffers) -> None:
    market = read_offers({"on_time_pickups_30d": ["10+", "10"], "orders_30d": ["20", "20"]})
    assert shown(market, "pickup_rate_48h") == [None, 0.5]
    unread = market.offers.cells["pickup_rate_48h"].unread
    assert unread is not None
    assert unread.tolist() == [True, False]
