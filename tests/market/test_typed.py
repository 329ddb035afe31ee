"""A table as typed Arrow columns is the same table when it is read back, ranges and cells not understood included."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.market.schema import Cells, Table
from campaign_analytics.market.typed import from_arrow, is_typed, to_arrow
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.quantities import kind_of
from tests.engines.subjects import cell, cells_of

BOOK = load_rulebook("spring_2024", "corrected")
KINDS = {
    name: kind_of(column, BOOK.lists, BOOK.header.currency)
    for name, column in BOOK.columns.items()
    if column.table == "offers" and (column.type != "text" or column.of)
}


def same(one: Cells, other: Cells) -> None:
    assert (one.type, one.names) == (other.type, other.names)
    for ours, theirs in ((one.gone, other.gone), (one.blank, other.blank)):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.asarray(one.values), np.asarray(other.values))
    assert (one.high is None) == (other.high is None)
    if one.high is not None and other.high is not None:
        np.testing.assert_array_equal(one.high, other.high)


@settings(max_examples=40)
@given(data=st.data())
def test_any_cells_come_back(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = data.draw(
        st.lists(st.fixed_dictionaries({n: cell(kind) for n, kind in KINDS.items()}), min_size=1, max_size=6)
    )
    cells = {name: cells_of(kind, [row[name] for row in rows]) for name, kind in KINDS.items()}
    ids = pd.array([f"o{i}" for i in range(len(rows))], dtype="str")
    table = Table("offers", {"offer_id": Cells.make("text", ids), **cells}, len(rows))
    path = tmp_path_factory.getbasetemp() / "offers.parquet"
    pyarrow.parquet.write_table(to_arrow(table), path)
    held = pyarrow.parquet.read_table(path)
    assert is_typed(held.schema)
    back = from_arrow(held, "offers", BOOK, "offers.parquet")
    for name, each in table.cells.items():
        same(each, back[name])


def read(book: Rulebook, **columns: Any) -> dict[str, Cells]:
    return from_arrow(pa.table(columns), "offers", book, "offers.parquet")


def test_not_a_number_is_missing_and_infinity_is_not_understood() -> None:
    held = read(BOOK, growth_score=pa.array([60.0, float("nan"), float("inf"), None]))["growth_score"]
    assert held.gone.tolist() == [False, True, True, True]
    assert held.blank.tolist() == [False, True, False, True]


def test_a_name_that_is_not_in_a_closed_list_is_not_understood_and_one_of_an_open_list_stays() -> None:
    held = read(BOOK, trustpass_level=pa.array(["L2", "L9", None]), category=pa.array(["女装", "火箭", None]))
    assert held["trustpass_level"].gone.tolist() == [False, True, True]
    assert held["trustpass_level"].blank.tolist() == [False, False, True]
    assert held["category"].to_pandas().tolist()[:2] == ["女装", "火箭"]


def test_money_is_exact() -> None:
    held = read(BOOK, list_price=pa.array([Decimal("0.01"), Decimal("9999999999.99"), None], pa.decimal128(18, 2)))
    assert held["list_price"].values.tolist() == [1, 999999999999, 0]


def test_a_column_of_another_type_is_refused_with_its_place() -> None:
    with pytest.raises(MarketError, match=r"offers.parquet: list_price: string where decimal\(18, 2\) is expected"):
        read(BOOK, list_price=pa.array(["12.50"]))
    with pytest.raises(MarketError, match="pickup_rate_48h: string where double is expected"):
        read(BOOK, pickup_rate_48h=pa.array(["95%"]))


def test_a_value_that_its_column_cannot_hold_is_refused_with_its_place() -> None:
    with pytest.raises(
        MarketError, match=r"offers.parquet: moq: a value that a count can't be: .*18446744073709551615"
    ):
        read(BOOK, moq=pa.array([1, 2**64 - 1], pa.uint64()))
    with pytest.raises(MarketError, match="list_price: a value that a money can't be: Decimal value does not fit"):
        read(BOOK, list_price=pa.array([Decimal(10) ** 20], pa.decimal128(38, 2)))
    with pytest.raises(MarketError, match=r"enrolled_at: a value that a time can't be: .*out of bounds"):
        read(BOOK, enrolled_at=pa.array([2**60], pa.timestamp("ms", "UTC")))


def test_a_time_in_nanoseconds_lies_in_its_microsecond() -> None:
    held = read(BOOK, enrolled_at=pa.array([1_708_900_000_123_456_789, -1, None], pa.timestamp("ns", "UTC")))
    assert held["enrolled_at"].values.tolist() == [1_708_900_000_123_456, -1, 0]
    assert held["enrolled_at"].gone.tolist() == [False, False, True]


def test_a_column_that_stands_twice_and_marks_that_are_none_are_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["moq", "moq"])
    with pytest.raises(MarketError, match=r"offers.parquet: two columns are named moq; write it again"):
        from_arrow(twice, "offers", BOOK, "offers.parquet")
    with pytest.raises(MarketError, match="moq__unread: int64 where bool is expected"):
        read(BOOK, moq=pa.array([None], pa.int8()), moq__unread=pa.array([1]))


@given(start=st.integers(0, 20), gone=st.lists(st.booleans(), min_size=20, max_size=40))
def test_what_lies_behind_missing_cells_is_never_told(start: int, gone: list[bool]) -> None:
    bits = pa.py_buffer(np.packbits(~np.array(gone), bitorder="little"))

    def behind(type: pa.DataType, fill: Any, value: Any = 9) -> pa.Array:
        values = np.where(gone, fill, fill.dtype.type(value))
        return pa.Array.from_buffers(type, len(gone), [bits, pa.py_buffer(values)])[start:]

    names = pa.DictionaryArray.from_arrays(pa.array([0] * len(gone), pa.int8(), mask=np.array(gone)), ["live"])
    flags = pa.array([True] * len(gone), pa.bool_(), mask=np.array(gone))
    cells = read(
        BOOK,
        moq=behind(pa.uint64(), np.uint64(2**64 - 1)),
        stock=behind(pa.int32(), np.int32(-1)),
        pickup_rate_48h=behind(pa.float64(), np.float64("inf"), 0.5),
        status=names[start:],
        is_yanxuan=flags[start:],
    )
    for each in cells.values():
        np.testing.assert_array_equal(each.gone, gone[start:])
        assert not np.asarray(each.values)[each.gone].any()
        assert not (each.gone & ~each.blank).any()
    np.testing.assert_array_equal(cells["stock"].values, np.where(gone[start:], 0, 9))
    np.testing.assert_array_equal(cells["is_yanxuan"].values, ~np.array(gone[start:], bool))


def test_a_missing_name_of_a_dictionary_is_a_missing_cell() -> None:
    held = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), pa.array(["live", None]))
    cells = read(BOOK, status=held, theme_tag=held, paid_regions=held, title=held)
    for name in ("status", "theme_tag", "title"):
        assert cells[name].blank.tolist() == [False, True, True]
    assert "None" not in map(str, cells["theme_tag"].names)
    assert cells["paid_regions"].gone.tolist() == [True, True, True]  # "live" is no region
