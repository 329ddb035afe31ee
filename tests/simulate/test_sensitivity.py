"""Every point of every curve and surface is a full assessment of the rulebook with those values."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from campaign_analytics import CampaignError, assess, demo_market, load_rulebook, read_market
from campaign_analytics.assess import Assessment
from campaign_analytics.market.schema import Cells, Market, Table
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.values import Value
from campaign_analytics.simulate.moving import options, put, values_of
from campaign_analytics.simulate.sensitivity import FEW
from campaign_analytics.simulate.what_if import WhatIf

VERDICTS = ["pre_qualified", "ineligible", "undetermined"]
AS_OF = {"spring_2024": "2024-02-26T10:00:00", "daily_deals": "2031-05-03T09:00:00"}
PROFILES = {"spring_2024": "wholesale", "daily_deals": "daily_deals"}
CAMPAIGNS = list(AS_OF)
FIXTURES = Path(__file__).parents[2] / "data" / "fixtures" / "spring"


def rough(table: Table) -> Table:
    """More cells missing, and some amounts known as ranges only."""
    rng = np.random.default_rng(7)

    def roughened(cells: Cells) -> Cells:
        if cells.type == "text" and not cells.names:
            return cells
        gone, wide = rng.random((2, table.rows)) < [[0.003], [0.01]]
        high = None
        if cells.type in ("count", "money", "rate", "number", "level") and not cells.names:
            high = cells.values + wide * (cells.values.dtype.type(2) if cells.values.dtype.kind == "i" else 0.05)
        return Cells.make(cells.type, cells.values, gone | cells.gone, high, cells.names)

    return table.with_cells({name: roughened(cells) for name, cells in table.cells.items()})


def book_of(name: str) -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_rulebook(name)


@cache
def market_of(name: str, offers: int = 500) -> Market:
    market = demo_market(offers, seed=3, profile=PROFILES[name])
    for table in ("offers", "merchants"):
        market = market.with_table(rough(market.tables[table]))
    return market


@cache
def baseline(name: str) -> Assessment:
    return assess(market_of(name), book_of(name), AS_OF[name])


@pytest.fixture(params=CAMPAIGNS)
def campaign(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def what_if(campaign: str) -> WhatIf:
    return WhatIf(baseline(campaign))


def whole(what_if: WhatIf, book: Rulebook) -> Assessment:
    """The assessment that a curve's point must equal."""
    return assess(what_if.baseline.market, book, what_if.baseline.as_of)


def expected(what_if: WhatIf, name: str, value: Value | None) -> Assessment:
    return whole(what_if, put(what_if.book, what_if.slider(name), value))


def same(table: pd.DataFrame, summary: pd.DataFrame, by: str) -> None:
    """The rows of one value are those of a summary, class by class."""
    held = summary.set_index(by).loc[table[by]]
    for verdict in VERDICTS:
        assert table[verdict].tolist() == held[verdict].tolist()


def tried(what_if: WhatIf, name: str) -> list[int]:
    """Which of a parameter's values are assessed in full: all of a short list; of a long one the ends, those about the
    value in force, and every fifth."""
    slider = what_if.slider(name)
    values = values_of(what_if, slider)
    here = values.index(slider.held(what_if.book.values[slider.parameter]))
    few = len(values) <= 12
    return [at for at in range(len(values)) if few or at % 5 == 0 or abs(at - here) < 3 or at == len(values) - 1]


MOVED = {
    "spring_2024": ({"min_growth_score": 41, "max_price_ratio": "96.3%", "moq_unit_policy": "pieces"}, "select_level"),
    "daily_deals": ({"min_shop_score": 3, "min_sold[Toys]": 90, "lowest_share": "20%"}, "white_image"),
}
SLOW = {"spring_2024": "max_link_depth", "daily_deals": "min_shop_score_stay"}


