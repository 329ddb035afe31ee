"""How far a rule's parameters would have to move for each subject to pass, over their scales: for many subjects at
once.

A gap is signed and in units of the parameter's ``scale``: above 0 what a failing subject lacks, below 0 what a passing
one has to spare. AND takes the largest, OR the smallest. A comparison without a parameter that has a scale cannot be
moved: infinite, with the sign of its outcome. A parameter that holds whole numbers moves to a whole number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from campaign_analytics.derive.making import columns_for
from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import (
    MIRRORED,
    Bound,
    Fixed,
    Open,
    PerValue,
    bind,
    opened,
    per_value_columns,
)
from campaign_analytics.rulebook.tree import (
    And,
    Arith,
    Col,
    Compare,
    Lit,
    Operand,
    Operator,
    Or,
    Param,
    Tree,
    columns_and_parameters,
    walk,
)
from campaign_analytics.rulebook.values import day_number, read_value

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Rulebook

_WHOLE = ("count", "money", "level", "day")
_SCALED = (*_WHOLE, "rate", "number")
#: The last whole number below or above a turning point that passes; by the comparison's direction in the parameter.
_LAST: Mapping[Operator, Callable[[Array], Array]] = {
    "<=": np.floor, ">=": np.ceil, "<": lambda at: np.ceil(at) - 1, ">": lambda at: np.floor(at) + 1,
}  # fmt: skip


@dataclass(frozen=True)
class Gap:
    """(rows,) float64 signed gaps, in scales: the largest and the least that they can be.

    The two are one array where nothing is known as a range. An unknown comparison is +inf in ``worst`` and -inf in
    ``best``; NaN never occurs.
    """

    worst: Array
    best: Array


@dataclass(frozen=True)
class Scale:
    """How much of a parameter counts as a gap of 1, in its held unit (fen, a share, steps), or the factor that does."""

    amount: float
    factor: bool

    def measure(self, start: Array | float, end: Array) -> Array:
        """(rows,) the way from ``start`` to ``end``, at least 0; infinite where no factor leads there."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if not self.factor:
                way: Array = np.abs(end - start) / self.amount
            else:
                way = np.abs(np.log(np.maximum(end, 0)) - np.log(start)) / math.log(self.amount)
        way[np.isnan(way)] = np.inf  # no way: the parameter is multiplied by 0, or is 0 itself
        return np.where(end == start, 0.0, way) if self.factor else way


def scale_of(book: Rulebook, parameter: str) -> Scale | None:
    """A parameter's scale; None where the rulebook gives none, or it holds no amount. Raises ``CampaignError`` for a
    scale that measures nothing."""
    held = book.parameters.get(parameter)
    if held is None or held.scale is None or held.type not in _SCALED:
        return None
    text = str(held.scale)
    factor = text.startswith("x")
    unit = "count" if held.type in ("level", "day") else held.type
    amount = float(text[1:]) if factor else float(_plain(read_value(held.scale, unit, zone=book.zone), ()))
    if amount <= (1 if factor else 0):
        raise CampaignError(
            f"{book.path}: parameters.{parameter}.scale: {text!r} measures nothing; it must be above "
            + ("x1" if factor else "0")
        )
    return Scale(amount, factor)


def gap_of(assessment: Assessment, rule: str) -> Gap | None:
    """The gaps of one active rule's condition, whatever its guard says, for every subject of the rule's own level.

    None where no parameter of the condition has a scale.
    """
    book = assessment.book
    tree, level = book.conditions[rule], book.level(rule)
    scales = {each: scale for each in book.parameters_of(rule) if (scale := scale_of(book, each)) is not None}
    named = {each.name for leaf in walk(tree) if isinstance(leaf, Compare) for each in _named(leaf)}
    if not named & scales.keys():
        return None
    values = {**book.values, **assessment.moment.clock}
    exacts = [opened(bind(leaf, values), assessment.unmade) for leaf in walk(tree)]
    cells = columns_for(assessment.market, book, exacts, level)
    rows = assessment.market.tables[level].rows
    return Measure(values, scales, cells, assessment.unmade, rows).gap(tree)


