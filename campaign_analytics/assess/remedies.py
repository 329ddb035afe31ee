"""What would make a failing condition hold, for many subjects at once.

The tree is walked once. A comparison moves one column to its edge; AND needs all of its failing parts, OR takes the
alternative with the smallest gap over the parameter's ``scale`` and lists the others. Whether a value is given is no
alternative. Every remedy is tried: the columns are moved and the condition is asked again, and one that does not
help is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from campaign_analytics.assess.gaps import Measure, scale_of
from campaign_analytics.assess.leaves import Leaf, LeafTree
from campaign_analytics.assess.moves import Action, Step, Subjects, inexact, moved, naming, only, tightest
from campaign_analytics.assess.orders import orders_of
from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import (
    All,
    Among,
    Any_,
    Exact,
    Fixed,
    Holds,
    Is,
    Missing,
    Open,
    Sum,
    Within,
    bind,
    columns,
    opened,
)
from campaign_analytics.rulebook.tree import And, Compare, Or, Param, Tree, operands

_NO_SCALE = 1.0  # what a repair counts where no scale says how much is much
_LITTLE = 1e-9  # a failing comparison that its parameter itself would let pass
_UNSURE = 1e9  # what a value counts that has to be found out first: only where nothing else helps


@dataclass(frozen=True, eq=False)
class Remedy:
    """``cost`` (subjects,): 0 where nothing need be done, infinite where nothing helps."""

    cost: Array
    steps: list[Step] = field(default_factory=list)


def remedy(subjects: Subjects, tree: Tree) -> Remedy:
    """The steps after which ``tree`` holds for each of ``subjects``, of whom there is at least one."""
    found = _Finder(subjects).of(tree)
    exact = _bound(subjects, tree)
    if isinstance(exact, Fixed | Open):
        return found
    cells = {name: subjects.cells(name) for name in columns(exact)}
    no, unknown = evaluate(exact, _afterwards(cells, found.steps), len(subjects))
    supplied = np.zeros(len(subjects), bool)
    for step in found.steps:
        supplied |= step.where & (step.action == "supply")
    cost = np.where(no & ~supplied, np.inf, found.cost)
    steps = [only(step, np.isfinite(cost)) for step in found.steps]
    open_ = unknown & np.isfinite(cost) & ~supplied
    for name, held in cells.items():  # a range that decided before no longer does
        step = Step(name, "supply", open_ & inexact(held))
        if step.where.any():
            steps.append(step)
    return Remedy(cost, steps)


def _afterwards(cells: dict[str, Cells], steps: list[Step]) -> dict[str, Cells]:
    """The cells with the proposed steps made; of two on one column the one that goes further."""
    after, done = dict(cells), dict[str, Array]()
    for step in steps:
        if step.to is None or step.column not in after or step.alternative_to:
            continue
        where, held = step.where if step.known is None else step.where & step.known, after[step.column]
        before, to = done.get(step.column, np.zeros(len(held), bool)), step.to
        if step.action in ("raise", "lower", "add", "remove"):
            to = tightest(replace(step, where=where), held.values, before)
        after[step.column] = moved(naming(held, step.choices), where, to)
        done[step.column] = before | where
    return after


def _bound(subjects: Subjects, tree: Tree) -> Exact:
    assessment = subjects.assessment
    return opened(bind(tree, {**assessment.book.values, **assessment.moment.clock}), assessment.unmade)


class _Finder:
    """Walks a condition for some subjects."""

    def __init__(self, subjects: Subjects) -> None:
        self.subjects, self.rows = subjects, len(subjects)
        assessment = subjects.assessment
        self.book, self.unmade = assessment.book, assessment.unmade
        self.values = {**self.book.values, **assessment.moment.clock}

    def of(self, tree: Tree) -> Remedy:
        match tree:
            case And(parts):
                return self._all([self.of(part) for part in parts])
            case Or(parts):
                return self._cheapest([self.of(part) for part in parts])
        return self._leaf(tree)

    def _all(self, parts: list[Remedy]) -> Remedy:
        cost = np.max([part.cost for part in parts], axis=0)
        return Remedy(cost, [only(step, np.isfinite(cost)) for part in parts for step in part.steps])

    def _cheapest(self, parts: list[Remedy]) -> Remedy:
        costs = np.array([part.cost for part in parts])
        best, cost = costs.argmin(axis=0), costs.min(axis=0)
        needed = (cost > 0) & np.isfinite(cost)
        steps = [only(step, needed & (best == i)) for i, part in enumerate(parts) for step in part.steps]
        for i, part in enumerate(parts):
            for j, chosen in enumerate(parts):
                if i == j or not chosen.steps:
                    continue
                where = needed & (best == j) & (costs[i] < _UNSURE)
                steps += [
                    replace(only(step, where), alternative_to=chosen.steps[0].column, option=i + 1)
                    for step in part.steps
                    if not step.alternative_to
                ]
        return Remedy(cost, [step for step in steps if step.where.any()])

    # ---- one comparison

    def _leaf(self, tree: LeafTree) -> Remedy:
        exact = _bound(self.subjects, tree)
        if isinstance(exact, Fixed):
            return Remedy(np.full(self.rows, 0.0 if exact.value else np.inf))
        if isinstance(exact, Open):
            return Remedy(np.zeros(self.rows))
        assert not isinstance(exact, All | Any_)
        leaf = Leaf(tree, exact, {name: self.subjects.cells(name) for name in columns(exact)}, self.rows)
        cost = np.where(leaf.fails, np.inf, 0.0)
        steps = [step for step in self._steps(leaf) if step.where.any()]
        for step in steps:
            cost[step.where] = _NO_SCALE
        if isinstance(tree, Compare) and steps:
            sized = self._gap(tree, leaf)
            measured = leaf.fails & np.isfinite(cost) & np.isfinite(sized)
            cost = np.where(measured, np.maximum(sized, _LITTLE), cost)
        open_ = leaf.unknown | (leaf.fails & ~np.isfinite(cost) & self._range_beside(leaf))
        missing = self._to_supply(leaf, open_)
        cost[open_] = np.inf  # such as a name for which the rulebook has no number
        for step in missing:
            cost[step.where] = _UNSURE
        if isinstance(exact, Missing) and exact.negated:
            cost[leaf.fails] = _UNSURE
        return Remedy(cost, steps + missing)

    def _gap(self, tree: Compare, leaf: Leaf) -> Array:
        """(subjects,) how far the comparison is from its edge, over the scale of its parameter; infinite without."""
        named = [each.name for each in operands(tree) if isinstance(each, Param)]
        scales = {name: scale for name in named if (scale := scale_of(self.book, name)) is not None}
        if not scales:
            return np.full(self.rows, np.inf)
        return Measure(self.values, scales, leaf.cells, self.unmade, self.rows).gap(tree).worst

    def _steps(self, leaf: Leaf) -> list[Step]:
        match leaf.exact:
            case Sum():
                return self._amount(leaf)
            case Is(column, negated):
                to = np.full(self.rows, not negated)
                return [Step(column, "switch_off" if negated else "switch_on", leaf.fails, to)]
            case Among(column, names, negated):
                return [self._choice(leaf, column, names, negated)]
            case Holds(column, _, negated):
                return [self._members(leaf, column, "remove" if negated else "add")]
            case Within(column, names, negated):
                if negated:
                    return [self._one_more(leaf, column, names)]
                return [self._members(leaf, column, "remove")]
            case Missing(column, True):
                return [Step(column, "supply", leaf.fails)]
        return []

    def _choice(self, leaf: Leaf, column: str, names: frozenset[str], negated: bool) -> Step:
        held = leaf.cells[column]
        listed = self.book.names_of(self.book.quantity(column)) or held.names
        known = (*listed, *sorted(names.difference(listed)))
        choices = tuple(name for name in known if (name in names) != negated)
        if not choices:
            return Step(column, "choose", np.zeros(self.rows, bool))
        first = naming(held, choices).names.index(choices[0])
        return Step(column, "choose", leaf.fails, np.full(self.rows, first), choices=choices)

    def _members(self, leaf: Leaf, column: str, action: Action) -> Step:
        assert leaf.offending is not None
        return Step(column, action, leaf.fails, leaf.cells[column].values ^ leaf.offending)

    def _one_more(self, leaf: Leaf, column: str, names: frozenset[str]) -> Step:
        """Any member outside ``names``: the first is as good as another."""
        held = leaf.cells[column]
        others = tuple(name for name in held.names if name not in names)
        bit = held.values.dtype.type(1 << held.names.index(others[0]) if others else 0)
        where = leaf.fails if others else np.zeros(self.rows, bool)
        return Step(column, "add", where, held.values | bit, choices=others)

    def _amount(self, leaf: Leaf) -> list[Step]:
        edge, column = leaf.edge, leaf.column
        if edge is None or column is None:
            return []
        held = leaf.cells[column]
        possible = leaf.fails & ~np.ma.getmaskarray(edge)
        to = np.asarray(edge.data)
        if held.type == "text":
            return [Step(column, "choose", possible, to)]
        possible &= self._in_bounds(column, held, to)
        up = to > held.values
        steps = [Step(column, "raise", possible & up, to), Step(column, "lower", possible & ~up, to)]
        orders, counted = orders_of(self.subjects, leaf, column)
        if orders is None:
            return steps
        rest = [only(step, ~counted) for step in steps]
        return [*rest, Step(column, "orders", possible & counted & (orders > 0), to, orders=orders)]

    def _in_bounds(self, column: str, held: Cells, to: Array) -> Array:
        """Where a value can be had at all: a level of its list, no negative amount, no price of zero."""
        if held.type == "level":
            return (to >= 0) & (to < len(held.names))
        if held.type not in ("count", "money", "rate"):
            return np.ones(self.rows, bool)
        sources = (self.book.columns[name] for name in self.book.sources(column))
        positive = any(source.positive for source in sources if source.type == held.type)
        return to >= (1 if positive else 0)

    # ---- what is not known

    def _range_beside(self, leaf: Leaf) -> Array:
        """Where the edge is not known because another column is missing or a range."""
        edge = leaf.edge
        others = [name for name in leaf.cells if name != leaf.column]
        gone = [inexact(leaf.cells[name]) for name in others]
        if edge is None or not gone:
            return np.zeros(self.rows, bool)
        hidden: Array = np.logical_or.reduce(gone) & np.ma.getmaskarray(edge)
        return hidden

    def _to_supply(self, leaf: Leaf, where: Array) -> list[Step]:
        steps = []
        for name, held in leaf.cells.items():
            gone = where & inexact(held)
            if gone.any():
                edge = leaf.edge if name == leaf.column else None
                known = None if edge is None else ~np.ma.getmaskarray(edge)
                steps.append(Step(name, "supply", gone, None if edge is None else np.asarray(edge.data), known))
        return steps
