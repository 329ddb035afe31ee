"""What of one file became rows of a table: which header is which column, and the columns that are kept aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from campaign_analytics.market.quality import Reason
from campaign_analytics.market.schema import Array
from campaign_analytics.market.texts import Texts


@dataclass(frozen=True, eq=False)
class Aside:
    """A column that is not read. Its cells are held as they were found, row by row of the file."""

    header: str
    reason: Reason
    near: Sequence[str]  # columns that it may mean, the nearest first
    texts: Texts


@dataclass(frozen=True, eq=False)
class Part:
    """One file, sheet or DataFrame of a table."""

    place: str
    file: str  # the place of the file that it stands in, which [encodings] knows
    called: str  # how [tables] of market.toml calls it; "" = not at all
    numbers: Array  # (n,) the numbers of its rows, ascending
    headers: Mapping[str, str]  # column -> the header that it was read from
    aside: Sequence[Aside] = ()
    maybe: Mapping[str, str] = field(default_factory=dict)  # encodings that nothing tells apart -> a word in each

    def cells(self, aside: Aside, numbers: Array) -> list[str]:
        """The raw cells of a column that is kept aside, in the rows of these ``numbers``."""
        return aside.texts.at(np.searchsorted(self.numbers, numbers))
