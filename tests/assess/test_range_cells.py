"""A range in a file decides a rule where all of it lies on one side of the threshold, and else leaves it unknown."""

from __future__ import annotations

import pandas as pd
import pytest

import campaign_analytics as ca
from tests.assess.test_unread_cells import BOOK, MERCHANT, outcome


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("8-9.50", "pass"),
        ("<5", "pass"),
        ("8-9.51", "unknown"),
        ("5+", "unknown"),
        ("9.51-12", "fail"),
        ("20+", "fail"),
    ],
)
def test_a_range_of_prices_decides_on_one_side_alone(price: str, expected: str) -> None:
    found, card = outcome(
        "campaign_price", [{"campaign_price_pc": price, "campaign_price_mobile": "5", "list_price": "10"}]
    )
    assert found == expected
    assert next(line for line in card.lines if line.rule == "campaign_price").outcome == expected


@pytest.mark.parametrize(
    ("column", "rule", "cells"),
    [
        (
            "pickup_rate_48h",
            "select_pickup",
            {"95%以上": "pass", "<90%": "fail", "85-95%": "unknown", "≤90%": "unknown"},
        ),
        ("growth_score", "select_growth", {"60+": "pass", "<60": "fail", "50-70": "unknown", "≤60分": "unknown"}),
        ("moq", "minimum_order", {"1-2件": "pass", ">2": "fail", "2-5手": "unknown", "≥2件": "unknown"}),
    ],
)
def test_ranges_of_rates_scores_and_counts(column: str, rule: str, cells: dict[str, str]) -> None:
    for cell, expected in cells.items():
        found, card = outcome(rule, [{column: cell}])
        assert found == expected, cell
        assert next(line for line in card.lines if line.rule == rule).outcome == expected


@pytest.mark.parametrize(
    ("list_price", "expected"), [("1.40", "pass"), ("1.99", "unknown"), ("2-3", "unknown"), ("", "unknown")]
)
def test_a_discount_decides_where_its_price_is_sure(list_price: str, expected: str) -> None:
    found, _ = outcome("campaign_price", [{"campaign_price": "9.5折", "list_price": list_price}])
    assert found == expected


def test_an_open_end_is_told_as_it_was_written() -> None:
    for cell, told in {"<90%": "less than 90%", "95%以上": "95% or more", ">95%": "more than 95%"}.items():
        card = outcome("select_pickup", [{"pickup_rate_48h": cell}])[1]
        assert told in next(line.sentence for line in card.lines if line.rule == "select_pickup")


def test_a_bound_that_is_a_range_is_named() -> None:
    card = outcome("campaign_price", [{"campaign_price": "5", "list_price": "4-10"}])[1]
    sentence = next(line.sentence for line in card.lines if line.rule == "campaign_price")
    assert "× List price at enrolment cannot be decided" in sentence


def test_ranges_that_were_read_decide_alike_on_both_engines() -> None:
    cells = {
        "pickup_rate_48h": ["95%以上", "<90%", "85-95%", "90%"],
        "growth_score": ["60+", "<60", "50-70分", "60分"],
        "moq": ["1-2件", ">2", "1手/12件", "2件"],
        "campaign_price": ["9.5折", "九五折", "12-15", "95折"],
        "list_price": ["1.40", "1.99", "14", "10+"],
        "paid_regions": ["除新疆西藏外包邮", "全国包邮", "仅江浙沪包邮", "偏远地区除外"],
    }
    offers = pd.DataFrame({"offer_id": list("1234"), "merchant_id": "m", **cells})
    market = ca.read_market({"merchants": pd.DataFrame([MERCHANT]), "offers": offers}, BOOK)
    here = ca.assess(market, BOOK, as_of="2024-02-26").outcomes()
    there = ca.assess(market, BOOK, as_of="2024-02-26", engine="duckdb").outcomes()
    pd.testing.assert_frame_equal(here, there)
    rules = ["select_pickup", "select_growth", "minimum_order", "campaign_price", "free_shipping"]
    assert {name: here[name].tolist() for name in rules} == {
        "select_pickup": ["pass", "fail", "unknown", "pass"],
        "select_growth": ["pass", "fail", "unknown", "pass"],
        "minimum_order": ["pass", "fail", "pass", "pass"],
        "campaign_price": ["pass", "unknown", "unknown", "unknown"],
        "free_shipping": ["pass", "pass", "fail", "unknown"],
    }
