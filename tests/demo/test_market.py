"""What an invented market promises: reproducible, whole, correlated, with gaps, some values on thresholds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from campaign_analytics.demo import demo_market
from campaign_analytics.demo.profile import PROFILES, load_profile
from campaign_analytics.market.schema import Cells, Market


@pytest.fixture(scope="module")
def market() -> Market:
    return demo_market(20_000, seed=7)


def known(cells: Cells) -> pd.Series:
    values = pd.Series(np.asarray(cells.values, float))
    return values if cells.missing is None else values.mask(cells.missing)


def assert_same(one: Market, other: Market) -> None:
    assert one.declared == other.declared
    for name, table in one.tables.items():
        for column, cells in table.cells.items():
            again = other.tables[name].cells[column]
            assert cells.type == again.type, column
            np.testing.assert_array_equal(np.asarray(cells.values), np.asarray(again.values), err_msg=column)
            np.testing.assert_array_equal(cells.missing, again.missing, err_msg=column)


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    assert_same(demo_market(500, seed=3), demo_market(500, seed=3))
    one, other = demo_market(500, seed=3), demo_market(500, seed=4)
    assert not np.array_equal(one.offers.cells["list_price"].values, other.offers.cells["list_price"].values)


@pytest.mark.parametrize("profile", [file.stem for file in PROFILES.glob("*.toml")])
def test_every_profile_makes_a_market_with_keys_that_meet(profile: str) -> None:
    market = demo_market(3_000, seed=1, profile=profile)
    assert market.offers.rows == 3_000
    assert (market.merchant_row >= 0).all()
    assert len(np.unique(market.merchant_row)) == market.merchants.rows, "every merchant has an offer"
    for table, key in (("offers", "offer_id"), ("merchants", "merchant_id")):
        keys = market.tables[table].cells[key]
        assert keys.missing is None
        assert pd.Series(keys.values).is_unique
    described = load_profile(profile)
    for name, columns in described.columns.items():
        name = (name in described.rows and described.rows[name].table) or name
        assert list(market.tables[name].cells) == list(columns)
        assert {len(cells) for cells in market.tables[name].cells.values()} == {market.tables[name].rows}


@pytest.mark.parametrize("offers", [1, 2, 9, 10, 11])
def test_tiny_markets_are_markets_too(offers: int) -> None:
    assert demo_market(offers).offers.rows == offers


def test_no_offers_and_unknown_profiles_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="offers from 1"):
        demo_market(0)
    with pytest.raises(ValueError, match="no demo profile 'summer'; there are daily_deals, wholesale"):
        demo_market(10, profile="summer")


def test_a_few_merchants_hold_many_of_the_offers(market: Market) -> None:
    each = np.sort(np.bincount(market.merchant_row))[::-1]
    biggest_tenth = each[: len(each) // 10].sum() / each.sum()
    assert 0.35 < biggest_tenth < 0.8


def test_good_merchants_are_good_in_most_columns(market: Market) -> None:
    merchants, offers = market.merchants.cells, market.offers.cells
    dispute = known(merchants["dispute_score"])
    assert dispute.corr(known(merchants["trustpass_level"])) > 0.2
    assert dispute.corr(known(merchants["trade_medal"])) > 0.2
    assert dispute.corr(known(merchants["penalty_points"])) < -0.15
    own_dispute = dispute.reindex(market.merchant_row).reset_index(drop=True)
    assert own_dispute.corr(known(offers["growth_score"])) > 0.2
    assert known(offers["growth_score"]).corr(known(offers["pickup_rate_48h"])) > 0.2


def test_prices_differ_by_category(market: Market) -> None:
    cells = market.offers.cells
    median = known(cells["list_price"]).groupby(cells["category"].to_pandas(), observed=True).median()
    assert median["机械及行业设备"] > 5 * median["包装"]


def test_some_cells_are_missing_and_keys_never(market: Market) -> None:
    shares = {name: 0 if c.missing is None else c.missing.mean() for name, c in market.offers.cells.items()}
    assert shares["offer_id"] == shares["merchant_id"] == 0
    assert 0 < shares["growth_score"] < 0.05
    assert 0.4 < shares["enrolled_at"] < 0.8, "most have not enrolled yet"


def test_some_values_lie_on_a_threshold_and_just_beside_it(market: Market) -> None:
    growth = market.offers.cells["growth_score"].values
    for score in (59.9, 60.0, 60.1):
        assert (growth == score).sum() > 50


def test_a_rate_is_its_counts_divided_where_they_are_known(market: Market) -> None:
    cells = market.offers.cells
    rate, part, whole = (known(cells[c]) for c in ("pickup_rate_48h", "on_time_pickups_30d", "orders_30d"))
    counted = rate.notna() & part.notna() & whole.notna()
    assert (rate[counted] == part[counted] / whole[counted]).all()
    rest = rate[rate.notna() & ~counted]
    assert (rest == (rest * 10_000).round() / 10_000).all(), "else it is as an export prints it"


def test_the_shop_of_an_individual_has_hardly_ever_a_court_record(market: Market) -> None:
    cells = market.merchants.cells
    individual = cells["entity_type"].to_pandas() == "个人"
    assert cells["court_dishonest"].to_pandas()[individual].isna().mean() > 0.7
    assert cells["court_dishonest"].to_pandas()[~individual].isna().mean() < 0.05


def test_the_points_on_record_this_year_are_those_that_a_shop_is_said_to_have(market: Market) -> None:
    records = pd.DataFrame({name: cells.to_pandas() for name, cells in market.tables["penalties"].cells.items()})
    this_year = records[(records["penalty_date"] >= "2024-01-01") & (records["penalty_status"] != "已撤销")]
    sums = this_year.groupby("merchant_id")["penalty_deduction"].sum()
    cells = market.merchants.cells
    said = pd.Series(known(cells["penalty_points"]).to_numpy(), index=pd.Index(cells["merchant_id"].values)).dropna()
    agree = sums.reindex(said.index, fill_value=0) == said
    assert 0.97 < agree.mean() < 1, "and a few differ, for a warning"


def test_some_offers_have_skus_and_tiers_mostly_at_the_offers_own_discount(market: Market) -> None:
    rows = {name: market.tables[name].rows / market.offers.rows for name in ("skus", "price_tiers", "price_history")}
    assert all(0.02 < share < 0.3 for share in rows.values())
    index = pd.Index(market.offers.cells["offer_id"].values)
    offers = {c: known(market.offers.cells[c]) for c in ("list_price", "campaign_price_pc")}
    skus = market.tables["skus"].cells
    own = index.get_indexer(pd.Index(skus["offer_id"].values))
    discount = known(skus["sku_campaign_price"]) / known(skus["sku_list_price"])
    offers_discount = (offers["campaign_price_pc"] / offers["list_price"]).to_numpy()[own]
    gone = discount.isna() | np.isnan(offers_discount)
    assert 0.9 < (np.abs(discount - offers_discount) < 0.02)[~gone].mean() < 1
    tiers = market.tables["price_tiers"].cells
    first = (
        pd.Series(tiers["tier_from"].values)
        .groupby(np.asarray(tiers["offer_id"].values))
        .agg(["min", "nunique", "size"])
    )
    assert (first["min"] == 1).all()
    assert (first["nunique"] == first["size"])[first["size"] <= 4].all()
