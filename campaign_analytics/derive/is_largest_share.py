"""``is_largest_share``: whether a subject's own value is the one that most of its rows have."""

from __future__ import annotations

import pandas as pd

from campaign_analytics.derive.largest_share import largest_share
from campaign_analytics.derive.making import Made, Making, gone
from campaign_analytics.market.schema import Cells


def make(making: Making) -> Made:
    """Whether column ``own`` is the value of ``of`` that the largest share of the subject's rows of ``table`` has.

    Not known where that value is not. Blank for a subject without rows, or without a value of its own.
    """
    own, table = making.column("own"), making.argument("table")
    assert own is not None
    if table not in making.market.tables:
        return Made(making.cells(making.name))
    share = largest_share(making)
    names = making.cells(making.argument("of"), table).names
    codes = pd.Index(names).get_indexer(pd.Index([*own.names, ""]))  # two columns of one open list differ in names
    same = codes[own.values] == share.value
    missing = ~share.known | gone(own)
    return Made(Cells.make("flag", same & ~missing, missing, unread=missing & share.there & ~own.blank))
