"""Places in an order, top N and percentiles, within a category: against sorted lists and every world possible."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import book_of, derived, market_of


def making(type: str, more: str = "") -> Rulebook:
    columns = '[columns]\nscore = { table = "offers", type = "count" }\ngood = { table = "offers", type = "flag" }\n'
    head = f'[derived.x]\ntable = "offers"\ntype = "{type}"\nmake = "rank"\n'
    return book_of(f'{columns}{head}with = {{ of = "score", where = "good"{more} }}\n', "x IS NOT NULL")


WITHIN = ', within = "category"'
BOOKS = {
    (type, within, highest): making(type, (WITHIN if within else "") + ("" if highest else ", highest_first = false"))
    for type in ("count", "rate")
    for within in (True, False)
    for highest in (True, False)
}
Row = tuple[Any, Any, Any]  # score, category, whether it takes part


def made(book: Rulebook, rows: list[Row]) -> list[Any]:
    names = ("score", "category", "good")
    offers = [
        {"offer_id": str(i), "merchant_id": "m", **dict(zip(names, row, strict=True))} for i, row in enumerate(rows)
    ]
    return derived(book, market_of(book, offers=offers), "x")


def naive(rows: list[Row], within: bool, highest: bool) -> list[tuple[int, int] | None]:
    """Each row's place and how many take part, by counting."""
    places: list[tuple[int, int] | None] = []
    for score, category, good in rows:
        rivals = [s for s, c, g in rows if g and (c == category or not within)]
        ahead = sum(rival > score if highest else rival < score for rival in rivals)
        places.append((1 + ahead, len(rivals)) if good else None)
    return places


ASKED = st.tuples(st.sampled_from(["count", "rate"]), st.booleans(), st.booleans())
KNOWN = st.tuples(st.integers(0, 4), st.sampled_from(["女装", "男装"]), st.booleans())


@given(st.lists(KNOWN, max_size=12), ASKED)
def test_places_of_what_is_known(rows: list[Row], asked: tuple[str, bool, bool]) -> None:
    expected = [
        None if place is None else place[0] if asked[0] == "count" else place[0] / place[1]
        for place in naive(rows, *asked[1:])
    ]
    assert made(BOOKS[asked], rows) == expected


def worlds(rows: list[Row]) -> Iterator[list[Row]]:
    for scores in product(*([-1, 9] if s is None else s if isinstance(s, tuple) else [s] for s, _, _ in rows)):
        for categories in product(*(["女装", "男装"] if c is None else [c] for _, c, _ in rows)):
            for part in product(*([True, False] if g is None else [g] for *_, g in rows)):
                yield list(zip(scores, categories, part, strict=True))


DOUBTFUL = st.tuples(
    st.none() | st.integers(0, 4) | st.just((1, 3)),
    st.sampled_from(["女装", "男装", None]),
    st.sampled_from([True, True, False, None]),
)


@settings(max_examples=200)
@given(st.lists(DOUBTFUL, max_size=4), ASKED)
def test_a_place_is_never_better_or_worse_than_some_world_may_make_it(
    rows: list[Row], asked: tuple[str, bool, bool]
) -> None:
    kind, within, highest = asked
    found = made(BOOKS[asked], rows)
    possible = [naive(world, within, highest) for world in worlds(rows)]
    for i, (row, place) in enumerate(zip(rows, found, strict=True)):
        held = [each for world in possible if (each := world[i]) is not None]
        if row[2] is False:
            assert place is None
        elif row[0] is None:
            assert place is None  # nothing was given
        elif row[1] is None and within:
            assert place is UNREAD
        else:
            low, high = place if isinstance(place, tuple) else (place, place)
            values = [at if kind == "count" else at / of for at, of in held]
            assert low <= min(values)
            assert max(values) <= high
            assert high == max(values)  # and no wider than need be
            assert low == min(values) or kind == "rate"


def test_a_value_that_is_not_understood_has_no_place_and_may_be_ahead_of_all() -> None:
    rows: list[Row] = [(3, "女装", True), (UNREAD, "女装", True), (1, "女装", True)]
    assert made(BOOKS["count", True, True], rows) == [(1, 2), UNREAD, (2, 3)]


def test_the_best_tenth_of_a_hundred() -> None:
    rows: list[Row] = [(i, "女装", True) for i in range(100)]
    places = made(BOOKS["rate", False, True], rows)
    assert [i for i, place in enumerate(places) if place <= 0.1] == list(range(90, 100))


def test_nobody() -> None:
    assert made(BOOKS["count", True, True], []) == []
    assert made(BOOKS["rate", False, False], [(1, "女装", False)]) == [None]
