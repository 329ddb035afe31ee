"""Which missing data leaves verdicts open, against a walk over the condition and against supplying every value."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.demo import demo_market
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.scalar import Range, truth
from campaign_analytics.rulebook.tree import And, Col, Or, Tree, negate, operands
from tests.assess.campaigns import records, verdicts
from tests.assess.trial import assessed

BOOK = load_rulebook(Path(__file__).with_name("hinges.toml"))
NUMBERS = "nmkpq"
DOMAIN: Mapping[str, Sequence[Any]] = {
    "aisle": ["fruit", "tools"],
    "a": [False, True],
    "b": [False, True],
    "c": [False, True],
    **dict.fromkeys(NUMBERS, range(5)),
}
OF_SHOPS = ("c", "k")
#: Each column stands in one of these alone, and each may come out either way where its column is missing.
APART = ("a", "not_b", "c", "n_high", "m_other", "k_is_two", "p_or_q_low")
Row = Mapping[str, Any]


# ---- random rules over random cells


@st.composite
def trees(draw: st.DrawFn, leaves: Sequence[str]) -> Tree:
    if len(leaves) == 1:
        return BOOK.conditions[leaves[0]]
    cut = draw(st.integers(1, len(leaves) - 1))
    parts = draw(trees(leaves[:cut])), draw(trees(leaves[cut:]))
    return And(parts) if draw(st.booleans()) else Or(parts)


@dataclass(frozen=True)
class Rules:
    """Conditions and guards by rule, to be put into the rulebook."""

    conditions: Mapping[str, Tree]
    guards: Mapping[str, Tree]

    @cached_property
    def book(self) -> Rulebook:
        rules = dict.fromkeys(self.conditions, BOOK.document.rules["a"])
        document = BOOK.document.model_copy(update={"rules": rules})
        return replace(BOOK, document=document, conditions=self.conditions, guards=self.guards)

    @property
    def trees(self) -> list[Tree]:
        held = self.conditions.items()
        return [Or((negate(self.guards[rule]), tree)) if rule in self.guards else tree for rule, tree in held]


@st.composite
def rules(draw: st.DrawFn, apart: bool) -> Rules:
    """One to three rules of two to seven comparisons, the second with a guard."""
    some = st.permutations(APART) if apart else st.lists(st.sampled_from(sorted(BOOK.rules)), min_size=7, max_size=7)
    leaves = list(draw(some))[: draw(st.integers(2, 7))]
    cuts = sorted(draw(st.lists(st.integers(1, len(leaves) - 1), max_size=3, unique=True)))
    parts = [draw(trees(leaves[i:j])) for i, j in zip([0, *cuts], [*cuts, len(leaves)], strict=True)]
    guards = {"r1": parts.pop()} if len(parts) > 2 else {}
    return Rules({f"r{i}": part for i, part in enumerate(parts)}, guards)


def cells(column: str) -> st.SearchStrategy[Any]:
    known = st.sampled_from(DOMAIN[column])
    ranges = st.tuples(known, known).map(lambda ends: Range(min(ends), max(ends)) if ends[0] != ends[1] else ends[0])
    return st.one_of(known, st.none(), ranges) if column in NUMBERS else st.one_of(known, st.none())


ROWS = st.lists(st.fixed_dictionaries({column: cells(column) for column in DOMAIN}), min_size=1, max_size=8)


def run(book: Rulebook, rows: Sequence[Row]) -> Assessment:
    """Assess offers, each of a merchant of its own."""
    shops = [{name: row[name] for name in OF_SHOPS} for row in rows]
    offers = [{name: row[name] for name in row if name not in OF_SHOPS} for row in rows]
    return assessed(book, [{"merchant_id": f"m{i}", **offer} for i, offer in enumerate(offers)], shops)


# ---- the definitions, naively


def derived(row: Row) -> Row:
    return {**row, "p_or_q": row["q"] if row["p"] is None else row["p"]}


def is_open(row: Row, column: str) -> bool:
    return row[column] is None or isinstance(row[column], Range)


def causes(tree: Tree, row: Row) -> set[str]:
    """The columns whose open cells make a condition unknown."""
    if truth(tree, derived(row), BOOK.values) is not None:
        return set()
    if isinstance(tree, And | Or):
        return {column for part in tree.parts for column in causes(part, row)}
    read = {each.name for each in operands(tree) if isinstance(each, Col)}
    if any(getattr(each, "name", "") in ("by_aisle", "by_fruit") for each in operands(tree)):
        read.add("aisle")
    if "p_or_q" in read:  # p is asked first; q counts only where p is missing
        read |= {"p", "q"} if row["p"] is None else {"p"}
    return {column for column in read - {"p_or_q"} if is_open(row, column)}


def supplied(row: Row, column: str) -> list[Row]:
    """The row with every value that the column's open cell may have."""
    held = row[column]
    values = [v for v in DOMAIN[column] if not isinstance(held, Range) or held.low <= v <= held.high]
    return [{**row, column: value} for value in values]


