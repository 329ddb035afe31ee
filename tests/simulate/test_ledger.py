"""What hinges on our defaults, each flipped in a full assessment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pandas as pd
import pytest

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar
from tests.simulate.shipped import shipped


def turned(was: Assessment, then: Assessment) -> dict[str, int]:
    """The counts of a row, subject by subject."""
    found: dict[str, int] = {}
    for prefix, level in (("", "offers"), ("merchants_", "merchants")):
        before, after = (
            (each.verdicts() if level == "offers" else each.merchants())["verdict"].astype("str")
            for each in (was, then)
        )
        moved = before != after
        found |= {
            f"{prefix}changed": int(moved.sum()),
            f"{prefix}gained": int((moved & (after == "pre_qualified")).sum()),
            f"{prefix}lost": int((moved & (before == "pre_qualified")).sum()),
            f"{prefix}to_undetermined": int((moved & (after == "undetermined")).sum()),
            f"{prefix}from_undetermined": int((moved & (before == "undetermined")).sum()),
        }
    return found


@cache
def ledger(name: str) -> pd.DataFrame:
    return WhatIf(shipped(name)).ledger()


@pytest.fixture(params=["spring_2024", "daily_deals"])
def result(request: pytest.FixtureRequest) -> Assessment:
    return shipped(request.param)


@pytest.fixture
def table(result: Assessment) -> pd.DataFrame:
    return ledger(result.book.id)


def records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    yield from ({str(name): value for name, value in row.items()} for row in table.to_dict("records"))


def flipped(book: Rulebook, row: dict[str, Any]) -> Rulebook | None:
    """The rulebook with a row's default the other way, by the row's words alone; None for a set or any other."""
    name = str(row["name"])
    if row["kind"] == "rule":
        return book.switch({name: "off"})
    if row["kind"] == "variant":
        overlay = book.document.variants[name]
        return book.set(overlay.parameters).switch(overlay.severity)
    held = book.parameters[name]
    for value in book.places(name) or (book.names_of(held) if held.type == "text" else ()):
        if book.show(name, value) == row["then"]:
            return book.set({name: value})
    return None


def test_every_row_counts_what_a_full_assessment_of_its_flip_counts(result: Assessment, table: pd.DataFrame) -> None:
    checked = set[str]()
    for row in records(table):
        other = flipped(result.book, row)
        if other is not None and (row["name"] not in checked or row["changed"]):
            checked.add(row["name"])
            counts = turned(result, assess(result.market, other, result.as_of))
            assert {name: row[name] for name in counts} == counts, row
    assert {row["name"] for row in records(table)} - checked <= {
        row["name"] for row in records(table) if row["then"] == "any other" or row["then"][0] in "+−"
    }


def test_a_set_of_ours_has_each_name_put_in_or_taken_out() -> None:
    result = shipped("spring_2024")
    rows = [row for row in records(ledger("spring_2024")) if row["name"] == "court_applies_to"]
    assert {row["then"] for row in rows} == {"−企业", "−个体工商户", "+个人"}
    (row,) = (row for row in rows if row["then"] == "+个人")
    other = result.book.set(court_applies_to=["企业", "个体工商户", "个人"])
    counts = turned(result, assess(result.market, other, result.as_of))
    assert {name: row[name] for name in counts} == counts


def test_every_assumption_policy_and_variant_is_there(result: Assessment, table: pd.DataFrame) -> None:
    assumed = set(result.assumptions()["name"])
    policies = {
        use for clause in result.book.document.clauses.values() if clause.kind == "policy" for use in clause.uses
    }
    assert set(table["name"]) == assumed | policies | set(result.book.document.variants)
    assert set(table.loc[table["kind"] == "policy", "name"]) == policies
    assert set(table.loc[table["kind"] == "variant", "name"]) == set(result.book.document.variants)


def test_what_most_hinges_on_comes_first(table: pd.DataFrame) -> None:
    assert table["changed"].is_monotonic_decreasing
    assert table["changed"].iloc[0] > 0


def test_where_no_verdict_can_hinge_on_a_default_one_row_says_so() -> None:
    result = shipped("spring_2024")
    rows = [row for row in records(ledger("spring_2024")) if row["name"] == "list_price_watch_days"]
    assert [(row["then"], row["changed"]) for row in rows] == [("any other", 0)]
    other = result.book.set(list_price_watch_days=7)
    assert turned(result, assess(result.market, other, result.as_of))["changed"] == 0


def test_flips_are_counted_against_what_is_set_now() -> None:
    result = shipped("spring_2024")
    what_if = WhatIf(result).set(min_growth_score=20, enforce_select_entry="false")
    (row,) = (row for row in records(what_if.ledger()) if row["name"] == "enforce_select_entry")
    assert (row["kind"], row["now"], row["then"]) == ("policy", "no", "yes")
    now, then = (
        assess(result.market, result.book.set(min_growth_score=20, enforce_select_entry=each), result.as_of)
        for each in (False, True)
    )
    counts = turned(now, then)
    assert {name: row[name] for name in counts} == counts


def test_progress_is_told_row_by_row() -> None:
    told: list[tuple[int, int]] = []
    table = WhatIf(shipped("daily_deals")).ledger(progress=lambda *at: told.append(at))
    assert told[-1] == (len(table), len(table))


def test_a_rulebook_without_assumptions_has_an_empty_ledger() -> None:
    bazaar = Bazaar({"enough": {"condition": "n >= :count"}}, [], [])
    table = WhatIf(bazaar.assessment).ledger()
    assert len(table) == 0
    assert table["changed"].dtype == "int64"
