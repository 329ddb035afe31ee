"""The columns that are wanted after the gate: derived ones that no rule of the gate reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign_analytics.derive import derive

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def widened(assessment: Assessment, columns: Iterable[str]) -> Assessment:
    """The same assessment with those of ``columns`` that are derived and were not made before."""
    book, tables = assessment.book, assessment.market.tables
    wanted = [n for n in columns if n in book.derived and n not in tables[book.table_of(n)].cells]
    if not wanted:
        return assessment
    made = derive(assessment.market, book, assessment.moment, wanted)
    return replace(assessment, market=made.market, unmade=assessment.unmade | made.unmade)
