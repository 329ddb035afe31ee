"""A small market hall: offers and merchants as rows of plain values, assessed by the rulebook beside this file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import market_of

Row = Mapping[str, Any]
NOON = datetime(2031, 5, 1, 12)


@cache
def hall() -> Rulebook:
    return load_rulebook(Path(__file__).with_name("market_hall.toml"))


def assessed(offers: Sequence[Row], merchants: Sequence[Row] = (), /, **changes: Any) -> Assessment:
    """Assess rows; an offer is ``o0``, ``o1`` ... of ``ann``, in toys, sold once, where it says nothing else."""
    rows = [
        {"offer_id": f"o{i}", "merchant_id": "ann", "aisle": "toys", "sold": 1} | dict(r) for i, r in enumerate(offers)
    ]
    shops = merchants or [{"merchant_id": "ann", "trust": 3, "extra": 0}]
    book = hall()
    return assess(market_of(book, offers=rows, merchants=shops), book.set(changes), NOON)


def standings(result: Assessment) -> dict[str, str]:
    """By pre-qualified offer: within all quotas, the quotas it is over, or those that cannot be told."""
    table = result.offers("pre_qualified")
    columns = (table[name].astype(str) for name in ("offer_id", "over_quota", "quota_unknown"))
    return {
        offer: f"over {over}" if over else f"unknown {unknown}" if unknown else "in"
        for offer, over, unknown in zip(*columns, strict=True)
    }
