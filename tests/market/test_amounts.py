"""Counts, money, scores and rates are read exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.amounts import read_counts, read_money, read_numbers
from campaign_analytics.market.rates import read_rates
from campaign_analytics.market.schema import Declared
from tests.market.conftest import ReadOffers, reasons, shown

decimals = st.decimals(min_value=0, max_value=10**12, places=6, allow_nan=False, allow_infinity=False)
spellings = st.sampled_from(["{}", " {} ", "\t{}", "'{}", "{:,}", "{:.9f}", "+{}"])


@given(
    fen=st.integers(0, 10**14),
    spelling=st.sampled_from(["{}", "¥{}", "{:,}元", "￥ {:,}", " {} ", "'{}", "{} RMB", "人民幣{}"]),
)
def test_money_is_whole_fen(fen: int, spelling: str) -> None:
    reading = read_money(pa.array([spelling.format(Decimal(fen) / 100)]))
    assert (reading.values[0], reading.notes) == (fen, {})


@given(yuan=decimals)
def test_money_finer_than_a_fen_is_not_rounded(yuan: Decimal) -> None:
    reading = read_money(pa.array([f"{yuan:f}"]))
    exact = yuan * 100 == int(yuan * 100)
    assert reading.missing()[0] == (not exact)
    if exact:
        assert reading.values[0] == int(yuan * 100)


@given(a=st.integers(0, 10**7), b=st.integers(0, 10**7))
def test_the_noise_of_adding_floats_is_rounded_away_and_reported(a: int, b: int) -> None:
    reading = read_money(pa.array([repr(a / 100 + b / 100)]))
    assert reading.values[0] == a + b
    assert all(reason.kind == "repaired" for reason in reading.notes)


@given(number=decimals, spelling=spellings)
def test_a_score_is_the_nearest_double_of_its_decimal(number: Decimal, spelling: str) -> None:
    reading = read_numbers(pa.array([spelling.format(number)]))
    assert (reading.values[0], reading.notes) == (float(number), {})


@given(number=st.integers(0, 10**14), spelling=st.sampled_from(["{}", "{}.0", "{:,}", "　{}", "{}.000"]))
def test_counts_are_whole(number: int, spelling: str) -> None:
    assert read_counts(pa.array([spelling.format(number)])).values[0] == number


@given(digits=st.integers(0, 10**6))
def test_a_percentage_and_its_share_are_the_same_double(digits: int) -> None:
    percent = Decimal(digits) / 10**4
    nearest = float(Fraction(digits, 10**6))
    reading = read_rates(pa.array([f"{percent}%", f" {percent:f}％", f"{percent / 100:f}"]), np.ones(3), "share", "")
    assert list(reading.values) == [nearest] * 3


@given(st.text(max_size=12))
def test_no_text_breaks_a_parser_and_none_becomes_nan(text: str) -> None:
    texts = pa.array([text.encode("utf-8", "ignore").decode()])
    for reading in (
        read_counts(texts),
        read_money(texts),
        read_numbers(texts),
        read_rates(texts, np.ones(1), "percent", ""),
    ):
        assert np.isfinite(reading.values[0])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-1", "below zero"),
        ("1.234", "finer than the smallest coin"),
        ("1e999", "too large to be true"),
        ("inf", "not understood as a number"),
        ("1,00", "not understood as a number"),
        ("1-2万", "not understood as a number"),
        ("15-12", "not understood as a number"),
        ("0571-8888", "not understood as a number"),
        ("2024-03-05", "not understood as a number"),
        ("<0", "not understood as a number"),
        ("=1+1", "not understood as a number"),
        ("१२", "not understood as a number"),
    ],
)
def test_a_price_that_is_not_understood_is_missing_with_its_reason(
    read_offers: ReadOffers, text: str, reason: str
) -> None:
    market = read_offers({"list_price": ["9.90", text]})
    assert shown(market, "list_price") == [9.9, None]
    assert reasons(market, "list_price") == {text: reason}


def test_a_price_of_zero_is_impossible_where_a_column_is_positive(read_offers: ReadOffers) -> None:
    market = read_offers({"list_price": ["0", "0.00", "0.01"], "unit_cost": ["0", "0.00", "1"]})
    assert shown(market, "list_price") == [None, None, 0.01]
    assert reasons(market, "list_price") == dict.fromkeys(("0", "0.00"), "zero, which is impossible here")
    assert shown(market, "unit_cost") == [0, 0, 1]


@pytest.mark.parametrize("text", ["", " ", "-", "--", "—", "-%", "N/A", "n/a", "暂无", "null", "NaN", "None"])
def test_ways_to_say_nothing_are_no_fault(read_offers: ReadOffers, text: str) -> None:
    market = read_offers({"pickup_rate_48h": ["95%", text], "list_price": [text, "1"], "title": ["t", text]})
    assert [shown(market, column)[1] for column in ("pickup_rate_48h", "title")] == [None, None]
    assert shown(market, "list_price")[0] is None
    assert not reasons(market, "list_price")


class TestTheUnitOfARate:
    """It is settled once for a column; a cell that may be either is missing, never guessed."""

    def rates(
        self, read: ReadOffers, cells: list[str], header: str = "pickup_rate_48h", unit: str = ""
    ) -> list[object]:
        declared = Declared(units={"pickup_rate_48h": unit} if unit else {})
        return shown(read({header: cells}, declared), "pickup_rate_48h")

    def test_numbers_up_to_one_are_shares(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["0.953", "1", "0"]) == [0.953, 1, 0]

    def test_numbers_above_one_are_percentages(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["95.3", "100", "0"]) == [0.953, 1, 0]

    def test_a_sign_decides_for_its_cell(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["95.3%", "９５％", "0.5"]) == [0.953, 0.95, 0.5]

    def test_among_percentages_a_number_up_to_one_is_unsure(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["95.3", "88", "0.9", "1"]) == [0.953, 0.88, None, None]

    def test_where_most_but_not_all_are_up_to_one_nothing_is_sure(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["0.5", "0.8", "1.2", "0"]) == [None, None, None, 0]

    def test_a_rare_number_above_one_among_shares_is_impossible(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["0.9"] * 199 + ["1.02"])[-2:] == [0.9, None]

    def test_a_column_of_ones_says_nothing(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["1", "0", "1"]) == [None, 0, None]

    def test_the_header_may_say_it(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["95.3", "0.9"], "近30天48H揽收率（%）") == [0.953, 0.009]

    def test_a_header_in_percent_over_shares_is_unsure(self, read_offers: ReadOffers) -> None:
        market = read_offers({"近30天48H揽收率(%)": ["0.953", "1"]})
        assert shown(market, "pickup_rate_48h") == [None, None]
        assert "market.toml" in reasons(market, "pickup_rate_48h")["0.953"]

    def test_the_owner_may_declare_it(self, read_offers: ReadOffers) -> None:
        assert self.rates(read_offers, ["1", "0.9"], unit="percent") == [0.01, 0.009]
        assert self.rates(read_offers, ["1", "0.9"], unit="share") == [1, 0.9]

    def test_above_all_is_impossible(self, read_offers: ReadOffers) -> None:
        market = read_offers({"pickup_rate_48h": ["100.1%", "100%"]})
        assert shown(market, "pickup_rate_48h") == [None, 1]
        assert reasons(market, "pickup_rate_48h") == {"100.1%": "above 100%"}

    def test_what_was_settled_is_reported(self, read_offers: ReadOffers) -> None:
        quality = read_offers({"pickup_rate_48h": ["95.3", "88"]}).quality
        assert quality is not None
        settled = quality.summary().query("kind == 'settled'")
        assert settled[["column", "reason", "count"]].to_numpy().tolist() == [
            ["pickup_rate_48h", "bare numbers are percentages", 2]
        ]


class TestARateAndItsCounts:
    counts = ("on_time_pickups_30d", "orders_30d")

    def test_the_counts_decide_where_they_are_known(self, read_offers: ReadOffers) -> None:
        market = read_offers(
            {"pickup_rate_48h": ["90%", "90%", "90%"], self.counts[0]: [8, None, 0], self.counts[1]: [9, 9, 0]}
        )
        assert shown(market, "pickup_rate_48h") == [8 / 9, 0.9, 0.9]

    def test_a_rate_that_differs_beyond_its_rounding_is_doubted(self, read_offers: ReadOffers) -> None:
        market = read_offers(
            {"pickup_rate_48h": ["88.9%", "88.8%", "88.7%"], self.counts[0]: [8] * 3, self.counts[1]: [9] * 3}
        )
        assert list(reasons(market, "pickup_rate_48h", "doubted")) == ["0.887"]

    def test_a_rate_that_is_not_given_is_made(self, read_offers: ReadOffers) -> None:
        market = read_offers({self.counts[0]: [176, None], self.counts[1]: [200, 3]})
        assert shown(market, "pickup_rate_48h") == [0.88, None]

    def test_a_part_above_its_whole_makes_no_rate(self, read_offers: ReadOffers) -> None:
        market = read_offers({"pickup_rate_48h": ["95%"], self.counts[0]: [10], self.counts[1]: [9]})
        assert shown(market, "pickup_rate_48h") == [None]
        assert reasons(market, "pickup_rate_48h") == {"10": "the part counted is more than the whole: no rate"}

    def test_a_rate_of_nothing_is_kept_and_doubted(self, read_offers: ReadOffers) -> None:
        market = read_offers({"pickup_rate_48h": ["95%"], self.counts[0]: [0], self.counts[1]: [0]})
        assert shown(market, "pickup_rate_48h") == [0.95]
        assert len(reasons(market, "pickup_rate_48h", "doubted")) == 1


def test_no_minimum_order_is_zero(read_offers: ReadOffers) -> None:
    market = read_offers({"moq": ["0", "0件", "1", "0-3"]})
    assert shown(market, "moq") == [None, None, 1, 1]
    assert market.offers.cells["moq"].high is not None
    assert market.offers.cells["moq"].high[3] == 3
    assert reasons(market, "moq") == dict.fromkeys(["0", "0件"], "zero, which is impossible here")
