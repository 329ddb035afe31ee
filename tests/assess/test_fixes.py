"""The list of what to fix, and repairs made on the data."""

from __future__ import annotations

import warnings
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.assess.applied import writable
from campaign_analytics.assess.fixes import fixes
from campaign_analytics.demo import demo_market
from campaign_analytics.errors import CampaignError, RulebookError
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import Range
from tests.assess.good import AS_OF, GOOD_OFFER, GOOD_SHOP, assessed, one, table

HELD = {"supply", "none"}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_rulebook("spring_2024")


@pytest.fixture(scope="module")
def demo(book: Rulebook) -> Assessment:
    return assess(demo_market(4000), book)


# ---- what to do


def test_a_list_price_that_is_nowhere_known_is_to_be_supplied_where_exports_have_it(book: Rulebook) -> None:
    table = assessed(book, [{"list_price": None, "campaign_price": None}]).fixes(offer_id="o0")
    assert set(table["column"]) <= {"list_price", "campaign_price_pc", "campaign_price_mobile"}


def test_prices_go_down_to_the_last_fen_that_passes(demo: Assessment) -> None:
    """DuckDB reckons in decimals."""
    table = fixes(demo, "offers", np.arange(demo.market.offers.rows))
    prices = table[(table["rule"] == "campaign_price") & (table["action"] == "lower")].reset_index(drop=True)
    listed = demo.market.offers.cells["enrolment_list_price"].to_pandas()
    listed.index = pd.Index(demo.market.offers.cells["offer_id"].values)
    prices["list_price"] = listed.loc[prices["offer_id"]].to_numpy()
    highest = "SELECT floor(list_price::DECIMAL(18, 2) * 0.95::DECIMAL(3, 2) * 100) / 100 FROM prices"
    expected: Any = duckdb.sql(highest)
    assert len(prices) > 100
    assert prices["to"].astype(float).tolist() == [float(row[0]) for row in expected.fetchall()]
    assert np.allclose(prices["by"], prices["now"].astype(float) - prices["to"].astype(float))


@pytest.mark.parametrize(("listed", "highest"), [(199, "1.89"), (1390, "13.20"), (140, "1.33"), (1, "")])
def test_the_highest_compliant_price(book: Rulebook, listed: int, highest: str) -> None:
    table = assessed(book, [{"campaign_price": listed, "list_price": listed}]).fixes("o0")
    row = one(table, rule="campaign_price")
    assert row["to"] == highest
    assert row["action"] == ("lower" if highest else "none")
    assert row["column"] == ("campaign_price" if highest else "price_pc")


def test_a_margin_where_the_cost_is_known(book: Rulebook) -> None:
    prices = {"campaign_price": 1000, "list_price": 1000}
    table = assessed(book, [prices | {"unit_cost": 800}, prices | {"unit_cost": 990}, prices]).near_misses().fixes()
    assert table["margin"].tolist()[:2] == [1.5, -0.4]
    assert np.isnan(table["margin"][2])


def test_the_next_forty_orders_in_time(book: Rulebook) -> None:
    """An older day than the others: the cure takes thirty days."""
    counts = {"on_time_pickups_30d": 176, "orders_30d": 200, "pickup_rate_48h": 0.88}
    row = one(assessed(book, [counts]).fixes("o0"), rule="select_pickup")
    assert (row["action"], row["now"], row["to"], row["by"], row["unit"]) == ("orders", "88%", "90%", 40, "orders")
    assert "leaves the window" in row["note"]


def test_a_rate_without_counts_must_rise(book: Rulebook) -> None:
    row = one(assessed(book, [{"pickup_rate_48h": 0.88}]).fixes("o0"), rule="select_pickup")
    assert (row["action"], row["to"], row["by"], row["unit"], row["note"]) == ("raise", "90%", 2, "points", "")


def test_regions_to_make_free(book: Rulebook) -> None:
    row = one(assessed(book, [{"paid_regions": frozenset(["新疆", "四川", "重庆"])}]).fixes("o0"))
    assert (row["action"], row["names"], row["to"], row["by"]) == ("remove", "重庆;四川", "新疆", 2)


