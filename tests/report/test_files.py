"""Files are whole or absent, and nobody's data is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

import campaign_analytics as ca
from campaign_analytics.report import write
from campaign_analytics.report.files import whole
from campaign_analytics.report.merchant import merchant_report


@pytest.mark.parametrize("name", ["it.csv", "it.parquet", "it.xlsx", "it.html"])
def test_an_earlier_file_of_ours_is_replaced_and_any_other_is_not(
    spring: ca.Assessment, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    told = merchant_report(spring, spring.merchants()["merchant_id"].iloc[0])

    def once() -> None:
        if path.suffix == ".html":
            write.write_merchant(told, path)
        else:
            write.write_fixes(spring.near_misses(), path)

    once()
    first = path.read_bytes()
    once()
    assert len(path.read_bytes()) == len(first)
    for content in (b"offer_id,merchant_id\n1,2\n", b"", b"PK\x03\x04", b"\xff\xfe\x00"):
        path.write_bytes(content)
        with pytest.raises(ca.CampaignError, match=f"{name} is not a file that this command wrote"):
            once()
        assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_nothing_is_left_of_files_that_could_not_all_be_written(tmp_path: Path) -> None:
    paths = [tmp_path / "a.html", tmp_path / "b.html"]

    def half() -> None:
        with whole(paths) as parts:
            parts[paths[0]].write_text("half", "utf-8")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        half()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["it", "it.doc", "it.htlm"])
def test_a_name_with_an_ending_of_nothing_is_refused(spring: ca.Assessment, tmp_path: Path, name: str) -> None:
    told = merchant_report(spring, spring.merchants()["merchant_id"].iloc[0])
    with pytest.raises(ca.CampaignError, match=r"expected a name that ends in \.html or \.xlsx"):
        write.write_merchant(told, tmp_path / name)


def test_a_folder_is_no_file(spring: ca.Assessment, tmp_path: Path) -> None:
    (tmp_path / "it.csv").mkdir()
    with pytest.raises(ca.CampaignError, match=r"it\.csv is a folder"):
        write.write_fixes(spring.near_misses(), tmp_path / "it.csv")
