"""One slider in hand: what every one of its places gives while all else stays as it stands.

Made in a few passes over the market; after that no answer depends on how large the market is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.assess.views import added, counted
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.values import Value
from campaign_analytics.simulate.positions import Passing, Positions
from campaign_analytics.simulate.standing import Flip, Groups, Standing

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level


def at_places(
    codes: Array, passing: Array, groups: int, places: int, rises: bool, weights: Array | None = None
) -> Array:
    """(groups, places) how many subjects pass at every place, int64, or their weights, float64.

    ``codes`` (subjects,) gives the group of each, ``passing`` at how many places it passes, from the loosest on.
    """
    tightest_first = counted(codes, groups, passing, places + 1, weights)[:, :0:-1].cumsum(axis=1)
    return tightest_first if rises else tightest_first[:, ::-1]


@dataclass(frozen=True, eq=False)
class Swing:
    """Who qualifies at which place of a slider, for the subjects of one level."""

    reached: Array  # (subjects,) bool: every rule that the slider does not move surely passes
    open: Array  # (subjects,) bool: none of them fails
    passing: Passing  # of the rules that it moves, together
    places: int
    rises: bool

    @classmethod
    def of(
        cls, now: Assessment, level: Level, positions: Positions, rules: Mapping[str, Passing], rises: bool
    ) -> Swing:
        """``rules``: the numbers of every blocking rule that the slider moves, on the level's rows."""
        still = [rule for rule in now.blocking if rule not in rules]
        decided = [rule for rule in now.decided if rule not in rules]
        open_ = ~now.any(level, still)
        everywhere = np.full(len(open_), positions.count, np.uint8)
        held = [
            passing if rule in now.decided else Passing(passing.best, passing.best) for rule, passing in rules.items()
        ]
        return cls(
            open_ & ~now.any(level, decided, unknown=True),
            open_,
            Passing.joined(np.minimum, [*held, Passing(everywhere, everywhere)]),
            positions.count,
            rises,
        )

    def sure(self, codes: Array, groups: int, rows: Array | slice, weights: Array | None = None) -> Array:
        """(groups, places): those of ``rows`` that surely qualify; ``codes`` and ``weights`` are of these rows."""
        return self._counted(self.reached[rows], self.passing.worst[rows], codes, groups, weights)

    def open_still(self, codes: Array, groups: int, rows: Array | slice, weights: Array | None = None) -> Array:
        """(groups, places): those of ``rows`` that fail nothing."""
        return self._counted(self.open[rows], self.passing.best[rows], codes, groups, weights)

    def _counted(self, among: Array, passing: Array, codes: Array, groups: int, weights: Array | None) -> Array:
        hit = np.flatnonzero(among)
        weighed = None if weights is None else weights[hit]
        return at_places(codes[hit], passing[hit], groups, self.places, self.rises, weighed)

    def verdicts(self, codes: Array, groups: int, rows: Array | slice, weights: Array | None = None) -> Array:
        """(groups, places, 3): those of ``rows`` by verdict."""
        totals = added(codes, groups, weights)[:, None]
        sure, may = (count(codes, groups, rows, weights) for count in (self.sure, self.open_still))
        return np.stack([sure, totals - may, may - sure], axis=2)