def _named(leaf: Compare) -> list[Col | Param]:
    return [*columns_and_parameters(leaf.left), *columns_and_parameters(leaf.right)]


@dataclass(frozen=True, eq=False)
class Measure:
    """Measures conditions over ``rows`` subjects, of whom ``cells`` holds every column that is read."""

    values: Mapping[str, Bound]
    scales: Mapping[str, Scale]
    cells: Mapping[str, Cells]
    unmade: frozenset[str]
    rows: int

    def gap(self, tree: Tree) -> Gap:
        if isinstance(tree, And | Or):
            join = np.maximum if isinstance(tree, And) else np.minimum
            parts = [self.gap(part) for part in tree.parts]
            worst: Array = reduce(join, [part.worst for part in parts])
            same = all(part.best is part.worst for part in parts)
            return Gap(worst, worst if same else reduce(join, [part.best for part in parts]))
        exact = opened(bind(tree, self.values), self.unmade)
        if isinstance(exact, Fixed):
            fixed = np.full(self.rows, -np.inf if exact.value else np.inf)
            return Gap(fixed, fixed)
        if isinstance(exact, Open):
            return Gap(np.full(self.rows, np.inf), np.full(self.rows, -np.inf))
        fails, unknown = evaluate(exact, self.cells, self.rows)
        near, far = self._way(tree) if isinstance(tree, Compare) else (np.full(self.rows, np.inf),) * 2
        worst = np.where(fails, far, -near)
        if near is far and not unknown.any():
            return Gap(worst, worst)
        best = np.where(fails, near, -far)
        worst[unknown], best[unknown] = np.inf, -np.inf
        return Gap(worst, best)

    def _way(self, leaf: Compare) -> tuple[Array, Array]:
        """(rows,) the least and the largest way to where the comparison turns, by the parameter that has the least."""
        ways = [
            way
            for name in dict.fromkeys(each.name for each in _named(leaf) if each.name in self.scales)
            if (way := self._way_of(leaf, name)) is not None
        ]
        if not ways:
            nowhere = np.full(self.rows, np.inf)
            return nowhere, nowhere
        if len(ways) == 1:
            return ways[0]
        return reduce(np.minimum, [near for near, _ in ways]), reduce(np.minimum, [far for _, far in ways])

    def _way_of(self, leaf: Compare, parameter: str) -> tuple[Array, Array] | None:
        """The same by one parameter; None where it does not decide the comparison by being larger or smaller."""
        lines = self._lines(leaf, parameter)
        if lines is None or leaf.op == "<>":
            return None
        start, forms = lines
        ranged = [name for name in forms if name and self.cells[name].high is not None]
        kind = next(each.kind.type for each in _named(leaf) if each.name == parameter)
        ways = []
        for ends in product((False, True), repeat=len(ranged)):
            high = {name for name, end in zip(ranged, ends, strict=True) if end}
            at = self._turning(forms, high, leaf.op, kind in _WHOLE)
            ways.append(self.scales[parameter].measure(start, at))
        if len(ways) == 1:
            return ways[0], ways[0]
        return reduce(np.minimum, ways), reduce(np.maximum, ways)

    def _lines(self, leaf: Compare, parameter: str) -> tuple[Array | float, dict[str, _Pair]] | None:
        """The parameter's value, and left - right as {column: (amount, amount a unit of the parameter)}."""
        by = next(iter(per_value_columns(leaf, self.values)), None)
        names = next((each.kind.names for each in _named(leaf) if each.kind.type == "level"), ())
        cases = [
            {name: _value_for(held, case) for name, held in self.values.items()}
            for case in ((*self.cells[by].names, None) if by else (None,))
        ]
        forms: list[dict[str, tuple[Fraction, Fraction]]] = []
        starts: list[float] = []
        needed = {each.name for each in _named(leaf) if isinstance(each, Param)}
        for values in cases:
            if any(values[name] is None for name in needed):  # the comparison is unknown there
                forms.append({})
                starts.append(0.0)
                continue
            try:
                line = _Line(parameter, values, names)
                forms.append(_added(line.of(leaf.left), line.of(leaf.right), -1))
            except _NoLine:
                return None
            starts.append(float(_plain(values[parameter], names)))
        columns = dict.fromkeys(name for form in forms for name in form)
        none = (Fraction(0), Fraction(0))
        tables = {
            name: np.array([[float(part) for part in form.get(name, none)] for form in forms]) for name in columns
        }
        if by is None:
            return starts[0], {name: (table[0, 0], table[0, 1]) for name, table in tables.items()}
        codes = self.cells[by].values
        return np.array(starts)[codes], {name: (t[codes, 0], t[codes, 1]) for name, t in tables.items()}

    def _turning(self, forms: Mapping[str, _Pair], high: set[str], op: Operator, whole: bool) -> Array:
        """(rows,) the parameter's value at which the comparison turns: the last that passes where it is whole."""
        level, slope = np.zeros(self.rows), np.zeros(self.rows)
        for name, (amount, rate) in forms.items():
            held: Any = 1.0 if not name else self.cells[name].high if name in high else self.cells[name].values
            if np.any(amount):
                level += amount * held
            if np.any(rate):
                slope += rate * held
        with np.errstate(divide="ignore", invalid="ignore"):
            at: Array = -level / slope
        at[slope == 0] = np.nan
        if not whole:
            return at
        if op == "=":
            return np.where(at == np.floor(at), at, np.nan)
        return np.where(slope > 0, _LAST[op](at), _LAST[MIRRORED[op]](at))


