"""The coded market: a comparison that holds one parameter becomes a byte, the place of the parameter's slider at which
it turns; parts without parameters become a flag. A coded market is a market: the same evaluator runs it.

The byte of a subject is the first place with the outcome of the later places: 0 where all places are alike that way,
the number of places where all are the other way. A missing cell, or one known as a range, gives a range of bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

from campaign_analytics.derive.making import on_rows
from campaign_analytics.engines.arrays import evaluate, needed_columns
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.exact import (
    Bound,
    Exact,
    Is,
    PerName,
    PerValue,
    Sum,
    bind,
    junction,
    opened,
)
from campaign_analytics.rulebook.tree import And, Arith, Col, Compare, Lit, Operand, Operator, Or, Param, Tree, operands
from campaign_analytics.rulebook.values import Value
from campaign_analytics.simulate.turning import PLACE, turning

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level

_ORDERED: Mapping[Operator, int] = {"<": 1, "<=": 1, ">": -1, ">=": -1}


@dataclass(frozen=True)
class Code:
    """A condition as a column of bytes. ``rises``: it passes from its byte's place on; else up to the place before."""

    column: str
    rises: bool


class CodedMarket:
    """The market of an assessment in codes, each made when it is first needed.

    Codes hold for every rulebook that differs from the assessment's in parameters that feed no recipe.
    """

    def __init__(self, basis: Assessment) -> None:
        self.basis = basis
        self._cells: dict[Level, dict[str, Cells]] = {"offers": {}, "merchants": {}}
        self._codes: dict[tuple[Any, ...], tuple[tuple[Any, ...], Code | None]] = {}
        self._names: dict[Level, Iterator[int]] = {"offers": count(), "merchants": count()}
        self._flags: dict[tuple[Level, Tree], str] = {}

    @cached_property
    def places(self) -> Mapping[str, Mapping[Value, int]]:
        """By parameter with a slider: the place of every value of it."""
        book = self.basis.book
        return {name: {value: i for i, value in enumerate(book.places(name))} for name in book.parameters}

    @property
    def bytes_a_subject(self) -> dict[Level, int]:
        """How many bytes the codes made so far take for one subject of a level."""
        return {
            level: sum(
                array.itemsize
                for cells in held.values()
                for array in (cells.values, cells.high, cells.missing)
                if array is not None
            )
            for level, held in self._cells.items()
        }

    def code_all(self) -> None:
        """Make the codes of every comparison of the assessment's rules."""
        book = self.basis.book
        for rule in self.basis.rules:
            self.condition(book.whole(rule), book.level(rule), book.values)

    # ---- conditions

    def condition(self, tree: Tree, level: Level, values: Mapping[str, Bound]) -> Exact:
        """A condition bound to ``values`` over codes where values lie on their sliders, over the columns elsewhere."""
        own = parameters(tree)
        if not own:
            return Is(self.flag(tree, level), False)
        if isinstance(tree, And | Or):
            return junction(isinstance(tree, And), [self.condition(part, level, values) for part in parts_of(tree)])
        return self.by_code(tree, own[0], level, values) if len(own) == 1 else self.uncoded(tree, level, values)

    def by_code(self, tree: Tree, parameter: str, level: Level, values: Mapping[str, Bound]) -> Exact:
        """A condition by its code along a parameter, where it has one and the value is a place."""
        code = self.code(tree, parameter, level, values)
        place = self.placed(parameter, values[parameter]) if code else None
        if code is None or place is None:
            return self.uncoded(tree, level, values)
        return Sum(((1, code.column),), "<=" if code.rises else ">", place)

    def uncoded(self, leaf: Tree, level: Level, values: Mapping[str, Bound]) -> Exact:
        """A comparison without codes, or with a value that lies between places, over its columns."""
        return self.opened(leaf, values)

    def columns(self, conditions: list[Exact], level: Level) -> Mapping[str, Cells]:
        """Every column that conditions of ``condition`` read, codes and others, on the rows of ``level``."""
        coded = self._cells[level]
        return {
            name: coded[name] if name in coded else self.on_rows(name, level)
            for name in sorted(needed_columns(conditions))
        }

    def on_rows(self, column: str, level: Level) -> Cells:
        """A column of the market on the rows of ``level``."""
        return on_rows(self.basis.market, self.basis.book, column, level)

    def cells(self, column: str, level: Level) -> Cells:
        """One column of codes or flags."""
        return self._cells[level][column]

    def placed(self, parameter: str, bound: Bound) -> int | PerName | None:
        """A parameter's value as its place; None where it, or one of its values, lies between places."""
        places = self.places[parameter]
        if not isinstance(bound, PerValue):
            return None if bound is None else places.get(bound)
        held = [(name, places.get(value)) for name, value in bound.values if value is not None]
        default = None if bound.default is None else places.get(bound.default)
        if any(place is None for _, place in held) or (default is None and bound.default is not None):
            return None
        return PerName(bound.by, tuple((name, place) for name, place in held if place is not None), default)

    def opened(self, tree: Tree, values: Mapping[str, Bound]) -> Exact:
        """A condition bound to values, open where it names a column that was never made."""
        return opened(bind(tree, {**values, **self.basis.moment.clock}), self.basis.unmade)

    def is_open(self, leaf: Tree) -> bool:
        """Whether a comparison names a column that was never made: it is unknown for everybody."""
        return any(each.name in self.basis.unmade for each in operands(leaf))

    # ---- making them

    def flag(self, tree: Tree, level: Level) -> str:
        """The column that holds the outcome of a condition without parameters."""
        if (level, tree) not in self._flags:
            self._flags[level, tree] = self.outcome(tree, level, {})
        return self._flags[level, tree]

    def outcome(self, tree: Tree, level: Level, values: Mapping[str, Bound]) -> str:
        """A new column that holds the outcome of a condition bound to values."""
        exact = self.opened(tree, values)
        fails, unknown = evaluate(exact, self.columns([exact], level), self.basis.market.tables[level].rows)
        return self._kept(Cells.make("flag", ~fails & ~unknown, unknown), level)

    def code(self, leaf: Tree, parameter: str, level: Level, values: Mapping[str, Bound]) -> Code | None:
        """The codes of a comparison in one of its parameters, the others as in ``values``; those for the values that
        the others had before are forgotten.

        None where the comparison has no turning place: it is no ordered one, names the parameter twice, or passes at
        lower places for some subjects and at higher ones for others.
        """
        others = tuple((name, values[name]) for name in parameters(leaf) if name != parameter)
        key = (level, leaf, parameter)
        made_for, code = self._codes.get(key, (None, None))
        if made_for != others:
            if code is not None:
                del self._cells[level][code.column]
            code = self._code(leaf, parameter, level, dict(others))
            self._codes[key] = (others, code)
        return code

    def _code(self, leaf: Tree, parameter: str, level: Level, others: Mapping[str, Bound]) -> Code | None:
        rises = rises_with(leaf, parameter)
        if rises is None or not self.places[parameter] or self.is_open(leaf):
            return None
        if any(isinstance(value, PerValue) for value in others.values()):
            return None
        clock = self.basis.moment.clock
        exact = _bound(leaf, (*others.items(), (parameter, self._by_place(parameter)), *clock.items()))
        assert isinstance(exact, Sum)
        cells = {name: self.on_rows(name, level) for name in sorted(needed_columns([exact]) - {PLACE})}
        rows = self.basis.market.tables[level].rows
        ends = turning(exact, cells, rows, len(self.places[parameter]), rises)
        if ends is None:
            return None
        low, high = (ends.best, ends.worst) if rises else (ends.worst, ends.best)
        held = Cells("count", low, None, None if low is high else high)
        return Code(self._kept(held, level), rises)

    def _by_place(self, parameter: str) -> PerValue:
        """The parameter as one that varies by a column of places."""
        return PerValue(PLACE, tuple((str(place), value) for value, place in self.places[parameter].items()))

    def _kept(self, cells: Cells, level: Level) -> str:
        name = f"#{next(self._names[level])}"
        self._cells[level][name] = cells
        return name


