"""Subjects and days as tables show them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.market.schema import Array
from campaign_analytics.monitor.clocks import NEVER

if TYPE_CHECKING:
    from campaign_analytics.monitor.watch import Watch
    from campaign_analytics.rulebook.book import Level

_DAY_ZERO = date(1970, 1, 1).toordinal()


def keys_of(watch: Watch, level: Level, numbers: Array) -> pd.DataFrame:
    """level, offer_id ("" for a merchant), merchant_id ("" for an orphan's): str, of subjects by their numbers."""
    ids = watch.clocks[level].roll.ids[numbers]
    nothing = np.full(len(numbers), "", object)
    held = {"level": np.full(len(numbers), level, object), "offer_id": nothing, "merchant_id": ids}
    if level == "offers":
        owner = watch.offers["merchant"][numbers]
        merchants = watch.clocks["merchants"].roll.ids[owner] if len(watch.clocks["merchants"].roll) else nothing
        held |= {"offer_id": ids, "merchant_id": np.where(owner < 0, "", merchants)}
    return pd.DataFrame({name: pd.Series(each, dtype="str") for name, each in held.items()})


def dates(days: Array) -> Any:
    """(n,) datetime64[s] of days since 1970-01-01; missing where the day never comes or never was."""
    known = np.abs(days) < NEVER
    held = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[s]")
    return np.where(known, held, np.datetime64("NaT", "s"))


def day_of(day: int) -> date:
    """A day since 1970-01-01."""
    return date.fromordinal(_DAY_ZERO + day)


def number_of(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _DAY_ZERO
