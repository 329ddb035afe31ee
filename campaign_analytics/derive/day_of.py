"""``day_of``: the day of a time in the rulebook's time zone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from campaign_analytics.derive.making import Made, Making
from campaign_analytics.market.schema import Cells


def make(making: Making) -> Made:
    """Column ``time`` as days."""
    times = making.column("time")
    assert times is not None
    held, where = np.unique(times.values, return_inverse=True)
    local = pd.DatetimeIndex(held.astype("datetime64[us]"), tz="UTC").tz_convert(making.book.zone).tz_localize(None)
    days = np.asarray(local, "datetime64[D]").astype(np.int64)[where]
    return Made(Cells.make("day", days, times.missing, unread=times.unread))
