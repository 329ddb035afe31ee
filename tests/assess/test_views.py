"""The tables of an assessment: their columns and types, what they refuse, and what is left where nothing is there."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from campaign_analytics import assess, demo_market, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.assess.outcomes import OUTCOMES, VERDICTS
from campaign_analytics.errors import CampaignError, RulebookWarning
from campaign_analytics.market.schema import Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from tests.derive.rows import AS_OF, market_of


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RulebookWarning)
        return load_rulebook("spring_2024")


@pytest.fixture(scope="module")
def result(book: Rulebook) -> Assessment:
    return assess(demo_market(800, seed=2), book)


def empty(book: Rulebook) -> Assessment:
    return assess(market_of(book), book, AS_OF)


def types(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): _type(frame[name]) for name in frame.columns}


def _type(column: pd.Series) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return {OUTCOMES: "outcome", VERDICTS: "verdict"}[tuple(column.cat.categories)]
    return str(column.dtype)


def counts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "int64")


def texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "str")


LISTS = texts("failed", "unknown", "not_applicable", "warned", "not_computed")
KEYS = texts("offer_id", "merchant_id", "category")
OFFER = {**KEYS, "verdict": "verdict", **LISTS}
SHOP = {"merchant_id": "str", "verdict": "verdict", **LISTS, **counts("offers", "pre_qualified")}
SUMMARY = counts("pre_qualified", "ineligible", "undetermined")
MISSES = {
    **texts("rule", "clause", "level"),
    **counts("fail", "unknown", "not_applicable", "not_computed", "pass", "offers"),
}
FUNNEL = {**texts("clause", "rules"), **counts("entering", "lost_fail", "lost_unknown", "left")}
View = Callable[[Assessment], Any]
TABLES: list[tuple[str, View, dict[str, str]]] = [
    ("verdicts", lambda a: a.verdicts(), {**KEYS, "verdict": "verdict"}),
    ("offers", lambda a: a.offers(), OFFER),
    ("offers of a verdict", lambda a: a.offers("ineligible"), OFFER),
    ("merchants", lambda a: a.merchants(), SHOP),
    ("merchants of a verdict", lambda a: a.merchants("ineligible"), SHOP),
    ("summary", lambda a: a.summary(), {**SUMMARY, "offers": "int64"}),
    ("by category", lambda a: a.summary("category"), {"category": "str", **SUMMARY, "offers": "int64"}),
    ("of merchants", lambda a: a.summary(level="merchants"), {**SUMMARY, "merchants": "int64"}),
    ("misses", lambda a: a.misses(), MISSES),
    ("misses by category", lambda a: a.misses("category"), {"category": "str", **MISSES}),
    ("funnel", lambda a: a.funnel(), FUNNEL),
    ("assumptions", lambda a: a.assumptions(), texts("kind", "name", "clause", "value", "note")),
]


@pytest.mark.parametrize(("name", "view", "expected"), TABLES, ids=[row[0] for row in TABLES])
def test_columns_and_types(result: Assessment, name: str, view: View, expected: dict[str, str]) -> None:
    frame = view(result)
    assert types(frame) == expected
    assert list(frame.index) == list(range(len(frame)))
    assert len(frame)


@pytest.mark.parametrize(("name", "view", "expected"), TABLES, ids=[row[0] for row in TABLES])
def test_the_same_columns_and_types_where_there_are_no_offers_and_no_merchants(
    book: Rulebook, name: str, view: View, expected: dict[str, str]
) -> None:
    frame = view(empty(book))
    assert types(frame) == expected


def test_outcomes_have_a_column_a_rule(result: Assessment, book: Rulebook) -> None:
    for held in (result, empty(book)):
        offers, merchants = held.outcomes(), held.outcomes("merchants")
        assert types(offers) == {**KEYS, **dict.fromkeys(held.rules, "outcome")}
        own = [rule for rule in held.rules if book.level(rule) == "merchants"]
        assert types(merchants) == {"merchant_id": "str", **dict.fromkeys(own, "outcome")}
        assert len(offers) == held.market.offers.rows
        assert len(merchants) == held.market.merchants.rows


def test_rows_come_in_the_markets_order(result: Assessment) -> None:
    ids = result.market.offers.cells["offer_id"].values.tolist()
    for frame in (result.verdicts(), result.offers(), result.outcomes()):
        assert frame["offer_id"].tolist() == ids
    shops = result.market.merchants.cells["merchant_id"].values.tolist()
    assert result.merchants()["merchant_id"].tolist() == shops


@pytest.mark.parametrize("verdict", VERDICTS)
def test_offers_and_merchants_of_one_verdict(result: Assessment, verdict: str) -> None:
    for view in (result.offers, result.merchants):
        whole, some = view(), view(verdict)
        pd.testing.assert_frame_equal(some, whole[whole["verdict"] == verdict].reset_index(drop=True))


# ---- grouping


def test_groups_are_the_values_of_a_column_the_largest_first(result: Assessment) -> None:
    summary = result.summary("category")
    counted = result.verdicts()["category"].fillna("").value_counts()
    assert dict(zip(summary["category"], summary["offers"], strict=True)) == counted.to_dict()
    assert summary["offers"].is_monotonic_decreasing
    assert "" in set(summary["category"])  # a missing value is a class of its own


@pytest.mark.parametrize(
    "by",
    [
        "merchant_id",
        "is_yanxuan",
        "moq",
        "list_price",
        "paid_regions",
        "trade_medal",
        "enrolled_at",
        "trustpass_valid_to",
        "price_pc",
        "size",
    ],
)
def test_any_column_groups(result: Assessment, by: str) -> None:
    summary = result.summary(by)
    assert summary.columns[0] == by
    assert int(summary["offers"].sum()) == result.market.offers.rows
    assert summary[by].is_unique
    misses = result.misses(by)
    assert (misses.groupby("rule")["offers"].sum() == result.market.offers.rows).all()


SHOPS: Any = "shops"  # the type checker, too, refuses a level that there is not
NEARLY: Any = "offer"
REFUSED: list[tuple[str, View, str]] = [
    ("unknown column", lambda a: a.summary("categry"), "by 'categry': no such column; did you mean 'category'?"),
    ("nothing like it", lambda a: a.summary("qqq"), "cannot group by 'qqq': no such column; there are: "),
    ("misses", lambda a: a.misses("categry"), "cannot group by 'categry': no such column"),
    ("of another table", lambda a: a.summary("penalty_date"), "cannot group by 'penalty_date': no such column"),
    ("of offers", lambda a: a.summary("category", "merchants"), "merchants by 'category': it is a column of offers"),
    ("never made", lambda a: a.summary("lowest_price"), "cannot group by 'lowest_price': it is not made"),
    ("verdict", lambda a: a.offers("approved"), "'approved'; expected one of pre_qualified, ineligible, undetermined"),
    ("nearly", lambda a: a.merchants("prequalified"), "verdict 'prequalified'; did you mean 'pre_qualified'?"),
    ("level", lambda a: a.summary(level=SHOPS), "unknown level 'shops'; expected offers or merchants"),
    ("nearly a level", lambda a: a.outcomes(NEARLY), "unknown level 'offer'; did you mean 'offers'?"),
]


@pytest.mark.parametrize(("name", "view", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_does_not_exist_is_refused_and_what_exists_is_said(
    result: Assessment, name: str, view: View, message: str
) -> None:
    with pytest.raises(CampaignError, match=re.escape(message)):
        view(result)


# ---- hardly anything there


def test_of_nothing_nothing_qualifies(book: Rulebook) -> None:
    nothing = empty(book)
    assert nothing.summary().iloc[0].to_dict() == {"pre_qualified": 0, "ineligible": 0, "undetermined": 0, "offers": 0}
    assert nothing.summary("category").empty
    assert (nothing.funnel()[["entering", "lost_fail", "lost_unknown", "left"]] == 0).all(axis=None)
    assert (nothing.misses()["offers"] == 0).all()
    assert nothing.misses("category").empty
    assert "0 of 0 pre-qualified (0.0%)" in nothing.headline()


def test_offers_without_any_merchant_and_merchants_without_any_offer(book: Rulebook) -> None:
    only_offers = assess(market_of(book, offers=[{"offer_id": "o", "merchant_id": "m"}]), book, AS_OF)
    assert only_offers.verdicts()["verdict"].tolist() == ["undetermined"]
    assert only_offers.merchants().empty
    only_shops = assess(market_of(book, merchants=[{"merchant_id": "m"}]), book, AS_OF)
    assert only_shops.merchants()[["offers", "pre_qualified"]].to_numpy().tolist() == [[0, 0]]
    assert only_shops.offers().empty


def test_a_market_of_keys_alone_is_undetermined_and_loses_nothing(book: Rulebook) -> None:
    """A column that is not there makes its rules unknown."""
    held = assess(
        market_of(book, merchants=[{"merchant_id": "m"}], offers=[{"offer_id": "o", "merchant_id": "m"}]), book, AS_OF
    )
    assert held.verdicts()["verdict"].tolist() == ["undetermined"]
    (row,) = held.outcomes().astype(str).to_dict("records")
    told = {row[rule] for rule in held.blocking}
    assert told <= {"unknown", "not_computed", "pass", "not_applicable"}
    assert row["enrolment_window"] == "pass"  # if I enrol now
    assert {row[rule] for rule in ("in_select", "medal", "campaign_price", "free_shipping")} == {"unknown"}


def test_a_rulebook_without_active_rules_finds_everyone_qualified(book: Rulebook) -> None:
    off = replace(book, severities=dict.fromkeys(book.rules, "off"))
    held = assess(demo_market(50), off)
    assert held.rules == ()
    assert set(held.verdicts()["verdict"]) == {"pre_qualified"}
    assert held.misses().empty
    assert held.misses("category").empty
    assert held.funnel().empty
    assert types(held.misses()) == types(assess(demo_market(50), book).misses())
    assert held.offers()["failed"].tolist() == [""] * 50


def test_only_warnings_leave_everyone_qualified(book: Rulebook) -> None:
    warn = replace(book, severities=dict.fromkeys(book.rules, "warn"))
    held = assess(demo_market(50), warn)
    assert set(held.verdicts()["verdict"]) == {"pre_qualified"}
    assert held.blocking == ()
    assert any(held.offers()["warned"])


# ---- order


def shuffled(market: Market, seed: int) -> Market:
    """The same rows in another order, and the names of every list in another order, too."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name, table in market.tables.items():
        rows = rng.permutation(table.rows)
        tables[name] = Table(name, {c: _renamed(cells.take(rows), rng) for c, cells in table.cells.items()}, table.rows)
    return Market(tables, market.declared)


