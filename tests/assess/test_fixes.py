"""Near misses, the list of what to fix, causes that many share, and repairs made on the data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
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
from campaign_analytics.assess.fixes import fixes
from campaign_analytics.demo import demo_market
from campaign_analytics.errors import CampaignError, RulebookError
from campaign_analytics.market.schema import Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.rulebook.scalar import Range
from tests.engines.subjects import cells_of

AS_OF = datetime(2024, 2, 26)
HELD = {"supply", "none"}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_rulebook("spring_2024")


@pytest.fixture(scope="module")
def demo(book: Rulebook) -> Assessment:
    return assess(demo_market(4000), book)


#: One shop and offer that pass every rule that is computed.
GOOD_SHOP: Mapping[str, Any] = {
    "main_category": "女装", "trade_medal": "AA", "trustpass_open": True, "trustpass_level": "L3",
    "member_types": frozenset(), "trustpass_type": "企业诚信通", "trustpass_valid_to": AS_OF.date() + timedelta(300),
    "trustpass_valid_from": AS_OF.date() - timedelta(300), "alipay_bound": True, "alipay_verified": True,
    "buyer_protection": True, "protection_deposit": 300_000, "penalty_points": 0, "severe_ip_count": 0,
    "prohibited_info_points": 0, "compliance_violations": 0, "ip_points": 0, "entity_type": "企业",
    "court_dishonest": False, "finance_overdue_severe": False, "dispute_score": 4.5,
}  # fmt: skip
GOOD_OFFER: Mapping[str, Any] = {
    "category": "女装", "is_yanxuan": True, "pickup_rate_48h": 0.95, "growth_score": 80, "moq": 1, "moq_unit": "件",
    "is_free_shipping": True, "paid_regions": frozenset(["新疆", "西藏"]), "campaign_price": 900, "list_price": 1000,
    "experience_score": 4.5, "escrow_supported": True, "on_time_pickups_30d": None, "orders_30d": None,
    "unit_cost": None,
}  # fmt: skip


def assessed(
    book: Rulebook,
    offers: list[dict[str, Any]],
    shops: list[dict[str, Any]] | None = None,
    as_of: datetime = AS_OF,
) -> Assessment:
    """Offers o0, o1 ... of the shops m0, m1 ..., good but for what is said; an offer's ``shop`` is m0 if not said."""
    rows = {
        "merchants": [{"merchant_id": f"m{i}", **GOOD_SHOP, **each} for i, each in enumerate(shops or [{}])],
        "offers": [
            {"offer_id": f"o{i}", "merchant_id": each.get("shop", "m0"), **GOOD_OFFER, **each}
            for i, each in enumerate(offers)
        ],
    }
    return assess(Market({name: table(book, name, held) for name, held in rows.items()}), book, as_of)


def table(book: Rulebook, name: str, rows: list[dict[str, Any]]) -> Table:
    held = {}
    for column in rows[0].keys() - {"shop"}:
        kind = kind_of(book.columns[column], book.lists, book.header.currency)
        values = [row[column] for row in rows]
        held[column] = (
            Cells.make("text", pd.array(values, dtype="str"))
            if kind.type == "text" and not kind.names
            else cells_of(kind, values)
        )
    return Table(name, held, len(rows))


def one(frame: pd.DataFrame, **where: str) -> dict[str, Any]:
    """The only row in which columns hold these values."""
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, frame
    return {str(name): value for name, value in frame.iloc[0].items()}


# ---- who is close


def naive(assessment: Assessment, at_most: int) -> dict[str, str]:
    """Near misses, and their unknown groups, read off the outcomes offer by offer."""
    book, left = assessment.book, 7
    found = {}
    for row in assessment.outcomes("offers").to_dict("records"):
        failing = {rule for rule in assessment.blocking if row[rule] == "fail"}
        unknown = {rule for rule in assessment.blocking if row[rule] == "unknown"}
        explained = {rule for rule in assessment.blocking if failing.intersection(book.rules[rule].follows)}
        groups = {book.rules[rule].group or rule for rule in failing - explained}
        unsure = {book.rules[rule].group or rule for rule in unknown - explained} - groups
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
    assert len(assessed(book, offer, as_of=datetime(2024, 2, 28)).near_misses()) == 1  # five days, and five are left
    assert len(assessed(book, offer, as_of=datetime(2024, 2, 28, 1)).near_misses()) == 0


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


# ---- what to do


def test_prices_go_down_to_the_last_fen_that_passes(demo: Assessment) -> None:
    """DuckDB reckons in decimals."""
    table = fixes(demo, "offers", np.arange(demo.market.offers.rows))
    prices = table[(table["rule"] == "campaign_price") & (table["action"] == "lower")].reset_index(drop=True)
    listed = demo.market.offers.cells["list_price"].to_pandas()
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
    kept = kept[~kept["offer_id"].isin(kept[kept["action"].isin(HELD)]["offer_id"])]
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
