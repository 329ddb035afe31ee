"""How things stand at one setting, against the baseline: what a dashboard shows, in arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from campaign_analytics.assess.masks import counted_by_rule
from campaign_analytics.assess.outcomes import PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.views import added, counted, group_codes
from campaign_analytics.market.schema import Array
from campaign_analytics.simulate.at_rest import Cube

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


class Flip(NamedTuple):
    """An offer whose verdict turned to or from qualifying."""

    row: int
    came_in: bool


@dataclass(frozen=True, eq=False)
class Standing:
    """Counts of one setting. Counts are before quotas; groups in the order of ``Groups``, verdicts in ``VERDICTS``'."""

    groups: tuple[str, ...]  # the largest first; "" = missing
    totals: Array  # (groups,) int64 offers
    now: Array  # (groups, 3) int64 offers by verdict
    before: Array  # (groups, 3) the same at the baseline
    gained: Array  # (groups,) int64 offers that qualify now and did not
    lost: Array  # (groups,) int64 offers that qualified and do not now
    rules: tuple[str, ...]  # that block now, in clause order
    fails: Array  # (rules, groups) int64 offers that fail
    unknowns: Array  # (rules, groups) int64 offers whose outcome is unknown
    merchants: Array  # (3,) int64 merchants by the verdict of their own rules; 0 where they cannot be told
    merchants_before: Array  # (3,)
    first_flips: Callable[[int], list[Flip]]

    def flips(self, n: int) -> list[Flip]:
        """Up to ``n`` offers whose verdict turned, those that came in first, the nearest to the threshold first."""
        return self.first_flips(n)


