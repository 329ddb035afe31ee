"""A metric against its threshold: nobody on the wrong side, nobody lost, for whatever a rule compares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign_analytics import CampaignError, assess, demo_market, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.charts.distribution import bins_of, distribution, draw
from campaign_analytics.charts.measure import NEAR, Measure, Unit, measure, measured_rules
from campaign_analytics.derive import BUILT
from campaign_analytics.rulebook.tree import Operator
from tests.assess.trial import assessed, trial

HOLDS = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}


def held(values: list[float], op: Operator = ">=", threshold: float = 60.0, unit: str = "number") -> Measure:
    spread = np.array(values, np.float64)
    return Measure(
        label="Score", needs="at least 60", op=op, threshold=threshold, unit=Unit(unit), level="offers", values=spread,
        fails=~HOLDS[op](spread, threshold), unknown=0, not_applicable=0, otherwise=0, band=None,
    )  # fmt: skip


@given(
    st.lists(st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-30, 30).map(float), max_size=40),
    st.sampled_from(sorted(HOLDS)),
    st.floats(-1e4, 1e4) | st.integers(-20, 20).map(float),
    st.sampled_from(["number", "count", "rate", "time"]),
    st.booleans(),
)
@example([4.0], "<", 2.2250738585072014e-308, "number", True)
@example([4.0], "<", 5e-324, "number", True)
def test_no_bar_holds_both_sides_and_nobody_is_lost(
    values: list[float], op: Operator, threshold: float, unit: str, factor: bool
) -> None:
    given_ = replace(held(values, op, threshold, unit), factor=factor)
    bins = bins_of(given_)
    assert (np.diff(bins.edges) > 0).all()
    assert len(bins.passes) == len(bins.edges) - 1 <= 40
    assert bins.fails.sum() == given_.fails.sum()
    assert bins.passes.sum() == (~given_.fails).sum()
    below, above = (bins.fails, bins.passes) if given_.upward else (bins.passes, bins.fails)
    assert below[bins.split :].sum() == 0
    assert above[: bins.split].sum() == 0


def test_few_whole_values_have_a_bar_each_and_the_threshold_stands_between_two() -> None:
    bins = bins_of(held([0, 1, 2, 2, 3], "<=", 2.0, "count"))
    assert bins.single
    assert bins.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5]
    assert bins.edges[bins.split] == 2.5
    assert (bins.passes + bins.fails).tolist() == [1, 1, 2, 1]


def test_amounts_have_round_bars_by_which_the_threshold_can_be_divided() -> None:
    bins = bins_of(held(np.linspace(33, 108, 200).tolist()))
    assert set(np.diff(bins.edges)) == {5.0}
    assert bins.edges[bins.split] == 60


def test_the_title_counts_who_fails_and_who_fails_narrowly() -> None:
    near = replace(held([10, 46, 59, 60, 70]), band=45.0, band_text="within 15", unknown=2)
    assert draw(near, [], "en").answer == ("Score: 3 of 7 offers miss “at least 60”, 2 of them narrowly (within 15)")
    assert draw(held([61]), [], "en").answer.startswith("Score: none of 1 offers surely misses")
    assert draw(held([]), [], "zh").answer == "该规则在此不适用于任何对象"


# ---- from an assessment


@pytest.fixture(scope="module")
def spring() -> Assessment:
    return assess(demo_market(600, seed=2), load_rulebook("spring_2024", "corrected"), as_of="2024-02-26")


@pytest.fixture(scope="module")
def deals() -> Assessment:
    return assess(demo_market(600, seed=2, profile="daily_deals"), load_rulebook("daily_deals"), as_of="2024-05-20")


@pytest.mark.parametrize("campaign", ["spring", "deals"])
def test_every_rule_that_compares_an_amount_is_drawn_in_both_languages(
    campaign: str, request: pytest.FixtureRequest
) -> None:
    result: Assessment = request.getfixturevalue(campaign)
    rules = measured_rules(result)
    assert len(rules) >= 5
    for rule in rules:
        table = result.market.tables[result.book.level(rule)]
        for lang in ("en", "zh"):
            told = measure(result, rule, None, lang)
            assert told.subjects + told.not_applicable == table.rows
            bins = bins_of(told)
            assert (bins.passes + bins.fails).sum() + told.unknown == told.subjects
            assert draw(told, [], lang).answer


def test_a_rule_of_one_comparison_has_the_counts_of_its_outcomes(spring: Assessment) -> None:
    for rule, fails, unknown in spring.misses()[["rule", "fail", "unknown"]].itertuples(index=False):
        if rule in ("select_growth", "minimum_order", "experience"):
            told = measure(spring, rule, None, "en")
            assert (told.fails.sum(), told.unknown) == (fails, unknown)


def test_the_axis_suits_the_comparison(spring: Assessment) -> None:
    rate = measure(spring, "select_pickup", None, "en")
    assert (rate.unit.type, rate.threshold, rate.needs) == ("rate", 90, "at least 90%")
    assert rate.band == 90 - NEAR * 10
    ratio = measure(spring, "campaign_price", None, "en")
    assert (ratio.unit.type, ratio.threshold) == ("rate", 95)
    assert ratio.label.endswith("÷ List price at enrolment")
    money = measure(spring, "deposit", None, "en")
    assert (money.unit.show(money.threshold), money.band) == ("3,000 CNY", 3000 - NEAR * 3000)
    level = measure(spring, "select_level", None, "zh")
    assert [level.unit.show(place) for place in (0, level.threshold)] == ["L0", "L2"]
    assert level.needs == "不低于 L2"
    pieces = measure(spring, "minimum_order", None, "en")
    assert pieces.factor
    assert pieces.band_text == "up to 3 pieces"
    days = measure(spring, "trustpass_in_force", None, "en")
    assert (days.threshold, days.unit.unit) == (0, "days")  # from each one's own day


def test_those_who_meet_the_rule_in_another_way_are_told(spring: Assessment) -> None:
    strict = assess(spring.market, spring.book.set(min_trustpass_level="L6"), as_of="2024-02-26")
    level = measure(strict, "select_level", None, "en")
    passes = strict.outcomes("merchants")["select_level"] == "pass"
    assert level.otherwise == int(passes.sum()) - int((~level.fails).sum()) > 0
    subtitle = draw(level, [], "en").page.texts
    assert any(
        f"{level.otherwise} of those that miss it meet the rule in another way" in t.get_text() for t in subtitle
    )


def test_thresholds_that_vary_are_drawn_as_the_distance_from_each_ones_own(tmp_path: Path) -> None:
    book = trial(tmp_path)
    rows = [{"aisle": "fruit", "sold": 15}, {"aisle": "fruit", "sold": 26}, {"aisle": "tools", "sold": 15}, {}]
    rule = next(rule for rule in book.rules if "min_sold" in book.parameters_of(rule))
    told = measure(assessed(book, rows), rule, "sold", "en")
    assert told.values.tolist() == [15 - 20, 26 - 20, 15 - 6]
    assert told.fails.tolist() == [True, False, False]
    assert (told.threshold, told.unknown) == (0, 1)
    assert "each one's own threshold" in told.label


def test_what_is_near_is_told_in_the_units_of_the_axis_or_not_at_all(deals: Assessment) -> None:
    assert measure(deals, "deal_stock", None, "en").band_text == "from 421 pieces on"
    assert measure(deals, "discount", None, "en").band is None  # its scale is a share, the axis is money


def test_a_column_may_be_named(spring: Assessment) -> None:
    mobile = measure(spring, "campaign_price", "price_mobile", "en")
    assert mobile.label.startswith("Campaign price on mobile")


def test_what_cannot_be_drawn_is_said(spring: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CampaignError, match="did you mean 'experience'"):
        distribution(spring, "experiense")
    with pytest.raises(CampaignError, match="'in_select' compares no amount with a bound: there is no distribution"):
        distribution(spring, "in_select")
    monkeypatch.delitem(BUILT, "working_days_after")
    with pytest.raises(CampaignError, match="or its columns are not computed"):
        distribution(assess(spring.market, spring.book, spring.as_of), "review_in_time")
    with pytest.raises(CampaignError, match="no amount of column 'stock'"):
        distribution(spring, "experience", "stock")
