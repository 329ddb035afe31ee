"""How things stand at one setting, against the baseline: what a dashboard shows, in arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from campaign_analytics.assess.outcomes import PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.views import group_codes
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.market.schema import Array

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
    merchants: Array  # (3,) int64 merchants by the verdict of their own rules
    merchants_before: Array  # (3,)
    first_flips: Callable[[int], list[Flip]]

    def flips(self, n: int) -> list[Flip]:
        """Up to ``n`` offers whose verdict turned, those that came in first, the nearest to the threshold first."""
        return self.first_flips(n)


@dataclass(frozen=True, eq=False)
class Groups:
    """Offers in classes of one column: those that are looked at, and the class of each."""

    names: tuple[str, ...]  # the largest first, those without an offer left out
    codes: Array  # (offers looked at,) intp
    rows: Array | slice  # which offers are looked at
    merchants: Array | slice  # which merchants: all, or those of the offers

    @classmethod
    def of(cls, assessment: Assessment, by: str | None, among: Array | None = None) -> Groups:
        """Every offer, or those where ``among`` (offers,) bool says so."""
        codes, names = group_codes(assessment, by, "offers")
        rows: Array | slice = slice(None) if among is None else np.flatnonzero(among)
        sizes = np.bincount(codes[rows], minlength=len(names))
        order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
        place = np.zeros(len(names), np.intp)
        place[order] = np.arange(len(order))
        merchants: Array | slice = slice(None)
        if among is not None:
            owners = assessment.market.merchant_row[rows]
            merchants = np.unique(owners[owners >= 0])
        return cls(tuple(names[i] for i in order), place[codes[rows]], rows, merchants)

    def count(self, codes: Array, kinds: int) -> Array:
        """(groups, kinds) int64: how many of the offers looked at have each code below ``kinds``."""
        size = len(self.names)
        return np.bincount(self.codes * kinds + codes, minlength=size * kinds).reshape(size, kinds).astype(np.int64)

    def verdicts(self, assessment: Assessment) -> Array:
        """(groups, 3) int64 offers by verdict."""
        return self.count(assessment.verdict("offers")[self.rows], len(VERDICTS))

    def merchant_verdicts(self, assessment: Assessment) -> Array:
        """(3,) int64 merchants by verdict."""
        return np.bincount(assessment.verdict("merchants")[self.merchants], minlength=len(VERDICTS)).astype(np.int64)

    def outcomes(self, assessment: Assessment, rules: Sequence[str], unknown: bool = False) -> Array:
        """(rules, groups) int64: how many offers fail each rule, or are unknown in it. Eight rules are read at once."""
        found = np.zeros((len(rules), len(self.names)), np.int64)
        by_byte: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for i, rule in enumerate(rules):
            if unknown and rule in assessment.not_computed:
                continue
            word, bit = divmod(assessment.bits[rule], RULES_PER_WORD)
            byte, place = divmod(bit + RULES_PER_WORD * unknown, 8)
            by_byte.setdefault((word, byte), []).append((i, place))
        for (word, byte), held in by_byte.items():
            bytes_ = assessment.words["offers"][word].view(np.uint8)[byte::8][self.rows]
            if bytes_.any():
                counts = self.count(bytes_, 256)
                for i, place in held:
                    found[i] = counts[:, (np.arange(256) >> place) & 1 == 1].sum(axis=1)
        return found


def standing_of(now: Assessment, baseline: Assessment, groups: Groups) -> Standing:
    """How things stand in an assessment, counted offer by offer."""
    good, was = (each.verdict("offers")[groups.rows] == PRE_QUALIFIED for each in (now, baseline))
    turned = groups.count(good.astype(np.int8) + 2 * was.astype(np.int8), 4)

    def first_flips(n: int) -> list[Flip]:
        rows = np.arange(len(now.market.merchant_row))[groups.rows]
        came = rows[np.flatnonzero(good & ~was)[:n]]
        went = rows[np.flatnonzero(was & ~good)[: n - len(came)]]
        return [Flip(int(row), True) for row in came] + [Flip(int(row), False) for row in went]

    before = groups.verdicts(baseline)
    return Standing(
        groups=groups.names,
        totals=before.sum(axis=1),
        now=groups.verdicts(now),
        before=before,
        gained=turned[:, 1],
        lost=turned[:, 2],
        rules=now.blocking,
        fails=groups.outcomes(now, now.blocking),
        unknowns=groups.outcomes(now, now.blocking, unknown=True),
        merchants=groups.merchant_verdicts(now),
        merchants_before=groups.merchant_verdicts(baseline),
        first_flips=first_flips,
    )
