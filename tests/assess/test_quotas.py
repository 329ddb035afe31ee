"""Quotas: exact limits, places in the quota's order, several one after the other; against naive counting."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.charts.tables import table
from campaign_analytics.demo.market import demo_market
from campaign_analytics.errors import RulebookError
from tests.assess.hall import Row, assessed, hall, standings

BADGES = ("plain", "small", "big")
SHOPS: list[dict[str, Any]] = [
    {"merchant_id": "ann", "trust": 3, "extra": 0},
    {"merchant_id": "bob", "trust": 3, "extra": 1},
]
WIDE: dict[str, Any] = {"places": 99, "aisle_places[fruit]": 99, "aisle_places[toys]": 99, "aisle_places[tools]": 99}


def by_group(result: Assessment, quota: str) -> dict[str, tuple[Any, ...]]:
    held = result.quotas()
    held = held[held["quota"] == quota].set_index("group")
    names = ["limit", "pre_qualified", "cut_before", "admitted", "over_quota", "quota_unknown", "undetermined"]
    return {str(group): tuple(row) for group, row in zip(held.index, held[names].to_numpy(), strict=True)}


# ---- as people would count


def test_each_shop_has_so_many_places_and_the_best_sold_come_first() -> None:
    result = assessed(
        [{"sold": 5}, {"sold": 9}, {"sold": 7}, {"merchant_id": "bob", "sold": 1}],
        SHOPS,
        share="0%",
        **WIDE | {"places": 2},
    )
    assert standings(result) == {"o0": "over shop", "o1": "in", "o2": "in", "o3": "in"}
    assert by_group(result, "shop") == {"ann": (2, 3, 0, 2, 1, 0, 0), "bob": (3, 1, 0, 1, 0, 0, 0)}
    assert result.merchants().set_index("merchant_id")["over_quota"].to_dict() == {"ann": 1, "bob": 0}
    placed = result.placed()
    assert placed[placed["quota"] == "shop"]["offer_id"].tolist() == ["o1", "o2", "o0", "o3"]  # in the quota's order
    assert "Quotas: 1 of 4 pre-qualified offers are over quota; of 0 it cannot be told" in result.headline()
    assert "名额：4 个预审合格商品中 1 个超出名额" in result.headline("zh")


def test_who_is_over_quota_stays_pre_qualified() -> None:
    result = assessed([{"stars": 1}] * 3, share="0%", **WIDE | {"places": 1})
    assert result.summary()["pre_qualified"].tolist() == [3]
    assert set(standings(result).values()) == {"in", "over shop"}


@pytest.mark.parametrize(
    ("share", "offers", "limit"), [("30%", 10, 3), ("30%", 9, 2), ("0.1%", 999, 0), ("0.1%", 1000, 1)]
)
def test_a_share_of_the_group_is_exact_and_counted_in_whole_offers(share: str, offers: int, limit: int) -> None:
    result = assessed([{"sold": i} for i in range(offers)], places=0, share=share, **{"aisle_places[toys]": 2000})
    assert by_group(result, "shop")["ann"][0] == limit


def test_the_group_counts_all_of_its_offers_not_those_alone_that_qualify() -> None:
    result = assessed([{}, *[{"sold": 1, "aisle": "tools"}] * 9], places=0, share="30%")
    assert result.summary()["pre_qualified"].tolist() == [1]
    assert by_group(result, "shop")["ann"][0] == 3


def test_places_may_differ_by_category_and_are_not_known_where_it_has_none() -> None:
    rows = [
        {"aisle": aisle, "sold": 9, "badge": "big", "stars": i}
        for aisle in ("fruit", "toys", "tools")
        for i in range(4)
    ]
    result = assessed(rows, places=99)
    assert [by_group(result, "aisle")[aisle][3:6] for aisle in ("fruit", "toys", "tools")] == [
        (3, 1, 0),
        (2, 2, 0),
        (0, 0, 4),
    ]
    assert result.quotas().set_index("group")["limit_at_most"].isna()["tools"]


def test_the_hall_is_one_group_and_takes_places_once_its_number_is_set() -> None:
    rows = [{"stars": stars} for stars in (3, 5, 4)]
    assert "hall" not in assessed(rows, **WIDE).quotas()["quota"].tolist()
    result = assessed(rows, **WIDE, hall_places=2)
    assert standings(result) == {"o0": "over hall", "o1": "in", "o2": "in"}
    assert by_group(result, "hall") == {"all": (2, 3, 0, 2, 1, 0, 0)}


def test_who_is_over_the_first_quota_takes_no_place_of_the_next() -> None:
    rows = [{"sold": 2, "badge": "small", "stars": 1}, {"sold": 1, "badge": "big", "stars": 1}]
    rows += [{"merchant_id": "bob", "badge": "plain", "stars": 1}]
    result = assessed(rows, SHOPS, **WIDE | {"places": 0, "share": "50%", "aisle_places[toys]": 2})
    assert standings(result) == {"o0": "in", "o1": "over shop", "o2": "in"}  # with o1 in the aisle, o2 were third
    assert by_group(result, "aisle")["toys"] == (2, 3, 1, 2, 0, 0, 0)


def test_ties_are_broken_by_the_rulebooks_rank_and_then_by_id() -> None:
    rows = [{"offer_id": name, "stars": 1, "badge": "plain"} for name in ("b", "a", "c")]
    result = assessed(rows, places=99, **{"aisle_places[toys]": 2})
    assert standings(result) == {"b": "in", "a": "in", "c": "over aisle"}


def test_an_order_that_ends_with_the_id_downwards() -> None:
    result = assessed([{"offer_id": name, "stars": 1} for name in ("b", "a", "c")], **WIDE, hall_places=1)
    assert standings(result) == {"b": "over hall", "a": "over hall", "c": "in"}


# ---- what is not known


def test_an_unknown_limit_tells_of_nobody_whose_place_may_be_beyond_it() -> None:
    shop = [{"merchant_id": "ann", "trust": 3}]
    result = assessed([{"sold": 3}, {"sold": 2}], shop, places=0, share="0%")
    assert standings(result) == {"o0": "unknown shop", "o1": "unknown shop"}
    assert "of 2 it cannot be told" in result.headline()
    ranged = [{"merchant_id": "ann", "trust": 3, "extra": (1, 2)}]
    result = assessed(
        [{"sold": s, "badge": "big", "stars": 1} for s in (3, 2, 1)], ranged, **WIDE | {"places": 0, "share": "0%"}
    )
    assert standings(result) == {"o0": "in", "o1": "unknown shop", "o2": "over shop"}


def test_a_missing_value_is_shown_last_and_nobody_is_sure_whom_it_may_push_out() -> None:
    result = assessed([{"stars": 4}, {}, {"stars": 2}, {"stars": 5}], **WIDE, hall_places=3)
    assert standings(result) == {"o0": "in", "o1": "unknown hall", "o2": "unknown hall", "o3": "in"}
    placed = result.placed()
    placed = placed[placed["quota"] == "hall"].set_index("offer_id")
    assert placed.index.tolist() == ["o3", "o0", "o2", "o1"]
    assert placed[["place", "place_at_most"]].to_numpy().tolist() == [[1, 2], [2, 3], [3, 4], [1, 4]]


def test_a_merchants_own_value_orders_nothing_within_the_merchant() -> None:
    result = assessed([{"sold": 3}, {"sold": 2}], [{"merchant_id": "ann", "extra": 0}], places=1, share="0%")
    assert standings(result) == {"o0": "in", "o1": "over shop"}  # its trust, not known, is the same for both


def test_an_offer_of_no_category_may_be_in_any() -> None:
    rows = [{"badge": "big", "stars": 2}, {"badge": "small", "stars": 2}, {"badge": "plain", "stars": 9, "aisle": None}]
    result = assessed(rows, **WIDE | {"aisle_places[toys]": 2})
    assert standings(result) == {"o0": "in", "o1": "in", "o2": "unknown aisle"}
    result = assessed([*rows[:1], rows[2] | {"badge": "big"}], **WIDE | {"aisle_places[toys]": 1})
    assert standings(result) == {"o0": "unknown aisle", "o1": "unknown aisle"}
    assert by_group(result, "aisle")[""] == (0, 1, 0, 0, 0, 1, 0)


def test_merchants_that_the_market_does_not_know_are_groups_of_their_own() -> None:
    rows = [{"merchant_id": who} for who in ("ann", "cy", "dee", "cy")]
    result = assessed(rows, [{"merchant_id": "ann", "trust": 1, "extra": 5}])
    counts = result.quotas().set_index("group")["pre_qualified"].to_dict()
    assert {"cy": 2, "dee": 1, "ann": 1}.items() <= counts.items()
    assert standings(result)["o1"] == "unknown shop;aisle"  # its extra places are not known


def test_no_offers_at_all() -> None:
    result = assessed([], hall_places=1)
    assert by_group(result, "hall") == {"all": (1, 0, 0, 0, 0, 0, 0)}
    assert len(result.placed()) == len(result.offers()) == 0
    assert result.placed().dtypes["place"] == np.int64
    assert "0 of 0 pre-qualified offers are over quota" in result.headline()


def test_one_merchant_with_thousands_of_offers_and_ties() -> None:
    rng = np.random.default_rng(5)
    rows = [{"sold": int(n), "stars": int(s), "badge": "plain"} for n, s in rng.integers(0, 9, (1500, 2))]
    result = assessed(rows, places=100, share="10%", **{"aisle_places[toys]": 200})
    assert by_group(result, "shop")["ann"][:5] == (250, 1500, 0, 250, 1250)
    assert by_group(result, "aisle")["toys"] == (200, 1500, 1250, 200, 50, 0, 0)
    assert agrees(
        result, rows, SHOPS[:1], {"places": 100, "share": Fraction(1, 10), "aisle": {"toys": 200}, "hall": None}
    )


# ---- against naive counting


def naive(
    rank: Sequence[int], qualify: Sequence[bool], offers: Sequence[Row], shops: Sequence[Row], limits: dict[str, Any]
) -> list[bool | None]:
    """Who is inside all quotas in a world where everything is known; None for who does not qualify."""
    extra, trust = ({str(s["merchant_id"]): s[name] for s in shops} for name in ("extra", "trust"))
    frame = pd.DataFrame([{"merchant_id": "ann", "aisle": "toys", "sold": 1} | dict(row) for row in offers])
    frame["rank"], frame["badge_place"] = list(rank), frame["badge"].map(BADGES.index)
    frame["trust"] = frame["merchant_id"].map(trust)
    sizes = frame.groupby("merchant_id").size()
    left = frame[list(qualify)]
    quotas: list[tuple[str | None, list[str], list[bool], Any]] = [
        (
            "merchant_id", ["trust", "sold", "stars", "rank"], [True, False, True, True],
            lambda who: limits["places"] + limits["share"] * Fraction(int(sizes[who])) + extra[who],
        ),
        (
            "aisle", ["badge_place", "stars", "sold", "rank"], [False, False, True, True],
            lambda aisle: limits["aisle"][aisle],
        ),
    ]  # fmt: skip
    if limits["hall"] is not None:
        left = left.assign(id=[int(str(i)[1:]) for i in left.index.map(lambda i: f"o{i}")])
        quotas.append((None, ["stars", "id"], [False, False], lambda _: limits["hall"]))
    for per, keys, ascending, limit in quotas:
        left = left.sort_values(keys, ascending=ascending)
        if per is None:
            left = left.head(limit(None))
        else:
            place = left.groupby(per).cumcount() + 1
            left = left[[p <= limit(g) for p, g in zip(place, left[per], strict=True)]]
    return [(i in left.index) if good else None for i, good in enumerate(qualify)]


def rank_of(result: Assessment) -> list[int]:
    return result.scores().set_index("offer_id")["rank"].reindex(result.offers()["offer_id"]).tolist()


def agrees(result: Assessment, offers: Sequence[Row], shops: Sequence[Row], limits: dict[str, Any]) -> bool:
    held = result.offers()
    good = (held["verdict"] == "pre_qualified").tolist()
    assert not held["quota_unknown"].any()
    return naive(rank_of(result), good, offers, shops, limits) == [
        not over if g else None for g, over in zip(good, held["over_quota"], strict=True)
    ]


FEW = st.integers(0, 3)
OFFER = st.fixed_dictionaries(
    {
        "merchant_id": st.sampled_from(["ann", "bob"]), "aisle": st.sampled_from(["fruit", "tools", "toys"]),
        "sold": FEW | st.just(7), "stars": FEW, "badge": st.sampled_from(BADGES),
    }
)  # fmt: skip
LIMITS = st.fixed_dictionaries(
    {
        "places": st.integers(0, 2),
        "share": st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(3, 10), Fraction(1)]),
        "aisle": st.fixed_dictionaries({aisle: st.integers(0, 4) for aisle in ("fruit", "tools", "toys")}),
        "hall": st.none() | st.integers(0, 6),
    }
)  # fmt: skip


def changes_of(limits: dict[str, Any]) -> dict[str, Any]:
    return {
        "places": limits["places"], "share": f"{float(limits['share']) * 100:g}%",
        "hall_places": limits["hall"] or "none",
        **{f"aisle_places[{name}]": number for name, number in limits["aisle"].items()},
    }  # fmt: skip


@settings(max_examples=25)
@given(st.lists(OFFER, max_size=9), st.tuples(FEW, FEW), LIMITS)
def test_in_a_known_world_all_quotas_in_turn(
    offers: list[dict[str, Any]], extra: tuple[int, int], limits: dict[str, Any]
) -> None:
    limits["hall"] = limits["hall"] or None
    shops = [shop | {"extra": more} for shop, more in zip(SHOPS, extra, strict=True)]
    if offers:
        assert agrees(assessed(offers, shops, **changes_of(limits)), offers, shops, limits)


@settings(max_examples=25)
@given(
    st.lists(st.none() | FEW | st.tuples(FEW, FEW).map(lambda p: (min(p), max(p))), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_with_missing_values_sure_is_what_holds_in_every_world(stars: list[Any], places: int) -> None:
    result = assessed([{"stars": each} for each in stars], **WIDE, hall_places=places)
    candidates = [
        [-1, 0, 1, 2, 3, 4] if each is None else range(each[0], each[1] + 1) if isinstance(each, tuple) else [each]
        for each in stars
    ]
    inside: list[set[bool]] = [set() for _ in stars]
    for world in product(*candidates):
        order = sorted(range(len(world)), key=lambda i: (-world[i], -i))
        for place, i in enumerate(order):
            inside[i].add(place < places)
    words = {(True,): "in", (False,): "over hall", (False, True): "unknown hall"}
    assert list(standings(result).values()) == [words[tuple(sorted(each))] for each in inside]


CELLS: dict[str, list[Any]] = {"stars": [0, 1, 2, 3, 9], "badge": list(BADGES), "aisle": ["fruit", "tools", "toys"]}


@settings(max_examples=25)
@given(st.data())
def test_several_quotas_with_missing_values_are_never_surer_than_the_worlds(data: st.DataObject) -> None:
    offers = data.draw(st.lists(OFFER, min_size=1, max_size=7))
    limits = data.draw(LIMITS)
    limits["hall"] = limits["hall"] or None
    gone = data.draw(st.lists(st.tuples(st.integers(0, len(offers) - 1), st.sampled_from(sorted(CELLS))), max_size=4))
    shops = [shop | {"extra": data.draw(st.none() | FEW), "trust": data.draw(st.none() | FEW)} for shop in SHOPS]
    partly = [{k: None if (i, k) in gone else v for k, v in row.items()} for i, row in enumerate(offers)]
    result = assessed(partly, shops, **changes_of(limits))
    held = result.offers()
    good, rank = (held["verdict"] == "pre_qualified").tolist(), rank_of(result)
    for _ in range(6):
        world = [
            {k: data.draw(st.sampled_from(CELLS[k])) if v is None else v for k, v in row.items()} for row in partly
        ]
        filled = [{k: data.draw(FEW) if v is None else v for k, v in shop.items()} for shop in shops]
        for inside, over, unknown in zip(
            naive(rank, good, world, filled, limits), held["over_quota"], held["quota_unknown"], strict=True
        ):
            if inside is not None and (over or not unknown):
                assert inside == (not over)


# ---- what is shown, and what a rulebook may not say


def test_the_demo_shows_every_standing_and_tables_name_the_quotas() -> None:
    book = load_rulebook("daily_deals")
    result = assess(demo_market(20_000, 1, "daily_deals"), book)
    table_ = result.quotas()
    assert (table_[["admitted", "over_quota", "quota_unknown", "cut_before"]].sum() > 0).all()
    told = ["cut_before", "admitted", "over_quota", "quota_unknown"]
    assert (table_[told].sum(axis=1) == table_["pre_qualified"]).all()
    assert set(table_["quota"]) == {"shop", "venue"}
    shown = table(table_, book, "zh", 1)
    assert shown.titles()[:2] == ["名额", "条款"]
    assert shown.cells()[0][0] == "每店名额"
    entitled = result.benefits().set_index("clause")["entitled"]["F1"]
    assert entitled == (result.cuts.standing == 0).sum() < result.summary()["pre_qualified"].item()


OF_SHOP = ":places + :share * group_size + extra"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            '":aisle_places"',
            '":places + extra"',
            "'extra' differs from merchant to merchant, but the places are per 'aisle'",
        ),
        (OF_SHOP, ":aisle_places", "a parameter of it varies by 'aisle', but the places are per 'merchant_id'"),
        (OF_SHOP, ":tier_offers", "a parameter of it varies by 'rungs'"),
        ("badge DESC, stars DESC, sold", "transaction_time, stars", "must be a column of offers or merchants"),
    ],
)
def test_a_limit_is_one_number_a_group(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = Path(__file__).with_name("market_hall.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "hall.toml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(RulebookError, match=fault):
        load_rulebook(path)


def test_a_quotas_columns_are_wanted_when_a_market_is_read() -> None:
    assert {"badge", "stars", "extra", "aisle", "trust"} <= hall().required
    assert "offers_pre_qualified" not in hall().required
