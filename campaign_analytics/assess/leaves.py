"""One comparison of a condition over many subjects: its outcome, the column that could move, and the last value
that passes.

Values are in their held forms (fen, days, places in a list, bits); ``show`` in ``sentences`` turns them into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import (
    MIRRORED,
    Among,
    Exact,
    Holds,
    Is,
    Missing,
    PerName,
    Sum,
    Within,
    largest_sum,
)
from campaign_analytics.rulebook.tree import Col, Compare, Flag, In, Null, Operator

Masked: TypeAlias = "np.ma.MaskedArray[Any, Any]"
LeafTree: TypeAlias = "Compare | In | Null | Flag"


@dataclass(frozen=True, eq=False)
class Leaf:
    """A comparison bound to its parameters, over ``rows`` subjects. ``cells`` holds the columns that it reads."""

    tree: LeafTree
    exact: Exact
    cells: Mapping[str, Cells]
    rows: int

    @cached_property
    def fails(self) -> Array:
        """(rows,) bool: certainly false."""
        return self._outcome[0]

    @cached_property
    def unknown(self) -> Array:
        """(rows,) bool: neither true nor false for what is known."""
        return self._outcome[1]

    @cached_property
    def _outcome(self) -> tuple[Array, Array]:
        return evaluate(self.exact, self.cells, self.rows)

    @property
    def column(self) -> str | None:
        """The column that a subject would have to move: the one that stands alone on its side, else the first."""
        match self.exact:
            case Sum(terms):
                sides = (self.tree.left, self.tree.right) if isinstance(self.tree, Compare) else ()
                alone = [side.name for side in sides if isinstance(side, Col)]
                return next(iter(alone), terms[0][1] if terms else None)
            case Among(column) | Within(column) | Holds(column) | Missing(column) | Is(column):
                return column
        return None

    @cached_property
    def edge(self) -> Masked | None:
        """(rows,) the last value of ``column`` that passes, given the subject's other columns; None if there is none.

        Whole numbers for counts, money, days, times and levels; floats for rates and scores. Masked where no whole
        number passes (``=`` between two fen), or another column is not known exactly.
        """
        if not isinstance(self.exact, Sum) or self.column is None or self.exact.op == "<>":
            return None
        coefficients = {column: c for c, column in self.exact.terms}
        if self.column not in coefficients:
            return None
        own = self._numbers(coefficients.pop(self.column))
        if any(self.cells[name].type in ("rate", "number") for name in (self.column, *coefficients)):
            return self._float_edge(own, coefficients)
        rest = self._numbers(self.exact.bound)
        for name, coefficient in coefficients.items():
            rest = rest - self._numbers(coefficient) * self._whole(name)
        return self._hidden(_whole_edge(own, rest, self.exact.op), coefficients)

    def _float_edge(self, own: Array, others: Mapping[str, int | PerName]) -> Masked:
        bound = self._numbers(self.exact.bound, float) if isinstance(self.exact, Sum) else np.zeros(self.rows)
        for name, coefficient in others.items():
            bound = bound - self._numbers(coefficient, float) * self.cells[name].values
        assert isinstance(self.exact, Sum)
        bound, op = bound / own, self.exact.op if own[0] > 0 else MIRRORED[self.exact.op]
        strict = {">": np.inf, "<": -np.inf}.get(op)
        return self._hidden(bound if strict is None else np.nextafter(bound, strict), others)

    def _numbers(self, number: float | PerName, dtype: type = int) -> Array:
        """A coefficient or bound for every subject."""
        wide = self._wide if dtype is int else np.float64
        if not isinstance(number, PerName):
            return np.full(self.rows, number, wide)
        by, held = self.cells[number.by], dict(number.values)
        rest = 0 if number.default is None else number.default
        table: Array = np.array([held.get(name, rest) for name in by.names or ("",)], wide)
        numbers: Array = table[by.values]
        return numbers

    @cached_property
    def _wide(self) -> type:
        """Whole numbers in 64 bits, or Python's own where a sum could exceed them."""
        assert isinstance(self.exact, Sum)
        sizes = {name: self.cells[name].size for _, name in self.exact.terms}
        return np.int64 if largest_sum(self.exact, sizes) < 2**62 else object

    def _whole(self, name: str) -> Array:
        values: Array = self.cells[name].values.astype(self._wide)
        return values

    def _hidden(self, edge: Array, others: Mapping[str, object]) -> Masked:
        """Mask the edge where another column, or the name that picks a number, is not known exactly."""
        gone = np.ma.getmaskarray(edge) if isinstance(edge, np.ma.MaskedArray) else np.zeros(self.rows, bool)
        numbers = [n for n in (*others.values(), getattr(self.exact, "bound", 0)) if isinstance(n, PerName)]
        for name in [*others, *(number.by for number in numbers)]:
            held = self.cells[name]
            for mask in (held.missing, None if held.high is None else held.high != held.values):
                gone = gone if mask is None else gone | mask
        return np.ma.MaskedArray(edge, gone)

    @cached_property
    def offending(self) -> Array | None:
        """(rows,) bits of a set column that must go, or that must come, for the comparison to hold; None for other
        columns."""
        match self.exact:
            case Within(column, names, False):
                held = self.cells[column]
                too_many: Array = held.values & ~_bits(held, names)
                return too_many
            case Holds(column, name, negated):
                held = self.cells[column]
                bits = _bits(held, frozenset((name,)))
                wrong: Array = held.values & bits if negated else ~held.values & bits
                return wrong
        return None


def _bits(held: Cells, names: frozenset[str]) -> np.unsignedinteger:
    mask: np.unsignedinteger = held.values.dtype.type(sum(1 << i for i, n in enumerate(held.names) if n in names))
    return mask


def _whole_edge(own: Array, rest: Array, op: Operator) -> Masked:
    """The last whole x for which ``own * x op rest``; masked where there is none."""
    none = own == 0
    own = np.where(none, 1, own)
    negative = own < 0
    own, rest = np.where(negative, -own, own), np.where(negative, -rest, rest)
    floor, exact = rest // own, rest % own == 0
    ceiling = np.where(exact, floor, floor + 1)
    by_op = {">=": ceiling, ">": floor + 1, "<=": floor, "<": ceiling - 1, "=": floor}
    edge = np.where(negative, by_op[MIRRORED[op]], by_op[op])
    return np.ma.MaskedArray(edge, none | ((op == "=") & ~exact))
