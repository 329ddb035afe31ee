"""How often words of a list stand in an offer's texts, and where."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.derive import derive
from campaign_analytics.derive.claims_found import MANY
from campaign_analytics.derive.making import Moment
from campaign_analytics.derive.phrases import Hits, Phrases
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import AS_OF, book_of, derived, market_of

LISTS = """
[lists]
loud = { values = ["最大", "第一"], aliases = { "蕞大" = "最大" } }
calm = { values = ["第一次"], aliases = { "第一遍" = "第一次" } }
[derived.x]
table = "offers"
type = "count"
unit = "claims"
make = "claims_found"
"""
BOTH = LISTS + 'with = { columns = ["title", "detail_text"], claims = "loud", harmless = "calm" }'


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return book_of(BOTH, "x = 0")


@pytest.fixture(scope="module")
def spring() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ca.load_rulebook("spring_2024")


def market(book: Rulebook, *offers: dict[str, Any]) -> Market:
    rows = [{"offer_id": f"o{i}", "merchant_id": "m", **row} for i, row in enumerate(offers)]
    return market_of(book, merchants=[{"merchant_id": "m"}], offers=rows)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"title": "最大", "detail_text": "第一，蕞大"}, 3),
        ({"title": "第一次 第一遍", "detail_text": "好"}, 0),
        ({"title": "春款"}, 0),  # the text that is given is clean; nobody asks for the other one
        ({"detail_text": "最大"}, 1),
        ({}, None),  # no text at all: not known
        ({"title": UNREAD}, UNREAD),
        ({"title": UNREAD, "detail_text": "春款"}, UNREAD),  # the other may hold some
        ({"title": UNREAD, "detail_text": "最大 第一"}, (2, MANY)),
    ],
)
def test_all_texts_that_are_given_count(book: Rulebook, texts: dict[str, Any], expected: Any) -> None:
    assert derived(book, market(book, texts), "x") == [expected]


def test_many_offers_of_few_texts(book: Rulebook) -> None:
    rows = [{"title": title} for title in ("最大", None, "春款", "最大", "第一 最大")] * 3
    assert derived(book, market(book, *rows), "x") == [1, None, 0, 1, 2] * 3


def test_texts_of_a_market_that_is_still_held_are_not_looked_at_again(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    find = Phrases.find

    def watched(self: Phrases, texts: Sequence[str]) -> Hits:
        looked.extend(texts)
        return find(self, texts)

    monkeypatch.setattr(Phrases, "find", watched)

    def day(*titles: str | None) -> Market:
        return market_of(book, offers=[{"offer_id": str(i), "title": title} for i, title in enumerate(titles)])

    today, tomorrow = day("最大", "平常", None), day("平常", "第一最大", None, "最大")
    assert derived(book, today, "x") == [1, 0, None]
    assert derived(book, tomorrow, "x") == [0, 2, None, 1]
    assert sorted(looked) == sorted({"最大", "平常", "第一最大"})
    del today, tomorrow
    gc.collect()
    assert derived(book, day("最大"), "x") == [1]
    assert looked.count("最大") == 2


def test_a_list_that_there_is_not_is_a_fault() -> None:
    with pytest.raises(ca.RulebookError, match="unknown list 'loudd'; did you mean 'loud'"):
        book_of(LISTS + 'with = { columns = ["title"], claims = "loudd" }', "x = 0")


def test_only_texts_are_looked_into() -> None:
    with pytest.raises(ca.RulebookError, match=r"'list_price' is a money \(CNY\); a text is expected"):
        book_of(LISTS + 'with = { columns = ["title", "list_price"], claims = "loud" }', "x = 0")


def test_texts_of_a_list_and_of_a_merchant_are_texts_too() -> None:
    book = book_of(LISTS + 'with = { columns = ["category", "merchant_name"], claims = "loud" }', "x = 0")
    held = market_of(
        book,
        merchants=[{"merchant_id": "m", "merchant_name": "最大工厂"}, {"merchant_id": "n"}],
        offers=[
            {"offer_id": "a", "merchant_id": "m", "category": "女装"},
            {"offer_id": "b", "merchant_id": "n", "category": "第一类"},
            {"offer_id": "c", "merchant_id": "n"},
        ],
    )
    assert derived(book, held, "x") == [1, 1, None]


# ---- where they stand


def test_every_hit_with_its_place_and_context(book: Rulebook) -> None:
    held = market(
        book,
        {"title": "全 国 第 ① 的 店", "detail_text": "蕞·大"},
        {"title": "第一次"},
        {},
        {"title": "全 国 第 ① 的 店"},
        {"title": "一二三四五六七八九十一二最大十九八七六五四三二一零"},
    )
    table = ca.claims(held, book)
    assert list(table.columns) == ["offer_id", "column", "found", "word", "context", "start", "end"]
    assert table.to_dict("split")["data"] == [
        ["o0", "title", "第 ①", "第一", "全 国 第 ① 的 店", 4, 7],
        ["o0", "detail_text", "蕞·大", "最大", "蕞·大", 0, 3],
        ["o3", "title", "第 ①", "第一", "全 国 第 ① 的 店", 4, 7],
        ["o4", "title", "最大", "最大", "…三四五六七八九十一二最大十九八七六五四三二一…", 12, 14],
    ]


def test_a_count_is_the_number_of_its_hits(spring: Rulebook) -> None:
    held = ca.demo_market(2000, seed=3)
    made, _, _ = derive(held, spring, Moment(AS_OF.replace(tzinfo=spring.zone)), ["claims"])
    counts = made.offers.cells["claims"]
    table = ca.claims(held, spring)
    hits = table.groupby("offer_id").size().reindex(held.offers.cells["offer_id"].values, fill_value=0)
    assert hits.to_numpy().tolist() == counts.values.tolist()
    assert 0 < (counts.values > 0).sum() < held.offers.rows


def test_of_an_assessment(spring: Rulebook) -> None:
    held = ca.demo_market(300, seed=1)
    result = ca.assess(held, spring)
    pd.testing.assert_frame_equal(ca.claims(result), ca.claims(held, spring))
    warned = result.offers().set_index("offer_id")["warned"].str.contains("absolute_claims")
    assert set(ca.claims(result)["offer_id"]) == set(warned.index[warned])


def test_no_hit_is_an_empty_table(book: Rulebook) -> None:
    table = ca.claims(market(book, {"title": "春款"}), book)
    assert (len(table), str(table["found"].dtype), str(table["start"].dtype)) == (0, "str", "int64")


def test_what_cannot_be_asked(book: Rulebook) -> None:
    with pytest.raises(ca.CampaignError, match="need the rulebook"):
        ca.claims(market(book, {}))
    with pytest.raises(ca.CampaignError, match="daily_deals looks for no words in texts"):
        ca.claims(market(book, {}), ca.load_rulebook("daily_deals"))


def test_the_card_of_an_offer_points_at_them(spring: Rulebook) -> None:
    held = market(spring, {"title": "全网 最 大 工厂", "packaging_text": "国家级 TOP1"}, {"title": "最大码"})
    result = ca.assess(held, spring, as_of="2024-02-26")
    (line,) = (line for line in result.explain(offer_id="o0").lines if line.rule == "absolute_claims")
    assert (line.outcome, line.severity) == ("fail", "warn")
    assert "claims" in line.sentence
    assert "title, characters 4 to 6: “最 大”" in line.origins
    assert [origin for origin in line.origins if "characters" in origin][1:] == [
        "packaging_text, characters 1 to 3: “国家级”",
        "packaging_text, characters 5 to 8: “TOP1”",
    ]
    chinese = result.explain(offer_id="o0", lang="zh")
    assert "title 第 4 至 6 字：“最 大”" in str(chinese)
    (clean,) = (line for line in result.explain(offer_id="o1").lines if line.rule == "absolute_claims")
    assert clean.outcome == "pass"
    assert not any("characters" in origin for origin in clean.origins)


def test_the_variant_makes_it_a_gate(spring: Rulebook) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gate = ca.load_rulebook("spring_2024", "claims_block")
    held = market(spring, {"title": "最大"})
    failed = {book: ca.assess(held, book, as_of="2024-02-26").offers()["failed"][0] for book in (spring, gate)}
    assert "absolute_claims" not in failed[spring]
    assert "absolute_claims" in failed[gate]
