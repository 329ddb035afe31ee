"""Bound conditions compiled to array steps: equal steps are made once, constants folded, missing cells and ranges
kept apart.

Each condition yields two truth values: ``no`` (certainly false) and ``doubt`` (not certainly true). Where a column
has neither missing
cells nor ranges the two are one step. A missing cell clears ``no`` and sets ``doubt``; a range answers ``no`` with
its best end and ``doubt`` with its worst.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import (
    MIRRORED,
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
from campaign_analytics.rulebook.tree import NEGATED, Operator

TRUE, FALSE = -1, -2  # constants, in place of a step's number
_FEW_NAMES = 8  # up to so many equality tests are faster than one look-up
_UFUNC: dict[Operator, np.ufunc] = {
    "=": np.equal, "<>": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
Part = Literal["values", "high", "missing", "unread"]


@dataclass(frozen=True)
class Step:
    """``function(*inputs, out=)``: an input is an earlier step's number, or a constant held in ``constants``."""

    function: Any
    inputs: tuple[int, ...]
    constants: tuple[Any, ...]
    dtype: Any  # of the result; None for a column, which is read where it lies


@dataclass(frozen=True)
class Planes:
    """The numbers of the steps that answer "certainly false" and "not certainly true"."""

    no: int
    doubt: int


