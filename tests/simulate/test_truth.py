"""Whatever is set, in whatever order, equals a full assessment of that rulebook, subject by subject."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.outcomes import PRE_QUALIFIED
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scenario import Scenario
from campaign_analytics.simulate.moving import name_of, sliders
from campaign_analytics.simulate.positions import Slider
from campaign_analytics.simulate.standing import standing_of
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import SHAPES, Bazaar, bazaars, moves
from tests.simulate.shipped import shipped
from tests.simulate.truth import alike, stand_alike, with_slider

pytestmark = pytest.mark.usefixtures("one_recipe_is_not_built")
BY = [None, "w", "town", "size"]


def tried(what_if: WhatIf, move: dict[str, Any]) -> None:
    """Set what can be set; a value of the wrong type changes nothing."""
    before = what_if.book
    try:
        what_if.set(move)
    except CampaignError:
        assert what_if.book is before


@settings(max_examples=80)
@given(data=st.data(), bazaar=bazaars().filter(lambda held: held.parameters))
def test_any_moves_give_what_a_full_assessment_gives(data: st.DataObject, bazaar: Bazaar) -> None:
    what_if = WhatIf(bazaar.assessment)
    for _ in range(data.draw(st.integers(1, 3))):
        tried(what_if, data.draw(moves(bazaar)))
        alike(what_if.assessment, bazaar.reassessed(what_if.book))


@settings(max_examples=80)
@given(data=st.data(), bazaar=bazaars().filter(lambda held: held.parameters))
def test_a_slider_in_hand_gives_at_every_place_what_a_full_assessment_gives(
    data: st.DataObject, bazaar: Bazaar
) -> None:
    what_if = WhatIf(bazaar.assessment)
    if data.draw(st.booleans()):
        tried(what_if, data.draw(moves(bazaar)))
    words = sorted({row["w"] or "" for row in bazaar.offers if isinstance(row["w"], str | None)})
    where = data.draw(st.none() | st.sampled_from([{"w": word} for word in words])) if words else None
    name = data.draw(st.sampled_from(bazaar.sliders))
    hand = what_if.hand(name, data.draw(st.sampled_from(BY)), where)
    assume(hand is not None)
    assert hand is not None
    qualifying = []
    for place, value in enumerate(hand.places):
        full = bazaar.reassessed(with_slider(what_if.book, name, value))
        stand_alike(hand.standing(place), standing_of(full, hand.groups))
        qualifying.append(full.verdict() == PRE_QUALIFIED)
    loosening = qualifying if hand.rises else qualifying[::-1]
    assert (np.diff(np.array(loosening, np.int8), axis=0) >= 0).all()  # nobody is lost on the way that it rises


MANY = {f"rule{i}": {"condition": SHAPES[i % len(SHAPES)]} for i in range(40)}


@settings(max_examples=6)
@given(data=st.data(), bazaar=bazaars(given=MANY))
def test_more_rules_than_a_word_holds(data: st.DataObject, bazaar: Bazaar) -> None:
    what_if = WhatIf(bazaar.assessment)
    for _ in range(3):
        tried(what_if, data.draw(moves(bazaar)))
    alike(what_if.assessment, bazaar.reassessed(what_if.book))
    hand = what_if.hand("count", "w")
    assert hand is not None
    assert len(hand.standing(0).rules) > 32
    for place, value in enumerate(hand.places):
        full = bazaar.reassessed(with_slider(what_if.book, "count", value))
        stand_alike(hand.standing(place), standing_of(full, hand.groups))


class AnyOrder(RuleBasedStateMachine):
    """Sliders moved, rules switched, scenarios saved and loaded, in any order."""

    scenarios = Bundle("scenarios")

    @initialize(bazaar=bazaars(3).filter(lambda held: held.parameters))
    def assessed(self, bazaar: Bazaar) -> None:
        self.bazaar = bazaar
        self.what_if = WhatIf(bazaar.assessment)

    @rule(data=st.data())
    def set(self, data: st.DataObject) -> None:
        tried(self.what_if, data.draw(moves(self.bazaar)))

    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        names = data.draw(st.lists(st.sampled_from(sorted(self.bazaar.rules)), max_size=2))
        (self.what_if.switch_off if data.draw(st.booleans()) else self.what_if.switch_on)(*names)

    @rule(data=st.data())
    def reset_one(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([*self.bazaar.sliders, *self.bazaar.rules]))
        self.what_if.reset(name)
        assert name not in self.what_if.changed

    @rule()
    def reset_all(self) -> None:
        self.what_if.reset()
        assert self.what_if.changed == ()
        alike(self.what_if.assessment, self.bazaar.assessment)

    @rule(target=scenarios)
    def keep(self) -> Scenario:
        return self.what_if.scenario("kept")

    @rule(scenario=scenarios)
    def load(self, scenario: Scenario) -> None:
        self.what_if.load(scenario)
        assert self.what_if.scenario("kept") == scenario

    @rule(data=st.data())
    def take_in_hand(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.bazaar.sliders))
        hand = self.what_if.hand(name, "w")
        if hand is None:
            return
        place = data.draw(st.integers(0, len(hand.places) - 1))
        full = self.bazaar.reassessed(with_slider(self.what_if.book, name, hand.places[place]))
        stand_alike(hand.standing(place), standing_of(full, hand.groups))

    @precondition(lambda self: hasattr(self, "what_if"))
    @invariant()
    def equals_a_full_assessment(self) -> None:
        full = self.bazaar.reassessed(self.what_if.book)
        alike(self.what_if.assessment, full)
        stand_alike(self.what_if.standing("w"), standing_of(full, WhatIf(self.bazaar.assessment)._groups("w", None)))


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=25, stateful_step_count=12)


# ---- the shipped rulebooks


def fixtures() -> Assessment:
    book = shipped("spring_2024").book
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return assess(read_market("data/fixtures/spring", book), book)


@pytest.mark.parametrize("read", [fixtures, lambda: shipped("daily_deals")], ids=["fixtures", "daily_deals"])
def test_every_place_of_every_slider(read: Callable[[], Assessment]) -> None:
    """The rules that name the parameter are run over the columns at every place; all others stand."""
    baseline = read()
    what_if, book = WhatIf(baseline), baseline.book
    taken = 0
    for name in (name_of(slider) for slider in sliders(book)):
        hand = what_if.hand(name, book.header.category)
        if hand is None:
            continue
        taken += 1
        moved = [rule for rule in hand.now.rules if Slider.read(name).parameter in book.parameters_of(rule)]
        for place, value in enumerate(hand.places):
            full = rerun(hand.now, with_slider(hand.now.book, name, value), moved)
            stand_alike(hand.standing(place), standing_of(full, hand.groups))
    assert taken > 15


def rerun(held: Assessment, book: Rulebook, rules: Sequence[str]) -> Assessment:
    """The assessment with some rules run again under another rulebook of the same columns."""
    again = replace(held, book=book)
    words = again.run({rule: book.whole(rule) for rule in rules}, orphans_unknown=True)
    stays = ~(held.mask(rules) | held.mask(rules, unknown=True))[:, None]
    return replace(again, words={level: made | (held.words[level] & stays) for level, made in words.items()})


# ---- odd markets and odd settings


@pytest.mark.parametrize(
    ("offers", "merchants"),
    [
        ([], []),
        ([], [{}]),
        ([{"n": 3}], []),
        ([{"n": 3, "w": "red"}], [{}]),
        ([{"n": 3, "merchant_id": "nobody"}], [{}]),
    ],
    ids=["nothing", "no offers", "no merchants", "one offer", "an orphan"],
)
@pytest.mark.parametrize("rules", [["n >= :count"], ["mn >= :count"], ["n >= :count", "mn <= :more", "n <= :per_town"]])
def test_small_markets(offers: list[dict[str, Any]], merchants: list[dict[str, Any]], rules: list[str]) -> None:
    held = {f"rule{i}": {"condition": condition} for i, condition in enumerate(rules)}
    bazaar = Bazaar(held, [{"merchant_id": "m0"} | offer for offer in offers], merchants)
    for name in bazaar.sliders:
        for by in ("w", "town", None):
            what_if = WhatIf(bazaar.assessment)
            hand = what_if.hand(name, by)
            assert hand is not None
            for place, value in enumerate(hand.places):
                full = bazaar.reassessed(with_slider(what_if.book, name, value))
                stand_alike(hand.standing(place), standing_of(full, hand.groups))


def test_a_parameter_that_feeds_a_recipe_makes_its_column_again() -> None:
    offers = [{"merchant_id": "m0"}] * 2
    sales = [{"offer_id": "o0", "paid": paid, "by_card": True} for paid in (50, 150, 250)]
    bazaar = Bazaar({"rule": {"condition": "sales >= :asleep"}}, offers, [{}], sales)
    what_if = WhatIf(bazaar.assessment).set(asleep=2)
    for least, good in ((0, [True, False]), (2, [False, False]), (1, [True, False])):
        what_if.set(least_paid=least)
        alike(what_if.assessment, bazaar.reassessed(what_if.book))
        assert (what_if.assessment.verdict() == PRE_QUALIFIED).tolist() == good
        assert what_if.hand("least_paid") is None
        assert what_if.hand("asleep") is not None


def test_a_value_out_of_bounds_is_a_warning_for_as_long_as_it_stands() -> None:
    what_if = WhatIf(Bazaar({"rule": {"condition": "n >= :count"}}, [], []).assessment).set(count=1000)
    assert [fault.place for fault in what_if.scenario("Many").warnings] == ["count"]
    assert what_if.reset("count").scenario("None").warnings == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda what_if: what_if.set(cuont=3), "did you mean 'count'"),
        (lambda what_if: what_if.set(count="many"), "'many' is no count"),
        (lambda what_if: what_if.set({"count[red]": 3}), "one value for all"),
        (lambda what_if: what_if.set({"per_word[pink]": "5%"}), "'pink' is not a value of 'w'"),
        (lambda what_if: what_if.hand("per_word[pink]"), "'pink' is not a value of 'w'"),
        (lambda what_if: what_if.hand("cuont"), "did you mean 'count'"),
        (lambda what_if: what_if.reset("count[red]"), "one value for all"),
        (lambda what_if: what_if.switch_off("rul"), "did you mean 'rule'"),
        (lambda what_if: what_if.switch_on("rul"), "did you mean 'rule'"),
        (lambda what_if: what_if.standing("wrd"), "cannot group by 'wrd'"),
        (lambda what_if: what_if.standing("w", {"w": "pink"}), "no offer has w 'pink'"),
        (lambda what_if: what_if.load(shipped("spring_2024").book.scenario("Other")), "the scenario is of spring_2024"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_and_changes_nothing(asked: Callable[[WhatIf], Any], said: str) -> None:
    rules = {"rule": {"condition": "n >= :count AND r >= :per_word"}}
    what_if = WhatIf(Bazaar(rules, [{"merchant_id": "m0", "n": 3, "w": "red", "r": 1}], [{}]).assessment)
    before = what_if.book
    with pytest.raises(CampaignError, match=said):
        asked(what_if)
    assert what_if.book is before
