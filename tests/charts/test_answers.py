"""What the charts say: the answer in the title, what matters first, the rest counted, unknowns apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from campaign_analytics.charts import heatmap
from campaign_analytics.charts.funnel import draw as draw_funnel
from campaign_analytics.charts.heatmap import Grid, arrange
from campaign_analytics.charts.labels import listed, share, short
from campaign_analytics.charts.verdicts import draw as draw_verdicts

if TYPE_CHECKING:
    from tests.charts.conftest import Example


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 9, "0%"), (4, 1000, "<1%"), (5, 1000, "1%"), (1, 3, "33%"), (995, 1000, ">99%"), (9, 9, "100%"), (0, 0, "–")],
)
def test_a_share_is_never_rounded_to_nobody_or_everybody(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


def test_shares_to_a_tenth() -> None:
    assert share(1, 3, 1) == "33.3%"
    assert share(1, 10_000, 1) == "<0.1%"
    assert share(9_999, 10_000, 1) == ">99.9%"


@pytest.mark.parametrize(
    ("count", "en", "zh"),
    [
        (99_999, "99,999", "99,999"),
        (123_456, "123k", "12.3万"),
        (1_234_567, "1.2M", "123万"),
        (2 * 10**8, "200M", "2.0亿"),
    ],
)
def test_large_counts_are_short_where_room_is_little(count: int, en: str, zh: str) -> None:
    assert short(count, "en") == en
    assert short(count, "zh") == zh


def test_counts_with_a_sign_are_short_sooner() -> None:
    assert [short(count, "en", digits=4) for count in (9_999, 38_914)] == ["9,999", "38.9k"]
    assert short(38_914, "zh", digits=4) == "3.9万"


def test_names_are_separated_as_the_language_does() -> None:
    assert listed(["a", "b"], "en") == "a, b"
    assert listed(["甲", "乙"], "zh") == "甲、乙"


COUNTS = {
    "offers": {"pre_qualified": 300, "ineligible": 600, "undetermined": 100},
    "merchants": {"pre_qualified": 40, "ineligible": 9, "undetermined": 1},
}


def test_the_verdicts_title_says_how_many_qualify() -> None:
    assert draw_verdicts(COUNTS, [], "en").answer == "300 of 1,000 offers (30.0%) and 40 of 50 merchants pre-qualify"
    assert draw_verdicts(COUNTS, [], "zh").answer == "1,000 个商品中 300 个（30.0%）预审合格，50 家商家中 40 家预审合格"


def test_each_verdict_has_its_number_share_and_mark() -> None:
    said = [text.get_text() for text in draw_verdicts(COUNTS, [], "en").page.texts]
    for words in ("✓ 300 · 30.0% pre-qualified", "✗ 600 · 60.0% ineligible", "? 1 · 2.0% cannot be decided"):
        assert words in said


STEPS = pd.DataFrame(
    [("二.1", "time", 100, 0, 0, 100), ("二.3", "a;b", 100, 30, 10, 60), ("四.2", "medal", 60, 35, 0, 25)],
    columns=["clause", "rules", "entering", "lost_fail", "lost_unknown", "left"],
)
NAMES = {"time": "Time", "a": "First", "b": "Second", "medal": "Medal"}


def test_the_funnel_title_names_the_clause_that_costs_most_of_both_kinds() -> None:
    answer = draw_funnel(STEPS, NAMES, [], "en").answer
    assert answer == "25 of 100 offers pass every clause; most, 40, are lost at 二.3 “First, Second”"


def test_the_funnel_keeps_the_order_of_the_notice_and_tells_fail_from_undecided() -> None:
    said = [text.get_text() for text in draw_funnel(STEPS, NAMES, [], "en").page.texts]
    clauses = [text for text in said if text in {"二.1", "二.3", "四.2"}]
    assert clauses == ["二.1", "二.3", "四.2"]
    assert {"−30", "−10", "−35", "60 · 60%", "25 · 25%"} <= set(said)


def test_a_funnel_that_loses_nobody_says_so() -> None:
    assert draw_funnel(STEPS.head(1), NAMES, [], "zh").answer == "100 个商品全部通过所有条款"


@pytest.fixture
def grid(example: Example) -> Grid:
    return arrange(example.misses(), example.rules("en"), "en")


def test_what_is_missed_most_comes_first_and_the_others_are_summed(grid: Grid, example: Example) -> None:
    fails = [grid.everyone.fail[rule] for rule in (*grid.rules, *grid.fewer)]
    assert fails == sorted(fails, reverse=True)
    assert len(grid.rules) == heatmap.MOST_RULES
    lost = [sum(group.fail.values()) for group in grid.groups]
    assert lost == sorted(lost, reverse=True)
    assert len(grid.groups) == heatmap.MOST_GROUPS - 1
    assert grid.others is not None
    assert grid.others.name == "4 others"
    drawn = [*grid.groups, grid.others]
    assert sum(group.offers for group in drawn) == grid.everyone.offers == len(example.outcomes)


def test_every_rule_is_drawn_or_named(grid: Grid, example: Example) -> None:
    assert {*grid.rules, *grid.fewer, *grid.clear} == set(example.rules("en"))
    assert set(grid.clear) == {"industry", "escrow"}


def test_the_heat_map_title_names_group_rule_and_count(grid: Grid, example: Example) -> None:
    chart = heatmap.draw(grid, example.rules("en"), [], "en")
    worst = grid.groups[0]
    fail = worst.fail["pickup"]
    expected = f"“48-hour pickup rate”: {fail:,} of its {worst.offers:,} offers ({share(fail, worst.offers)}) miss it"
    assert chart.answer == f"女装 loses most to {expected}"


def test_offers_without_a_group_are_a_group() -> None:
    frame = pd.DataFrame([("", "a", 1, 0, 2)], columns=["group", "rule", "fail", "unknown", "offers"])
    grid = arrange(frame, {"a": heatmap.Rule("一", "A", "offers")}, "en")
    assert [group.name for group in grid.groups] == ["(no name)"]


def test_a_rule_that_was_computed_in_part_says_at_least(example: Example) -> None:
    only = {"fraud": example.rules("en")["fraud"]}
    chart = heatmap.draw(arrange(example.misses(), only, "en"), only, [], "en")
    fails = int((example.outcomes["fraud"] == "fail").sum())
    said = [text.get_text() for text in chart.page.texts]
    assert f"≥{share(fails, len(example.outcomes))}" in said
    assert any(text.startswith("≥ :") for text in said)