class Builder:
    """Collects the steps of many conditions over one table's columns."""

    def __init__(self, cells: Mapping[str, Cells]) -> None:
        self.cells = cells
        self.steps: list[Step] = []
        self.sources: dict[int, Array] = {}
        self._known: dict[Any, int] = {}
        self._tables: dict[Any, Array] = {}  # one array for equal look-up tables, so that equal steps are seen as such

    # ---- steps

    def _step(
        self, function: Any, inputs: tuple[int, ...], constants: tuple[Any, ...] = (), dtype: Any = np.bool_
    ) -> int:
        key = (function, inputs, tuple(id(c) if isinstance(c, np.ndarray) else (type(c), c) for c in constants), dtype)
        if key not in self._known:
            self._known[key] = len(self.steps)
            self.steps.append(Step(function, inputs, constants, dtype))
        return self._known[key]

    def _source(self, column: str, part: Part) -> int:
        array = getattr(self.cells[column], part)
        if array is None:
            return FALSE
        key = (column, part)
        if key not in self._known:
            self._known[key] = len(self.steps)
            self.sources[len(self.steps)] = array
            self.steps.append(Step(None, (), (), None))
        return self._known[key]

    def _or(self, a: int, b: int) -> int:
        if TRUE in (a, b):
            return TRUE
        if FALSE in (a, b) or a == b:
            return max(a, b) if FALSE in (a, b) else a
        return self._step(np.logical_or, (min(a, b), max(a, b)))

    def _and(self, a: int, b: int) -> int:
        if FALSE in (a, b):
            return FALSE
        if TRUE in (a, b) or a == b:
            return max(a, b) if TRUE in (a, b) else a
        return self._step(np.logical_and, (min(a, b), max(a, b)))

    def _and_not(self, a: int, b: int) -> int:
        """a and not b, in one step: for truth values it is a > b."""
        if b == FALSE or a == FALSE:
            return a
        if b == TRUE:
            return FALSE
        return self._not(b) if a == TRUE else self._step(np.greater, (a, b))

    def _not(self, a: int) -> int:
        return {TRUE: FALSE, FALSE: TRUE}[a] if a < 0 else self._step(np.logical_not, (a,))

    # ---- conditions

    def planes(self, exact: Exact) -> Planes:
        """The two truth values of a bound condition."""
        match exact:
            case Fixed(value):
                return Planes(FALSE, FALSE) if value else Planes(TRUE, TRUE)
            case Open():
                return Planes(FALSE, TRUE)
            case All(parts):
                return self._joined(self._or, [self.planes(part) for part in parts])
            case Any_(parts):
                return self._joined(self._and, [self.planes(part) for part in parts])
            case Sum():
                return self._sum(exact)
            case Missing(column, negated):
                gone, unread = self._source(column, "missing"), self._source(column, "unread")
                blank = self._and_not(gone, unread)
                if negated:  # what was not understood may be a value, or nothing
                    return Planes(blank, gone)
                return Planes(self._not(gone), self._not(blank))
            case Is(column, negated):
                held = self._source(column, "values")
                return self._known_only(held if negated else self._not(held), column, zero_fails=not negated)
            case Within(column, names, negated):
                outside = ~self._bits(column, names)
                fails = self._bit_test(column, outside, any_bit_fails=not negated)
                return self._known_only(fails, column, zero_fails=negated)
            case Holds(column, name, negated):
                fails = self._bit_test(column, self._bits(column, (name,)), any_bit_fails=negated)
                return self._known_only(fails, column, zero_fails=not negated)
            case Among(column, names, negated):
                return self._among(column, names, negated)

    def _joined(self, join: Callable[[int, int], int], parts: list[Planes]) -> Planes:
        no, doubt = parts[0].no, parts[0].doubt
        for part in parts[1:]:
            no, doubt = join(no, part.no), join(doubt, part.doubt)
        return Planes(no, doubt)

    def _known_only(self, fails: int, column: str, zero_fails: bool) -> Planes:
        """Planes of a test of one column without ranges; behind a missing cell stands a zero, which decides one
        plane for free."""
        gone = self._source(column, "missing")
        if zero_fails:
            return Planes(self._and_not(fails, gone), fails)
        return Planes(fails, self._or(fails, gone))

    def _bits(self, column: str, names: Any) -> int:
        return sum(1 << i for i, name in enumerate(self.cells[column].names) if name in names)

    def _bit_test(self, column: str, mask: int, any_bit_fails: bool) -> int:
        values = self._source(column, "values")
        dtype = self.cells[column].values.dtype.type
        held = self._step(np.bitwise_and, (values,), (dtype(mask & int(np.iinfo(dtype).max)),), dtype)
        return self._step(np.not_equal if any_bit_fails else np.equal, (held,), (dtype(0),))

    def _among(self, column: str, names: frozenset[str], negated: bool) -> Planes:
        held = self.cells[column]
        codes = [code for code, name in enumerate(held.names) if (name in names) == negated]  # those that fail
        others = [code for code in range(len(held.names)) if code not in set(codes)]
        values = self._source(column, "values")
        if min(len(codes), len(others)) <= _FEW_NAMES:
            few = codes if len(codes) <= len(others) else others
            fails = FALSE
            for code in few:
                fails = self._or(fails, self._step(np.equal, (values,), (code,)))
            fails = fails if few is codes else self._not(fails)
        else:
            fails = self._looked_up(column, np.isin(np.arange(len(held.names)), codes))
        if held.high is not None:  # a range over names decides nothing
            gone = self._or(
                self._source(column, "missing"), self._step(np.not_equal, (values, self._source(column, "high")))
            )
            return Planes(self._and_not(fails, gone), self._or(fails, gone))
        return self._known_only(fails, column, zero_fails=0 in codes)

    def _looked_up(self, column: str, table: Array) -> int:
        held = self._tables.setdefault((table.tobytes(), table.dtype.str), table)
        return self._step(_look_up, (self._source(column, "values"),), (held,), table.dtype.type)

    # ---- comparisons of amounts

    def _sum(self, test: Sum) -> Planes:
        gone = FALSE
        for by in {n.by for n in (*(c for c, _ in test.terms), test.bound) if isinstance(n, PerName)}:
            gone = self._or(gone, self._source(by, "missing"))
        for number in (*(c for c, _ in test.terms), test.bound):
            if isinstance(number, PerName):
                gone = self._or(gone, self._unlisted(number))
        for _, column in test.terms:
            gone = self._or(gone, self._source(column, "missing"))
        if all(self.cells[column].high is None for _, column in test.terms):
            fails = self._fails(test, NEGATED[test.op], "low")
            return self._with_gone(test, fails, gone)
        return self._ranged(test, gone)

    def _with_gone(self, test: Sum, fails: int, gone: int) -> Planes:
        alone = (
            len(test.terms) == 1 and not isinstance(test.bound, PerName) and not isinstance(test.terms[0][0], PerName)
        )
        if alone:
            zero_fails = bool(_UFUNC[NEGATED[test.op]](0, test.bound))
            return self._known_only(fails, test.terms[0][1], zero_fails)
        return Planes(self._and_not(fails, gone), self._or(fails, gone))

    def _ranged(self, test: Sum, gone: int) -> Planes:
        low, high = ("low", "high")
        match test.op:
            case ">" | ">=":
                no, doubt = self._fails(test, NEGATED[test.op], high), self._fails(test, NEGATED[test.op], low)
            case "<" | "<=":
                no, doubt = self._fails(test, NEGATED[test.op], low), self._fails(test, NEGATED[test.op], high)
            case "=":
                no = self._or(self._fails(test, "<", high), self._fails(test, ">", low))
                doubt = self._or(self._fails(test, "<>", low), self._fails(test, "<>", high))
            case "<>":
                no = self._and(self._fails(test, "=", low), self._fails(test, "=", high))
                doubt = self._and(self._fails(test, "<=", low), self._fails(test, ">=", high))
        return Planes(self._and_not(no, gone), self._or(doubt, gone))

    def _fails(self, test: Sum, op: Operator, end: str) -> int:
        """The step ``sum op bound`` with the sum at its low or high end."""
        if len(test.terms) == 1 and test.terms[0][0] == 1 and not isinstance(test.bound, PerName):
            return self._step(_UFUNC[op], (self._end(test.terms[0][1], end),), (test.bound,))
        if [c for c, _ in test.terms] in ([1, -1], [-1, 1]) and test.bound == 0:
            (c, a), (_, b) = test.terms
            other = "high" if end == "low" else "low"
            pair = (self._end(a, end if c == 1 else other), self._end(b, other if c == 1 else end))
            return self._step(_UFUNC[op if c == 1 else MIRRORED[op]], pair)
        dtype = self._work_type(test)
        left: list[int] = []
        right: list[int] = []
        for coefficient, column in test.terms:
            if isinstance(coefficient, PerName) or coefficient >= 0:
                left.append(self._term(coefficient, column, end, dtype))
            else:
                right.append(self._term(-coefficient, column, _other(end), dtype))
        if isinstance(test.bound, PerName):
            right.append(self._per_name(test.bound, dtype))
        elif test.bound != 0 and right:
            right.append(self._step(np.add, (right.pop(),), (_scalar(dtype, test.bound),), dtype))
        total = self._added(left, dtype)
        if not left:
            total, right, op = self._added(right, dtype), [], MIRRORED[op]
            return self._step(_UFUNC[op], (total,), (_scalar(dtype, 0),))
        if right:
            return self._step(_UFUNC[op], (total, self._added(right, dtype)))
        assert not isinstance(test.bound, PerName)
        return self._step(_UFUNC[op], (total,), (_scalar(dtype, test.bound),))

    def _end(self, column: str, end: str) -> int:
        high = self._source(column, "high") if end == "high" else FALSE
        return high if high != FALSE else self._source(column, "values")

    def _term(self, coefficient: int | PerName, column: str, end: str, dtype: Any) -> int:
        if coefficient == 1:
            return self._end(column, end)
        if not isinstance(coefficient, PerName):
            return self._step(np.multiply, (self._end(column, end),), (_scalar(dtype, coefficient),), dtype)
        factor = self._per_name(coefficient, dtype)
        products = [self._step(np.multiply, (factor, self._end(column, each)), (), dtype) for each in ("low", "high")]
        if products[0] == products[1]:
            return products[0]
        return self._step(np.minimum if end == "low" else np.maximum, (products[0], products[1]), (), dtype)

    def _added(self, terms: list[int], dtype: Any) -> int:
        total = terms[0] if terms else FALSE
        for term in terms[1:]:
            total = self._step(np.add, (total, term), (), dtype)
        return total

    def _per_name(self, numbers: PerName, dtype: Any) -> int:
        held = dict(numbers.values)
        rest = 0 if numbers.default is None else numbers.default
        return self._looked_up(
            numbers.by, np.array([held.get(name, rest) for name in self._by_names(numbers.by)], dtype)
        )

    def _unlisted(self, numbers: PerName) -> int:
        """Where the name has no number: the comparison is unknown there."""
        if numbers.default is not None:
            return FALSE
        listed = {name for name, _ in numbers.values}
        return self._looked_up(numbers.by, np.array([name not in listed for name in self._by_names(numbers.by)], bool))

    def _by_names(self, by: str) -> tuple[str, ...]:
        return self.cells[by].names or ("",)  # a column without any name is missing everywhere

    def _work_type(self, test: Sum) -> Any:
        """The narrowest integers that no sum of this test can overflow (object for sums beyond 64 bits)."""
        if any(self.cells[column].type in ("number", "rate") for _, column in test.terms):
            return np.float64
        if isinstance(test.bound, float):
            return np.float64
        most = largest_sum(test, {name: self.cells[name].size for _, name in test.terms})
        return np.int32 if most < 2**31 else np.int64 if most < 2**63 else object


def _other(end: str) -> str:
    return "high" if end == "low" else "low"


def _look_up(codes: Array, table: Array, out: Array) -> None:
    np.take(table, codes, out=out, mode="clip")


def _scalar(dtype: Any, number: Number) -> Any:
    return number if dtype is object else dtype(number)
