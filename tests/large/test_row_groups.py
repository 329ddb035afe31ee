"""The rows that belong to some offers, out of files in any order."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.large import row_groups
from campaign_analytics.large.row_groups import RowGroups, without

SCHEMA = pa.schema({"offer_id": pa.string(), "price": pa.int64(), "note": pa.string()})
IDS = st.sampled_from(["", "1", "10", "11", "2", "一", "二", "😀"])


@given(
    files=st.lists(st.lists(st.tuples(IDS, st.integers(0, 99)), max_size=12), min_size=1, max_size=3),
    asked=st.lists(st.lists(IDS, max_size=6), min_size=1, max_size=3),
    size=st.integers(1, 5),
    told=st.booleans(),
    held=st.integers(0, 8),
)
def test_all_rows_of_the_offers_are_found_whatever_order_they_are_in(
    files: list[list[tuple[str, int]]], asked: list[list[str]], size: int, told: bool, held: int
) -> None:
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_groups, "_HELD", held)
        paths = [Path(place, f"skus_{number}.parquet") for number in range(len(files))]
        for path, rows in zip(paths, files, strict=True):
            table = pa.table({"price": [p for _, p in rows], "offer_id": pa.array([i for i, _ in rows], pa.string())})
            pyarrow.parquet.write_table(table, path, row_group_size=size, write_statistics=told)
        groups = RowGroups(paths, SCHEMA)
        for ids in asked:
            found = groups.of(pa.array(ids, pa.string()), ["offer_id", "price", "note"])
            assert found.schema.names == ["offer_id", "price", "note"]
            assert set(found["note"].to_pylist()) <= {None}  # a column that no file has
            rows = list(zip(found["offer_id"].to_pylist(), found["price"].to_pylist(), strict=True))
            assert all(min(ids) <= id <= max(ids) for id, _ in rows)
            there = [row for held in files for row in held if row[0] in ids]
            assert sorted(row for row in rows if row[0] in ids) == sorted(there)


def test_rows_of_others_are_sorted_out_where_they_are_many(tmp_path: Path) -> None:
    path = tmp_path / "skus.parquet"
    pyarrow.parquet.write_table(pa.table({"offer_id": [f"{number:03}" for number in range(100)]}), path)
    found = RowGroups([path], SCHEMA).of(pa.array(["003", "096"]), ["offer_id"])
    assert found["offer_id"].to_pylist() == ["003", "096"]


def test_a_row_group_is_read_once_for_offers_that_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "skus.parquet"
    pyarrow.parquet.write_table(pa.table({"offer_id": [f"{number:03}" for number in range(100)]}), path)
    groups = RowGroups([path], SCHEMA)
    assert groups.of(pa.array(["000", "001"]), ["offer_id"]).num_rows == 2
    path.unlink()
    assert groups.of(pa.array(["002", "003"]), ["offer_id"]).num_rows == 2
    with pytest.raises(MarketError, match=r"skus\.parquet can't be read"):
        groups.of(pa.array(["002", "003"]), ["offer_id", "price"])


@given(rows=st.lists(st.none() | IDS, max_size=12), size=st.integers(1, 5), told=st.booleans())
def test_the_first_row_without_a_cell_is_found_whatever_the_statistics(
    rows: list[str | None], size: int, told: bool
) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "skus.parquet")
        pairs = pa.array([{"price": 1}] * len(rows), pa.struct([("price", pa.int64())]))  # another column of two names
        table = pa.table({"pair": pairs, "offer_id": pa.array(rows, pa.string())})
        pyarrow.parquet.write_table(table, path, row_group_size=size, write_statistics=told)
        found = without(pyarrow.parquet.ParquetFile(path), "offer_id")
        assert found == (rows.index(None) if None in rows else None)
