"""Conditions: SQL boolean expressions, read into a small closed tree in negation normal form.

This is the only place that knows sqlglot's parser; it reads a lone expression, so no statement gets further. NOT is
pushed into the comparisons, so every use of the tree (bits, positions, alternatives, repairs) is monotone. Types and
units are checked against the columns and parameters while reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError

from campaign_analytics.rulebook.tree import (
    CLOCK,
    NEGATED,
    And,
    Arith,
    Col,
    Compare,
    Flag,
    In,
    Kind,
    Lit,
    Null,
    Operand,
    Operator,
    Or,
    Param,
    Tree,
    columns_and_parameters,
)
from campaign_analytics.rulebook.values import did_you_mean


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a condition, and the offset in its text where it stands, if known."""

    message: str
    offset: int | None = None


class _Refused(Exception):
    def __init__(self, message: str, offset: int | None = None) -> None:
        self.problem = Problem(message, offset)
        super().__init__(message)


def parse(text: str, columns: Mapping[str, Kind], parameters: Mapping[str, Kind]) -> tuple[Tree | None, list[Problem]]:
    """Read a condition. Gives the tree, or ``None`` and every problem found."""
    reader = _Reader(text, columns, parameters)
    try:
        root = reader.sql()
        tree = reader.boolean(root, negated=False) if root is not None else None
    except RecursionError:
        return None, [_TOO_DEEP]
    return (None if reader.problems else tree), reader.problems


def is_plain_name(name: str) -> bool:
    """Whether a condition can name a column ``name`` and a parameter ``:name``; not so for words such as ``case``."""
    tree, _ = parse(f"{name} IS NULL OR :{name}", {name: Kind("flag")}, {name: Kind("flag")})
    return tree is not None


def parse_amount(
    text: str, columns: Mapping[str, Kind], parameters: Mapping[str, Kind]
) -> tuple[tuple[Operand, Kind] | None, list[Problem]]:
    """Read a number expression (a quota's limit) of the same language: what it is and of which kind."""
    reader = _Reader(text, columns, parameters)
    try:
        root = reader.sql()
        amount = reader.operand(root) if root is not None else None
    except _Refused as refused:
        return None, [refused.problem]
    except RecursionError:
        return None, [_TOO_DEEP]
    return amount, reader.problems


_SQL = Dialect.get_or_raise(None)  # the default dialect; others misread brackets
_TOO_DEEP = Problem("is nested too deeply to be read")
_COMPARISONS: dict[type[exp.Expression], Operator] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expression], Literal["+", "-", "*"]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_ARGUMENTS: dict[type[exp.Expression], set[str]] = {
    exp.Column: {"this"}, exp.Placeholder: {"this"}, exp.Literal: {"this", "is_string"}, exp.In: {"this",
    "expressions"},
    exp.Between: {"this", "low", "high"}, exp.Is: {"this", "expression"}, exp.Identifier: {"this", "quoted"},
    exp.Null: set(), exp.Not: {"this"}, exp.Paren: {"this"}, exp.Neg: {"this"},
}  # fmt: skip
_ALLOWED = "a condition is made of AND, OR, NOT, comparisons, IN, BETWEEN, IS NULL, + - * and names alone"
_PAIR = {"this", "expression"}
_SCALED = ("count", "money", "rate", "number")  # what a parameter may multiply or be multiplied by
_LITERAL = Kind("literal")


def _is_factor(kind: Kind) -> bool:
    """Whether an amount may be multiplied by one of this kind and keep its own."""
    return kind.type in ("rate", "number", "literal") or (kind.type == "count" and not kind.unit)


