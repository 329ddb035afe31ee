"""Whom a change hits, counted by hand from full assessments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from campaign_analytics.assess import assess
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Level
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar
from tests.simulate.shipped import shipped

CHANGES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "spring_2024",
        {"min_pickup_rate_48h": "95%", "max_moq": 12, "min_trade_medal": "AAA"},
        ["size", "category", "trustpass_level"],
    ),
    ("daily_deals", {"min_shop_score": 4, "max_bad_reviews": "3%"}, ["department", "shop_kind", "size"]),
]


@pytest.mark.parametrize(("name", "changes", "by"), CHANGES)
@pytest.mark.parametrize("level", ["offers", "merchants"])
def test_every_segment_is_counted_as_by_hand(name: str, changes: dict[str, Any], by: list[str], level: Level) -> None:
    result = shipped(name)
    by = [each for each in by if level == "offers" or each not in ("category", "department")]
    table = WhatIf(result).set(changes).segments(by, level=level)
    then = assess(result.market, result.book.set(changes), result.as_of)
    for column in by:
        held = table[table["by"] == column].set_index("segment")
        was, now = (each.summary(column, level).set_index(column) for each in (result, then))
        assert set(held.index) == set(was.index)
        for segment in held.index:
            row = held.loc[segment]
            assert row[level] == was.loc[segment, level]
            assert row["baseline"] == was.loc[segment, "pre_qualified"]
            assert row["pre_qualified"] == now.loc[segment, "pre_qualified"]
            assert row["change"] == row["pre_qualified"] - row["baseline"] == row["gained"] - row["lost"]
            assert row["effect"] == pytest.approx(row["change"] / row[level])
            assert row["baseline_rate"] == pytest.approx(row["baseline"] / row[level])
        overall = held["change"].sum() / held[level].sum()
        assert held["excess"].sum() == pytest.approx(0)
        assert (held["ratio"] * overall).to_numpy() == pytest.approx(held["effect"].to_numpy())
        assert (np.diff(held["excess"].abs()) <= 1e-9).all()


def example(**changes: Any) -> WhatIf:
    """Offers of a big shop with n = 4, of a small one with n = 2, and one word each."""
    offers = [{"n": 4, "w": "red", "merchant_id": "m0"} for _ in range(9)]
    offers += [{"n": 2, "w": "blue", "merchant_id": "m1"}, {"n": 5, "w": None, "merchant_id": "nobody"}]
    bazaar = Bazaar({"enough": {"condition": "n >= :count"}}, offers, [{}, {}])
    return WhatIf(bazaar.assessment).set(changes)


def test_the_headline_names_who_takes_more_than_its_share() -> None:
    table = example(count=5).segments("w")
    first = table.iloc[0]
    assert (first["segment"], first["lost"], first["ratio"]) == ("red", 9, pytest.approx(11 / 9))
    assert "“red”" in table.attrs["headline"]
    assert "-9 of 9" in table.attrs["headline"]
    assert "1.2 times" in table.attrs["headline"]


def test_size_and_category_are_the_segments_where_none_is_named() -> None:
    assert example(count=5).segments()["by"].unique().tolist() == ["size", "w"]


def test_gains_and_losses_that_cancel_out_have_no_ratio() -> None:
    rules = {"enough": {"condition": "n >= :count"}, "dear": {"condition": "p >= :sum"}}
    offers = [{"n": 2, "p": 10, "w": "red"}, {"n": 5, "p": 5, "w": "blue"}, {"n": 5, "p": 10, "w": "blue"}]
    table = WhatIf(Bazaar(rules, offers, [{}]).assessment).set(count=2, sum=0.1).segments("w")
    assert table[["segment", "gained", "lost"]].to_numpy().tolist() == [["blue", 0, 1], ["red", 1, 0]]
    assert table["ratio"].isna().all()
    assert table.attrs["headline"].startswith("As many come in as drop out (1 of 3 offers); w “blue” is worst off")


def test_without_a_change_the_headline_says_so() -> None:
    table = example().segments()
    assert table.attrs["headline"] == "As it is set, no offer comes in or drops out"
    assert table["ratio"].isna().all()
    assert (
        example().segments(level="merchants", by="size", lang="zh").attrs["headline"]
        == "按当前设定，没有商家新进或退出"
    )


def test_only_some_may_be_looked_at() -> None:
    table = example(count=5).segments("size", where={"w": "red"})
    assert table[["segment", "offers"]].to_numpy().tolist() == [["2-9", 9]]


def test_a_market_without_offers() -> None:
    table = WhatIf(Bazaar({"enough": {"condition": "n >= :count"}}, [], []).assessment).set(count=7).segments()
    assert len(table) == 0
    assert "no offer" in table.attrs["headline"]


@pytest.mark.parametrize(("by", "said"), [("colour", "cannot group by 'colour'"), ([], "name columns in by=")])
def test_what_cannot_be_asked_is_said_in_words(by: Any, said: str) -> None:
    with pytest.raises(CampaignError, match=said):
        example().segments(by)
