"""Each subject's own clock: since when rules hold for it, on which days it was seen, and which of them it breached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.market.schema import Array
from campaign_analytics.monitor.roll import Grown, Roll

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level

#: A day that never comes; and one that never was.
NEVER = np.iinfo(np.int32).max
_NEVER, _BEFORE, _NONE = np.array(NEVER, np.int32), np.array(-NEVER, np.int32), np.array(0, np.int32)


class Hits(NamedTuple):
    """What one rule did on one day."""

    rule: str
    breached: int
    unknown: int


class Day(NamedTuple):
    """What one day did to the subjects of one level for which rules held."""

    held: int  # also those that the snapshot does not have
    seen: int
    breached: int
    unknown: int
    rules: Sequence[Hits]


class Clocks:
    """The clocks of all subjects of one level. Days count from 1970-01-01.

    ``rules`` are those of the level that must hold, ``last`` is the last day on which they must.
    """

    def __init__(self, level: Level, rules: Sequence[str], last: int) -> None:
        self.level, self.rules, self.last = level, tuple(rules), last
        self.roll = Roll()
        no = np.array(False)
        self.of = Grown(
            since=_NEVER, told=no, active=no, left=_NEVER, away=_NONE, seen_on=_BEFORE,
            observed=_NONE, breached=_NONE, unknown=_NONE,
        )  # fmt: skip
        each = (len(self.rules),)
        self.by_rule = Grown(
            first=np.full(each, NEVER, np.int32), latest=np.full(each, -NEVER, np.int32),
            days=np.zeros(each, np.int16), unknown=np.zeros(each, np.int16),
        )  # fmt: skip

    def grow(self) -> None:
        """Make room for everybody on the roll."""
        self.of.grow(len(self.roll))
        self.by_rule.grow(len(self.roll))

    def follow(self, rows: Array, active: Array, since: Array, day: int) -> None:
        """Tell of subjects (n,) on one day: whether rules hold for them, and since which day, ``NEVER`` = not told.

        Where it is not told, they hold since the first day on which they were seen to.
        """
        of = self.of
        left, first = of["left"][rows], of["since"][rows]
        back = active & (left != NEVER)
        of["away"][rows] += np.where(back, day - left, 0).astype(np.int32)
        known = active & (np.where(since == NEVER, day, since) < first)
        of["since"][rows] = np.where(known, np.where(since == NEVER, day, since), first)
        of["told"][rows] = np.where(known, since != NEVER, of["told"][rows])
        out = ~active & of["active"][rows] & (left == NEVER)
        of["left"][rows] = np.where(active, NEVER, np.where(out, day, left))
        of["active"][rows] = active

    def held(self, day: int) -> Array:
        """(subjects,) bool: for whom rules hold on a day, as far as is known."""
        held: Array = self.of["active"] & (self.of["since"] <= day) & (day <= self.last)
        return held

    def observe(self, rows: Array, result: Assessment, blocking: Sequence[str], day: int) -> Day:
        """Count what an assessment finds of subjects (n,), of those for whom rules hold.

        ``blocking`` are the rules by which a subject breaches: an offer's are its merchant's, too.
        """
        everyone = self.held(day)
        held = everyone[rows]
        rows = rows[held]
        fails, unsure = (result.any(self.level, blocking, unknown)[held] for unknown in (False, True))
        unsure &= ~fails
        of = self.of
        of["seen_on"][rows] = day
        of["observed"][rows] += 1
        of["breached"][rows] += fails
        of["unknown"][rows] += unsure
        words = result.words[self.level] if held.all() else result.words[self.level][:, held]
        hits = [self._rule(i, rule, rows, words, result, day) for i, rule in enumerate(self.rules)]
        return Day(int(everyone.sum()), len(rows), int(fails.sum()), int(unsure.sum()), hits)

    def _rule(self, place: int, rule: str, rows: Array, words: Array, result: Assessment, day: int) -> Hits:
        word, bit = divmod(result.bits[rule], RULES_PER_WORD)
        fails, unsure = (rows[(words[word] & np.uint64(1 << at)) != 0] for at in (bit, bit + RULES_PER_WORD))
        by = self.by_rule
        by["first"][place, fails] = np.minimum(by["first"][place, fails], day)
        by["latest"][place, fails] = day
        by["days"][place, fails] += 1
        by["unknown"][place, unsure] += 1
        return Hits(rule, len(fails), len(unsure))

    def days_held(self, last_seen: int) -> Array:
        """(subjects,) int64 days on which rules held, up to ``last_seen``, the day of the last snapshot."""
        of = self.of
        end = np.minimum(min(last_seen, self.last), of["left"].astype(np.int64) - 1)
        days = end - of["since"] + 1 - of["away"]
        return np.where(of["since"] == NEVER, 0, np.maximum(days, 0))
