"""Subjects of one level in classes, each weighed: what a table of counts is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.assess.views import added, checked, counted, group_codes, weights_of
from campaign_analytics.market.schema import Array
from campaign_analytics.simulate.where import Where, among

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level


@dataclass(frozen=True, eq=False)
class Classes:
    """The subjects that are looked at, the class of each, and what each counts for."""

    level: Level
    by: str | None
    names: tuple[str, ...]  # the largest first, those without a subject left out; "" = missing
    codes: Array  # (subjects looked at,) intp
    rows: Array | slice  # which subjects are looked at
    weights: Array | None  # (subjects looked at,) what each counts for, float64 of a weight; None = 1
    weight_missing: Array | None  # (classes,) int64: subjects whose weight is missing; None where there is no weight

    @classmethod
    def of(
        cls, assessment: Assessment, by: str | None, level: Level, weight: str | None, where: Where | None
    ) -> Classes:
        """Raises ``CampaignError`` for an unknown level or column, or a value that no subject has."""
        checked(level)
        codes, names = group_codes(assessment, by, level)
        rows: Array | slice = np.flatnonzero(among(assessment, where, level)) if where else slice(None)
        held, codes = weights_of(assessment, weight, level), codes[rows]
        weights = None if held.values is None else held.values[rows]
        sizes, totals = np.bincount(codes, minlength=len(names)), added(codes, len(names), weights)
        order = [i for i in np.argsort(-totals, kind="stable").tolist() if sizes[i] or by is None]
        place = np.zeros(len(names), np.intp)
        place[order] = np.arange(len(order))
        gone = None if held.missing is None else added(codes, len(names), held.missing[rows])[order]
        return cls(
            level, by, tuple(names[i] for i in order), place[codes], rows, weights, gone,
        )  # fmt: skip

    @property
    def dtype(self) -> str:
        """Of counts."""
        return "int64" if self.weight_missing is None else "float64"

    @property
    def total(self) -> str:
        """What the column of totals is called."""
        return self.level if self.weight_missing is None else "weight"

    def verdicts(self, assessment: Assessment) -> Array:
        """(classes, 3) subjects by verdict, int64, or their weights, float64."""
        return self.count(assessment.verdict(self.level)[self.rows], len(VERDICTS))

    def count(self, codes: Array, kinds: int) -> Array:
        """(classes, kinds) the same by a code of each subject that is looked at, below ``kinds``."""
        return counted(self.codes, len(self.names), codes, kinds, self.weights)
