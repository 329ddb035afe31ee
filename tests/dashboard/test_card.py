"""Choosing a card: merchants that lose most first, found by a part of their id; nothing in a name is executed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

from campaign_analytics import assess, demo_market, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.dashboard import CardChooser
from tests.assess.trial import assessed, trial


@pytest.fixture(scope="module")
def result() -> Assessment:
    return assess(demo_market(600, seed=2), load_rulebook("spring_2024", "corrected"), as_of="2024-02-26")


@pytest.fixture
def chooser(result: Assessment) -> CardChooser:
    return CardChooser(result)


def shown(chooser: CardChooser) -> str:
    """The card's HTML."""
    return str(chooser.card.value)


def test_the_merchant_that_loses_most_offers_is_shown_first(result: Assessment, chooser: CardChooser) -> None:
    merchants = result.merchants().assign(lost=lambda held: held["offers"] - held["pre_qualified"])
    first = merchants.sort_values("lost", ascending=False, kind="stable").to_dict("records")[0]
    assert first["merchant_id"] in chooser.merchant.label
    assert f"{first['pre_qualified']} of {first['offers']} offers qualify" in chooser.merchant.label
    assert chooser.subject.label == "The merchant itself"
    assert result.explain(merchant_id=first["merchant_id"])._repr_html_() in shown(chooser)


def test_a_part_of_an_id_finds_its_merchants_whatever_its_case(result: Assessment, chooser: CardChooser) -> None:
    some = result.merchants()["merchant_id"].iloc[7]
    chooser.search.value = f" {some[-4:].upper()} "
    assert all(some[-4:] in label for label, _ in chooser.merchant.options)
    assert some in chooser.merchant.label
    assert some in shown(chooser)
    chooser.search.value = ""
    assert len(chooser.merchant.options) == len(result.merchants())


def test_offers_of_the_merchant_are_offered_those_that_fail_least_first(
    result: Assessment, chooser: CardChooser
) -> None:
    offers = result.offers()
    mine = offers[offers["merchant_id"] == next(word for word in chooser.merchant.label.split() if "-" in word)]
    labels = [label for label, _ in chooser.subject.options][1:]
    assert {label.split()[1] for label in labels} == set(mine["offer_id"])
    failing = result.scores().set_index("offer_id")["failing_groups"]
    counts = [int(failing[label.split()[1]]) for label in labels]
    assert counts == sorted(counts, key=lambda count: count or 99)
    chooser.subject.value = chooser.subject.options[1][1]
    offer = labels[0].split()[1]
    assert result.explain(offer)._repr_html_() in shown(chooser)
    assert "What to do" in shown(chooser)


def test_what_is_not_found_is_said_and_comes_back(chooser: CardChooser) -> None:
    before = shown(chooser)
    chooser.search.value = "<img src=x onerror=alert(1)>"
    assert shown(chooser) == "<p>No merchant&#x27;s id contains “&lt;img src=x onerror=alert(1)&gt;”</p>"
    assert (chooser.merchant.options, chooser.subject.options) == ((), ())
    chooser.search.value = ""
    assert shown(chooser) == before


def test_it_has_a_live_face_and_a_static_one(chooser: CardChooser) -> None:
    data, _ = DisplayFormatter().format(chooser)  # type: ignore[no-untyped-call]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"] == shown(chooser)
    assert "Widget" not in data["text/plain"]
    json.dumps(data)


def test_in_chinese_everything_is(result: Assessment) -> None:
    chooser = CardChooser(result, "zh")
    assert (chooser.search.description, chooser.subject.label) == ("查找", "商家自身")
    chooser.subject.value = chooser.subject.options[1][1]
    assert "需要做什么" in shown(chooser)


def test_markup_in_an_id_is_text(tmp_path: Path) -> None:
    bad: dict[str, Any] = {"merchant_id": "<script>alert(1)</script>"}
    market = assessed(trial(tmp_path), [{"merchant_id": bad["merchant_id"]}], [bad])
    chooser = CardChooser(market)
    assert "<script>" not in shown(chooser)
    assert "&lt;script&gt;" in shown(chooser)


def test_a_market_without_merchants_says_so(tmp_path: Path) -> None:
    chooser = CardChooser(assessed(trial(tmp_path), [{}], []))
    assert shown(chooser).startswith("<p>No merchant")
