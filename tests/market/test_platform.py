"""Answers of the open platform become offers, merchants, SKUs and price tiers, by code and never by guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from campaign_analytics.assess.assessment import assess
from campaign_analytics.market.answers import NO_RECORD
from campaign_analytics.market.keys import FILLED
from campaign_analytics.market.platform import NO_COLUMN, NO_ROW, NO_TABLE, load_platform
from campaign_analytics.market.read import read_market
from campaign_analytics.market.reasons import in_language
from campaign_analytics.market.schema import KEYS, Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_vocabulary
from tests.market.platform_answers import detail, found, lines, page, product, result, seller_data, text

Read = Callable[..., Market]


@pytest.fixture
def read(book: Rulebook, tmp_path: Path) -> Read:
    """Read files of these texts."""

    def files(mapping: str = "", **texts: str) -> Market:
        for name, held in texts.items():
            (tmp_path / name.replace("__", ".")).write_text(held, "utf-8")
        if mapping:
            (tmp_path / "market.toml").write_text(mapping, "utf-8")
        return read_market(tmp_path, book)

    return files


def cells(market: Market, table: str, column: str) -> list[Any]:
    """A column as people read it; None = missing, also where there is no such column."""
    held = market.tables[table].cells.get(column)
    if held is None:
        return [None] * market.tables[table].rows
    return [None if pd.isna(each) else each for each in held.to_pandas()]


def unread(market: Market) -> dict[str, str]:
    """Field -> why it is not read."""
    assert market.quality is not None
    return {each.column: each.reason.text for each in market.quality.findings if each.reason.kind == "unread"}


def fates(market: Market, table: str) -> dict[str, int]:
    assert market.quality is not None
    return {fate: count for fate, count in market.quality.accounts[table].items() if count}


def test_every_mapped_column_is_one_of_its_table() -> None:
    columns, platform = load_vocabulary().columns, load_platform()
    for table, mapped in platform.tables.items():
        assert table in KEYS
        for column in mapped.columns:
            assert columns[column].table == table or column in KEYS[table]
    for codes in platform.codes.values():
        for code in codes.values():
            assert columns[code.column].table == code.table
    assert platform.units.keys() <= columns.keys()


def test_every_reason_has_chinese_words() -> None:
    platform = load_platform()
    reasons = {*platform.unread.values(), *(each.unless.why for each in platform.tables.values() if each.unless)}
    reasons |= {NO_COLUMN, NO_TABLE, NO_RECORD, f"skuInfos: {NO_ROW}", FILLED.text}
    assert [reason for reason in reasons if in_language(reason, "zh") == reason] == []


def test_a_detail_answer_gives_four_tables(read: Read) -> None:
    market = read(answer__json=text(result(detail(610000000001))))
    assert cells(market, "offers", "offer_id") == ["610000000001"]
    assert cells(market, "offers", "merchant_id") == cells(market, "merchants", "merchant_id") == ["BBBoPqr"]
    assert cells(market, "offers", "title") == ["碎花连衣裙"]
    assert cells(market, "offers", "category") == ["女装"]
    assert cells(market, "offers", "moq") == [2]
    assert cells(market, "offers", "moq_unit") == ["件"]
    assert cells(market, "offers", "stock") == [200]
    assert cells(market, "merchants", "merchant_name") == ["晴川服饰"]
    assert cells(market, "merchants", "trade_medal") == ["AAAA"]
    assert cells(market, "merchants", "dispute_score") == [4.2]
    assert cells(market, "merchants", "shop_experience_score") == [3.0]
    assert cells(market, "skus", "offer_id") == ["610000000001"] * 2
    assert cells(market, "skus", "sku_id") == ["5001", "5002"]
    assert cells(market, "skus", "sku_list_price") == [28.5, 30]
    assert cells(market, "skus", "sku_stock") == [120, 80]


def test_the_shops_pickup_rate_is_never_the_offers(read: Read) -> None:
    market = read(answer__json=text(result(detail(1))))
    assert cells(market, "merchants", "shop_pickup_rate_48h") == [0.93]
    assert cells(market, "offers", "pickup_rate_48h") == [None]
    assert cells(market, "offers", "experience_score") == [None]


def test_a_share_of_one_is_all_and_a_percentage_is_refused(read: Read) -> None:
    shops = [seller_data(collect30DayWithin48HPercent=rate) for rate in ("1", "95.3", None)]
    market = read(answers__jsonl=lines(*(detail(n, f"s{n}", sellerDataInfo=each) for n, each in enumerate(shops))))
    assert cells(market, "merchants", "shop_pickup_rate_48h") == [1.0, None, None]


def test_codes_mean_the_same_in_either_field(read: Read) -> None:
    answers = [
        detail(1, "a", offerIdentities=["super_factory", "powerful_merchants", "tp_member"]),  # its seller's
        detail(2, "b", offerIdentities=["yx"], sellerIdentities=["tp_member"]),  # a badge
        detail(3, "c", offerIdentities=[]),
        detail(4, "d", offerIdentities=["yx-严选，select-跨境select"]),  # as the documentation spells them
        detail(5, "e", offerIdentities=["超级工厂,实力商家，诚信通"]),
    ]
    market = read(answers__jsonl=lines(*answers))
    assert cells(market, "offers", "is_yanxuan") == [None, True, None, True, None]
    assert [None if each is None else set(each.split("、")) for each in cells(market, "merchants", "member_types")] == [
        {"超级工厂", "实力商家", "诚信通会员"},
        {"诚信通会员"},
        None,
        None,
        {"超级工厂", "实力商家", "诚信通会员"},
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"isSelect": True},
        {"isSelect": "true", "offerIdentities": ["select"]},
        {"tagInfoList": [{"key": "select", "value": True}, {"key": "isQqyx", "value": True}]},
        {"isJxhy": True, "offerIdentities": ["jxhy"]},
    ],
)
def test_other_programmes_are_no_select(read: Read, more: dict[str, Any]) -> None:
    assert cells(read(answer__json=text(detail(1, **more))), "offers", "is_yanxuan") == [None]


def test_the_tag_of_select_says_yes_and_no(read: Read) -> None:
    tagged = [detail(n, tagInfoList=[{"key": "1688_yx", "value": held}]) for n, held in enumerate((True, False, None))]
    assert cells(read(answers__jsonl=lines(*tagged)), "offers", "is_yanxuan") == [True, False, None]


def test_mixed_batches_and_dropshipping_are_no_minimum_order(read: Read) -> None:
    market = read(answer__json=text(detail(1, minOrderQuantity=None)))
    assert cells(market, "offers", "moq") == [None]
    said = unread(market)
    assert said["sellerMixSetting.mixNumber"] == "mixed batches: no minimum order of this offer"
    assert said["tagInfoList.isOnePsale"].startswith("dropshipping")


def test_how_it_is_quoted_says_whose_prices_count(read: Read) -> None:
    market = read(answers__jsonl=lines(detail(1), {"productInfo": product(2)}, detail(3, productSaleInfo={})))
    assert cells(market, "skus", "offer_id") == ["1", "1", "3", "3"]
    assert cells(market, "price_tiers", "offer_id") == ["2", "2"]
    assert cells(market, "price_tiers", "tier_from") == [3, 30]
    assert cells(market, "price_tiers", "tier_list_price") == [45, 41.5]
    said = unread(market)
    assert "quoteType 1" in said["productSaleInfo.priceRangeList"]
    assert "quoteType 0 or 2" in said["skuInfos"]


@pytest.mark.parametrize(("template", "free"), [(1, True), (0, None), (121133, None), (None, None)])
def test_only_freight_that_the_seller_bears_is_free(read: Read, template: int | None, free: bool | None) -> None:
    market = read(answer__json=text({"productInfo": product(2, shippingInfo={"freightTemplateID": template})}))
    assert cells(market, "offers", "is_free_shipping") == [free]
    assert ("shippingInfo.freightTemplateID" in unread(market)) == (template in (0, 121133))


def test_the_older_answer(read: Read) -> None:
    market = read(answer__json=text({"productInfo": product(2), "success": True}))
    assert cells(market, "offers", "offer_id") == ["2"]
    assert cells(market, "offers", "merchant_id") == ["2200001"]
    assert cells(market, "offers", "moq") == [3]
    assert cells(market, "offers", "moq_unit") == ["手"]
    assert cells(market, "offers", "batch_size") == [6]
    assert cells(market, "merchants", "login_id") == ["yunhe"]


def test_a_listing_status_is_no_stage_of_an_application(read: Read) -> None:
    market = read(answer__json=text(detail(1)))
    assert cells(market, "offers", "status") == [None]
    assert "whether it is listed" in unread(market)["status"]


@pytest.mark.parametrize(
    "around",
    [
        lambda one, two: text(page(one, two)),
        lambda one, two: text([result(one), result(two)]),
        lambda one, two: text({"data": [one, two]}),
        lambda one, two: json.dumps({"result": {"toReturn": [one, two]}}, indent=2),
        lambda one, two: lines(one, two),
        lambda one, two: lines(result(one), page(two)),
    ],
)
def test_single_in_lists_in_lines_and_in_envelopes(read: Read, around: Callable[..., str]) -> None:
    market = read(answers__json=around(detail(1), detail(2)))
    assert cells(market, "offers", "offer_id") == ["1", "2"]
    assert fates(market, "offers") == {"read": 2, "kept": 2}
    assert fates(market, "merchants") == {"read": 2, "kept": 1, "merged": 1}


def test_lines_that_are_broken_or_no_answer_are_rejected_under_their_numbers(read: Read) -> None:
    refused = {"result": {"success": False, "code": "403", "message": "无权限"}}
    held = text(detail(1)) + '\n{"offerId": 2,\n\n' + lines(refused, 7, detail(3), {"offerId": None, "saleInfo": {}})
    market = read(answers__jsonl=held)
    assert cells(market, "offers", "offer_id") == ["1", "3"]
    assert fates(market, "offers") == {"read": 7, "kept": 2, "rejected": 4, "blank": 1}
    assert market.quality is not None
    rejected = market.quality.rejected("offers").set_index("row")
    assert rejected["reason"].to_dict() == {
        2: "no JSON: expecting property name enclosed in double quotes at column 15",
        4: "no offer and no merchant is in it",
        5: "no record: expected an object of fields and values",
        7: "no offer and no merchant is in it",
    }
    assert any('"无权限"' in str(cell) for cell in rejected.loc[4])
    assert market.offers.origin is not None
    assert market.offers.origin.numbers.tolist() == [1, 6]


def test_an_offer_without_its_key_is_rejected(read: Read) -> None:
    market = read(answers__jsonl=lines(detail(1), {k: v for k, v in detail(2).items() if k != "offerId"}))
    assert fates(market, "offers") == {"read": 2, "kept": 1, "rejected": 1}
    assert fates(market, "skus") == {"read": 4, "kept": 2, "rejected": 2}


def test_a_search_names_no_seller(read: Read) -> None:
    market = read(search__json=text(page(found(1))), merchants__csv="merchant_id\nm\n")
    assert cells(market, "offers", "merchant_id") == [None]
    assert cells(market, "offers", "list_price") == [28.5]
    assert cells(market, "offers", "is_yanxuan") == [True]
    assert fates(market, "merchants") == {"read": 3, "kept": 1, "rejected": 1, "headers": 1}


def test_fields_that_are_not_mapped_are_listed(read: Read) -> None:
    said = unread(read(answer__json=text(detail(1, newField={"inner": [{"a": 1}]}))))
    assert said["newField.inner"] == "no column for this field of the platform"
    assert said["sellerDataInfo.repeatPurchasePercent"] == "no column for this field of the platform"
    assert "campaign" in said["productSkuInfos.promotionPrice"]


def test_identifiers_and_prices_keep_every_digit(read: Read) -> None:
    skus = '[{"skuId": 98765432109876543210, "price": 12.30}, {"skuId": 6.1E+11, "price": 0.1}]'
    answer = f'{{"offerId": 610000000000000001, "sellerOpenId": "b", "skuInfos": {skus}, "saleInfo": {{}}}}'
    market = read(answer__json=answer)
    assert cells(market, "offers", "offer_id") == ["610000000000000001"]
    assert cells(market, "skus", "sku_id") == ["98765432109876543210", None]
    assert market.tables["skus"].cells["sku_list_price"].values.tolist() == [1230, 10]


PROMOTED = """
[headers.skus]
"productSkuInfos.promotionPrice" = "sku_campaign_price"
[headers.price_tiers]
"productSaleInfo.priceRangeList.promotionPrice" = "tier_campaign_price"
"""


def _outcome(market: Market, book: Rulebook, rule: str) -> str:
    return str(assess(market, book, as_of="2024-02-26").outcomes()[rule].iloc[0])


def test_every_sku_takes_part_in_the_price_rule(read: Read, book: Rulebook) -> None:
    market = read(PROMOTED, answer__json=text(detail(1)))
    assert cells(market, "skus", "sku_campaign_price") == [27.0, 28.6]
    assert _outcome(market, book, "sku_prices") == "fail"  # 28.60 is more than 95% of 30.00
    cheaper = text(detail(1)).replace("28.60", "28.50")
    assert _outcome(read(PROMOTED, answer__json=cheaper), book, "sku_prices") == "pass"


def test_the_tier_at_the_minimum_order_takes_part_in_the_price_rule(read: Read, book: Rulebook) -> None:
    by_quantity = text(detail(1)).replace('"quoteType": 1', '"quoteType": 2')
    market = read(PROMOTED, answer__json=by_quantity)
    assert cells(market, "price_tiers", "tier_campaign_price") == [27.0, 25.9]
    assert "skus" not in market.tables
    assert _outcome(market, book, "tier_price") == "pass"  # the tier from 100 is no more than looked at
    dearer = by_quantity.replace("27.00", "27.08")
    assert _outcome(read(PROMOTED, answer__json=dearer), book, "tier_price") == "fail"


def test_skus_without_a_campaign_price_decide_nothing(read: Read, book: Rulebook) -> None:
    assert _outcome(read(answer__json=text(detail(1))), book, "sku_prices") == "unknown"


def test_a_search_a_detail_and_an_enrolment_sheet_complete_each_other(read: Read) -> None:
    enrolled = "商品ID,商家ID,大市场发布价,活动价\n1,BBBoPqr,28.50,27.00\n"
    market = read(search__jsonl=lines(page(found(1), found(2))), detail__json=text(detail(1)), offers__csv=enrolled)
    assert cells(market, "offers", "offer_id") == ["1", "2"]
    assert cells(market, "offers", "merchant_id") == ["BBBoPqr", None]
    assert cells(market, "offers", "campaign_price") == [27.0, None]
    assert cells(market, "offers", "list_price") == [28.5, 28.5]
    assert cells(market, "offers", "category") == ["女装", None]
    assert cells(market, "offers", "is_yanxuan") == [True, True]
    assert fates(market, "offers") == {"read": 5, "kept": 2, "merged": 2, "headers": 1}


def test_answers_that_contradict_each_other_leave_a_cell_missing(read: Read) -> None:
    market = read(answers__jsonl=lines(detail(1), detail(1, minOrderQuantity=3), detail(1, minOrderQuantity=None)))
    assert cells(market, "offers", "moq") == [None]
    assert cells(market, "offers", "stock") == [200]
