"""Two parameters at once: how many qualify at every pair of their values.

Where the two move different rules one joint count answers all pairs; else the one is looked at along its slider at
each value of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.views import added
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.values import Value
from campaign_analytics.simulate.classes import Classes
from campaign_analytics.simulate.moving import Along, Moving, allowed, name_of, number_of, options, put
from campaign_analytics.simulate.positions import Passing, Slider
from campaign_analytics.simulate.sensitivity import checked, notes

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.simulate.what_if import WhatIf
    from campaign_analytics.simulate.where import Where


def surface(
    what_if: WhatIf,
    p: str,
    q: str,
    by: str | None = None,
    weight: str | None = None,
    where: Where | None = None,
    lang: str = "en",
) -> pd.DataFrame:
    """One row a class of ``by`` and pair of values of two parameters, all else as it stands.

    first, second: the values of ``p`` and of ``q`` as people write them; first_number, second_number, then counts of
    offers, change, present, default and allowed as in ``curves``, of the pair. Only places of the sliders are there: a
    value in force between two of them makes no row present. Raises ``CampaignError`` as ``curve`` does, and where the
    two are one.
    """
    pair = checked(what_if, p), checked(what_if, q)
    if pair[0] == pair[1]:
        raise CampaignError(f"a surface takes two parameters; {name_of(pair[0])} is named twice")
    classes = Classes.of(what_if.baseline, by, "offers", weight, where)
    values = options(what_if.book, pair[0].parameter), options(what_if.book, pair[1].parameter)
    counts = _counts(Moving(what_if, pair, "offers"), pair, values, classes)
    before = classes.verdicts(what_if.baseline)[:, PRE_QUALIFIED]
    groups, shape = len(classes.names), (len(values[0]), len(values[1]))
    at = np.indices((groups, *shape)).reshape(3, -1)
    columns: dict[str, object] = {} if by is None else {by: _texts(classes.names, at[0])}
    for name, slider, held, which in zip(("first", "second"), pair, values, at[1:], strict=True):
        columns[name] = _texts(tuple(what_if.book.show(slider.parameter, value, lang) for value in held), which)
        columns[f"{name}_number"] = np.array([number_of(what_if.book, slider, value) for value in held])[which]
    columns |= {verdict: counts[..., i].ravel() for i, verdict in enumerate(VERDICTS)}
    columns["total"] = counts.sum(axis=3).ravel()
    if classes.weight_missing is not None:
        columns["weight_missing"] = classes.weight_missing[at[0]]
    columns["change"] = (counts[..., PRE_QUALIFIED] - before[:, None, None]).ravel()
    for name, book in (("present", what_if.book), ("default", what_if.baseline.book)):
        here = [
            np.array([value == slider.held(book.values[slider.parameter]) for value in held], bool)
            for slider, held in zip(pair, values, strict=True)
        ]
        columns[name] = here[0][at[1]] & here[1][at[2]]
    columns["allowed"] = allowed(what_if.book, *zip(pair, values, strict=True))[at[1], at[2]]
    made = pd.DataFrame(columns)
    made.attrs |= {"first": name_of(pair[0]), "second": name_of(pair[1]), **notes(what_if.book, lang)}
    return made


def _texts(texts: tuple[str, ...], at: Array) -> pd.Series:
    return pd.Series(pd.array(list(texts), dtype="str")).take(at).reset_index(drop=True)


def _counts(
    moving: Moving, pair: tuple[Slider, Slider], values: tuple[Sequence[Value], Sequence[Value]], classes: Classes
) -> Array:
    """(classes, values of the one, values of the other, 3) subjects by verdict."""
    rules = [moving.rules[slider] for slider in pair]
    one, other = (moving.along(slider, own, moving.book) for slider, own in zip(pair, rules, strict=True))
    if one and other and not set(rules[0]) & set(rules[1]):
        return _joint(moving, one, other, (len(values[0]), len(values[1])), classes)
    inner = 0 if (one is not None, len(values[0])) > (other is not None, len(values[1])) else 1
    outer = 1 - inner
    gates = [rule for rule in rules[outer] if rule not in rules[inner]]
    found = [
        _across(moving, gates, pair[inner], values[inner], put(moving.book, pair[outer], value), classes)
        for value in values[outer]
    ]  # each (values of inner, classes, 3)
    return np.stack(found).transpose((2, 1, 0, 3) if inner == 0 else (2, 0, 1, 3))


def _across(
    moving: Moving, gates: Sequence[str], slider: Slider, values: Sequence[Value], book: Rulebook, classes: Classes
) -> Array:
    """(values, classes, 3) subjects by verdict at every value of one slider, ``book`` holding that of the other, which
    moves the rules ``gates`` besides."""
    rules, gate = moving.rules[slider], moving.at(gates, book)
    along = moving.along(slider, rules, book)
    if along is None:
        held = [moving.at(rules, put(book, slider, value)) for value in values]
        joined = [Passing.joined(np.minimum, [gate, each]) for each in held]
        return np.concatenate([moving.verdicts(each, 1, True, classes) for each in joined])
    whole = np.uint8(len(values))
    opened = Passing(gate.worst * whole, gate.best * whole)
    return moving.verdicts(Passing.joined(np.minimum, [along.passing, opened]), len(values), along.rises, classes)


def _joint(moving: Moving, one: Along, other: Along, places: tuple[int, int], classes: Classes) -> Array:
    """(classes, places of the one, places of the other, 3) subjects by verdict, where no rule moves with both."""
    groups, (wide, high) = len(classes.names), (places[0] + 1, places[1] + 1)

    def passing(among: Array, first: Array, second: Array) -> Array:
        hit = np.flatnonzero(among[classes.rows])
        at = (classes.codes[hit] * wide + first[classes.rows][hit]) * high + second[classes.rows][hit]
        weights = None if classes.weights is None else classes.weights[hit]
        flat = added(at, groups * wide * high, weights).reshape(groups, wide, high)
        tightest_first = flat[:, :0:-1, :0:-1].cumsum(axis=1).cumsum(axis=2)
        return tightest_first[:, :: 1 if one.rises else -1, :: 1 if other.rises else -1]

    sure = passing(moving.reached, one.passing.worst, other.passing.worst)
    may = passing(moving.open, one.passing.best, other.passing.best)
    totals = added(classes.codes, groups, classes.weights)[:, None, None]
    return np.stack([sure, totals - may, may - sure], axis=3)
