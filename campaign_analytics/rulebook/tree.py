"""The tree of a condition: a small closed set of nodes in negation normal form, and walks over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]
NEGATED: dict[Operator, Operator] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


@dataclass(frozen=True)
class Kind:
    """What a column or parameter holds: its type, its unit or currency, and the values of its list."""

    type: str
    unit: str = ""
    names: tuple[str, ...] = ()
    open: bool = False  # the list names the usual values; others may occur

    def __str__(self) -> str:
        return f"{self.type} ({self.unit})" if self.unit else self.type


@dataclass(frozen=True)
class Col:
    name: str
    kind: Kind


@dataclass(frozen=True)
class Param:
    name: str
    kind: Kind


@dataclass(frozen=True)
class Lit:
    value: int | str


@dataclass(frozen=True)
class Arith:
    op: Literal["+", "-", "*"]
    left: Operand
    right: Operand


Operand: TypeAlias = Col | Param | Lit | Arith


@dataclass(frozen=True)
class Compare:
    op: Operator
    left: Operand
    right: Operand


@dataclass(frozen=True)
class In:
    """``item`` among the names of ``among``; where ``item`` is a set, every member of it; negated: not so."""

    item: Operand
    among: Col | Param | tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Null:
    column: Col
    negated: bool = False


@dataclass(frozen=True)
class Flag:
    operand: Col | Param
    negated: bool = False


@dataclass(frozen=True)
class And:
    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Or:
    parts: tuple[Tree, ...]


Tree: TypeAlias = Compare | In | Null | Flag | And | Or


#: Reserved names: the moment of the assessment and its day in the rulebook's time zone.
CLOCK = {"as_of": Kind("time"), "today": Kind("day")}

#: Reserved columns: how many of a merchant's offers passed the gate, which rules on a ladder alone may name, and how
#: many offers a quota's group has, for its limit.
AFTER_THE_GATE = "offers_pre_qualified"
GROUP_SIZE = "group_size"


def walk(tree: Tree) -> Iterator[Compare | In | Null | Flag]:
    """The leaves of a tree, left to right."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from walk(part)
    else:
        yield tree


def operands(tree: Tree) -> Iterator[Col | Param]:
    """Every column and parameter of a tree, with repeats, left to right."""
    for leaf in walk(tree):
        match leaf:
            case Compare(_, left, right):
                yield from columns_and_parameters(left)
                yield from columns_and_parameters(right)
            case In(item, among):
                yield from columns_and_parameters(item)
                if not isinstance(among, tuple):
                    yield among
            case Null(column):
                yield column
            case Flag(operand):
                yield operand


def columns_and_parameters(operand: Operand) -> Iterator[Col | Param]:
    """Every column and parameter of an amount, with repeats, left to right."""
    if isinstance(operand, Arith):
        yield from columns_and_parameters(operand.left)
        yield from columns_and_parameters(operand.right)
    elif not isinstance(operand, Lit):
        yield operand


def negate(tree: Tree) -> Tree:
    """The tree that is true where ``tree`` is false and false where it is true."""
    match tree:
        case And(parts):
            return Or(tuple(map(negate, parts)))
        case Or(parts):
            return And(tuple(map(negate, parts)))
        case Compare(op, left, right):
            return Compare(NEGATED[op], left, right)
    return replace(tree, negated=not tree.negated)