_Pair: TypeAlias = "tuple[Any, Any]"


class _NoLine(Exception):
    """The comparison is no straight line in the parameter."""


@dataclass(frozen=True)
class _Line:
    """Reads an amount as a straight line in one parameter; the key "" is the constant."""

    parameter: str
    values: Mapping[str, Bound]
    names: tuple[str, ...]

    def of(self, operand: Operand) -> dict[str, tuple[Fraction, Fraction]]:
        match operand:
            case Col(name):
                return {name: (Fraction(1), Fraction(0))}
            case Lit(value):
                return {"": (_plain(value, self.names), Fraction(0))}
            case Param(name) if name == self.parameter:
                return {"": (Fraction(0), Fraction(1))}
            case Param(name):
                return {"": (_plain(self.values[name], self.names), Fraction(0))}
            case Arith("*", left, right):
                return _multiplied(self.of(left), self.of(right))
            case Arith(op, left, right):
                return _added(self.of(left), self.of(right), 1 if op == "+" else -1)
        raise TypeError(operand)


def _added(a: Mapping[str, Any], b: Mapping[str, Any], sign: int) -> dict[str, tuple[Fraction, Fraction]]:
    none = (Fraction(0), Fraction(0))
    pairs = {name: (a.get(name, none), b.get(name, none)) for name in {**a, **b}}
    return {name: (x[0] + sign * y[0], x[1] + sign * y[1]) for name, (x, y) in pairs.items()}


def _multiplied(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Fraction, Fraction]]:
    factor, scaled = (a, b) if set(a) <= {""} else (b, a)
    f0, f1 = factor.get("", (Fraction(0), Fraction(0)))
    if f1 and any(rate for _, rate in scaled.values()):
        raise _NoLine
    return {name: (f0 * amount, f0 * rate + f1 * amount) for name, (amount, rate) in scaled.items()}


def _value_for(held: Bound, name: str | None) -> Bound:
    return dict(held.values).get(str(name), held.default) if isinstance(held, PerValue) else held


def _plain(value: Any, names: tuple[str, ...]) -> Fraction:
    """A typed value as a number in its held form: fen, a share, a day's number, a place in ``names``."""
    if isinstance(value, str):
        return Fraction(names.index(value))
    if isinstance(value, date):
        return Fraction(day_number(value))
    assert isinstance(value, int | Decimal)
    return Fraction(value)