@lru_cache(256)
def _bound(leaf: Tree, values: tuple[tuple[str, Bound], ...]) -> Exact:
    """A comparison bound to all places of a slider, which takes long and is the same in every part of a market."""
    return bind(leaf, dict(values))


# ---- what the tree says


def parameters(tree: Tree) -> tuple[str, ...]:
    """The parameters of a condition, each once, left to right."""
    from campaign_analytics.rulebook.tree import CLOCK

    named = (each.name for each in operands(tree) if isinstance(each, Param))
    return tuple(dict.fromkeys(name for name in named if name not in CLOCK))


def parts_of(tree: And | Or) -> list[Tree]:
    """The parts of a condition, those without parameters as one, which comes last."""
    fixed = tuple(part for part in tree.parts if not parameters(part))
    whole = [] if not fixed else [fixed[0] if len(fixed) == 1 else replace(tree, parts=fixed)]
    return [part for part in tree.parts if parameters(part)] + whole


def rises_with(leaf: Tree, parameter: str) -> bool | None:
    """Whether an ordered comparison passes at the higher values of a parameter (else at the lower ones).

    Columns and other parameters are taken as not negative. None for a comparison that has no such direction.
    """
    if not isinstance(leaf, Compare) or leaf.op not in _ORDERED:
        return None
    named = [each.name for each in operands(leaf) if isinstance(each, Param)]
    if named.count(parameter) != 1:
        return None
    slope = _slope(leaf.left, parameter) - _slope(leaf.right, parameter)
    return slope * _ORDERED[leaf.op] < 0


def _slope(operand: Operand, parameter: str) -> int:
    """The sign with which an amount grows with a parameter that it holds at most once; 0 where it does not hold it."""
    if isinstance(operand, Col | Lit):
        return 0
    if isinstance(operand, Param):
        return int(operand.name == parameter)
    assert isinstance(operand, Arith)
    left, right = _slope(operand.left, parameter), _slope(operand.right, parameter)
    return left - right if operand.op == "-" else left + right
