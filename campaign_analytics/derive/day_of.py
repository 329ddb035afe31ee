"""``day_of``: the day of a time in the rulebook's time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from campaign_analytics.derive.making import Made, Making
from campaign_analytics.market.schema import Cells


def make(making: Making) -> Made:
    """Column ``time`` as days."""
    times = making.column("time")
    assert times is not None
    return Made(days_of(times, making.book.zone))


def days_of(times: Cells, zone: ZoneInfo) -> Cells:
    """The days on which ``times`` lie in ``zone``; days stay as they are."""
    if times.type == "day":
        return times
    instants = pd.array(times.values.astype("datetime64[us]"), "datetime64[us]").tz_localize("UTC")
    local = instants.tz_convert(zone).tz_localize(None)
    days = np.asarray(local, "datetime64[D]").astype(np.int64)
    return Cells.make("day", days, times.missing, unread=times.unread)
