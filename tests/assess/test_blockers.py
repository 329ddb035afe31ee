"""Blockers against their definitions, written out offer by offer, on random rulebooks and markets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Level
from tests.assess.campaigns import LEVELS, Campaign, Outcomes, campaigns, market, records, run, verdicts

# ---- the definitions, naively


def blocking(campaign: Campaign, outcomes: Outcomes) -> tuple[frozenset[str], frozenset[str]]:
    """f and u of one subject."""
    failing = {rule for rule, held in outcomes.items() if held == "fail"}
    own = {rule for rule in outcomes if not failing.intersection(campaign.follows[rule])}
    f = {campaign.group(rule) for rule in failing & own}
    u = {campaign.group(rule) for rule in own if outcomes[rule] == "unknown"}
    return frozenset(f), frozenset(u - f)


@cache
def shapley(players: frozenset[str], needed: frozenset[str]) -> dict[str, Fraction]:
    """Each player's share in the game "all that fail must be mended", over every order of the players."""
    shares = defaultdict[str, Fraction](Fraction)
    for order in permutations(sorted(players)):
        last = max(needed, key=order.index)  # with it the subject is admitted
        shares[last] += Fraction(1, factorial(len(players)))
    return shares


COUNTS = (
    "fails", "sole", "charged", "charged_unknown", "admitted_certain", "admitted_from_ineligible",
    "admitted_from_undetermined", "admitted_at_most",
)  # fmt: skip


def naive(campaign: Campaign, level: Level) -> Iterator[tuple[int, str, dict[str, Fraction]]]:
    """By subject and group: what it adds to each column."""
    for i, outcomes in enumerate(campaign.outcomes(level)):
        players = frozenset(campaign.group(rule) for rule in outcomes)
        f, u = blocking(campaign, outcomes)
        for group in players:
            certain = (f | u) == {group}
            yield (
                i,
                group,
                {
                    "fails": Fraction(group in f),
                    "sole": Fraction(f == {group}),
                    "charged": shapley(players, f)[group] if f else Fraction(0),
                    "charged_unknown": Fraction(1, len(u)) if not f and group in u else Fraction(0),
                    "admitted_certain": Fraction(certain),
                    "admitted_from_ineligible": Fraction(certain and f == {group}),
                    "admitted_from_undetermined": Fraction(certain and not f),
                    "admitted_at_most": Fraction(f == {group}),
                },
            )


@settings(max_examples=120)
@given(campaign=campaigns(), level=st.sampled_from(LEVELS))
def test_every_column_is_its_definition_and_charges_are_the_shapley_value(campaign: Campaign, level: Level) -> None:
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for _, group, adds in naive(campaign, level):
        for column, amount in adds.items():
            expected[group][column] += amount  # type: ignore[assignment]
    table = run(campaign).blockers(level=level).set_index("group")
    groups = {campaign.group(rule) for rule in campaign.groups if level == "offers" or rule[0] == "m"}
    assert set(table.index) == groups
    for name, row in table.iterrows():
        for column in COUNTS:
            assert row[column] == pytest.approx(float(expected[str(name)][column])), (name, column)


@settings(max_examples=60)
@given(campaign=campaigns())
def test_by_class_and_weighed_the_same_definitions_hold_in_every_class(campaign: Campaign) -> None:
    expected: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for i, group, adds in naive(campaign, "offers"):
        offer = campaign.offers[i]
        for column, amount in adds.items():
            expected[offer["aisle"] or "", group][column] += amount * (offer["sold"] or 0)  # type: ignore[assignment]
    table = run(campaign).blockers(by="aisle", weight="sold").set_index(["aisle", "group"])
    assert len(table) == len({offer["aisle"] for offer in campaign.offers}) * len(
        {campaign.group(rule) for rule in campaign.groups}
    )
    for key, row in table.iterrows():
        for column in COUNTS:
            assert row[column] == pytest.approx(float(expected[key][column])), (key, column)  # type: ignore[index]


