"""A dashboard over counts: sliders and numbers as over the market, and in words what counts cannot tell."""

from __future__ import annotations

import ipywidgets as widgets
import pytest

import campaign_analytics as ca
from campaign_analytics.assess import Assessment
from campaign_analytics.dashboard.sliders import RULES
from campaign_analytics.large.index import Index
from tests.dashboard.conftest import drag, numbers
from tests.dashboard.test_shelf import CARD, EXPORT, MORE, opened
from tests.large.files import written

PICKUP = "min_pickup_rate_48h"


@pytest.fixture(scope="module", params=["cube", "index"])
def counts(request: pytest.FixtureRequest, spring: Assessment, tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    if request.param == "cube":
        return ca.what_if_cube(spring, spring.book, [PICKUP, "max_moq"])
    files = written(spring.market, tmp_path_factory.mktemp("market"))
    held: Index = ca.build_index(files, spring.book, tmp_path_factory.mktemp("index") / "coded", "2024-02-26")
    return held.assessment()


def test_numbers_are_those_of_the_market(counts: Assessment, spring: Assessment) -> None:
    ours, theirs = ca.dashboard(counts), ca.dashboard(spring)
    for name, place in ((PICKUP, 120), ("max_moq", 3)):
        drag(ours.panel, name, place)
        drag(theirs.panel, name, place)
        assert ours.panel.picture["said"] == ""
        assert numbers(ours) == numbers(theirs)
        assert ours.panel.picture["heat"].count("<td") == theirs.panel.picture["heat"].count("<td")


def test_only_what_can_be_moved_has_a_slider(counts: Assessment) -> None:
    board = ca.dashboard(counts)
    assert {PICKUP, "max_moq", RULES} <= board.controls.keys()
    assert counts.market.rest_of is not None
    if counts.market.rest_of.kind == "cube_of":
        assert board.controls.keys() == {PICKUP, "max_moq", RULES}


@pytest.mark.parametrize(("lang", "words"), [("en", "no offer or merchant by itself"), ("zh", "不含单个商品或商家")])
def test_what_they_cannot_tell_is_said(counts: Assessment, lang: str, words: str) -> None:
    board = ca.dashboard(counts, lang=lang)
    drag(board.panel, PICKUP, 20)
    assert words in board.panel.picture["flips"]
    assert words in board.static()
    assert counts.market.rest_of is not None
    assert counts.market.rest_of.say(lang) in board.counts_alone
    for tab in (CARD, EXPORT):
        held = opened(board, tab)
        assert [words in each.value for each in held if isinstance(each, widgets.HTML)] == [True]
        assert not any(isinstance(each, widgets.Button) for each in held)
    opened(board, MORE)
    assert "✗" not in board.shelf.status.value
