"""Which offers are looked at: those with given values in columns of theirs or of their merchant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.assess.views import group_codes
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level

#: By column: the value, or the values, that a subject must have; "" = missing.
Where = Mapping[str, str | Sequence[str]]


def among(assessment: Assessment, where: Where, level: Level = "offers") -> Array:
    """(subjects,) bool: has one of the values asked for in every column of ``where`` (columns as in ``summary``).

    Raises ``CampaignError`` for an unknown column, or a value that no subject has.
    """
    if not isinstance(where, Mapping):
        raise CampaignError(f'where={where!r}: expected a value, or several, by column, such as {{"category": "…"}}')
    found = np.ones(assessment.market.tables[level].rows, bool)
    for column, asked in where.items():
        codes, names = group_codes(assessment, column, level)
        values = [asked] if isinstance(asked, str) else list(asked)
        held = {name: i for i, name in enumerate(names)}
        for value in values:
            if value not in held or not (codes == held[value]).any():
                near = did_you_mean(value, [name for name in names if name])
                raise CampaignError(f"no {level[:-1]} has {column} {value!r}{near}")
        found &= np.isin(codes, [held[value] for value in values])
    return found
