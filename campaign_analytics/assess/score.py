"""Indices of ours beside the verdicts: readiness, headroom, participation. Assumptions, every one: they decide nothing.

Readiness is the weighted share of the applicable blocking rules that pass. One weight an overlap group: the largest of
its rules' weights, and the group scores as its worst applicable rule. A curable failure earns the rulebook's
``curable_credit`` times what its gap leaves of 1; where no parameter with a scale could let it pass, nothing. Missing
data earns nothing at the low end and all at the high end. Rules that are not computed stand outside. A failure that
follows from another counts here (else mending the first would lower readiness), but not among the failing groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.assess.blockers import blocker_groups
from campaign_analytics.assess.gaps import gap_of
from campaign_analytics.assess.outcomes import FAIL, NOT_APPLICABLE, NOT_COMPUTED, PASS, PRE_QUALIFIED, UNKNOWN
from campaign_analytics.derive.making import columns_for
from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.exact import bind

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_DIGITS = 7  # what is finer is noise of the floats, and would break ties


@dataclass(frozen=True, eq=False)
class Indices:
    """Every subject's indices at one level, in the market's order; arrays of (subjects,)."""

    readiness_low: Array  # 0-100, missing data counted as failing
    readiness_high: Array  # 0-100, missing data counted as passing
    coverage: Array  # 0-1: the weight of the groups whose rules are all known, of those that apply
    headroom: Array  # smallest margin over its scale among passing rules; NaN where none has a scale
    failing_groups: Array  # int: groups that block, as in the blockers' tables
    lead_days: Array  # days until the slowest failing rule can be cured; NaN where one cannot


@dataclass(frozen=True, eq=False)
class _Tally:
    """Sums over groups, and the extremes over rules, for (subjects,)."""

    weight: Array
    low: Array
    high: Array
    known: Array
    headroom: Array
    lead: Array

    @classmethod
    def empty(cls, rows: int) -> _Tally:
        weight, low, high, known = np.zeros((4, rows))
        return cls(weight, low, high, known, headroom=np.full(rows, np.inf), lead=np.zeros(rows))

    def take(self, rows: Array) -> _Tally:
        return _Tally(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class _Marks:
    """One rule for (subjects,): what it earns at the low and the high end, and how it stands."""

    codes: Array
    low: Array
    high: Array
    margin: Array | None  # of those that pass, infinite for others

    def take(self, rows: Array) -> _Marks:
        margin = None if self.margin is None else self.margin[rows]
        return _Marks(self.codes[rows], self.low[rows], self.high[rows], margin)


def indices(assessment: Assessment, level: Level) -> Indices:
    """Every index of every subject at ``level``; see the module."""
    groups = blocker_groups(assessment, level)
    book = assessment.book
    shared = {name: rules for name, rules in groups.items() if all(book.level(r) == "merchants" for r in rules)}
    tally = _Tally.empty(assessment.market.merchants.rows + 1)  # the last row is no merchant: an orphan's
    _add(assessment, shared, "merchants", tally)
    if level == "offers":
        tally = tally.take(assessment.market.merchant_row)
        _add(assessment, {name: rules for name, rules in groups.items() if name not in shared}, "offers", tally)
    else:
        tally = tally.take(np.arange(assessment.market.merchants.rows))
    some = tally.weight > 0
    weight = np.where(some, tally.weight, 1.0)
    low, high = (np.where(some, 100 * total / weight, 100.0).round(_DIGITS) for total in (tally.low, tally.high))
    held = assessment.patterns(level)
    return Indices(
        readiness_low=low,
        readiness_high=high,
        coverage=np.where(some, tally.known / weight, 1.0).round(_DIGITS),
        headroom=np.where(np.isinf(tally.headroom), np.nan, tally.headroom.round(_DIGITS)),
        failing_groups=held.failing[held.of],
        lead_days=np.where(np.isinf(tally.lead), np.nan, tally.lead),
    )


def _add(assessment: Assessment, groups: Mapping[str, tuple[str, ...]], level: Level, tally: _Tally) -> None:
    """Add groups to ``tally`` in place."""
    for rules in groups.values():
        weight = group_weight(assessment, rules)
        low, high = np.full(len(tally.low), np.inf), np.full(len(tally.low), np.inf)
        unknown = np.zeros(len(low), bool)
        for rule in rules:
            marks = _marks(assessment, rule, level)
            applies = (marks.codes != NOT_APPLICABLE) & (marks.codes != NOT_COMPUTED)
            np.minimum(low, marks.low, out=low, where=applies)
            np.minimum(high, marks.high, out=high, where=applies)
            unknown |= marks.codes == UNKNOWN
            if marks.margin is not None:
                np.minimum(tally.headroom, marks.margin, out=tally.headroom)
            held = assessment.book.rules[rule]
            lead = np.inf if held.cure == "no" else held.lead_days
            np.maximum(tally.lead, lead, out=tally.lead, where=marks.codes == FAIL)
        applies = low < np.inf
        np.add(tally.weight, weight, out=tally.weight, where=applies)
        np.add(tally.low, weight * low, out=tally.low, where=applies)
        np.add(tally.high, weight * high, out=tally.high, where=applies)
        np.add(tally.known, weight, out=tally.known, where=applies & ~unknown)


def group_weight(assessment: Assessment, rules: tuple[str, ...]) -> float:
    """A group's one weight: the largest of its rules'."""
    return max(assessment.book.rules[rule].weight for rule in rules)


def _marks(assessment: Assessment, rule: str, level: Level) -> _Marks:
    """One rule's marks for the subjects of ``level``; merchants have a last row for offers without one."""
    book, own = assessment.book, assessment.book.level(rule)
    codes = assessment.outcome(rule, own)
    passes, fails = codes == PASS, codes == FAIL
    low, high = passes.astype(np.float64), (passes | (codes == UNKNOWN)).astype(np.float64)
    gap, margin = gap_of(assessment, rule), None
    if gap is not None:
        margin = np.where(passes, np.maximum(-gap.worst, 0.0), np.inf)
        if book.rules[rule].cure != "no":
            credit = book.document.scoring.curable_credit
            low[fails] = credit * np.clip(1 - gap.worst[fails], 0, 1)
            high[fails] = credit * np.clip(1 - gap.best[fails], 0, 1)
    if own == "merchants":
        orphan = NOT_COMPUTED if rule in assessment.not_computed else UNKNOWN
        codes, low, high = np.append(codes, np.int8(orphan)), np.append(low, 0.0), np.append(high, 1.0)
        margin = None if margin is None else np.append(margin, np.inf)
    marks = _Marks(codes, low, high, margin)
    return marks if level == own else marks.take(assessment.market.merchant_row)


