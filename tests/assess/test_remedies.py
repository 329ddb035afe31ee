"""What to do about a failing rule: a repair made on the data passes, one step less does not."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import assess, load_rulebook
from campaign_analytics.assess import Assessment
from campaign_analytics.assess.fixes import fixes
from campaign_analytics.assess.orders import orders_needed
from campaign_analytics.assess.spelling import read_back, spell
from campaign_analytics.market.schema import Cells, Market, Table
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import shipped_rulebooks
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.rulebook.tree import Kind, Or
from tests.engines.subjects import cell, cells_of, near_values

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    BOOKS = {name: load_rulebook(name) for name in shipped_rulebooks()}
    BOOKS["odd"] = load_rulebook(Path(__file__).with_name("odd.toml"))
    BOOKS["spring_2024, other readings"] = BOOKS["spring_2024"].set(
        moq_unit_policy="pieces", freight_conflict="flag", assume_standard_exclusions=True, allow_merchant_proxy=True
    )
AS_OF = {"spring_2024": datetime(2024, 2, 26, 10), "daily_deals": datetime(2031, 5, 3, 9), "odd": datetime(2031, 5, 1)}
OTHERWISE = ("minimum_order", "free_shipping", "select_pickup")  # rules that the other readings change
RULES = [
    (name, rule) for name, book in BOOKS.items() for rule in book.active if "other" not in name or rule in OTHERWISE
]
NO_REPAIR = ("supply", "none")
MEMBERS = ("add", "remove")


def alone(book: Rulebook, rule: str) -> Rulebook:
    """The rulebook with one rule only."""
    return replace(book, severities={each: "block" if each == rule else "off" for each in book.rules})


def market_of(book: Rulebook, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Market:
    """One merchant and one offer a row, each cell where its column belongs."""
    ids = [f"{i:04}" for i in range(len(rows))]
    key = Cells.make("text", pd.array(ids, dtype="str"))
    held: dict[str, dict[str, Cells]] = {
        "merchants": {"merchant_id": key},
        "offers": {"offer_id": key, "merchant_id": key},
    }
    for name in columns:
        kind = kind_of(book.columns[name], book.lists, book.header.currency)
        held[book.columns[name].table][name] = cells_of(kind, [row[name] for row in rows])
    return Market({name: Table(name, cells, len(rows)) for name, cells in held.items()})


def consistent(book: Rulebook, row: dict[str, Any]) -> dict[str, Any]:
    """A rate is what its two counts make, as the reader sees to it."""
    for name, column in book.columns.items():
        if name in row and column.counts is not None:
            part, whole = (row[count] for count in column.counts)
            if isinstance(part, int) and isinstance(whole, int) and 0 <= part <= whole and whole:
                row[name] = part / whole
    return row


def subjects(book: Rulebook, rule: str) -> st.SearchStrategy[tuple[Market, Assessment]]:
    """Random markets for one rule, their cells near its thresholds."""
    sources = {source for column in book.columns_of(rule) for source in book.sources(column)}
    counts = {count for name in sources for count in book.columns[name].counts or ()}
    names = sorted(name for name in sources | counts if book.table_of(name) in ("offers", "merchants"))
    kinds = {name: kind_of(book.columns[name], book.lists, book.header.currency) for name in names}
    near = {name: [v for v in near_values(book, rule, kind) if _fits(v, kind)] for name, kind in kinds.items()}
    cells = {name: cell(kind, near[name], ranges=name != "batch_size") for name, kind in kinds.items()}
    for name in counts:
        cells[name] = st.integers(0, 300) | st.none()
    row = st.fixed_dictionaries(cells).map(lambda each: consistent(book, each))

    def assessed(rows: list[dict[str, Any]]) -> tuple[Market, Assessment]:
        market = market_of(book, rows, names)
        return market, assess(market, alone(book, rule), AS_OF[book.id])

    return st.lists(row, min_size=1, max_size=8).map(assessed)


def _fits(value: Any, kind: Kind) -> bool:
    return not kind.names or value in kind.names


def outcomes(assessment: Assessment, market: Market, rule: str) -> list[str]:
    again = assess(market, assessment.book, assessment.as_of)
    return again.outcomes("offers")[rule].astype(str).tolist()


def less(row: Any, cells: Cells, assessment: Assessment) -> list[dict[str, Any]]:
    """The same repair, one step short of it: every way in which it can be."""
    zone = assessment.book.zone
    if row.action in MEMBERS:
        if not row.to and row.action == "add":
            return []
        bits = read_back(row.to, "set", cells.names, zone)
        ones = [1 << cells.names.index(name) for name in row.names.split(";")]
        return [{"to": spell(bits ^ one, cells, zone)} for one in ones if bits != one]
    if row.action == "orders":
        return [{"by": row.by - 1}]
    if row.action not in ("raise", "lower"):
        return []
    to, back = read_back(row.to, cells.type, cells.names, zone), -1 if row.action == "raise" else 1
    if cells.type in ("rate", "number"):
        return [{"to": spell(np.nextafter(to, back * np.inf) if to else back * 1e-9, cells, zone)}]
    return [{"to": spell(to + back, cells, zone)}] if to + back >= 0 else []


@pytest.mark.parametrize(("name", "rule"), RULES)
@settings(max_examples=10)
@given(data=st.data())
def test_a_repair_passes_and_one_step_less_fails(name: str, rule: str, data: st.DataObject) -> None:
    market, before = data.draw(subjects(BOOKS[name], rule))
    table = fixes(before, "offers", np.arange(market.offers.rows))
    failing = [i for i, said in enumerate(before.outcomes("offers")[rule]) if said == "fail"]
    assert sorted(set(table["offer_id"].astype(int))) == failing
    tried = {int(str(offer)): variants(before, of_offer) for offer, of_offer in table.groupby("offer_id")}
    for turn in range(max(map(len, tried.values()), default=0)):  # every offer takes a turn with each of its variants
        now = {offer: held[turn] for offer, held in tried.items() if turn < len(held)}
        after = outcomes(before, before.apply(pd.concat([repairs for repairs, _ in now.values()])), rule)
        for offer, (repairs, expected) in now.items():
            assert (after[offer] == "pass") == expected, repairs.to_dict("records")


def variants(before: Assessment, of_offer: pd.DataFrame) -> list[tuple[pd.DataFrame, bool]]:
    """What to try with one offer's repairs, and whether the rule must pass then."""
    proposed = of_offer[of_offer["option"] == 0]
    if proposed["action"].isin(NO_REPAIR).any() or clockwork(before, of_offer):
        return []
    held = [(proposed, True)]
    if isinstance(before.book.conditions[str(proposed["rule"].iloc[0])], Or):
        held += [(each, True) for _, each in of_offer[of_offer["option"] > 0].groupby("option")]
    for i, row in enumerate(proposed.itertuples()):
        if len(proposed) > 1:
            held.append((proposed.drop(index=proposed.index[i]), False))
        for change in less(row, cells_behind(before, str(row.column)), before):
            short = proposed.copy()
            for column, value in change.items():
                short.loc[short.index[i], column] = value
            held.append((short, False))
        if row.action == "choose" and len(proposed) == 1:
            held += [(proposed.assign(to=name), True) for name in str(row.names).split(";") if name]
    return held