class Hand:
    """A slider with positions: ``standing(place)`` for every place of it.

    ``now`` is the assessment of everything else as it stands, with the slider's parameter set to any value.
    """

    def __init__(
        self,
        positions: Positions,
        rises: bool,
        passing: Mapping[str, Passing],
        now: Assessment,
        groups: Groups,
    ) -> None:
        self.positions, self.rises, self.now, self.groups = positions, rises, now, groups
        self._own = passing  # by rule, on the rows of its own level
        self._verdicts, self._turned, self._merchants = self._counted()

    @property
    def places(self) -> tuple[Value, ...]:
        """The slider's values, ascending."""
        return tuple(self.positions.market.places[self.positions.slider.parameter])

    @cached_property
    def _on_offers(self) -> dict[str, Passing]:
        """Every rule that the slider moves, on the rows of offers."""
        book, rows = self.now.book, self.now.market.merchant_row
        orphan = Passing(np.uint8(0), np.uint8(self.positions.count))
        return {
            rule: held if book.level(rule) == "offers" else held.taken(rows, orphan) for rule, held in self._own.items()
        }

    @cached_property
    def _swing(self) -> Swing:
        return Swing.of(self.now, "offers", self.positions, self._blocking(self._on_offers), self.rises)

    def _blocking(self, rules: Mapping[str, Passing]) -> dict[str, Passing]:
        return {rule: held for rule, held in rules.items() if rule in self.now.blocking}

    def _counted(self) -> tuple[Array, Array, Array]:
        groups, swing = self.groups, self._swing
        size, rows, before, each = len(groups.names), groups.rows, groups.before, groups.stands_for
        was = groups.codes.astype(np.min_scalar_type(2 * size)) * 2 + groups.was
        sure = swing.sure(was, size * 2, rows, each).reshape(size, 2, self.positions.count)
        may = swing.open_still(groups.codes, size, rows, each)
        now = np.stack([sure.sum(axis=1), before.sum(axis=1)[:, None] - may, may - sure.sum(axis=1)], axis=2)
        turned = np.stack([sure[:, 0], before[:, :1] - sure[:, 1]], axis=2)
        own = {rule: held for rule, held in self._own.items() if self.now.book.level(rule) == "merchants"}
        shops = Swing.of(self.now, "merchants", self.positions, self._blocking(own), self.rises)
        nobody = np.zeros(len(shops.open[groups.merchants]), np.intp)
        return now, turned, shops.verdicts(nobody, 1, groups.merchants, groups.merchants_stand_for)[0]

    @cached_property
    def _still(self) -> tuple[Array, Array]:
        """(rules, groups) offers that fail every blocking rule, and that are unknown in it, as ``now`` stands."""
        return self.groups.outcomes(self.now)

    @cached_property
    def _moved(self) -> dict[int, tuple[Array, Array]]:
        """The same by place, (groups, places) each, for the rules that the slider moves, by their index."""
        groups, places = self.groups, self.positions.count
        sizes = groups.before.sum(axis=1)[:, None]
        found = {}
        for rule, passing in self._blocking(self._on_offers).items():
            worst, best = (
                at_places(groups.codes, ends[groups.rows], len(groups.names), places, self.rises, groups.stands_for)
                for ends in ((passing.worst, passing.best) if rule in self.now.decided else (passing.best,) * 2)
            )
            found[self.now.blocking.index(rule)] = sizes - best, best - worst
        return found

    def standing(self, place: int) -> Standing:
        """How things stand with the slider at one of its places, by index."""
        fails, unknowns = (still.copy() for still in self._still)
        for rule, (fail, unknown) in self._moved.items():
            fails[rule], unknowns[rule] = fail[:, place], unknown[:, place]
        return Standing(
            groups=self.groups.names,
            totals=self.groups.before.sum(axis=1),
            now=self._verdicts[:, place],
            before=self.groups.before,
            gained=self._turned[:, place, 0],
            lost=self._turned[:, place, 1],
            rules=self.now.blocking,
            fails=fails,
            unknowns=unknowns,
            merchants=self._merchants[place],
            merchants_before=self.groups.merchants_before,
            first_flips=lambda n: self._first_flips(place, n),
        )

    @property
    def curve(self) -> Array:
        """(groups, places, 3) int64: offers by verdict at every place."""
        return self._verdicts

    # ---- who

    def _first_flips(self, place: int, n: int) -> list[Flip]:
        rank = self.positions.count - 1 - place if self.rises else place  # counted from the loosest place
        (came, came_at), (went, went_at) = self._ordered
        start = int(np.searchsorted(came_at, rank, side="right"))
        first = came[start : start + n]
        end = int(np.searchsorted(went_at, rank, side="right"))
        last = went[max(0, end - (n - len(first))) : end][::-1]
        return [Flip(int(row), True) for row in first] + [Flip(int(row), False) for row in last]

    @cached_property
    def _ordered(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Offers that may come in, those that may drop out, each with the number of places they pass at, ascending."""
        rows, was = self.groups.rows, self.groups.was
        passing = self._swing.passing.worst[rows] * self._swing.reached[rows]
        found = []
        for those in ((passing > 0) & ~was, was):
            at = np.flatnonzero(those)
            at = at[np.argsort(passing[at], kind="stable")]
            found.append((self.groups.offers(at), passing[at]))
        return found[0], found[1]


def in_hand(positions: Positions, now: Assessment, groups: Groups) -> Hand | None:
    """The slider in hand; None where the rules that it moves do not turn at one place of it for each subject."""
    moved = [rule for rule in now.rules if positions.slider.parameter in now.book.parameters_of(rule)]
    passing = {rule: positions.of(rule) for rule in moved}
    rises = positions.rises(moved)
    held = {rule: each for rule, each in passing.items() if each is not None}
    if (rises is None and moved) or len(held) < len(passing) or not positions.count:
        return None
    return Hand(positions, bool(rises), held, now, groups)
