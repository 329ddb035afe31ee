"""Parameters bound, and every comparison put on exact ground once, for every engine.

Counts, money, days and times become whole numbers: a comparison with arithmetic is multiplied out until no
fraction is left. Rates
and scores are the nearest double of their decimal text and are compared as they stand. No float takes part in
arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from campaign_analytics.rulebook.tree import (
    And,
    Arith,
    Col,
    Compare,
    Flag,
    In,
    Lit,
    Null,
    Operand,
    Operator,
    Or,
    Param,
    Tree,
    walk,
)
from campaign_analytics.rulebook.values import Value, day_number, instant

Number: TypeAlias = int | float


@dataclass(frozen=True)
class PerValue:
    """A parameter with a value per value of a column: ``values``, else ``default``, else not known."""

    by: str
    values: tuple[tuple[str, Value], ...]
    default: Value | None = None


Bound: TypeAlias = "Value | PerValue | None"


@dataclass(frozen=True)
class PerName:
    """A number for each name of the text column ``by``; ``default`` for all others, None = not known."""

    by: str
    values: tuple[tuple[str, Number], ...]
    default: Number | None


@dataclass(frozen=True)
class Sum:
    """``coefficient * column + ... op bound``, in the held forms of the columns."""

    terms: tuple[tuple[int | PerName, str], ...]
    op: Operator
    bound: Number | PerName


@dataclass(frozen=True)
class Among:
    """The name of a text or level column is (negated: is not) one of ``names``."""

    column: str
    names: frozenset[str]
    negated: bool


@dataclass(frozen=True)
class Within:
    """Every member of a set column is (negated: not every one is) one of ``names``."""

    column: str
    names: frozenset[str]
    negated: bool


@dataclass(frozen=True)
class Holds:
    """A set column holds (negated: does not hold) ``name``."""

    column: str
    name: str
    negated: bool


@dataclass(frozen=True)
class Missing:
    column: str
    negated: bool


@dataclass(frozen=True)
class Is:
    """A flag column is true (negated: false)."""

    column: str
    negated: bool


@dataclass(frozen=True)
class Fixed:
    """Decided by the parameters alone."""

    value: bool


@dataclass(frozen=True)
class Open:
    """Decided by nothing that is there: unknown for every subject."""


@dataclass(frozen=True)
class All:
    parts: tuple[Exact, ...]


@dataclass(frozen=True)
class Any_:
    parts: tuple[Exact, ...]


Test: TypeAlias = Sum | Among | Within | Holds | Missing | Is
Exact: TypeAlias = Test | Fixed | Open | All | Any_


def bind(tree: Tree, values: Mapping[str, Bound]) -> Exact:
    """Put parameters (and ``as_of``, ``today``) into a condition; all of them must be set.

    What the parameters alone decide is folded away, so a ``Fixed`` is only ever the whole result.
    """
    if isinstance(tree, And | Or):
        return junction(isinstance(tree, And), [bind(part, values) for part in tree.parts])
    match tree:
        case Compare():
            return _compare(tree, values)
        case In():
            return _membership(tree, values)
        case Null(column, negated):
            return Missing(column.name, negated)
        case Flag(Col(name), negated):
            return Is(name, negated)
        case Flag(Param(name), negated):
            return Fixed(bool(values[name]) != negated)
    raise TypeError(tree)


def junction(conjunctive: bool, parts: list[Exact]) -> Exact:
    """AND or OR of bound parts, with fixed parts and nested ones of the same kind folded."""
    kept: list[Exact] = []
    for part in parts:
        if isinstance(part, Fixed):
            if part.value != conjunctive:
                return part
        elif isinstance(part, All if conjunctive else Any_):
            kept += part.parts
        else:
            kept.append(part)
    if len(kept) < 2:
        return kept[0] if kept else Fixed(conjunctive)
    return All(tuple(kept)) if conjunctive else Any_(tuple(kept))


def per_value_columns(tree: Tree, values: Mapping[str, Bound]) -> set[str]:
    """The columns by whose values the tree's parameters vary."""
    found = set()
    for leaf in walk(tree):
        sides = [leaf.left, leaf.right] if isinstance(leaf, Compare) else []
        found |= {held.by for side in sides for held in _varying(side, values)}
    return found


def _varying(operand: Operand, values: Mapping[str, Bound]) -> list[PerValue]:
    if isinstance(operand, Arith):
        return _varying(operand.left, values) + _varying(operand.right, values)
    held = values.get(operand.name) if isinstance(operand, Param) else None
    return [held] if isinstance(held, PerValue) else []


# ---- comparisons


