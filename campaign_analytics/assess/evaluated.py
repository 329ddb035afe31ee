"""What running a rulebook's rules gave: every rule's outcome for every merchant and offer, kept as bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import NamedTuple, Self

import numpy as np

from campaign_analytics.assess import views
from campaign_analytics.assess.masks import Bits, Columns, has, masks
from campaign_analytics.assess.outcomes import (
    FAIL,
    INELIGIBLE,
    NOT_APPLICABLE,
    NOT_COMPUTED,
    PASS,
    UNDETERMINED,
    UNKNOWN,
)
from campaign_analytics.derive.making import Moment, columns_for
from campaign_analytics.engines.arrays import RULES_PER_WORD, Program, Progress, Runs
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import Exact, bind, opened
from campaign_analytics.rulebook.tree import Tree


class Judged(NamedTuple):
    """Outcomes of merchants that are known already, each (words, merchants) uint64."""

    words: Array  # see ``Evaluated.words``
    outside: Array  # see ``Evaluated.not_applicable``


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The rules of a rulebook evaluated over a market.

    ``words`` holds (words, subjects) uint64 a level: bit ``i`` of a word says that the rule of that bit fails, bit
    ``32 + i`` that it is unknown. Offers carry their merchant's bits too. A rule among ``not_computed`` has columns
    whose recipe is not (wholly) built: where it is unknown its outcome is "not_computed", outside the verdict.
    """

    book: Rulebook
    market: Market
    moment: Moment
    rules: tuple[str, ...]
    not_computed: tuple[str, ...]
    unmade: frozenset[str]
    bits: Mapping[str, int]
    words: Mapping[Level, Array]
    program: type[Runs] = field(default=Program, kw_only=True)  # the engine that evaluates conditions

    @property
    def as_of(self) -> datetime:
        """The moment of the assessment, in the rulebook's time zone."""
        return self.moment.as_of

    # ---- masks

    def run(
        self,
        trees: Mapping[str, Tree],
        orphans_unknown: bool = False,
        progress: Progress | None = None,
        merchants: Array | None = None,
    ) -> dict[Level, Array]:
        """Evaluate one condition a rule at the bits of their rules, merchant rules once a merchant and gathered to
        offers.

        An offer without a merchant gets none of the merchant bits, or with ``orphans_unknown`` is unknown in every
        merchant rule. ``merchants`` are the words of these, where they are known already.
        """
        return self.evaluated(self.bound(trees), orphans_unknown, progress, merchants)

    def bound(self, trees: Mapping[str, Tree]) -> Bits:
        """One condition a rule, bound to the values in force."""
        bits: dict[Level, list[tuple[int, Exact]]] = {"merchants": [], "offers": []}
        binding, _ = self._binding()
        for rule, tree in trees.items():
            level = self.book.level(rule)
            bits[level].append((self.bits[rule], binding(tree, level)))
        return bits

    def evaluated(
        self,
        conditions: Bits,
        orphans_unknown: bool = False,
        progress: Progress | None = None,
        merchants: Array | None = None,
    ) -> dict[Level, Array]:
        """``run`` of conditions that are bound already."""
        count = max(self.bits.values(), default=0) // RULES_PER_WORD + 1
        _, columns = self._binding()
        return masks(self.market, conditions, columns, count, orphans_unknown, progress, self.program, merchants)

    def _binding(self) -> tuple[Callable[[Tree, Level], Exact], Columns]:
        """How a condition of a level is bound to the values in force, and the columns that it then reads."""
        values = {**self.book.values, **self.moment.clock}
        columns = partial(columns_for, self.market, self.book)
        return lambda tree, _: opened(bind(tree, values), self.unmade), columns

    @cached_property
    def not_applicable(self) -> Mapping[Level, Array]:
        """(words, subjects) uint64 a level: bit ``i`` says that the rule of that bit does not apply: its guard is
        false."""
        return self.run(self.guards)

    @property
    def bare(self) -> Self:
        """The same of no subject: what holds for all of them."""
        none = {level: np.zeros((len(held), 0), np.uint64) for level, held in self.words.items()}
        return replace(self, market=Market({}, self.market.declared), words=none)

    @property
    def trees(self) -> dict[str, Tree]:
        """What must hold for each active rule not to fail."""
        return {rule: self.book.whole(rule) for rule in self.rules}

    @property
    def guards(self) -> dict[str, Tree]:
        """The condition for each rule to apply, of the active ones that have one."""
        return {rule: self.book.guards[rule] for rule in self.rules if rule in self.book.guards}

    def does_not_apply(self, level: Level) -> Array:
        """(words, subjects) uint64: ``not_applicable``, of the rules of that level alone."""
        own = self.mask([rule for rule in self.guards if self.book.level(rule) == level])
        return self.not_applicable[level] & own[:, np.newaxis]

    @property
    def judged(self) -> Judged:
        """The outcomes of merchants, for other assessments of the same ones."""
        return Judged(self.words["merchants"], self.not_applicable["merchants"])

    def mask(self, rules: Sequence[str], unknown: bool = False) -> Array:
        """(words,) uint64 with the fail bits (or the unknown bits) of ``rules``."""
        held = np.zeros(len(self.words["merchants"]), np.uint64)
        for rule in rules:
            word, bit = divmod(self.bits[rule], RULES_PER_WORD)
            held[word] |= np.uint64(1 << (bit + RULES_PER_WORD * unknown))
        return held

    def rules_at(self, level: Level) -> tuple[str, ...]:
        """The active rules that say something of a subject: all of an offer, the merchant rules of a merchant."""
        views.checked(level)
        return tuple(rule for rule in self.rules if level == "offers" or self.book.level(rule) == "merchants")

    @cached_property
    def blocking(self) -> tuple[str, ...]:
        """The active rules that decide verdicts, in clause order."""
        return tuple(rule for rule in self.rules if self.book.rules[rule].severity == "block")

    @property
    def decided(self) -> tuple[str, ...]:
        """The blocking rules whose unknowns leave a verdict open: those that are computed."""
        return tuple(rule for rule in self.blocking if rule not in self.not_computed)

    def any(self, level: Level, rules: Sequence[str], unknown: bool = False) -> Array:
        """(subjects,) bool: fails (or is unknown in) any of ``rules``."""
        return has(self.words[level], self.mask(rules, unknown))

    def outcome(self, rule: str, level: Level = "offers") -> Array:
        """(subjects,) int8 codes into ``OUTCOMES`` of one rule."""
        codes = np.where(
            self.any(level, [rule], unknown=True), NOT_COMPUTED if rule in self.not_computed else UNKNOWN, PASS
        )
        if rule in self.book.guards:
            word, bit = divmod(self.bits[rule], RULES_PER_WORD)
            codes[(self.not_applicable[level][word] & np.uint64(1 << bit)) != 0] = NOT_APPLICABLE
        codes[self.any(level, [rule])] = FAIL
        return codes.astype(np.int8)

    def verdict(self, level: Level = "offers") -> Array:
        """(subjects,) int8 codes into ``VERDICTS``: any fail, else any unknown, else pre-qualified."""
        views.checked(level)
        fails, unknown = self.any(level, self.blocking), self.any(level, self.decided, unknown=True)
        codes: Array = fails * np.int8(INELIGIBLE) + (unknown > fails) * np.int8(UNDETERMINED)  # PRE_QUALIFIED is 0
        return codes