@pytest.mark.parametrize("moved", [False, True], ids=["as_it_is", "with_others_moved"])
def test_every_value_of_every_parameter_is_a_full_assessment(what_if: WhatIf, campaign: str, moved: bool) -> None:
    if moved:
        what_if.set(MOVED[campaign][0]).switch_off(MOVED[campaign][1])
    by = what_if.book.header.category
    found = what_if.curves(by)
    assert found["parameter"].nunique() > 12
    for name, table in found.groupby("parameter", sort=False):
        values = values_of(what_if, what_if.slider(str(name)))
        shown = [what_if.book.show(what_if.slider(str(name)).parameter, value) for value in values]
        assert list(dict.fromkeys(table["value"])) == shown
        for at in tried(what_if, str(name))[:: 3 if moved else 1]:
            same(table[table["value"] == shown[at]], expected(what_if, str(name), values[at]).summary(by), by)


def test_the_fixtures_are_assessed_at_every_value_too() -> None:
    book = book_of("spring_2024")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = assess(read_market(FIXTURES, book), book)
    what_if = WhatIf(result)
    found = what_if.curves("category")
    for name, table in found.groupby("parameter", sort=False):
        values = values_of(what_if, what_if.slider(str(name)))
        for at in tried(what_if, str(name))[::4]:
            shown = book.show(what_if.slider(str(name)).parameter, values[at])
            held = table[table["value"] == shown]
            same(held, expected(what_if, str(name), values[at]).summary("category"), "category")


def test_the_slow_ones_are_left_out_and_asked_for_by_name(what_if: WhatIf, campaign: str) -> None:
    name = SLOW[campaign]
    left_out = what_if.curves().attrs["left_out"]
    assert name in left_out
    assert all(len(why) > 20 for why in left_out.values())
    found = what_if.curve(name)
    values = values_of(what_if, what_if.slider(name))
    assert len(found) == len(values) > FEW
    for at in tried(what_if, name):
        whole_of_it = expected(what_if, name, values[at]).summary().iloc[0]
        assert found[VERDICTS].iloc[at].tolist() == whole_of_it[VERDICTS].tolist()


def test_every_parameter_is_there_or_left_out_with_a_reason(what_if: WhatIf) -> None:
    found = what_if.curves()
    told = {*found["parameter"], *found.attrs["left_out"]}
    assert {what_if.slider(name).parameter for name in told} == what_if.book.parameters.keys()
    assert not {*found["parameter"]} & found.attrs["left_out"].keys()


@pytest.mark.parametrize("level", ["offers", "merchants"])
def test_weights_are_sums_of_a_column_and_merchants_have_curves_too(level: Level) -> None:
    what_if = WhatIf(baseline("spring_2024"))
    weight = {"offers": "orders_30d", "merchants": "offers"}[level]
    names = ["min_growth_score", "min_deposit", "fake_trading_severity", "overdue_applies_to"]
    found = what_if.curves(None, level, weight, parameters=names)
    for name, table in found.groupby("parameter", sort=False):
        for at in tried(what_if, str(name))[::4]:
            result = expected(what_if, str(name), values_of(what_if, what_if.slider(str(name)))[at])
            summary = result.summary(level=level, weight=weight).iloc[0]
            held = table.iloc[at]
            assert held[VERDICTS].tolist() == pytest.approx(summary[VERDICTS].tolist())
            assert (held["total"], held["weight_missing"]) == pytest.approx(
                (summary["weight"], summary["weight_missing"])
            )


def test_weighted_counts_are_the_sums_that_pandas_makes() -> None:
    what_if = WhatIf(baseline("spring_2024"))
    orders = market_of("spring_2024").offers.cells["stock"].to_pandas().astype("float64").fillna(0.0)
    found = what_if.curve("min_growth_score", weight="stock")
    for at in (0, 60, 61, 200):
        verdict = expected(what_if, "min_growth_score", values_of(what_if, what_if.slider("min_growth_score"))[at])
        sums = orders.groupby(verdict.verdicts()["verdict"], observed=False).sum()
        assert found[VERDICTS].iloc[at].tolist() == pytest.approx(sums[VERDICTS].tolist())


