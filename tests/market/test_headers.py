"""Which header is which column: in several spellings, and never by guess."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaign_analytics.market.headers import bare, match_headers
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
        ("商家ID", "merchant_id"),
        ("Data as of", "snapshot_at"),
    ],
)
def test_spellings(book: Rulebook, header: str, column: str) -> None:
    assert match_headers([header], "offers", book, {}).columns == {column: 0}


@pytest.mark.parametrize(
    ("header", "unit"),
    [("率（%）", "percent"), ("率%", "percent"), ("价(元)", "currency"), ("分(近30天)", ""), ("价", "")],
)
def test_the_unit_beside_a_header(header: str, unit: str) -> None:
    assert bare(header)[1] == unit


@pytest.mark.parametrize("header", ["24h揽收率", "诚信通年限", "券后价", "isSelect", "备注", "%", "()"])
def test_headers_that_only_look_alike_are_put_aside(book: Rulebook, header: str) -> None:
    matched = match_headers([header], "offers", book, {})
    assert not matched.columns
    assert [place for place, _ in matched.unread] == [0]


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