def test_alternatives_stand_beside_what_is_proposed(book: Rulebook) -> None:
    table = assessed(book, [{}], [{"trustpass_level": "L1"}]).fixes("o0")
    proposed = one(table[table["option"] == 0])
    assert (proposed["column"], proposed["to"], proposed["by"], proposed["unit"]) == (
        "trustpass_level",
        "L2",
        1,
        "steps",
    )
    others = table[table["option"] > 0]
    assert others["alternative_to"].unique().tolist() == ["trustpass_level"]
    assert others["names"].tolist() == ["实力商家", "超级工厂"]
    assert others["option"].tolist() == [2, 3]


def test_far_below_the_level_another_way_is_nearer(book: Rulebook) -> None:
    high = book.set(min_trustpass_level="L6")
    table = assessed(high, [{}], [{"trustpass_level": "L1"}]).fixes("o0")
    assert table[table["option"] == 0]["names"].tolist() == ["实力商家"]


def test_giving_no_value_is_no_remedy(book: Rulebook) -> None:
    table = assessed(book, [{}], [{"trustpass_open": False}]).fixes(merchant_id="m0")
    assert one(table)["action"] == "switch_on"
    named = assessed(book, [{}], [{"trustpass_open": None, "trustpass_type": "无"}]).fixes(merchant_id="m0")
    assert one(named, rule="trustpass")["names"] == "个人诚信通;企业诚信通;专业市场诚信通"
    assert one(named, rule="trustpass_in_force")["names"] == "个人诚信通;企业诚信通"


def test_a_failure_that_follows_is_listed_and_marked(book: Rulebook) -> None:
    shop = [{"trustpass_level": "L1"}]
    table = assessed(book, [{"is_yanxuan": False}], shop).fixes("o0")
    assert one(table, rule="in_select")["follows"] == "select_level"
    assert set(table[table["rule"] == "select_level"]["follows"]) == {""}


def test_a_range_that_decided_is_to_be_supplied(book: Rulebook) -> None:
    row = one(assessed(book, [{"campaign_price": 2000, "list_price": Range(900, 1000)}]).fixes("o0"))
    assert (row["action"], row["column"], row["now"]) == ("supply", "list_price", "9.00–10.00")


def test_labels_and_words_come_in_both_languages(book: Rulebook) -> None:
    held = assessed(book, [{"moq": 5}])
    assert held.fixes("o0", lang="zh")["fix"].tolist() == ["调低起批量"]
    assert held.fixes("o0", lang="en")["label"].tolist() == ["Minimum order quantity"]
    assert held.near_misses().causes("zh")["what"].tolist() == ["起批量：由 5 降低到 2"]
    assert held.near_misses().warnings("en") == ("备注2: Submission is not success; no withdrawal after approval",)


def test_an_unknown_id_suggests_the_closest(book: Rulebook) -> None:
    held = assessed(book, [{"moq": 5}])
    with pytest.raises(CampaignError, match="did you mean 'o0'"):
        held.fixes("o00")
    with pytest.raises(CampaignError, match="either an offer_id or a merchant_id"):
        held.fixes()


# ---- repairs made