@dataclass(frozen=True, eq=False)
class Groups:
    """Offers in classes of one column: those that are looked at, the class of each, and how they stand at first."""

    baseline: Assessment
    names: tuple[str, ...]  # the largest first, those without an offer left out
    codes: Array  # (offers looked at,) the narrowest unsigned integers
    rows: Array | slice  # which offers are looked at
    merchants: Array | slice  # which merchants: all, or those of the offers; none where rows stand for several of them
    # by rule: what of, and counts
    _outcomes: dict[str, tuple[object, tuple[Array, Array]]] = field(default_factory=dict)

    @classmethod
    def of(cls, baseline: Assessment, by: str | None, among: Array | None = None) -> Groups:
        """Every offer, or those where ``among`` (offers,) bool says so."""
        codes, names = group_codes(baseline, by, "offers")
        rows: Array | slice = slice(None) if among is None else np.flatnonzero(among)
        each = baseline.market.offers.stands_for
        sizes = added(codes[rows], len(names), None if each is None else each[rows])
        order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
        place = np.zeros(len(names), np.min_scalar_type(len(order)))
        place[order] = np.arange(len(order))
        merchants: Array | slice = slice(None)
        if among is not None:
            owners = baseline.market.merchant_row[rows]
            merchants = np.unique(owners[owners >= 0])
            if baseline.market.merchants.stands_for is not None:
                merchants = merchants[:0]  # of alike ones some may have no offer among these
        return cls(baseline, tuple(names[i] for i in order), place[codes[rows]], rows, merchants)

    @cached_property
    def stands_for(self) -> Array | None:
        """(offers looked at,) integers: see ``Table``."""
        each = self.baseline.market.offers.stands_for
        return None if each is None else each[self.rows]

    @cached_property
    def merchants_stand_for(self) -> Array | None:
        """(merchants looked at,) integers: see ``Table``."""
        each = self.baseline.market.merchants.stands_for
        return None if each is None else each[self.merchants]

    @cached_property
    def was(self) -> Array:
        """(offers looked at,) bool: qualifies at the baseline."""
        qualifies: Array = self.baseline.verdict("offers")[self.rows] == PRE_QUALIFIED
        return qualifies

    @cached_property
    def before(self) -> Array:
        """(groups, 3) int64 offers by verdict at the baseline."""
        return self.verdicts(self.baseline)

    @cached_property
    def merchants_before(self) -> Array:
        """(3,) int64 merchants by verdict at the baseline."""
        return self.merchant_verdicts(self.baseline)

    def offers(self, at: Array) -> Array:
        """The rows of offers that are looked at ``at`` these places."""
        return at if isinstance(self.rows, slice) else self.rows[at]

    def count(self, codes: Array, kinds: int) -> Array:
        """(groups, kinds) int64: how many of the offers looked at have each code below ``kinds``."""
        return counted(self.codes, len(self.names), codes, kinds, self.stands_for)

    def verdicts(self, assessment: Assessment) -> Array:
        """(groups, 3) int64 offers by verdict."""
        return self.count(assessment.verdict("offers")[self.rows], len(VERDICTS))

    def merchant_verdicts(self, assessment: Assessment) -> Array:
        """(3,) int64 merchants by verdict."""
        return added(assessment.verdict("merchants")[self.merchants], len(VERDICTS), self.merchants_stand_for)

    @cached_property
    def _settled(self) -> dict[str, tuple[Array, Array]]:
        """By rule that a cube keeps no codes of: (groups,) offers that fail it, and that are unknown in it."""
        if not isinstance(self.baseline, Cube):
            return {}
        cells = np.zeros(int(self.baseline.cell.max(initial=-1)) + 1, np.intp)
        cells[self.baseline.cell[self.rows]] = self.codes
        looked_at = np.zeros(len(cells), bool)
        looked_at[self.baseline.cell[self.rows]] = True
        return {
            rule: (added(cells, len(self.names), fails * looked_at), added(cells, len(self.names), unknown * looked_at))
            for rule, (fails, unknown) in self.baseline.settled.items()
        }

    def outcomes(self, now: Assessment) -> tuple[Array, Array]:
        """(rules, groups) int64: how many offers fail each blocking rule, and how many are unknown in it.

        Only rules that have changed since they were last counted are counted, eight at once.
        """
        rules, settled = now.blocking, self._settled
        made_of = {rule: (now.market, *map(now.book.values.get, now.book.parameters_of(rule))) for rule in rules}
        moved = [
            rule for rule in rules if rule not in settled and self._outcomes.get(rule, ((), ()))[0] != made_of[rule]
        ]
        bytes_ = {now.bits[rule] // 8 for rule in moved}
        bits = {rule: now.bits[rule] for rule in rules if now.bits[rule] // 8 in bytes_}
        counts = counted_by_rule(now.words["offers"], bits, lambda plane: self.count(plane[self.rows], 256))
        self._outcomes.update({rule: (made_of[rule], counts[rule]) for rule in bits})
        fails, unknowns = (
            np.array([(settled.get(rule) or self._outcomes[rule][1])[plane] for rule in rules], np.int64).reshape(
                len(rules), len(self.names)
            )
            for plane in (0, 1)
        )
        unknowns[[rule in now.not_computed for rule in rules]] = 0
        return fails, unknowns


def standing_of(now: Assessment, groups: Groups) -> Standing:
    """How things stand in an assessment, counted offer by offer."""
    good, was = now.verdict("offers")[groups.rows] == PRE_QUALIFIED, groups.was
    came, went = good & ~was, was & ~good

    def first_flips(n: int) -> list[Flip]:
        first = groups.offers(np.flatnonzero(came)[:n])
        last = groups.offers(np.flatnonzero(went)[: n - len(first)])
        return [Flip(int(row), True) for row in first] + [Flip(int(row), False) for row in last]

    fails, unknowns = groups.outcomes(now)
    turned = groups.count(came + 2 * went.view(np.int8), 3)
    return Standing(
        groups=groups.names,
        totals=groups.before.sum(axis=1),
        now=groups.verdicts(now),
        before=groups.before,
        gained=turned[:, 1],
        lost=turned[:, 2],
        rules=now.blocking,
        fails=fails,
        unknowns=unknowns,
        merchants=groups.merchant_verdicts(now),
        merchants_before=groups.merchants_before,
        first_flips=first_flips,
    )
