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
