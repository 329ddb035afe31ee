"""Charts of supply against quality, of the ledger and of segments: the answer in the title, marks named, n stated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from campaign_analytics import CampaignError
from campaign_analytics.charts import frontier, ledger, segments
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.frontier import Names
from campaign_analytics.charts.frontier import draw as draw_frontier
from campaign_analytics.charts.ledger import MOST
from campaign_analytics.charts.ledger import draw as draw_ledger
from campaign_analytics.charts.measure import Unit
from campaign_analytics.charts.segments import draw as draw_segments
from campaign_analytics.simulate.what_if import WhatIf
from tests.charts.test_pictures import assert_legible, texts
from tests.simulate.bazaar import Bazaar
from tests.simulate.shipped import shipped

both_languages = pytest.mark.parametrize("lang", ["en", "zh"])
NOTES = ["As of 2024-02-26."]


@pytest.fixture(scope="module")
def spring() -> WhatIf:
    return WhatIf(shipped("spring_2024")).set(min_pickup_rate_48h="93.3%", min_growth_score=50)


@pytest.fixture(scope="module")
def deals() -> WhatIf:
    return WhatIf(shipped("daily_deals")).set(max_return_rate="9%", min_shop_score=4)


SPRING: dict[str, Callable[[WhatIf, str], Chart]] = {
    "frontier": lambda held, lang: frontier(held, "min_pickup_rate_48h", "min_growth_score", lang=lang),
    "ledger": ledger,
    "segments": lambda held, lang: segments(held, ["size", "category", "trustpass_level"], lang=lang),
    "segments_of_merchants": lambda held, lang: segments(held, "size", "merchants", lang=lang),
}
DEALS: dict[str, Callable[[WhatIf, str], Chart]] = {
    "frontier_of_a_rate": lambda h, lang: frontier(h, "max_return_rate", "max_bad_reviews", "return_rate", lang=lang),
    "frontier_of_a_class": lambda h, lang: frontier(
        h, "min_sold", "lowest_share", where={"department": "Toys"}, lang=lang
    ),
    "ledger": ledger,
    "segments": lambda held, lang: segments(held, lang=lang),
}


@pytest.mark.parametrize("name", SPRING)
@both_languages
def test_charts_of_the_spring_campaign_are_legible(name: str, lang: str, spring: WhatIf) -> None:
    chart = SPRING[name](spring, lang)
    assert_legible(chart)
    assert chart.answer.startswith(texts(chart)[0])


@pytest.mark.parametrize("name", DEALS)
@both_languages
def test_charts_of_the_deals_are_legible_and_say_that_counts_are_before_quotas(
    name: str, lang: str, deals: WhatIf
) -> None:
    chart = DEALS[name](deals, lang)
    assert_legible(chart)
    assert any(("before quotas" if lang == "en" else "名额限制之前") in text for text in texts(chart))


# ---- frontier

NAMES = Names("A", "B", "Score", Unit("number", "points"))


def settings(*rows: tuple[int, float, str]) -> pd.DataFrame:
    """Settings: how many qualify, their mean, and marks: e(fficient), p(resent), d(efault), x (not allowed)."""
    return pd.DataFrame(
        [
            {
                "first": f"a{i}", "second": f"b{i}", "measure": "score", "better": "higher", "pre_qualified": good,
                "known": good, "mean": mean, "efficient": "e" in marks, "present": "p" in marks,
                "default": "d" in marks, "allowed": "x" not in marks,
            }
            for i, (good, mean, marks) in enumerate(rows)
        ]
    )  # fmt: skip


def test_a_setting_that_gives_something_away_is_told_with_the_one_that_does_not() -> None:
    chart = draw_frontier(settings((100, 5, "pd"), (120, 6, "e"), (150, 5.5, "e"), (200, 4, "e")), NAMES, NOTES, "en")
    assert (
        chart.answer
        == "A a2 and B b2 let in 150 offers instead of 100, their mean Score no worse: 5.5 points (now 5 points)"
    )
    assert not any(text == "at first" for text in texts(chart))
    assert_legible(chart)


def test_a_setting_that_none_beats_is_told_as_such() -> None:
    chart = draw_frontier(settings((100, 5, "pe"), (80, 6, "e"), (90, 4, "d")), NAMES, NOTES, "en")
    assert chart.answer.startswith("As it stands nothing is given away")
    assert "at first" in texts(chart)


def test_what_the_rulebook_forbids_and_small_numbers_are_not_drawn() -> None:
    chart = draw_frontier(settings((100, 5, "pd"), (300, 9, "x"), (3, 9.9, "e"), (110, 4, "e")), NAMES, NOTES, "en")
    said = texts(chart)
    assert any("3 settings" in text for text in said)
    assert any("Not drawn: 1 settings that let in fewer than 11 offers" in text for text in said)


@both_languages
def test_where_nobody_qualifies_there_is_nothing_to_compare(lang: str) -> None:
    bazaar = Bazaar({"enough": {"condition": "n >= :count AND g >= :score"}}, [], [])
    assert_legible(frontier(WhatIf(bazaar.assessment), "count", "score", "n", lang=lang))


def test_a_parameter_without_a_slider_is_refused() -> None:
    with pytest.raises(CampaignError, match="has no slider"):
        frontier(WhatIf(shipped("spring_2024")), "industries", "max_moq")


# ---- ledger


def flips(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "kind": "parameter",
        "now": "yes",
        "then": "no",
        "changed": 0,
        "gained": 0,
        "lost": 0,
        "merchants_changed": 0,
    }
    return pd.DataFrame([{"name": row["label"], **usual, **row} for row in rows])


def test_what_most_hinges_on_is_the_title_and_a_variant_is_not() -> None:
    table = flips(
        {"kind": "variant", "label": "Peak", "changed": 90, "lost": 90},
        {"label": "Unit", "changed": 70, "gained": 20, "lost": 40},
    )
    chart = draw_ledger(table, 1000, NOTES, "en")
    assert chart.answer.startswith("Most hinges on “Unit”: with “no”, 70 of 1,000 offers get another verdict")
    assert chart.answer.endswith("20 more qualify, 40 fewer")
    assert {"+20", "−40", "? 10"} <= {*texts(chart)}


def test_of_each_assumption_the_weightiest_flip_is_drawn() -> None:
    table = flips({"label": "Days", "then": "7", "changed": 9, "lost": 9}, {"label": "Days", "then": "8", "changed": 2})
    said = texts(draw_ledger(table, 1000, NOTES, "en"))
    assert "yes → 7" in said
    assert "yes → 8" not in said


def test_the_weightiest_are_drawn_and_the_others_named() -> None:
    rows = [{"label": f"P{i}", "changed": 40 - i, "gained": 40 - i} for i in range(MOST + 2)]
    said = texts(draw_ledger(flips(*rows, {"label": "Idle"}), 1000, NOTES, "en"))
    assert "P13" in said
    assert "Less hinges on: P14 26, P15 25." in said
    assert "No verdict hinges on: Idle." in said


@both_languages
def test_without_an_assumption_that_matters_the_title_says_so(lang: str) -> None:
    chart = draw_ledger(flips({"label": "Idle"}), 10, NOTES, lang)
    assert chart.answer in ("No verdict hinges on an assumption of ours", "没有结论取决于我们的假设")
    assert_legible(chart)


# ---- segments


def test_every_segment_has_its_ratio_and_n_and_small_ones_are_counted() -> None:
    offers = [{"n": i % 7, "w": ("red", "green", "blue")[i % 3]} for i in range(60)]
    what_if = WhatIf(Bazaar({"enough": {"condition": "n >= :count"}}, offers, [{}]).assessment).set(count=1)
    said = texts(segments(what_if, "w"))
    assert {"red", "green", "blue", "n"} <= {*said}
    assert said.count("20") == 3
    assert any(text.startswith("Set now: count 1") for text in said)


def test_at_most_ten_segments_of_a_column_are_drawn() -> None:
    row = {"by": "x", "label": "X", "offers": 5, "gained": 1, "lost": 0, "change": 1, "effect": 0.2, "ratio": 1.0}
    table = pd.DataFrame([{**row, "segment": f"s{i}", "offers": 50 - i} for i in range(13)])
    table.attrs["headline"] = "headline"
    said = texts(draw_segments(table, "offers", NOTES, "en"))
    assert "s9" in said
    assert "s10" not in said
    assert "X: 3 smaller segments are not drawn (+3 together)." in said


@both_languages
def test_without_a_change_and_without_offers_segments_are_drawn(lang: str) -> None:
    rules = {"enough": {"condition": "n >= :count"}}
    assert_legible(segments(WhatIf(Bazaar(rules, [{"n": 3}], [{}]).assessment), lang=lang))
    assert_legible(segments(WhatIf(Bazaar(rules, [], []).assessment), lang=lang))
