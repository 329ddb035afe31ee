"""Ranges, scales and pieces: both ends are kept, and what may be two numbers is none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.amounts import read_counts, read_money, read_numbers
from campaign_analytics.market.rates import read_rates
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
    assert "12.00 - 15.00" in market.quality.cells("repaired")["became"].tolist()


def test_a_count_that_is_a_range_gives_no_rate(read_offers: ReadOffers) -> None:
    market = read_offers({"on_time_pickups_30d": ["10+", "10"], "orders_30d": ["20", "20"]})
    assert shown(market, "pickup_rate_48h") == [None, 0.5]
    unread = market.offers.cells["pickup_rate_48h"].unread
    assert unread is not None
    assert unread.tolist() == [True, False]


@given(low=st.integers(0, 10**4), width=st.integers(1, 10**4), word=st.sampled_from(["-", "~", "至", " - ", "到"]))
def test_ranges_of_rates_and_scores_keep_both_ends(low: int, width: int, word: str) -> None:
    high = low + width
    scores = read_numbers(pa.array([f"{low / 100}{word}{high / 100}", f"{low / 100}分{word}{high / 100}分"]), ["分"])
    assert scores.high is not None
    assert scores.values.tolist() == [low / 100] * 2
    assert scores.high.tolist() == [high / 100] * 2
    low, high = low // 2, -(-high // 2)
    texts = [f"{low / 100}%{word}{high / 100}%", f"{low / 10**4:.4f}{word}{high / 10**4:.4f}"]
    rates = read_rates(pa.array(texts), np.ones(2), "share", "")
    assert rates.high is not None
    assert rates.values.tolist() == [low / 10**4] * 2
    assert rates.high.tolist() == [high / 10**4] * 2


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("95%以上", (0.95, 1)),
        ("≥95%", (0.95, 1)),
        ("<90%", (0, np.nextafter(0.9, 0))),
        (">90%", (np.nextafter(0.9, 1), 1)),
        ("90-95%", (0.9, 0.95)),
        ("90%~95%", (0.9, 0.95)),
        ("100%以内", (0, 1)),
    ],
)
def test_open_ranges_of_rates_end_at_none_and_all(text: str, ends: tuple[float, float]) -> None:
    reading = read_rates(pa.array([text]), np.ones(1), "", "")
    assert reading.high is not None
    assert (reading.values[0], reading.high[0]) == ends
    assert not reading.missing()[0]


@pytest.mark.parametrize("text", ["0.9-95%", "95%-90%", ">100%", "<0%", "90%-110%", "-5%-5%", "90%-95%-99%", "9折%"])
def test_a_range_of_rates_that_may_be_two_things_is_missing(text: str) -> None:
    reading = read_rates(pa.array([text]), np.ones(1), "", "")
    assert reading.missing()[0]
    assert {reason.kind for reason in reading.notes} == {"missing"}


def test_bare_ends_of_a_range_take_the_unit_of_their_column() -> None:
    percent = read_rates(pa.array(["88", "90-95", ">95"]), np.ones(3), "", "")
    assert percent.values.tolist()[:2] == [0.88, 0.9]
    assert not percent.missing().any()
    share = read_rates(pa.array(["0.88", "0.9-0.95", "<1"]), np.ones(3), "", "")
    assert share.values.tolist() == [0.88, 0.9, 0]
    assert read_rates(pa.array(["<1"]), np.ones(1), "", "").missing()[0]


@given(text=st.text() | st.text("0123456789.,-~<>≥+%以上内分至 ", max_size=20))
def test_no_text_breaks_a_rate_or_a_score_and_no_range_of_them_is_upside_down(text: str) -> None:
    for reading in (read_numbers(pa.array([text]), ["分"]), read_rates(pa.array([text]), np.ones(1), "percent", "")):
        high = reading.values if reading.high is None else reading.high
        assert reading.missing()[0] or reading.values[0] <= high[0]
        assert np.isfinite(high[0])


def test_counts_within_a_range_of_rates_agree_with_it(read_offers: ReadOffers) -> None:
    market = read_offers(
        {
            "pickup_rate_48h": ["85%-90%", "95%以上", "<50%"],
            "on_time_pickups_30d": ["88", "88", ""],
            "orders_30d": ["100"] * 3,
        }
    )
    assert shown(market, "pickup_rate_48h")[:2] == [0.88, 0.88]
    assert len(reasons(market, "pickup_rate_48h", "doubted")) == 1
    cells = market.offers.cells["pickup_rate_48h"]
    assert cells.high is not None
    assert (cells.values[2], cells.high[2]) == (0, np.nextafter(0.5, 0))