class _Reader:
    def __init__(self, text: str, columns: Mapping[str, Kind], parameters: Mapping[str, Kind]) -> None:
        self.text, self.columns, self.parameters = text, columns, parameters
        self.problems: list[Problem] = []

    def sql(self) -> Any:
        try:
            roots = _SQL.parse_into(exp.Condition, self.text)
        except SqlglotError as error:
            self.problems.append(self._unreadable(error))
            return None
        if len(roots) != 1 or roots[0] is None:
            self.problems.append(Problem("is empty" if not any(roots) else "holds more than one condition"))
            return None
        return roots[0]

    def _unreadable(self, error: SqlglotError) -> Problem:
        """What sqlglot says of the first thing that it could not read, in our words."""
        first = (getattr(error, "errors", None) or [{}])[0]
        said, word = str(first.get("description") or str(error).splitlines()[0]), first.get("highlight")
        if said.startswith("Invalid expression") and word:
            said = f"unexpected {word!r}"
        else:
            said = "something is missing" if said.startswith("Required keyword") else said.rstrip(".")
            said += f" near {word!r}" if word else ""
        offset = None
        if word:
            lines = self.text.splitlines(keepends=True)[: first["line"] - 1]
            offset = sum(map(len, lines)) + first["col"] - len(word)
        return Problem(f"cannot be read as a condition: {said}", offset)

    # ---- truth values

    def boolean(self, node: exp.Expression, negated: bool) -> Tree | None:
        """The tree of a truth-valued node, or None where it (or a part of it) was refused."""
        try:
            return self._boolean(node, negated)
        except _Refused as refused:
            self.problems.append(refused.problem)
            return None

    def _boolean(self, node: exp.Expression, negated: bool) -> Tree | None:
        kind = type(node)
        if kind in (exp.And, exp.Or):
            return self._junction(node, negated)
        self._check_arguments(node)
        if kind is exp.Paren:
            return self._boolean(node.this, negated)
        if kind is exp.Not:
            return self._boolean(node.this, not negated)
        if kind in _COMPARISONS:
            op = _COMPARISONS[kind]
            return self._comparison(NEGATED[op] if negated else op, node.this, node.expression, node)
        if kind is exp.Between:
            low = self._comparison("<" if negated else ">=", node.this, node.args["low"], node)
            high = self._comparison(">" if negated else "<=", node.this, node.args["high"], node)
            return Or((low, high)) if negated else And((low, high))
        if kind is exp.In:
            return self._membership(node, negated)
        if kind is exp.Is:
            return self._null(node, negated)
        if kind in (exp.Column, exp.Placeholder):
            operand, what = self.operand(node)
            if what.type != "flag":
                raise _Refused(f"{self._said(node)} is a {what}, not a condition", self._offset(node))
            assert isinstance(operand, Col | Param)
            return Flag(operand, negated)
        raise _Refused(f"{self._said(node)} is not a condition; {_ALLOWED}", self._offset(node))

    def _junction(self, node: exp.Expression, negated: bool) -> Tree | None:
        kind = type(node)
        parts: list[Tree | None] = []
        stack = [node]
        while stack:  # flattens long chains without recursion
            here = stack.pop()
            if type(here) is kind:
                stack += [here.expression, here.this]
            else:
                parts.append(self.boolean(here, negated))
        trees = tuple(part for part in parts if part is not None)
        if len(trees) < len(parts):
            return None
        return And(trees) if (kind is exp.And) != negated else Or(trees)

    def _comparison(self, op: Operator, left: exp.Expression, right: exp.Expression, node: exp.Expression) -> Compare:
        (a, ka), (b, kb) = self.operand(left), self.operand(right)
        ka, kb = self._literal_as(a, ka, kb, left), self._literal_as(b, kb, ka, right)
        at = self._offset(node)
        if ka == kb == _LITERAL:
            raise _Refused("compares two numbers, which no subject decides", at)
        if "flag" in (ka.type, kb.type):
            raise _Refused("a flag stands alone (write it bare, or NOT before it)", at)
        if "set" in (ka.type, kb.type):
            raise _Refused("a set is not compared; write IN", at)
        if (ka.type, ka.unit) != (kb.type, kb.unit):
            raise _Refused(f"compares {self._said(left)}, a {ka}, with {self._said(right)}, a {kb}", at)
        if ka.type == "text" and op not in ("=", "<>"):
            raise _Refused("texts have no order; write =, <> or IN", at)
        if ka.type in ("level", "text"):
            self._same_list(a, ka, b, kb, at)
        if ka.type == "text" and isinstance(a, Col) and isinstance(b, Col) and (ka.open or kb.open):
            raise _Refused("two columns of an open list are not compared", at)
        return Compare(op, a, b)

    def _same_list(self, a: Operand, ka: Kind, b: Operand, kb: Kind, at: int | None) -> None:
        if not ka.names and not kb.names:
            raise _Refused("free text is not compared; give the column a list (of = …) or options", at)
        if ka.names != kb.names:
            raise _Refused("compares values of two different lists", at)

    def _literal_as(self, operand: Operand, kind: Kind, other: Kind, node: exp.Expression) -> Kind:
        """The kind that a literal takes from what it is compared with; any other operand keeps its own."""
        if not isinstance(operand, Lit):
            return kind
        if isinstance(operand.value, str):
            if other.type not in ("level", "text"):
                raise _Refused(f"the text {operand.value!r} is compared with a {other}", self._offset(node))
            self._in_list(operand.value, other, node)
            return other
        if other.type not in (*_SCALED, "literal") or (other.type == "money" and operand.value):
            raise _Refused(f"the number {operand.value} is compared with a {other}", self._offset(node))
        return other

    def _in_list(self, name: str, kind: Kind, node: exp.Expression) -> None:
        if not kind.open and kind.names and name not in kind.names:
            raise _Refused(f"{name!r} is not in its list{did_you_mean(name, kind.names)}", self._offset(node))

    def _membership(self, node: exp.Expression, negated: bool) -> In:
        item, kind = self.operand(node.this)
        among = node.expressions
        at = self._offset(node)
        if len(among) == 1 and type(among[0]) in (exp.Placeholder, exp.Column):
            universe, held = self.operand(among[0])
            if held.type != "set":
                raise _Refused(f"IN ({self._said(among[0])}) needs a set, not a {held}", at)
            if isinstance(item, Lit):
                self._in_list(str(item.value), held, node.this)
            elif kind.type not in ("text", "level", "set"):
                raise _Refused(f"{self._said(node.this)} is a {kind}; IN needs a text, a level or a set", at)
            elif kind.names != held.names:
                raise _Refused(f"{self._said(node.this)} and {self._said(among[0])} are of different lists", at)
            if isinstance(universe, Col) and isinstance(item, Col):
                raise _Refused("two columns in one IN; a parameter or quoted values are expected", at)
            assert isinstance(universe, Col | Param)
            return In(item, universe, negated)
        if isinstance(item, Lit) or kind.type not in ("text", "level", "set"):
            raise _Refused(f"{self._said(node.this)} cannot be looked up in quoted values", at)
        if not among or not all(type(each) is exp.Literal and each.is_string for each in among):
            raise _Refused("IN takes one set parameter, one set column, or quoted values", at)
        for each in among:
            self._in_list(each.this, kind, each)
        return In(item, tuple(each.this for each in among), negated)

    def _null(self, node: exp.Expression, negated: bool) -> Null:
        if type(node.this) is not exp.Column or type(node.expression) is not exp.Null:
            raise _Refused("IS is only for `column IS NULL` and `column IS NOT NULL`", self._offset(node))
        column, _ = self.operand(node.this)
        if not isinstance(column, Col):
            raise _Refused(f"{self._said(node.this)} is never missing", self._offset(node))
        return Null(column, negated)

    # ---- amounts

    def operand(self, node: exp.Expression) -> tuple[Operand, Kind]:
        """The operand behind a node and its kind; raises ``_Refused``."""
        kind = type(node)
        self._check_arguments(node)
        if kind is exp.Paren:
            return self.operand(node.this)
        if kind is exp.Column:
            return self._column(node)
        if kind is exp.Placeholder:
            name = str(node.this or "")
            if not name:
                raise _Refused("a parameter is written :name")
            if name not in self.parameters:
                near = did_you_mean(name, self.parameters)
                raise _Refused(f"unknown parameter ':{name}'{near}", self._offset(node))
            return Param(name, self.parameters[name]), self.parameters[name]
        if kind is exp.Literal:
            if node.is_string:
                return Lit(str(node.this)), _LITERAL
            if node.this not in ("0", "1"):
                raise _Refused(
                    f"the number {node.this} must be a parameter (only 0 and 1 are written)", self._offset(node)
                )
            return Lit(int(node.this)), _LITERAL
        if kind is exp.Neg:
            inner, what = self.operand(node.this)
            self._can_count(inner, what, node.this, days=False)
            return Arith("-", Lit(0), inner), what
        if kind in _ARITHMETIC:
            return self._arithmetic(_ARITHMETIC[kind], node)
        raise _Refused(f"{self._said(node)} is not an amount; {_ALLOWED}", self._offset(node))

    def _column(self, node: exp.Expression) -> tuple[Operand, Kind]:
        self._check_arguments(node.this)
        name = str(node.this.this)
        if name in CLOCK:
            return Param(name, CLOCK[name]), CLOCK[name]
        if name not in self.columns:
            raise _Refused(f"unknown column {name!r}{did_you_mean(name, self.columns)}", self._offset(node))
        return Col(name, self.columns[name]), self.columns[name]

    def _can_count(self, operand: Operand, kind: Kind, node: exp.Expression, days: bool = True) -> None:
        if kind.type in ("number", "rate") and any(isinstance(each, Col) for each in columns_and_parameters(operand)):
            raise _Refused(f"{self._said(node)} is a {kind}: it is compared, never calculated with", self._offset(node))
        if kind.type not in (*_SCALED, "literal", *(["day"] if days else [])) or (
            isinstance(operand, Lit) and isinstance(operand.value, str)
        ):
            raise _Refused(f"{self._said(node)} is a {kind}: it cannot be calculated with", self._offset(node))

    def _arithmetic(self, op: Literal["+", "-", "*"], node: exp.Expression) -> tuple[Operand, Kind]:
        (a, ka), (b, kb) = self.operand(node.this), self.operand(node.expression)
        self._can_count(a, ka, node.this)
        self._can_count(b, kb, node.expression)
        result = Arith(op, a, b)
        at = self._offset(node)
        if op == "*":
            if any(isinstance(x, Col) for x in columns_and_parameters(a)) and any(
                isinstance(x, Col) for x in columns_and_parameters(b)
            ):
                raise _Refused("multiplies two columns; one side must be parameters alone", at)
            if "day" in (ka.type, kb.type):
                raise _Refused("a day cannot be multiplied", at)
            factor, scaled = (ka, kb) if _is_factor(ka) else (kb, ka)
            if not _is_factor(factor):
                raise _Refused(f"multiplies a {ka} by a {kb}; one side must be a rate, a number or a plain count", at)
            return result, scaled
        if ka.type == "literal" or kb.type == "literal":
            self._literal_as(a, ka, kb, node.this)
            self._literal_as(b, kb, ka, node.expression)
            return result, kb if ka.type == "literal" else ka
        if ka.type == kb.type == "day" and op == "-":
            return result, Kind("count", "day")
        if ka.type == "day" and (kb.type, kb.unit) == ("count", "day"):
            return result, ka
        if (ka.type, ka.unit) != (kb.type, kb.unit) or ka.type == "day":
            raise _Refused(f"{'adds' if op == '+' else 'subtracts'} a {ka} and a {kb}", at)
        return result, ka

    # ---- places

    def _check_arguments(self, node: exp.Expression) -> None:
        allowed = _ARGUMENTS.get(type(node), _PAIR)
        extra = [name for name, value in node.args.items() if value not in (None, [], False) and name not in allowed]
        if extra or (type(node) is exp.Identifier and node.args.get("quoted")):
            raise _Refused(f"{self._said(node)} is not allowed in a condition", self._offset(node))

    def _said(self, node: exp.Expression) -> str:
        return f"'{node.sql()}'"

    def _offset(self, node: exp.Expression) -> int | None:
        """Where the node begins in the text: at its leftmost name, parameter or literal."""
        starts = [int(each.meta["start"]) for each in node.walk() if "start" in each.meta]
        for each in node.find_all(exp.Placeholder):  # they have no place of their own
            found = re.search(rf":{re.escape(str(each.this))}(?!\w)", self.text)
            starts += [found.start()] if found else []
        return min(starts, default=None)
