"""Rows of one offer in more than one row are told, wherever they lie; identical files are refused."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import campaign_analytics as ca
from campaign_analytics.errors import MarketError, MarketWarning
from campaign_analytics.large.cluster.frames import Frames
from campaign_analytics.large.repeats import hashes
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.book import Rulebook
from tests.large.conftest import DAY, OFFERS
from tests.large.test_parts import alike

TEXTS = st.text("0123456789-ab一😀\0", max_size=20)


@given(st.lists(TEXTS, max_size=30))
@example(["", ""])
@example(["a", "a\0", "a" * 8, "a" * 9])
def test_texts_have_one_hash_where_they_are_equal_and_others_have_another(texts: list[str]) -> None:
    found = hashes(Cells("text", pd.array(texts, dtype="str"))).tolist()
    assert len(found) == len(texts)
    assert len(set(zip(texts, found, strict=True))) == len(set(found)) == len(set(texts))


@pytest.mark.parametrize("form", ["{}", "{:09}", "000-{:012}", "{:x}", "shop/{}/offer"])
def test_ids_that_are_counted_on_have_hashes_of_their_own(form: str) -> None:
    ids = [form.format(number) for number in range(100_000)]
    assert len(np.unique(hashes(Cells("text", pd.array(ids, dtype="str"))))) == len(ids)


def again(folder: Path, rows: list[int], to: str = "offers_3") -> None:
    """Write some rows of a file of offers once more, with other cells."""
    held = pyarrow.parquet.read_table(folder / "offers/offers_1.parquet").take(rows)
    place = held.column_names.index("moq")
    changed = held.set_column(place, "moq", pa.array([7] * len(rows), held["moq"].type))
    pyarrow.parquet.write_table(changed, folder / f"offers/{to}.parquet")


@pytest.mark.parametrize("engine", ["numpy", "duckdb"])
@pytest.mark.usefixtures("small_parts")
def test_rows_of_one_offer_are_told_with_an_example(folder: Path, tmp_path: Path, book: Rulebook, engine: str) -> None:
    again(folder, [2])
    one = r"market: 1 row is of an offer that has a row already, and was counted as well: '.*' stands in "
    first, second = r"offers_1\.parquet row 3", r"offers_3\.parquet row 1\. Leave one row of each"
    for out in (None, tmp_path / "out", tmp_path / "out"):  # of which the last makes no part anew
        with pytest.warns(MarketWarning, match=f"{one}{first} and in {second}"):
            found = ca.assess(folder, book, DAY, engine=engine, out=out)
        assert int(found.summary()["offers"].iloc[0]) == OFFERS + 1
    again(folder, [3, 3, 3, 4])
    with pytest.warns(MarketWarning, match=r"market: 4 rows are of offers that have a row already, and were"):
        ca.what_if_cube(folder, book, ["max_moq"], as_of=DAY, engine=engine)


def test_spark_tells_them_before_it_begins(spark: Any, folder: Path, book: Rulebook) -> None:
    again(folder, [2, 4])
    with pytest.warns(
        MarketWarning, match=r"2 rows are .*offers_1\.parquet row [35] and in offers_3\.parquet row [12]\."
    ):
        assert Frames.read(spark, str(folder), book).rows == OFFERS + 2


@pytest.mark.usefixtures("small_parts")
def test_an_index_tells_them_whichever_parts_are_made_anew(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    ca.build_index(folder, book, tmp_path / "coded", DAY)
    file = folder / "offers/offers_2.parquet"
    held = pyarrow.parquet.read_table(file)
    ids = held["offer_id"].to_pylist()
    ids[5] = pyarrow.parquet.read_table(folder / "offers/offers_0.parquet")["offer_id"][8].as_py()
    pyarrow.parquet.write_table(held.set_column(held.column_names.index("offer_id"), "offer_id", pa.array(ids)), file)
    for _ in range(2):
        with pytest.warns(
            MarketWarning, match=r"'.*' stands in offers_0\.parquet row 9 and in offers_2\.parquet row 6"
        ):
            ca.build_index(folder, book, tmp_path / "coded", DAY)


def test_a_file_under_another_name_is_refused(folder: Path, book: Rulebook) -> None:
    files = folder / "offers"
    before = ca.assess(folder, book, DAY)
    for number in (3, 4):  # of no offer, as Spark writes them
        empty = pyarrow.parquet.read_table(files / "offers_1.parquet").slice(0, 0)
        pyarrow.parquet.write_table(empty, files / f"offers_{number}.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alike(ca.assess(folder, book, DAY), before)
    shutil.copy(files / "offers_1.parquet", files / "offers_9.parquet")
    with pytest.raises(
        MarketError, match=r"offers_1\.parquet and offers_9\.parquet hold the same.*take one of them away"
    ):
        ca.assess(folder, book, DAY)
    (files / "offers_9.parquet").unlink()
    shutil.copy(folder / "penalties.parquet", folder / "penalties (1).parquet")
    with pytest.raises(MarketError, match=r"penalties \(1\)\.parquet and penalties\.parquet hold the same"):
        ca.assess(folder, book, DAY)
