"""At how many places of a slider every subject passes a rule, counted from the loosest place on.

A subject that passes at some place passes at every looser one, so that one number tells all places. AND takes the
smaller number, OR the larger; a part that the slider does not move passes at all places or at none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.exact import Bound, Fixed, PerValue, bind
from campaign_analytics.rulebook.tree import And, Flag, Or, Tree, walk
from campaign_analytics.rulebook.values import ONE_VALUE, Value
from campaign_analytics.simulate.coded import Code, CodedMarket, parameters, rises_with

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Level, Rulebook


class Slider(NamedTuple):
    """A parameter, or with ``of`` its one value for that value of the column by which it varies."""

    parameter: str
    of: str | None = None

    @classmethod
    def read(cls, name: str) -> Slider:
        """ "max_return_rate" or "max_return_rate[厨具]"."""
        one = ONE_VALUE.fullmatch(name)
        return cls(one["name"], one["of"]) if one else cls(name)

    def held(self, bound: Bound) -> Value | None:
        """The value at which the slider stands; None where there is none (of its own)."""
        if not isinstance(bound, PerValue):
            return bound
        return bound.default if self.of is None else dict(bound.values).get(self.of)

    def put(self, bound: Bound, value: Value | None) -> Bound:
        """The parameter with the slider at ``value``; None takes it away."""
        if not isinstance(bound, PerValue):
            return value
        if self.of is None:
            return replace(bound, default=value)
        rest = {name: each for name, each in bound.values if name != self.of}
        return replace(
            bound, values=tuple({**dict(bound.values), self.of: value}.items() if value is not None else rest.items())
        )


class Passing(NamedTuple):
    """(subjects,) uint8 at how many places a subject surely passes, and at how many it does not fail; or one for
    all."""

    worst: Any
    best: Any

    @classmethod
    def joined(cls, join: np.ufunc, parts: Sequence[Passing]) -> Passing:
        worst = reduce(join, [part.worst for part in parts])
        same = all(part.worst is part.best for part in parts)
        return cls(worst, worst if same else reduce(join, [part.best for part in parts]))

    def taken(self, rows: Array, orphan: Passing) -> Passing:
        """A merchant rule's numbers on the rows of offers; row -1 is an orphan."""
        worst = np.append(self.worst, orphan.worst)[rows]
        if self.worst is self.best and not (rows < 0).any():
            return Passing(worst, worst)
        return Passing(worst, np.append(self.best, orphan.best)[rows])


@dataclass(frozen=True, eq=False)
class Positions:
    """Rules read as positions on one slider, with every other parameter as in ``book``."""

    market: CodedMarket
    book: Rulebook
    slider: Slider

    @property
    def count(self) -> int:
        """The number of the slider's places."""
        return len(self.market.places[self.slider.parameter])

    def directions(self, rules: Sequence[str]) -> set[bool | None]:
        """Whether comparisons of rules pass at the higher places or at the lower ones; None for one without either."""
        return directions([self.book.whole(rule) for rule in rules], self.slider.parameter)

    def rises(self, rules: Sequence[str]) -> bool | None:
        """Whether rules pass at the higher places; None where they, or parts of one, do not agree."""
        found = self.directions(rules)
        return found.pop() if len(found) == 1 else None

    def of(self, rule: str) -> Passing | None:
        """The numbers of one rule for the subjects of its own level; None where a part of it has no position."""
        return self.of_condition(self.book.whole(rule), self.book.level(rule))

    def of_condition(self, tree: Tree, level: Level) -> Passing | None:
        """The same of a condition."""
        found = self._of(tree, level)
        if found is None:
            return None
        rows = self.market.basis.market.tables[level].rows
        worst = np.ascontiguousarray(np.broadcast_to(found.worst, rows))
        same = found.worst is found.best
        return Passing(worst, worst if same else np.ascontiguousarray(np.broadcast_to(found.best, rows)))

    def _of(self, tree: Tree, level: Level) -> Passing | None:
        name = self.slider.parameter
        if name not in parameters(tree):
            return self._fixed(tree, level)
        code = self.market.code(tree, name, level, self.book.values)
        if code:
            return self._moved(self._coded(code, level), tree, level)
        if isinstance(tree, And | Or):
            still = tuple(part for part in tree.parts if name not in parameters(part))
            whole = still[0] if len(still) == 1 else replace(tree, parts=still)
            decided = bind(whole, {**self.book.values, **self.market.basis.moment.clock})
            if isinstance(decided, Fixed) and decided.value != isinstance(tree, And):
                everywhere = np.uint8(decided.value * self.count)
                return Passing(everywhere, everywhere)
            held = list[Passing]()
            for part in tree.parts:
                if name in parameters(part):
                    passing = self._of(part, level)
                    if passing is None:
                        return None
                    held.append(passing)
            if not isinstance(decided, Fixed):
                held.append(self._fixed(whole, level))
            return Passing.joined(np.minimum if isinstance(tree, And) else np.maximum, held)
        if isinstance(tree, Flag):
            return Passing(np.uint8(1), np.uint8(1))
        return Passing(np.uint8(0), np.uint8(self.count)) if self.market.is_open(tree) else None

    def _coded(self, code: Code, level: Level) -> Passing:
        cells = self.market.cells(code.column, level)
        low, high = cells.values, cells.values if cells.high is None else cells.high
        if not code.rises:
            return Passing(low, high)
        best = self.turned(low)
        return Passing(best if low is high else self.turned(high), best)

    def turned(self, places: Array) -> Array:
        """The places counted from the other end: where a subject begins to pass, for at how many it does."""
        turned: Array = np.uint8(self.count) - places
        return turned

    def _moved(self, passing: Passing, leaf: Tree, level: Level) -> Passing:
        """Subjects whose own value the slider does not move pass at all places or at none."""
        bound = self.book.values[self.slider.parameter]
        if not isinstance(bound, PerValue):
            return passing
        cells = self.market.on_rows(bound.by, level)
        own = [name for name, value in bound.values if value is not None]
        names = cells.names or ("",)
        moves = np.array([name == self.slider.of if self.slider.of else name not in own for name in names])[
            cells.values
        ]
        moves &= ~cells.gone
        still = self._fixed(leaf, level)
        worst = np.where(moves, passing.worst, still.worst)
        if passing.worst is passing.best and still.worst is still.best:
            return Passing(worst, worst)
        return Passing(worst, np.where(moves, passing.best, still.best))

    def _fixed(self, tree: Tree, level: Level) -> Passing:
        """A part at the values in force: all places or none."""
        exact = self.market.condition(tree, level, self.book.values)
        cells = self.market.columns([exact], level)
        fails, unknown = evaluate(exact, cells, self.market.basis.market.tables[level].rows)
        best = (~fails).astype(np.uint8) * np.uint8(self.count)
        if not unknown.any():
            return Passing(best, best)
        return Passing(np.where(unknown, np.uint8(0), best), best)


def directions(conditions: Iterable[Tree], parameter: str) -> set[bool | None]:
    """Whether comparisons with a parameter pass at its higher values or at the lower ones; None for one without
    either."""
    leaves = (leaf for tree in conditions for leaf in walk(tree))
    return {_direction(leaf, parameter) for leaf in leaves if parameter in parameters(leaf)}


def _direction(leaf: Tree, parameter: str) -> bool | None:
    if isinstance(leaf, Flag):
        return not leaf.negated
    return rises_with(leaf, parameter)
