"""Properties of every rule of every campaign: loosening a parameter never hurts, a missing value never decides."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from campaign_analytics import demo_market, load_rulebook
from campaign_analytics.derive import derive
from campaign_analytics.derive.making import Moment, columns_for
from campaign_analytics.engines.arrays import Program
from campaign_analytics.errors import ValueFault
from campaign_analytics.market.schema import Array, Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import Bound, Exact, PerValue, bind, columns
from campaign_analytics.rulebook.tree import Null, Or, Tree, negate, walk
from tests.engines.subjects import RANGED

FAIL, UNKNOWN, PASS = 0, 1, 2  # in the order of "better"; not applicable is as good as a pass


@dataclass(frozen=True, eq=False)
class Campaign:
    """A rulebook, and a demo market of it in which cells are missing and known as ranges only."""

    book: Rulebook
    market: Market
    clock: Mapping[str, Bound]

    @classmethod
    def make(cls, name: str, profile: str) -> Campaign:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_rulebook(name)
        market = demo_market(600, seed=3, profile=profile)
        for table in ("offers", "merchants"):
            market = market.with_table(_roughened(market.tables[table]))
        moment = Moment(moment_of_demo(market, book))
        awake = {column for rule in book.rules for column in book.columns_of(rule)} - book.document.ladders.keys()
        return cls(book, derive(market, book, moment, awake).market, moment.clock)

    def exact(self, rule: str, book: Rulebook) -> Exact:
        return bind(tree_of(book, rule), {**book.values, **self.clock})

    def cells(self, rule: str, exact: Exact) -> dict[str, Cells]:
        return dict(columns_for(self.market, self.book, [exact], self.book.level(rule)))

    def outcomes(self, rule: str, book: Rulebook, cells: Mapping[str, Cells] | None = None) -> Array:
        """(subjects,) what one rule comes to."""
        exact = self.exact(rule, book)
        rows = self.market.tables[book.level(rule)].rows
        words = Program([(0, exact)], self.cells(rule, exact) if cells is None else cells).run(rows)[0]
        return np.where(words & np.uint64(1), FAIL, np.where(words, UNKNOWN, PASS))


def moment_of_demo(market: Market, book: Rulebook) -> Any:
    from campaign_analytics.assess.moment import moment_of

    return moment_of(market, book, None)


def tree_of(book: Rulebook, rule: str) -> Tree:
    """What a rule asks: NOT guard OR condition."""
    condition = book.conditions[rule]
    return Or((negate(book.guards[rule]), condition)) if rule in book.guards else condition


def _roughened(table: Table) -> Table:
    """The table with more cells missing, and some amounts known as ranges."""
    rng = np.random.default_rng(7)

    def rough(cells: Cells) -> Cells:
        if cells.type == "text" and not cells.names:
            return cells
        missing = (rng.random(table.rows) < 0.08) | cells.gone
        high = None
        if cells.type in RANGED:
            wide = rng.random(table.rows) < 0.1
            high = np.where(
                wide, cells.values + rng.integers(1, 4, table.rows) * (1 if cells.size else 0.05), cells.values
            )
        return Cells.make(cells.type, cells.values, missing, high, cells.names)

    return table.with_cells({name: rough(cells) for name, cells in table.cells.items()})


CAMPAIGNS = {
    "spring_2024": Campaign.make("spring_2024", "wholesale"),
    "daily_deals": Campaign.make("daily_deals", "daily_deals"),
}
RULES = [(n, rule) for n, each in CAMPAIGNS.items() for rule, held in each.book.rules.items() if not held.ladder]


def awakened(book: Rulebook, rule: str) -> Rulebook:
    """Dormant rules are tested, too: what is not set is put on the middle of its grid."""
    unset = [name for name in book.parameters_of(rule) if book.values[name] is None]
    return book.set({name: str(book.places(name)[len(book.places(name)) // 2]) for name in unset})


# ---- loosening

#: Neither looser nor stricter: it says that the shop's rate stands in for the offer's, which decides for or against.
ANOTHER_SOURCE = ("spring_2024", "select_pickup", "allow_merchant_proxy")
PAIRS = [
    (name, rule, parameter)
    for name, rule in RULES
    for parameter in CAMPAIGNS[name].book.parameters_of(rule)
    if CAMPAIGNS[name].book.places(parameter) and (name, rule, parameter) != ANOTHER_SOURCE
]


@cache
def along(campaign: Campaign, rule: str, parameter: str, one_of: str = "") -> Array:
    """(places, subjects) what a rule comes to as its parameter ascends, over every place that its rulebook allows."""
    book = awakened(campaign.book, rule)
    made = []
    for place in book.places(parameter):
        raw: Any = place / 100 if book.parameters[parameter].type == "money" else place  # type: ignore[operator]
        try:
            moved = book.set({f"{parameter}[{one_of}]" if one_of else parameter: raw})
        except ValueFault:  # the rulebook's requirements forbid this place
            continue
        made.append(campaign.outcomes(rule, moved))
    return np.array(made)


def directions(along: Array) -> set[str]:
    """Whether outcomes get better, get worse, or both, from one place to the next."""
    steps = np.diff(along, axis=0)
    return {name for name, hit in (("better", (steps > 0).any()), ("worse", (steps < 0).any())) if hit}


@pytest.mark.parametrize(("name", "rule", "parameter"), PAIRS)
def test_along_a_parameters_places_every_outcome_gets_better_or_every_one_worse(
    name: str, rule: str, parameter: str
) -> None:
    assert directions(along(CAMPAIGNS[name], rule, parameter)) != {"better", "worse"}


def test_outcomes_do_move_and_in_both_directions() -> None:
    """The test above would notice."""
    seen = {
        (name, rule, parameter): directions(along(CAMPAIGNS[name], rule, parameter)) for name, rule, parameter in PAIRS
    }
    moving = {pair for pair, found in seen.items() if found}
    assert len(moving) > 25
    expected = {
        ("spring_2024", "select_growth", "min_growth_score"): "worse",
        ("spring_2024", "select_growth", "enforce_select_entry"): "worse",
        ("spring_2024", "medal", "min_trade_medal"): "worse",
        ("spring_2024", "campaign_price", "max_price_ratio"): "better",
        ("spring_2024", "violation_points", "penalty_points_limit"): "better",
        ("daily_deals", "discount", "min_discount"): "worse",
        ("daily_deals", "discount", "lowest_share"): "worse",
        ("daily_deals", "returns", "max_return_rate"): "better",
        ("daily_deals", "bad_reviews", "min_review_sample"): "better",
        ("daily_deals", "new_shop_bond", "new_shop_days"): "worse",
    }
    assert {pair: seen[pair] for pair in expected} == {pair: {way} for pair, way in expected.items()}


@pytest.mark.parametrize(
    ("name", "rule", "parameter"), [pair for pair in PAIRS if CAMPAIGNS[pair[0]].book.parameters[pair[2]].by]
)
def test_one_value_of_a_parameter_that_varies_moves_the_subjects_of_its_name_alone(
    name: str, rule: str, parameter: str
) -> None:
    campaign = CAMPAIGNS[name]
    held = campaign.book.values[parameter]
    assert isinstance(held, PerValue)
    by = columns_for(campaign.market, campaign.book, [campaign.exact(rule, campaign.book)], "offers")[held.by]
    names = by.to_pandas().astype("str")
    for of, _ in held.values:
        found = along(campaign, rule, parameter, of)
        moved = (np.diff(found, axis=0) != 0).any(axis=0)
        assert moved.any()
        assert set(names[moved]) == {of}
        assert directions(found) != {"better", "worse"}


# ---- missing values

WITHOUT_IS_NULL = [
    (name, rule)
    for name, rule in RULES
    if not any(isinstance(leaf, Null) for leaf in walk(tree_of(CAMPAIGNS[name].book, rule)))
]


@pytest.mark.parametrize(("name", "rule"), WITHOUT_IS_NULL)
def test_a_missing_value_decides_nothing_that_another_value_would_decide_otherwise(name: str, rule: str) -> None:
    """A rule passes (or fails) without a cell only where it passes (or fails) with any value of that cell."""
    campaign = CAMPAIGNS[name]
    book = awakened(campaign.book, rule)
    cells = campaign.cells(rule, campaign.exact(rule, book))
    rng = np.random.default_rng(11)
    for column in columns(campaign.exact(rule, book)):
        held = cells[column]
        known = np.flatnonzero(~held.gone)
        if not len(known):
            continue
        nothing = held.take(np.full(len(held), -1))
        without = campaign.outcomes(rule, book, {**cells, column: nothing})
        decided = without != UNKNOWN
        for _ in range(12):  # completions drawn from the values that occur
            drawn = held.take(rng.choice(known, len(held)))
            completed = campaign.outcomes(rule, book, {**cells, column: drawn})
            np.testing.assert_array_equal(completed[decided], without[decided])


def test_most_rules_are_put_to_these_tests() -> None:
    assert len(PAIRS) > 30
    assert len(WITHOUT_IS_NULL) > 30
    seen = [CAMPAIGNS[name].outcomes(rule, awakened(CAMPAIGNS[name].book, rule)) for name, rule in WITHOUT_IS_NULL]
    assert sum(len(np.unique(each)) == 3 for each in seen) > 15  # the market shows pass, fail and unknown
