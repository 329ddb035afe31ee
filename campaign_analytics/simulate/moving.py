"""Parameters about to be moved while all else stays as it stands: what each of their values gives.

Only subjects that all other rules let through are counted. Where a parameter has positions one count answers all places
of its slider; any other value is looked at by itself: the columns whose recipe takes the parameter are made again and
the rules on it run again, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from campaign_analytics.derive import derive
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.scalar import never_false
from campaign_analytics.rulebook.values import EPOCH, MINOR_UNITS, Value
from campaign_analytics.simulate.classes import Classes
from campaign_analytics.simulate.coded import parameters
from campaign_analytics.simulate.hand import Swing
from campaign_analytics.simulate.positions import Passing, Positions, Slider

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Level, Rulebook
    from campaign_analytics.simulate.what_if import WhatIf


class Along(NamedTuple):
    """Rules on the places of one slider, on the rows of one level."""

    passing: Passing
    rises: bool  # they pass at the higher places


class Moving:
    """One or two parameters about to be moved."""

    def __init__(self, what_if: WhatIf, sliders: Sequence[Slider], level: Level) -> None:
        self.what_if, self.level = what_if, level
        self.book = _awake(what_if.book, sliders)
        self.now = what_if.assessment if self.book is what_if.book else what_if.assessed(self.book)
        self.rules = {slider: self._moved_by(slider.parameter) for slider in sliders}
        self.moved = tuple(rule for rule in self.now.blocking if any(rule in held for held in self.rules.values()))
        still, decided = (
            [rule for rule in rules if rule not in self.moved] for rules in (self.now.blocking, self.now.decided)
        )
        self.open: Array = ~self.now.any(level, still)
        self._found: dict[Slider, Along | None] = {}
        self.reached: Array = self.open & ~self.now.any(level, decided, unknown=True)

    def _moved_by(self, parameter: str) -> tuple[str, ...]:
        """The rules that decide verdicts at this level and name the parameter, or a column made with it."""
        return tuple(rule for rule in deciding(self.book, parameter) if rule in self.now.rules_at(self.level))

    def directions(self, slider: Slider) -> frozenset[bool | None]:
        """Whether the comparisons in which a slider stands pass at its higher values (True), at its lower ones
        (False), or do not tell (None)."""
        found = Positions(self.what_if.coded(self.book), self.book, slider).directions(self.rules[slider])
        return frozenset(found | ({None} if slider.parameter in self.what_if.recipe_parameters else set()))

    def has_positions(self, slider: Slider) -> bool:
        """Whether one count answers all places of a slider."""
        return self._along(slider) is not None

    def _along(self, slider: Slider) -> Along | None:
        if slider not in self._found:
            self._found[slider] = self.along(slider, self.rules[slider], self.book)
        return self._found[slider]

    # ---- passing

    def along(self, slider: Slider, rules: Sequence[str], book: Rulebook) -> Along | None:
        """``rules`` at every place of a slider, the others as in ``book``; None where they have no positions there."""
        if not book.places(slider.parameter) or slider.parameter in self.what_if.recipe_parameters:
            return None
        positions = Positions(self.what_if.coded(book), book, slider)
        rises, found = positions.rises(rules), [positions.of(rule) for rule in rules]
        held = [passing for passing in found if passing is not None]
        if len(held) < len(found) or (rises is None and rules):
            return None
        everywhere = np.full(len(self.open), positions.count, np.uint8)
        parts = [self._on_level(rule, passing, positions.count) for rule, passing in zip(rules, held, strict=True)]
        return Along(Passing.joined(np.minimum, [*parts, Passing(everywhere, everywhere)]), bool(rises))

    def _on_level(self, rule: str, passing: Passing, places: int) -> Passing:
        if rule in self.now.not_computed:
            passing = Passing(passing.best, passing.best)
        if self.book.level(rule) == self.level:
            return passing
        return passing.taken(self.now.market.merchant_row, Passing(np.uint8(0), np.uint8(places)))

    def at(self, rules: Sequence[str], book: Rulebook) -> Passing:
        """``rules`` at the values of ``book``, as if they were the only place of a slider."""
        held = [rule for rule in rules if rule in book.active]
        again = replace(self.now, book=book)
        if any(self.book.values[name] != book.values[name] for name in self.what_if.recipe_parameters):
            columns = {column for rule in held for column in book.columns_of(rule)}
            market, unmade, partly = derive(again.market, book, again.moment, columns)
            vague = tuple(rule for rule in held if (unmade | partly).intersection(book.columns_of(rule)))
            again = replace(again, market=market, not_computed=vague)
        again = replace(again, words=again.run({rule: book.whole(rule) for rule in held}, orphans_unknown=True))
        decided = [rule for rule in held if rule not in again.not_computed]
        best = ~again.any(self.level, held)
        worst = best & ~again.any(self.level, decided, unknown=True)
        return Passing(worst.view(np.uint8), best.view(np.uint8))

    # ---- counts

    def counts(self, slider: Slider, values: Sequence[Value | None], classes: Classes) -> Array:
        """(classes, values, 3) subjects by verdict at every value of one slider."""
        rules, grid = self.rules[slider], list(self.book.places(slider.parameter))
        along = self._along(slider)
        if along:
            at_places = self.verdicts(along.passing, len(grid), along.rises, classes)
            found: dict[Value | None, Array] = dict(zip(grid, at_places, strict=True))
        else:
            found = {slider.held(self.book.values[slider.parameter]): classes.verdicts(self.now)}
        for value in values:
            if value not in found:
                found[value] = self.verdicts(self.at(rules, put(self.book, slider, value)), 1, True, classes)[0]
        return np.stack([found[value] for value in values], axis=1)

    def verdicts(self, passing: Passing, places: int, rises: bool, classes: Classes) -> Array:
        """(places, classes, 3) subjects by verdict."""
        swing = Swing(self.reached, self.open, passing, places, rises)
        held = swing.verdicts(classes.codes, len(classes.names), classes.rows, classes.weights)
        return held.transpose(1, 0, 2)


# ---- parameters and their values


def deciding(book: Rulebook, parameter: str) -> tuple[str, ...]:
    """The active rules that decide verdicts and name the parameter, or a column whose recipe takes it."""
    return tuple(
        rule
        for rule in book.active
        if book.rules[rule].severity == "block" and parameter in (*book.parameters_of(rule), *_of_recipes(book, rule))
    )


def _of_recipes(book: Rulebook, rule: str) -> list[str]:
    waiting = [column for column in book.columns_of(rule) if column in book.derived]
    found: list[str] = []
    for column in waiting:  # grows
        found += book.recipe_parameters(column)
        waiting += [read for read in book.reads(column) if read in book.derived and read not in waiting]
    return found


def sliders(book: Rulebook) -> list[Slider]:
    """A slider for every parameter, and one for each value of its own where it varies by column."""
    found = []
    for name, bound in book.values.items():
        if not isinstance(bound, PerValue):
            found.append(Slider(name))
            continue
        found += [Slider(name)] if bound.default is not None else []
        found += [Slider(name, of) for of, value in bound.values if value is not None]
    return found


def name_of(slider: Slider) -> str:
    """ "max_return_rate" or "max_return_rate[厨具]"."""
    return slider.parameter if slider.of is None else f"{slider.parameter}[{slider.of}]"


def options(book: Rulebook, parameter: str) -> tuple[Value, ...]:
    """The places of a parameter's slider, or the names of its choice; empty where it has neither."""
    held = book.parameters[parameter]
    return book.places(parameter) or (book.names_of(held) if held.type == "text" else ())


