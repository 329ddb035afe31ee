"""Columns of texts: whatever a cell holds, it is spelled as ``text_of`` spells it, however many are alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.market import texts
from campaign_analytics.market.texts import Texts, text_of

FLOATS = st.floats() | st.integers(-(10**16), 10**16).map(float) | st.decimals(-999, 999, places=2).map(float)
TIMES = st.datetimes() | st.datetimes().map(lambda held: held.replace(microsecond=0))
ODD: list[Any] = [None, pd.NaT, pd.NA, pd.Timestamp(5), np.float32(0.1), np.int8(3), np.datetime64("2024-01-01")]
ODD += [Decimal("1.50"), {"a", "b"}, ["a", 1], time(9), timedelta(1), datetime(2024, 1, 1, tzinfo=UTC), b"a", 2**70]
#: Cells of one kind, as most columns have them, with empty ones among them; or of all kinds.
KINDS: list[st.SearchStrategy[Any]] = [
    *(kind | st.just("") for kind in (st.text(max_size=3), FLOATS, st.integers(), st.booleans(), TIMES, st.dates())),
    st.text(max_size=3) | FLOATS | st.integers() | st.booleans() | TIMES | st.dates() | st.sampled_from(ODD),
]
CELLS = st.sampled_from(KINDS).flatmap(lambda kind: st.lists(kind, max_size=12))


def spelled(column: Texts) -> list[str]:
    return column.at(np.arange(len(column)))


@settings(max_examples=300)
@given(CELLS)
def test_values_of_any_kinds_are_spelled_one_by_one(values: list[Any]) -> None:
    assert spelled(Texts.of_values(values)) == [text_of(value) for value in values]


@settings(max_examples=100)
@given(st.lists(CELLS, min_size=1, max_size=3), st.integers(1, 5))
def test_rows_may_be_taken_a_few_at_a_time(columns: list[list[Any]], at_once: int) -> None:
    rows = list(zip(*columns, strict=False))
    with patch.object(texts, "_AT_ONCE", at_once):
        held = Texts.of_rows(rows, len(columns))
    assert [spelled(column) for column in held] == [
        [text_of(row[place]) for row in rows] for place in range(len(columns))
    ]


@pytest.mark.parametrize(
    "values", [[pd.NaT, datetime(2024, 1, 1)], [date(2024, 1, 1), datetime(2024, 1, 1, 9), pd.NaT], [1.5, True]]
)
def test_no_kind_is_taken_for_another(values: list[Any]) -> None:
    frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
    assert spelled(Texts.of_series(frame["a"])) == [text_of(value) for value in values]
