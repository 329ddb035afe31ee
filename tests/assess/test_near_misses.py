"""Who is close, and which causes many share."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from typing import Any

import pytest

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.demo import demo_market
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Rulebook
from tests.assess.good import assessed, one

HELD = {"supply", "none"}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_rulebook("spring_2024")


@pytest.fixture(scope="module")
def demo(book: Rulebook) -> Assessment:
    return assess(demo_market(4000), book)


# ---- who is close


def naive(assessment: Assessment, at_most: int) -> dict[str, str]:
    """Near misses, and their unknown groups, read off the outcomes offer by offer."""
    book, left = assessment.book, 2  # 26 and 27 February
    found = {}
    for row in assessment.outcomes("offers").to_dict("records"):
        failing = {rule for rule in assessment.blocking if row[rule] == "fail"}
        unknown = {rule for rule in assessment.blocking if row[rule] == "unknown"}
        explained = {rule for rule in assessment.blocking if failing.intersection(book.rules[rule].follows)}
        groups = {book.rules[rule].group or rule for rule in failing - explained}
        unsure = {book.rules[rule].group or rule for rule in unknown - explained}
        hopeless = [r for r in failing if book.rules[r].cure == "no" or book.rules[r].lead_days > left]
        if 1 <= len(groups) <= at_most and not hopeless:
            found[row["offer_id"]] = ";".join(sorted(unsure))
    return found


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_near_misses_are_what_their_definition_says(demo: Assessment, at_most: int) -> None:
    table = demo.near_misses(at_most).table()
    unsure = [";".join(sorted(each.split(";"))) for each in table["if_unknown_passes"]]
    assert dict(zip(table["offer_id"], unsure, strict=True)) == naive(demo, at_most)
    assert (table["failing"] <= at_most).all()
    assert (table["lead_days"] <= table["days_left"]).all()


def test_those_with_something_unknown_come_after_all_others(demo: Assessment) -> None:
    unsure = (demo.near_misses(2).table()["if_unknown_passes"] != "").tolist()
    assert unsure == sorted(unsure)
    assert any(unsure)


def test_a_cure_must_fit_into_the_days_left(book: Rulebook) -> None:
    offer = [{"is_yanxuan": False}]
    assert len(assessed(book, offer, as_of=datetime(2024, 2, 23)).near_misses()) == 1  # five days, and five are left
    assert len(assessed(book, offer, as_of=datetime(2024, 2, 23, 1)).near_misses()) == 0
    later = book.set(review_needed_by="2024-03-04")  # a sure day on the venue is enough
    assert len(assessed(later, offer, as_of=datetime(2024, 2, 24)).near_misses()) == 1


def test_without_working_days_a_cure_must_fit_before_the_campaign(book: Rulebook) -> None:
    offer, unasked = [{"is_yanxuan": False}], book.switch({"review_in_time": "off"})
    assert len(assessed(unasked, offer, as_of=datetime(2024, 2, 28)).near_misses()) == 1
    assert len(assessed(unasked, offer, as_of=datetime(2024, 2, 28, 1)).near_misses()) == 0


def test_a_failing_group_in_which_another_rule_is_unknown_is_told_apart(book: Rulebook) -> None:
    for valid_to, unsure in ((date(2025, 1, 1), ""), (None, "trustpass")):
        shop = {"trustpass_open": False, "trustpass_valid_to": valid_to}
        near = assessed(book, [{}], [shop]).near_misses()
        row, cause = one(near.table()), near.causes().iloc[0]
        assert (row["groups"], row["if_unknown_passes"]) == ("trustpass", unsure)
        assert (cause["unlocks"], cause["unlocks_if_unknown_passes"]) == (1 - bool(unsure), int(bool(unsure)))


def test_merchants_have_near_misses_of_their_own(demo: Assessment) -> None:
    near = demo.near_misses(level="merchants")
    assert list(near.table().columns[:2]) == ["merchant_id", "groups"]
    assert len(near) == len(near.table()) > 0
    assert set(near.fixes()["merchant_id"]) == set(near.table()["merchant_id"])
    assert near.causes()["merchants"].eq(1).all()


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True])
def test_at_least_one_group_may_fail(demo: Assessment, wrong: Any) -> None:
    with pytest.raises(CampaignError, match=r"at_most=.*1 or more"):
        demo.near_misses(wrong)


def test_nobody_is_near_where_all_is_well(book: Rulebook, demo: Assessment) -> None:
    near, some = assessed(book, [{}]).near_misses(), demo.near_misses()
    assert len(near) == 0
    for empty, full in ((near.table(), some.table()), (near.fixes(), some.fixes()), (near.causes(), some.causes())):
        assert len(empty) == 0
        assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_an_offer_without_merchant_hinges_on_its_merchants_rules(book: Rulebook) -> None:
    row = one(assessed(book, [{"moq": 5, "shop": "nobody"}]).near_misses().table())
    assert row["groups"] == "minimum_order"
    assert {"trustpass", "medal", "buyer_protection"} <= set(row["if_unknown_passes"].split(";"))
    assert one(assessed(book, [{"moq": 5, "shop": "nobody"}]).near_misses().causes())["unlocks"] == 0


# ---- causes


def test_one_deposit_unlocks_all_offers_of_a_shop(book: Rulebook) -> None:
    ours: list[dict[str, Any]] = [{}, {}, {"moq": 9}, {"growth_score": None}]
    offers = [*ours, {"shop": "m1", "moq": 9}]
    near = assessed(book, offers, [{"protection_deposit": 250_000}, {}]).near_misses(2)
    first = near.causes().iloc[0]
    assert (first["merchant_id"], first["group"], first["what"]) == (
        "m0", "buyer_protection", "Protection deposit balance: raise from 2500.00 to 3000.00",
    )  # fmt: skip
    assert (first["offers"], first["unlocks"], first["unlocks_if_unknown_passes"]) == (4, 2, 1)


def test_one_freight_template_is_one_cause(book: Rulebook) -> None:
    paid = [["四川"], ["四川", "新疆"], ["重庆"]]
    near = assessed(book, [{"paid_regions": frozenset(each)} for each in paid]).near_misses()
    causes = near.causes()
    assert causes["unlocks"].tolist() == [2, 1]
    assert causes["what"].str.contains("take out 四川").tolist() == [True, False]


def test_a_cause_unlocks_as_many_as_it_says(demo: Assessment) -> None:
    near = demo.near_misses(2)
    table, causes = near.fixes(), near.causes()
    ready = int(demo.summary()["pre_qualified"].iloc[0])
    shared = causes[(causes["unlocks"] > 1) & (causes["group"] != "price")].head(5)
    assert len(shared) > 2
    for cause in shared.to_dict("records"):
        mine = table[(table["merchant_id"] == cause["merchant_id"]) & (table["group"] == cause["group"])]
        if cause["group"] == "free_shipping":
            mine = mine[[cause["what"].endswith(f"take out {each.replace(';', ', ')}") for each in mine["names"]]]
        mine = mine[~mine["action"].isin(HELD)]
        again = assess(demo.apply(mine), demo.book, demo.as_of)
        assert int(again.summary()["pre_qualified"].iloc[0]) - ready == cause["unlocks"], cause