def values_of(what_if: WhatIf, slider: Slider) -> tuple[Value | None, ...]:
    """The options of a slider, the value in force and the baseline's, in their order; None, not set, first."""
    book, held = what_if.book, options(what_if.book, slider.parameter)
    more = {slider.held(each.values[slider.parameter]) for each in (book, what_if.baseline.book)} - {*held}
    return tuple(sorted((*held, *more), key=lambda value: (value is not None, number_of(book, slider, value))))


def number_of(book: Rulebook, slider: Slider, value: Value | None) -> float:
    """A value as a plain number: a share for a rate, whole units of the currency, days since 1970, a place in its list;
    NaN where it is not set."""
    held = book.parameters[slider.parameter]
    if value is None:
        return float("nan")
    if held.type in ("level", "text"):
        names = book.names_of(held)
        return float(names.index(value)) if value in names else float(len(names))
    if isinstance(value, datetime):
        return (value - EPOCH).total_seconds() / 86400
    if isinstance(value, date):
        return float((value - EPOCH.date()).days)
    assert not isinstance(value, str | frozenset)
    return float(value) / (MINOR_UNITS if held.type == "money" else 1)


def put(book: Rulebook, slider: Slider, value: Value | None) -> Rulebook:
    """The rulebook with a slider at a value, whether or not that contradicts others."""
    return replace(book, values={**book.values, slider.parameter: slider.put(book.values[slider.parameter], value)})


def allowed(book: Rulebook, *axes: tuple[Slider, Sequence[Value | None]]) -> Array:
    """(values of each axis, ...) bool: no requirement of the rulebook forbids the sliders to stand at these values
    while the others are as they stand."""
    found = np.ones([len(values) for _, values in axes], bool)
    for tree in book.required_trees.values():
        asked = [i for i, (slider, _) in enumerate(axes) if slider.parameter in parameters(tree)]
        if not asked:
            continue
        holds = []
        for values in product(*(axes[i][1] for i in asked)):
            held = dict(book.values)
            for i, value in zip(asked, values, strict=True):
                held[axes[i][0].parameter] = axes[i][0].put(held[axes[i][0].parameter], value)
            holds.append(never_false(tree, held) is not False)
        shape = [len(values) if i in asked else 1 for i, (_, values) in enumerate(axes)]
        found &= np.array(holds, bool).reshape(shape)
    return found


def _awake(book: Rulebook, sliders: Sequence[Slider]) -> Rulebook:
    """The rulebook with every slider at some value, so that its rules are active."""
    for slider in sliders:
        if slider.held(book.values[slider.parameter]) is None:
            book = put(book, slider, options(book, slider.parameter)[0])
    return book
