"""Workbooks as a second reader sees them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.charts.tables import table
from campaign_analytics.report import xlsx
from campaign_analytics.report.failures import failures
from campaign_analytics.report.people import failures_told
from campaign_analytics.report.write import write_failures, write_fixes
from tests.report.conftest import FORMULA, QUOTES, TAG


def _open(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # openpyxl's own
        return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def book(spring: ca.Assessment, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("xlsx") / "failures.xlsx"
    write_failures(spring, path, "zh")
    return _open(path)


def test_offers_and_merchants_have_a_sheet_each_in_the_language_asked_for(book: Any) -> None:
    assert book.sheetnames == ["商品", "商家"]
    titles = [cell.value for cell in book["商品"][1]]
    assert titles[:7] == ["商品ID", "商家ID", "类目", "结论", "规则", "条款", "结果"]


def test_the_header_stays_and_filters(book: Any, spring: ca.Assessment) -> None:
    sheet = book["商品"]
    assert sheet.freeze_panes == "B2"
    assert sheet.max_row == 1 + len(failures(spring))
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sheet.print_title_rows == "$1:$1"


def test_ids_are_texts_and_numbers_are_numbers(book: Any) -> None:
    sheet = book["商品"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    rows = list(sheet.iter_rows(min_row=2, max_row=400))
    ids = [row[0] for row in rows]
    assert all(cell.data_type in ("s", "inlineStr") and cell.number_format == "@" for cell in ids)
    assert ids[0].value == "610000000001"
    gaps = [row[columns["差距（负数为不足）"] - 1] for row in rows]
    assert {cell.number_format for cell in gaps} == {"#,##0.00"}
    assert any(isinstance(cell.value, float) for cell in gaps)
    days = [row[columns["补救所需天数（假设）"] - 1] for row in rows]
    assert {cell.number_format for cell in days} == {"#,##0"}
    assert {type(cell.value) for cell in days} == {int, type(None)}


def test_columns_are_as_wide_as_what_they_hold(book: Any) -> None:
    widths = {letter: held.width for letter, held in book["商品"].column_dimensions.items()}
    assert all(8 < width <= 63 for width in widths.values())
    assert widths["A"] >= len("610000000001")


def test_nothing_runs_and_nothing_is_changed(hostile: ca.Assessment, tmp_path: Path) -> None:
    path = tmp_path / "failures.xlsx"
    write_failures(hostile, path)
    cells = [cell for row in _open(path)["Offers"].iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    texts = {cell.value for cell in cells if isinstance(cell.value, str)}
    assert {FORMULA, QUOTES, TAG} <= texts  # as they stand, without an apostrophe that is part of the text
    assert all(cell.quotePrefix for cell in cells if cell.value == FORMULA)  # editing the cell runs nothing either


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(
    spring: ca.Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 1001)
    frame = failures(spring).head(2500)
    xlsx.write_workbook(tmp_path / "long.xlsx", {"Offers": failures_told(spring, frame, "en")})
    book = _open(tmp_path / "long.xlsx")
    assert book.sheetnames == ["Offers", "Offers (2)", "Offers (3)"]
    assert [sheet.max_row for sheet in book] == [1001, 1001, 501]
    ids = [row[0].value for sheet in book for row in sheet.iter_rows(min_row=2)]
    assert ids == frame["offer_id"].tolist()


def test_more_rows_than_a_workbook_holds_are_refused_in_words(
    spring: ca.Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    with pytest.raises(ca.CampaignError, match=r"Offers: 50 rows are too many for xlsx; write \.parquet or \.csv"):
        xlsx.write_workbook(tmp_path / "long.xlsx", {"Offers": failures_told(spring, failures(spring).head(50), "en")})


def test_an_empty_table_is_a_header_alone(spring: ca.Assessment, tmp_path: Path) -> None:
    xlsx.write_workbook(tmp_path / "empty.xlsx", {"a/b: c?": table(spring.offers().head(0), spring.book)})
    book = _open(tmp_path / "empty.xlsx")
    assert book.sheetnames == ["a b  c "]
    assert book.worksheets[0].max_row == 1


def test_fixes_are_listed_by_cause_and_one_by_one(spring: ca.Assessment, tmp_path: Path) -> None:
    near = spring.near_misses()
    write_fixes(near, tmp_path / "fixes.xlsx", "en")
    book = _open(tmp_path / "fixes.xlsx")
    assert [(sheet.title, sheet.max_row - 1) for sheet in book] == [
        ("By cause", len(near.causes())),
        ("One by one", len(near.fixes())),
    ]
    assert book["By cause"]["E2"].value == near.causes()["fix"].iloc[0]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_csv_and_parquet_have_the_columns_under_their_own_names(
    spring: ca.Assessment, tmp_path: Path, format: str
) -> None:
    path = tmp_path / f"failures.{format}"
    write_failures(spring, path)
    read = pd.read_csv(path, dtype={"offer_id": str}) if format == "csv" else pd.read_parquet(path)
    assert list(read.columns) == list(failures(spring).columns)
    assert len(read) == len(failures(spring))


def test_formulas_are_made_harmless_in_csv(hostile: ca.Assessment, tmp_path: Path) -> None:
    write_failures(hostile, tmp_path / "failures.csv")
    ids = pd.read_csv(tmp_path / "failures.csv")["offer_id"]
    assert f"'{FORMULA}" in set(ids)
    assert not ids.str.startswith(("=", "+", "-", "@")).any()
