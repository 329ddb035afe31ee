"""Goal seek against trying every setting, assessed in full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.outcomes import PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.simulate.goal import Goal
from campaign_analytics.simulate.reaching import FINE, prices
from campaign_analytics.simulate.together import Together
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar, bazaars, moves
from tests.simulate.shipped import shipped


@dataclass(frozen=True)
class Tried:
    """A setting that was assessed: the sliders that move, the cost, who qualifies and who is undetermined."""

    moved: frozenset[str]
    cost: float
    good: int
    open: int


def everything(what_if: WhatIf, names: Sequence[str], rows: Array | slice = slice(None)) -> list[Tried]:
    """Every setting that contradicts nothing and can be priced."""
    together = Together.of(what_if, names)
    axes = together.axes
    costs = [prices(what_if.book, axis) for axis in axes]
    found = []
    for places in product(*(range(len(axis.values)) for axis in axes)):
        book = together.book(dict(zip(names, places, strict=True)))
        cost = sum(int(each[place]) for each, place in zip(costs, places, strict=True))
        if cost < 1000 * FINE and not book.contradictions():
            verdict = assess(what_if.baseline.market, book, what_if.baseline.as_of).verdict()[rows]
            moved = frozenset(axis.name for axis, place in zip(axes, places, strict=True) if place != axis.present)
            good, open_ = int((verdict == PRE_QUALIFIED).sum()), int((verdict == UNDETERMINED).sum())
            found.append(Tried(moved, cost / FINE, good, open_))
    return found


def assert_smallest(goal: Goal, tried: list[Tried]) -> None:
    """The alternatives are the smallest changes that there are, each without a slider of every one before it."""
    assert goal.most.pre_qualified == max(each.good for each in tried)
    reaching = [each for each in tried if each.good >= goal.target]
    if goal.now >= goal.target:
        assert goal.alternatives == ()
        return
    before: list[frozenset[str]] = []
    for each in goal.alternatives:
        moved = frozenset(move.name for move in each.moves)
        others = [other for other in reaching if not any(names <= other.moved for names in before)]
        assert each.cost == pytest.approx(min(other.cost for other in others))
        same = [o for o in others if o.moved == moved and o.good == each.pre_qualified and o.open == each.undetermined]
        assert any(other.cost == pytest.approx(each.cost) for other in same)
        before.append(moved)
    if len(before) < 5:
        assert all(any(names <= other.moved for names in before) for other in reaching)


def short(what_if: WhatIf, name: str) -> bool:
    """Whether a slider has few enough places to try them all."""
    return 0 < len(what_if.book.places(name.partition("[")[0])) <= 11


@settings(max_examples=40)
@given(st.data(), bazaars(3))
def test_alternatives_are_the_smallest_changes_that_reach_the_target(data: st.DataObject, bazaar: Bazaar) -> None:
    what_if = WhatIf(bazaar.assessment)
    if any(short(what_if, name) for name in bazaar.sliders) and data.draw(st.booleans()):
        what_if.set(data.draw(moves(bazaar)))
    names = [name for name in bazaar.sliders if short(what_if, name)]
    if not names:
        return
    over = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    goal = what_if.goal_seek(reach=data.draw(st.integers(1, 4)), over=over)
    assert_smallest(goal, everything(what_if, over))


SHIPPED = [
    ("spring_2024", ["min_trade_medal", "max_severe_ip_count"], {"category": "女装"}),
    ("spring_2024", ["max_moq", "enforce_select_entry", "allow_merchant_proxy"], None),
    ("daily_deals", ["lowest_share", "max_bad_reviews"], {"department": "Toys"}),
]


@pytest.mark.parametrize(("book", "over", "where"), SHIPPED)
def test_shipped_rulebooks_by_brute_force(book: str, over: list[str], where: dict[str, str] | None) -> None:
    assert_right(WhatIf(shipped(book, 300)), over, where)


def assert_right(what_if: WhatIf, over: list[str], where: dict[str, str] | None) -> None:
    """Targets near and far, reachable and not."""
    table = what_if.baseline.verdicts()
    rows = np.flatnonzero(np.logical_and.reduce([table[column] == value for column, value in (where or {}).items()]))
    tried = everything(what_if, over, rows if where else slice(None))
    now = next(each.good for each in tried if not each.moved)
    most = max(each.good for each in tried)
    for target in {now + 1, (now + most + 1) // 2, most, most + 1}:
        assert_smallest(what_if.goal_seek(reach=target, where=where, over=over), tried)


def test_no_alternative_contradicts_what_the_rulebook_requires() -> None:
    """Who enters must be held to no less than who stays: lowering the one beyond the other needs both moved."""
    held = shipped("daily_deals", 300)
    coarse = {name: held.book.parameters[name].model_copy(update={"step": Decimal("0.5")}) for name in SCORES}
    document = held.book.document.model_copy(update={"parameters": {**held.book.parameters, **coarse}})
    what_if = WhatIf(assess(held.market, replace(held.book, document=document), held.as_of))
    what_if.set(min_shop_score_stay=3.5)
    assert_right(what_if, [*SCORES], None)
    goal = what_if.goal_seek(reach=what_if.goal_seek(reach=1, over=[*SCORES]).most.pre_qualified, over=[*SCORES])
    assert {move.name for move in goal.alternatives[0].moves} == {*SCORES}
    assert not goal.alternatives[0].scenario.book.contradictions()


SCORES = ("min_shop_score", "min_shop_score_stay")


@pytest.fixture(scope="module", params=["spring_2024", "daily_deals"])
def result(request: pytest.FixtureRequest) -> Assessment:
    return shipped(request.param)


@pytest.fixture(scope="module")
def goal(result: Assessment) -> Goal:
    return WhatIf(result).goal_seek("20%")


def test_every_amount_and_level_may_move_where_none_is_named(result: Assessment, goal: Goal) -> None:
    what_if = WhatIf(result)
    now = int(result.summary()["pre_qualified"].sum())
    assert goal.target == math.ceil(1.2 * now)
    assert [each.cost for each in goal.alternatives] == sorted(each.cost for each in goal.alternatives)
    for each in goal.alternatives:
        what_if.load(each.scenario)
        row = assess(result.market, what_if.book, result.as_of).summary().iloc[0]
        assert (row["pre_qualified"], row["undetermined"]) == (each.pre_qualified, each.undetermined)
        assert row["pre_qualified"] >= goal.target
        assert {*what_if.changed} == {move.name for move in each.moves}


def test_an_alternative_is_a_scenario_with_a_name_and_a_file(goal: Goal) -> None:
    first = goal.alternatives[0]
    assert first.scenario.name.zh
    assert first.scenario.name.en
    assert "[parameters]" in first.scenario.toml


def test_the_search_starts_from_what_is_set_now(result: Assessment, goal: Goal) -> None:
    first = goal.alternatives[0]
    again = WhatIf(result).load(first.scenario).goal_seek(reach=first.pre_qualified)
    assert again.now == first.pre_qualified
    assert again.alternatives == ()
    assert "without a change" in again.headline()


def test_a_table_tells_every_change_of_every_alternative(goal: Goal) -> None:
    table = goal.table("zh")
    assert list(table.columns) == [
        "alternative", "name", "label", "clause", "now", "then", "moved", "cost", "pre_qualified", "change",
        "undetermined",
    ]  # fmt: skip
    assert len(table) == sum(len(each.moves) for each in goal.alternatives)
    sums = table.groupby("alternative")["moved"].sum()
    assert sums.to_list() == pytest.approx(table.groupby("alternative")["cost"].first().to_list())
    assert (table["change"] == table["pre_qualified"] - goal.now).all()


def test_a_target_out_of_reach_is_told_with_the_most_that_there_is(result: Assessment) -> None:
    what_if = WhatIf(result)
    goal = what_if.goal_seek(reach=100_000)
    assert goal.alternatives == ()
    assert len(goal.table()) == 0
    assert f"{goal.most.pre_qualified:,} of 400" in goal.headline()
    assert "cannot be reached" in repr(goal)
    assert "100,000" in goal.headline("zh")
    row = what_if.load(goal.most.scenario).assessment.summary().iloc[0]
    assert row["pre_qualified"] == goal.most.pre_qualified


def test_costs_are_an_assumption_and_say_so(goal: Goal) -> None:
    assert goal.basis().startswith("Assumption")
    assert goal.basis("zh").startswith("假设")
    assert goal.basis() in repr(goal)


def test_a_move_costs_its_way_over_the_scale() -> None:
    book = shipped("spring_2024").book
    what_if = WhatIf(shipped("spring_2024"))

    def price(name: str, value: object) -> float:
        (axis,) = Together.of(what_if, [name]).axes
        return int(prices(book, axis)[axis.values.index(value)]) / FINE

    assert price("min_growth_score", 30) == pytest.approx(0.5)  # scale 60
    assert price("min_deposit", 150_000) == pytest.approx(0.5)  # 1,500 yuan less; scale 3,000
    assert price("max_moq", 4) == pytest.approx(1 / 3)  # a doubling; scale x8
    assert price("min_trade_medal", "AAA") == pytest.approx(1)  # two steps; scale 2
    assert price("max_ip_points", 24) == pytest.approx(5)  # its whole slider, no scale
    assert price("max_severe_ip_count", 1) == pytest.approx(1)


def test_zero_is_one_scale_below_the_smallest_place_where_the_scale_is_a_factor() -> None:
    what_if = WhatIf(shipped("daily_deals"))
    (axis,) = Together.of(what_if, ["min_deal_stock"]).axes  # 0, 50, 100 ...; x2; 500 now
    costs = prices(what_if.book, axis) / FINE
    assert costs[axis.values.index(50)] == pytest.approx(math.log2(10))
    assert costs[axis.values.index(0)] == pytest.approx(math.log2(10) + 1)


def test_one_name_may_get_a_value_of_its_own() -> None:
    what_if = WhatIf(shipped("daily_deals"))
    goal = what_if.goal_seek(0.01, where={"department": "Kitchen"}, over=["min_sold[Kitchen]"])
    (each,) = goal.alternatives
    assert [(move.name, move.now) for move in each.moves] == [("min_sold[Kitchen]", 100)]
    assert {*what_if.load(each.scenario).changed} == {"min_sold[Kitchen]"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "either gain="),
        ({"gain": 0.1, "reach": 5}, "either gain="),
        ({"gain": -0.2}, "a share above 0"),
        ({"gain": "a lot"}, "is no rate"),
        ({"reach": 0}, "a whole number from 1"),
        ({"gain": 0.1, "over": ["industry_scope"]}, "has no slider"),
        ({"gain": 0.1, "over": ["min_growth_scor"]}, "did you mean 'min_growth_score'"),
        ({"gain": 0.1, "over": ["min_growth_score[女装]"]}, "does not vary"),
        ({"gain": 0.1, "over": []}, "name parameters in over="),
        ({"gain": 0.1, "where": {"category": "没有"}}, "no offer has category"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(asked: dict[str, object], said: str) -> None:
    with pytest.raises(CampaignError, match=said.replace("[", r"\[")):
        WhatIf(shipped("spring_2024")).goal_seek(**asked)  # type: ignore[arg-type]


def test_a_value_of_a_name_that_there_is_not_is_refused() -> None:
    with pytest.raises(CampaignError, match="is not a value of 'department'"):
        WhatIf(shipped("daily_deals")).goal_seek(0.1, over=["min_sold[Toy]"])


def test_a_market_without_offers() -> None:
    bazaar = Bazaar({"enough": {"condition": "n >= :count"}}, [], [])
    what_if = WhatIf(bazaar.assessment)
    with pytest.raises(CampaignError, match="no offer qualifies now"):
        what_if.goal_seek(0.1, over=["count"])
    goal = what_if.goal_seek(reach=1, over=["count"])
    assert (goal.offers, goal.most.pre_qualified, goal.alternatives) == (0, 0, ())


def test_progress_is_told_where_sliders_have_to_be_tried() -> None:
    told: list[tuple[int, int]] = []
    over = ["min_review_sample", "max_bad_reviews"]
    WhatIf(shipped("daily_deals")).goal_seek(reach=100_000, over=over, progress=lambda *at: told.append(at))
    assert told
    assert all(done <= whole for done, whole in told)