@settings(max_examples=40)
@given(campaign=campaigns(follows=False), level=st.sampled_from(LEVELS))
def test_without_follows_admissions_are_what_dropping_the_rules_does(campaign: Campaign, level: Level) -> None:
    result = run(campaign)
    before = verdicts(result, level)
    for row in records(result.blockers(level=level)):
        dropped = dict.fromkeys((r for r in campaign.groups if campaign.group(r) == row["group"]), "off")
        after = verdicts(run(campaign, **dropped), level)
        moves = Counter(zip(before, after, strict=True))
        assert row["admitted_from_ineligible"] == moves["ineligible", "pre_qualified"]
        assert row["admitted_from_undetermined"] == moves["undetermined", "pre_qualified"]
        assert row["admitted_certain"] == row["admitted_from_ineligible"] + row["admitted_from_undetermined"]
        saved = sum(count for (old, new), count in moves.items() if old == "ineligible" and new != "ineligible")
        assert row["sole"] == row["admitted_at_most"] == saved


@settings(max_examples=60)
@given(campaign=campaigns(), by=st.sampled_from(["aisle", "size", "o0", None]), weight=st.sampled_from(["sold", None]))
def test_charges_add_up_to_the_verdicts_of_every_class(campaign: Campaign, by: str | None, weight: str | None) -> None:
    result = run(campaign)
    table, summary = result.blockers(by=by, weight=weight), result.summary(by=by, weight=weight)
    total = "weight" if weight else "offers"
    if by is None:
        table, summary, by = table.assign(all=""), summary.assign(all=""), "all"
    sums = table.groupby(by, sort=False).agg({"charged": "sum", "charged_unknown": "sum", total: "first"})
    summary = summary.set_index(by)
    assert list(sums.index) == list(summary.index)
    assert np.allclose(sums["charged"], summary["ineligible"])
    assert np.allclose(sums["charged_unknown"], summary["undetermined"])
    assert np.allclose(sums[total], summary[total])
    assert np.allclose(summary[["pre_qualified", "ineligible", "undetermined"]].sum(axis=1), summary[total])


@settings(max_examples=60)
@given(campaign=campaigns(), level=st.sampled_from(LEVELS))
def test_pairs_and_combinations_are_counted_subject_by_subject(campaign: Campaign, level: Level) -> None:
    failing = [blocking(campaign, outcomes)[0] for outcomes in campaign.outcomes(level)]
    result = run(campaign)
    pairs = result.co_failures(level)
    assert list(pairs.index) == list(pairs.columns)
    for a in pairs.index:
        for b in pairs.columns:
            assert pairs.loc[a, b] == sum({a, b} <= f for f in failing)
    table = result.combinations(level, at_most=2)
    counts = Counter(f for f in failing if f)
    shown = table[table["groups"] != ""]
    assert sorted(shown[level], reverse=True) == sorted(counts.values(), reverse=True)[:2] == list(shown[level])
    for row in records(shown):
        groups = frozenset(str(row["groups"]).split(";"))
        assert (counts[groups], len(groups), 1) == (row[level], row["failing"], row["combinations"])
    rest = table[table["groups"] == ""]
    assert rest["combinations"].sum() == max(0, len(counts) - 2)
    assert table[level].sum() == sum(counts.values())


def test_a_failure_that_follows_from_another_is_no_second_blocker_nor_is_an_unknown() -> None:
    campaign = Campaign({"o0": "", "o1": ""}, {"o0": (), "o1": ("o0",)})
    result = market(
        {"o0": False, "o1": False},
        {"o0": False, "o1": None},
        {"o1": False},
        {"o0": None, "o1": False},
        book=campaign.book,
    )
    table = result.blockers().set_index("group")
    assert dict(table.loc["o0", ["fails", "sole", "admitted_certain"]]) == {
        "fails": 2,
        "sole": 2,
        "admitted_certain": 2,
    }
    assert dict(table.loc["o1", ["fails", "sole", "admitted_certain"]]) == {
        "fails": 2,
        "sole": 2,
        "admitted_certain": 1,
    }


def test_a_rule_that_is_not_computed_is_in_no_charge() -> None:
    table = market({}, {"o0": None}).blockers().set_index("group")
    assert not table.loc["later", list(COUNTS)].any()
    assert table.loc["o0", "charged_unknown"] == 1


def test_the_largest_class_comes_first_and_in_it_the_group_that_is_charged_most() -> None:
    result = market(
        {"aisle": "tools", "o1": False},
        {"aisle": "fruit", "o2": False},
        {"aisle": "fruit", "o2": False, "o3": False},
    )
    table = result.blockers(by="aisle")
    assert list(table["aisle"].unique()) == ["fruit", "tools"]
    assert list(table["group"])[:3] == ["o2", "o3", "o0"]  # what is charged nothing stays in clause order


