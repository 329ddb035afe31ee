"""Tiers: after the gate, the rules of a ladder are run once a tier, each time with that tier's values.

What is known of one tier is an ``Assessment`` of the ladder's rules, so all of its views and cards tell of the tier.
The tier of a subject is the highest whose rules all hold, whether or not those of lower tiers do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess import views
from campaign_analytics.assess.masks import bits_of
from campaign_analytics.assess.outcomes import FAIL, INELIGIBLE, PRE_QUALIFIED, UNDETERMINED, UNKNOWN, VERDICTS
from campaign_analytics.assess.views import from_columns
from campaign_analytics.assess.widened import widened
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.exact import Bound, PerValue
from campaign_analytics.rulebook.tree import AFTER_THE_GATE
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

NONE = -1  # no tier


@dataclass(frozen=True, eq=False)
class Tiers:
    """One ladder over an assessment. Arrays of tiers hold places in ``names``, -1 for no tier."""

    assessment: Assessment
    ladder: str

    @property
    def names(self) -> tuple[str, ...]:
        """The tiers, lowest first."""
        return self.assessment.book.document.ladders[self.ladder].tiers

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """The rules in force that say what the tiers need."""
        return self.assessment.book.on_ladder(self.ladder)

    @property
    def level(self) -> Level:
        """ "offers" where a rule of the ladder reads a column of offers, else "merchants"."""
        levels = {self.assessment.book.level(rule) for rule in self.rules}
        return "offers" if "offers" in levels else "merchants"

    @cached_property
    def at(self) -> tuple[Assessment, ...]:
        """By tier: the ladder's rules alone, at the tier's values. What is not computed is unknown."""
        gate = self.assessment
        wide = widened(gate, [column for rule in self.rules for column in gate.book.columns_of(rule)])
        market = wide.market.with_table(wide.market.merchants.with_cells({AFTER_THE_GATE: _passed(gate)}))
        unmade = wide.unmade | {self.ladder}  # a parameter without a value for the tier is left open
        bits = bits_of(gate.book, self.rules)
        found = []
        for tier in self.names:
            values = {name: _at_tier(bound, self.ladder, tier) for name, bound in gate.book.values.items()}
            book = replace(gate.book, values=values)
            held = replace(
                wide, book=book, market=market, rules=self.rules, not_computed=(), unmade=unmade, bits=bits, words={}
            )
            trees = {rule: book.whole(rule) for rule in self.rules}
            found.append(replace(held, words=held.run(trees, orphans_unknown=True)))
        return tuple(found)

    def of(self, tier: str) -> Assessment:
        """The ladder's rules at one tier. Raises ``CampaignError`` for one that there is not."""
        if tier not in self.names:
            near = did_you_mean(tier, self.names)
            raise CampaignError(f"unknown tier {tier!r}{near}; {self.ladder!r} has {', '.join(self.names)}")
        return self.at[self.names.index(tier)]

    def reached(self, level: Level) -> tuple[Array, Array]:
        """(subjects,) int the highest sure tier, and the highest possible one: of who passes the gate, and who may."""
        sure = np.full(self.assessment.market.tables[level].rows, NONE)
        possible = sure.copy()
        for place, tier in enumerate(self.at):
            verdict = tier.verdict(level)
            sure[verdict == PRE_QUALIFIED] = place
            possible[verdict != INELIGIBLE] = place
        gate = self.assessment.verdict(level)
        sure[gate != PRE_QUALIFIED] = NONE
        possible[(gate != PRE_QUALIFIED) & (gate != UNDETERMINED)] = NONE
        return sure, possible

    def named(self, places: Array) -> pd.Series:
        """Tiers by name, as an ordered categorical; none is missing."""
        return pd.Series(pd.Categorical.from_codes(places.astype(np.int64), pd.Index(self.names), ordered=True))

    def one(self, level: Level, row: int) -> dict[str, str]:
        """One subject's tier, possible_tier, next_tier, and what it lacks for that, as in ``table``; "" for none."""
        sure, possible = (int(each[row]) for each in self.reached(level))
        following = sure + 1 if sure + 1 < len(self.names) else NONE
        places = {"tier": sure, "possible_tier": possible, "next_tier": following}
        told = {name: self.names[place] if place != NONE else "" for name, place in places.items()}
        if following == NONE:
            return told | {"lacks": "", "open": ""}
        tier = self.at[following]
        outcomes = {rule: tier.outcome(rule, level)[row] for rule in tier.blocking}
        return told | {
            name: ";".join(rule for rule, outcome in outcomes.items() if outcome == code)
            for name, code in (("lacks", FAIL), ("open", UNKNOWN))
        }

    def table(self, level: Level) -> pd.DataFrame:
        """See ``Assessment.tiers``."""
        sure, possible = self.reached(level)
        frame = views.keys(self.assessment, level)
        frame["verdict"] = views.categorical(self.assessment.verdict(level), VERDICTS)
        following = np.where(sure < len(self.names) - 1, sure + 1, NONE)
        frame = frame.assign(tier=self.named(sure), possible_tier=self.named(possible), next_tier=self.named(following))
        for name in ("lacks", "open"):
            frame[name] = pd.Series("", index=frame.index, dtype="str")
        for place, tier in enumerate(self.at):
            rows = np.flatnonzero(following == place)
            told = views.rule_lists(tier, level)
            frame.loc[rows, "lacks"] = told["failed"].to_numpy()[rows]
            frame.loc[rows, "open"] = told["unknown"].to_numpy()[rows]
        return frame