def clockwork(assessment: Assessment, table: pd.DataFrame) -> bool:
    """A moment that no cell holds: not yet enrolled counts as enrolling now."""
    made = [name for name in table["column"] if name in assessment.book.derived]
    return any(assessment.book.derived[name].make != "uncovered_regions" for name in made)


def cells_behind(assessment: Assessment, column: str) -> Cells:
    return assessment.market.tables[assessment.book.table_of(column)].cells[column]


# ---- the next n orders


def test_the_orders_that_are_missing_are_counted_exactly() -> None:
    """Floats give 41 for the first."""
    part, whole = np.array([176, 180, 0, 9]), np.array([200, 200, 0, 10])
    assert orders_needed(part, whole, Fraction("0.9"), ">=").tolist() == [40, 0, 0, 0]
    assert orders_needed(part, whole, Fraction("0.9"), ">").tolist() == [41, 1, 1, 1]


def test_all_of_them_is_out_of_reach_once_one_was_missed() -> None:
    assert orders_needed(np.array([9]), np.array([10]), Fraction(1), ">=").tolist() == [0]
    assert orders_needed(np.array([1]), np.array([10]), Fraction(0), "<=").tolist() == [0]


@given(st.integers(0, 400), st.integers(1, 400), st.integers(1, 99), st.sampled_from([">=", ">", "<=", "<"]))
def test_orders_are_the_least_that_do(part: int, whole: int, percent: int, op: Any) -> None:
    part, bound = min(part, whole), Fraction(percent, 100)
    holds = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}[op]

    def passes(n: int) -> bool:
        return bool(holds(Fraction(part + n * op.startswith(">"), whole + n), bound))

    n = int(orders_needed(np.array([part]), np.array([whole]), bound, op)[0])
    assert passes(n)
    assert n == 0 or not passes(n - 1)


def test_counts_beyond_64_bits_stay_exact() -> None:
    bound = Fraction("0.123456789012")
    part, whole = np.array([0]), np.array([2**31 - 1])
    assert orders_needed(part, whole, bound, ">=").tolist() == [math.ceil(bound * whole[0] / (1 - bound))]
