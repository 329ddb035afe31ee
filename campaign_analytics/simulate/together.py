"""Several sliders at once: for every offer, at how many of its places each slider lets it through.

Where no rule joins two of the sliders by OR, an offer qualifies at a setting exactly where it qualifies at each
slider's own place with all others at their loosest: so one number a slider tells every setting. A slider that is
entangled with another, or that has no positions, is *tried*: the others are told anew for each of its places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED
from campaign_analytics.errors import CampaignError, ValueFault
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.tree import And, Tree, walk
from campaign_analytics.rulebook.values import Value
from campaign_analytics.simulate.coded import parameters
from campaign_analytics.simulate.moving import Moving, number_of, put
from campaign_analytics.simulate.positions import Slider

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.simulate.what_if import WhatIf


@dataclass(frozen=True)
class Axis:
    """A slider and its places, the value in force among them though it may lie between two."""

    name: str
    slider: Slider
    values: tuple[Value | None, ...]  # the loosest first where ``told``, else ascending
    present: int  # the place of the value in force
    told: bool  # whether an offer that qualifies at a place does so at every looser one

    @classmethod
    def of(cls, what_if: WhatIf, name: str, beside: Sequence[str], books: Sequence[Rulebook]) -> Axis:
        """A slider that is moved together with those ``beside`` it; the values of ``books`` are places too.

        Raises ``CampaignError`` for an unknown parameter, or one that has no places.
        """
        slider, book = what_if.slider(name), what_if.book
        grid: list[Any] = list(book.places(slider.parameter))
        if not grid:
            raise CampaignError(
                f"{name} has no slider, so there are no places to try: the rulebook gives it no bounds, or it is a "
                "choice or a set; set it to a value of your own and ask again"
            )
        if slider.of is not None:
            try:
                book.put(name, grid[0])
            except ValueFault as fault:
                raise CampaignError(str(fault)) from None
        held: list[Any] = [in_force(each, slider) for each in (book, *books)]
        moving = Moving(what_if.at(_awake(what_if, beside)), [slider], "offers")
        along = moving.along(slider, moving.rules[slider], moving.book)
        # without a value the rules on a parameter are dormant, looser than at any place; one that varies is unknown
        told = along is not None and not (isinstance(book.values[slider.parameter], PerValue) and None in held)
        numbers: dict[Any, float] = {each: number_of(book, slider, each) for each in (*grid, *held) if each is not None}
        rises = told and along is not None and along.rises
        values = sorted(numbers, key=lambda value: numbers[value], reverse=rises)
        places = tuple([None] * (None in held) + values)
        return cls(name, slider, places, places.index(held[0]), told)


def in_force(book: Rulebook, slider: Slider) -> Value | None:
    """Its value; a name without one of its own goes by that of all others."""
    bound = book.values[slider.parameter]
    held = slider.held(bound)
    return bound.default if held is None and slider.of is not None and isinstance(bound, PerValue) else held


def _awake(what_if: WhatIf, names: Sequence[str]) -> Rulebook:
    """The rulebook with every one of these sliders at some value, so that all their rules are active."""
    book = what_if.book
    for slider in map(what_if.slider, names):
        grid = book.places(slider.parameter)
        if grid and slider.held(book.values[slider.parameter]) is None:
            book = put(book, slider, grid[0])
    return book


class Told(NamedTuple):
    """(offers, sliders) uint16: at how many places of each slider, from the loosest on and with the others at their
    loosest, an offer surely qualifies, and at how many it fails nothing."""

    sure: Array
    open: Array


@dataclass(frozen=True, eq=False)
class Together:
    """Some sliders of a what-if, everything else as it stands there."""

    what_if: WhatIf
    axes: tuple[Axis, ...]
    apart: frozenset[frozenset[str]] = frozenset()  # pairs of sliders that must not both be told

    @classmethod
    def of(cls, what_if: WhatIf, names: Sequence[str], *books: Rulebook) -> Together:
        """The values of ``books`` are places too. Raises ``CampaignError`` for an unknown parameter, or one that has no
        places."""
        return cls(what_if, tuple(Axis.of(what_if, name, names, books) for name in names))

    @cached_property
    def tried(self) -> tuple[Axis, ...]:
        """The sliders to be tried place by place: of each pair that a rule joins by OR one, the one with fewer places;
        of each that one comparison joins, both."""
        compared, pairs = entangled(self.what_if.book, self.axes)
        tried = [axis for axis in self.axes if not axis.told or axis.name in compared]
        pairs = self.apart | pairs
        while open_ := [pair for pair in pairs if not pair & {axis.name for axis in tried}]:
            tangles = {axis.name: sum(axis.name in pair for pair in open_) for axis in self.axes}
            tried.append(max(self.axes, key=lambda axis: (tangles[axis.name], -len(axis.values))))
        return tuple(axis for axis in self.axes if axis in tried)

    @cached_property
    def told(self) -> tuple[Axis, ...]:
        """The sliders of which one number an offer tells every setting."""
        return tuple(axis for axis in self.axes if axis not in self.tried)

    def book(self, places: Mapping[str, int]) -> Rulebook:
        """The rulebook with the sliders at these places, whether or not values contradict each other."""
        book = self.what_if.book
        values = dict(book.values)
        for axis in self.axes:
            bound, place = values[axis.slider.parameter], places.get(axis.name, axis.present)
            values[axis.slider.parameter] = axis.slider.put(bound, axis.values[place])
        return replace(book, values=values, written=book.as_written)

    def tell(self, places: Mapping[str, int]) -> Told:
        """The numbers of ``told``, with the tried sliders at ``places``."""
        if not self.told:
            return self._all_tried(places)
        loosest = self.book({**dict.fromkeys((axis.name for axis in self.told), 0), **places})
        moving = Moving(self.what_if.at(loosest), [axis.slider for axis in self.told], "offers")
        sure, open_ = (np.zeros((len(moving.open), len(self.told)), np.uint16) for _ in range(2))
        for i, axis in enumerate(self.told):
            rules, grid = moving.rules[axis.slider], moving.book.places(axis.slider.parameter)
            along = moving.along(axis.slider, rules, moving.book)
            assert along is not None
            held = [along.passing]
            held += [moving.at(rules, put(loosest, axis.slider, value)) for value in axis.values if value not in grid]
            for passing in held:
                sure[:, i] += passing.worst * moving.reached
                open_[:, i] += passing.best * moving.open
        return Told(sure, open_)

    def _all_tried(self, places: Mapping[str, int]) -> Told:
        """One slider that lets everybody through or nobody."""
        now = self.what_if.assessed(self.book(places)).verdict("offers")
        return Told((now == PRE_QUALIFIED)[:, None].astype(np.uint16), (now != INELIGIBLE)[:, None].astype(np.uint16))


def at_settings(told: Array, sizes: Sequence[int], weights: Array | None = None) -> Array:
    """How many subjects pass at every setting of the sliders, loosest first: an array of the shape ``sizes``.

    ``told`` is (subjects, sliders); with ``weights`` (subjects,) their sums, float64.
    """
    shape = [size + 1 for size in sizes]
    flat = np.ravel_multi_index(tuple(told.T.astype(np.intp)), tuple(shape))
    counts = np.bincount(flat, weights, int(np.prod(shape))).reshape(shape)
    for axis in range(len(shape)):
        counts = np.flip(np.flip(counts, axis).cumsum(axis), axis)
    found: Array = counts[tuple(slice(1, None) for _ in shape)]
    return found


def entangled(book: Rulebook, axes: Sequence[Axis]) -> tuple[frozenset[str], frozenset[frozenset[str]]]:
    """The sliders that share a comparison with another one, and pairs of sliders that a rule joins by OR, or of which
    one may be without a value."""
    trees = [book.whole(rule) for rule in book.rules]
    compared = [pair for tree in trees for leaf in walk(tree) for pair in _pairs(leaf, axes)]
    joined = [pair for tree in trees for part in _joined(tree) for pair in _pairs(part, axes)]
    dormant = {axis.name for axis in axes if None in axis.values}  # without a value of it a whole rule is silent
    joined += [pair for tree in trees for pair in _pairs(tree, axes) if pair & dormant]
    return frozenset().union(*compared), frozenset(joined)


def _pairs(tree: Tree, axes: Sequence[Axis]) -> Iterator[frozenset[str]]:
    held = [axis for axis in axes if axis.slider.parameter in parameters(tree)]
    for a, b in combinations(held, 2):
        if a.slider.parameter != b.slider.parameter:
            yield frozenset((a.name, b.name))


def _joined(tree: Tree) -> Iterator[Tree]:
    """The parts of a tree all of which must hold."""
    if isinstance(tree, And):
        for part in tree.parts:
            yield from _joined(part)
    else:
        yield tree
