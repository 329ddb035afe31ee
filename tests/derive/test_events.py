"""Events in a time of each subject's own, counted or added up: against every world that the cells leave possible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.derive.events import UNBOUNDED
from campaign_analytics.market.schema import Declared
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import book_of, derived, market_of

COMPLETE = Declared(penalty_feed_complete=True)
UNTIL = date(2024, 1, 3)
TEXT = """
[parameters.counted]
type = "flag"
clause = "1"
default = true
[columns.end]
table = "merchants"
type = "day"
[derived.x]
table = "merchants"
type = "count"
unit = "points"
make = "events"
[derived.x.with]
table = "penalties"
at = "penalty_date"
until = "end"
where = "penalty_status <> '已撤销' AND (:counted OR penalty_status <> '申诉中')"
"""


def book(*more: str) -> Rulebook:
    return book_of(TEXT + "\n".join(more), "x IS NOT NULL")


ALL, YEAR, DAYS = book(), book("this_year = true"), book("days = 3")
POINTS = book("this_year = true", 'sum = "penalty_deduction"')
WINDOWS = {ALL: date.min, YEAR: date(2024, 1, 1), DAYS: date(2024, 1, 1), POINTS: date(2024, 1, 1)}


def made(book: Rulebook, rows: list[tuple[Any, ...]], declared: Declared = COMPLETE, end: Any = UNTIL) -> Any:
    names = ("penalty_date", "penalty_status", "penalty_deduction")
    held = [{"merchant_id": "m", **dict(zip(names, row, strict=False))} for row in rows]
    others = [
        {"merchant_id": of, "penalty_date": UNTIL, "penalty_status": "生效", "penalty_deduction": 9} for of in "no"
    ]
    shops = [{"merchant_id": "m", "end": end}, {"merchant_id": "n", "end": UNTIL}]
    return derived(book, market_of(book, declared, merchants=shops, penalties=[*held, *others]), "x")[0]


def worlds(rows: list[tuple[Any, Any, Any]]) -> Iterator[list[tuple[date, str, int]]]:
    days = [date(2020, 1, 1), UNTIL, UNTIL + timedelta(days=1)]
    statuses = ["生效", "已撤销"]
    for row_days in product(*(days if d is None else [d] for d, _, _ in rows)):
        for states in product(*(statuses if s is None else [s] for _, s, _ in rows)):
            for points in product(*(p if isinstance(p, tuple) else [0, 10**6] if p is None else [p] for *_, p in rows)):
                yield list(zip(row_days, states, points, strict=True))


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-4, 1).map(lambda n: UNTIL + timedelta(days=n)),
        st.none() | st.sampled_from(["生效", "已撤销", "申诉中"]),
        st.none() | st.integers(0, 4) | st.just((1, 3)),
    ),
    max_size=3,
)


@given(ROWS, st.sampled_from([ALL, YEAR, DAYS, POINTS]), st.booleans())
def test_the_range_is_that_of_all_worlds(rows: list[tuple[Any, Any, Any]], book: Rulebook, counted: bool) -> None:
    def total(world: list[tuple[date, str, int]]) -> int:
        kept = [
            points
            for day, status, points in world
            if WINDOWS[book] <= day <= UNTIL and status != "已撤销" and (counted or status != "申诉中")
        ]
        return sum(kept) if book is POINTS else len(kept)

    found = made(book.set(counted=counted), rows)
    low, high = found if isinstance(found, tuple) else (found, found)
    totals = [total(world) for world in worlds(rows)]
    assert low == min(totals)
    assert high == max(totals) or (book is POINTS and max(totals) >= 10**6 and high >= UNBOUNDED)


def test_of_a_feed_that_nobody_vouches_for_what_is_there_is_the_least() -> None:
    row = (UNTIL, "生效", 6)
    assert made(ALL, [row], Declared()) == (1, UNBOUNDED)
    assert made(POINTS, [row, row], Declared()) == (12, UNBOUNDED)


def test_no_table_of_penalties_is_none_only_where_somebody_vouches_for_it() -> None:
    shops = [{"merchant_id": "m", "end": UNTIL}]
    assert derived(ALL, market_of(ALL, COMPLETE, merchants=shops), "x") == [0]
    assert derived(ALL, market_of(ALL, merchants=shops), "x") == [(0, UNBOUNDED)]
    assert derived(ALL, market_of(ALL, COMPLETE, penalties=[{"merchant_id": "m"}]), "x") == []


def test_until_when_must_be_known() -> None:
    assert made(ALL, [(UNTIL, "生效", 1)], end=None) is None
    assert made(ALL, [(UNTIL, "生效", 1)], end=UNREAD) is UNREAD


@pytest.mark.parametrize(
    ("until", "day", "counts"),
    [("2024-01-01", "2024-01-01", True), ("2024-01-01", "2023-12-31", False), ("2024-12-31", "2024-01-01", True),
     ("2024-02-29", "2024-02-29", True), ("2023-12-31", "2023-01-01", True), ("2023-12-31", "2022-12-31", False)],
)  # fmt: skip
def test_the_calendar_year_is_that_of_the_day(until: str, day: str, counts: bool) -> None:
    assert made(YEAR, [(day, "生效", 1)], end=until) == int(counts)


def test_the_sales_of_an_offer_by_count_and_money() -> None:
    text = """
    [derived.x]
    table = "offers"
    type = "{type}"
    make = "events"
    with = {{ table = "transactions", at = "transaction_time", until = "today", days = 2{more} }}
    """
    days = ["2024-02-26T15:59:59Z", "2024-02-26T16:00:00Z", "2024-02-24T16:00:00Z", "2024-02-24T15:59:59Z"]
    sales = [{"offer_id": "o", "transaction_time": day, "transaction_price": 1.5} for day in days]
    for type, more, expected in (("count", "", 2), ("money", ', sum = "transaction_price"', 300)):
        rules = book_of(text.format(type=type, more=more), "x IS NOT NULL")
        offers = [{"offer_id": "o", "merchant_id": "m"}]
        assert derived(rules, market_of(rules, offers=offers, transactions=sales), "x") == [expected]
        assert derived(rules, market_of(rules, offers=offers), "x") == [None]
