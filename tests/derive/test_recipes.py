"""The smaller recipes: first known, earliest, day, pieces, rows counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from campaign_analytics.derive import BUILT, count_rows, derive
from campaign_analytics.derive.making import Moment
from campaign_analytics.errors import RulebookError
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.recipes import RECIPES
from campaign_analytics.rulebook.scalar import UNREAD
from tests.derive.rows import AS_OF, book_of, derived, market_of


def of_offers(book: Rulebook, name: str, *rows: dict[str, Any], **tables: Any) -> list[Any]:
    offers = [{"offer_id": f"o{i}", "merchant_id": "m", **row} for i, row in enumerate(rows)]
    return derived(book, market_of(book, merchants=[{"merchant_id": "m"}], offers=offers, **tables), name)


def making(table: str, type: str, make: str, with_: str, more: str = "", **keys: str) -> Rulebook:
    """A rulebook whose one rule reads the derived column ``x``; ``keys`` are its unit or list."""
    keys = {"table": table, "type": type, "make": make, **keys}
    lines = "\n".join(f'{key} = "{value}"' for key, value in keys.items())
    return book_of(f"[derived.x]\n{lines}\nwith = {{ {with_} }}\n{more}", "x IS NOT NULL")


def test_every_recipe_of_the_catalogue_is_built() -> None:
    assert BUILT.keys() == RECIPES.keys()


# ---- first_known


def test_the_first_known_of_several_columns() -> None:
    book = making("offers", "money", "first_known", 'columns = ["campaign_price_pc", "campaign_price", "list_price"]')
    pc, both, listed = "campaign_price_pc", "campaign_price", "list_price"
    rows: list[dict[str, Any]] = [
        {pc: 1, both: 2, listed: 3},
        {both: 2, listed: 3},
        {listed: 3},
        {pc: 1, listed: 3},
        {},
    ]
    assert of_offers(book, "x", *rows) == [100, 200, 300, 100, None]


def test_a_range_is_known_well_enough() -> None:
    book = making("offers", "money", "first_known", 'columns = ["campaign_price", "list_price"]')
    rows: list[dict[str, Any]] = [
        {"campaign_price": (1, 2), "list_price": 3},
        {"list_price": (3, 4)},
        {"campaign_price": 5, "list_price": (3, 4)},
    ]
    assert of_offers(book, "x", *rows) == [(100, 200), (300, 400), 500]


def test_columns_that_the_market_lacks_are_passed_over() -> None:
    book = making("offers", "money", "first_known", 'columns = ["campaign_price", "list_price"]')
    assert of_offers(book, "x", {"list_price": 3}) == [300]
    assert of_offers(book, "x", {}) == [None]


def test_an_offers_column_may_be_followed_by_its_merchants() -> None:
    book = making(
        "offers", "number", "first_known", 'columns = ["experience_score", "shop_experience_score"]', unit="score"
    )
    market = market_of(
        book,
        merchants=[{"merchant_id": "a", "shop_experience_score": 3}, {"merchant_id": "b"}],
        offers=[{"offer_id": str(i), "merchant_id": of, "experience_score": score}
                for i, (of, score) in enumerate([("a", 4.5), ("a", None), ("b", None), ("nobody", None)])],
    )  # fmt: skip
    assert derived(book, market, "x") == [4.5, 3.0, None, None]


def test_names_of_two_columns_of_an_open_list_are_one_list() -> None:
    """Each column knows names of its own beside the list's."""
    book = making(
        "offers", "text", "first_known", 'columns = ["category", "second"]',
        '[columns.second]\ntable = "offers"\ntype = "text"\nof = "industries"\n', of="industries",
    )  # fmt: skip
    rows = [
        {"category": "Kites", "second": "女装"},
        {"second": "Drums"},
        {"category": "女装", "second": "Drums"},
        {},
        {"second": "Kites"},
    ]
    assert of_offers(book, "x", *rows) == ["Kites", "Drums", "女装", None, "Kites"]


def test_a_cell_that_is_not_understood_is_not_blank_and_stands_for_none_of_the_others() -> None:
    book = making("offers", "money", "first_known", 'columns = ["campaign_price", "list_price"]')
    rows: list[dict[str, Any]] = [
        {"campaign_price": UNREAD, "list_price": 3},
        {"list_price": UNREAD},
        {"campaign_price": 1, "list_price": UNREAD},
    ]
    assert of_offers(book, "x", *rows) == [UNREAD, UNREAD, 100]