def expected(drawn: Rules, rows: Sequence[Row]) -> tuple[Counter[str], Counter[str]]:
    """By column: how many undetermined offers it leaves open, and how many of them it settles, whatever its value."""
    held = verdicts(run(drawn.book, rows), "offers")
    open_ = [
        (column, supplied(row, column))
        for row, verdict in zip(rows, held, strict=True)
        if verdict == "undetermined"
        for column in sorted({column for tree in drawn.trees for column in causes(tree, row)})
    ]
    after = iter(verdicts(run(drawn.book, [row for _, tried in open_ for row in tried]), "offers"))
    settled = [(column, "undetermined" not in [next(after) for _ in tried]) for column, tried in open_]
    return Counter(column for column, _ in open_), Counter(column for column, decided in settled if decided)


@settings(max_examples=100)
@given(drawn=rules(apart=True), rows=ROWS)
def test_a_column_settles_a_verdict_where_each_of_its_values_does(drawn: Rules, rows: Sequence[Row]) -> None:
    missing, decided = expected(drawn, rows)
    found = {row["column"]: row for row in records(run(drawn.book, rows).hinges())}
    assert {column: row["missing"] for column, row in found.items()} == missing
    assert {column: row["decided"] for column, row in found.items() if row["decided"]} == decided


@settings(max_examples=100)
@given(drawn=rules(apart=False), rows=ROWS)
def test_where_comparisons_share_columns_no_more_is_promised_than_holds(drawn: Rules, rows: Sequence[Row]) -> None:
    missing, decided = expected(drawn, rows)
    found = {row["column"]: row for row in records(run(drawn.book, rows).hinges())}
    assert {column: row["missing"] for column, row in found.items()} == missing
    assert all(row["decided"] <= decided[column] for column, row in found.items())


@settings(max_examples=30)
@given(drawn=rules(apart=True), rows=ROWS)
def test_merchants_hinge_on_their_own_rules(drawn: Rules, rows: Sequence[Row]) -> None:
    own = [rule for rule in drawn.conditions if drawn.book.level(rule) == "merchants"]
    result = run(drawn.book, rows)
    undetermined = verdicts(result, "merchants").count("undetermined")
    table = result.hinges("merchants")
    assert set(";".join(table["rules"]).split(";")) - {""} <= set(own)
    assert set(table["table"]) <= {"merchants"}
    assert (table["missing"] <= undetermined).all()
    assert (undetermined > 0) == bool(len(table))


# ---- single cases


@pytest.fixture(scope="module")
def spring() -> Rulebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RulebookWarning)
        return load_rulebook("spring_2024")


