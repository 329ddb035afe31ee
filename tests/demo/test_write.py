"""Writing a market as an export and reading it again gives the same cells."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from campaign_analytics.demo import demo_market
from campaign_analytics.demo.write import write_market
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Cells, Declared, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


def assert_same_cells(written: Market, read: Market) -> None:
    for name, table in written.tables.items():
        for column, cells in table.cells.items():
            again = read.tables[name].cells[column]
            assert (cells.type, cells.names) == (again.type, again.names), column
            assert cells.values.dtype == again.values.dtype, column
            np.testing.assert_array_equal(np.asarray(cells.values), np.asarray(again.values), err_msg=column)
            np.testing.assert_array_equal(cells.missing, again.missing, err_msg=column)
    assert (read.declared.as_of, read.declared.penalty_feed_complete) == (
        written.declared.as_of,
        written.declared.penalty_feed_complete,
    )


@pytest.mark.parametrize(
    ("format", "headers", "encoding"),
    [
        ("csv", "zh", "utf-8-sig"),
        ("csv", "zh", "gb18030"),
        ("csv", "en", "utf-8"),
        ("csv", "id", "utf-8"),
        ("parquet", "zh", "utf-8"),
    ],
)
def test_what_is_written_reads_back(
    tmp_path: Path, book: Rulebook, format: Literal["csv", "parquet"], headers: Literal["zh", "en", "id"], encoding: str
) -> None:
    market = demo_market(800, seed=11)
    folder = write_market(market, tmp_path, book, format=format, headers=headers, encoding=encoding)
    again = read_market(folder, book)
    assert_same_cells(market, again)
    assert again.quality is not None
    assert again.quality.counts().keys() <= {"empty", "settled", "doubted"}, "everything in it is understood"
    doubted = again.quality.summary().query("kind == 'doubted'")["reason"]
    assert doubted.str.startswith("above ").all(), "nothing but planted contradictions is doubted"


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_seed(tmp_path: Path, book: Rulebook, seed: int) -> None:
    market = demo_market(150, seed=seed)
    assert_same_cells(market, read_market(write_market(market, tmp_path, book), book))


def test_a_market_of_another_rulebook_reads_back_too(tmp_path: Path) -> None:
    book = load_rulebook("daily_deals")
    market = demo_market(300, seed=2, profile="daily_deals")
    assert_same_cells(market, read_market(write_market(market, tmp_path, book, headers="en"), book))


def test_cells_look_as_people_know_them(tmp_path: Path, book: Rulebook) -> None:
    write_market(demo_market(300, seed=5), tmp_path, book, encoding="gb18030")
    header, row = (tmp_path / "offers.csv").read_text("gb18030").splitlines()[:2]
    look = dict(zip(header.split(","), row.split(","), strict=True))
    assert look["商品ID"] == "610000000001"
    assert look["是否1688严选"] in ("是", "否")
    assert look["近30天48H揽收率"].endswith("%")
    assert float(look["大市场发布价"]) > 0
    assert look["大市场发布价"][-3] == "."


def test_commas_quotes_and_line_ends_stay_within_their_cell(tmp_path: Path, book: Rulebook) -> None:
    market = demo_market(3, seed=1)
    title = market.offers.cells["title"].values.copy()
    title[:] = ['one, "two"', "a\nb", "plain words"]
    offers = market.offers.with_cells({"title": Cells.make("text", title)})
    written = Market({**market.tables, "offers": Table("offers", offers.cells, 3)}, market.declared)
    assert_same_cells(written, read_market(write_market(written, tmp_path, book), book))


def test_a_rate_without_counts_is_written_in_full(tmp_path: Path, book: Rulebook) -> None:
    market = demo_market(3, seed=1)
    rate = Cells.make("rate", np.asarray([0.8999999, 0.9, 2 / 3]))
    cells = {name: market.offers.cells[name] for name in ("offer_id", "merchant_id")} | {"pickup_rate_48h": rate}
    written = Market({**market.tables, "offers": Table("offers", cells, 3)}, Declared())
    assert_same_cells(written, read_market(write_market(written, tmp_path, book), book))
    assert "89.99999%" in (tmp_path / "offers.csv").read_text("utf-8-sig")


def test_an_older_file_of_the_table_is_replaced(tmp_path: Path, book: Rulebook) -> None:
    write_market(demo_market(20, seed=1), tmp_path, book, format="parquet")
    write_market(demo_market(20, seed=2), tmp_path, book)
    assert_same_cells(demo_market(20, seed=2), read_market(tmp_path, book))