# ---- participation


def enrolled(assessment: Assessment) -> Array:
    """(offers,) bool: surely enrolled, by a time or a status; never by the moment of the assessment.

    The rulebook says what counts: the condition of the count of offers that a benefit clause uses. Without one, an
    offer with a time of enrolment is enrolled.
    """
    book, market = assessment.book, assessment.market
    benefits = (clause for clause in book.document.clauses.values() if clause.kind == "benefit")
    for name in (used for clause in benefits for used in clause.uses):
        counted = name in book.wheres and book.derived[name].make == "count_rows"
        if counted and book.derived[name].with_["table"] == "offers":
            exact = bind(book.wheres[name], {**book.values, **assessment.moment.clock})
            no, unknown = evaluate(exact, columns_for(market, book, [exact], "offers"), market.offers.rows)
            return ~no & ~unknown
    held = market.offers.cells.get("enrolled_at")
    if held is None or held.missing is None:
        return np.full(market.offers.rows, held is not None)
    return ~held.missing


def participation(assessment: Assessment) -> tuple[Array, Array]:
    """(merchants,) int64 offers enrolled and pre-qualified, and the index of it: 0 for none, 1 from
    ``reference_offers`` on, logarithmic between."""
    rows = assessment.market.merchant_row
    counted = enrolled(assessment) & (assessment.verdict("offers") == PRE_QUALIFIED) & (rows >= 0)
    offers = np.bincount(rows[counted], minlength=assessment.market.merchants.rows)
    reference = max(assessment.book.document.scoring.reference_offers, 1)
    return offers, np.minimum(1.0, np.log1p(offers) / np.log1p(reference))
