"""To which regions an offer does not ship free: the whole matrix of list, flag, policy and quantity."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import pytest

from campaign_analytics import load_rulebook
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import derived, market_of

STANDARD = frozenset({"内蒙古", "海南", "西藏", "甘肃", "青海", "宁夏", "新疆", "台湾", "香港", "澳门", "海外"})
FEWER, MORE, NONE = frozenset({"西藏"}), STANDARD | {"北京"}, frozenset[str]()
ALL, UNKNOWN = "every region", None

# the list of paid regions · the flag · what is charged with conflict = unknown, list, flag
LIST_AND_FLAG: list[tuple[Any, Any, Any, Any, Any]] = [
    # a list decides, whatever fewer regions it names; a region too many is charged even where the flag says free
    (STANDARD, True, STANDARD, STANDARD, STANDARD),
    (STANDARD, None, STANDARD, STANDARD, STANDARD),
    (FEWER, True, FEWER, FEWER, FEWER),
    (NONE, True, NONE, NONE, NONE),
    (NONE, None, NONE, NONE, NONE),
    (MORE, True, MORE, MORE, MORE),
    (MORE, None, MORE, MORE, MORE),
    (MORE, False, MORE, MORE, MORE),
    # "not free" beside a harmless list: a conflict
    (STANDARD, False, UNREAD, STANDARD, ALL),
    (FEWER, False, UNREAD, FEWER, ALL),
    (NONE, False, UNREAD, NONE, ALL),
    # no list
    (None, False, ALL, ALL, ALL),
    (None, True, UNKNOWN, UNKNOWN, UNKNOWN),
    (None, None, UNKNOWN, UNKNOWN, UNKNOWN),
]
POLICIES = ("unknown", "list", "flag")
ROWS = [
    (listed, flag, policy, expected)
    for listed, flag, *by_policy in LIST_AND_FLAG
    for policy, expected in zip(POLICIES, by_policy, strict=True)
]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_rulebook("spring_2024")


def charged(book: Rulebook, **cells: Any) -> Any:
    offer = {"offer_id": "o", "merchant_id": "m", **cells}
    (found,) = derived(book, market_of(book, merchants=[{"merchant_id": "m"}], offers=[offer]), "unfree_regions")
    return ALL if found == frozenset(book.lists["regions"].values) else found


@pytest.mark.parametrize(("listed", "flag", "policy", "expected"), ROWS)
def test_list_flag_and_policy(book: Rulebook, listed: Any, flag: Any, policy: str, expected: Any) -> None:
    held = book.set(freight_conflict=policy)
    assert charged(held, paid_regions=listed, is_free_shipping=flag) == expected


@pytest.mark.parametrize(("listed", "flag", "policy", "expected"), ROWS)
def test_with_the_standard_exclusions_assumed_only_a_bare_yes_is_read_otherwise(
    book: Rulebook, listed: Any, flag: Any, policy: str, expected: Any
) -> None:
    held = book.set(freight_conflict=policy, assume_standard_exclusions=True)
    assumed = STANDARD if (listed, flag) == (None, True) else expected
    assert charged(held, paid_regions=listed, is_free_shipping=flag) == assumed


def test_the_standard_is_a_parameter(book: Rulebook) -> None:
    held = book.set(excluded_regions="西藏", freight_conflict="flag", assume_standard_exclusions=True)
    assert charged(held, is_free_shipping=True) == FEWER
    assert charged(held, paid_regions=STANDARD, is_free_shipping=False) == STANDARD  # no longer harmless


# free from · minimum order · what is charged beside a list of the standard regions
FREE_FROM: list[tuple[Any, Any, Any]] = [
    (1, 1, STANDARD),
    (2, 2, STANDARD),
    (2, 3, STANDARD),
    (3, 2, ALL),
    (None, 2, STANDARD),
    (1, None, STANDARD),  # free from one piece on: free at any minimum order
    (2, None, UNKNOWN),
    (None, None, STANDARD),
    ((2, 4), 4, STANDARD),
    ((2, 4), 1, ALL),
    ((2, 4), 3, UNKNOWN),
    (3, (1, 2), ALL),
    (2, (2, 5), STANDARD),
    (3, (2, 5), UNKNOWN),
    ((1, 2), None, UNKNOWN),
]


@pytest.mark.parametrize(("free_from", "quantity", "expected"), FREE_FROM)
def test_free_only_from_more_pieces_than_the_minimum_order_is_not_free(
    book: Rulebook, free_from: Any, quantity: Any, expected: Any
) -> None:
    cells = {"paid_regions": STANDARD, "free_shipping_from": free_from, "moq": quantity, "moq_unit": "件"}
    assert charged(book, **cells) == expected


def test_a_region_too_many_is_charged_whatever_the_quantity(book: Rulebook) -> None:
    assert charged(book, paid_regions=MORE, free_shipping_from=2, moq=None) == MORE


def test_free_too_late_is_charged_everywhere_even_where_the_list_is_not_known(book: Rulebook) -> None:
    assert charged(book, is_free_shipping=True, free_shipping_from=5, moq=2, moq_unit="件") == ALL


def test_columns_that_the_market_lacks_leave_it_unknown(book: Rulebook) -> None:
    assert charged(book) is UNKNOWN


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_not_understood_may_say_anything(book: Rulebook, policy: str) -> None:
    held = book.set(freight_conflict=policy)
    assert charged(held, paid_regions=UNREAD, is_free_shipping=False) is UNREAD
    assert charged(held.set(assume_standard_exclusions=True), paid_regions=UNREAD, is_free_shipping=True) is UNREAD
    assert charged(held, is_free_shipping=UNREAD) is UNREAD
    cells = {"paid_regions": STANDARD, "moq": 2, "moq_unit": "件"}
    assert charged(held, free_shipping_from=UNREAD, **cells) is UNREAD
    assert charged(held, free_shipping_from=UNREAD, **{**cells, "paid_regions": MORE}) == MORE
    assert charged(held, moq=UNREAD, moq_unit="件", free_shipping_from=5, paid_regions=STANDARD) is UNREAD


def test_no_offers_no_regions(book: Rulebook) -> None:
    assert derived(book, market_of(book), "unfree_regions") == []


def test_every_combination_is_listed_above() -> None:
    kinds = {
        (None if listed is None else "more" if listed == MORE else "harmless", flag)
        for listed, flag, *_ in LIST_AND_FLAG
    }
    assert kinds == set(product((None, "more", "harmless"), (True, False, None)))
