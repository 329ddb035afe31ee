"""The least cost at which enough boxes fit: branch and bound over the places of several sliders, exact.

A box is what a subject needs: a level of each slider. It fits where every slider has reached its level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, pairwise

import numpy as np

from campaign_analytics.market.schema import Array

#: More than any cost.
NEVER = np.iinfo(np.int64).max // 4


@dataclass(frozen=True, eq=False)
class Boxes:
    """Distinct needs, and how many subjects have each."""

    needs: Array  # (boxes, sliders) int64 levels
    weights: Array  # (boxes,) int64

    @classmethod
    def of(cls, needs: Array, levels: Sequence[int]) -> Boxes:
        """``needs`` is (subjects, sliders); who needs more than the ``levels`` of a slider is left out."""
        held = needs[(needs < np.array(levels)).all(axis=1)].astype(np.int64)
        codes = np.zeros(len(held), np.int64)
        for column in held.T:
            codes = np.unique(codes * (int(column.max(initial=0)) + 1) + column, return_inverse=True)[1]
        _, first, weights = np.unique(codes, return_index=True, return_counts=True)
        return cls(held[first], weights)

    def inside(self, levels: Array) -> int:
        """How many subjects have all they need at these levels."""
        return int(self.weights[(self.needs <= levels).all(axis=1)].sum())

    def where(self, held: Array) -> Boxes:
        return Boxes(self.needs[held], self.weights[held])


@dataclass(frozen=True, eq=False)
class Field:
    """Boxes, and for each slider the int64 cost of every level, ascending without repeats."""

    boxes: Boxes
    costs: Sequence[Array]


@dataclass(frozen=True, eq=False)
class Part:
    """A part of what may be tried: what it costs anyhow, and its field, or None, made only where it is needed."""

    base: int
    field: Callable[[], Field | None]


@dataclass(frozen=True)
class Found:
    """The levels of the least cost, and in which part they lie."""

    part: int
    levels: tuple[int, ...]
    cost: int


def cheapest(parts: Sequence[Part], target: int) -> Found | None:
    """Where ``target`` subjects fit at the least cost, over all parts; None where they fit nowhere."""
    search = _Search(target)
    for number, part in enumerate(parts):
        search.later(part.base, lambda number=number, part=part: search.enter(number, part))  # type: ignore[misc]
    while search.heap:
        bound, _, go_on = heappop(search.heap)
        if bound >= search.below:
            break
        go_on()
    return search.best


@dataclass(frozen=True, eq=False)
class _Place:
    """The field of one part."""

    part: int
    base: int
    costs: Sequence[Array]

    def cost(self, levels: Array) -> int:
        """What levels cost in all."""
        return self.base + sum(int(held[level]) for held, level in zip(self.costs, levels.tolist(), strict=True))

    def each(self, levels: Array) -> Array:
        """(boxes, sliders) what each level costs."""
        return np.stack([held[column] for held, column in zip(self.costs, levels.T, strict=True)], axis=1)


class _Search:
    def __init__(self, target: int) -> None:
        self.target, self.below = target, NEVER
        self.best: Found | None = None
        self.heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = count()

    def later(self, bound: int, go_on: Callable[[], None]) -> None:
        """Keep something for its turn: the most hopeful comes first."""
        if bound < self.below:
            heappush(self.heap, (bound, next(self._count), go_on))

    def enter(self, number: int, part: Part) -> None:
        """Begin with a part."""
        field = part.field()
        if field is None or not all(len(costs) for costs in field.costs):
            return
        place = _Place(number, part.base, field.costs)
        if field.costs:
            none = np.zeros(len(field.costs), np.int64)
            self.open(place, field.boxes, none, np.array([len(each) - 1 for each in field.costs], np.int64))
        elif int(field.boxes.weights.sum()) >= self.target:
            self.offer(place, np.zeros(0, np.int64))

    def open(self, place: _Place, boxes: Boxes, low: Array, high: Array) -> None:
        """Levels from ``low`` to ``high``: leave out what is part of no better answer, keep the rest for later."""
        while True:
            boxes = boxes.where(np.all(boxes.needs <= high, axis=1))
            whole = place.each(np.maximum(boxes.needs, low)).sum(axis=1)
            boxes = boxes.where(whole < self.below - place.base)
            if int(boxes.weights.sum()) < self.target:
                return
            least = [self._least(column, boxes.weights) for column in boxes.needs.T]
            lower = np.maximum(low, least)
            upper = np.minimum(high, np.maximum(boxes.needs.max(axis=0, initial=0), lower))
            if np.array_equal(lower, low) and np.array_equal(upper, high):
                break
            low, high = lower, upper
        if boxes.inside(low) >= self.target:
            self.offer(place, low)
            return
        self._try(place, boxes, low)
        bound, guess = self._bound(place, boxes, low, high)
        self.later(bound, lambda: self._split(place, boxes, low, high, guess))

    def _split(self, place: _Place, boxes: Boxes, low: Array, high: Array, guess: Array) -> None:
        """Open both halves, parted at the slider whose span costs most."""
        spans = [int(costs[to] - costs[at]) for costs, at, to in zip(place.costs, low, high, strict=True)]
        slider = int(np.argmax(spans))
        at = min(max(int(guess[slider]), int(low[slider])), int(high[slider]) - 1)
        upper, lower = high.copy(), low.copy()
        upper[slider], lower[slider] = at, at + 1
        self.open(place, boxes, low, upper)
        self.open(place, boxes, lower, high)

    def offer(self, place: _Place, levels: Array) -> None:
        """Take levels that are enough for the answer where they cost less than the last."""
        cost = place.cost(levels)
        if cost < self.below:
            self.below, self.best = cost, Found(place.part, tuple(levels.tolist()), cost)

    def _least(self, needs: Array, weights: Array) -> int:
        """The level below which a slider lets too few through, whatever the others do."""
        return int(np.searchsorted(np.bincount(needs, weights).cumsum(), self.target))

    def _try(self, place: _Place, boxes: Boxes, low: Array) -> None:
        """An answer that is near: the boxes that cost least each, together, and no level more than they need."""
        needs = np.maximum(boxes.needs, low)
        order = np.argsort(place.each(needs).sum(axis=1), kind="stable")
        together = np.maximum.accumulate(needs[order], axis=0)
        first, last = 0, len(order) - 1
        while first < last:
            middle = (first + last) // 2
            enough = boxes.inside(together[middle]) >= self.target
            first, last = (first, middle) if enough else (middle + 1, last)
        levels = together[first].copy()
        for slider in np.argsort([-int(costs[level]) for costs, level in zip(place.costs, levels, strict=True)]):
            for level in range(int(low[slider]), int(levels[slider])):
                lower = levels.copy()
                lower[slider] = level
                if boxes.inside(lower) >= self.target:
                    levels = lower
                    break
        self.offer(place, levels)

    def _bound(self, place: _Place, boxes: Boxes, low: Array, high: Array) -> tuple[int, Array]:
        """A cost that no answer goes below, and the levels that it points to.

        Every box is shared out over the sliders that it needs moved, by what they cost; so the gain is at most the sum
        of what each slider gains alone, and the least cost of that is filled up by slopes.
        """
        start = place.cost(low)
        extra = place.each(np.maximum(boxes.needs, low)) - place.each(np.broadcast_to(low, boxes.needs.shape))
        each = extra.sum(axis=1)
        order = np.argsort(each, kind="stable")
        enough = int(np.searchsorted(boxes.weights[order].cumsum(), self.target))
        dearest = int(each[order[enough]])
        missing = float(self.target - int(boxes.weights[each == 0].sum()))
        shares = extra * (boxes.weights / np.maximum(each, 1))[:, None]
        slopes: list[tuple[float, float, float, int, int]] = []
        for i, (costs, needs) in enumerate(zip(place.costs, boxes.needs.T, strict=True)):
            span = costs[low[i] : high[i] + 1] - costs[low[i]]
            gains = np.bincount(np.maximum(needs - low[i], 0), shares[:, i], len(span)).cumsum()
            slopes += [(slope, gain, price, i, int(low[i]) + at) for slope, gain, price, at in _hull(span, gains)]
        slopes.sort(key=lambda slope: -slope[0])
        cost, guess = 0.0, low.copy()
        for _, gain, price, slider, level in slopes:
            if missing <= 0:
                break
            part = min(1.0, missing / gain)
            cost, missing = cost + part * price, missing - gain
            guess[slider] = level
        return start + max(dearest, int(np.ceil(cost * (1 - 1e-9) - 1))), guess


def _hull(costs: Array, gains: Array) -> list[tuple[float, float, float, int]]:
    """The upper hull of gains over costs, both ascending from 0: slope, gain, cost and last level of each stretch."""
    corners = [0]
    for at in range(1, len(costs)):
        if gains[at] <= gains[corners[-1]]:
            continue
        while len(corners) > 1:
            a, b = corners[-2], corners[-1]
            if (gains[b] - gains[a]) * (costs[at] - costs[a]) > (gains[at] - gains[a]) * (costs[b] - costs[a]):
                break
            corners.pop()
        corners.append(at)
    found = []
    for a, b in pairwise(corners):
        gain, price = float(gains[b] - gains[a]), float(costs[b] - costs[a])
        found.append((gain / price, gain, price, b))
    return found