def test_only_the_offers_asked_for_are_counted() -> None:
    what_if = WhatIf(baseline("spring_2024"))
    where = {"category": ["女装", "男装"]}
    every = what_if.curve("max_price_ratio", by="category").set_index("category").loc[where["category"]]
    some = what_if.curve("max_price_ratio", by="category", where=where)
    assert sorted(set(some["category"])) == sorted(where["category"])
    pd.testing.assert_frame_equal(some.set_index("category").sort_index(), every.sort_index())
    alone = what_if.curve("max_price_ratio", where=where)
    summed = some.groupby("place")[[*VERDICTS, "total", "change"]].sum().reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[summed.columns], summed)


def test_the_value_in_force_and_the_baselines_are_marked_though_they_lie_between_places() -> None:
    what_if = WhatIf(baseline("spring_2024")).set(min_growth_score="41.5", max_moq=7)
    found = what_if.curve("min_growth_score")
    present = found[found["present"]]
    assert present[["place", "value", "number"]].values.tolist() == [[-1, "41.5 points", 41.5]]
    assert present["pre_qualified"].item() == what_if.assessment.summary()["pre_qualified"].item()
    assert found[found["default"]]["value"].item() == "60 points"
    assert found["number"].is_monotonic_increasing
    before = what_if.baseline.summary()["pre_qualified"].item()
    assert (found["change"] == found["pre_qualified"] - before).all()


def test_a_parameter_that_is_not_set_is_tried_at_its_places_and_unset() -> None:
    what_if = WhatIf(baseline("spring_2024"))
    found = what_if.curve("min_store_competitiveness")
    assert found["value"].iloc[0] == "not set"
    assert found["present"].tolist() == [True] + [False] * (len(found) - 1)
    assert np.isnan(found["number"].iloc[0])
    for at in (0, 1, 50):
        value = values_of(what_if, what_if.slider("min_store_competitiveness"))[at]
        summary = expected(what_if, "min_store_competitiveness", value).summary()
        assert found[VERDICTS].iloc[at].tolist() == summary[VERDICTS].iloc[0].tolist()


# ---- the next step


def test_the_next_steps_are_those_of_the_curves(what_if: WhatIf) -> None:
    curves, now = what_if.curves(), what_if.assessment.summary().iloc[0]
    gains = what_if.marginal_gains()
    assert len(gains) > 20
    for row in gains.to_dict("records"):
        table = curves[(curves["parameter"] == row["parameter"]) & curves["allowed"]].reset_index(drop=True)
        to, here = (table[table["value"] == row[name]] for name in ("to_value", "from_value"))
        assert here["present"].item()
        assert row["gained"] == to["pre_qualified"].item() - now["pre_qualified"]
        assert row["undetermined"] == to["undetermined"].item() - now["undetermined"]
        if row["direction"] in ("loosen", "tighten"):
            assert abs(to.index[0] - here.index[0]) == 1
            assert row["gained"] >= 0 if row["direction"] == "loosen" else row["gained"] <= 0
            way = table.iloc[to.index[0] :: np.sign(to.index[0] - here.index[0])]
            moved = way[way["pre_qualified"] != now["pre_qualified"]]
            assert row["first_value"] == (moved["value"].iloc[0] if len(moved) else "")
        if not np.isnan(row["step"]) and row["step"]:
            assert row["gained_by_scale"] * row["step"] == pytest.approx(row["gained"])


def test_what_buys_most_at_the_smallest_change_comes_first(what_if: WhatIf) -> None:
    gains = what_if.marginal_gains()
    signs = np.sign(gains["gained"]).tolist()
    assert signs == sorted(signs, reverse=True)
    best = gains[(gains["gained"] > 0) & gains["gained_by_scale"].notna()]["gained_by_scale"].tolist()
    assert len(best) > 2
    assert best == sorted(best, reverse=True)