def test_if_i_enrol_today() -> None:
    book = making("offers", "time", "first_known", 'columns = ["enrolled_at", "as_of"]')
    enrolled = datetime(2024, 2, 24, 23, 59, 59)
    assert of_offers(book, "x", {"enrolled_at": enrolled}, {}) == [enrolled, AS_OF]
    assert of_offers(book, "x", {}, {}) == [AS_OF, AS_OF]
    assert of_offers(book, "x", {"enrolled_at": UNREAD}, {}) == [UNREAD, AS_OF]


# ---- earliest


def test_a_shops_first_enrolment() -> None:
    book = making("merchants", "time", "earliest", 'table = "offers", time = "enrolled_at"')
    days: list[tuple[str, Any]] = [
        ("a", "2024-02-25"),
        ("a", "2024-02-24T12:00"),
        ("a", None),
        ("b", None),
        ("nobody", "2024-02-01"),
    ]
    days += [("d", UNREAD), ("d", "2024-02-25")]  # which may be the earlier one
    offers = [{"offer_id": str(i), "merchant_id": of, "enrolled_at": at} for i, (of, at) in enumerate(days)]
    market = market_of(book, merchants=[{"merchant_id": who} for who in "abcd"], offers=offers)
    assert derived(book, market, "x") == [datetime(2024, 2, 24, 12), None, None, UNREAD]


def test_an_offers_first_sale_and_none_without_the_table() -> None:
    book = making("offers", "time", "earliest", 'table = "transactions", time = "transaction_time"')
    sales = [{"offer_id": "o1", "transaction_time": f"2024-0{month}-01"} for month in (3, 1, 2)]
    assert of_offers(book, "x", {}, {}, transactions=sales) == [None, datetime(2024, 1, 1)]
    assert of_offers(book, "x", {}, {}) == [None, None]
    assert of_offers(book, "x", {}, transactions=[{"offer_id": "o0"}]) == [None]


def test_a_shops_first_sale_is_found_through_its_offers() -> None:
    book = making("merchants", "time", "earliest", 'table = "transactions", time = "transaction_time"')
    market = market_of(
        book,
        merchants=[{"merchant_id": "a"}, {"merchant_id": "b"}],
        offers=[{"offer_id": "1", "merchant_id": "b"}, {"offer_id": "2", "merchant_id": "nobody"}],
        transactions=[{"offer_id": of, "transaction_time": "2024-01-01"} for of in ("1", "2", "none")],
    )
    assert derived(book, market, "x") == [None, datetime(2024, 1, 1)]


# ---- day_of


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Shanghai", "2024-03-05T23:59:59.500000+08:00", date(2024, 3, 5)),
        ("Asia/Shanghai", "2024-03-06T00:00:00+08:00", date(2024, 3, 6)),
        ("Asia/Shanghai", "2024-03-05T16:00:00Z", date(2024, 3, 6)),
        ("Asia/Shanghai", "2024-03-05T15:59:59.999999Z", date(2024, 3, 5)),
        ("UTC", "2024-03-05T16:00:00Z", date(2024, 3, 5)),
        ("America/New_York", "2024-03-05T04:59:59Z", date(2024, 3, 4)),
        ("America/New_York", "2024-07-05T04:59:59Z", date(2024, 7, 5)),  # summer time
        ("UTC", "1969-12-31T23:59:59.999999Z", date(1969, 12, 31)),
    ],
)
def test_the_day_of_a_time_is_that_of_the_rulebooks_zone(zone: str, moment: str, day: date) -> None:
    book = making("offers", "day", "day_of", 'time = "enrolled_at"')
    head = book.document.rulebook.model_copy(update={"timezone": zone})
    object.__setattr__(book, "document", book.document.model_copy(update={"rulebook": head}))
    assert of_offers(book, "x", {"enrolled_at": moment}, {}, {"enrolled_at": UNREAD}) == [day, None, UNREAD]


# ---- pieces

