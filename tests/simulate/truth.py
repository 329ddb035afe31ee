"""What every simulation is held against: a full assessment of the changed rulebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from hypothesis import assume

from campaign_analytics.assess import Assessment
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.values import Value
from campaign_analytics.simulate.positions import Slider
from campaign_analytics.simulate.standing import Standing

LEVELS: tuple[Level, ...] = ("offers", "merchants")
COUNTS = ("totals", "now", "before", "gained", "lost", "fails", "unknowns", "merchants", "merchants_before")


def alike(one: Assessment, other: Assessment) -> None:
    """Two assessments say the same of every subject: outcome of every rule, and verdict."""
    assert (one.rules, one.blocking, one.not_computed) == (other.rules, other.blocking, other.not_computed)
    for level in LEVELS:
        np.testing.assert_array_equal(one.verdict(level), other.verdict(level), level)
        for rule in other.rules_at(level):
            np.testing.assert_array_equal(one.outcome(rule, level), other.outcome(rule, level), rule)


def stand_alike(one: Standing, other: Standing) -> None:
    """Two standings count the same, and the same offers turn."""
    assert (one.groups, one.rules) == (other.groups, other.rules)
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    many = int(one.totals.sum())
    assert sorted(one.flips(many)) == sorted(other.flips(many))


def with_slider(book: Rulebook, name: str, place: Value) -> Rulebook:
    """The rulebook with one slider moved to a place, whatever its requirements say."""
    slider = Slider.read(name)
    bound = slider.put(book.values[slider.parameter], place)
    return replace(book, values={**book.values, slider.parameter: bound})


@contextmanager
def refusing(said: str) -> Iterator[None]:
    """Pass over an example that is refused in these words."""
    try:
        yield
    except CampaignError as error:
        if said not in str(error):
            raise
        assume(False)
