"""The what-if cube: how many offers there are at every place of some sliders, by class, and nothing of each offer.

All that the sliders do not move is one outcome an offer: it passes, fails, or is unknown. So a cube has as many rows as
combinations of places occur, however many offers there are; its curves, summaries and dashboard are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.assess.masks import counted_by_rule
from campaign_analytics.assess.views import combinations, counted
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.condensing import Condensing
from campaign_analytics.market.behind import Behind
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.simulate.along import codes_along, sliders
from campaign_analytics.simulate.at_rest import AtRest, Codes, Cube
from campaign_analytics.simulate.coded import CodedMarket

#: A cube of more rows than this is no quicker than the market itself.
MOST = 4_000_000


def _varies(book: Rulebook, parameter: str) -> str:
    """The column by which a parameter varies; "" for one with one value."""
    value = book.values[parameter]
    return value.by if isinstance(value, PerValue) else ""


class Cubing(Condensing):
    """Takes the parts of a market and makes a cube of it."""

    def __init__(self, by: Sequence[str], explore: Sequence[str], book: Rulebook) -> None:
        super().__init__(by)
        for name in explore:
            if name not in book.parameters:
                near = did_you_mean(name, book.parameters) or f"; there are: {', '.join(book.parameters)}"
                raise CampaignError(f"unknown parameter {name!r}{near}")
            if not book.places(name):
                raise CampaignError(f"{name} has no slider, so there is nothing to explore")
            if name not in sliders(book):
                raise CampaignError(
                    f"{name} cannot be explored: no active rule compares a column with it along its slider; leave it "
                    "out, and set it in the rulebook (rulebook.set)"
                )
        self.moving = tuple(rule for rule in book.active if {*explore} & {*book.parameters_of(rule)})
        self.explore = tuple(explore)
        for rule in self.moving:
            for column in {by for name in book.parameters_of(rule) if (by := _varies(book, name))}:
                if book.level(rule) == "merchants":
                    raise CampaignError(f"{rule} cannot be explored: it varies by {column}, a column of merchants")
                if column not in self.by:
                    raise CampaignError(f"{rule} cannot be explored unless by {column}, too: add it to by=")
        self._cells: dict[tuple[int, ...], int] = {}  # the combinations of groups that occur
        self._settled: dict[str, Array] = {}  # by rule: (2, combinations) offers that fail, that are unknown

    def add(self, part: Assessment) -> None:
        """Raises ``CampaignError`` where there are too many combinations of places."""
        super().add(part)
        self._settle(part)
        self.bounded(len(self._tally), part.book)

    def bounded(self, rows: int, book: Rulebook) -> None:
        """Raise ``CampaignError`` for a cube of so many rows."""
        if rows > MOST:
            each = [f"{name} ({len(book.places(name))} values)" for name in self.explore]
            raise CampaignError(
                f"a cube of {', '.join(each)} by {', '.join(self.by)} has more than {MOST:,} rows, and is no quicker "
                "than the market; cube_size tells which fewer of them, or which coarser steps, would do"
            )

    def combinations(self) -> Array:
        """(rows,) integers: how many offers each row of the cube of what was added stands for. To be asked for once."""
        return self.settled()[2]

    def most(self) -> int:
        """The most rows that a cube can have of the classes that were added, whatever its offers are like."""
        assert self._first is not None
        book, of = self._first.book, {}
        for level, codes in self._codes.items():
            of[level] = 3  # what does not move passes, fails or is unknown
            places = {code.column: len(book.places(name)) + 1 for (_, name), code in codes.leaves.items()}
            for name, cells in codes.cells.items():
                ends = places.get(name, 0)
                of[level] *= 3 if cells.type == "flag" else ends if cells.high is None else ends * (ends + 1) // 2
        classes = prod(len(names) + 1 for names in self._names.values())
        return classes * of["offers"] * (of["merchants"] + 1)  # or an orphan

    def bytes_a_row(self) -> int:
        """How many bytes a row of the cube takes in memory."""
        assert self._first is not None
        codes = self._codes["offers"].cells.values()
        counted = 8 * (3 + 2 * len(self._bits["offers"])) + 2 * len(self.by)
        return counted + sum(1 + (cells.high is not None or cells.type == "flag") for cells in codes)

    def codes(self, part: Assessment, level: Level) -> Codes:
        market = part.coded if isinstance(part, AtRest) else CodedMarket(part)
        moving = [rule for rule in self.moving if part.book.level(rule) == level]
        return codes_along(market, moving, self.explore)[level]

    def bits(self, part: Assessment, level: Level) -> Array:
        kept = [*self.moving, *self._still(part, level)[:1]]
        return part.mask(kept) | part.mask(kept, unknown=True)

    def kept(self, part: Assessment, level: Level) -> Array:
        """Outcomes of the rules that move, and at the bits of one other rule that of all others: an offer's with its
        merchant's."""
        moving = part.mask(self.moving) | part.mask(self.moving, unknown=True)
        words = part.words[level] & moving[:, np.newaxis]
        still = self._still(part, level)
        if still:
            fails = part.any(level, still)
            unknown = part.any(level, [rule for rule in still if rule in part.decided], unknown=True) & ~fails
            word, bit = divmod(part.bits[still[0]], RULES_PER_WORD)
            words[word] |= fails.astype(np.uint64) << np.uint64(bit)
            words[word] |= unknown.astype(np.uint64) << np.uint64(bit + RULES_PER_WORD)
        return words

    def words(self, own: Array, merchants: Array, kind: Array, merchant_row: Array) -> Mapping[Level, Array]:
        return {"offers": own.take(kind, axis=1), "merchants": merchants}

    def _still(self, part: Assessment, level: Level) -> list[str]:
        """The blocking rules that do not move, those that are computed first."""
        there = part.rules_at(level)
        still = [rule for rule in part.blocking if rule in there and rule not in self.moving]
        return sorted(still, key=lambda rule: rule not in part.decided)

    def assessment(self, of: Behind) -> Cube:
        known = self.made(of)
        market, words = known["market"], known["words"]
        self.bounded(market.offers.rows, known["book"])
        codes = [market.offers.cells[column] for column in self.by]
        numbers = np.vstack([np.where(each.gone, 0, each.values.astype(np.int64) + 1) for each in codes])
        which, example = combinations(numbers, np.full(len(numbers), -1))
        cell = np.array([self._cells[tuple(row)] for row in numbers[:, example].T.tolist()], np.intp)[which]

        settled = dict[str, tuple[Array, Array]]()
        for rule, (fails, unknown) in self._settled.items():
            settled[rule] = fails, unknown * (rule not in known["not_computed"])
        outside = {level: np.zeros_like(held) for level, held in words.items()}
        return Cube(**known | {"outside": outside}, moving=self.moving, cell=cell, settled=settled)

    def _settle(self, part: Assessment) -> None:
        """Count who fails, and is unknown in, each rule that stays, by combination of groups."""
        groups = np.vstack(self.groups(part))
        of, example = combinations(groups, np.full(len(groups), ~np.uint64(0)))
        place = [self._cells.setdefault(tuple(row), len(self._cells)) for row in groups[:, example].T.tolist()]
        still = {rule: part.bits[rule] for rule in part.blocking if rule not in self.moving}
        counts = counted_by_rule(part.words["offers"], still, lambda plane: counted(of, len(example), plane, 256))
        for rule, each in counts.items():
            held = np.zeros((2, len(self._cells)), np.int64)
            before = self._settled.get(rule, held[:, :0])
            held[:, : before.shape[1]] = before
            held[:, place] += each
            self._settled[rule] = held
