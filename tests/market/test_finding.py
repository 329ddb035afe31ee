"""Which file is which table, and several files of one table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from campaign_analytics.errors import MarketError
from campaign_analytics.market.finding import table_named
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, shown
from tests.market.test_keys import fates

MANY = {
    "offers_1.csv": "offer_id,merchant_id,moq\n1,m,2\n2,m,3\n",
    "商品(2).csv": "商品ID,商家ID,起批量,类目\n3,m,4,女装\n",
}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("offers", "offers"),
        ("Offers_1", "offers"),
        ("offers (2)", "offers"),
        ("2024-03-05商品明细", "offers"),
        ("offers_rejected", "offers"),
        ("price_tiers_03", "price_tiers"),
        ("PriceTiers", "price_tiers"),
        ("店鋪", "merchants"),
        ("rejected", None),
        ("1", None),
        ("my offers", None),
    ],
)
def test_names_of_tables(name: str, table: str | None) -> None:
    assert table_named(name) == table


def test_several_files_of_one_table_are_one_table(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({**MANY, "offers.csv": "offer_id,merchant_id\n9,m\n"}), book)
    assert shown(market, "offer_id") == ["9", "1", "2", "3"]
    assert shown(market, "moq") == [None, 2, 3, 4]
    assert shown(market, "category") == [None, None, None, "女装"]
    assert fates(market) == {"read": 7, "kept": 4, "headers": 3}
    assert market.offers.origin is not None
    assert market.offers.origin.numbers.tolist() == [2, 2, 3, 2]
    assert market.offers.origin.files == ("offers.csv", "offers_1.csv", "商品(2).csv")


def test_a_column_that_one_file_lacks_is_said(book: Rulebook, folder: Write) -> None:
    quality = read_market(folder({**MANY, "offers.csv": "offer_id,merchant_id\n9,m\n"}), book).quality
    assert quality is not None
    said = quality.summary().set_index(["kind", "column", "reason"])["count"]
    assert said["absent", "moq", "not in offers.csv"] == 1
    assert said["absent", "category", "not in offers_1.csv"] == 2


def test_the_same_row_in_two_files_is_merged(book: Rulebook, folder: Write) -> None:
    same = "offer_id,merchant_id,moq\n1,m,2\n"
    market = read_market(folder({"offers.csv": same, "offers_1.csv": same}), book)
    assert fates(market) == {"read": 4, "kept": 1, "merged": 1, "headers": 2}
    assert market.quality is not None
    assert market.quality.cells("merged")[["file", "row"]].to_numpy().tolist() == [["offers_1.csv", 2]]


def test_names_that_open_lists_take_in_come_together(book: Rulebook, folder: Write) -> None:
    files = {
        "offers_1.csv": "offer_id,merchant_id,category\n1,m,乙\n2,m,女装\n",
        "offers_2.csv": "offer_id,merchant_id,category\n3,m,甲\n4,m,乙\n5,m,女装\n",
        "offers.csv": "offer_id,merchant_id,category\n0,m,\n",
    }
    assert shown(read_market(folder(files), book), "category") == [None, "乙", "女装", "甲", "乙", "女装"]


def test_each_file_settles_its_own_unit(book: Rulebook, folder: Write) -> None:
    files = {
        "offers_1.csv": "offer_id,merchant_id,pickup_rate_48h\n1,m,0.95\n2,m,0.9\n",
        "offers_2.csv": "offer_id,merchant_id,pickup_rate_48h\n3,m,95\n4,m,90\n",
        "offers.csv": "offer_id,merchant_id\n",
    }
    assert shown(read_market(folder(files), book), "pickup_rate_48h") == [0.95, 0.9, 0.95, 0.9]


def test_a_file_of_another_name_is_told_by_its_headers(book: Rulebook, tmp_path: Path) -> None:
    (tmp_path / "导出1.csv").write_text("商家ID,交易勋章等级\nm,AAA\n", "utf-8")
    (tmp_path / "导出2.csv").write_text("商品ID,商家ID,起批量\n1,m,2\n", "utf-8")
    market = read_market(tmp_path, book)
    assert (market.merchants.rows, shown(market, "moq")) == (1, [2])


def test_a_file_that_may_be_two_tables_is_none_until_its_owner_says_so(book: Rulebook, folder: Write) -> None:
    files = {"x.csv": "商品ID,商家ID\n7,m\n"}
    market = read_market(folder(files), book)
    assert shown(market, "offer_id") == ["1"]
    assert market.quality is not None
    assert market.quality.unread("") == ("x.csv",)
    said = read_market(folder({"market.toml": '[tables]\n"x.csv" = "offers"'}), book)
    assert shown(said, "offer_id") == ["1", "7"]


def test_a_mapping_file_may_lie_elsewhere_and_wins(book: Rulebook, folder: Write, tmp_path: Path) -> None:
    place = folder({"offers.csv": "offer_id,merchant_id,n\n1,m,2\n", "market.toml": "[headers.offers]\nn = 'title'"})
    (tmp_path / "mapping").mkdir()
    mapping = tmp_path / "mapping" / "mine.toml"
    mapping.write_text('[headers.offers]\nn = "moq"')
    assert shown(read_market(place, book, mapping), "moq") == [2]
    with pytest.raises(MarketError, match=r"nowhere\.toml can't be opened"):
        read_market(place, book, "nowhere.toml")


def test_a_folder_named_after_a_table_holds_its_parts(book: Rulebook, folder: Write) -> None:
    place = folder({})
    (place / "offers.csv").unlink()
    (place / "offers").mkdir()
    for part in (1, 2):
        frame = pd.DataFrame({"offer_id": [f"{part}"], "merchant_id": ["m"]})
        frame.to_parquet(place / "offers" / f"part-{part}.parquet")
    (place / "offers" / "_SUCCESS").write_text("")
    (place / "old").mkdir()
    market = read_market(place, book)
    assert shown(market, "offer_id") == ["1", "2"]
    assert market.quality is not None
    assert market.quality.unread("") == ("old",)


def test_a_near_header_is_proposed_and_not_applied(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"offers.csv": "offer_id,merchant_id,起批数量\n1,m,2\n"}), book)
    assert "moq" not in market.offers.cells or market.offers.cells["moq"].gone.all()
    assert market.quality is not None
    said = next(each for each in market.quality.findings if each.column == "起批数量")
    assert "near moq (" in said.reason.text
    assert "[headers.offers]" in said.reason.text
