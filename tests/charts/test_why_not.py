"""Charts of the reasons: sole blockers, costs that add up, combinations; the answer in the title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from campaign_analytics import assess, demo_market, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.charts.blockers import blocker_heatmap
from campaign_analytics.charts.blockers import draw as draw_blockers
from campaign_analytics.charts.combinations import combinations
from campaign_analytics.charts.combinations import draw as draw_combinations
from campaign_analytics.charts.costs import costs
from campaign_analytics.charts.costs import draw as draw_costs
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.groups import Name, costliest, costs_of, group_names

if TYPE_CHECKING:
    from tests.charts.conftest import Example

NAMES = {"price": Name("1", "Price +1"), "score": Name("2", "Score"), "fine": Name("3", "Fine")}
_COLUMNS = ["class", "group", "fails", "sole", "charged", "charged_unknown", "admitted_certain", "offers"]
TABLE = pd.DataFrame(
    [
        ("toys", "price", 30, 5, 15.5, 2.0, 7, 100),
        ("toys", "score", 25, 9, 12.5, 0.0, 9, 100),
        ("", "price", 1, 1, 1.0, 0.0, 0, 4),
        ("", "score", 0, 0, 0.0, 1.0, 1, 4),
    ],
    columns=_COLUMNS,
)


def texts(chart: Chart) -> list[str]:
    return [text.get_text() for text in chart.page.texts]


def test_the_title_names_the_class_and_rule_with_most_sole_blockers() -> None:
    assert draw_blockers(TABLE, NAMES, [], "en").answer == (
        "toys loses most to “Score”: 9 of its 100 offers fail only there"
    )
    assert draw_blockers(TABLE, NAMES, [], "zh").answer == "toys最受制于“Score”：100 个商品中 9 个仅此一项未达标"


def test_sole_blockers_are_marked_and_undetermined_are_a_share_of_their_own() -> None:
    said = texts(draw_blockers(TABLE, NAMES, [], "en"))
    assert {"● 5", "● 9", "● 6", "30%", "25%"} <= set(said)  # 6: of all offers
    assert {"2%", "25%"} <= set(said[said.index("cannot be decided") :])  # 2 of 100; 1 of 4


def test_offers_without_a_class_are_a_class() -> None:
    assert "(no name)" in " ".join(texts(draw_blockers(TABLE, NAMES, [], "en")))


def test_where_nobody_fails_in_one_rule_alone_it_says_so() -> None:
    assert draw_blockers(TABLE.assign(sole=0), NAMES, [], "en").answer == "No offer fails in one rule alone"


def test_the_costliest_rule_comes_first_and_every_rule_is_drawn_or_named(example: Example) -> None:
    held = example.blockers(by_class=False)
    order = costliest(dict(zip(held["group"], costs_of(held), strict=True)))
    charged = held.set_index("group")["charged"]
    assert [charged[group] for group in order] == sorted(charged[charged > 0], reverse=True)
    names = example.groups("en")
    drawn = " ".join(texts(draw_blockers(example.blockers(), names, [], "en")))
    assert all(names[group].text.split()[0] in drawn for group in order)


def test_costs_add_up_to_the_ineligible_and_the_undetermined(example: Example) -> None:
    said = texts(draw_costs(example.blockers(by_class=False), example.groups("en"), [], "en"))
    verdicts = example.verdicts()
    assert f"✗ {verdicts['ineligible']:,}" in said
    assert f"? {verdicts['undetermined']:,}" in said
    shares = said[said.index("二.3(1)") : said.index("All rules")]
    charged = [float(text) for text in shares if "." in text and text.replace(".", "").isdigit()]
    together = verdicts["ineligible"] + verdicts["undetermined"]
    assert sum(charged) == pytest.approx(together, abs=0.05 * len(charged))  # rounded to tenths


def test_the_costs_title_tells_what_the_first_rule_is_charged_with() -> None:
    toys = TABLE[TABLE["class"] == "toys"]
    assert draw_costs(toys, NAMES, [], "en").answer == (
        "“Price +1” costs most: 16 of 28 ineligible offers are put down to it, 5 fail there alone"
    )
    nothing = toys.assign(fails=0, sole=0, charged=0.0, charged_unknown=0.0)
    assert draw_costs(nothing, NAMES, [], "en").answer == "No rule keeps an offer out"


COMBINED = pd.DataFrame(
    [("score", 1, 40), ("price;score", 1, 7), ("", 3, 5)], columns=["groups", "combinations", "count"]
)


def test_combinations_name_the_most_frequent_and_count_what_is_not_drawn() -> None:
    chart = draw_combinations(COMBINED, 90, NAMES, [], "offers", "en")
    assert chart.answer == "Most often one rule alone: 40 of 52 ineligible offers (77%) fail only “Score”"
    said = " ".join(texts(chart))
    assert "52 ineligible of n = 90 offers" in said
    assert "Not drawn: 3 rarer combinations (5)." in said
    assert "Fine" not in said  # it is in no combination


def test_a_combination_of_several_is_told_as_failed_together() -> None:
    chart = draw_combinations(COMBINED.iloc[[1, 0]], 90, NAMES, [], "merchants", "en")
    assert chart.answer.startswith("Failed together most often: “Price +1”, “Score”, by 7 of 47 ineligible merchants")


def test_nobody_ineligible_is_told() -> None:
    assert draw_combinations(COMBINED.head(0), 90, NAMES, [], "offers", "en").answer.startswith("Nobody is ineligible")


@pytest.fixture(scope="module")
def result() -> Assessment:
    return assess(demo_market(400, seed=3), load_rulebook("spring_2024", "corrected"), as_of="2024-02-26")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_assessment_is_drawn_as_its_tables_are(result: Assessment, lang: str) -> None:
    table = result.blockers(by="category").rename(columns={"category": "class"})
    names = group_names(result, lang)
    assert blocker_heatmap(result, lang=lang).answer == draw_blockers(table, names, [], lang).answer
    assert costs(result, lang).answer == draw_costs(result.blockers(), names, [], lang).answer
    ineligible = int(result.summary()["ineligible"].sum())
    assert f"{ineligible:,}" in combinations(result, lang=lang).answer


def test_overlapping_rules_are_one_and_named_below(result: Assessment) -> None:
    names = group_names(result, "en")
    groups = result.patterns("offers").groups
    assert {name.text.endswith(f" +{len(groups[g]) - 1}") for g, name in names.items() if len(groups[g]) > 1} == {True}
    assert any(text.startswith("+n: with n rules") for text in texts(costs(result, "en")))
