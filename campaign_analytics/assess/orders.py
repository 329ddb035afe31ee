"""How many coming orders, all as wanted, bring a rate over its bound: exact arithmetic on the two counts behind it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from campaign_analytics.assess.leaves import Leaf
from campaign_analytics.assess.moves import Subjects, inexact
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.exact import PerName, Sum
from campaign_analytics.rulebook.tree import Operator

_BIGGEST = 2**31  # counts up to here keep the arithmetic within 64 bits
_NEAR = 1e-6  # a rate that is not what its counts make does not come from them


def orders_of(subjects: Subjects, leaf: Leaf, column: str) -> tuple[Array | None, Array]:
    """How many coming orders, all as wanted, bring a rate over its bound; and where its two counts are known.

    0 where none can: a bound of 100% stays out of reach while an order that missed it is in the window.
    """
    columns = subjects.assessment.book.columns
    counts = columns[column].counts if column in columns else None
    exact = leaf.exact
    nothing = np.zeros(leaf.rows, bool)
    if counts is None or not isinstance(exact, Sum) or exact.terms != ((1, column),):
        return None, nothing
    part, whole = (subjects.cells(name) for name in counts)
    known = ~(inexact(part) | inexact(whole)) & (part.values <= whole.values) & (whole.values < _BIGGEST)
    h, n = part.values.astype(np.int64), whole.values.astype(np.int64)
    orders = np.zeros(leaf.rows, np.int64)
    for bound, rows in _bounds(leaf, exact.bound):
        orders[rows] = orders_needed(h[rows], n[rows], bound, exact.op)
    rate = np.divide(h, n, out=np.zeros(leaf.rows), where=n > 0)
    return orders, known & (np.abs(rate - leaf.cells[column].values) < _NEAR)


def _bounds(leaf: Leaf, bound: float | PerName) -> list[tuple[Fraction, Array]]:
    """Each bound that occurs, exactly, with the places where it does. A double's shortest text is the decimal it
    was read from."""
    if not isinstance(bound, PerName):
        return [(Fraction(repr(float(bound))), np.arange(leaf.rows))]
    by, held = leaf.cells[bound.by], dict(bound.values)
    found = []
    for code in np.unique(by.values):
        value = held.get(by.names[int(code)] if by.names else "", bound.default)
        if value is not None:
            found.append((Fraction(repr(float(value))), np.flatnonzero(by.values == code)))
    return found


def orders_needed(part: Array, whole: Array, bound: Fraction, op: Operator) -> Array:
    """The least n with (part + n) / (whole + n) ``op`` bound, or for an upper bound part / (whole + n) ``op`` bound.

    0 where there is none. Exact: whole numbers below 2**31 and the bound as a fraction.
    """
    a, b = bound.numerator, bound.denominator
    if max(a, b) >= _BIGGEST:
        part, whole = part.astype(object), whole.astype(object)
    rising = op in (">", ">=")
    short, each = (a * whole - b * part, b - a) if rising else (b * part - a * whole, a)
    if each <= 0 or op not in _LEAST:
        return np.zeros(len(part), np.int64)
    least: Array = np.maximum(_LEAST[op](short, each), 0).astype(np.int64)
    return least


_LEAST: dict[Operator, Callable[[Any, int], Any]] = {
    ">=": lambda short, each: -(-short // each), ">": lambda short, each: short // each + 1,
    "<=": lambda short, each: -(-short // each), "<": lambda short, each: short // each + 1,
}  # fmt: skip
