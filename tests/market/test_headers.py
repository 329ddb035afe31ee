"""Which header is which column: in several spellings, and never by guess."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opencc import OpenCC

from campaign_analytics.market.headers import bare, match_headers, near
from campaign_analytics.rulebook.book import Rulebook


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("pickup_rate_48h", "pickup_rate_48h"),
        ("近30天48H揽收率", "pickup_rate_48h"),
        ("近30天48h攬收率（％）", "pickup_rate_48h"),
        (" 近３０天 48H揽收率% ", "pickup_rate_48h"),
        ("Pickup Rate 48H", "pickup_rate_48h"),
        ("PC活动价（元）", "campaign_price_pc"),
        ("PC 活動價 [RMB]", "campaign_price_pc"),
        ("minOrderQuantity", "moq"),
        ("大市場發佈價(¥)", "list_price"),
        ("大市場\n發佈價(¥)", "list_price"),
        ("* 大市場發佈價(¥)：", "list_price"),
        ("大市場發佈價(¥)*（必填）", "list_price"),
        ("商家ID", "merchant_id"),
        ("Data as of", "snapshot_at"),
        ("*商品ID（必填）", "offer_id"),
        ("報名價(元)【選填】", "campaign_price"),
        ("大市场发布价/元", "list_price"),
        ("库存(万件)", "stock"),
        ("起批量（件）", "moq"),
        ("商品成長分(分)", "growth_score"),
    ],
)
def test_spellings(book: Rulebook, header: str, column: str) -> None:
    assert match_headers([header], "offers", book, {}).columns == {column: 0}


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("率（%）", "percent"),
        ("率%", "percent"),
        ("价(元)", "currency"),
        ("价/元", "currency"),
        ("余额（萬元）", "万"),
        ("余额(千元)(必填)", "千"),
        ("分(近30天)", ""),
        ("价", ""),
    ],
)
def test_the_unit_beside_a_header(header: str, unit: str) -> None:
    assert bare(header)[1] == unit


@pytest.mark.parametrize("table", ["offers", "merchants", "skus", "price_tiers"])
@pytest.mark.parametrize(
    "header",
    [
        *("24h揽收率", "近30天24H揽收率(%)", "24小时攬收率", "近7天48H揽收率"),
        *("诚信通年限", "誠信通年限（年）", "券后价", "券後價（元）", "活动价(券后)", "到手价"),
        *("isSelect", "isQqyx", "jxhy", "混批数量", "mixNumber", "isOnePsale", "备注", "%", "()", ""),
    ],
)
def test_headers_that_only_look_alike_are_put_aside(book: Rulebook, header: str, table: str) -> None:
    matched = match_headers([header], table, book, {})
    assert not matched.columns
    assert [place for place, _ in matched.unread] == [0]


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        ("近30天48H揽收比率", ["pickup_rate_48h"]),
        ("商品成长分数", ["growth_score"]),
        ("揽收率", ["pickup_rate_48h"]),
        ("揽收律", ["pickup_rate_48h"]),
        ("活动介", ["campaign_price"]),
        ("起批亮", ["moq"]),
        ("24h揽收率", []),
        ("近30天24H揽收率", []),
        ("券后价", []),
    ],
)
def test_near_headers_are_proposed_but_no_other_number(book: Rulebook, header: str, proposed: list[str]) -> None:
    assert near(header, "offers", book) == proposed


@pytest.mark.parametrize("header", ["活动价(%)", "近30天48H揽收率(元)", "报名时间(元)", "起批量(元)", "商品成长分(万)"])
def test_a_unit_that_no_such_column_has_is_another_column(book: Rulebook, header: str) -> None:
    matched = match_headers([header], "offers", book, {})
    assert not matched.columns
    assert "means" in matched.unread[0][1].text


def test_every_alias_of_the_vocabulary_is_read_in_both_scripts(book: Rulebook) -> None:
    traditional = OpenCC("s2t").convert
    for id_, column in book.columns.items():
        for alias in filter(None, (column.zh, *column.aliases)):
            assert bare(traditional(alias)) == bare(alias), (id_, alias)


def test_a_column_of_another_table_is_said_to_be_one(book: Rulebook) -> None:
    ((place, reason),) = match_headers(["trade_medal"], "offers", book, {}).unread
    assert (place, reason.text) == (0, "a column of the table merchants, not of this one")


def test_two_headers_of_one_column_are_both_put_aside(book: Rulebook) -> None:
    matched = match_headers(["offer_id", "起批量", "moq"], "offers", book, {})
    assert matched.columns == {"offer_id": 0}
    assert [place for place, _ in matched.unread] == [1, 2]
    assert "'起批量' and 'moq' both mean moq" in matched.unread[0][1].text


def test_a_declared_header_decides_between_two(book: Rulebook) -> None:
    matched = match_headers(["起批量", "moq"], "offers", book, {"moq": "moq"})
    assert matched.columns == {"moq": 1}
    assert [place for place, _ in matched.unread] == [0]


def test_a_header_that_fits_two_columns_is_put_aside(book: Rulebook) -> None:
    columns = dict(book.columns)
    columns["stock"] = columns["stock"].model_copy(update={"aliases": ("数量",)})
    columns["moq"] = columns["moq"].model_copy(update={"aliases": ("数 量",)})
    matched = match_headers(["数量(%)"], "offers", replace(book, columns=columns), {})
    assert not matched.columns
    assert matched.unread[0][1].text == "may mean moq or stock; say which in market.toml"
