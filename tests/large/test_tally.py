"""Rows of bytes keep their numbers from part to part; keys are counted as often as they came, in whatever portions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.large import tally
from campaign_analytics.large.tally import Kinds, Tally, packed, unpacked

TYPES = (np.uint16, *[np.uint8] * 9)  # eleven bytes: two words, and so pairs of them

rows = st.lists(st.tuples(*[st.integers(0, 3)] * len(TYPES)), min_size=1, max_size=30)
keys = st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12)


@given(st.lists(rows, min_size=1, max_size=5))
def test_a_row_has_one_number_in_every_part_and_is_told_by_it(parts: list[list[tuple[int, ...]]]) -> None:
    kinds, of = Kinds(), dict[int, tuple[int, ...]]()
    for part in parts:
        columns = [np.array(column, type) for column, type in zip(zip(*part, strict=True), TYPES, strict=True)]
        for number, row in zip(kinds.numbers(columns).tolist(), part, strict=True):
            assert of.setdefault(number, row) == row
    told = {row for part in parts for row in part}
    assert set(of) == set(range(len(told))) == set(range(len(kinds)))
    held = kinds.columns(TYPES)
    assert [column.dtype for column in held] == [np.dtype(type) for type in TYPES]
    assert [tuple(map(int, row)) for row in zip(*held, strict=True)] == [of[number] for number in range(len(kinds))]


@given(rows)
def test_columns_side_by_side_in_words_come_apart_again(part: list[tuple[int, ...]]) -> None:
    columns = [np.array(column, type) for column, type in zip(zip(*part, strict=True), TYPES, strict=True)]
    for before, after in zip(columns, unpacked(packed(columns), TYPES), strict=True):
        np.testing.assert_array_equal(before, after)


@settings(max_examples=60)
@given(keys, st.integers(1, 8), st.integers(0, 20))
def test_keys_are_counted_as_often_as_they_came(parts: list[list[int]], stretch: int, waiting: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "_STRETCH", stretch)
        patch.setattr(tally, "_WAITING", waiting)
        held = Tally()
        for part in parts:
            held.add(np.array(part, np.uint64))
        stretches = [(each.tolist(), counts.tolist()) for each, counts in held.settled()]
    found = [pair for each, counts in stretches for pair in zip(each, counts, strict=True)]
    assert found == sorted(Counter(key for part in parts for key in part).items())
    assert all(len(each) <= stretch for each, _ in stretches)
    assert list(held.settled()) == []


def test_a_key_that_comes_often_is_counted_in_wider_numbers() -> None:
    held = Tally()
    for _ in range(3):
        held.add(np.full(200_000, 7, np.uint64))
    ((each, counts),) = held.settled()
    assert (each.tolist(), counts.tolist()) == ([7], [600_000])