def tiers_of(assessment: Assessment, ladder: str | None = None) -> Tiers:
    """One ladder of the rulebook, its only one if none is named. Raises ``CampaignError`` where that can't be told."""
    ladders = assessment.book.document.ladders
    if not ladders:
        raise CampaignError(f"{assessment.book.id} has no ladder, so there are no tiers")
    if ladder is None and len(ladders) > 1:
        raise CampaignError(f"{assessment.book.id} has several ladders; name one: {', '.join(ladders)}")
    name = ladder or next(iter(ladders))
    if name not in ladders:
        raise CampaignError(f"unknown ladder {name!r}{did_you_mean(name, ladders)}; there are: {', '.join(ladders)}")
    if not assessment.book.on_ladder(name):
        raise CampaignError(f"no rule in force says what the tiers of {name!r} need; none can be told")
    from_columns(assessment)
    return next(each for each in assessment.ladders if each.ladder == name)


def every_ladder(assessment: Assessment) -> tuple[Tiers, ...]:
    """The ladders on which rules in force stand, in the file's order."""
    book = assessment.book
    return tuple(Tiers(assessment, name) for name in book.document.ladders if book.on_ladder(name))


def checked_level(tiers: Tiers, level: Level | None) -> Level:
    """The level asked for, the ladder's own if none is. Raises ``CampaignError`` where rules read an offer's cells and
    merchants are asked for."""
    views.checked(level or tiers.level)
    if level == "merchants" and tiers.level == "offers":
        raise CampaignError(f"the tiers of {tiers.ladder!r} are of offers: its rules read columns of offers")
    return level or tiers.level


def _at_tier(bound: Bound, ladder: str, tier: str) -> Bound:
    if not isinstance(bound, PerValue) or bound.by != ladder:
        return bound
    value = dict(bound.values).get(tier, bound.default)
    return PerValue(ladder, ()) if value is None else value


def _passed(assessment: Assessment) -> Cells:
    """(merchants,) how many of a merchant's offers pass the gate: from those that do to those that may."""
    market, verdict = assessment.market, assessment.verdict("offers")
    rows = market.merchant_row

    def count(chosen: Array) -> Array:
        return np.bincount(rows[chosen & (rows >= 0)], minlength=market.merchants.rows)

    return Cells.make("count", count(verdict == PRE_QUALIFIED), None, count(verdict != INELIGIBLE))
