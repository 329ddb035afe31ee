"""Several sliders at once against assessments of every setting."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED
from campaign_analytics.simulate.together import Together, at_settings
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar, bazaars, moves


@settings(max_examples=60)
@given(st.data(), bazaars())
def test_sliders_told_together_give_what_an_assessment_of_any_setting_gives(
    data: st.DataObject, bazaar: Bazaar
) -> None:
    sliders = [name for name in bazaar.sliders if bazaar.book.places(name.partition("[")[0])]
    if not sliders:
        return
    what_if = WhatIf(bazaar.assessment)
    for move in data.draw(st.lists(moves(bazaar), max_size=2)):
        what_if.set(move)
    names = data.draw(st.lists(st.sampled_from(sliders), min_size=1, max_size=4, unique=True))
    together = Together.of(what_if, names, *data.draw(st.sampled_from([(), (bazaar.book,)])))
    assert {*together.told, *together.tried} == {*together.axes}
    for _ in range(4):
        places = {axis.name: data.draw(st.integers(0, len(axis.values) - 1)) for axis in together.axes}
        told = together.tell({axis.name: places[axis.name] for axis in together.tried})
        at = np.array([places[axis.name] for axis in together.told] or [0])
        verdict = bazaar.reassessed(together.book(places)).verdict()
        assert ((told.sure > at).all(axis=1) == (verdict == PRE_QUALIFIED)).all()
        assert ((told.open > at).all(axis=1) == (verdict != INELIGIBLE)).all()


@settings(max_examples=60)
@given(st.data())
def test_counts_at_every_setting_are_those_of_counting(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    told = np.array(data.draw(st.lists(st.tuples(*(st.integers(0, size) for size in sizes)), max_size=9)))
    told = told.reshape(-1, len(sizes))
    counts = at_settings(told, sizes)
    assert counts.shape == tuple(sizes)
    for place in np.ndindex(*sizes):
        assert counts[place] == (told > np.array(place)).all(axis=1).sum()
    weights = np.arange(len(told)) + 0.5
    sums = at_settings(told, sizes, weights)
    for place in np.ndindex(*sizes):
        assert sums[place] == weights[(told > np.array(place)).all(axis=1)].sum()


def test_a_dormant_slider_beside_another_in_one_rule_wakes_both() -> None:
    """Without a value for the one the rule says nothing of the other either."""
    offers = [{"n": n, "m": m} for n in (0, 2, 8) for m in (0, 4, 9)]
    bazaar = Bazaar({"both": {"condition": "n >= :count AND m >= :asleep"}}, offers, [{}])
    together = Together.of(WhatIf(bazaar.assessment), ["count", "asleep"])
    for count, asleep in np.ndindex(*(len(axis.values) for axis in together.axes)):
        places = {"count": count, "asleep": asleep}
        told = together.tell({axis.name: places[axis.name] for axis in together.tried})
        at = np.array([places[axis.name] for axis in together.told])
        verdict = bazaar.reassessed(together.book(places)).verdict()
        assert ((told.sure > at).all(axis=1) == (verdict == PRE_QUALIFIED)).all()
