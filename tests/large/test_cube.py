"""A cube counts, at every place of the sliders that it explores, what the market itself counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.large.cube import Cubing
from campaign_analytics.market.behind import Behind
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.at_rest import Cube
from campaign_analytics.simulate.standing import Standing
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar, bazaars
from tests.simulate.truth import COUNTS, refusing, with_slider

BY = "category"
EXPLORED = ("min_pickup_rate_48h", "max_moq", "min_trade_medal")


def counts_alike(one: Standing, other: Standing) -> None:
    assert (one.groups, one.rules) == (other.groups, other.rules)
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


@settings(max_examples=30)
@given(data=st.data(), bazaar=bazaars().filter(lambda held: held.parameters))
def test_any_rulebook_at_every_place(data: st.DataObject, bazaar: Bazaar) -> None:
    sliders = [name for name in bazaar.parameters if bazaar.book.places(name)]
    assume(sliders)
    explored = data.draw(st.lists(st.sampled_from(sliders), min_size=1, max_size=2, unique=True))
    with refusing("cannot be explored"):
        cubing = Cubing(["w"], explored, bazaar.book)
        cubing.add(bazaar.assessment)
    cube, held = WhatIf(cubing.assessment(Behind("cube_of"))), WhatIf(bazaar.assessment)
    name = data.draw(st.sampled_from(explored))
    for value in data.draw(st.permutations(bazaar.book.places(name)))[:3]:
        book = with_slider(bazaar.book, name, value)
        with refusing("cannot be moved"):  # it feeds a recipe, too
            counts_alike(cube.at(book).standing("w"), held.at(book).standing("w"))


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def held(book: Rulebook) -> Assessment:
    return ca.assess(ca.demo_market(3_000, seed=5), book)


@pytest.fixture(scope="module")
def cube(held: Assessment, book: Rulebook) -> Cube:
    return ca.what_if_cube(held, book, EXPLORED)


def test_curves_surfaces_and_summaries_are_those_of_the_market(cube: Cube, held: Assessment) -> None:
    ours, theirs = WhatIf(cube), WhatIf(held)
    for name in EXPLORED:
        pd.testing.assert_frame_equal(ours.curve(name, by=BY), theirs.curve(name, by=BY))
        hands = ours.hand(name, BY), theirs.hand(name, BY)
        assert hands[0] is not None
        assert hands[1] is not None
        for place in range(0, len(hands[0].places), 9):
            counts_alike(hands[0].standing(place), hands[1].standing(place))
    pd.testing.assert_frame_equal(ours.surface(*EXPLORED[:2], by=BY), theirs.surface(*EXPLORED[:2], by=BY))
    moved = {"min_pickup_rate_48h": "85%", "max_moq": 3, "min_trade_medal": "AAA"}
    pd.testing.assert_frame_equal(ours.set(moved).summary(by=BY), theirs.set(moved).summary(by=BY))
    pd.testing.assert_frame_equal(cube.summary(by=BY), held.summary(by=BY))
    pd.testing.assert_frame_equal(cube.summary(level="merchants"), held.summary(level="merchants"))


def test_a_parameter_that_has_values_for_some_classes_alone_has_a_curve() -> None:
    deals = ca.load_rulebook("daily_deals")
    held = ca.assess(ca.demo_market(500, seed=3, profile="daily_deals"), deals)
    cube = ca.what_if_cube(held, deals, ["min_discount"])
    for name in ("min_discount", "min_discount[Toys]"):  # elsewhere it is not set
        ours, theirs = (WhatIf(each).curve(name, by="department") for each in (cube, held))
        pd.testing.assert_frame_equal(ours, theirs)


def test_a_file_gives_the_same_cube(cube: Cube, book: Rulebook, tmp_path: Path) -> None:
    ca.save_cube(cube, tmp_path / "spring.parquet")
    again = ca.open_cube(tmp_path / "spring.parquet", book)
    moved = {"min_pickup_rate_48h": "85%", "min_trade_medal": "AAA"}
    ours, theirs = WhatIf(again).set(moved), WhatIf(cube).set(moved)
    pd.testing.assert_frame_equal(ours.summary(by=BY), theirs.summary(by=BY))
    counts_alike(ours.standing(BY), theirs.standing(BY))
    assert again.headline() == cube.headline()


def test_ranges_of_offers_alone_are_kept(book: Rulebook, tmp_path: Path) -> None:
    shops = ca.demo_market(2_000, seed=3, profile="wholesale")
    cube = ca.what_if_cube(ca.assess(shops, book, "2024-03-01"), book, EXPLORED)
    ranged = {level: [cells.high is not None for cells in codes.cells.values()] for level, codes in cube.codes.items()}
    assert any(ranged["offers"])
    assert ranged["merchants"] == [False]
    ca.save_cube(cube, tmp_path / "spring.parquet")
    again = ca.open_cube(tmp_path / "spring.parquet", book)
    counts_alike(WhatIf(again).standing(BY), WhatIf(cube).standing(BY))


@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_a_cube_of_another_rulebook_or_other_values_is_refused(cube: Cube, book: Rulebook, tmp_path: Path) -> None:
    another = ca.load_rulebook("daily_deals")
    path = tmp_path / "spring.parquet"
    ca.save_cube(cube, path)
    with pytest.raises(CampaignError, match="was made with other values of max_moq"):
        ca.open_cube(path, book.set(max_moq=9))
    with pytest.raises(CampaignError, match="make it again"):
        ca.open_cube(path, another)
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(MarketError, match="is no cube"):
        ca.open_cube(path, book)


@pytest.mark.parametrize("name", ["max_shared", "min_stock", "enforce_select_entry"])
def test_what_no_rule_compares_along_its_slider_is_refused_before_anything_is_counted(
    held: Assessment, book: Rulebook, name: str
) -> None:
    for ask in (ca.what_if_cube, ca.cube_size):
        with pytest.raises(CampaignError, match=f"{name} cannot be explored: no active rule compares .*leave it out"):
            ask(held, book, ["max_moq", name])  # it feeds a recipe; its rule is off; it is a choice


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            lambda cube: WhatIf(cube).set(min_pickup_rate_48h="85.03%").summary(),
            r"only be set to a value of its",
        ),
        (lambda cube: WhatIf(cube).set(min_growth_score=50).summary(), r"min_growth_score cannot be moved"),
        (lambda cube: WhatIf(cube).set(min_deposit=None).summary(), r"min_deposit cannot be moved"),
        (lambda cube: WhatIf(cube).switch_off("escrow").summary(), r"a rule cannot be changed"),
        (lambda cube: cube.blockers(), r"are verdicts alone, not which rules"),
        (lambda cube: cube.offers(), r"offer_id is not in the cube"),
        (lambda cube: cube.explain("1"), r"offer_id is not in the cube"),
        (lambda cube: cube.summary(by="entity_type"), r"'entity_type': it is not in the cube"),
        (lambda cube: cube.summary(weight="list_price"), r"list_price is not in the cube"),
    ],
)
def test_what_a_cube_cannot_tell_is_refused_in_words(cube: Cube, asked: object, said: str) -> None:
    assert callable(asked)
    with pytest.raises(CampaignError, match=said):
        asked(cube)
