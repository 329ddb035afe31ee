"""How near each subject is to a rule's threshold, and where it is going: straight lines through all snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.assess.gaps import gap_of
from campaign_analytics.market.schema import Array
from campaign_analytics.monitor.roll import Grown

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

#: Snapshots without which there is no trend.
ENOUGH = 3


class Trends:
    """Headroom of the subjects of one level in the rules that have numbers, in scales of their parameters.

    Headroom is signed: below 0 a rule fails. Only days on which it is known count.
    """

    def __init__(self, rules: Sequence[str]) -> None:
        self.rules = tuple(rules)
        zeros = np.zeros(len(self.rules))
        self.sums = Grown(n=zeros, t=zeros, tt=zeros, h=zeros, th=zeros, now=np.full(len(self.rules), np.nan))

    def take(self, rows: Array, result: Assessment, time: int) -> None:
        """Add one snapshot: subjects (n,) of a level, at a time in days."""
        for place, rule in enumerate(self.rules):
            gap = gap_of(result, rule)
            if gap is None:
                continue
            headroom = -gap.worst
            known = np.isfinite(headroom)
            headroom[~known] = np.nan
            self.sums["now"][place, rows] = headroom
            h = np.where(known, headroom, 0.0)
            for name, more in (
                ("n", known),
                ("t", time * known),
                ("tt", time * time * known),
                ("h", h),
                ("th", time * h),
            ):
                held = self.sums[name][place]
                held[rows] = held.take(rows) + more

    def slope(self, place: int) -> Array:
        """(subjects,) scales a day, by least squares; NaN where there are too few snapshots."""
        n, t, tt, h, th = (self.sums[name][place] for name in ("n", "t", "tt", "h", "th"))
        spread = n * tt - t * t
        with np.errstate(divide="ignore", invalid="ignore"):
            slope: Array = (n * th - t * h) / spread
        return np.where((n >= ENOUGH) & (spread > 0), slope, np.nan)
