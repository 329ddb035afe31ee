"""Tiers: the rules of a ladder once a tier, after the gate; against the plain evaluator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.charts.tables import table
from campaign_analytics.demo.market import demo_market
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.scalar import UNREAD, Range, truth
from tests.assess.hall import assessed, hall
from tests.derive.rows import market_of

DEALS = load_rulebook("daily_deals")
SHOWN = ["tier", "possible_tier", "next_tier", "lacks", "open"]


def rungs(shop: dict[str, Any], *offers: dict[str, Any], **changes: Any) -> list[Any]:
    """What is told of one shop on the ladder of merchants; None for no tier."""
    result = assessed(offers, [{"merchant_id": "ann", "family": True} | shop], **changes)
    row = result.tiers("rungs").iloc[0]
    return [None if pd.isna(row[name]) else str(row[name]) for name in SHOWN]


def test_the_highest_tier_all_of_whose_rules_hold() -> None:
    assert rungs({"trust": 0}) == [None, None, "low", "rung_trust", ""]
    assert rungs({"trust": 2}) == ["low", "low", "mid", "rung_trust;rung_offers", ""]
    assert rungs({"trust": 3}, {}, {}) == ["mid", "mid", "high", "rung_trust;rung_offers", ""]
    assert rungs({"trust": 5}, {}, {}, {}, {}) == ["high", "high", None, "", ""]


def test_the_offers_that_pass_the_gate_count_from_the_sure_ones_to_the_possible_ones() -> None:
    cannot_tell, fails = {"sold": None}, {"sold": 1, "aisle": "tools"}
    assert rungs({"trust": 5}, {}, {}, cannot_tell, fails) == ["mid", "mid", "high", "rung_offers", ""]
    assert rungs({"trust": 5}, {}, {}, cannot_tell, cannot_tell) == ["mid", "high", "high", "", "rung_offers"]


def test_what_is_unknown_leaves_a_sure_and_a_possible_tier() -> None:
    assert rungs({"trust": None}, {}, {}) == [None, "mid", "low", "", "rung_trust"]
    assert rungs({"trust": (2, 9)}, {}, {}, {}, {}) == ["low", "high", "mid", "", "rung_trust"]


def test_a_rule_that_only_warns_keeps_nobody_from_a_tier() -> None:
    assert rungs({"trust": 1, "family": False}) == ["low", "low", "mid", "rung_trust;rung_offers", ""]


def test_no_tier_without_the_gate() -> None:
    table_ = assessed([{"stars": 5}, {"stars": 5, "sold": None}, {"stars": 5, "sold": 1, "aisle": "tools"}]).tiers(
        "grades"
    )
    assert list(table_.columns) == ["offer_id", "merchant_id", "aisle", "verdict", *SHOWN]
    assert table_["verdict"].tolist() == ["pre_qualified", "undetermined", "ineligible"]
    assert table_["tier"].astype("str").tolist()[0] == "three"
    assert table_["tier"].isna().tolist() == [False, True, True]
    assert table_["possible_tier"].isna().tolist() == [False, False, True]
    assert table_["tier"].cat.categories.tolist() == ["one", "two", "three"]
    assert table_["tier"].cat.ordered


def test_a_tier_for_which_a_parameter_has_no_value_is_never_sure() -> None:
    table_ = assessed([{"stars": 2}, {"stars": 4}]).tiers("grades").astype("str")
    assert table_["tier"].tolist() == ["one", "three"]  # two asks for so many stars as nobody has said
    assert table_["possible_tier"].tolist() == ["two", "three"]
    assert table_["open"].tolist() == ["grade_stars", ""]


def test_an_offer_may_be_asked_for_the_tier_of_its_merchant() -> None:
    result = assessed([{}, {}, {"merchant_id": "nobody"}], [{"merchant_id": "ann", "trust": 4}])
    offers = result.tiers("rungs", "offers")
    assert offers["tier"].astype("str").tolist()[:2] == ["mid", "mid"]
    assert offers["tier"].isna().tolist() == [False, False, True]
    assert offers["possible_tier"].astype("str").tolist()[2] == "high"  # who knows whose it is


def test_one_tier_is_an_assessment_of_the_ladders_rules() -> None:
    result = assessed([{"stars": 2}, {"stars": 4}], [{"merchant_id": "ann", "trust": 2}])
    three = result.at_tier("three", "grades")
    assert three.outcomes()["grade_stars"].tolist() == ["fail", "pass"]
    assert "2" in str(three.explain("o0"))
    assert "3" in str(three.explain("o0"))
    assert result.at_tier("high", "rungs").outcomes("merchants")["rung_offers"].tolist() == ["fail"]


def test_what_cannot_be_told_is_said() -> None:
    result = assessed([{}])
    with pytest.raises(CampaignError, match="market_hall has several ladders; name one: rungs, grades"):
        result.tiers()
    with pytest.raises(CampaignError, match="unknown ladder 'rung'; did you mean 'rungs'"):
        result.tiers("rung")
    with pytest.raises(CampaignError, match="unknown tier 'hig'; did you mean 'high'"):
        result.at_tier("hig", "rungs")
    with pytest.raises(CampaignError, match="the tiers of 'grades' are of offers"):
        result.tiers("grades", "merchants")
    with pytest.raises(CampaignError, match="spring_2024 has no ladder"):
        assess(demo_market(5), load_rulebook("spring_2024", "corrected")).tiers()
    off = hall().switch({"grade_stars": "off"})
    with pytest.raises(CampaignError, match="no rule in force says what the tiers of 'grades' need"):
        assess(market_of(off, offers=[], merchants=[]), off, datetime(2031, 5, 1)).tiers("grades")


def test_no_merchants_and_no_offers() -> None:
    book = hall()
    result = assess(market_of(book), book, datetime(2031, 5, 1))
    assert len(result.tiers("rungs")) == len(result.tiers("grades")) == 0
    assert result.headline()


def test_lists_headlines_and_scorecards_have_the_tiers() -> None:
    rows: list[dict[str, Any]] = [{"stars": 2}, {"stars": 4}, {"stars": None}]
    result = assessed(rows, [{"merchant_id": "ann", "trust": 4}])
    assert result.offers()["grades"].astype("str").tolist()[:2] == ["one", "three"]
    assert result.merchants()["rungs"].tolist() == ["mid"]
    assert "Rungs (Merchants): high 0, mid 1, low 0; 0 may reach a higher one" in result.headline()
    assert "等（商品）：three 1、two 0、one 1；2 个在未知项确定后可能更高" in result.headline("zh")
    card = result.merchant_scorecard("ann").to_dict()
    assert "'tier': 'mid'" in str(card)
    assert "'lacks': 'rung_trust;rung_offers'" in str(card)
    shown = table(result.tiers("rungs"), hall(), "en", 1)
    assert shown.titles()[2:] == ["Tier", "Tier at best", "Next tier", "Fails for the next tier", "Cannot be decided"]
    assert shown.cells()[0][-2] == "Trusted, Offers"


# ---- against the plain evaluator


REPLY = st.none() | st.sampled_from(["0%", "40%", "54.9%", "55%", "71.9%", "72%", "100%"])
SCORE = (
    st.none()
    | st.sampled_from([2, 3.4, 3.5, 3.9, 4, 4.4, 4.5, 5])
    | st.just((3, 4))
    | st.just((4, 5))
    | st.just(UNREAD)
)


def tiers_by_hand(result: Assessment, row: int) -> tuple[str | None, str | None]:
    """The sure and the possible tier of one shop, by the scalar evaluator with the ladder as a column."""
    cells = {}
    for name in ("reply_rate", "shop_score"):
        held = result.market.merchants.cells[name].take(pd.array([row]).to_numpy())
        high = held.values if held.high is None else held.high
        cells[name] = None if held.gone[0] else Range(float(held.values[0]), float(high[0]))
    sure = possible = None
    for tier in DEALS.document.ladders["deal_tiers"].tiers:
        told = [
            truth(DEALS.whole(r), cells | {"deal_tiers": tier}, DEALS.values) for r in ("tier_replies", "tier_score")
        ]
        sure = tier if all(each is True for each in told) else sure
        possible = tier if False not in told else possible
    gate = result.merchants()["verdict"][row]
    return (sure if gate == "pre_qualified" else None), (None if gate == "ineligible" else possible)


@settings(max_examples=40)
@given(st.lists(st.tuples(REPLY, SCORE), min_size=1, max_size=8))
def test_the_deal_tiers_of_many_shops(shops: list[tuple[Any, Any]]) -> None:
    good = {"return_rate": "1%", "opened_on": "2020-01-01", "bond": 9000, "shop_kind": "brand", "has_eco_label": True}
    rows = [
        {"merchant_id": f"m{i}", "reply_rate": reply, "shop_score": score} | good
        for i, (reply, score) in enumerate(shops)
    ]
    result = assess(market_of(DEALS, merchants=rows, offers=[]), DEALS, datetime(2031, 5, 3))
    told = result.tiers()
    found = [
        tuple(None if pd.isna(each) else each for each in pair)
        for pair in zip(told["tier"], told["possible_tier"], strict=True)
    ]
    assert found == [tiers_by_hand(result, row) for row in range(len(rows))]


def test_the_demo_shows_every_tier_and_open_ones() -> None:
    result = assess(demo_market(3000, 1, "daily_deals"), DEALS)
    told = result.tiers()
    assert set(told["tier"].dropna()) == {"bronze", "silver", "gold"}
    assert told["tier"].isna().any()
    assert (told["tier"].cat.codes < told["possible_tier"].cat.codes).any()
    assert (result.merchants()["deal_tiers"].cat.codes == told["tier"].cat.codes).all()
