"""A row that stands for several subjects counts as so many equal rows, in every table of counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.assess import Assessment
from campaign_analytics.market.schema import Array, Table
from campaign_analytics.rulebook.book import Level
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar, bazaars
from tests.simulate.truth import LEVELS, stand_alike

pytestmark = pytest.mark.usefixtures("one_recipe_is_not_built")


@settings(max_examples=60)
@given(data=st.data(), bazaar=bazaars().filter(lambda held: held.parameters))
def test_counts_are_those_of_equal_rows(data: st.DataObject, bazaar: Bazaar) -> None:
    one = bazaar.assessment
    each: dict[Level, Array] = {
        level: np.array(data.draw(st.lists(st.integers(1, 3), min_size=rows, max_size=rows)), np.int64)
        for level in LEVELS
        for rows in [one.market.tables[level].rows]
    }
    standing, repeated = _standing(one, each), _repeated(one, each)
    by = data.draw(st.sampled_from([None, "w"]))
    for level in LEVELS:
        _equal(standing.summary(level=level), repeated.summary(level=level))
        _equal(standing.blockers(level=level), repeated.blockers(level=level))
        _equal(standing.co_failures(level), repeated.co_failures(level))
        _equal(standing.combinations(level), repeated.combinations(level))
    _equal(standing.summary(by=by), repeated.summary(by=by))
    _equal(standing.blockers(by=by), repeated.blockers(by=by))
    _equal(standing.misses(by=by), repeated.misses(by=by))
    _equal(standing.funnel(), repeated.funnel())
    _equal(standing.rule_checks(), repeated.rule_checks())
    ours, theirs = WhatIf(standing), WhatIf(repeated)
    slider = data.draw(st.sampled_from(bazaar.sliders))
    if bazaar.book.places(slider.partition("[")[0]):
        _equal(ours.curve(slider, by=by), theirs.curve(slider, by=by))
    other = data.draw(st.sampled_from(bazaar.parameters))
    if bazaar.book.places(other):
        ours.set({other: "none"}), theirs.set({other: "none"})
        _equal(ours.summary(by=by), theirs.summary(by=by))
        _equal(ours.segments("w"), theirs.segments("w"))
    hands = [what_if.hand(slider, by) for what_if in (ours, theirs)]
    for place in range(len(hands[0].places) if hands[0] else 0):
        held = [replace(hand.standing(place), first_flips=lambda n: []) for hand in hands if hand]
        stand_alike(held[0], held[1])


def _standing(one: Assessment, each: Mapping[Level, Array]) -> Assessment:
    market = one.market
    for level, held in each.items():
        market = market.with_table(replace(market.tables[level], stands_for=held))
    return replace(one, market=market)


def _repeated(one: Assessment, each: Mapping[Level, Array]) -> Assessment:
    """Every row written out; all copies of an offer belong to the first copy of its merchant."""
    rows = {level: np.repeat(np.arange(len(held)), held) for level, held in each.items()}
    market = one.market
    owner = np.append(np.searchsorted(rows["merchants"], np.arange(len(each["merchants"]))), -1)
    joined = owner[market.merchant_row][rows["offers"]]
    tables: dict[str, Table] = {level: _taken(market.tables[level], held) for level, held in rows.items()}
    again = replace(market, tables={**market.tables, **tables}).joined_by(joined)
    words = {level: one.words[level][:, rows[level]] for level in LEVELS}
    return replace(one, market=again, words=words)


def _taken(table: Table, rows: Array) -> Table:
    return replace(table, cells={name: cells.take(rows) for name, cells in table.cells.items()}, rows=len(rows))


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-12)


def test_weights_add_up_over_the_subjects_that_a_row_stands_for(weighed: Sequence[pd.DataFrame]) -> None:
    _equal(*weighed)


@pytest.fixture
def weighed() -> list[pd.DataFrame]:
    rows: list[dict[str, Any]] = [{"n": 3, "p": 150, "w": "red"}, {"n": None, "p": 100, "w": "blue"}]
    bazaar = Bazaar({"rule": {"condition": "n >= :count"}}, rows, [{}])
    each: dict[Level, Array] = {"offers": np.array([3, 2]), "merchants": np.array([1])}
    return [made(bazaar.assessment, each).summary(by="w", weight="n") for made in (_standing, _repeated)]
