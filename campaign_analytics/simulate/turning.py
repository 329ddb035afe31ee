"""The place of a slider at which a comparison turns, for every subject: exact, however it is guessed.

A comparison of one column is looked up among the bounds of the places. Any other is guessed in floats, and the guess is
moved by exact comparisons, each subject at a place of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import Number, PerName, Sum
from campaign_analytics.rulebook.tree import Operator

PLACE = "#place"  # no column's name: columns are plain SQL names
_NARROW = 2  # bytes: all values of such a column are looked up once

#: Among ascending bounds: how many places lie before the first with the outcome of the later ones.
_SIDE: Mapping[Operator, Literal["left", "right"]] = {">=": "right", ">": "left", "<=": "left", "<": "right"}


class Ends(NamedTuple):
    """(subjects,) uint8 the first place with the outcome of the later places, at worst and at best; one array where
    nothing is unknown."""

    worst: Array
    best: Array


def turning(test: Sum, cells: Mapping[str, Cells], rows: int, places: int, rises: bool) -> Ends | None:
    """Where ``test``, whose numbers vary by the column ``PLACE``, turns; ``rises``: it passes at the later places.

    None where it turns the other way for somebody.
    """
    found = _looked_up(test, cells, places, rises)
    if found:
        return found
    gone = np.zeros(rows, bool)
    for _, column in test.terms:
        gone |= cells[column].gone
    there = np.flatnonzero(~gone)
    held = {name: each.take(there) for name, each in cells.items()} if len(there) < rows else cells
    found = _Moved(test, held, len(there), places, rises).find()
    if found is None or len(there) == rows:
        return found
    worst, best = (np.full(rows, end, np.uint8) for end in ((places, 0) if rises else (0, places)))
    worst[there], best[there] = found
    return Ends(worst, best)


# ---- one column against the bounds of all places


def _looked_up(test: Sum, cells: Mapping[str, Cells], places: int, rises: bool) -> Ends | None:
    if [coefficient for coefficient, _ in test.terms] != [1] or not isinstance(test.bound, PerName):
        return None
    bounds = _by_place(test.bound)
    if np.any(bounds[1:] < bounds[:-1]):
        return None
    held = cells[test.terms[0][1]]
    low = _among(bounds, held.values, _SIDE[test.op])
    if held.high is None and held.missing is None:
        return Ends(low, low)
    high = low.copy()
    if held.high is not None:
        ranged = np.flatnonzero(held.high != held.values)
        high[ranged] = _among(bounds, held.high[ranged], _SIDE[test.op])
    worst, best = (high, low) if test.op in ("<", "<=") else (low, high)
    if held.missing is not None:
        worst[held.missing], best[held.missing] = (places, 0) if rises else (0, places)
    return Ends(worst, best)


def _among(bounds: Array, values: Array, side: Literal["left", "right"]) -> Array:
    if values.dtype.kind == "i" and values.dtype.itemsize <= _NARROW and len(values):
        first, last = int(values.min()), int(values.max())
        table = np.searchsorted(bounds, np.arange(first, last + 1), side).astype(np.uint8)
        return np.take(table, values.astype(np.intp) - first)
    return np.searchsorted(bounds, values, side).astype(np.uint8)


def _by_place(numbers: PerName | Number) -> Array:
    """(places,) a number by place; of one number, that alone."""
    if not isinstance(numbers, PerName):
        return np.array([numbers])
    return np.array([number for _, number in sorted(numbers.values, key=lambda held: int(held[0]))])


# ---- any other comparison


@dataclass(frozen=True, eq=False)
class _Moved:
    test: Sum
    cells: Mapping[str, Cells]
    rows: int
    places: int
    rises: bool

    def find(self) -> Ends | None:
        if self._bends():
            return None
        everyone = np.arange(self.rows)
        first, last = (self._passes(np.full(self.rows, place), everyone) for place in (0, self.places - 1))
        for at_first, at_last in zip(first, last, strict=True):
            if np.any(at_first > at_last if self.rises else at_last > at_first):
                return None
        guess = self._guess()
        worst = self._turn(0, guess, everyone)
        failing = np.clip(worst.astype(np.int16) - self.rises, 0, self.places - 1)  # beside the turn
        vague = np.flatnonzero(np.not_equal(*self._passes(failing, everyone)))
        if not len(vague):
            return Ends(worst, worst)
        best = worst.copy()
        best[vague] = self._turn(1, guess[vague], vague)
        return Ends(worst, best)

    def _bends(self) -> bool:
        """Whether a factor changes its sign over a column with ranges: their other end counts from there on, and a
        subject may turn twice."""
        factors = [_by_place(number) for number, column in self.test.terms if self.cells[column].high is not None]
        return any(each.min() < 0 < each.max() for each in factors)

    def _turn(self, plane: int, guess: Array, among: Array) -> Array:
        """(rows of ``among``,) uint8: two looks about the guess, then halving for those whom it misled."""
        low = np.zeros(len(guess), np.int16)
        high = np.full(len(guess), self.places, np.int16)
        looks = [guess - 1, guess]
        while len(rows := np.flatnonzero(low < high)):
            before, behind = low[rows], high[rows]
            look = looks.pop(0)[rows] if looks else (before + behind) >> 1
            look = np.clip(look, before, behind - 1)
            later = self._passes(look, among[rows])[plane] != self.rises  # it turns behind the place looked at
            low[rows] = np.where(later, look + 1, before)
            high[rows] = np.where(later, behind, look)
        return low.astype(np.uint8)

    def _passes(self, places: Array, rows: Array) -> tuple[Array, Array]:
        """(rows,) bool each: surely passes, and does not fail, at a place of each subject's own."""
        names = tuple(str(place) for place in range(self.places))
        whole = len(rows) == self.rows
        held = {name: cells if whole else cells.take(rows) for name, cells in self.cells.items()}
        held[PLACE] = Cells("text", places.astype(np.uint8), names=names)
        fails, unknown = evaluate(self.test, held, len(rows))
        return ~fails & ~unknown, ~fails

    def _guess(self) -> Array:
        """(rows,) int16: where the sum of the first place and that of the last meet the bound, on a straight line."""
        first, last = self._sums()
        steps = self._steps()
        with np.errstate(divide="ignore", invalid="ignore"):
            share = first / (first - last)
        share = np.nan_to_num(share, nan=1.0, posinf=1.0, neginf=0.0)
        guess: Array = np.searchsorted(steps, share).astype(np.int16)
        return guess

    def _sums(self) -> list[Array]:
        """(rows,) float64: the sum less the bound at the first place and at the last."""
        found = []
        for place in (0, -1):
            total: Any = -float(_by_place(self.test.bound)[place])
            for coefficient, column in self.test.terms:
                total = total + float(_by_place(coefficient)[place]) * self.cells[column].values
            found.append(np.broadcast_to(total, self.rows))
        return found

    def _steps(self) -> Array:
        """(places,) how far each place lies from the first to the last, 0 to 1, by the number that varies."""
        for number in (*(coefficient for coefficient, _ in self.test.terms), self.test.bound):
            held = _by_place(number).astype(np.float64)
            if len(held) > 1 and held[0] != held[-1]:
                steps: Array = (held - held[0]) / (held[-1] - held[0])
                return steps
        return np.linspace(0, 1, self.places)
