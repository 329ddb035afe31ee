"""The order of subjects: by what the rulebook's ``rank`` names, then by id, so that it is the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED, UNDETERMINED, VERDICTS
from campaign_analytics.assess.score import Indices, enrolled, indices, participation
from campaign_analytics.derive.making import on_rows
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_USUAL = ("verdict", "readiness_low DESC", "failing_groups", "headroom DESC", "lead_days")
_BEST_FIRST = (PRE_QUALIFIED, UNDETERMINED, INELIGIBLE)
IDS: Mapping[Level, str] = {"offers": "offer_id", "merchants": "merchant_id"}


@dataclass(frozen=True, eq=False)
class Scoring:
    """The indices of all subjects of one level and their order, each made once when it is first asked for."""

    assessment: Assessment
    level: Level

    @cached_property
    def indices(self) -> Indices:
        """In the market's order."""
        return indices(self.assessment, self.level)

    @cached_property
    def order(self) -> Array:
        """(subjects,) the market's rows, best first. Missing values come last."""
        return np.lexsort((self._ids, *reversed(self._keys)))

    @cached_property
    def tied(self) -> Array:
        """(subjects,) int, best first: how many others equal the subject in everything that ranks but the id."""
        differs = np.zeros(len(self.order), bool)
        differs[:1] = True
        for key in self._keys:
            held = key[self.order]
            same = held[1:] == held[:-1]
            if held.dtype.kind == "f":
                same |= np.isnan(held[1:]) & np.isnan(held[:-1])
            differs[1:] |= ~same
        group = np.cumsum(differs) - 1
        others: Array = np.bincount(group)[group] - 1
        return others

    @cached_property
    def place(self) -> Array:
        """(subjects,) int: the rank of each of the market's rows, from 1."""
        place = np.empty(len(self.order), np.int64)
        place[self.order] = np.arange(1, len(place) + 1)
        return place

    @cached_property
    def _ids(self) -> Array:
        ids = self.assessment.market.tables[self.level].cells[IDS[self.level]].values
        place = np.empty(len(ids), np.int64)
        place[np.asarray(pc.sort_indices(pa.array(ids, from_pandas=True)))] = np.arange(len(ids))
        return place

    @cached_property
    def _keys(self) -> list[Array]:
        ranked = ranked_by(self.assessment.book)
        return [-self._key(name) if descending else self._key(name) for name, descending in ranked.items()]

    def _key(self, name: str) -> Array:
        if name == "verdict":
            return np.argsort(_BEST_FIRST)[self.assessment.verdict(self.level)]
        values: Array = getattr(self.indices, name)
        return values


def ranked_by(book: Rulebook) -> dict[str, bool]:
    """What ranks subjects, first things first, and whether the largest is best; the id, which comes last, left out.

    Raises ``CampaignError`` for a word of ``rulebook.rank`` that is no index.
    """
    allowed = ["verdict", *(field.name for field in fields(Indices)), *IDS.values()]
    ranked = {}
    for token in book.header.rank or _USUAL:
        name, _, direction = token.partition(" ")
        if name not in allowed:
            near = did_you_mean(name, allowed)
            raise CampaignError(f"rulebook.rank: unknown {name!r}{near}; expected one of {', '.join(allowed)}")
        if direction not in ("", "ASC", "DESC"):
            raise CampaignError(f"rulebook.rank: {token!r}: expected {name}, {name} ASC or {name} DESC")
        if name not in IDS.values():
            ranked[name] = direction == "DESC"
    return ranked


def scores(assessment: Assessment, level: Level) -> pd.DataFrame:
    """See ``Assessment.scores``."""
    book, market, scoring = assessment.book, assessment.market, assessment.scoring(level)
    order, held = scoring.order, scoring.indices
    names = ["offer_id", "merchant_id", book.header.category] if level == "offers" else ["merchant_id"]
    frame = pd.DataFrame({name: on_rows(market, book, name, level).to_pandas().astype("str") for name in names})
    frame = frame.take(order).reset_index(drop=True)
    frame["verdict"] = pd.Categorical.from_codes(assessment.verdict(level)[order], pd.Index(VERDICTS))
    for name in ("readiness_low", "readiness_high", "coverage", "headroom", "failing_groups"):
        frame[name] = getattr(held, name)[order]
    frame["lead_days"] = pd.array(held.lead_days[order], dtype="Int64")
    if level == "merchants":
        rows = market.merchant_row[enrolled(assessment)]
        taking_part, index = participation(assessment)
        frame["enrolled"] = np.bincount(rows[rows >= 0], minlength=len(frame))[order]
        frame["taking_part"] = taking_part[order]
        frame["participation"] = index[order]
    frame["rank"] = np.arange(1, len(frame) + 1)
    frame["tied"] = scoring.tied
    frame["basis"] = pd.Categorical.from_codes(np.zeros(len(frame), np.int8), pd.Index(["assumption"]))
    frame.attrs["assumption"] = say("scoring_assumption")
    return frame
