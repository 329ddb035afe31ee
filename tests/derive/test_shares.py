"""What most of a shop's offers are of: against counting, whatever the unknown categories turn out to be."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.schema import Declared
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import book_of, derived, market_of

COMPLETE = Declared(offers_are_complete=True)
BOOK = book_of(
    """
[derived.x]
table = "merchants"
type = "text"
of = "industries"
make = "largest_share"
with = { table = "offers", of = "category" }
[derived.same]
table = "merchants"
type = "flag"
make = "is_largest_share"
with = { table = "offers", of = "category", own = "main_category" }
""",
    "x IS NOT NULL AND same",
)
NAMES = ("女装", "男装", "Kites")


def made(shops: list[list[Any]], name: str = "x", own: Any = None, declared: Declared = COMPLETE) -> list[Any]:
    offers = [
        {"offer_id": f"{i}-{j}", "merchant_id": f"m{i}", "category": each}
        for i, held in enumerate(shops)
        for j, each in enumerate(held)
    ]
    lost = {"offer_id": "lost", "merchant_id": "nobody", "category": "男装"}
    merchants = [{"merchant_id": f"m{i}", "main_category": own} for i in range(len(shops))]
    return derived(BOOK, market_of(BOOK, declared, merchants=merchants, offers=[lost, *offers]), name)


def naive(offers: list[Any]) -> Any:
    """The one category that is the largest in every world; UNREAD where worlds differ or tie."""
    answers = set()
    for filled in product(*((*NAMES, "Drums", "Pots") if each is None else [each] for each in offers)):
        first, *others = Counter(filled).most_common()
        answers.add(UNREAD if others and others[0][1] == first[1] else first[0])
    return answers.pop() if len(answers) == 1 else UNREAD


SHOPS = st.lists(st.lists(st.sampled_from([*NAMES, None]), min_size=1, max_size=5), max_size=3)


@given(SHOPS, st.sampled_from([*NAMES, "Drums"]))
def test_the_largest_share_is_that_of_every_world(shops: list[list[Any]], own: str) -> None:
    expected = [naive(held) for held in shops]
    assert made(shops) == expected
    assert made(shops, "same", own) == [each if each is UNREAD else each == own for each in expected]


def test_shops_without_offers_are_blank() -> None:
    assert made([[], ["女装"]]) == [None, "女装"]
    assert made([[], ["女装"]], "same", "女装") == [None, True]


def test_a_main_industry_that_is_not_told_is_blank_and_one_not_understood_is_not() -> None:
    assert made([["女装"]], "same", None) == [None]
    assert made([["女装"]], "same", UNREAD) == [UNREAD]


def test_offers_that_nobody_declares_complete_tell_nothing() -> None:
    assert made([["女装"], []], declared=Declared()) == [UNREAD, None]
    assert made([["女装"], []], "same", "女装", Declared()) == [UNREAD, None]
