"""Rows of an export that hold no data, told from those that do and from those that can't be used."""

from __future__ import annotations

import pytest

from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, reasons, shown
from tests.market.test_keys import fates

HEAD = "商品ID,商家ID,标题,起批量\n"


def aside(book: Rulebook, folder: Write, rows: str, head: str = HEAD) -> tuple[list[str], dict[str, int], list[str]]:
    """Offers kept, fates but the header's, and what was put aside, of a file of these rows."""
    market = read_market(folder({"offers.csv": head + rows}), book)
    assert market.quality is not None
    said = market.quality.cells("aside")["reason"].tolist()
    held = fates(market)
    return shown(market, "offer_id"), {k: v for k, v in held.items() if k not in ("read", "kept")}, said


@pytest.mark.parametrize("row", ["合计,,,9", ",,合计：,9", "總計,,,", ",小计,,4", "Total,,,9", "'合计,,,", "合 计,,,1"])
def test_rows_of_totals(book: Rulebook, folder: Write, row: str) -> None:
    assert aside(book, folder, f"1,m,甲,2\n{row}\n2,m,乙,3\n") == (
        ["1", "2"],
        {"headers": 1, "totals": 1},
        ["a row of totals"],
    )


def test_a_total_before_the_key_makes_a_count_of_keys_no_offer(book: Rulebook, folder: Write) -> None:
    rows = "1,11,m\n2,12,m\n合计,2,\n"
    kept, held, _ = aside(book, folder, rows, head="序号,商品ID,商家ID\n")
    assert (kept, held) == (["11", "12"], {"headers": 1, "totals": 1})


def test_a_title_that_says_total_is_still_an_offer(book: Rulebook, folder: Write) -> None:
    assert aside(book, folder, "1,m,合计,2\n2,m,Total,2\n")[0] == ["1", "2"]


def test_headers_again(book: Rulebook, folder: Write) -> None:
    assert aside(book, folder, f"1,m,甲,2\n{HEAD}2,m,乙,3\n商品 ID,商家ID,标题,起批量\n") == (
        ["1", "2"],
        {"headers": 3},
        ["the headers again"] * 2,
    )


@pytest.mark.parametrize("note", ["说明：以上为T-1数据,,,", "注：数据仅供参考", ",,导出时间：2024-03-05 10:00,"])
def test_notes_below_the_data(book: Rulebook, folder: Write, note: str) -> None:
    assert aside(book, folder, f"1,m,甲,2\n\n{note}\n") == (
        ["1"],
        {"headers": 1, "notes": 1, "blank": 1},
        ["a note, no data"],
    )


def test_a_number_alone_is_rejected_and_not_taken_for_a_note(book: Rulebook, folder: Write) -> None:
    assert aside(book, folder, "1,m,甲,2\n,,,5\n")[1] == {"headers": 1, "rejected": 1}


def test_an_identifier_alone_is_rejected_and_not_taken_for_a_note(book: Rulebook, folder: Write) -> None:
    assert aside(book, folder, "1,m,甲,2\n, b2b-2200010006\u3000,,\n")[1] == {"headers": 1, "rejected": 1}


def test_an_offer_of_which_only_its_identifier_is_known_is_kept(book: Rulebook, folder: Write) -> None:
    assert aside(book, folder, "1,m,甲,2\nitem-7,,,\n")[0] == ["1", "item-7"]


def test_every_row_of_a_file_has_one_fate(book: Rulebook, folder: Write) -> None:
    rows = f"1,m,甲,2\n1,m,甲,2\n{HEAD}\n,m,乙,1\n2,m\n合计,,,4\n注：完\n"
    market = read_market(folder({"offers.csv": HEAD + rows}), book)
    assert fates(market) == {
        "read": 9,
        "kept": 1,
        "merged": 1,
        "headers": 2,
        "blank": 1,
        "rejected": 2,
        "totals": 1,
        "notes": 1,
    }


@pytest.mark.parametrize("row", ["本页小计,,,9", "女装合计：,,,9", "Page total,,,9"])
def test_rows_of_totals_of_something(book: Rulebook, folder: Write, row: str) -> None:
    assert aside(book, folder, f"1,m,甲,2\n{row}\n2,m,乙,3\n")[:2] == (["1", "2"], {"headers": 1, "totals": 1})


def test_a_total_of_something_before_the_key(book: Rulebook, folder: Write) -> None:
    rows = "男装小计,1,m\n女装,2,m\n女装小计,,\n"
    kept, held, _ = aside(book, folder, rows, head="类目,商品ID,商家ID\n")
    assert (kept, held) == (["1", "2"], {"headers": 1, "totals": 1})


def test_a_note_of_several_cells(book: Rulebook, folder: Write) -> None:
    assert aside(book, folder, "1,m,甲,2\n制表人：张三,,审核：,李四\n") == (
        ["1"],
        {"headers": 1, "notes": 1},
        ["a note, no data"],
    )


def test_where_identifiers_are_words_they_are_no_notes(book: Rulebook, folder: Write) -> None:
    """Accounts of a shop's staff are called so."""
    kept, held, _ = aside(book, folder, "甲店:客服,m,甲,2\n乙店:小计,m,乙,3\n3,m,丙,3\n")
    assert (kept, held) == (["甲店:客服", "乙店:小计", "3"], {"headers": 1})


def test_an_identifier_of_words_among_others_is_doubted(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"offers.csv": f"{HEAD}1,m,甲,2\n样品,m,乙,3\n2,m,丙,3\n"}), book)
    assert shown(market, "offer_id") == ["1", "样品", "2"]
    assert reasons(market, "offer_id", "doubted") == {"样品": "words, where others have an identifier: a note?"}


def test_both_rows_of_headers_again(book: Rulebook, folder: Write) -> None:
    head = "商品,,商家,价格,\n商品ID,标题,商家ID,PC活动价,手机活动价\n"
    rows = f"1,甲,m,1,2\n{head}2,乙,m,1,2\n,,商家,价格,\n"
    kept, held, _ = aside(book, folder, rows, head=f"导出,,,,\n{head}")
    assert (kept, held) == (["1", "2"], {"headers": 5, "notes": 1})


def test_a_row_of_units_below_the_headers(book: Rulebook, folder: Write) -> None:
    head = "商品ID,商家ID,大市场发布价,48H揽收率,库存\n,,（万元）,%,件\n"
    market = read_market(folder({"offers.csv": f"{head}1,m,0.5,0.9,3\n{head}2,m,0.002,97,4\n"}), book)
    assert shown(market, "list_price") == [5000, 20]
    assert shown(market, "pickup_rate_48h") == [0.009, 0.97]
    assert fates(market) == {"read": 6, "kept": 2, "headers": 4}