def filled(market: Market, column: str, random: np.random.Generator) -> Market:
    """The market with every open cell of a column replaced by one that stands elsewhere in it."""
    name = next(table for table in ("offers", "merchants") if column in market.tables[table].cells)
    cells = market.tables[name].cells[column]
    gone = np.zeros(len(cells), bool) if cells.missing is None else cells.missing
    drawn = random.choice(np.flatnonzero(~gone), len(cells))
    rows = np.where(gone, drawn, np.arange(len(cells)))
    return market.with_table(market.tables[name].with_cells({column: cells.take(rows)}))


def test_whatever_values_are_supplied_a_demo_market_keeps_what_was_promised(spring: Rulebook) -> None:
    market, random = demo_market(20_000, seed=5), np.random.default_rng(5)
    result = assess(market, spring)
    before = np.array(verdicts(result, "offers")) == "undetermined"
    table = records(result.hinges())
    assert sum(row["decided"] > 0 for row in table) > 15
    for row in table:
        if row["column"] in spring.derived:  # nothing behind it is missing: there is nothing to supply
            assert row["decided"] <= row["missing"]
            continue
        after = verdicts(assess(filled(market, row["column"], random), spring), "offers")
        assert (before & (np.array(after) != "undetermined")).sum() >= row["decided"], row["column"]


def with_rules(*names: str) -> Rulebook:
    return Rules({name: BOOK.conditions[name] for name in names}, {}).book


KNOWN: dict[str, Any] = {column: values[0] for column, values in DOMAIN.items()}


def test_each_of_several_sources_may_settle_a_derived_column() -> None:
    result = run(with_rules("p_or_q_low"), [{**KNOWN, "p": None, "q": None}])
    assert [(row["column"], row["missing"], row["decided"]) for row in records(result.hinges())] == [
        ("p", 1, 1),
        ("q", 1, 1),
    ]


def test_a_column_that_alone_settles_nothing_is_told_all_the_same() -> None:
    table = run(with_rules("n_below_m", "c"), [{**KNOWN, "c": True, "n": None, "m": None}]).hinges()
    assert list(table["column"]) == ["m", "n"]
    assert not table["decided"].any()


def test_the_first_column_settles_most() -> None:
    rows = [{**KNOWN, "a": True, "c": None}, {**KNOWN, "a": None, "c": True}, {**KNOWN, "a": True, "c": None}]
    table = run(with_rules("a", "c"), rows).hinges()
    assert records(table)[0] == {"column": "c", "table": "merchants", "rules": "c", "missing": 2, "decided": 2}


def test_a_market_without_a_column_hinges_on_it() -> None:
    result = assessed(with_rules("a", "n_high"), [{"n": 3}, {"n": 1}, {"n": 3}])
    assert records(result.hinges()) == [{"column": "a", "table": "offers", "rules": "a", "missing": 2, "decided": 2}]


def test_an_offer_without_a_merchant_hinges_on_a_whole_row() -> None:
    result = assessed(with_rules("a", "c"), [{"a": True}, {"a": None, "merchant_id": "nobody"}], [{"c": True}])
    assert records(result.hinges()) == [
        {"column": "merchant_id", "table": "merchants", "rules": "", "missing": 1, "decided": 0}
    ]


def test_a_derived_column_stands_for_itself_where_no_cell_behind_it_is_missing(spring: Rulebook) -> None:
    rulebook = replace(spring, severities={rule: "off" for rule in spring.rules if rule != "fake_trading"})
    market = demo_market(500)
    market = replace(market, declared=replace(market.declared, penalty_feed_complete=False))
    derived = spring.columns_of("fake_trading")[0]
    table = assess(market, rulebook).hinges("merchants")
    assert list(table["column"]) == [derived]


@pytest.mark.parametrize("level", ["offers", "merchants"])
def test_where_nothing_is_undetermined_there_is_no_row(level: Level) -> None:
    table = run(with_rules("a"), [{**KNOWN, "a": True}]).hinges(level)
    assert table.empty
    assert list(table.columns) == ["column", "table", "rules", "missing", "decided"]