def _renamed(cells: Cells, rng: np.random.Generator) -> Cells:
    """Texts behind other codes; levels and sets have an order that means something."""
    if cells.type != "text" or not cells.names:
        return cells
    order = rng.permutation(len(cells.names))
    codes = np.argsort(order)[cells.values]
    names = (*(cells.names[place] for place in order), "a name that no cell has")
    return Cells.make("text", codes, cells.missing, names=names)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_and_of_names_changes_nothing(book: Rulebook, result: Assessment, seed: int) -> None:
    other = assess(shuffled(result.market, seed), book, result.as_of)
    by_id: list[tuple[str, View]] = [
        ("offer_id", lambda each: each.outcomes()),
        ("offer_id", lambda each: each.offers()),
        ("merchant_id", lambda each: each.outcomes("merchants")),
        ("merchant_id", lambda each: each.merchants()),
    ]
    for key, view in by_id:
        one, two = (view(each).set_index(key).sort_index() for each in (result, other))
        pd.testing.assert_frame_equal(one, two)
    one, two = (each.summary("category").set_index("category").sort_index() for each in (result, other))
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(result.funnel(), other.funnel())
    pd.testing.assert_frame_equal(result.misses(), other.misses())


def test_categories_under_other_names_qualify_as_before(book: Rulebook, result: Assessment) -> None:
    """All industries are in scope, so a verdict does not depend on what a category is called."""
    cells = result.market.offers.cells["category"]
    names = tuple(f"{place}-{name}" for place, name in enumerate(cells.names))
    renamed = Cells.make("text", cells.values, cells.missing, names=names)
    other = assess(result.market.with_table(result.market.offers.with_cells({"category": renamed})), book, result.as_of)
    assert other.verdicts()["verdict"].tolist() == result.verdicts()["verdict"].tolist()
    one = result.summary("category").set_index("category")
    two = other.summary("category").set_index("category")
    two.index = [name.partition("-")[2] for name in two.index]
    pd.testing.assert_frame_equal(one.sort_index(), two.sort_index(), check_names=False)


def test_every_row_twice_counts_twice(book: Rulebook, result: Assessment) -> None:
    """Ten rows of a category count like ten categories of a row: rows do not see each other."""
    ours = ("offers", "merchants", "penalties", "links")  # rows of the other tables belong to offers that have names
    market = Market({name: result.market.tables[name] for name in ours}, result.market.declared)
    result = assess(market, book, result.as_of)
    rows = np.tile(np.arange(market.offers.rows), 2)
    cells = {name: held.take(rows) for name, held in market.offers.cells.items()}
    ids = [f"{id}-{copy}" for copy in (1, 2) for id in market.offers.cells["offer_id"].values]
    cells["offer_id"] = Cells("text", pd.array(ids, dtype="str"))
    doubled = assess(
        Market({**market.tables, "offers": Table("offers", cells, len(rows))}, market.declared), book, result.as_of
    )
    numbers = [*VERDICTS, "offers"]
    pd.testing.assert_frame_equal(doubled.summary()[numbers], result.summary()[numbers] * 2)
    one, two = (each.summary("category").set_index("category").sort_index() for each in (result, doubled))
    pd.testing.assert_frame_equal(two[numbers], one[numbers] * 2)