def _compare(tree: Compare, values: Mapping[str, Bound]) -> Exact:
    kind = next((side.kind for side in (tree.left, tree.right) if isinstance(side, Col | Param)), None)
    if kind is not None and kind.type == "text":
        return _compare_texts(tree, values)
    varying = _varying(tree.left, values) + _varying(tree.right, values)
    if not varying:
        return _sum_of(tree.op, _difference(tree, values))
    by = varying[0].by
    names = sorted({name for held in varying for name, _ in held.values})
    cases: list[tuple[str, dict[str, Fraction | float]]] = []
    for name in names:
        bound = {**values, **{p: _value_for(v, name) for p, v in values.items()}}
        if all(_value_for(held, name) is not None for held in varying):
            cases.append((name, _difference(tree, bound)))
    rest = {p: v.default if isinstance(v, PerValue) else v for p, v in values.items()}
    default = _difference(tree, rest) if all(held.default is not None for held in varying) else None
    return _sum_by(tree.op, by, cases, default)


def _value_for(bound: Bound, name: str) -> Bound:
    return dict(bound.values).get(name, bound.default) if isinstance(bound, PerValue) else bound


def _compare_texts(tree: Compare, values: Mapping[str, Bound]) -> Exact:
    left, right = tree.left, tree.right
    negated = tree.op == "<>"
    if isinstance(left, Col) and isinstance(right, Col):  # closed lists, so codes stand for the same names
        return Sum(((1, left.name), (-1, right.name)), tree.op, 0)
    if isinstance(right, Col):
        left, right = right, left
    name = _text(right, values)
    if isinstance(left, Col):
        return Among(left.name, frozenset((name,)), negated)
    return Fixed((_text(left, values) == name) != negated)


def _text(operand: Operand, values: Mapping[str, Bound]) -> str:
    return str(
        operand.value if isinstance(operand, Lit) else values[operand.name] if isinstance(operand, Param) else ""
    )


_CONSTANT = ""  # the key of the constant in a linear form


def _difference(tree: Compare, values: Mapping[str, Bound]) -> dict[str, Fraction | float]:
    """left - right as a linear form over columns; for a bare rate or score against a constant, the constant as a
    float."""
    sides = (tree.left, tree.right)
    columns = [side for side in sides if isinstance(side, Col)]
    if columns and columns[0].kind.type in ("rate", "number"):
        form: dict[str, Fraction | float] = {}
        for side, sign in zip(sides, (1, -1), strict=True):
            if isinstance(side, Col):
                form[side.name] = form.get(side.name, Fraction(0)) + Fraction(sign)
            else:  # no column, so it is exact until here and rounded to its nearest double once
                form[_CONSTANT] = sign * float(_linear(side, None, values).get(_CONSTANT, Fraction(0)))
        return form
    names = next(
        (side.kind.names for side in sides if isinstance(side, Col | Param) and side.kind.type == "level"), None
    )
    left, right = (_linear(side, names, values) for side in sides)
    return _add(left, right, -1)


def _add(a: Mapping[str, Any], b: Mapping[str, Any], sign: int) -> dict[str, Any]:
    return {key: a.get(key, Fraction(0)) + sign * b.get(key, Fraction(0)) for key in {**a, **b}}


def _linear(operand: Operand, names: tuple[str, ...] | None, values: Mapping[str, Bound]) -> dict[str, Fraction]:
    match operand:
        case Col(name):
            return {name: Fraction(1)}
        case Param(name):
            return {_CONSTANT: _fraction(values[name], names)}
        case Lit(value):
            return {_CONSTANT: _fraction(value, names)}
        case Arith(op, left, right):
            a, b = _linear(left, names, values), _linear(right, names, values)
            if op != "*":
                return _add(a, b, 1 if op == "+" else -1)
            factor, scaled = (a, b) if set(a) <= {_CONSTANT} else (b, a)
            return {key: value * factor.get(_CONSTANT, Fraction(0)) for key, value in scaled.items()}
    raise TypeError(operand)


def _fraction(value: Bound, names: tuple[str, ...] | None) -> Fraction:
    if isinstance(value, str) and names is not None:
        return Fraction(names.index(value))
    if isinstance(value, datetime):
        return Fraction(instant(value))
    if isinstance(value, date):
        return Fraction(day_number(value))
    assert isinstance(value, int | Decimal)
    return Fraction(value)