def test_a_class_with_one_offer_and_one_without_a_name() -> None:
    table = market({"aisle": "tools", "o1": False}, {"aisle": None}).blockers(by="aisle")
    assert list(table.loc[table["charged"] > 0, ["aisle", "group", "offers"]].itertuples(index=False, name=None)) == [
        ("tools", "o1", 1)
    ]
    assert (table["offers"] == 1).all()


@pytest.mark.parametrize("by", [None, "aisle", "size"])
def test_a_market_without_offers_gives_tables_of_the_same_columns(by: str | None) -> None:
    full, empty = market({}), market()
    assert empty.blockers(by=by).dtypes.equals(full.blockers(by=by).dtypes)
    assert len(empty.blockers(by=by)) == (0 if by else len(full.blockers()))
    assert empty.combinations().empty
    assert empty.combinations().dtypes.equals(full.combinations().dtypes)
    assert not empty.co_failures().to_numpy().any()


def test_offers_and_merchants_in_bands_of_how_many_offers_the_merchant_has() -> None:
    counts = {"m0": 1, "m1": 2, "m2": 12, "m3": 100, "m4": 0, "nobody": 3}
    offers = [{"merchant_id": shop} for shop, count in counts.items() for _ in range(count)]
    result = market(*offers, shops=({},) * 5)
    offers_by = result.summary(by="size").set_index("size")["offers"]
    assert offers_by.to_dict() == {"100+": 100, "10-99": 12, "": 3, "2-9": 2, "1": 1}
    merchants_by = result.summary(by="size", level="merchants").set_index("size")["merchants"]
    assert merchants_by.to_dict() == {"0": 1, "1": 1, "2-9": 1, "10-99": 1, "100+": 1}
    assert set(result.blockers(by="size", level="merchants")["size"]) == set(merchants_by.index)


def test_missing_weights_count_as_nothing_and_are_told() -> None:
    result = market({"sold": 5, "o0": False}, {"sold": None, "o0": False}, {"sold": 2})
    told = result.summary(weight="sold").iloc[0].to_dict()
    assert told == {"pre_qualified": 2, "ineligible": 5, "undetermined": 0, "weight": 7, "weight_missing": 1}
    row = result.blockers(weight="sold").iloc[0]
    assert (row["group"], row["fails"], row["weight"], row["weight_missing"]) == ("o0", 5, 7, 1)
    assert result.co_failures(weight="sold").loc["o0", "o0"] == 5


def test_a_merchant_weighs_its_money_in_whole_units_or_as_many_offers_as_it_has() -> None:
    result = market({}, {}, shops=({"worth": 12_50, "m0": False}, {"worth": None}))
    assert result.blockers(level="merchants", weight="worth").iloc[0]["charged"] == 12.5
    assert result.blockers(level="merchants", weight="offers").iloc[0]["charged"] == 2
    assert result.summary(weight="offers").equals(result.summary())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "aile"}, "cannot group by 'aile': no such column; did you mean 'aisle'"),
        ({"by": "sizes"}, "did you mean 'size'"),
        ({"by": "aisle", "level": "merchants"}, "cannot group merchants by 'aisle': it is a column of offers"),
        ({"weight": "solt"}, "cannot weigh offers by 'solt': no such column of numbers; did you mean 'sold'"),
        ({"weight": "aisle"}, "cannot weigh offers by 'aisle'"),
        ({"weight": "sold", "level": "merchants"}, "cannot weigh merchants by 'sold'"),
    ],
)
def test_an_unknown_column_is_told_with_the_nearest_one(asked: dict[str, Any], said: str) -> None:
    result = market({})
    for table in (result.blockers, result.summary):
        with pytest.raises(CampaignError, match=said):
            table(**asked)


def test_at_least_one_combination_is_shown() -> None:
    with pytest.raises(CampaignError, match="at_most=0: at least 1"):
        market({}).combinations(at_most=0)


def test_patterns_are_found_once() -> None:
    result = market({})
    assert result.patterns("merchants") is result.patterns("merchants")
    assert result.patterns() is not result.patterns("merchants")