PIECES = making(
    "offers", "count", "pieces",
    'quantity = "moq", unit = "moq_unit", batch = "batch_size", policy = ":policy", piece_units = ["件", "双"]',
    '[parameters]\npolicy = { type = "text", options = ["listed", "pieces"], clause = "1", default = "pieces" }\n'
    '[columns]\nplain = { table = "offers", type = "flag" }\n',
)  # fmt: skip
QUANTITIES: list[tuple[dict[str, Any], Any, Any]] = [
    # cells · as listed · in pieces
    ({"moq": 2, "moq_unit": "件", "batch_size": 12}, 2, 2),
    ({"moq": 2, "moq_unit": "双"}, 2, 2),
    ({"moq": 2, "moq_unit": "手", "batch_size": 12}, 2, 24),
    ({"moq": 2, "moq_unit": "手"}, 2, None),
    ({"moq": 2, "batch_size": 12}, 2, None),
    ({"moq_unit": "手", "batch_size": 12}, None, None),
    ({"moq": UNREAD, "moq_unit": "件"}, UNREAD, UNREAD),
    ({"moq": 2, "moq_unit": UNREAD, "batch_size": 12}, 2, UNREAD),
    ({"moq": 2, "moq_unit": "手", "batch_size": UNREAD}, 2, UNREAD),
    ({"moq": 2, "moq_unit": "件", "batch_size": UNREAD}, 2, 2),
    ({"moq": (1, 3), "moq_unit": "件"}, (1, 3), (1, 3)),
    ({"moq": (1, 3), "moq_unit": "手", "batch_size": 12}, (1, 3), (12, 36)),
    ({"moq": 2, "moq_unit": "手", "batch_size": (10, 12)}, 2, (20, 24)),
    ({"moq": (1, 3), "moq_unit": "手", "batch_size": (10, 12)}, (1, 3), (10, 36)),
    ({"moq": 2, "moq_unit": "件", "batch_size": (10, 12)}, 2, 2),
    ({"moq": 200, "moq_unit": "手", "batch_size": 100}, 200, 20000),  # beyond the narrow types of the columns
]


@pytest.mark.parametrize(("cells", "listed", "pieces"), QUANTITIES)
def test_a_quantity_in_its_unit_or_in_pieces(cells: dict[str, Any], listed: Any, pieces: Any) -> None:
    assert of_offers(PIECES.set(policy="listed"), "x", cells) == [listed]
    assert of_offers(PIECES.set(policy="pieces"), "x", cells) == [pieces]


def test_many_offers_at_once() -> None:
    assert of_offers(PIECES, "x", *(cells for cells, _, _ in QUANTITIES)) == [pieces for *_, pieces in QUANTITIES]


def test_units_of_a_size_of_their_own() -> None:
    text = """
[parameters]
each = { type = "count", clause = "1", by = "moq_unit", values = { "打" = 12 } }
[derived.x]
table = "offers"
type = "count"
make = "pieces"
[derived.x.with]
quantity = "moq"
unit = "moq_unit"
batch = "batch_size"
policy = "pieces"
piece_units = ["件"]
unit_sizes = ":each"
"""
    book = book_of(text, "x IS NOT NULL")
    rows: list[dict[str, Any]] = [
        {"moq": 2, "moq_unit": "件", "batch_size": 5},
        {"moq": 2, "moq_unit": "打", "batch_size": 5},
        {"moq": 2, "moq_unit": "箱", "batch_size": 5},
        {"moq": (1, 2), "moq_unit": "打"},
        {"moq": 2, "moq_unit": "箱"},
        {"moq": 2, "moq_unit": "no list has it", "batch_size": 5},
        {"moq": 2},
    ]
    assert of_offers(book, "x", *rows) == [2, 24, 10, (12, 24), None, 10, None]
    every = book.set({"each[箱]": 3, "each": 4})
    assert of_offers(every, "x", *rows) == [2, 24, 6, (12, 24), 6, 8, None]
    with pytest.raises(RulebookError, match="':each' varies by 'category'; one that varies by the unit is expected"):
        book_of(text.replace('by = "moq_unit", values = { "打" = 12 }', 'by = "category"'), "x IS NOT NULL")


# ---- count_rows


def test_rows_that_belong_to_each_subject() -> None:
    book = making("merchants", "count", "count_rows", 'table = "offers"')
    offers = [{"offer_id": str(i), "merchant_id": of} for i, of in enumerate(["b", "b", "c", "nobody"])]
    assert derived(book, market_of(book, merchants=[{"merchant_id": who} for who in "abc"], offers=offers), "x") == [
        0,
        2,
        1,
    ]


def test_rows_that_may_or_may_not_count_make_a_range() -> None:
    book = making("offers", "count", "count_rows", 'table = "transactions", where = "transaction_price > :least"',
                  '[parameters]\nleast = { type = "money", clause = "1", default = 10 }\n')  # fmt: skip
    prices = [
        ("o0", 11),
        ("o0", 10),
        ("o1", None),
        ("o1", 12),
        ("o2", 9),
        ("o3", (9, 12)),
        ("o3", (11, 12)),
        ("gone", 99),
    ]
    sales = [{"offer_id": of, "transaction_price": price} for of, price in prices]
    assert of_offers(book, "x", *[{}] * 5, transactions=sales) == [1, (1, 2), 0, (1, 2), 0]


