"""Prices in a window of each subject's own: against a naive reading of every world that the cells leave possible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import RulebookError
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import book_of, derived, market_of

UNTIL = date(2024, 2, 26)
EXTREMES = ("lowest", "highest", "latest")
TEXT = """
[parameters]
days = {{ type = "count", clause = "1", default = 30 }}
until_too = {{ type = "flag", clause = "1", default = true }}
[columns.end]
table = "offers"
type = "day"
[derived.x]
table = "offers"
type = "money"
make = "extreme_price"
[derived.x.with]
table = "price_history"
price = "price_on_day"
at = "price_day"
until = "end"
days = ":days"
include_until = ":until_too"
in_force = {in_force}
extreme = "{extreme}"
"""
BOOKS = {
    (extreme, in_force): book_of(TEXT.format(extreme=extreme, in_force=str(in_force).lower()), "x IS NOT NULL")
    for extreme in EXTREMES
    for in_force in (True, False)
}


def made(book: Rulebook, rows: list[tuple[Any, Any]], end: Any = UNTIL) -> Any:
    """The price of one offer with (day, price) rows, beside another offer with rows of its own."""
    offers = [{"offer_id": "o", "merchant_id": "m", "end": end}, {"offer_id": "p", "merchant_id": "m", "end": UNTIL}]
    theirs = [{"offer_id": of, "price_day": UNTIL, "price_on_day": price} for of, price in (("p", 1), ("q", 99))]
    ours = [{"offer_id": "o", "price_day": day, "price_on_day": price} for day, price in rows]
    market = market_of(book, offers=offers, price_history=[*theirs, *ours])
    return derived(book, market, "x")[0]


def naive(rows: list[tuple[date, int]], extreme: str, in_force: bool, days: int, until_too: bool) -> set[int]:
    """The prices that one world may mean, in fen; several where two of a day are equally late."""
    last = UNTIL if until_too else UNTIL - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    inside = [(day, price) for day, price in rows if first <= day <= last]
    before = [(day, price) for day, price in rows if day < first]
    latest = [price for day, price in before if day == max(each for each, _ in before)]
    answers = set()
    for held in latest if in_force and latest else [None]:
        prices = [price for _, price in inside] + ([] if held is None else [held])
        if extreme == "latest" and inside:
            answers |= {price for day, price in inside if day == max(each for each, _ in inside)}
        elif prices:
            answers |= {prices[0]} if extreme == "latest" else {min(prices) if extreme == "lowest" else max(prices)}
    return answers


DAYS = st.integers(-6, 1).map(lambda n: UNTIL + timedelta(days=n))
PRICES = st.integers(1, 4)
CERTAIN = st.lists(st.tuples(DAYS, PRICES), max_size=5)
ASKED = st.tuples(st.sampled_from(EXTREMES), st.booleans(), st.integers(1, 5), st.booleans())


@given(CERTAIN, ASKED)
def test_of_rows_that_are_known(rows: list[tuple[date, int]], asked: tuple[str, bool, int, bool]) -> None:
    extreme, in_force, days, until_too = asked
    book = BOOKS[extreme, in_force].set(days=days, until_too=until_too)
    expected = naive([(day, 100 * price) for day, price in rows], *asked)
    found = made(book, rows)
    if not expected:
        assert found is None
    elif len(expected) == 1:
        assert found == expected.pop()
    else:  # two prices of one day
        assert found is UNREAD or (isinstance(found, tuple) and found[0] <= min(expected) <= max(expected) <= found[1])


def worlds(rows: list[tuple[Any, Any]]) -> Iterator[list[tuple[date, int]]]:
    """Every set of rows that the cells may mean."""
    for days in product(*([UNTIL - timedelta(days=n) for n in range(7)] if d is None else [d] for d, _ in rows)):
        for prices in product(*(_prices(price) for _, price in rows)):
            yield list(zip(days, prices, strict=True))


def _prices(price: Any) -> list[int]:
    if price is None:
        return [1, 250, 100_000]
    return [100 * end for end in price] if isinstance(price, tuple) else [100 * price]


DOUBTFUL = st.lists(st.tuples(st.none() | DAYS, st.none() | PRICES | st.just((1, 3))), max_size=3)


@settings(max_examples=300)
@given(DOUBTFUL, ASKED)
def test_what_is_said_holds_whatever_the_missing_cells_turn_out_to_be(
    rows: list[tuple[Any, Any]], asked: tuple[str, bool, int, bool]
) -> None:
    extreme, in_force, days, until_too = asked
    found = made(BOOKS[extreme, in_force].set(days=days, until_too=until_too), rows)
    if found is UNREAD:
        assert any(None in row or isinstance(row[1], tuple) for row in rows) or len({d for d, _ in rows}) < len(rows)
        return
    possible = [naive(world, *asked) for world in worlds(rows)]
    if found is None:
        assert not any(possible)
    else:
        low, high = found if isinstance(found, tuple) else (found, found)
        assert all(low <= price <= high for each in possible for price in each)


def test_each_offer_has_its_own_window() -> None:
    book = BOOKS["lowest", False]
    days = [UNTIL, UNTIL - timedelta(days=29), UNTIL - timedelta(days=30), None, UNREAD]
    offers = [{"offer_id": f"o{i}", "merchant_id": "m", "end": end} for i, end in enumerate(days)]
    day = UNTIL - timedelta(days=29)
    rows = [{"offer_id": f"o{i}", "price_day": day, "price_on_day": 5 + i} for i in range(len(days))]
    market = market_of(book, offers=offers, price_history=[*rows, {"price_day": day, "price_on_day": 1}])
    assert derived(book, market, "x") == [500, 600, None, None, UNREAD]


@pytest.mark.parametrize(
    ("until", "days", "first"),
    [("2024-03-01", 2, "2024-02-29"), ("2023-03-01", 2, "2023-02-28"), ("2024-01-01", 2, "2023-12-31"),
     ("2024-02-26", 180, "2023-08-31"), ("2024-12-30", 366, "2023-12-31")],
)  # fmt: skip
def test_windows_over_leap_days_and_the_turn_of_a_year(until: str, days: int, first: str) -> None:
    book, day = BOOKS["lowest", False].set(days=days), date.fromisoformat(first)
    assert made(book, [(day, 7)], until) == 700
    assert made(book, [(day - timedelta(days=1), 7)], until) is None


def test_a_sale_belongs_to_the_day_of_the_campaigns_own_zone() -> None:
    text = TEXT.format(extreme="lowest", in_force="false").replace("price_history", "transactions")
    text = text.replace("price_on_day", "transaction_price").replace("price_day", "transaction_time")
    book = book_of(text, "x IS NOT NULL").set(days=1)
    for moment, price in (
        ("2024-02-25T15:59:59.999999Z", None),
        ("2024-02-25T16:00:00Z", 300),
        ("2024-02-26T15:59:59.999999Z", 300),
        ("2024-02-26T16:00:00Z", None),
    ):
        sales = [{"offer_id": "o", "transaction_time": moment, "transaction_price": 3}]
        offers = [{"offer_id": "o", "merchant_id": "m", "end": UNTIL}]
        assert derived(book, market_of(book, offers=offers, transactions=sales), "x") == [price]


def test_no_offers_no_rows_and_no_table() -> None:
    book = BOOKS["latest", True]
    row = {"offer_id": "gone", "price_day": UNTIL, "price_on_day": 1}
    assert derived(book, market_of(book, price_history=[row]), "x") == []
    offers = [{"offer_id": "o", "merchant_id": "m", "end": UNTIL}]
    assert derived(book, market_of(book, offers=offers, price_history=[]), "x") == [None]
    assert derived(book, market_of(book, offers=offers), "x") == [None]


def test_a_word_that_is_no_extreme_is_refused_when_the_rulebook_is_read() -> None:
    with pytest.raises(RulebookError, match="'cheapest' is no word that recipe 'extreme_price' knows: lowest, highest"):
        book_of(TEXT.format(extreme="cheapest", in_force="true"), "x IS NOT NULL")
    wide = 'which = { type = "text", options = ["lowest", "median"], clause = "1", default = "lowest" }\n'
    text = TEXT.format(extreme=":which", in_force="true").replace("[parameters]\n", "[parameters]\n" + wide)
    with pytest.raises(RulebookError, match="'median' is no word that recipe 'extreme_price' knows"):
        book_of(text, "x IS NOT NULL")
    assert book_of(text.replace("median", "highest"), "x IS NOT NULL").values["which"] == "lowest"


def test_what_makes_no_price_is_refused_when_the_rulebook_is_read() -> None:
    text = TEXT.format(extreme="lowest", in_force="true")
    with pytest.raises(RulebookError, match="recipe 'extreme_price' makes a money, not a count"):
        book_of(text.replace('type = "money"', 'type = "count"'), "x IS NOT NULL")
    with pytest.raises(RulebookError, match="is a time; a day is expected"):
        book_of(text.replace('until = "end"', 'until = "enrolled_at"'), "x IS NOT NULL")
