"""The settings of some sliders that let enough offers qualify, the smallest changes first: exact over whole places.

How large a change is, is an assumption of ours: the way that each parameter moves over its ``scale``, summed. Where the
rulebook gives a parameter no scale, a fifth of its slider is taken; where the scale is a factor, 0 counts as one scale
below the smallest place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from heapq import heappop, heappush
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from campaign_analytics.assess.gaps import scale_of
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.scalar import never_false
from campaign_analytics.rulebook.values import MINOR_UNITS
from campaign_analytics.simulate.cheapest import NEVER, Boxes, Field, Part, cheapest
from campaign_analytics.simulate.coded import parameters
from campaign_analytics.simulate.moving import number_of
from campaign_analytics.simulate.together import Axis, Together

if TYPE_CHECKING:
    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.rulebook.tree import Tree
    from campaign_analytics.simulate.what_if import WhatIf

FINE = 1_000_000  # costs are whole millionths of a scale, so that their sums are exact
_PARTS = 5  # of a slider without a scale, each counted as one
_MOST_TRIED = 20_000  # combinations of places of sliders that have to be tried


@dataclass(frozen=True)
class Setting:
    """Sliders at places of theirs, by name, and what it costs to bring them there, in millionths of a scale."""

    places: Mapping[str, int]
    cost: int


def prices(book: Rulebook, axis: Axis) -> Array:
    """(places,) int64 the cost of moving a slider from the value in force to each place, in millionths of a scale."""
    scale = scale_of(book, axis.slider.parameter)
    if scale is None:  # places count: stops may lie at any distance
        at = np.arange(len(axis.values)) * (_PARTS / max(len(axis.values) - 1, 1))
    else:
        unit = MINOR_UNITS if book.parameters[axis.slider.parameter].type == "money" else 1
        at = unit * np.array([number_of(book, axis.slider, value) for value in axis.values])
        if scale.factor:
            at = np.log(np.maximum(at, min(at[at > 0], default=1.0) / scale.amount)) / math.log(scale.amount)
        else:
            at = at / scale.amount
    ways = np.nan_to_num(np.abs(at - at[axis.present]) * FINE, nan=NEVER)  # NaN: it has no value, so no way either
    ways[axis.present] = 0
    costs: Array = ways.round().astype(np.int64)
    return costs


@dataclass(frozen=True, eq=False)
class _Levels:
    """What the told sliders may do while the tried ones are at places of theirs."""

    places: tuple[tuple[int, ...], ...]  # by told slider: its places worth moving to, the cheapest first
    costs: tuple[Array, ...]  # (places,) int64 of each, ascending
    boxes: Boxes


class Reaching:
    """The search for settings at which ``target`` of the offers at ``rows`` surely qualify."""

    def __init__(
        self, what_if: WhatIf, names: Sequence[str], rows: Array | slice, progress: Progress | None = None
    ) -> None:
        axes = Together.of(what_if, names).axes
        self.book, self.rows, self.progress = what_if.book, rows, progress
        self.requirements = _requirements(what_if.book, axes)
        bound = {frozenset(pair) for tree in self.requirements for pair in combinations(_named(tree, axes), 2)}
        self.together = Together(what_if, axes, frozenset(frozenset(axis.name for axis in pair) for pair in bound))
        self.prices = {axis.name: prices(what_if.book, axis) for axis in axes}
        self._fields: dict[tuple[int, ...], _Levels | None] = {}

    def cheapest(self, target: int, still: frozenset[str] = frozenset()) -> Setting | None:
        """The smallest change that reaches ``target`` with the sliders in ``still`` left alone; None where none does.

        Only sliders that move are named in its places.
        """
        settings = list(self._tried(still))
        found = cheapest([Part(each.cost, partial(self._without, each, still)) for each in settings], target)
        if found is None:
            return None
        field = self._field(settings[found.part])
        assert field is not None
        levels = zip(self.together.told, field.places, found.levels, strict=True)
        places = {**settings[found.part].places, **{axis.name: held[level] for axis, held, level in levels}}
        return Setting({a.name: places[a.name] for a in self.axes if places[a.name] != a.present}, found.cost)

    def _without(self, tried: Setting, still: frozenset[str]) -> Field | None:
        """The field at places of the tried sliders, the sliders in ``still`` left alone."""
        field = self._field(tried)
        if field is None:
            return None
        costs = [
            costs[: int(places[0] == axis.present)] if axis.name in still else costs
            for axis, places, costs in zip(self.together.told, field.places, field.costs, strict=True)
        ]
        return Field(field.boxes, costs)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.together.axes

    def most(self) -> tuple[int, Setting]:
        """How many can qualify at most, and a setting at which they do."""
        best = (-1, Setting({}, 0))
        for tried in self._tried(frozenset(), loosest=True):
            field = self._field(tried)
            if field is not None and int(field.boxes.weights.sum()) > best[0]:
                tops = {a.name: each[-1] for a, each in zip(self.together.told, field.places, strict=True)}
                held = {**tried.places, **tops}
                moved = {axis.name: held[axis.name] for axis in self.axes if held[axis.name] != axis.present}
                best = (int(field.boxes.weights.sum()), Setting(moved, 0))
        return best

    def alternatives(self, target: int, many: int) -> list[Setting]:
        """The smallest changes, in the order of their costs; each does without a slider of every one before it."""
        found: list[Setting] = []
        seen, count = {frozenset[str]()}, 0
        heap = [(first.cost, count, first, frozenset[str]())] if (first := self.cheapest(target)) else []
        while heap:
            _, _, setting, still = heappop(heap)
            moved = setting.places.keys()
            if not any(each.places.keys() <= moved for each in found):
                found.append(setting)
                if len(found) == many:
                    break
            for name in sorted(moved):
                without = still | {name}
                if without not in seen:
                    seen.add(without)
                    other = self.cheapest(target, without)
                    if other:
                        count += 1
                        heappush(heap, (other.cost, count, other, without))
        return found

    def rulebook(self, setting: Setting) -> Rulebook:
        """The rulebook at a setting: what does not move is written as it was, unless it would move along."""
        book, was = self.together.book(setting.places), self.book
        values = dict(book.values)
        for axis in self.axes:
            bound, before = values[axis.slider.parameter], was.values[axis.slider.parameter]
            own = isinstance(bound, PerValue) and axis.slider.of and axis.slider.held(before) is None
            if own and isinstance(bound, PerValue) and axis.slider.held(bound) == bound.default:
                values[axis.slider.parameter] = axis.slider.put(bound, None)  # it had no value of its own, needs none
        return replace(book, values=values)

    # ---- sliders that have to be tried

    def _tried(self, still: frozenset[str], loosest: bool = False) -> Iterator[Setting]:
        """Every combination of places of the tried sliders, the cheapest first; with ``loosest`` those alone that no
        other lets more through than."""
        tried = self.together.tried
        worth = [[axis.present] if axis.name in still else self._worth(axis, loosest) for axis in tried]
        if math.prod(map(len, worth)) > _MOST_TRIED:
            names = ", ".join(axis.name for axis in tried)
            raise CampaignError(
                f"too many combinations to try: {names} act on the same rules as others, or have no positions; take "
                "fewer of them at a time"
            )
        settings = [
            Setting(
                dict(zip([axis.name for axis in tried], places, strict=True)),
                sum(int(self.prices[axis.name][place]) for axis, place in zip(tried, places, strict=True)),
            )
            for places in product(*worth)
        ]
        yield from sorted(settings, key=lambda setting: setting.cost)

    @cached_property
    def _many(self) -> int:
        return math.prod(len(self._worth(axis, loosest=False)) for axis in self.together.tried)

    def _worth(self, axis: Axis, loosest: bool) -> list[int]:
        """The places of a tried slider that may be part of an answer."""
        places = [place for place in range(len(axis.values)) if self.prices[axis.name][place] < NEVER]
        if axis.told and not any(axis in _named(tree, self.axes) for tree in self.requirements):
            return places[:1] if loosest else [place for place in places if place <= axis.present]
        return places

    def _field(self, tried: Setting) -> _Levels | None:
        """None where the values of the tried sliders contradict each other."""
        key = tuple(tried.places.values())
        if key not in self._fields:
            self._fields[key] = self._made(tried)
            if self.progress:
                self.progress(len(self._fields), self._many)
        return self._fields[key]

    def _made(self, tried: Setting) -> _Levels | None:
        told = self.together.told
        places = tuple(self._levels(axis, tried) for axis in told)
        if not all(places) or not self._consistent(tried.places, None):
            return None
        sure = self.together.tell(tried.places).sure[self.rows].astype(np.int64)
        if not told:
            return _Levels((), (), Boxes.of(np.zeros((np.count_nonzero(sure), 0), np.int64), ()))
        # a slider lets a subject through from the first of its places below the subject's number
        needs = [np.searchsorted(-np.array(held), -sure[:, i], "right") for i, held in enumerate(places)]
        costs = tuple(self.prices[axis.name][list(held)] for axis, held in zip(told, places, strict=True))
        return _Levels(places, costs, Boxes.of(np.stack(needs, axis=1), [len(held) for held in places]))

    def _levels(self, axis: Axis, tried: Setting) -> tuple[int, ...]:
        """The places of a told slider of which none is both looser and cheaper, the cheapest first."""
        costs = self.prices[axis.name]
        places = [place for place in range(len(axis.values)) if costs[place] < NEVER]
        places = [place for place in places if self._consistent({**tried.places, axis.name: place}, axis)]
        kept: list[int] = []
        for place in sorted(places, key=lambda place: (int(costs[place]), place)):
            if not kept or place < kept[-1]:
                kept.append(place)
        return tuple(kept)

    def _consistent(self, places: Mapping[str, int], axis: Axis | None) -> bool:
        """Whether every requirement holds that names ``axis``; or that names no told slider."""
        asking = [tree for tree in self.requirements if axis in self._told_in(tree)]
        values = self.together.book(places).values if asking else {}
        return all(never_false(tree, values) is not False for tree in asking)

    def _told_in(self, tree: Tree) -> list[Axis] | list[None]:
        return [axis for axis in _named(tree, self.axes) if axis in self.together.told] or [None]


def _requirements(book: Rulebook, axes: Sequence[Axis]) -> list[Tree]:
    """The requirements of the rulebook that name one of the sliders."""
    return [tree for tree in book.required_trees.values() if _named(tree, axes)]


def _named(tree: Tree, axes: Sequence[Axis]) -> list[Axis]:
    return [axis for axis in axes if axis.slider.parameter in parameters(tree)]