def test_a_step_is_counted_in_scales_of_the_rulebook() -> None:
    gains = WhatIf(baseline("spring_2024")).marginal_gains().set_index(["parameter", "direction"])
    steps = {"min_growth_score": 1 / 60, "min_pickup_rate_48h": 0.05, "min_trustpass_level": 0.5, "min_deposit": 1 / 30}
    for name, step in steps.items():
        assert gains.loc[(name, "loosen"), "step"] == pytest.approx(step)
    assert gains.loc[("max_moq", "loosen"), "step"] == pytest.approx(np.log(3 / 2) / np.log(8))


def test_parameters_that_pull_both_ways_or_tell_no_direction_are_said_so() -> None:
    gains = WhatIf(baseline("spring_2024")).marginal_gains()
    ways = gains.groupby("parameter")["direction"].agg(set).to_dict()
    assert ways["allow_merchant_proxy"] == {"both"}
    assert ways["freight_conflict"] == ways["industry_scope"] == {"unknown"}
    assert ways["enforce_select_entry"] == {"loosen"}


def test_a_step_that_the_rulebook_forbids_is_passed_over() -> None:
    what_if = WhatIf(baseline("daily_deals")).set(min_shop_score_stay=3.5)
    table = what_if.curve("min_shop_score")
    assert table[~table["allowed"]]["value"].tolist() == table[table["number"] < 3.5]["value"].tolist()
    gains = what_if.marginal_gains()
    assert gains[gains["parameter"] == "min_shop_score"]["direction"].tolist() == ["tighten"]


def test_along_the_loosening_direction_nobody_is_lost(what_if: WhatIf) -> None:
    gains, curves = what_if.marginal_gains(), what_if.curves(what_if.book.header.category)
    ways = gains.drop_duplicates("parameter").set_index("parameter")
    for (name, _), table in curves.groupby(["parameter", what_if.book.header.category]):
        if ways["direction"].get(name) in ("both", "unknown", None):
            continue
        for count in (table["pre_qualified"], table["pre_qualified"] + table["undetermined"]):
            assert count.is_monotonic_increasing or count.is_monotonic_decreasing


# ---- two at once

PAIRS = {
    "spring_2024": [
        ("min_trade_medal", "max_moq"),  # rules of their own, on two levels
        ("min_trustpass_level", "enforce_select_entry"),  # one rule
        ("max_ip_points", "industry_scope"),  # one has no positions
        ("fake_trading_severity", "fake_trading_months"),  # one makes the column that the other bounds
        ("freight_conflict", "assume_standard_exclusions"),  # neither has
        ("allow_merchant_proxy", "enforce_select_entry"),
    ],
    "daily_deals": [
        ("lowest_share", "min_bond"),
        ("lowest_share", "min_discount[Toys]"),  # one rule
        ("min_review_sample", "max_bad_reviews"),  # guard and condition
        ("min_bond", "new_shop_days"),
        ("min_sold", "min_sold[Toys]"),  # one parameter
        ("deal_price_days", "min_shop_score"),
    ],
}


