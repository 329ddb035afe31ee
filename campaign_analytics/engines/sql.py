"""Bound conditions as SQL, built as a tree: the same exact conditions for engines that read tables too big for memory.

Columns hold what ``Cells`` holds, with NULL for a missing cell: levels as places in their list, sets as bits, money in
minor units, days and times as numbers; texts by name. A range column ``x`` has its high end in ``x__high`` (equal to
``x`` where it is known exactly); ``x__unread`` is true where ``x`` is missing because it was not understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.market.typed import HIGH, UNREAD
from campaign_analytics.rulebook.exact import (
    All,
    Among,
    Any_,
    Exact,
    Fixed,
    Holds,
    Is,
    Missing,
    Number,
    Open,
    PerName,
    Sum,
    Within,
    largest_sum,
)
from campaign_analytics.rulebook.tree import Operator

_COMPARISON: dict[Operator, type[exp.Binary]] = {
    "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    """How a column is held: its type, list and largest absolute value; whether it has ranges, cells not understood."""

    type: str
    names: tuple[str, ...] = ()
    size: int = 2**31
    ranged: bool = False
    unread: bool = False


def words(rules: Sequence[tuple[int, Exact]], held: Mapping[str, Held]) -> dict[int, exp.Expr]:
    """By number of a word that has rules: its expression. ``rules`` gives each rule's bit, across all words."""
    numbers = sorted({bit // RULES_PER_WORD for bit, _ in rules})
    return {
        number: word([(bit % RULES_PER_WORD, exact) for bit, exact in rules if bit // RULES_PER_WORD == number], held)
        for number in numbers
    }


def word(rules: Sequence[tuple[int, Exact]], held: Mapping[str, Held]) -> exp.Expr:
    """One BIGINT expression for up to 32 rules: bit ``i`` where rule ``i`` fails, bit ``32 + i`` where it is unknown.

    Evaluates each condition once, or where it reads a range column twice: with the ranges' best ends, then with
    the worst.
    """
    total: exp.Expr = _integer(0)
    for bit, exact in rules:
        fail, unknown = _bit(bit), _bit(bit + RULES_PER_WORD)
        best, worst = condition(exact, held, best=True), condition(exact, held, best=False)
        if best == worst:
            case = exp.Case(this=best).when(exp.true(), _integer(0), copy=False).when(exp.false(), fail, copy=False)
        else:
            case = (
                exp.Case()
                .when(exp.Not(this=exp.Paren(this=best)), fail, copy=False)
                .when(worst, _integer(0), copy=False)
            )
        total = exp.Add(this=total, expression=case.else_(unknown, copy=False))
    return total


def condition(exact: Exact, held: Mapping[str, Held], best: bool = True) -> exp.Expr:
    """A bound condition as a SQL boolean expression.

    Where it reads ranges, ``best`` takes the ends that favour it (then FALSE is certain), else the ends that do
    not (then TRUE is).
    """
    match exact:
        case Fixed(value):
            return exp.true() if value else exp.false()
        case Open():
            return exp.cast(exp.null(), "BOOLEAN")
        case All(parts):
            return exp.and_(*(exp.Paren(this=condition(part, held, best)) for part in parts))
        case Any_(parts):
            return exp.or_(*(exp.Paren(this=condition(part, held, best)) for part in parts))
        case Missing(column, negated) if held[column].unread:
            blank = exp.Is(this=exp.column(column), expression=exp.null())
            told = exp.Not(this=exp.column(column + UNREAD))
            return _negated(exp.Case().when(told, blank, copy=False), negated)
        case Missing(column, negated):
            return _negated(exp.Is(this=exp.column(column), expression=exp.null()), negated)
        case Is(column, negated):
            return _negated(exp.column(column), negated)
        case Among(column, names, negated):
            return _among(column, names, negated, held[column])
        case Within(column, names, negated):
            outside = _bits([name for name in held[column].names if name not in names], held[column])
            return _bit_test(column, outside, exp.NEQ if negated else exp.EQ)
        case Holds(column, name, negated):
            return _bit_test(column, _bits([name], held[column]), exp.EQ if negated else exp.NEQ)
        case Sum():
            return _sum(exact, held, best)


def _negated(expression: exp.Expr, negated: bool) -> exp.Expr:
    return exp.Not(this=expression) if negated else expression


def _among(column: str, names: frozenset[str], negated: bool, held: Held) -> exp.Expr:
    here = exp.column(column)
    if held.type == "level":
        chosen: list[exp.Expr] = [_integer(i) for i, name in enumerate(held.names) if name in names]
    else:
        chosen = [exp.Literal.string(name) for name in sorted(names)]
    if not chosen:  # IN () is no SQL; a comparison that is never true, and NULL where the column is
        return _negated(exp.NEQ(this=here, expression=here.copy()), negated)
    return _negated(exp.In(this=here, expressions=chosen), negated)


def _bits(names: list[str], held: Held) -> int:
    return sum(1 << held.names.index(name) for name in names)


def _bit_test(column: str, mask: int, test: type[exp.Binary]) -> exp.Expr:
    held = exp.Paren(this=exp.BitwiseAnd(this=exp.column(column), expression=_integer(mask)))
    return test(this=held, expression=_integer(0))


def _sum(test: Sum, held: Mapping[str, Held], best: bool) -> exp.Expr:
    low, high = ("low", "high") if best else ("high", "low")
    match test.op:
        case "=" if _ranged(test, held):
            parts = (_compared(test, "<=", held, low), _compared(test, ">=", held, high))
            return exp.and_(*(exp.Paren(this=part) for part in parts))
        case "<>" if _ranged(test, held):
            parts = (_compared(test, "<", held, low), _compared(test, ">", held, high))
            return exp.or_(*(exp.Paren(this=part) for part in parts))
    return _compared(test, test.op, held, high if test.op in (">", ">=") else low)


def _ranged(test: Sum, held: Mapping[str, Held]) -> bool:
    return any(held[column].ranged for _, column in test.terms)


def _compared(test: Sum, op: Operator, held: Mapping[str, Held], end: str) -> exp.Expr:
    """``sum op bound`` with the sum at one end of its ranges."""
    wide = _wide(test, held)
    terms = [_term(coefficient, column, held, end, wide) for coefficient, column in test.terms]
    total = terms[0] if terms else _integer(0)  # no column: parameters that vary by one
    for term in terms[1:]:
        total = exp.Add(this=total, expression=term)
    bound = _per_name(test.bound, held) if isinstance(test.bound, PerName) else _number(test.bound)
    return _COMPARISON[op](this=total, expression=bound)


def _wide(test: Sum, held: Mapping[str, Held]) -> str | None:
    """The type in which whole numbers are calculated, wide enough for any sum; none where a bare column is compared."""
    if (len(test.terms) == 1 and test.terms[0][0] == 1) or any(
        held[c].type in ("rate", "number") for _, c in test.terms
    ):
        return None
    return (
        "BIGINT"
        if largest_sum(test, {name: column.size for name, column in held.items()}) < 2**63
        else "DECIMAL(38, 0)"
    )


def _term(coefficient: int | PerName, column: str, held: Mapping[str, Held], end: str, wide: str | None) -> exp.Expr:
    names = [column, column + HIGH if held[column].ranged else column]
    low, high = (exp.cast(exp.column(name), wide) if wide else exp.column(name) for name in names)
    if isinstance(coefficient, PerName):
        first, second = (exp.Mul(this=_per_name(coefficient, held), expression=each) for each in (low, high))
        choose = exp.Least if end == "low" else exp.Greatest
        return choose(this=first, expressions=[second]) if held[column].ranged else first
    here = high if (end == "high") == (coefficient >= 0) else low
    return here if coefficient == 1 else exp.Mul(this=_integer(coefficient), expression=here)


def _per_name(numbers: PerName, held: Mapping[str, Held]) -> exp.Expr:
    by = held[numbers.by]
    case = exp.Case()
    for name, number in numbers.values:
        key = _integer(by.names.index(name)) if by.type == "level" else exp.Literal.string(name)
        case = case.when(exp.EQ(this=exp.column(numbers.by), expression=key), _number(number), copy=False)
    rest: exp.Expr = exp.null() if numbers.default is None else _number(numbers.default)
    known = exp.Not(this=exp.Is(this=exp.column(numbers.by), expression=exp.null()))
    return exp.Paren(this=case.when(known, rest, copy=False))


def _number(number: Number) -> exp.Expr:
    return _integer(number) if isinstance(number, int) else exp.cast(exp.Literal.string(repr(number)), "DOUBLE")


def _bit(place: int) -> exp.Expr:
    """One bit of a BIGINT; the highest is its sign, and no literal of it has one."""
    if place < 63:
        return _integer(1 << place)
    return exp.Paren(this=exp.Sub(this=_integer(-(1 << 62)), expression=_integer(1 << 62)))


def _integer(number: int) -> exp.Expr:
    """A whole number as a literal; beyond 32 bits cast, so that no engine takes a wider type than 64 bits."""
    literal: exp.Expr = exp.Literal.number(abs(number))
    literal = exp.Neg(this=literal) if number < 0 else literal
    return literal if abs(number) < 2**31 else exp.cast(literal, "BIGINT")