def test_rows_of_a_table_that_the_market_lacks_are_not_known() -> None:
    book = making("offers", "count", "count_rows", 'table = "transactions"')
    assert of_offers(book, "x", {}, {}) == [None, None]


# ---- one made from another


def a_column(name: str, table: str, type: str, make: str, with_: str) -> str:
    return f'[derived.{name}]\ntable = "{table}"\ntype = "{type}"\nmake = "{make}"\nwith = {{ {with_} }}\n'


def test_columns_are_made_in_the_order_of_their_needs_and_only_where_wanted() -> None:
    book = book_of(
        a_column("day", "offers", "day", "day_of", 'time = "moment"')
        + a_column("moment", "offers", "time", "first_known", 'columns = ["enrolled_at", "as_of"]')
        + a_column("idle", "offers", "time", "first_known", 'columns = ["as_of"]'),
        "day = today AND idle = as_of",
    )
    market = market_of(book, offers=[{"offer_id": "o", "merchant_id": "m"}])
    made, unmade, partly = derive(market, book, Moment(AS_OF.replace(tzinfo=book.zone)), ["day"])
    assert {"day", "moment"} == made.offers.cells.keys() & book.derived.keys()
    assert unmade == partly == frozenset()
    assert "day" not in market.offers.cells  # the market itself is never changed


def test_what_is_made_from_a_column_not_built_is_not_made_and_from_a_partly_built_one_partly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(BUILT, "earliest")
    monkeypatch.setitem(BUILT, "count_rows", lambda making: count_rows.make(making)._replace(complete=False))
    book = book_of(
        a_column("later", "merchants", "time", "earliest", 'table = "offers", time = "enrolled_at"')
        + a_column("after", "merchants", "day", "day_of", 'time = "later"')
        + a_column("many", "merchants", "count", "count_rows", 'table = "offers"')
        + a_column("copy", "merchants", "count", "first_known", 'columns = ["many"]'),
        "after IS NULL AND copy IS NULL",
    )
    market = market_of(book, merchants=[{"merchant_id": "m"}], offers=[{"offer_id": "o", "merchant_id": "m"}])
    made, unmade, partly = derive(market, book, Moment(AS_OF.replace(tzinfo=book.zone)), ["after", "copy"])
    assert unmade == frozenset({"later", "after"})
    assert partly == frozenset({"many", "copy"})
    assert not unmade & made.merchants.cells.keys()


def test_a_column_of_a_table_that_the_market_lacks_is_not_made() -> None:
    book = book_of(
        a_column("dated", "penalties", "day", "first_known", 'columns = ["penalty_date"]')
        + a_column("many", "merchants", "count", "count_rows", 'table = "penalties", where = "dated IS NOT NULL"'),
        "many >= 0",
    )
    merchants = [{"merchant_id": "m"}]
    assert derived(book, market_of(book, merchants=merchants), "many") == [None]
    penalties = [{"merchant_id": "m", "penalty_date": day} for day in ("2024-01-01", None)]
    assert derived(book, market_of(book, merchants=merchants, penalties=penalties), "many") == [1]


# ---- cells taken


def test_row_minus_one_is_a_missing_cell_with_nothing_behind_it() -> None:
    rows = np.array([1, -1, 0])
    taken = Cells.make("count", np.array([5, 7]), high=np.array([5, 9])).take(rows)
    assert taken.values.tolist() == [7, 0, 5]
    assert taken.high is not None
    assert taken.high.tolist() == [9, 0, 5]
    assert taken.gone.tolist() == [False, True, False]
    flags = Cells.make("flag", np.array([True, True])).take(rows)
    assert flags.values.tolist() == [True, False, True]
    texts = Cells("text", pd.array(["a", "b"], dtype="str")).take(rows)
    assert texts.to_pandas().isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "cells", [Cells.make("money", np.zeros(0, np.int64)), Cells("text", pd.array([], dtype="str"))]
)
def test_of_no_rows_all_that_is_taken_is_missing(cells: Cells) -> None:
    taken = cells.take(np.array([-1, -1]))
    assert len(taken) == 2
    assert taken.gone.all()
    assert taken.to_pandas().isna().all()