@pytest.mark.parametrize(("campaign", "pair"), [(name, pair) for name in CAMPAIGNS for pair in PAIRS[name]])
def test_a_surface_is_a_full_assessment_at_every_pair(campaign: str, pair: tuple[str, str]) -> None:
    what_if = WhatIf(baseline(campaign)).set(MOVED[campaign][0])
    by = what_if.book.header.category
    found = what_if.surface(*pair, by=by)
    sliders = [what_if.slider(name) for name in pair]
    grids = [options(what_if.book, slider.parameter) for slider in sliders]
    assert len(found) == len(grids[0]) * len(grids[1]) * found[by].nunique()
    tried = list(product(*(range(0, len(grid), max(1, len(grid) // 4)) for grid in grids)))
    for at, other in tried:
        book = put(put(what_if.book, sliders[0], grids[0][at]), sliders[1], grids[1][other])
        first, second = (
            what_if.book.show(slider.parameter, value)
            for slider, value in zip(sliders, (grids[0][at], grids[1][other]), strict=True)
        )
        table = found[(found["first"] == first) & (found["second"] == second)]
        assert len(table) == found[by].nunique()
        same(table, whole(what_if, book).summary(by), by)


def test_a_surface_goes_through_the_curves_of_both(what_if: WhatIf, campaign: str) -> None:
    pair = PAIRS[campaign][0]
    found = what_if.surface(*pair)
    for own, name in zip(("first", "second"), pair, strict=True):
        other = {"first": "second", "second": "first"}[own]
        here = found[found["present"]][other].item()
        line = found[found[other] == here].reset_index(drop=True)
        curve = what_if.curve(name)
        assert line[own].tolist() == curve["value"].tolist()
        assert line[[*VERDICTS, "total", "change", "allowed"]].equals(curve[[*VERDICTS, "total", "change", "allowed"]])


def test_a_surface_is_weighted_and_narrowed() -> None:
    what_if = WhatIf(baseline("spring_2024"))
    found = what_if.surface("min_trade_medal", "max_moq", weight="stock", where={"category": "女装"})
    line = found[found["second"] == "2 pieces"].reset_index(drop=True)
    curve = what_if.curve("min_trade_medal", weight="stock", where={"category": "女装"})
    np.testing.assert_allclose(line[VERDICTS].to_numpy(), curve[VERDICTS].to_numpy())
    assert (line["weight_missing"] == curve["weight_missing"]).all()


# ---- edges


def test_counts_before_quotas_say_so_where_there_are_quotas() -> None:
    held = {name: WhatIf(baseline(name)) for name in CAMPAIGNS}
    for name, note in {"spring_2024": None, "daily_deals": "Counts are before quotas."}.items():
        tables = [held[name].curves(), held[name].marginal_gains(), held[name].surface(*PAIRS[name][0])]
        assert [table.attrs.get("note") for table in tables] == [note] * 3
    assert held["daily_deals"].curve("min_bond", lang="zh").attrs["note"] == "均为名额限制之前的数量。"


def test_a_market_without_offers_has_curves_of_nobody(campaign: str) -> None:
    market = market_of(campaign)
    none = {
        name: Table(name, {c: cells.take(np.zeros(0, np.int64)) for c, cells in table.cells.items()}, 0)
        for name, table in market.tables.items()
    }
    what_if = WhatIf(assess(replace(market, tables=none), book_of(campaign), AS_OF[campaign]))
    found = what_if.curves()
    assert len(found) > 100
    assert not found[[*VERDICTS, "total", "change"]].to_numpy().any()
    assert what_if.curves(what_if.book.header.category).empty
    assert not what_if.marginal_gains()["gained"].any()
    assert not what_if.surface(*PAIRS[campaign][0])["total"].any()


def test_types_are_the_same_however_many_rows_there_are(what_if: WhatIf) -> None:
    full, none = what_if.curves(), what_if.curves(parameters=[])
    assert none.empty
    assert none.dtypes.drop("place").to_dict() == full.dtypes.drop("place").to_dict()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("min_growth", "did you mean 'min_growth_score'"),
        ("industries", "it is a set"),
        ("campaign_until", "neither bounds nor stops"),
        ("max_moq[女装]", "one value for all"),
    ],
)
def test_a_parameter_without_values_to_try_is_refused_in_words(name: str, words: str) -> None:
    what_if = WhatIf(baseline("spring_2024"))
    with pytest.raises(CampaignError, match=words):
        what_if.curve(name)
    with pytest.raises(CampaignError, match=words):
        what_if.surface("max_moq", name)


def test_other_mistakes_are_told_in_words() -> None:
    what_if = WhatIf(baseline("spring_2024"))
    with pytest.raises(CampaignError, match="named twice"):
        what_if.surface("max_moq", "max_moq")
    with pytest.raises(CampaignError, match="unknown level"):
        what_if.curves(level="shops")  # type: ignore[arg-type]
    with pytest.raises(CampaignError, match="cannot weigh offers by"):
        what_if.marginal_gains(weight="category")
    with pytest.raises(CampaignError, match="no offer has category"):
        what_if.curve("max_moq", where={"category": "飞机"})
