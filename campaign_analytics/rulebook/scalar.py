"""One condition, one subject, in exact fractions: the plainest reading of a rule, and the oracle of every engine.

A subject's values are typed as in ``values`` (money in fen, rates as ``Decimal``); ``None`` is missing, ``UNREAD``
missing because it is not understood, ``Range`` a cell known only as a range. The outcome is SQL's: True, False, or
``None`` for unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from campaign_analytics.rulebook.exact import Bound, PerValue
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
    operands,
)
from campaign_analytics.rulebook.values import day_number, instant


class _Unread:
    """The one value of ``UNREAD``."""

    def __repr__(self) -> str:
        return "UNREAD"


#: A cell in which something stood that is not understood, or on which rows conflict: missing, but not blank.
UNREAD = _Unread()


@dataclass(frozen=True)
class Range:
    """A cell of which only the two ends are known, both included."""

    low: Any
    high: Any


def truth(tree: Tree, row: Mapping[str, Any], values: Mapping[str, Bound]) -> bool | None:
    """Kleene's truth of ``tree`` for one subject; a column that ``row`` lacks is missing."""
    match tree:
        case And(parts):
            return _all([truth(part, row, values) for part in parts])
        case Or(parts):
            denied = _all([_not(truth(part, row, values)) for part in parts])
            return _not(denied)
        case Null(column, negated):
            held = row.get(column.name)
            return None if held is UNREAD else (held is None) != negated
        case Flag(operand, negated):
            held = _value(operand, row, values)
            return None if held is None else bool(held) != negated
        case In(item, among, negated):
            member = _value(item, row, values)
            universe = frozenset(among) if isinstance(among, tuple) else _value(among, row, values)
            if member is None or universe is None:
                return None
            return (member <= universe if isinstance(member, frozenset) else member in universe) != negated
        case Compare(op, left, right):
            return _compare(op, left, right, row, values)
    raise TypeError(tree)


def never_false(tree: Tree, values: Mapping[str, Bound]) -> bool | None:
    """Whether a condition over parameters alone is false for no value of those that vary; None where one is not set."""
    held = [values.get(each.name) for each in operands(tree)]
    if None in held:
        return None
    names: dict[str, set[str]] = {}
    for each in held:
        if isinstance(each, PerValue):
            names.setdefault(each.by, {""}).update(name for name, _ in each.values)  # "" stands for all others
    rows = (dict(zip(names, row, strict=True)) for row in product(*names.values()))
    return not any(truth(tree, row, values) is False for row in rows)


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _value(operand: Operand, row: Mapping[str, Any], values: Mapping[str, Bound]) -> Any:
    if isinstance(operand, Lit):
        return operand.value
    if isinstance(operand, Col):
        held = row.get(operand.name)
        return None if held is UNREAD else held
    assert isinstance(operand, Param)
    held = values[operand.name]
    if isinstance(held, PerValue):
        name = row.get(held.by)
        return None if name is None or name is UNREAD else dict(held.values).get(name, held.default)
    return held


def _compare(
    op: Operator, left: Operand, right: Operand, row: Mapping[str, Any], values: Mapping[str, Bound]
) -> bool | None:
    leaf = next((side for side in (left, right) if isinstance(side, Col | Param)), None)
    kind = leaf.kind if leaf else None
    if kind is not None and kind.type == "text":
        a, b = _value(left, row, values), _value(right, row, values)
        return None if a is None or b is None else (a == b) == (op == "=")
    nearest = any(isinstance(side, Col) and side.kind.type in ("rate", "number") for side in (left, right))
    names = kind.names if kind else ()
    a, b = (_ends(side, row, values, names) for side in (left, right))
    if a is None or b is None:
        return None
    if nearest:
        a, b = tuple(map(float, a)), tuple(map(float, b))
    return _holds(op, a, b)


def _holds(op: Operator, a: tuple[Any, Any], b: tuple[Any, Any]) -> bool | None:
    match op:
        case "<":
            return True if a[1] < b[0] else False if a[0] >= b[1] else None
        case "<=":
            return True if a[1] <= b[0] else False if a[0] > b[1] else None
        case ">" | ">=":
            return _holds("<" if op == ">" else "<=", b, a)
        case "=":
            return False if a[1] < b[0] or a[0] > b[1] else True if a[0] == a[1] == b[0] == b[1] else None
        case "<>":
            return _not(_holds("=", a, b))


def _ends(
    operand: Operand, row: Mapping[str, Any], values: Mapping[str, Bound], names: tuple[str, ...]
) -> tuple[Fraction, Fraction] | None:
    """The least and the greatest that an operand can be; None where a part of it is missing."""
    if not isinstance(operand, Arith):
        held = _value(operand, row, values)
        if held is None:
            return None
        low, high = (held.low, held.high) if isinstance(held, Range) else (held, held)
        return _number(low, names), _number(high, names)
    a, b = (_ends(side, row, values, names) for side in (operand.left, operand.right))
    if a is None or b is None:
        return None
    if operand.op == "+":
        return a[0] + b[0], a[1] + b[1]
    if operand.op == "-":
        return a[0] - b[1], a[1] - b[0]
    products = [x * y for x in a for y in b]
    return min(products), max(products)


def _number(value: Any, names: tuple[str, ...]) -> Fraction:
    if isinstance(value, str):
        return Fraction(names.index(value))
    if isinstance(value, datetime):
        return Fraction(instant(value))
    if isinstance(value, date):
        return Fraction(day_number(value))
    assert isinstance(value, int | Decimal | float | Fraction)
    return Fraction(value)
