"""A shop and an offer that pass every rule of the spring campaign that is computed, and assessments of the like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from campaign_analytics import assess
from campaign_analytics.assess import Assessment
from campaign_analytics.market.schema import Cells, Declared, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.quantities import kind_of
from tests.engines.subjects import cells_of

AS_OF = datetime(2024, 2, 26)

#: One shop and offer that pass every rule that is computed.
GOOD_SHOP: Mapping[str, Any] = {
    "main_category": "女装", "trade_medal": "AA", "trustpass_open": True, "trustpass_level": "L3",
    "member_types": frozenset(), "trustpass_type": "企业诚信通", "trustpass_valid_to": AS_OF.date() + timedelta(300),
    "trustpass_valid_from": AS_OF.date() - timedelta(300), "alipay_bound": True, "alipay_verified": True,
    "buyer_protection": True, "protection_deposit": 300_000, "penalty_points": 0, "severe_ip_count": 0,
    "prohibited_info_points": 0, "compliance_violations": 0, "ip_points": 0, "entity_type": "企业",
    "court_dishonest": False, "finance_overdue_severe": False, "dispute_score": 4.5,
}  # fmt: skip
GOOD_OFFER: Mapping[str, Any] = {
    "category": "女装", "is_yanxuan": True, "pickup_rate_48h": 0.95, "growth_score": 80, "moq": 1, "moq_unit": "件",
    "is_free_shipping": True, "paid_regions": frozenset(["新疆", "西藏"]), "campaign_price": 900, "list_price": 1000,
    "experience_score": 4.5, "escrow_supported": True, "on_time_pickups_30d": None, "orders_30d": None,
    "unit_cost": None,
}  # fmt: skip


def assessed(
    book: Rulebook,
    offers: list[dict[str, Any]],
    shops: list[dict[str, Any]] | None = None,
    as_of: datetime = AS_OF,
) -> Assessment:
    """Offers o0, o1 ... of the shops m0, m1 ..., good but for what is said; an offer's ``shop`` is m0 if not said."""
    rows = {
        "merchants": [{"merchant_id": f"m{i}", **GOOD_SHOP, **each} for i, each in enumerate(shops or [{}])],
        "offers": [
            {"offer_id": f"o{i}", "merchant_id": each.get("shop", "m0"), **GOOD_OFFER, **each}
            for i, each in enumerate(offers)
        ],
    }
    tables = {name: table(book, name, held) for name, held in rows.items()}
    return assess(Market(tables, Declared(penalty_feed_complete=True)), book, as_of)


def table(book: Rulebook, name: str, rows: list[dict[str, Any]]) -> Table:
    held = {}
    for column in rows[0].keys() - {"shop"}:
        kind = kind_of(book.columns[column], book.lists, book.header.currency)
        values = [row[column] for row in rows]
        held[column] = (
            Cells.make("text", pd.array(values, dtype="str"))
            if kind.type == "text" and not kind.names
            else cells_of(kind, values)
        )
    return Table(name, held, len(rows))


def one(frame: pd.DataFrame, **where: str) -> dict[str, Any]:
    """The only row in which columns hold these values."""
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, frame
    return {str(name): value for name, value in frame.iloc[0].items()}
