"""What stands in a cell but is not understood, impossible or contradicted is never taken for a blank cell."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.explain import Card

BOOK = ca.load_rulebook("spring_2024", "corrected")
MERCHANT = {"merchant_id": "m", "trustpass_type": "企业诚信通", "trustpass_valid_to": "2024-12-31"}
LISTED = {"is_free_shipping": "是", "paid_regions": "西藏", "moq": "1", "moq_unit": "件"}


def outcome(rule: str, offers: list[dict[str, str]], merchant: dict[str, str] | None = None) -> tuple[str, Card]:
    keys = {"offer_id": "1", "merchant_id": "m"}
    tables = {
        "merchants": pd.DataFrame([MERCHANT | (merchant or {})]),
        "offers": pd.DataFrame([keys | offer for offer in offers]),
    }
    result = ca.assess(ca.read_market(tables, BOOK), BOOK, as_of="2024-02-26")
    return str(result.outcomes()[rule].iloc[0]), result.explain("1")


@pytest.mark.parametrize(
    ("rule", "read", "blank"),
    [
        ("enrolment_window", {"enrolled_at": "2024-13-45"}, "pass"),
        ("campaign_price", {"campaign_price_pc": "9.9折?", "campaign_price_mobile": "9", "list_price": "10"}, "pass"),
        ("campaign_price", {"campaign_price_pc": "-3", "campaign_price_mobile": "9", "list_price": "10"}, "pass"),
        ("campaign_price", {"campaign_price_mobile": "1e99", "campaign_price_pc": "9", "list_price": "10"}, "pass"),
        ("free_shipping", {"free_shipping_from": "abc", **LISTED}, "pass"),
        ("free_shipping", {"paid_regions": "偏远山区", "is_free_shipping": "否", "moq": "1"}, "fail"),
    ],
)
def test_a_cell_that_is_not_understood_leaves_the_rule_unknown_where_a_blank_one_would_decide(
    rule: str, read: dict[str, str], blank: str
) -> None:
    first = next(iter(read))
    assert outcome(rule, [read | {first: ""}])[0] == blank
    found, card = outcome(rule, [read])
    assert found == "unknown"
    assert next(line for line in card.lines if line.rule == rule).outcome == "unknown"


def test_the_same_of_a_merchants_cell() -> None:
    assert outcome("trustpass_in_force", [{}])[0] == "pass"
    found, card = outcome("trustpass_in_force", [{}], {"trustpass_valid_from": "2024-99-01"})
    assert found == "unknown"
    assert "could not be read" in next(line.sentence for line in card.lines if line.rule == "trustpass_in_force")


def test_rows_of_one_offer_that_contradict_each_other_decide_nothing() -> None:
    two: list[dict[str, Any]] = [
        {"campaign_price_pc": price, "campaign_price_mobile": "9", "list_price": "10", "enrolled_at": day}
        for price, day in (("9.9", "2023-01-01"), ("9", "2024-02-24"))
    ]
    assert outcome("campaign_price", two)[0] == "unknown"
    assert outcome("enrolment_window", two)[0] == "unknown"


def test_a_shop_whose_offer_has_an_unreadable_enrolment_has_no_known_day_of_enrolment() -> None:
    assert outcome("trustpass_in_force", [{"enrolled_at": "soon"}])[0] == "unknown"


def test_or_no_value_is_not_said_of_an_unreadable_value() -> None:
    book = ca.load_rulebook("daily_deals")
    shops = pd.DataFrame({"merchant_id": ["unreadable", "blank"], "return_rate": ["kaputt", ""]})
    offers = pd.DataFrame({"offer_id": ["1", "2"], "merchant_id": ["unreadable", "blank"]})
    result = ca.assess(ca.read_market({"merchants": shops, "offers": offers}, book), book, as_of="2031-05-03")
    assert result.outcomes()["returns"].tolist() == ["unknown", "pass"]


def test_a_minimum_order_in_batches_counts_in_pieces_where_shipping_is_free_from_some_pieces() -> None:
    batch = {"is_free_shipping": "是", "paid_regions": "西藏", "free_shipping_from": "3", "moq": "1", "moq_unit": "手"}
    assert outcome("free_shipping", [batch | {"batch_size": "12"}])[0] == "pass"
    assert outcome("free_shipping", [batch | {"batch_size": "2"}])[0] == "fail"
    assert outcome("free_shipping", [batch])[0] == "unknown"
