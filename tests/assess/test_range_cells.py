"""A range in a file decides a rule where all of it lies on one side of the threshold, and else leaves it unknown."""

from __future__ import annotations

import pytest

from tests.assess.test_unread_cells import outcome


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
