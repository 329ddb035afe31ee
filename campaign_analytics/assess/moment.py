"""The moment of an assessment: as given, as declared, or the market's latest snapshot."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import numpy as np

from campaign_analytics.errors import CampaignError, shown
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.values import EPOCH


def moment_of(market: Market, book: Rulebook, as_of: str | date | datetime | None) -> datetime:
    """``as_of``, else what the market declares, else its latest ``snapshot_at``, in the rulebook's time zone.

    A day means its first moment. Raises ``CampaignError`` where none of them is there or a text is no date.
    """
    given: Any = as_of if as_of is not None else market.declared.as_of
    if given is None:
        snapshots = [table.cells["snapshot_at"] for table in market.tables.values() if "snapshot_at" in table.cells]
        latest = [int(c.values.max()) for c in snapshots if len(c) and (c.missing is None or not c.missing.all())]
        if not latest:
            raise CampaignError(
                "the moment of the assessment is not known: give as_of (a date), declare it in the market's "
                "market.toml, or give a column snapshot_at"
            )
        given = (EPOCH + np.timedelta64(max(latest), "us").item()).astimezone(book.zone)
    if not isinstance(given, date) or given != given:  # a datetime is one, too, and so is pandas' NaT
        try:
            given = datetime.fromisoformat(given)
        except (ValueError, TypeError):
            raise CampaignError(
                f"as_of: {shown(given)} is no date; write it like 2031-05-31 or 2031-05-31T12:00"
            ) from None
    at: datetime = given if isinstance(given, datetime) else datetime.combine(given, time())
    return at.astimezone(book.zone) if at.tzinfo else at.replace(tzinfo=book.zone)
