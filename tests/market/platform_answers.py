"""Answers in the shapes of the 1688 open platform, with invented values."""

from __future__ import annotations

import json
from typing import Any


def seller_data(**more: Any) -> dict[str, Any]:
    """What every answer says of the seller: scores are strings."""
    return {
        "tradeMedalLevel": "4",
        "compositeServiceScore": "3.5",
        "logisticsExperienceScore": "4.5",
        "disputeComplaintScore": "4.2",
        "offerExperienceScore": "3.0",
        "repeatPurchasePercent": "0.4666",
    } | more


def found(offer: int, **more: Any) -> dict[str, Any]:
    """One offer of an answer to a search."""
    return {
        "offerId": offer,
        "subject": "碎花连衣裙",
        "isJxhy": True,
        "priceInfo": {"price": "28.50", "consignPrice": "31.00", "promotionPrice": None},
        "monthSold": 413,
        "isOnePsale": True,
        "sellerIdentities": ["super_factory", "tp_member"],
        "offerIdentities": ["yx", "select"],
        "tradeScore": "5.0",
        "isSelect": True,
        "minOrderQuantity": 2,
        "sellerDataInfo": seller_data(tpYear=7),
        "productSimpleShippingInfo": {"pickupWithin24hRate30d": "99.12%"},
        "companyName": "晴川服饰",
    } | more


def detail(offer: int, seller: str = "BBBoPqr", **more: Any) -> dict[str, Any]:
    """The answer about one offer."""
    return {
        "offerId": offer,
        "categoryId": 1031919,
        "categoryName": "女装",
        "subject": "碎花连衣裙",
        "description": "<p>棉麻面料</p>",
        "productSkuInfos": [
            {"skuId": 5001, "specId": "a1", "price": "28.50", "amountOnSale": 120, "promotionPrice": "27.00"},
            {"skuId": 5002, "specId": "a2", "price": 30.00, "amountOnSale": 80, "promotionPrice": "28.60"},
        ],
        "productSaleInfo": {
            "amountOnSale": 200,
            "priceRangeList": [
                {"startQuantity": 2, "price": "28.50", "promotionPrice": "27.00"},
                {"startQuantity": 100, "price": "26.00", "promotionPrice": "25.90"},
            ],
            "quoteType": 1,
            "unitInfo": {"unit": "件", "transUnit": "piece"},
        },
        "isJxhy": True,
        "sellerOpenId": seller,
        "minOrderQuantity": 2,
        "batchNumber": None,
        "status": "published",
        "tagInfoList": [{"key": "isOnePsale", "value": True}, {"key": "select", "value": True}],
        "sellerMixSetting": {"generalHunpi": True, "mixAmount": 30, "mixNumber": 1},
        "sellerDataInfo": seller_data(collect30DayWithin48HPercent="0.93"),
        "offerIdentities": ["powerful_merchants", "tp_member"],
        "isSelect": "true",
        "companyName": "晴川服饰",
    } | more


def product(offer: int, **more: Any) -> dict[str, Any]:
    """The older answer about one offer."""
    return {
        "productID": offer,
        "categoryName": "男装",
        "subject": "亚麻衬衫",
        "supplierUserId": "2200001",
        "supplierLoginId": "yunhe",
        "status": "published",
        "skuInfos": [{"skuId": 7001, "price": None, "amountOnSale": 40}],
        "saleInfo": {
            "minOrderQuantity": 3,
            "unit": "手",
            "batchNumber": 6,
            "amountOnSale": 40,
            "quoteType": 2,
            "priceRanges": [{"startQuantity": 3, "price": 45.0}, {"startQuantity": 30, "price": 41.5}],
        },
        "shippingInfo": {"freightTemplateID": 1, "unitWeight": 0.3},
    } | more


def page(*offers: dict[str, Any]) -> dict[str, Any]:
    """A search's answer with everything around it."""
    inner = {"totalRecords": len(offers), "totalPage": 1, "pageSize": 50, "currentPage": 1, "data": list(offers)}
    return {"result": {"success": True, "code": "200", "message": None, "result": inner}}


def result(record: dict[str, Any]) -> dict[str, Any]:
    """A detail's answer with everything around it."""
    return {"result": {"success": True, "code": "200", "message": "成功", "result": record}}


def text(value: Any) -> str:
    """As the interface writes it."""
    return json.dumps(value, ensure_ascii=False)


def lines(*values: Any) -> str:
    """One JSON document a line."""
    return "".join(f"{text(value)}\n" for value in values)