@pytest.mark.parametrize("profile", ["wholesale", "daily_deals"])
@settings(max_examples=4)
@given(seed=st.integers(0, 1000))
def test_repaired_near_misses_qualify(profile: str, seed: int) -> None:
    """Every one without an unknown group, of markets that nobody made for this."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rules = load_rulebook({"wholesale": "spring_2024"}.get(profile, profile))
    before = assess(demo_market(1500, seed, profile), rules)
    near = before.near_misses(3)
    table, kept = near.table(), near.fixes()
    stuck = kept["action"].isin(HELD) | ~kept["column"].isin(writable(rules, kept["column"].unique()))
    kept = kept[~kept["offer_id"].isin(kept[stuck]["offer_id"])]
    after = assess(before.apply(kept), rules, before.as_of)
    verdicts = after.verdicts().set_index("offer_id")["verdict"].astype(str)
    sure = set(table[table["if_unknown_passes"] == ""]["offer_id"]) & set(kept["offer_id"])
    assert sure
    assert set(verdicts.loc[sorted(sure)]) == {"pre_qualified"}
    assert "ineligible" not in set(verdicts.loc[sorted(set(kept["offer_id"]))])


def test_a_repair_that_breaks_another_rule_brings_that_ones_repair_along(book: Rulebook) -> None:
    """Free from three pieces on is free at an order of five, and no longer at one of two."""
    before = assessed(book, [{"moq": 5, "free_shipping_from": 3}, {"moq": 5, "free_shipping_from": 2}])
    near = before.near_misses()
    second = one(near.fixes(), rule="free_shipping")
    assert (second["offer_id"], second["note"]) == ("o0", "fails once the other repairs are made")
    assert assess(before.apply(near.fixes()), book, AS_OF).summary()["pre_qualified"].tolist() == [2]
    assert near.causes().groupby("rules")["unlocks"].sum().to_dict() == {"minimum_order": 1, "free_shipping": 0}


def test_what_is_derived_is_changed_where_it_comes_from(book: Rulebook) -> None:
    bad = {"paid_regions": None, "is_free_shipping": False, "moq": 12, "campaign_price": 999}
    before = assessed(book, [bad, {}])
    market = before.apply(before.near_misses(3).fixes())
    cells = {
        name: market.offers.cells[name].to_pandas().tolist() for name in ("is_free_shipping", "moq", "campaign_price")
    }
    assert cells == {"is_free_shipping": [True, True], "moq": [2, 1], "campaign_price": [9.5, 9.0]}
    assert not book.derived.keys() & market.offers.cells.keys()
    assert assess(market, book, AS_OF).summary()["pre_qualified"].tolist() == [2]
    assert before.market.offers.cells["moq"].values.tolist() == [12, 1]


def test_a_batch_holds_too_many_pieces_whatever_is_done(book: Rulebook) -> None:
    pieces = book.set(moq_unit_policy="pieces", max_moq=5)
    table = assess(_batches([(3, 2), (2, 6)], pieces), pieces, AS_OF)
    repairs = fixes(table, "offers", np.arange(2))
    repairs = repairs[repairs["rule"] == "minimum_order"]
    assert repairs["action"].tolist() == ["lower", "none"]
    assert repairs["to"].tolist() == ["2", ""]


def _batches(given: list[tuple[int, int]], book: Rulebook) -> Market:
    rows = [
        {"offer_id": f"o{i}", "merchant_id": "m0", **GOOD_OFFER, "moq": moq, "moq_unit": "手", "batch_size": size}
        for i, (moq, size) in enumerate(given)
    ]
    shop = [{"merchant_id": "m0", **GOOD_SHOP}]
    return Market({"offers": table(book, "offers", rows), "merchants": table(book, "merchants", shop)})


def test_what_cannot_be_done_is_refused(book: Rulebook) -> None:
    before = assessed(book, [{"campaign_price": 1, "list_price": 1}, {"moq": 5}])
    with pytest.raises(CampaignError, match=r"cannot be applied, the first for offer_id 'o0': .*leave out the rows"):
        before.apply(before.fixes("o0"))
    moq = before.fixes("o1")
    with pytest.raises(CampaignError, match="one repair would lower it and another raise it"):
        before.apply(pd.concat([moq, moq.assign(action="raise", to="9")]))
    with pytest.raises(CampaignError, match="no offer_id 'gone' in this market"):
        before.apply(moq.assign(offer_id="gone"))
    with pytest.raises(CampaignError, match="fixes of moq: 'two'"):
        before.apply(moq.assign(to="two"))
    with pytest.raises(CampaignError, match="these are no fixes: no column"):
        before.apply(pd.DataFrame({"offer_id": ["o1"]}))
    with pytest.raises(CampaignError, match="made by the recipe 'first_known'"):
        before.apply(moq.assign(column="price_pc"))


def test_of_two_repairs_of_one_cell_the_further_counts(book: Rulebook) -> None:
    before = assessed(book, [{"moq": 5}])
    moq = before.fixes("o0")
    market = before.apply(pd.concat([moq, moq.assign(to="1")]))
    assert market.offers.cells["moq"].values.tolist() == [1]


def test_the_cost_column_must_be_money(tmp_path: Path, book: Rulebook) -> None:
    text = resources.files("campaign_analytics").joinpath("rulebooks", f"{book.id}.toml").read_text("utf-8")
    for wrong, said in (("unit_costs", "did you mean 'unit_cost'"), ("stock", "'stock' is a count; a cost is money")):
        path = tmp_path / "book.toml"
        path.write_text(text.replace('cost = "unit_cost"', f'cost = "{wrong}"'), "utf-8")
        with pytest.raises(RulebookError, match=said):
            load_rulebook(path)
