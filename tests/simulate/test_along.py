"""A condition that one slider moves is kept as one code: with it a cube and an index tell what the columns told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.along import codes_along, every_code, sliders
from campaign_analytics.simulate.at_rest import Coded, text
from campaign_analytics.simulate.coded import CodedMarket
from campaign_analytics.simulate.positions import Slider
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import NOON, Bazaar, bazaars, market, rulebook
from tests.simulate.truth import alike, refusing, with_slider

PICKUP = "min_pickup_rate_48h"


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def held(book: Rulebook) -> Assessment:
    return ca.assess(ca.demo_market(500, seed=5), book)


def at_rest(held: Assessment) -> Coded:
    """An assessment of codes alone."""
    same = ("book", "market", "moment", "rules", "not_computed", "unmade", "bits")
    codes = every_code(CodedMarket(held), held.rules)
    return Coded.of(Coded(**{name: getattr(held, name) for name in same}, words={}, outside={}, codes=codes))


@settings(max_examples=40)
@given(data=st.data(), bazaar=bazaars())
def test_codes_tell_every_outcome_at_every_place(data: st.DataObject, bazaar: Bazaar) -> None:
    with refusing("lets some offers pass at higher values and others at lower ones"):
        kept = at_rest(bazaar.assessment)
    alike(kept, bazaar.assessment)
    moving = [name for name in bazaar.sliders if Slider.read(name).parameter in kept.coded_along]
    name = data.draw(st.sampled_from(moving or ["count"]))
    for value in data.draw(st.permutations(bazaar.book.places(Slider.read(name).parameter)))[:4]:
        book = with_slider(bazaar.book, name, value)
        with refusing("cannot be moved"):  # another rule asks for it otherwise, or it feeds a recipe
            now = WhatIf(kept).at(book).assessment
        alike(now, bazaar.reassessed(book))


def test_a_condition_of_many_comparisons_with_one_slider_is_one_column(held: Assessment) -> None:
    codes = codes_along(CodedMarket(held), ["select_pickup"], [PICKUP])["offers"]
    whole = text(held.book.whole("select_pickup"))
    assert [*codes.leaves] == [(whole, PICKUP)]
    assert [*codes.cells] == [codes.leaves[whole, PICKUP].column]
    assert not codes.flags


def test_a_condition_that_two_sliders_move_has_a_code_for_each_and_one_outcome_of_the_rest() -> None:
    of = rulebook({"r": {"condition": "n >= :count AND f AND (r >= :floor OR lev = :level OR f) AND NOT :loose"}})
    held = assess(market([{"n": 3, "r": 0.1, "f": True, "lev": "low"}]), of, NOON)
    kept = codes_along(CodedMarket(held), ["r"], ["count", "floor"])["offers"]
    assert sorted(name for _, name in kept.leaves) == ["count", "floor"]
    assert {cells.type for cells in kept.cells.values()} == {"count", "flag"}


def test_what_is_folded_into_a_code_stands_as_it_was(held: Assessment, book: Rulebook) -> None:
    cube = ca.what_if_cube(held, book, [PICKUP])
    with pytest.raises(CampaignError, match="allow_merchant_proxy cannot be moved in the cube"):
        WhatIf(cube).set(allow_merchant_proxy=True).summary()
    assert cube.coded_along == {PICKUP}


def test_sliders_are_those_that_are_compared_alone_and_in_order() -> None:
    of = rulebook({"r": {"condition": "n >= :count AND p <= :share * q AND lev = :level AND :strict AND r >= :floor"}})
    assert sliders(of) == ("count", "share", "floor")
