"""Charts of sensitivity: the answer in the title, the value in force and the baseline named, unknowns apart."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from campaign_analytics import CampaignError, assess, demo_market, load_rulebook
from campaign_analytics.charts import curve, curves, marginal_gains, surface
from campaign_analytics.charts.curve import Line, draw, draw_classes
from campaign_analytics.charts.curves import MOST
from campaign_analytics.charts.curves import draw as draw_curves
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.gains import draw as draw_gains
from campaign_analytics.charts.plot import apart
from campaign_analytics.charts.surface import Side
from campaign_analytics.charts.surface import draw as draw_surface
from campaign_analytics.market.schema import Market, Table
from campaign_analytics.simulate.what_if import WhatIf
from tests.charts.test_pictures import assert_legible, texts

NOTES = ["As of 2024-02-26."]


def what_if_of(name: str, market: Market) -> WhatIf:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return WhatIf(assess(market, load_rulebook(name)))


@pytest.fixture(scope="module")
def spring() -> WhatIf:
    return what_if_of("spring_2024", demo_market(2000, seed=3))


@pytest.fixture(scope="module")
def deals() -> WhatIf:
    return what_if_of("daily_deals", demo_market(2000, seed=3, profile="daily_deals"))


@pytest.fixture(scope="module")
def moved() -> WhatIf:
    held = what_if_of("spring_2024", demo_market(2000, seed=3))
    return held.set(min_growth_score="48.5", max_price_ratio="97.2%").switch_off("experience")


Make = Callable[[WhatIf, str], Chart]
SPRING: dict[str, Make] = {
    "curve": lambda held, lang: curve(held, "min_growth_score", lang=lang),
    "curve_of_levels": lambda held, lang: curve(held, "min_trustpass_level", lang=lang),
    "curve_of_a_choice": lambda held, lang: curve(held, "freight_conflict", lang=lang),
    "curve_of_money": lambda held, lang: curve(held, "min_deposit", lang=lang),
    "curve_of_what_is_not_set": lambda held, lang: curve(held, "min_store_competitiveness", lang=lang),
    "curve_by_category": lambda held, lang: curve(held, "max_price_ratio", by="category", lang=lang),
    "curves": curves,
    "marginal_gains": marginal_gains,
    "surface": lambda held, lang: surface(held, "min_pickup_rate_48h", "min_growth_score", lang=lang),
    "surface_of_few": lambda held, lang: surface(held, "min_trustpass_level", "enforce_select_entry", lang=lang),
    "surface_of_few_and_many": lambda held, lang: surface(held, "min_growth_score", "max_moq", lang=lang),
    "surface_of_choices": lambda held, lang: surface(held, "freight_conflict", "industry_scope", lang=lang),
}
DEALS: dict[str, Make] = {
    "curve_of_one_value": lambda held, lang: curve(held, "min_sold[Fresh food]", lang=lang),
    "curve_by_department": lambda held, lang: curve(held, "min_shop_score", by="department", lang=lang),
    "curves": curves,
    "marginal_gains": marginal_gains,
    "surface": lambda held, lang: surface(held, "max_return_rate", "min_discount[Toys]", lang=lang),
}
both_languages = pytest.mark.parametrize("lang", ["en", "zh"])


@pytest.mark.parametrize("make", SPRING.values(), ids=SPRING)
@both_languages
def test_a_chart_is_legible(make: Make, lang: str, spring: WhatIf) -> None:
    assert_legible(make(spring, lang))


@pytest.mark.parametrize("make", SPRING.values(), ids=SPRING)
@both_languages
def test_a_chart_of_changed_values_is_legible(make: Make, lang: str, moved: WhatIf) -> None:
    assert_legible(make(moved, lang))


@pytest.mark.parametrize("make", DEALS.values(), ids=DEALS)
@both_languages
def test_another_campaign_is_drawn_and_says_that_counts_are_before_quotas(make: Make, lang: str, deals: WhatIf) -> None:
    chart = make(deals, lang)
    assert_legible(chart)
    said = "Counts are before quotas" if lang == "en" else "名额限制之前"
    assert any(said in text for text in texts(chart))


@pytest.mark.parametrize("make", SPRING.values(), ids=SPRING)
@pytest.mark.parametrize("offers", [0, 1])
def test_an_empty_market_and_a_single_offer_are_drawn(make: Make, offers: int, spring: WhatIf) -> None:
    market = spring.baseline.market
    few = {
        name: Table(name, {c: cells.take(np.arange(offers)) for c, cells in table.cells.items()}, offers)
        for name, table in market.tables.items()
        if name in ("offers", "merchants")
    }
    assert_legible(make(what_if_of("spring_2024", replace(market, tables=few)), "en"))


# ---- what they say

LINE = Line(
    label="Score", unit="points", texts=["0 points", "1 points", "2 points", "3 points"], places=[0, 1, 2, 3],
    good=[90, 80, 50, 20], may=[95, 85, 60, 20], offers=200, here=2, first=1,
)  # fmt: skip


def test_the_title_of_a_curve_says_what_is_and_what_could_be() -> None:
    assert draw(LINE, NOTES, "en").answer == (
        "“Score” at 2 points: 50 of 200 offers (25.0%) qualify; 0 points would add 40; 3 points would take away 30"
    )
    assert draw(LINE, NOTES, "zh").answer == (
        "“Score”为 2 points 时，200 个商品中 50 个（25.0%）预审合格；改为 0 points 可增加 40 个；"
        "改为 3 points 会减少 30 个"
    )
    flat = replace(LINE, good=[7] * 4, may=[7] * 4)
    assert draw(flat, NOTES, "en").answer.startswith("“Score” moves nothing: 7 of 200 offers")
    highest = replace(LINE, good=[50, 50, 50, 20], may=[60, 60, 60, 20])
    assert "add" not in draw(highest, NOTES, "en").answer


def test_the_value_in_force_and_the_baseline_are_named_and_unknowns_are_a_band() -> None:
    said = texts(draw(LINE, NOTES, "en"))
    assert {"now 2 points · 50", "baseline 1 points", "? cannot be decided", "Score (points)"} <= set(said)
    same = texts(draw(replace(LINE, first=2, may=LINE.good), NOTES, "en"))
    assert "now and at the baseline 2 points · 50" in same
    assert "? cannot be decided" not in same


def test_what_else_is_changed_is_told(moved: WhatIf) -> None:
    price, score = "Highest campaign price, as a share of the list price", "Product experience score"
    assert f"Also changed from the baseline: {price}, {score}." in texts(curve(moved, "min_growth_score"))


def test_the_title_of_a_curve_by_class_names_the_class_that_can_gain_most() -> None:
    classes = {"toys": [40, 40, 30, 10], "": [50, 40, 20, 10]}
    chart = draw_classes(LINE, classes, NOTES, "en")
    assert chart.answer == "“Score” can give most to (no name): 30 more offers than its 20, at 0 points"
    assert {"(no name) 20", "toys 30"} <= set(texts(chart))
    none = draw_classes(LINE, {"toys": [3, 3, 3, 1]}, NOTES, "en").answer
    assert none == "No value of “Score” adds an offer to any class; it is 2 points now"


def test_classes_that_find_no_room_are_counted() -> None:
    classes = {f"class {i}": [i, 0, 0, 0] for i in range(9)}
    chart = draw_classes(LINE, classes, NOTES, "en")
    assert_legible(chart)
    assert "Not drawn: 3 further classes that move less, by 3 offers in all." in texts(chart)


def test_small_curves_come_in_the_order_of_what_moves_most_and_the_others_are_named() -> None:
    lines = [replace(LINE, label=f"P{i}", good=[i, 0, 0, 0], may=[i, 0, 0, 0]) for i in range(MOST + 3)]
    chart = draw_curves(lines, NOTES, "en")
    said = texts(chart)
    drawn = [text for text in said if text.startswith("P") and len(text) < 4]
    assert drawn == [f"P{i}" for i in range(MOST + 2, 2, -1)]
    assert chart.answer == f"“P{MOST + 2}” moves most: from 0 offers at 1 points to {MOST + 2} at 0 points"
    assert "Move less, by at most so many offers: P2 2, P1 1." in said
    assert "Move nothing: P0." in said
    assert draw_curves(lines[:1], NOTES, "en").answer == "No single parameter moves the number of qualifying offers"


def step(name: str, gained: int, by_scale: float, first: int = 0, direction: str = "loosen") -> dict[str, object]:
    return {
        "parameter": name, "direction": direction, "from_value": "2", "to_value": "3", "gained": gained,
        "undetermined": -1, "step": 0.5, "gained_by_scale": by_scale, "first_value": "9" if first else "",
        "first_gained": first, "first_by_scale": 1.0,
    }  # fmt: skip


def test_the_title_of_next_steps_names_the_best_for_its_size_and_the_largest() -> None:
    names = {"a": "Apples", "b": "Pears", "c": "Plums", "d": "Figs"}
    rows = [step("a", 5, 10.0, 5), step("b", 9, 3.0, 9), step("c", 0, 0.0, 4), step("d", -3, np.nan, -3)]

    def drawn(*which: int) -> Chart:
        return draw_gains(pd.DataFrame([rows[i] for i in which]), names, NOTES, "en")

    everything = drawn(0, 1, 2, 3)
    assert everything.answer == ("For its size “Apples” buys most (2 to 3: 5 offers); “Pears” adds most in one step, 9")
    said = texts(everything)
    assert {"+5", "+9", "first at 9: +4", "Adding nothing at any value: Figs."} <= set(said)
    assert drawn(1).answer == "Buys most for its size: “Pears” from 2 to 3 adds 9 offers"
    assert drawn(2).answer.startswith("No single next step adds an offer")
    assert drawn(3).answer == "No single parameter can add an offer"
    unscaled = draw_gains(pd.DataFrame([step("a", 5, np.nan, 5)]), names, NOTES, "en")
    assert unscaled.answer == "“Apples” adds most in one step: 5 offers from 2 to 3"


def test_a_step_that_pulls_both_ways_is_said_so(spring: WhatIf) -> None:
    said = texts(marginal_gains(spring))
    assert "loosens and tightens at once" in said
    assert any("assumption" in text for text in said)


SIDE = Side("Score", "points", ["0 points", "1 points", "2 points"], here=1.0, first=1.0)
COUNTS = np.array([[9, 8, 1], [8, 5, 1], [2, 2, 0]])


def test_the_title_of_a_surface_says_what_each_gives_alone_and_both_together() -> None:
    chart = draw_surface(SIDE, replace(SIDE, label="Rate"), COUNTS, 5, 20, NOTES, "en")
    assert chart.answer == ("“Score” alone can add 3 to 5 qualifying offers, “Rate” alone 3, both together 4")
    assert_legible(chart)
    assert {"now: 5", "9", "0"} <= set(texts(chart))
    assert "baseline" not in texts(chart)
    assert "baseline" in texts(draw_surface(replace(SIDE, first=0.0), SIDE, COUNTS, 5, 20, NOTES, "en"))


def test_a_surface_whose_values_in_force_lie_between_places_still_answers() -> None:
    chart = draw_surface(replace(SIDE, here=1.5), SIDE, COUNTS, 4, 20, NOTES, "en")
    assert chart.answer == "“Score” and “Score”: 0 to 9 offers qualify, 4 at the values of now"
    none = draw_surface(SIDE, SIDE, np.full((3, 3), 5), 5, 20, NOTES, "en")
    assert none.answer.startswith("No pair of values")
    assert_legible(none)


def test_names_are_kept_apart_and_on_the_plot() -> None:
    assert apart([1.0, 1.05, 3.0], 0.2, 3.0) == pytest.approx([1.0, 1.2, 3.0])
    assert apart([3.0, 3.0, 3.0], 0.2, 3.0) == pytest.approx([2.6, 2.8, 3.0])
    assert apart([], 0.2, 3.0) == []


def test_a_parameter_without_values_is_refused_in_words(spring: WhatIf) -> None:
    with pytest.raises(CampaignError, match="it is a set"):
        curve(spring, "industries")
    with pytest.raises(CampaignError, match="did you mean 'max_moq'"):
        surface(spring, "max_moqs", "min_growth_score")
