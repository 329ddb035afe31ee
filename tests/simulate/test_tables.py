"""What a change does by class, and scenarios side by side: against counting subject by subject."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from campaign_analytics.assess import assess
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Level
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar
from tests.simulate.shipped import shipped

MOVED: dict[str, dict[str, Any]] = {
    "spring_2024": {"min_pickup_rate_48h": "85%", "max_price_ratio": "93%", "min_growth_score": 50},
    "daily_deals": {"min_shop_score": 4, "min_sold[Toys]": 60, "max_return_rate": "12%"},
}


@pytest.fixture(params=MOVED)
def what_if(request: pytest.FixtureRequest) -> WhatIf:
    return WhatIf(shipped(request.param)).set(MOVED[request.param])


def counted(what_if: WhatIf, by: str | None = None, level: Level = "offers") -> pd.DataFrame:
    """The verdicts before and now, subject by subject, the now of a full assessment."""
    before = what_if.baseline
    now = assess(before.market, what_if.book, before.as_of)
    frames = [each.verdicts() if level == "offers" else each.merchants() for each in (before, now)]
    held = pd.DataFrame({"was": frames[0]["verdict"] == "pre_qualified", "now": frames[1]["verdict"].astype("str")})
    held["of"] = frames[0][by].fillna("") if by else ""
    return held


@pytest.mark.parametrize("level", ["offers", "merchants"])
@pytest.mark.parametrize("grouped", [False, True])
def test_counts_are_those_of_full_assessments(what_if: WhatIf, level: Level, grouped: bool) -> None:
    by = what_if.book.header.category if grouped and level == "offers" else None
    table, held = what_if.summary(by, level), counted(what_if, by, level)
    good = held["now"] == "pre_qualified"
    expected = pd.DataFrame(
        {
            "baseline": held["was"],
            "pre_qualified": good,
            "change": good.astype(int) - held["was"].astype(int),
            "gained": good & ~held["was"],
            "lost": held["was"] & ~good,
            "undetermined": held["now"] == "undetermined",
            "ineligible": held["now"] == "ineligible",
            level: 1,
        }
    ).groupby(held["of"]).sum().astype("int64")  # fmt: skip
    assert list(table.columns) == [*([by] if by else []), *expected.columns]
    own = table.set_index(by) if by else table.set_axis([""])
    assert (table["gained"].sum() > 0) or level == "merchants"
    pd.testing.assert_frame_equal(own, expected.loc[own.index], check_names=False, check_index_type=False)
    assert table[level].is_monotonic_decreasing


def test_the_classes_are_those_of_the_assessments_summary(what_if: WhatIf) -> None:
    for by in (what_if.book.header.category, "size"):
        table, held = what_if.summary(by), what_if.assessment.summary(by)
        pd.testing.assert_frame_equal(table[held.columns], held)


def test_counts_may_be_weighed_and_tell_whose_weight_is_missing() -> None:
    what_if = WhatIf(shipped("spring_2024")).set(MOVED["spring_2024"])
    weight = what_if.book.document.scoring.weights[0]
    table, held = what_if.summary("category", weight=weight), what_if.assessment.summary("category", weight=weight)
    pd.testing.assert_frame_equal(table[held.columns], held)
    assert table["weight_missing"].sum() > 0
    assert table["change"].tolist() == pytest.approx((table["gained"] - table["lost"]).tolist())
    shops = what_if.summary(level="merchants", weight="offers")
    assert shops["weight"].sum() == what_if.baseline.market.offers.rows


def test_only_the_offers_asked_for_are_counted(what_if: WhatIf) -> None:
    by = what_if.book.header.category
    whole = what_if.summary(by)
    name = whole[by].iloc[0]
    one = what_if.summary(by, where={by: name})
    pd.testing.assert_frame_equal(one, whole.iloc[:1])
    assert what_if.summary(where={by: [name, whole[by].iloc[1]]})["gained"][0] == whole["gained"][:2].sum()


def test_nothing_changed_is_no_change() -> None:
    table = WhatIf(shipped("spring_2024")).summary("category")
    assert (table["baseline"] == table["pre_qualified"]).all()
    assert not table[["change", "gained", "lost"]].any(axis=None)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "catgory"}, "category"),
        ({"level": "shops"}, "offers or merchants"),
        ({"weight": "offer_id"}, "no such column of numbers"),
        ({"where": {"category": "居家日用"}}, "did you mean '居家日用品'"),
        ({"where": {"categry": "女装"}}, "category"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(asked: dict[str, Any], said: str) -> None:
    what_if = WhatIf(shipped("spring_2024"))
    with pytest.raises(CampaignError, match=said):
        what_if.summary(**asked)


# ---- side by side


def test_scenarios_stand_side_by_side_each_against_the_baseline(what_if: WhatIf) -> None:
    by, book = what_if.book.header.category, what_if.baseline.book
    as_set = what_if.book
    some, none = what_if.scenario("Looser"), book.scenario({"zh": "照旧", "en": "As it is"})
    table = what_if.compare(some, none, by=by)
    assert what_if.book is as_set
    assert list(dict.fromkeys(table.columns.get_level_values(0))) == ["baseline", "Looser", "As it is"]
    summary, headline = what_if.summary(by).set_index(by), what_if.summary()
    assert table.index.tolist() == ["All", *summary.index]
    for measure in ("pre_qualified", "change", "gained", "lost"):
        assert table["Looser", measure].tolist() == [headline[measure][0], *summary[measure]]
    assert table["baseline", "pre_qualified"].tolist() == [headline["baseline"][0], *summary["baseline"]]
    assert table["baseline", "offers"].tolist() == [headline["offers"][0], *summary["offers"]]
    assert not table["As it is"]["change"].any()


def test_names_are_those_of_the_language_and_none_is_lost(what_if: WhatIf) -> None:
    book = what_if.baseline.book
    twice = [book.scenario({"zh": "照旧", "en": "Same"}), book.scenario("Same")]
    assert list(what_if.compare(*twice).columns.get_level_values(0).unique()) == ["baseline", "Same", "Same (2)"]
    assert list(what_if.compare(*twice, lang="zh").columns.get_level_values(0).unique())[1:] == ["照旧", "Same"]
    assert what_if.compare(*twice, lang="zh").index.tolist() == ["全部"]
    called = what_if.compare(book.scenario("baseline"))
    assert list(called.columns.get_level_values(0).unique()) == ["baseline", "baseline (2)"]
    assert called["baseline"].columns.tolist() == ["pre_qualified", "offers"]


def test_what_is_looked_at_is_said_by_column(what_if: WhatIf) -> None:
    refused = "where='category': expected a value, or several, by column"
    with pytest.raises(CampaignError, match=refused):
        what_if.summary(where="category")  # type: ignore[arg-type]


def test_a_rule_can_be_reset_as_a_parameter_can() -> None:
    what_if = WhatIf(shipped("spring_2024")).set(min_growth_score=50).switch_off("in_select")
    assert what_if.reset("in_select").changed == ("min_growth_score",)
    what_if.switch_off("in_select")
    assert what_if.reset(*what_if.changed).changed == ()
    assert what_if.scenario("As it was") == what_if.baseline.book.scenario("As it was")


def test_a_scenario_of_another_rulebook_is_refused() -> None:
    with pytest.raises(CampaignError, match="the scenario is of daily_deals"):
        WhatIf(shipped("spring_2024")).compare(shipped("daily_deals").book.scenario("Other"))


# ---- markets with nobody in them


def test_a_market_without_offers() -> None:
    bazaar = Bazaar({"rule": {"condition": "n >= :count"}}, [], [])
    what_if = WhatIf(bazaar.assessment).set(count=1)
    assert what_if.summary().iloc[0].tolist() == [0] * 8
    assert what_if.summary("w").empty
    assert what_if.summary("w").dtypes["change"] == "int64"
    assert what_if.flips().empty
    assert what_if.compare(what_if.scenario("Nobody"), by="w").index.tolist() == ["All"]