_HOLDS: dict[Operator, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
MIRRORED: dict[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _sum_of(op: Operator, form: Mapping[str, Fraction | float]) -> Exact:
    constant = form.get(_CONSTANT, Fraction(0))
    columns = {name: c for name, c in form.items() if name != _CONSTANT}  # x - x stays: unknown where x is missing
    if not columns:
        return Fixed(_HOLDS[op](constant, 0))
    if isinstance(constant, float):
        (name, sign), *_ = columns.items()
        return Sum(((1, name),), op if sign > 0 else MIRRORED[op], -constant if sign > 0 else constant)
    whole = _whole([*columns.values(), constant])
    terms = tuple((int(c * whole), name) for name, c in columns.items())
    bound = int(-constant * whole)
    if len(terms) > 1 or terms[0][0] == 0:
        return Sum(terms, op, bound)
    ((coefficient, name),) = terms
    if coefficient < 0:
        coefficient, bound, op = -coefficient, -bound, MIRRORED[op]
    if coefficient == 1 or op in ("=", "<>"):
        return Sum(((coefficient, name),), op, bound)
    rounded = -(-bound // coefficient) if op in (">=", "<") else bound // coefficient
    return Sum(((1, name),), op, rounded)


def _whole(numbers: list[Any]) -> int:
    return math.lcm(*(Fraction(n).denominator for n in numbers))


def _sum_by(
    op: Operator,
    by: str,
    cases: list[tuple[str, dict[str, Fraction | float]]],
    default: dict[str, Fraction | float] | None,
) -> Exact:
    """One comparison whose numbers depend on the name in column ``by``, on one common scale."""
    forms = [form for _, form in cases] + ([default] if default else [])
    if not forms:
        return Sum(((1, by),), "=", PerName(by, (), None))
    columns = list(dict.fromkeys(name for form in forms for name in form if name != _CONSTANT))
    exact = all(isinstance(form.get(_CONSTANT, Fraction(0)), Fraction) for form in forms)
    whole = _whole([n for form in forms for n in form.values()]) if exact else 1

    def table(key: str, sign: int) -> int | PerName:
        def scaled(form: Mapping[str, Any]) -> Any:
            value = sign * form.get(key, Fraction(0)) * whole
            return value if isinstance(value, float) else int(value)

        rest = None if default is None else scaled(default)
        held = tuple((name, scaled(form)) for name, form in cases)
        if key != _CONSTANT and len({*(n for _, n in held), *([] if default is None else [rest])}) == 1:
            return int(scaled(forms[0]))
        return PerName(by, held, rest)

    terms = tuple((table(name, 1), name) for name in columns)
    bound = table(_CONSTANT, -1)
    if len(terms) == 1 and terms[0][0] == -1:
        return Sum(((1, columns[0]),), MIRRORED[op], table(_CONSTANT, 1))
    return Sum(terms, op, bound)


def _membership(tree: In, values: Mapping[str, Bound]) -> Exact:
    item, among, negated = tree.item, tree.among, tree.negated
    if isinstance(among, Col):
        return Holds(among.name, _text(item, values), negated)
    held = values[among.name] if isinstance(among, Param) else frozenset(among)
    assert isinstance(held, frozenset)
    if isinstance(item, Col):
        return (Within if item.kind.type == "set" else Among)(item.name, held, negated)
    assert isinstance(item, Param | Lit)
    own = values[item.name] if isinstance(item, Param) else item.value
    return Fixed((own <= held if isinstance(own, frozenset) else own in held) != negated)


def columns(exact: Exact) -> set[str]:
    """The columns that a bound condition reads."""
    match exact:
        case All(parts) | Any_(parts):
            return {name for part in parts for name in columns(part)}
        case Fixed() | Open():
            return set()
        case Sum(terms, _, bound):
            varying = [each for each in (*(c for c, _ in terms), bound) if isinstance(each, PerName)]
            return {name for _, name in terms} | {each.by for each in varying}
    return {exact.column}


def opened(exact: Exact, gone: frozenset[str]) -> Exact:
    """The condition with every test of a column in ``gone`` left open, ``IS NULL`` included: the column was never
    made."""
    if isinstance(exact, All | Any_):
        return junction(isinstance(exact, All), [opened(part, gone) for part in exact.parts])
    return Open() if gone & columns(exact) else exact


def largest_sum(test: Sum, sizes: Mapping[str, int]) -> int:
    """What no part of an integer comparison can exceed, given each column's largest absolute value."""
    return _largest(test.bound) + sum(_largest(c) * max(sizes[column], 1) for c, column in test.terms)


def _largest(number: Number | PerName) -> int:
    if isinstance(number, PerName):
        return max((abs(int(n)) for n in (*(v for _, v in number.values), number.default or 0)), default=0)
    return abs(int(number))
