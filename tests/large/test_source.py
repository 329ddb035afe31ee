"""Which files a market in parts has: all that are there, or it says where they are expected."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import campaign_analytics as ca
from campaign_analytics.errors import MarketError
from campaign_analytics.large.cluster.frames import Frames
from campaign_analytics.rulebook.book import Rulebook
from tests.large.conftest import DAY, OFFERS
from tests.large.test_parts import alike


@pytest.mark.parametrize("within", ["dt=2024-03-01", "2024", "offers_9.parquet", "2024/03"])
@pytest.mark.usefixtures("spark")
def test_files_in_folders_of_the_folder_of_a_table_are_not_left_out_in_silence(
    folder: Path, book: Rulebook, within: str
) -> None:
    (folder / "offers" / within).mkdir(parents=True)
    (folder / "offers/offers_2.parquet").rename(folder / "offers" / within / "offers_2.parquet")
    said = f"offers/{within}/offers_2.parquet: files of offers are read from the folder offers itself, not from folders"
    for engine in ("numpy", "duckdb", "spark"):
        with pytest.raises(MarketError, match=said):
            ca.assess(folder, book, DAY, engine=engine)
    quality = ca.read_market(folder, book).quality
    assert quality is not None
    (found,) = [each.column for each in quality.findings if each.reason.text == "a folder in the folder of a table"]
    assert found == f"offers/{within.split('/')[0]}"


def test_what_others_hide_in_a_folder_is_no_file_of_it(folder: Path, book: Rulebook) -> None:
    before = ca.assess(folder, book, DAY)
    for name in ("_temporary/0", ".work"):
        (folder / "offers" / name).mkdir(parents=True)
        shutil.copy(folder / "offers/offers_1.parquet", folder / "offers" / name / "part.parquet")
    (folder / "offers/_SUCCESS").write_text("")
    (folder / "offers/empty").mkdir()
    alike(ca.assess(folder, book, DAY), before)


def test_a_glob_is_of_one_folder(folder: Path, book: Rulebook) -> None:
    alike(ca.assess(folder / "*", book, DAY), ca.assess(folder, book, DAY))
    for stars in ("**/*.parquet", "**", "off*/*.parquet"):
        with pytest.raises(MarketError, match=r"stars are understood in the last name alone, .* such as market/\*"):
            ca.assess(folder / stars, book, DAY)


def test_at_an_address_spark_reads_folders_that_tell_values_and_no_others(
    spark: Any, folder: Path, book: Rulebook
) -> None:
    files = folder / "offers"
    for number in range(3):
        (files / f"day=2024-03-0{number + 1}").mkdir()
        (files / f"offers_{number}.parquet").rename(files / f"day=2024-03-0{number + 1}" / "part-0.parquet")
    assert Frames.read(spark, folder.as_uri(), book).rows == OFFERS
    for number in range(3):
        (files / f"day=2024-03-0{number + 1}").rename(files / f"{number}")
    shutil.copy(files / "2/part-0.parquet", files / "part-9.parquet")
    with pytest.raises(MarketError, match=r"/part-0\.parquet: files of offers are read from offers itself, or from"):
        ca.assess(folder.as_uri(), book, DAY, engine="spark")
