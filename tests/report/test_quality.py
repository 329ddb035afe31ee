"""The report on a market's reading: nothing of it runs, nothing is left out, in both languages."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.assess import faults
from campaign_analytics.market import amounts, cells, clean, headers, keys, ranges, read, rows, shares, times, words
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.reasons import in_language
from campaign_analytics.market.schema import Market
from campaign_analytics.report.quality import QualityReport, quality_report, write_quality, write_rejected
from tests.report.conftest import FORMULA, TAG, Read

BOOK = ca.load_rulebook("spring_2024", "corrected")
HOSTILE = {
    "merchants": pd.DataFrame({"merchant_id": ["m"], "法院失信": ["可能"]}),
    "offers": pd.DataFrame(
        {
            "offer_id": ["1", "2", "", ""],
            "merchant_id": ["m"] * 4,
            "moq": [TAG, "1-5", "1", "1"],
            FORMULA: ["", "", FORMULA, TAG],
        }
    ),
}


@pytest.fixture(scope="module")
def market() -> Market:
    return ca.read_market(HOSTILE, BOOK)


@pytest.fixture(scope="module")
def told(market: Market) -> QualityReport:
    return quality_report(market, BOOK)


def test_every_column_with_a_fault_is_listed_the_worst_first(told: QualityReport) -> None:
    frame = told.columns().frame
    assert frame["column"].tolist()[:3] == ["offer_id", "moq", "court_dishonest"]
    moq = frame[frame["column"] == "moq"].iloc[0]
    assert [moq[name] for name in ("cells", "empty", "missing", "repaired", "absent")] == [2, 0, 1, 1, 0]
    assert str(moq["why"]).startswith("not understood as a number (1); a range: it decides")
    assert moq["example"] == TAG


def test_absent_columns_follow_those_that_were_read(told: QualityReport) -> None:
    frame = told.columns().frame
    assert (frame["absent"] > 0).tolist() == sorted(frame["absent"] > 0)


def test_the_page_runs_nothing_and_loads_nothing(told: QualityReport) -> None:
    page = Read(told.html())
    assert not {"script", "img", "a", "iframe", "link"}.intersection(tag for tag, _ in page.elements)
    assert TAG in page.text
    assert TAG not in told._repr_html_()
    assert "&lt;script&gt;" in told._repr_html_()


def test_both_languages_say_the_same(market: Market) -> None:
    english, chinese = (quality_report(market, BOOK, lang) for lang in ("en", "zh"))
    assert len(english.text().splitlines()) == len(chinese.text().splitlines())
    assert "商品：读取 4 行：保留 2、剔除 2" in chinese.text()
    assert "商品 · 起批量：视为缺失：无法识别为数字（1，例如" in chinese.text()
    assert "offers · Minimum order quantity" in english.text().replace("Offers", "offers")
    assert all(f">{title}</th>" in chinese._repr_html_() for title in ("出处", "行", "原因"))
    assert chinese.columns().frame["why"].str.contains("无法识别为数字 (1)", regex=False).any()


def test_every_reason_has_chinese_words() -> None:
    modules = (faults, amounts, cells, clean, headers, keys, ranges, read, rows, shares, times, words)
    reasons = {each for module in modules for each in vars(module).values() if isinstance(each, Reason)}
    assert [reason.text for reason in reasons if in_language(reason.text, "zh") == reason.text] == []


@pytest.mark.parametrize("said", ["UTF-8, cells between tabs", "headers in row 5", "headers in rows 4 and 5"])
def test_what_was_settled_for_a_file_has_chinese_words(said: str) -> None:
    assert in_language(said, "zh") != said


def test_gaps_of_a_reason_are_filled_and_an_unknown_one_stays_as_it_is() -> None:
    assert in_language("2 cells under 3 headers", "zh") == "有 2 个单元格，而表头有 3 个"
    assert in_language("something new", "zh") == "something new"


@pytest.mark.parametrize("name", ["q.html", "q.xlsx"])
def test_it_is_written_as_a_page_and_as_a_workbook(told: QualityReport, tmp_path: Path, name: str) -> None:
    assert write_quality(told, tmp_path / name).stat().st_size > 4000
    write_quality(told, tmp_path / name)  # over our own


def test_rejected_rows_are_written_as_they_were_but_harmless(market: Market, tmp_path: Path) -> None:
    assert write_rejected(market, BOOK, tmp_path) == [tmp_path / "offers_rejected.csv"]
    written = pd.read_csv(tmp_path / "offers_rejected.csv", dtype=str)
    assert written.columns.tolist() == ["file", "row", "reason", "offer_id", "merchant_id", "moq", f"'{FORMULA}"]
    assert written[f"'{FORMULA}"].tolist() == [f"'{FORMULA}", TAG]
    write_rejected(market, BOOK, tmp_path, ".xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "offers_rejected.xlsx").active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells[:7]] == ["file", "row", "reason", "offer_id", "merchant_id", "moq", FORMULA]
    assert all(cell.data_type != "f" for cell in cells)


@pytest.mark.parametrize("format", [".csv", ".xlsx"])
def test_somebodys_repairs_are_not_written_over(market: Market, tmp_path: Path, format: str) -> None:
    (path,) = write_rejected(market, BOOK, tmp_path, format)
    before = path.read_bytes()
    write_rejected(market, BOOK, tmp_path, format)
    assert path.read_bytes() == before
    frame = pd.read_csv(path, dtype=str) if format == ".csv" else pd.read_excel(path, dtype=str, engine="calamine")
    frame["offer_id"] = "9"
    frame.to_csv(path, index=False) if format == ".csv" else frame.to_excel(path, index=False)
    with pytest.raises(ca.CampaignError, match="perhaps somebody repaired them"):
        write_rejected(market, BOOK, tmp_path, format)


def test_a_market_made_in_memory_has_no_report(spring: ca.Assessment) -> None:
    from dataclasses import replace

    with pytest.raises(ca.CampaignError, match="was made in memory"):
        quality_report(replace(spring.market, quality=None), BOOK)
