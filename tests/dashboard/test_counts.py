"""A dashboard over counts: sliders and numbers as over the market, and in words what counts cannot tell."""

from __future__ import annotations

from pathlib import Path

import ipywidgets as widgets
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.assess import Assessment
from campaign_analytics.dashboard.sliders import RULES
from campaign_analytics.large.index import Index
from tests.dashboard.conftest import drag, numbers
from tests.dashboard.test_shelf import CARD, CATEGORIES, EXPORT, MORE, find, opened, press
from tests.large.files import written

PICKUP = "min_pickup_rate_48h"


@pytest.fixture(scope="module", params=["cube", "index"])
def counts(
    request: pytest.FixtureRequest, spring: Assessment, tmp_path_factory: pytest.TempPathFactory
) -> Assessment | Index:
    if request.param == "cube":
        return ca.what_if_cube(spring, spring.book, [PICKUP, "max_moq"])
    files = written(spring.market, tmp_path_factory.mktemp("market"))
    return ca.build_index(files, spring.book, tmp_path_factory.mktemp("index") / "coded", "2024-02-26")


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_numbers_are_those_of_the_market(counts: Assessment | Index, spring: Assessment) -> None:
    ours, theirs = ca.dashboard(counts), ca.dashboard(spring)
    for name, place in ((PICKUP, 120), ("max_moq", 3)):
        drag(ours.panel, name, place)
        drag(theirs.panel, name, place)
        assert ours.panel.picture["said"] == ""
        assert numbers(ours) == numbers(theirs)
        assert ours.panel.picture["heat"].count("<td") == theirs.panel.picture["heat"].count("<td")


def test_only_what_can_be_moved_has_a_slider(counts: Assessment | Index) -> None:
    board = ca.dashboard(counts)
    assert {PICKUP, "max_moq", RULES} <= board.controls.keys()
    if not isinstance(counts, Index):
        assert board.controls.keys() == {PICKUP, "max_moq", RULES}


def test_only_rules_that_can_be_left_out_are_offered(counts: Assessment | Index, spring: Assessment) -> None:
    board, whole = ca.dashboard(counts), ca.dashboard(spring)
    rules = board.controls[RULES].values
    if not isinstance(counts, Index):
        assert rules == ("select_pickup", "minimum_order")
        assert board.controls[RULES].note == "29 others can't be left out here"
    for out in (rules[0], rules[-1]):
        for each in (board, whole):
            drag(each.panel, RULES, [i for i, rule in enumerate(each.controls[RULES].values) if rule != out])
            assert each.panel.picture["said"] == ""
        assert numbers(board) == numbers(whole)


@pytest.mark.parametrize(
    ("lang", "words", "kind"),
    [
        ("en", "is fetched from the market behind it", {"cube_of": "the cube of", "index_of": "the index"}),
        ("zh", "可随时从原市场数据中取出", {"cube_of": "的数据立方体", "index_of": "编码索引"}),
    ],
)
def test_what_they_cannot_tell_is_said(counts: Assessment | Index, lang: str, words: str, kind: dict[str, str]) -> None:
    board = ca.dashboard(counts, lang=lang)
    drag(board.panel, PICKUP, 20)
    for said in (words, kind["index_of" if isinstance(counts, Index) else "cube_of"]):
        assert said in board.panel.picture["flips"]
        assert said in board.static()
    opened(board, MORE)
    assert "✗" not in board.shelf.status.value


def test_they_are_filtered_by_category_alone(counts: Assessment | Index, spring: Assessment) -> None:
    board, whole = ca.dashboard(counts), ca.dashboard(spring)
    for each in (board, whole):
        find(opened(each, CATEGORIES), widgets.SelectMultiple).value = ("女装",)
    if isinstance(counts, Index):
        assert numbers(board) == numbers(whole)
    else:  # whose kinds of merchants may have no offer among these
        assert numbers(board) == {**numbers(whole), "merchants": 0}
        assert "merchants of these offers can&#x27;t be counted" in board.panel.picture["head"]
    assert not any(isinstance(each, widgets.Text) for each in opened(board, CATEGORIES))


def test_flips_are_fetched_when_asked(counts: Assessment | Index, spring: Assessment, in_folder: Path) -> None:
    board, whole = ca.dashboard(counts), ca.dashboard(spring)
    for each in (board, whole):
        drag(each.panel, PICKUP, 100)
    held = opened(board, EXPORT)
    press(held, "List the first")
    assert [each.value for each in held if isinstance(each, widgets.HTML)][-1].count("<tr") > 2
    find(held, widgets.Text).value = "flips.csv"
    press(held, "Export")
    assert "✓ Written" in board.shelf.status.value
    written = pd.read_csv(in_folder / "flips.csv", dtype=str)
    assert set(written["offer_id"]) == set(whole.what_if.flips()["offer_id"])


def test_cards_are_fetched_when_asked(counts: Assessment | Index, spring: Assessment) -> None:
    board = ca.dashboard(counts)
    held = opened(board, CARD)
    ids = spring.market.offers.cells
    for key in ("offer_id", "merchant_id"):
        id = str(ids[key].values[0])
        find(held, widgets.Text).value = id
        press(held, "Fetch")
        shown = opened(board, CARD)
        assert any(id in each.value and "<table" in each.value for each in shown if isinstance(each, widgets.HTML))
    find(held, widgets.Text).value = "nobody"
    press(held, "Fetch")
    assert "✗ no offer has merchant_id &#x27;nobody&#x27;" in board.shelf.status.value
    find(held, widgets.Text).value = ""
    press(held, "Fetch")
    nearest = [each.value for each in opened(board, CARD) if isinstance(each, widgets.HTML)][-1]
    listed = spring.near_misses().table()["offer_id"]
    assert sum(offer in nearest for offer in listed) == min(20, len(listed))


@pytest.mark.parametrize(("lang", "words"), [("en", "no offer or merchant by itself"), ("zh", "不含单个商品或商家")])
def test_counts_with_no_market_behind_them_say_so(spring: Assessment, tmp_path: Path, lang: str, words: str) -> None:
    ca.save_cube(ca.what_if_cube(spring, spring.book, [PICKUP]), tmp_path / "cube.parquet")
    board = ca.dashboard(ca.open_cube(tmp_path / "cube.parquet", spring.book), lang=lang)
    drag(board.panel, PICKUP, 20)
    assert words in board.panel.picture["flips"]
    for tab in (CARD, EXPORT):
        held = opened(board, tab)
        assert [words in each.value for each in held if isinstance(each, widgets.HTML)] == [True]
        assert not any(isinstance(each, widgets.Button) for each in held)
