"""Branch and bound against trying everything."""

from __future__ import annotations

from itertools import product
from typing import TypeAlias

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.schema import Array
from campaign_analytics.simulate.cheapest import Boxes, Field, Part, cheapest

Problem: TypeAlias = "tuple[int, Array, list[Array]]"


@st.composite
def fields(draw: st.DrawFn, sliders: int) -> Problem:
    """What is paid anyhow, the needs of some subjects, and the costs of every slider's levels."""
    levels = draw(st.lists(st.integers(1, 4), min_size=sliders, max_size=sliders))
    subject = st.tuples(*(st.integers(0, level) | st.just(0) for level in levels))
    subjects = draw(st.lists(subject, max_size=12))
    needs = np.array(subjects, np.int64).reshape(len(subjects), sliders)
    steps = [draw(st.lists(st.integers(1, 5), min_size=level - 1, max_size=level - 1)) for level in levels]
    costs = [np.cumsum([draw(st.sampled_from([0, 0, 2])), *step]).astype(np.int64) for step in steps]
    return draw(st.integers(0, 4)), needs, costs


PROBLEMS = st.integers(0, 4).flatmap(lambda sliders: st.lists(fields(sliders), min_size=1, max_size=3))


@given(PROBLEMS, st.integers(1, 9))
def test_the_cheapest_levels_are_those_found_by_trying_all(
    problem: list[tuple[int, Array, list[Array]]], n: int
) -> None:
    parts = [
        Part(base, lambda needs=needs, costs=costs: Field(Boxes.of(needs, [len(c) for c in costs]), costs))  # type: ignore[misc]
        for base, needs, costs in problem
    ]
    found = cheapest(parts, n)
    tried = [
        base + sum(int(each[level]) for each, level in zip(costs, levels, strict=True))
        for base, needs, costs in problem
        for levels in product(*(range(len(each)) for each in costs))
        if (needs <= np.array(levels, np.int64)).all(axis=1).sum() >= n
    ]
    assert (None if found is None else found.cost) == min(tried, default=None)
    if found:
        base, needs, costs = problem[found.part]
        assert (needs <= np.array(found.levels, np.int64)).all(axis=1).sum() >= n
        assert found.cost == base + sum(int(c[level]) for c, level in zip(costs, found.levels, strict=True))
